//! The git state of a repository: where it was cloned from and what is checked out.

use std::path::{Path, PathBuf};

use git2::Repository;

/// A checked-out repository; every part is `None` where git has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The top folder.
    pub root: Option<PathBuf>,
    /// The URL that it was cloned from, without credentials.
    pub remote: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// The commit that is checked out.
    pub commit: Option<String>,
}

impl Checkout {
    /// Reads the repository that `folder` lies in. A folder outside of git gives an empty checkout, and so
    /// does one that git does not trust: nothing here is worth failing for.
    pub fn read(folder: &Path) -> Self {
        let Ok(repository) = Repository::discover(folder) else { return Self::default() };
        let head = repository.head().ok();
        let branch = head.as_ref().filter(|head| head.is_branch()).and_then(|head| head.shorthand().ok());
        let branch = branch.map(str::to_owned).or_else(|| unborn(&repository));
        Self {
            root: repository.workdir().map(Path::to_path_buf),
            remote: remote(&repository, branch.as_deref()),
            commit: head.and_then(|head| head.target()).map(|id| id.to_string()),
            branch,
        }
    }

    /// What people call the repository: the last part of its remote, else the top folder's name.
    pub fn name(&self) -> Option<String> {
        let from_remote = self.remote.as_deref().and_then(|remote| {
            let last = remote.trim_end_matches('/').rsplit(['/', ':']).next()?;
            Some(last.strip_suffix(".git").unwrap_or(last).to_owned())
        });
        let from_folder = || Some(self.root.as_ref()?.file_name()?.to_string_lossy().into_owned());
        from_remote.filter(|name| !name.is_empty()).or_else(from_folder)
    }
}

/// The branch of a repository without commits.
fn unborn(repository: &Repository) -> Option<String> {
    let head = repository.find_reference("HEAD").ok()?;
    Some(head.symbolic_target().ok()??.strip_prefix("refs/heads/")?.to_owned())
}

/// The remote that the branch follows, else `origin`, else the only one.
fn remote(repository: &Repository, branch: Option<&str>) -> Option<String> {
    let followed = branch.and_then(|branch| {
        let name = repository.branch_upstream_remote(&format!("refs/heads/{branch}")).ok()?;
        Some(name.as_str().ok()?.to_owned())
    });
    let names = repository.remotes().ok()?;
    let names: Vec<&str> = names.iter().filter_map(|name| name.ok().flatten()).collect();
    let name = followed
        .or_else(|| names.contains(&"origin").then(|| "origin".to_owned()))
        .or_else(|| (names.len() == 1).then(|| names[0].to_owned()))?;
    repository.find_remote(&name).ok()?.url().ok().map(without_credentials)
}

fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{path}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_repository_tells_branch_and_remote_without_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        let repository =
            Repository::init_opts(folder.path(), options.initial_head("trunk").mkdir(true)).unwrap();
        repository.remote("origin", "https://me:token@git.example/acme/shop.git").unwrap();
        let checkout = Checkout::read(folder.path());
        assert_eq!(checkout.remote.as_deref(), Some("https://git.example/acme/shop.git"));
        assert_eq!(checkout.branch.as_deref(), Some("trunk"));
        assert_eq!(checkout.commit, None);
        assert_eq!(checkout.name().as_deref(), Some("shop"));
    }

    #[test]
    fn a_folder_outside_of_git_has_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Checkout::read(folder.path()), Checkout::default());
    }
}
