//! Hands our own connections to libgit2, which speaks git's protocol over them. libgit2 is built without
//! TLS and SSH of its own: https goes through rustls, ssh through the user's own `ssh`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};

use super::http::Http;
use super::pack::LARGEST_OBJECT;
use super::ssh::Ssh;

/// The scheme of addresses that stand for a connection of ours. No address of a user gets here.
const SCHEME: &str = "devbox-connection";

static WAITING: Mutex<BTreeMap<u64, Connection>> = Mutex::new(BTreeMap::new());

/// A way to a repository.
pub(super) enum Connection {
    Http(Http),
    Ssh(Ssh),
}

impl SmartSubtransport for Connection {
    fn action(&self, _: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let failed = |error: std::io::Error| git2::Error::from_str(&error.to_string());
        match (self, service) {
            (_, Service::ReceivePackLs | Service::ReceivePack) => {
                Err(git2::Error::from_str("nothing is ever pushed to a source"))
            }
            (Self::Http(http), Service::UploadPackLs) => Ok(Box::new(http.advertisement().map_err(failed)?)),
            (Self::Http(http), Service::UploadPack) => Ok(Box::new(http.upload_pack())),
            (Self::Ssh(ssh), _) => Ok(Box::new(ssh.open().map_err(failed)?)),
        }
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// The address by which a remote takes this connection, once.
pub(super) fn address_of(connection: Connection) -> Result<String, git2::Error> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    register()?;
    let key = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut waiting = WAITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    waiting.insert(key, connection);
    Ok(format!("{SCHEME}://{key}/"))
}

fn connect(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let key = remote.url()?.trim_start_matches(SCHEME).trim_matches(['/', ':']).parse::<u64>().ok();
    let mut waiting = WAITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let connection = key.and_then(|key| waiting.remove(&key));
    let connection = connection.ok_or_else(|| git2::Error::from_str("there is no such connection"))?;
    // Every request over HTTP stands for itself.
    let stateless = matches!(connection, Connection::Http(_));
    Transport::smart(remote, stateless, connection)
}

/// Tells libgit2 about the scheme and how much a delta may make of a few bytes, once for the process; what
/// objects claim that are no deltas is looked at in `pack`.
fn register() -> Result<(), git2::Error> {
    static DONE: Once = Once::new();
    static FAILED: Mutex<Option<String>> = Mutex::new(None);
    DONE.call_once(|| {
        if let Err(error) = register_scheme()
            && let Ok(mut failed) = FAILED.lock()
        {
            *failed = Some(error.message().to_owned());
        }
    });
    match FAILED.lock().ok().and_then(|failed| failed.clone()) {
        Some(message) => Err(git2::Error::from_str(&message)),
        None => Ok(()),
    }
}

#[expect(
    unsafe_code,
    reason = "git2 has no other way to register a transport, nor to set this bound; the only unsafe block of devbox"
)]
fn register_scheme() -> Result<(), git2::Error> {
    let bound = libgit2_sys::GIT_OPT_SET_PACK_MAX_OBJECT_SIZE as std::ffi::c_int;
    // SAFETY: libgit2 keeps its transports in a list without a lock, so registering one must not happen
    // while another thread creates a transport; and the bound is a plain global, so it must not be set
    // while another thread fetches. Transports are created in `fetch` alone, each after `address_of` or
    // `file_address` has passed through the `Once` above, which lets nobody by before this call has
    // returned; and it is never called again. The option takes one `size_t`.
    unsafe {
        libgit2_sys::git_libgit2_opts(bound, LARGEST_OBJECT);
        git2::transport::register(SCHEME, connect)
    }
}

/// The address of a folder, which libgit2 reaches by itself; the list of transports is complete by then.
pub(super) fn file_address(path: &std::path::Path) -> Result<String, git2::Error> {
    register()?;
    Ok(path.display().to_string())
}
