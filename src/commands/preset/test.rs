//! `devbox preset test`: a preset goes up on the sandbox, a real API server, and is removed again.

use std::time::Duration;

use serde_json::json;

use super::super::destination::{Arrived, Destination};
use super::super::runtime;
use crate::cli::TargetArgs;
use crate::cluster::{ApplyOptions, DownOptions, Environment, Readiness, WaitOptions};
use crate::config::Place;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::plan;
use crate::preset::Catalogue;
use crate::render::{Manifest, render};
use crate::ui::{Format, Ui};

/// How long things may take to get ready, and then to be gone.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Renders each preset in a made-up repository, applies it to the sandbox (started where it does not
/// run), waits until it is ready, and removes it.
///
/// # Errors
/// Where a preset does not render or is refused (exit code 1), or does not get ready (exit code 3).
pub(super) fn run(
    names: &[String],
    sandbox: &str,
    catalogue: &Catalogue,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for name in names {
        let namespace = plan::dns_label(&format!("preset-test-{name}"), 63);
        let plan = plan::trial(catalogue, &[catalogue.get(name)?], &namespace)?;
        let manifests = render(&plan, catalogue)?;
        let readiness = runtime::run(go_up(sandbox, &namespace, &manifests, env, ui))?;
        if let Some(error) = readiness.error() {
            return Err(Failure::from(error).hint(format!("`devbox preset check {name}` finds more")));
        }
        ui.status(&format!("{name}: {} objects went up, are ready, and are removed again", manifests.len()));
        rows.push(json!({ "name": name, "objects": manifests.len(), "ready": readiness.is_ready() }));
    }
    if ui.format == Format::Json {
        ui.json(&json!({ "schema": 1, "presets": rows }));
    }
    Ok(Exit::Done)
}

async fn go_up(
    sandbox: &str,
    namespace: &str,
    manifests: &[Manifest],
    env: &Env,
    ui: &Ui,
) -> Result<Readiness, Failure> {
    let mut destination =
        Destination::reach(env, ui.sink().as_ref(), &Place::Sandbox(sandbox.to_owned()), namespace).await?;
    destination.confirm(ui, &TargetArgs::default())?;
    let sink = ui.sink();
    let Arrived { cluster, confirmed, .. } = destination.arrive(env, sink.as_ref()).await?;
    let environment = Environment { project: "trial".into(), namespace: namespace.to_owned() };
    let options = ApplyOptions { force_conflicts: false, recreate: true };
    let applied = cluster.apply(&confirmed, &environment, manifests, &options, sink.as_ref()).await?;
    let readiness = match applied.error() {
        Some(error) => Err(Failure::from(error)),
        None => {
            let options = WaitOptions { timeout: TIMEOUT };
            cluster.wait(&environment, &applied, &options, sink.as_ref()).await.map_err(Failure::from)
        }
    };
    // Whatever came of it, nothing is left behind.
    let options = DownOptions { volumes: true, dry_run: false, timeout: TIMEOUT };
    let removed = cluster.down(&confirmed, &environment, &options, sink.as_ref()).await?;
    let readiness = readiness?;
    match removed.error() {
        Some(error) => Err(error.into()),
        None => Ok(readiness),
    }
}
