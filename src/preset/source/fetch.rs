//! One fetch into an empty repository, by libgit2: shallow where the server can, bounded in bytes.

use std::sync::Arc;

use git2::{AutotagOption, Direction, FetchOptions, Oid, Remote, RemoteCallbacks, Repository};

use super::error::Trouble;
use super::gitconfig::GitConfig;
use super::http::Http;
use super::pack::{LARGEST_OBJECT, Pack, Refused};
use super::ssh::Ssh;
use super::transport::{self, Connection};
use super::watch::{MOST_BYTES, Watch};
use crate::config::{Address, Way, did_you_mean};
use crate::env::Env;

/// What is wanted of a repository.
#[derive(Debug, Clone)]
pub(super) enum Want {
    /// The tip of a branch or tag; of the remote's own choice where there is none.
    Tip(Option<String>),
    /// A commit.
    Commit(Oid),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The commit is in the repository now.
    Commit(Oid),
    /// The remote has no such branch or tag; some that it has.
    NoReference(Option<String>),
    /// The remote has no such commit.
    NoCommit,
}

/// No repository of presets has so many objects, not even with its history.
const MOST_OBJECTS: usize = 500_000;

/// The reference that holds what was fetched.
const HELD: &str = "refs/devbox/pin";

pub(super) struct Job {
    pub(super) address: Address,
    pub(super) want: Want,
    pub(super) env: Env,
    pub(super) interactive: bool,
    pub(super) watch: Arc<Watch>,
    /// A commit that is cached already needs no fetch.
    pub(super) known: Box<dyn Fn(Oid) -> bool + Send>,
}

impl Job {
    /// Fetches; blocks until it is done or stopped.
    pub(super) fn run(&self, repository: &Repository) -> Result<Fetched, Trouble> {
        let outcome = self.try_all(repository);
        outcome.map_err(|error| match self.watch.trouble() {
            Some(trouble) => trouble,
            // libgit2's words for its bound (`delta.c`).
            None if error.message().contains("overly large object") => Trouble::Explodes(LARGEST_OBJECT),
            None => Trouble::Git(error),
        })
    }

    fn try_all(&self, repository: &Repository) -> Result<Fetched, git2::Error> {
        let (mut remote, is_folder) = self.remote(repository)?;
        let mut connection = remote.connect_auth(Direction::Fetch, Some(self.callbacks(repository)), None)?;
        let heads: Vec<Head> = connection.list()?.iter().map(Head::of).collect();
        let spec = match &self.want {
            Want::Tip(reference) => match choose(&heads, reference.as_deref()) {
                Ok(head) if (self.known)(head.id) => return Ok(Fetched::Commit(head.id)),
                Ok(head) => head.name.clone(),
                Err(hint) => return Ok(Fetched::NoReference(hint)),
            },
            Want::Commit(commit) => {
                let tip = heads.iter().find(|head| head.id == *commit && !head.name.ends_with("^{}"));
                tip.map_or_else(|| commit.to_string(), |head| head.name.clone())
            }
        };
        let depth = i32::from(!is_folder);
        let shallow = self.fetch(repository, connection.remote(), &[format!("+{spec}:{HELD}")], depth);
        drop(connection);
        match shallow {
            Ok(()) => {}
            Err(error) if self.watch.is_over() => return Err(error),
            // No shallow fetches there, or no fetches of a commit that no branch ends in.
            Err(_) => {
                let (mut remote, _) = self.remote(repository)?;
                let all = match &self.want {
                    Want::Tip(_) => vec![format!("+{spec}:{HELD}")],
                    Want::Commit(_) => {
                        let of = |kind: &str| format!("+refs/{kind}/*:refs/devbox/{kind}/*");
                        vec![of("heads"), of("tags")]
                    }
                };
                self.fetch(repository, &mut remote, &all, 0)?;
            }
        }
        match &self.want {
            Want::Tip(_) => {
                let held = repository.find_reference(HELD)?.peel_to_commit()?.id();
                Ok(Fetched::Commit(held))
            }
            Want::Commit(commit) if repository.find_commit(*commit).is_ok() => Ok(Fetched::Commit(*commit)),
            Want::Commit(_) => Ok(Fetched::NoCommit),
        }
    }

    fn remote<'r>(&self, repository: &'r Repository) -> Result<(Remote<'r>, bool), git2::Error> {
        let config = GitConfig::open();
        let watch = Arc::clone(&self.watch);
        let (url, is_folder) = match config.instead(&self.address).way {
            Way::Folder(path) => (transport::file_address(&path)?, true),
            Way::Http(url) => {
                let http = Http::new(&url, config, &self.env, self.interactive, watch);
                (transport::address_of(Connection::Http(http))?, false)
            }
            Way::Ssh(address) => {
                let program = config.ssh(&self.env);
                let ssh = Ssh { address, program, interactive: self.interactive, watch };
                (transport::address_of(Connection::Ssh(ssh))?, false)
            }
        };
        Ok((repository.remote_anonymous(&url)?, is_folder))
    }

    fn callbacks(&self, repository: &Repository) -> RemoteCallbacks<'_> {
        let mut callbacks = RemoteCallbacks::new();
        let mut pack = Pack::arriving(repository.path().join("objects/pack"));
        callbacks.transfer_progress(move |progress| {
            self.watch.progress(progress.indexed_objects());
            let trouble = match pack.look(progress.received_objects()) {
                Err(Refused::TooLarge) => Some(Trouble::Explodes(LARGEST_OBJECT)),
                Err(Refused::Unreadable(error)) => {
                    Some(Trouble::Answer(format!("what it sends cannot be looked at: {error}")))
                }
                Ok(()) if progress.received_bytes() as u64 > MOST_BYTES => {
                    Some(Trouble::TooLarge(MOST_BYTES))
                }
                Ok(()) if progress.total_objects() > MOST_OBJECTS => Some(Trouble::TooLarge(MOST_BYTES)),
                Ok(()) => None,
            };
            if let Some(trouble) = trouble {
                self.watch.fail(trouble);
                return false;
            }
            !self.watch.is_stopped()
        });
        callbacks
    }

    fn fetch(
        &self,
        repository: &Repository,
        remote: &mut Remote<'_>,
        specs: &[String],
        depth: i32,
    ) -> Result<(), git2::Error> {
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(self.callbacks(repository))
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .depth(depth);
        remote.fetch(specs, Some(&mut options), None)
    }
}

/// Whether the program on the way may ask something at the terminal.
pub(super) fn may_ask(address: &Address) -> bool {
    matches!(GitConfig::open().instead(address).way, Way::Ssh(_))
}

/// A branch or tag of the remote.
struct Head {
    name: String,
    id: Oid,
}

impl Head {
    fn of(head: &git2::RemoteHead<'_>) -> Self {
        Self { name: head.name().to_owned(), id: head.oid() }
    }
}

/// The reference that a name means, in git's order: the whole name, a tag, a branch.
fn choose<'a>(heads: &'a [Head], reference: Option<&str>) -> Result<&'a Head, Option<String>> {
    let Some(reference) = reference else {
        return heads.iter().find(|head| head.name == "HEAD").ok_or(None);
    };
    let names = [reference.to_owned(), format!("refs/tags/{reference}"), format!("refs/heads/{reference}")];
    let found = names.iter().find_map(|name| heads.iter().find(|head| head.name == *name));
    found.ok_or_else(|| {
        let known = heads.iter().filter_map(|head| {
            head.name.strip_prefix("refs/heads/").or_else(|| head.name.strip_prefix("refs/tags/"))
        });
        did_you_mean(reference, known.filter(|name| !name.ends_with("^{}")))
    })
}
