//! Building the sandbox's programs from a checkout of devbox, once per state of their sources.
//!
//! Their `build.sh` knows how to link them; this file knows where the result is kept and that only one
//! build runs at a time.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::process::{Child, Command};

use super::{SandboxError, lock, logs, process};
use crate::env::Env;
use crate::event::{Event, Outcome, Sink};
use crate::fs::FsError;

/// Something that is built from its own Go module.
pub(super) struct Build {
    /// The step's id in events.
    pub(super) step: &'static str,
    /// What it is, for people.
    pub(super) title: &'static str,
    /// How long it takes the first time, on two processors.
    pub(super) duration: &'static str,
    /// The folder in the cache.
    pub(super) cache: &'static str,
    /// What the build script makes: a file, or a folder.
    pub(super) made: &'static str,
    /// The file that is there once it is made.
    pub(super) proof: &'static str,
}

/// How often the display says how long the build has taken.
const TICK: Duration = Duration::from_secs(15);

/// How many builds of each are kept; each takes 100 to 150 MB.
const KEPT: usize = 3;

/// Finds the program's sources above a folder.
pub(super) fn checkout(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|parent| parent.join("sandbox")).find(|sources| {
        let text = std::fs::read_to_string(sources.join("go.mod")).unwrap_or_default();
        text.lines().any(|line| line.trim() == "module devbox-sandbox")
    })
}

/// Builds it, unless it was built from the same sources before.
pub(super) async fn build(
    env: &Env,
    what: &Build,
    sources: &Path,
    sink: &dyn Sink,
) -> Result<PathBuf, SandboxError> {
    let hash = hash(sources)?;
    let folder = env.dirs.cache.join(what.cache);
    let out = folder.join(&hash).join(what.made);
    if folder.join(&hash).join(what.proof).is_file() {
        return Ok(out);
    }
    sink.emit(Event::started(what.step, what.title));
    let built = build_locked(what, sources, &folder, &hash, sink).await;
    match &built {
        Ok(()) => sink.emit(Event::ended(what.step, Outcome::Done, env.display(&out))),
        Err(_) => sink.emit(Event::ended(what.step, Outcome::Failed, "not built")),
    }
    built.map(|()| out)
}

async fn build_locked(
    what: &Build,
    sources: &Path,
    folder: &Path,
    hash: &str,
    sink: &dyn Sink,
) -> Result<(), SandboxError> {
    let waiting = || sink.emit(Event::progress(what.step, "waiting for another build of it"));
    let _lock = lock::lock(&folder.join("build.lock"), waiting).await?;
    let (out, proof) = (folder.join(hash).join(what.made), folder.join(hash).join(what.proof));
    if proof.is_file() {
        return Ok(());
    }
    let duration = what.duration;
    sink.emit(Event::progress(what.step, format!("building it, once, about {duration}")));
    let log = folder.join("build.log");
    let file = logs::open(&log)?;
    let script = sources.join("build.sh");
    let spawn = |source| SandboxError::Spawn { what: format!("`{}`", script.display()), source };
    let mut command = Command::new("sh");
    command
        .arg(&script)
        .arg(&out)
        .env("DEVBOX_SANDBOX_SOURCE", hash)
        .stdin(Stdio::null())
        .stdout(file.try_clone().map_err(spawn)?)
        .stderr(file)
        .kill_on_drop(true);
    // A group of its own, so that an interrupted build takes the compilers with it.
    #[cfg(unix)]
    command.process_group(0);
    let mut group = Group(command.spawn().map_err(spawn)?);
    let begun = Instant::now();
    let status = loop {
        tokio::select! {
            status = group.0.wait() => break status.map_err(spawn)?,
            () = tokio::time::sleep(TICK) => {
                let seconds = begun.elapsed().as_secs();
                sink.emit(Event::progress(
                    what.step,
                    format!("building it, once, about {duration}; {}:{:02} so far", seconds / 60, seconds % 60),
                ));
            }
        }
    };
    if !status.success() {
        return Err(SandboxError::Build { status: status.to_string(), lines: logs::tail(&log, 8), log });
    }
    forget_old(folder, hash, what.proof);
    Ok(())
}

