//! What every command about a repository begins with: the folder, its facts, its files, the presets.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use crate::config::{Checkout, FILE_NAME, Repository, UserConfig};
use crate::detect::Facts;
use crate::env::Env;
use crate::error::Failure;
use crate::fs::read_optional;
use crate::plan::{Inputs, Project, parse_set};
use crate::preset::Catalogue;

/// A repository with everything that a plan is made from, save flags and answers.
#[derive(Debug)]
pub struct Workspace {
    /// The folder.
    pub root: PathBuf,
    /// What detection found.
    pub facts: Facts,
    /// Its `devbox.yaml`, where there is one.
    pub repository: Option<Repository>,
    /// The user's own config.
    pub user: UserConfig,
    /// All presets.
    pub catalogue: Catalogue,
    /// Its git state.
    pub project: Project,
    /// The login name.
    pub user_name: String,
}

impl Workspace {
    /// Looks at the repository at `path`; without one, at the nearest folder from the current one upwards
    /// that has a `devbox.yaml`, within the git repository, else at the current one.
    ///
    /// # Errors
    /// Where the folder cannot be read or one of the files is wrong.
    pub fn load(env: &Env, path: Option<&Path>) -> Result<Self, Failure> {
        let start = path.map_or_else(|| env.cwd.clone(), |path| env.cwd.join(path));
        if !start.is_dir() {
            let what = format!("`{}` is not a folder", env.display(&start));
            return Err(Failure::usage(what).hint("give the path of a repository, or none for this one"));
        }
        let checkout = Checkout::read(&start);
        let root = if path.is_some() { start } else { nearest(&start, checkout.root.as_deref()) };
        let facts = facts(&root)?;
        let text = read_optional(&root.join(FILE_NAME))?;
        let repository = text.map(|text| Repository::parse(FILE_NAME, &text)).transpose()?;
        let name = checkout.name().unwrap_or_else(|| facts.root.clone());
        Ok(Self {
            repository,
            user: UserConfig::load(&env.dirs.config)?,
            catalogue: Catalogue::built_in()?.with_user(&env.dirs.config)?,
            project: Project {
                name,
                remote: checkout.remote,
                branch: checkout.branch,
                commit: checkout.commit,
            },
            user_name: env.user.clone().unwrap_or_else(|| "user".into()),
            facts,
            root,
        })
    }

    /// What a plan is made from.
    pub fn inputs<'a>(
        &'a self,
        answers: &'a IndexMap<String, Value>,
        flags: &'a IndexMap<String, Value>,
    ) -> Inputs<'a> {
        Inputs {
            facts: &self.facts,
            repository: self.repository.as_ref(),
            user: &self.user,
            answers,
            flags,
            catalogue: &self.catalogue,
            project: self.project.clone(),
            user_name: self.user_name.clone(),
        }
    }
}

/// `--set` and the flags that stand for one, as the plan reads them.
///
/// # Errors
/// Where a `--set` has no `=`.
pub fn flags(sets: &[String], namespace: Option<&str>) -> Result<IndexMap<String, Value>, Failure> {
    let mut flags = IndexMap::new();
    for argument in sets {
        let (key, value) = parse_set(argument).map_err(|reason| {
            // Not the argument itself: what stands after a forgotten `=` may be a secret.
            Failure::usage("`--set` without `=`").hint(reason)
        })?;
        flags.insert(key, value);
    }
    flags.extend(namespace.map(|namespace| ("namespace".to_owned(), namespace.into())));
    Ok(flags)
}

fn nearest(start: &Path, top: Option<&Path>) -> PathBuf {
    let within = |folder: &&Path| top.is_none_or(|top| folder.starts_with(top) || start == *folder);
    start
        .ancestors()
        .take_while(within)
        .find(|folder| folder.join(FILE_NAME).is_file())
        .unwrap_or(start)
        .to_path_buf()
}

/// The one place that calls detection.
fn facts(root: &Path) -> Result<Facts, Failure> {
    let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Facts {
        schema: 1,
        root: name,
        ambiguous: Vec::new(),
        components: Vec::new(),
        files: crate::detect::Files::default(),
        warnings: Vec::new(),
    })
}
