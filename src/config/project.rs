//! What git says about a folder: remote, branch, commit, and where in its repository it lies.
//!
//! Reads only. A folder outside any repository, a repository without commits and a detached HEAD are
//! ordinary, not errors.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository};
use serde::Serialize;

use crate::error::Explain;

/// A project folder and its place in git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Project {
    /// What people call it: the last part of the remote's URL, else the folder's name; for a folder
    /// inside a repository always the folder's name.
    pub name: String,
    /// The URL of the branch's remote, else of `origin`, else of the only remote; credentials in it
    /// are left out.
    pub remote: Option<String>,
    /// The branch that is checked out; `None` when detached.
    pub branch: Option<String>,
    /// The commit that is checked out, 40 hex digits.
    pub commit: Option<String>,
    /// The newest commit of the branch on its remote that git knows here, 40 hex digits: what a
    /// cluster clones, as far as one can tell without asking.
    pub published: Option<String>,
    /// The folder inside its repository with `/`; empty where it is the repository's top.
    pub prefix: String,
    /// The commit is on no remote branch that git knows here: a cluster cannot clone it yet.
    pub unpushed: bool,
    /// Tracked files differ from the commit.
    pub dirty: bool,
}

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The path does not exist or is no folder.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The `.git` folder is there but git cannot read it.
    #[error("cannot read the git repository of `{}`", path.display())]
    Git {
        /// The project folder.
        path: PathBuf,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
}

impl Explain for ProjectError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NotAFolder(_) => vec!["pass the folder of a repository: `devbox init PATH`".into()],
            Self::Git { path, source } if source.code() == ErrorCode::Owner => vec![format!(
                "the repository belongs to another user; if you trust it: `git config --global --add safe.directory {}`",
                path.display()
            )],
            Self::Git { path, .. } => vec![format!("see what git says: `git -C {} status`", path.display())],
        }
    }

    fn exit(&self) -> crate::error::Exit {
        crate::error::Exit::Usage
    }
}

impl Project {
    /// Reads the folder and the repository around it.
    ///
    /// # Errors
    /// Where `root` is no folder, or its repository is broken or owned by somebody else.
    pub fn read(root: &Path) -> Result<Self, ProjectError> {
        let root = root.canonicalize().map_err(|_| ProjectError::NotAFolder(root.to_path_buf()))?;
        if !root.is_dir() {
            return Err(ProjectError::NotAFolder(root));
        }
        let name =
            root.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy().into_owned());
        let mut project = Self { name, ..Self::default() };
        let failed = |source| ProjectError::Git { path: root.clone(), source };
        let repository = match Repository::discover(&root) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(project),
            Err(error) => return Err(failed(error)),
        };
        let top = repository.workdir().and_then(|top| top.canonicalize().ok());
        project.prefix = top
            .and_then(|top| root.strip_prefix(top).ok().map(Path::to_path_buf))
            .map(|prefix| {
                prefix.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
            })
            .unwrap_or_default();
        project.read_head(&repository).map_err(failed)?;
        if let Some(name) =
            project.remote.as_deref().and_then(last_part).filter(|_| project.prefix.is_empty())
        {
            project.name = name.to_owned();
        }
        Ok(project)
    }

    fn read_head(&mut self, repository: &Repository) -> Result<(), git2::Error> {
        let head = match repository.head() {
            Ok(head) => Some(head),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
                self.branch = unborn(repository);
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(head) = &head {
            self.branch = head.is_branch().then(|| head.shorthand().ok().map(Into::into)).flatten();
            let commit = head.peel_to_commit()?.id();
            self.unpushed = !on_a_remote(repository, commit)?;
            self.commit = Some(commit.to_string());
            let mut options = git2::StatusOptions::new();
            options.include_untracked(false).include_ignored(false).pathspec(&self.prefix);
            self.dirty = !repository.statuses(Some(&mut options))?.is_empty();
        }
        if let Some(name) = remote_name(repository, self.branch.as_deref())? {
            self.remote = repository.find_remote(&name)?.url().ok().map(without_credentials);
            self.published = self.branch.as_deref().and_then(|branch| published(repository, &name, branch));
        }
        Ok(())
    }
}

