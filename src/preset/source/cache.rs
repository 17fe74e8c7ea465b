//! The cache: one small bare repository per source and commit. It appears whole or not at all and never
//! changes, so reading needs no lock; only one process fetches from a repository at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use git2::{Oid, Repository, RepositoryInitOptions, RepositoryOpenFlags};
use sha2::{Digest, Sha256};

use super::content::Content;
use super::error::{SourceError, Trouble};
use super::fetch::{self, Fetched, Job, Want};
use super::tree::{self, ReadError};
use super::watch::Watch;
use crate::config::{Source, short};
use crate::env::Env;
use crate::event::{Event, Outcome, Sink};
use crate::fs::{self, FsError};

/// A fetch may take this long...
const LONGEST: Duration = Duration::from_secs(600);
/// ...and nothing may come for this long.
const LONGEST_SILENCE: Duration = Duration::from_secs(90);
/// How often is looked whether somebody wants to stop.
const TICK: Duration = Duration::from_millis(50);

/// A commit that was not used for so long leaves the cache when sources are updated.
const KEPT_UNUSED: Duration = Duration::from_secs(90 * 86_400);

/// What left the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// How many commits of sources.
    pub commits: usize,
    /// How many bytes they took.
    pub bytes: u64,
}

/// Gets sources: from the cache, else from where they are.
pub struct Fetcher<'a> {
    /// The surroundings.
    pub env: &'a Env,
    /// Where progress is told.
    pub sink: &'a dyn Sink,
    /// Whether somebody wants to stop.
    pub stop: &'a dyn Fn() -> bool,
    /// Somebody can answer a question of `ssh` or of a credential helper.
    pub interactive: bool,
}

