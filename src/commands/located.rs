//! Finding the environment of a folder again: for the verbs that need a cluster but no plan.

use std::path::PathBuf;

use super::deploy;
use super::destination::{Approach, Arrived, Sight};
use super::place::{self, Sources};
use super::workspace;
use crate::cli::{PathArg, TargetArgs};
use crate::cluster::Environment;
use crate::config::{EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::Failure;
use crate::sandbox::{self, Condition};
use crate::ui::Ui;

/// The environment of a folder.
pub(super) struct Located {
    pub(super) root: PathBuf,
    pub(super) record: EnvironmentRecord,
    pub(super) environment: Environment,
    /// It is the folder's present one, not another that flags name.
    pub(super) present: bool,
}

/// Finds it by its record; flags go before what the record says. `None` where there is none.
///
/// # Errors
/// Where the record cannot be read.
pub(super) fn locate(
    env: &Env,
    path: &PathArg,
    target: &TargetArgs,
    namespace: Option<&str>,
) -> Result<Option<Located>, Failure> {
    let root = workspace::root(env, path.path.as_deref());
    let root = root.canonicalize().map_err(|_| {
        Failure::usage(format!("`{}` is not a folder", root.display())).hint("pass the folder of a project")
    })?;
    let Some(present) = EnvironmentRecord::read(env, &root)? else { return Ok(None) };
    let mut record = present.clone();
    let sources = Sources { args: target, answers: None, record: Some(&present) };
    if let Some(place) = sources.decided(env) {
        record.place = place;
    }
    if let Some(namespace) = namespace {
        record.namespace = namespace.to_owned();
    }
    let environment = Environment { project: record.project.clone(), namespace: record.namespace.clone() };
    let present = (&record.place, &record.namespace) == (&present.place, &present.namespace);
    if !present {
        record.kubeconfig = Some(deploy::kubeconfig_path(env, &record)).filter(|path| path.exists());
    }
    Ok(Some(Located { root, record, environment, present }))
}

impl Located {
    /// Connects to where it runs, and looks at it in the same moment where that is asked for; never starts a
    /// sandbox.
    ///
    /// # Errors
    /// Where the cluster cannot be reached or the guard refuses it.
    pub(super) async fn connect(
        &self,
        env: &Env,
        ui: &Ui,
        target: &TargetArgs,
        sight: Option<Sight<'_>>,
    ) -> Result<Arrived, Failure> {
        if let Place::Sandbox(name) = &self.record.place {
            let status = sandbox::status(env, name).await?;
            if status.condition != Condition::Ready {
                return Err(place::asleep(&self.record.place));
            }
        }
        let Self { record, .. } = self;
        let approach = Approach::begin(env, &record.place, &record.namespace).await?;
        let mut destination = approach.reach(env, ui.sink().as_ref(), &record.namespace, sight).await?;
        destination.confirm(ui, target)?;
        destination.arrive(env, ui.sink().as_ref()).await
    }
}
