//! A project folder with everything that a plan is made from, read once: git, facts, `devbox.yaml`, the
//! user's config, the catalogue.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use super::{schema_file, sources};
use crate::cli::PlanArgs;
use crate::config::{Answers, EnvironmentRecord, FILE_NAME, Project, Repository, SchemaOf, UserConfig};
use crate::detect::{self, Facts};
use crate::env::Env;
use crate::error::Failure;
use crate::fs;
use crate::plan::{self, Inputs, Outcome, Plan, PlanError};
use crate::preset::Catalogue;
use crate::render::Manifest;
use crate::ui::Ui;

/// Values by question key.
pub(super) type Values = IndexMap<String, Value>;

/// A project folder and what it says.
pub(super) struct Workspace {
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
    /// Reads a project folder; writes nothing. Without a path it is the nearest folder upwards that has
    /// a `devbox.yaml`, within the git repository, else the current one.
    ///
    /// # Errors
    /// Where it is no folder, or a file of ours in it is wrong.
    pub(super) fn open(env: &Env, ui: &Ui, path: Option<&Path>) -> Result<Self, Failure> {
        Self::with(env, path, |user, repository| sources::catalogue(env, ui, user, repository))
    }

    /// As [`Workspace::open`], with another catalogue.
    ///
    /// # Errors
    /// As [`Workspace::open`], and where there is no catalogue.
    pub(super) fn with(
        env: &Env,
        path: Option<&Path>,
        catalogue: impl FnOnce(&UserConfig, Option<&Repository>) -> Result<Catalogue, Failure>,
    ) -> Result<Self, Failure> {
        let root = root(env, path);
        let project = Project::read(&root)?;
        let root = root.canonicalize().unwrap_or(root);
        let repository = match fs::read_optional(&root.join(FILE_NAME))? {
            Some(text) => Some((text.clone(), Repository::parse(FILE_NAME, &text)?)),
            None => None,
        };
        let user = UserConfig::load(&env.dirs.config)?;
        Ok(Self {
            facts: detect::detect(&root, &detect::Limits::default())?,
            catalogue: catalogue(&user, repository.as_ref().map(|(_, repository)| repository))?,
            repository,
            user,
            user_name: env.user.clone().unwrap_or_else(|| "me".into()),
            root,
            project,
        })
    }

    /// Resolves the plan; pure.
    pub(super) fn resolve(&self, flags: &Values, answers: &Values) -> Result<Outcome, PlanError> {
        self.resolve_with(&self.catalogue, flags, answers)
    }

    /// Resolves the plan with another catalogue.
    pub(super) fn resolve_with(
        &self,
        catalogue: &Catalogue,
        flags: &Values,
        answers: &Values,
    ) -> Result<Outcome, PlanError> {
        plan::resolve(&Inputs {
            facts: &self.facts,
            repository: self.repository.as_ref().map(|(_, repository)| repository),
            user: &self.user,
            answers,
            flags,
            catalogue,
            project: self.project.clone(),
            user_name: self.user_name.clone(),
        })
    }

    /// Keeps the schema beside `devbox.yaml` that of this devbox.
    pub(super) fn refresh_schema(&self, ui: &Ui) {
        let file = self.root.join(FILE_NAME);
        if let Ok(Some(text)) = fs::read_optional(&file) {
            schema_file::refresh(ui, &file, SchemaOf::Project, &text);
        }
    }

    /// Warns where the plan names what only this user has.
    pub(super) fn warn_of_own(&self, ui: &Ui, plan: &Plan) {
        let repository = self.repository.as_ref().map(|(_, repository)| repository);
        sources::warn_of_own(ui, &self.user, repository, plan);
    }

    /// Refuses what a source brings and nobody was shown.
    ///
    /// # Errors
    /// Names them.
    pub(super) fn check_brought(
        &self,
        env: &Env,
        plan: &Plan,
        manifests: &[Manifest],
    ) -> Result<(), Failure> {
        let repository = self.repository.as_ref().map(|(_, repository)| repository);
        sources::check_brought(env, &self.user, repository, &self.catalogue, plan, manifests)
    }
}

/// The project folder that a command is about.
pub(super) fn root(env: &Env, path: Option<&Path>) -> PathBuf {
    match path {
        Some(path) => env.cwd.join(path),
        None => nearest(&env.cwd),
    }
}

fn nearest(start: &Path) -> PathBuf {
    for folder in start.ancestors() {
        if folder.join(FILE_NAME).is_file() {
            return folder.to_path_buf();
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    start.to_path_buf()
}

/// The values that flags give, by question key.
///
/// # Errors
/// Where a `--set` is not `KEY=VALUE`.
pub(super) fn flags(args: &PlanArgs) -> Result<Values, Failure> {
    let mut values = Values::new();
    for set in &args.set {
        let (key, value) = plan::parse_set(set).map_err(|problem| {
            // Not the argument itself: what stands after a forgotten `=` may be a secret.
            Failure::usage("`--set` without `=`").hint(problem)
        })?;
        values.insert(key, value);
    }
    if let Some(namespace) = &args.namespace {
        values.insert("namespace".into(), namespace.as_str().into());
    }
    if let Some(access) = &args.access {
        values.insert("access".into(), access.as_str().into());
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

/// An environment that is there keeps its namespace unless a flag or an answer says otherwise.
pub(super) fn keep_namespace(answers: &mut Values, record: Option<&EnvironmentRecord>) {
    if let Some(record) = record {
        answers.entry("namespace".into()).or_insert_with(|| record.namespace.as_str().into());
    }
}