impl Fetcher<'_> {
    /// The source at the commit that it is pinned to. Without the network where that was fetched before.
    ///
    /// # Errors
    /// Where it is not pinned, cannot be fetched, or holds what no source may hold.
    pub fn pinned(&self, source: &Source) -> Result<Content, SourceError> {
        let commit = source.commit.as_deref().and_then(|commit| Oid::from_str(commit).ok());
        let commit = commit.ok_or_else(|| SourceError::NotPinned { name: source.name.clone() })?;
        if let Some(content) = self.cached(source, commit)? {
            return Ok(content);
        }
        let commit = self.fetch(source, Want::Commit(commit))?;
        self.fetched(source, commit)
    }

    /// The source at the newest commit of the branch or tag that it follows, which is asked for.
    ///
    /// # Errors
    /// As [`Fetcher::pinned`].
    pub fn newest(&self, source: &Source) -> Result<Content, SourceError> {
        let commit = self.fetch(source, Want::Tip(source.reference.clone()))?;
        self.fetched(source, commit)
    }

    fn fetched(&self, source: &Source, commit: Oid) -> Result<Content, SourceError> {
        self.read(source, commit).map_err(|error| match error {
            ReadError::Source(error) => error,
            ReadError::Damaged(error) => SourceError::Git { label: label(source, commit), source: error },
        })
    }

    /// What the cache has; a damaged entry is none.
    fn cached(&self, source: &Source, commit: Oid) -> Result<Option<Content>, SourceError> {
        match self.read(source, commit) {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Source(error)) => Err(error),
            Err(ReadError::Damaged(_)) => Ok(None),
        }
    }

    /// Removes commits from the cache that nobody used for a while; one that is needed again is fetched again.
    ///
    /// # Errors
    /// Where the cache cannot be written.
    pub fn tidy(&self) -> Result<Tidied, FsError> {
        let mut tidied = Tidied::default();
        for folder in folders(&self.env.dirs.cache.join("sources")) {
            // Whoever fetches there looks after it.
            let Some(_lock) = fs::try_lock(&folder.join("lock"))? else { continue };
            clean(&folder);
            for entry in folders(&folder) {
                let unused = entry.metadata().and_then(|data| data.modified()).ok();
                let unused = unused.and_then(|used| used.elapsed().ok()).unwrap_or_default();
                if unused > KEPT_UNUSED {
                    let bytes = size(&entry);
                    // Gone at once for readers.
                    let gone = folder.join(format!("{UNFINISHED}old"));
                    if std::fs::rename(&entry, &gone).is_ok() {
                        let _ = std::fs::remove_dir_all(&gone);
                        tidied.commits += 1;
                        tidied.bytes += bytes;
                    }
                }
            }
        }
        Ok(tidied)
    }

    fn read(&self, source: &Source, commit: Oid) -> Result<Content, ReadError> {
        let entry = self.folder(source).join(commit.to_string());
        let repository = open(&entry)?;
        used(&entry);
        tree::read(&repository, commit, source.folder.as_deref(), &label(source, commit))
    }

    /// The cache's folder for a repository.
    fn folder(&self, source: &Source) -> PathBuf {
        let digest = Sha256::digest(source.address.to_string().as_bytes());
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        self.env.dirs.cache.join("sources").join(name)
    }

    fn fetch(&self, source: &Source, want: Want) -> Result<Oid, SourceError> {
        let folder = self.folder(source);
        let id = format!("source/{}", source.name);
        self.sink.emit(match self.interactive && fetch::may_ask(&source.address) {
            // No spinner over a question of ssh.
            true => Event::note(format!("fetch {} over ssh", source.name)),
            false => Event::started(&id, format!("fetch {}", source.name)),
        });
        let result =
            self.locked(&folder, &id).and_then(|_lock| self.fetch_locked(source, &want, &folder, &id));
        let (outcome, text) = match &result {
            Ok(commit) => (Outcome::Done, short(&commit.to_string()).to_owned()),
            Err(_) => (Outcome::Failed, String::new()),
        };
        self.sink.emit(Event::ended(&id, outcome, text));
        result
    }

    /// Waits until no other process fetches from the same repository.
    fn locked(&self, folder: &Path, id: &str) -> Result<File, SourceError> {
        let mut told = false;
        loop {
            if let Some(lock) = fs::try_lock(&folder.join("lock"))? {
                return Ok(lock);
            }
            if !told {
                self.sink.emit(Event::progress(id, "another run of devbox is fetching it"));
                told = true;
            }
            if (self.stop)() {
                return Err(SourceError::Interrupted);
            }
            std::thread::sleep(TICK);
        }
    }

    fn fetch_locked(
        &self,
        source: &Source,
        want: &Want,
        folder: &Path,
        id: &str,
    ) -> Result<Oid, SourceError> {
        if let Want::Commit(commit) = want {
            // Another run may have brought it while we waited; what is there and damaged is made anew.
            if self.cached(source, *commit)?.is_some() {
                return Ok(*commit);
            }
        }
        clean(folder);
        let failed = |verb, path: &Path| {
            let path = path.to_path_buf();
            move |source| FsError { verb, path, source }
        };
        let temporary = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(folder)
            .map_err(failed("create", folder))?;
        let is_whole = {
            let (folder, source) = (folder.to_path_buf(), source.clone());
            move |commit: Oid| {
                let read = open(&folder.join(commit.to_string())).map_err(ReadError::from);
                read.and_then(|repository| tree::read(&repository, commit, source.folder.as_deref(), ""))
                    .is_ok()
            }
        };
        let commit = self.in_thread(source, want, temporary.path(), Box::new(is_whole), id)?;
        let entry = folder.join(commit.to_string());
        if open(temporary.path()).is_ok_and(|repository| repository.find_commit(commit).is_ok()) {
            if entry.exists() {
                std::fs::remove_dir_all(&entry).map_err(failed("remove", &entry))?;
            }
            std::fs::rename(temporary.keep(), &entry).map_err(failed("write", &entry))?;
        }
        Ok(commit)
    }

    /// The work goes on beside us, so that Ctrl-C is heeded whatever it waits for.
    fn in_thread(
        &self,
        source: &Source,
        want: &Want,
        into: &Path,
        known: Box<dyn Fn(Oid) -> bool + Send>,
        id: &str,
    ) -> Result<Oid, SourceError> {
        let watch = Arc::new(Watch::default());
        let job = Job {
            address: source.address.clone(),
            want: want.clone(),
            env: self.env.clone(),
            interactive: self.interactive,
            watch: Arc::clone(&watch),
            known,
        };
        let (sender, receiver) = mpsc::channel();
        let into = into.to_path_buf();
        std::thread::spawn(move || {
            let outcome = create(&into).map_err(Trouble::from).and_then(|repository| job.run(&repository));
            let _ = sender.send(outcome);
        });
        let outcome = self.wait(&receiver, &watch, id);
        let trouble = |source_: Trouble| SourceError::Fetch {
            name: source.name.clone(),
            address: source.address.to_string(),
            source: source_,
        };
        match outcome? {
            Ok(Fetched::Commit(commit)) => Ok(commit),
            Ok(Fetched::NoReference(hint)) => Err(SourceError::NoReference {
                address: source.address.to_string(),
                reference: source.reference.clone().unwrap_or_else(|| "HEAD".into()),
                hint,
            }),
            Ok(Fetched::NoCommit) => Err(SourceError::Vanished {
                name: source.name.clone(),
                commit: source.commit.clone().unwrap_or_default(),
                address: source.address.to_string(),
            }),
            Err(error) => Err(trouble(error)),
        }
    }

    fn wait(
        &self,
        receiver: &mpsc::Receiver<Result<Fetched, Trouble>>,
        watch: &Watch,
        id: &str,
    ) -> Result<Result<Fetched, Trouble>, SourceError> {
        let started = Instant::now();
        let (mut seen, mut heard, mut told) = (watch.seen(), started, started);
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(outcome) => return Ok(outcome),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(Err(Trouble::Lost)),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if (self.stop)() {
                watch.stop();
                return Err(SourceError::Interrupted);
            }
            if watch.seen() != seen {
                seen = watch.seen();
                heard = Instant::now();
                if told.elapsed() > Duration::from_secs(1) {
                    told = Instant::now();
                    self.sink.emit(Event::progress(id, format!("{} KiB, {} objects", seen.0 >> 10, seen.1)));
                }
            }
            let given_up = match () {
                () if started.elapsed() > LONGEST => Some(Trouble::TooSlow(LONGEST.as_secs())),
                () if heard.elapsed() > LONGEST_SILENCE => Some(Trouble::Stalled(LONGEST_SILENCE.as_secs())),
                () => None,
            };
            if let Some(trouble) = given_up {
                watch.stop();
                return Ok(Err(trouble));
            }
        }
    }
}