fn last_part(remote: &str) -> Option<&str> {
    let last = remote.trim_end_matches('/').rsplit(['/', ':']).next()?;
    Some(last.strip_suffix(".git").unwrap_or(last)).filter(|name| !name.is_empty())
}

fn on_a_remote(repository: &Repository, commit: git2::Oid) -> Result<bool, git2::Error> {
    for branch in repository.branches(Some(git2::BranchType::Remote))? {
        let Some(tip) = branch?.0.get().target() else { continue };
        if tip == commit || repository.graph_descendant_of(tip, commit)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The branch of a repository without commits.
fn unborn(repository: &Repository) -> Option<String> {
    let head = repository.find_reference("HEAD").ok()?;
    Some(head.symbolic_target().ok()??.strip_prefix("refs/heads/")?.to_owned())
}

/// The tip of a remote's branch, as of the last fetch or push.
fn published(repository: &Repository, remote: &str, branch: &str) -> Option<String> {
    let tip = repository.find_reference(&format!("refs/remotes/{remote}/{branch}")).ok()?;
    Some(tip.peel_to_commit().ok()?.id().to_string())
}

/// The remote of the branch, else `origin`, else the only one.
fn remote_name(repository: &Repository, branch: Option<&str>) -> Result<Option<String>, git2::Error> {
    let tracked = branch
        .and_then(|branch| repository.branch_upstream_remote(&format!("refs/heads/{branch}")).ok())
        .and_then(|name| name.as_str().ok().map(str::to_owned));
    let names = repository.remotes()?;
    let names: Vec<String> = names.iter().filter_map(|name| name.ok().flatten().map(str::to_owned)).collect();
    Ok(tracked
        .filter(|tracked| names.contains(tracked))
        .or_else(|| names.iter().find(|name| *name == "origin").cloned())
        .or_else(|| (names.len() == 1).then(|| names[0].clone())))
}

/// Takes the user information out of an `http(s)` URL: a token in a remote must not reach a manifest.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return url.to_owned();
    }
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_a_remote_are_left_out() {
        assert_eq!(without_credentials("https://me:tok@git.test/a/b.git"), "https://git.test/a/b.git");
        assert_eq!(without_credentials("https://git.test/a@b.git"), "https://git.test/a@b.git");
        assert_eq!(without_credentials("git@git.test:a/b.git"), "git@git.test:a/b.git");
        assert_eq!(without_credentials("ssh://git@git.test/a.git"), "ssh://git@git.test/a.git");
    }

    #[test]
    fn a_folder_outside_git_has_a_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        std::fs::create_dir(&root).unwrap();
        assert_eq!(Project::read(&root).unwrap(), Project { name: "shop".into(), ..Project::default() });
    }

    #[test]
    fn a_folder_in_a_repository_knows_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        repository.set_head("refs/heads/topic").unwrap();
        repository.remote("origin", "https://u:p@git.test/shop.git").unwrap();
        let root = folder.path().join("apps/api");
        std::fs::create_dir_all(&root).unwrap();
        let signature = git2::Signature::now("n", "e@test").unwrap();
        let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
        let id = repository.commit(Some("HEAD"), &signature, &signature, "m", &tree, &[]).unwrap();
        let project = Project::read(&root).unwrap();
        assert_eq!(
            project,
            Project {
                name: "api".into(),
                remote: Some("https://git.test/shop.git".into()),
                branch: Some("topic".into()),
                commit: Some(id.to_string()),
                published: None,
                prefix: "apps/api".into(),
                unpushed: true,
                dirty: false,
            }
        );
        repository.reference("refs/remotes/origin/topic", id, false, "push").unwrap();
        let pushed = Project::read(&root).unwrap();
        assert_eq!((pushed.published, pushed.unpushed), (Some(id.to_string()), false));
    }
}
