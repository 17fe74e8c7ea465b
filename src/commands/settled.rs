//! What `devbox.yaml` asks for and where it goes, settled without a question: where `up` and `diff`
//! begin. Where it goes is known first, so that the connection opens while the plan is made.

use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::Value;

use super::deploy::{self, Overfull};
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

/// A folder with a `devbox.yaml`, and what says where its environment goes.
pub(super) struct Folder {
    root: PathBuf,
    answers: Option<Answers>,
    /// The environment that this folder had before.
    before: Option<EnvironmentRecord>,
}

impl Folder {
    /// Finds it; writes nothing.
    ///
    /// # Errors
    /// Where there is no `devbox.yaml`, or the answers or the record cannot be read.
    pub(super) fn read(env: &Env, project: &PathArg, plan: &PlanArgs) -> Result<Self, Failure> {
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
        Ok(Self { root, answers, before })
    }

    /// Where its environment goes, as far as flags, answers and the record say.
    pub(super) fn place(&self, env: &Env, target: &TargetArgs) -> Option<Place> {
        Sources { args: target, answers: self.answers.as_ref(), record: self.before.as_ref() }.decided(env)
    }

    /// Makes the plan of what goes to a place.
    ///
    /// # Errors
    /// Where a file is wrong or a value is missing.
    pub(super) fn plan(
        &self,
        env: &Env,
        ui: &Ui,
        args: &PlanArgs,
        place: Option<&Place>,
    ) -> Result<(Workspace, Plan), Failure> {
        let workspace = Workspace::open(env, ui, Some(&self.root))?;
        let mut answers = workspace::answered(self.answers.as_ref());
        let there = self.before.as_ref().filter(|before| Some(&before.place) == place);
        workspace::keep_namespace(&mut answers, there);
        let plan = workspace.resolve(&workspace::flags(args)?, &answers)?.ready()?;
        Ok((workspace, plan))
    }
}

/// Where a project's environment goes, and what has to do with that.
pub(super) struct Start {
    pub(super) place: Place,
    folder: Folder,
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
        let folder = Folder::read(env, project, plan)?;
        let place = folder.place(env, target).ok_or_else(|| {
            Failure::usage("no cluster is chosen, and this folder has no environment yet")
                .hint("run `devbox init`")
                .hint(format!(
                    "or name the cluster: `devbox {verb} --context NAME` or `devbox {verb} --sandbox`"
                ))
        })?;
        Ok(Self { place, folder })
    }

    /// The namespace, as far as it is known before there is a plan.
    pub(super) fn namespace<'a>(&'a self, plan: &'a PlanArgs) -> &'a str {
        let recorded = self.folder.before.as_ref().filter(|before| before.place == self.place);
        plan.namespace.as_deref().or(recorded.map(|before| before.namespace.as_str())).unwrap_or_default()
    }

    /// Makes the plan and renders it.
    ///
    /// # Errors
    /// Where something is missing, or a template is wrong.
    pub(super) fn settle(
        self,
        env: &Env,
        ui: &Ui,
        plan: &PlanArgs,
        overfull: Overfull,
    ) -> Result<Settled, Failure> {
        let Self { place, folder } = self;
        let (workspace, plan) = folder.plan(env, ui, plan, Some(&place))?;
        let manifests = deploy::manifests(&plan, &workspace.catalogue, ui, overfull)?;
        workspace.check_brought(env, &plan, &manifests)?;
        Ok(Settled { workspace, place, plan, manifests, before: folder.before })
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
