//! Organisation sources: git repositories of presets, pinned to a commit, read from git's own objects.
//!
//! Nothing is ever checked out: no hook, filter or symbolic link of a source means anything here. A source
//! that was fetched once is read from the cache, without the network.

mod brings;
mod cache;
mod content;
mod credentials;
mod error;
mod fetch;
mod folder;
mod forward;
mod gitconfig;
mod http;
mod pack;
mod proxy;
mod ssh;
mod transport;
mod tree;
mod trust;
mod watch;

pub use brings::{Brings, images_of, programs_of, registry};
pub use cache::{Fetcher, Tidied};
pub use content::Content;
pub use error::SourceError;
pub use folder::{is_checkout, read_folder};
pub use trust::{Trust, Trusted};