/// What a fetch that was cut off leaves begins with this.
const UNFINISHED: &str = ".fetching-";

/// Removes what fetches left that were cut off; nobody else fetches while the lock is held.
fn clean(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let left = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    left.for_each(|entry| drop(std::fs::remove_dir_all(entry.path())));
}

/// Notes that an entry is used, by the time of its folder; once a day is enough.
fn used(entry: &Path) {
    let noted = entry.metadata().and_then(|data| data.modified()).ok();
    if noted.and_then(|noted| noted.elapsed().ok()).is_some_and(|age| age > Duration::from_secs(86_400)) {
        // A cache that may not be written is only tidied too early.
        let _ = File::open(entry).and_then(|folder| folder.set_modified(SystemTime::now()));
    }
}

/// The folders in a folder.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The bytes of the files in a folder, a few levels deep: a bare repository has no more.
fn size(folder: &Path) -> u64 {
    let mut open = vec![(folder.to_path_buf(), 6)];
    let mut bytes = 0;
    while let Some((folder, depth)) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() && depth > 0 => open.push((entry.path(), depth - 1)),
                Ok(data) if data.is_file() => bytes += data.len(),
                _ => {}
            }
        }
    }
    bytes
}

/// A repository without templates, so without hooks.
fn create(folder: &Path) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).no_reinit(true);
    Repository::init_opts(folder, &options)
}

fn open(folder: &Path) -> Result<Repository, git2::Error> {
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_DOTGIT;
    Repository::open_ext(folder, flags, &[] as &[&std::ffi::OsStr])
}

fn label(source: &Source, commit: Oid) -> String {
    format!("{}@{}", source.name, short(&commit.to_string()))
}
