//! What `devbox.yaml` asks for and where it goes, settled without a question: where `up` and `diff`
//! begin. Where it goes is known first, so that the connection opens while the plan is made.

use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::Value;

use super::deploy;
use super::place::Sources;
use super::workspace::{self, Workspace};
use crate::cli::{PathArg, PlanArgs, TargetArgs};
use crate::cluster::Environment;
use crate::config::{Answers, EnvironmentRecord, FILE_NAME, Place, Project};
use crate::env::Env;
use crate::error::Failure;
use crate::plan::{Plan, Resolved};
use crate::render::Manifest;
use crate::ui::Ui;

/// Where a project's environment goes, and what has to do with that.
pub(super) struct Start {
    pub(super) place: Place,
    root: PathBuf,
    answers: Option<Answers>,
    /// The environment that this folder had before.
    before: Option<EnvironmentRecord>,
}

impl Start {
    /// Finds the place; writes nothing. `verb` is the command, for hints.
    ///
    /// # Errors
    /// Where nothing says what or where.
    pub(super) fn read(
        env: &Env,
        verb: &str,
        (project, plan, target): (&PathArg, &PlanArgs, &TargetArgs),
    ) -> Result<Self, Failure> {
        let answers = workspace::answers(plan, env)?;
        let root = workspace::root(env, project.path.as_deref());
        if !root.is_dir() {
            Project::read(&root)?;
        }
        let root = root.canonicalize().unwrap_or(root);
        if !root.join(FILE_NAME).is_file() {
            return Err(Failure::usage(format!("no {FILE_NAME} in `{}`", env.display(&root)))
                .hint("set this repository up first: `devbox init`"));
        }
        let before = EnvironmentRecord::read(env, &root)?;
        let sources = Sources { args: target, answers: answers.as_ref(), record: before.as_ref() };
        let place = sources.decided(env).ok_or_else(|| {
            Failure::usage("no cluster is chosen, and this folder has no environment yet")
                .hint("run `devbox init`")
                .hint(format!(
                    "or name the cluster: `devbox {verb} --context NAME` or `devbox {verb} --sandbox`"
                ))
        })?;
        Ok(Self { place, root, answers, before })
    }

    /// The namespace, as far as it is known before there is a plan.
    pub(super) fn namespace<'a>(&'a self, plan: &'a PlanArgs) -> &'a str {
        let recorded = self.before.as_ref().filter(|before| before.place == self.place);
        plan.namespace.as_deref().or(recorded.map(|before| before.namespace.as_str())).unwrap_or_default()
    }

    /// Makes the plan and renders it.
    ///
    /// # Errors
    /// Where something is missing, or a template is wrong.
    pub(super) fn settle(self, env: &Env, ui: &Ui, plan: &PlanArgs) -> Result<Settled, Failure> {
        let Self { place, root, answers: file, before } = self;
        let workspace = Workspace::open(env, ui, Some(&root))?;
        let mut answers = workspace::answered(file.as_ref());
        workspace::keep_namespace(&mut answers, before.as_ref().filter(|before| before.place == place));
        let plan = workspace.resolve(&workspace::flags(plan)?, &answers)?.ready()?;
        let manifests = deploy::manifests(&plan, &workspace.catalogue, ui)?;
        workspace.check_brought(env, &plan, &manifests)?;
        Ok(Settled { workspace, place, plan, manifests, before })
    }
}

/// A plan, rendered, and its place.
pub(super) struct Settled {
    pub(super) workspace: Workspace,
    pub(super) place: Place,
    pub(super) plan: Plan,
    pub(super) manifests: Vec<Manifest>,
    /// The environment that this folder had before.
    pub(super) before: Option<EnvironmentRecord>,
}

impl Settled {
    /// The environment that the plan is for.
    pub(super) fn environment(&self) -> Environment {
        deploy::environment(&self.workspace.root, &self.plan, &self.place)
    }

    /// Every value of the plan that is secret.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let units = self.plan.units.iter();
        let all = units.flat_map(|unit| unit.values.values().chain(unit.secrets.values().flatten()));
        all.filter(|resolved| resolved.secret).filter_map(text).collect()
    }
}

fn text(resolved: &Resolved) -> Option<SecretString> {
    match &resolved.value {
        Value::Null => None,
        Value::String(text) => Some(SecretString::from(text.as_str())),
        other => Some(SecretString::from(other.to_string())),
    }
}