/// A build under way; dropping it ends the build.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.id() {
            process::terminate_group(pid);
        }
    }
}

/// The module that the sandbox's programs share, in the first one's folder.
const SHARED: &str = "shared";

/// Identifies the sources by the content of every file that the program is built from.
fn hash(sources: &Path) -> Result<String, FsError> {
    let mut files = Vec::new();
    collect(sources, &mut files)?;
    let main = sources.ancestors().take(2).find(|folder| folder.join(SHARED).is_dir());
    if let Some(main) = main {
        collect(&main.join(SHARED), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let content =
            std::fs::read(&file).map_err(|source| FsError { verb: "read", path: file.clone(), source })?;
        let root = main.unwrap_or(sources);
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.update(format!("{name}\0{}\0", content.len()));
        hasher.update(content);
    }
    Ok(hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Collects what a program is built from: Go files, modules, embedded stages, the build script. A folder
/// with a module of its own is another program's.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FsError> {
    let failed = |source| FsError { verb: "read", path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().map_err(failed)?.is_dir() {
            if !path.join("go.mod").exists() {
                collect(&path, files)?;
            }
        } else if !name.ends_with("_test.go")
            && [".go", ".mod", ".sum", ".yaml", ".tpl", ".sh"].iter().any(|end| name.ends_with(end))
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Removes programs of older sources; a running one keeps running.
fn forget_old(folder: &Path, current: &str, proof: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut old: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name() != *current && entry.path().join(proof).is_file())
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    old.sort();
    old.reverse();
    for (_, path) in old.into_iter().skip(KEPT - 1) {
        let _ = std::fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Recorder;

    const PROGRAM: Build =
        Build { step: "p", title: "p", duration: "a second", cache: "p", made: "program", proof: "program" };

    fn sources(root: &Path, script: &str) -> PathBuf {
        let folder = root.join("sandbox");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("go.mod"), "module devbox-sandbox\n").unwrap();
        std::fs::write(folder.join("build.sh"), script).unwrap();
        folder
    }

    #[test]
    fn the_hash_follows_what_is_built_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = sources(root.path(), "");
        let before = hash(&folder).unwrap();
        std::fs::write(folder.join("README.md"), "x").unwrap();
        std::fs::write(folder.join("a_test.go"), "x").unwrap();
        assert_eq!(hash(&folder).unwrap(), before);
        std::fs::create_dir(folder.join("other")).unwrap();
        std::fs::write(folder.join("other/go.mod"), "module other\n").unwrap();
        std::fs::write(folder.join("other/b.go"), "x").unwrap();
        assert_eq!(hash(&folder).unwrap(), before, "a module inside is another program");
        let inside = hash(&folder.join("other")).unwrap();
        std::fs::create_dir(folder.join("shared")).unwrap();
        std::fs::write(folder.join("shared/go.mod"), "module shared\n").unwrap();
        assert_ne!(hash(&folder).unwrap(), before, "but for the one that both share");
        assert_ne!(hash(&folder.join("other")).unwrap(), inside);
        let before = hash(&folder).unwrap();
        std::fs::write(folder.join("a.go"), "x").unwrap();
        assert_ne!(hash(&folder).unwrap(), before);
    }

    #[tokio::test]
    async fn the_same_sources_are_built_once_and_a_failure_shows_its_last_lines() {
        let root = tempfile::tempdir().unwrap();
        let env = Env::under(root.path());
        let script = "mkdir -p \"$(dirname \"$1\")\"; echo x >> \"$1\"";
        let folder = sources(root.path(), script);
        let first = build(&env, &PROGRAM, &folder, &Recorder::default()).await.unwrap();
        let second = build(&env, &PROGRAM, &folder, &Recorder::default()).await.unwrap();
        assert_eq!((&first, std::fs::read_to_string(&second).unwrap().as_str()), (&second, "x\n"));

        let folder = sources(root.path(), "echo no such module >&2; exit 3");
        let Err(SandboxError::Build { status, lines, .. }) =
            build(&env, &PROGRAM, &folder, &Recorder::default()).await
        else {
            panic!()
        };
        assert_eq!((status.as_str(), lines), ("exit status: 3", vec!["no such module".to_owned()]));
    }
}
