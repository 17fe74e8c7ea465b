//! What `devbox.yaml` asks for and where it goes, settled without a question: where `up` and `diff`
//! begin.

use secrecy::SecretString;
use serde_json::Value;

use super::deploy;
use super::place::Sources;
use super::workspace::{self, Workspace};
use crate::cli::{PathArg, PlanArgs, TargetArgs};
use crate::cluster::Environment;
use crate::config::{EnvironmentRecord, FILE_NAME, Place};
use crate::env::Env;
use crate::error::Failure;
use crate::plan::{Plan, Resolved};
use crate::render::Manifest;
use crate::ui::Ui;

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
    /// Settles plan and place; writes nothing. `verb` is the command, for hints.
    ///
    /// # Errors
    /// Where nothing says what or where, or a template is wrong.
    pub(super) fn read(
        env: &Env,
        ui: &Ui,
        verb: &str,
        (project, plan, target): (&PathArg, &PlanArgs, &TargetArgs),
    ) -> Result<Self, Failure> {
        let file = workspace::answers(plan, env)?;
        let workspace = Workspace::open(env, project.path.as_deref())?;
        if workspace.repository.is_none() {
            return Err(Failure::usage(format!("no {FILE_NAME} in `{}`", env.display(&workspace.root)))
                .hint("set this repository up first: `devbox init`"));
        }
        let before = EnvironmentRecord::read(env, &workspace.root)?;
        let sources = Sources { args: target, answers: file.as_ref(), record: before.as_ref() };
        let place = sources.decided(env).ok_or_else(|| {
            Failure::usage("no cluster is chosen, and this folder has no environment yet")
                .hint("run `devbox init`")
                .hint(format!(
                    "or name the cluster: `devbox {verb} --context NAME` or `devbox {verb} --sandbox`"
                ))
        })?;
        let mut answers = workspace::answered(file.as_ref());
        workspace::keep_namespace(&mut answers, before.as_ref().filter(|before| before.place == place));
        let plan = workspace.resolve(&workspace::flags(plan)?, &answers)?.ready()?;
        let manifests = deploy::manifests(&plan, &workspace.catalogue, ui)?;
        Ok(Self { workspace, place, plan, manifests, before })
    }

    /// The environment that the plan is for.
    pub(super) fn environment(&self) -> Environment {
        let record = deploy::record(&self.workspace.root, &self.plan, &self.place);
        Environment { project: record.project, namespace: record.namespace }
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
