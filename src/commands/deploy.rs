//! What `init` and `up` share once a plan is settled: apply, hand over a context, wait, report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::access;
use super::destination::Arrived;
use super::handover::Handover;
use super::quota;
use super::workspace::Workspace;
use crate::cli::ApplyArgs;
use crate::cluster::{ApplyOptions, Environment, WaitOptions};
use crate::config::{EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::kubeconfig::environment as own;
use crate::plan::{Plan, Role, Unit, dns_label};
use crate::preset::Catalogue;
use crate::render::{self, Manifest};
use crate::ui::Ui;
use crate::validate;

/// A settled plan on its way into a cluster.
pub(super) struct Deployment<'a> {
    pub(super) env: &'a Env,
    pub(super) ui: &'a Ui,
    pub(super) workspace: &'a Workspace,
    pub(super) place: &'a Place,
    pub(super) plan: &'a Plan,
    pub(super) manifests: &'a [Manifest],
    pub(super) options: &'a ApplyArgs,
}

/// What is to become of a set that its own quota cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overfull {
    /// It is only looked at.
    Warned,
    /// It is to go up.
    Refused,
}

/// Renders and checks a plan; problems that a server would refuse anyway are warned about here, where
/// the template is known.
///
/// # Errors
/// Where a template is wrong, or what always runs does not fit the quota and is to go up.
pub(super) fn manifests(
    plan: &Plan,
    catalogue: &Catalogue,
    ui: &Ui,
    overfull: Overfull,
) -> Result<Vec<Manifest>, Failure> {
    let manifests = render::render(plan, catalogue)?;
    access::check(plan, catalogue)?;
    if overfull == Overfull::Refused {
        quota::check(plan, &manifests, catalogue)?;
    }
    for problem in validate::validate_in(&manifests, &|file| catalogue.template_text(file)) {
        ui.warn(&problem.to_string());
    }
    Ok(manifests)
}

/// Says what the reader should know about a plan before it is applied.
pub(super) fn warn(plan: &Plan, ui: &Ui) {
    for warning in &plan.warnings {
        ui.warn(warning);
    }
    let cloned = |unit: &Unit| unit.values.get("source").is_some_and(|source| source.value == "git");
    if plan.of_role(Role::Component).any(cloned) {
        let project = &plan.project;
        if project.unpushed {
            let branch = project.branch.as_deref().unwrap_or("the commit");
            ui.warn(&format!(
                "{branch} has commits that are on no remote yet: the cluster clones without them"
            ));
        } else if project.dirty {
            ui.warn("there are changes that are not committed: the cluster clones without them");
        }
    }
}

/// The label of a project: names its apply set and its context.
fn project_label(plan: &Plan) -> String {
    dns_label(&plan.project.name, 40)
}

/// The context that is handed over.
pub(super) fn context_name(plan: &Plan) -> String {
    format!("devbox-{}", project_label(plan))
}

/// The file that an environment's context is in.
pub(super) fn kubeconfig_path(env: &Env, record: &EnvironmentRecord) -> PathBuf {
    own::path(env, &record.file_name())
}

/// The record that a deployment leaves on this machine.
pub(super) fn record(root: &Path, plan: &Plan, place: &Place) -> EnvironmentRecord {
    EnvironmentRecord {
        schema: 1,
        root: root.to_path_buf(),
        project: project_label(plan),
        place: place.clone(),
        namespace: plan.namespace_name().to_owned(),
        kubeconfig: None,
        kinds: BTreeSet::new(),
    }
}

/// The environment that a deployment makes.
pub(super) fn environment(root: &Path, plan: &Plan, place: &Place) -> Environment {
    let record = record(root, plan, place);
    Environment { project: record.project, namespace: record.namespace }
}

/// Refuses to share an environment with another folder by accident, and says what a move leaves behind.
///
/// # Errors
/// Where another folder's environment is in the same namespace of the same cluster.
pub(super) fn check_neighbours(
    env: &Env,
    ui: &Ui,
    record: &EnvironmentRecord,
    before: Option<&EnvironmentRecord>,
) -> Result<(), Failure> {
    if let Some(other) = record.neighbour(env) {
        let failure = Failure::usage(format!(
            "namespace `{}` already holds the environment of `{}`",
            record.namespace,
            env.display(&other.root)
        ));
        return Err(failure
            .hint("give this folder a namespace of its own: `--namespace NAME`")
            .hint(format!("or remove the other one first: `devbox down {}`", other.root.display())));
    }
    if let Some(before) = before
        && (before.place != record.place || before.namespace != record.namespace)
    {
        let place = super::place::describe(&before.place);
        ui.warn(&format!("the environment in namespace `{}` on {place} stays as it is", before.namespace));
    }
    Ok(())
}

impl Deployment<'_> {
    /// Applies the plan and waits for it. `started` is when it began, for the report.
    ///
    /// # Errors
    /// Where something could not be applied (exit code 1) or does not get ready (exit code 3).
    pub(super) async fn run(&self, arrived: Arrived, started: Instant) -> Result<Exit, Failure> {
        let Arrived { cluster, confirmed, seen } = arrived;
        let sink = self.ui.sink();
        // Before the first write, so that an interrupted run can be found again.
        let mut record = record(&self.workspace.root, self.plan, self.place);
        let kubeconfig = kubeconfig_path(self.env, &record);
        record.kubeconfig = Some(kubeconfig.clone()).filter(|path| path.exists());
        record.write(self.env)?;

        let environment =
            Environment { project: record.project.clone(), namespace: record.namespace.clone() };
        let options =
            ApplyOptions { force_conflicts: self.options.force_conflicts, recreate: self.options.recreate };
        let applied = match seen {
            Some(seen) => cluster.apply_seen(seen, &confirmed, self.manifests, &options, sink.as_ref()).await,
            None => cluster.apply(&confirmed, &environment, self.manifests, &options, sink.as_ref()).await,
        }?;
        if let Some(error) = applied.error() {
            return Err(error.into());
        }
        // The token is asked for while the wait begins.
        let handing_over = async {
            let lasts = access::write(self, &kubeconfig, &record, &cluster, sink.as_ref()).await?;
            record.kubeconfig = Some(kubeconfig.clone());
            record.kinds.clone_from(&applied.kinds);
            record.write(self.env)?;
            Ok::<_, Failure>(lasts)
        };
        let waiting = async {
            if self.options.no_wait {
                return Ok(Ok(None));
            }
            let options = WaitOptions { timeout: self.options.timeout };
            Ok(cluster.wait(&environment, &applied, &options, sink.as_ref()).await.map(Some))
        };
        let (lasts, readiness) = futures::future::try_join(handing_over, waiting).await?;
        let readiness = readiness?;
        drop(sink);
        let handover = Handover {
            plan: self.plan,
            record: &record,
            context: context_name(self.plan),
            applied: &applied,
            readiness: readiness.as_ref(),
            lasts,
            elapsed: started.elapsed(),
            limits: super::place::limits(self.env, &record.place)?,
        };
        handover.show(self.env, self.ui);
        match readiness.and_then(|readiness| readiness.error()) {
            Some(error) => Err(error.into()),
            None => Ok(Exit::Done),
        }
    }
}
