//! `devbox preset test`: a preset goes up on the sandbox, a real API server, and is removed again, whatever
//! happens: interrupted at once, killed by the next test.

use std::time::Duration;

use serde_json::json;

use super::super::destination::{Arrived, Destination};
use super::super::runtime;
use super::traces::Trace;
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

/// One test on its way.
struct Bench<'a> {
    sandbox: &'a str,
    namespace: &'a str,
    env: &'a Env,
    ui: &'a Ui,
}

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
    for (namespace, trace) in Trace::left(env, sandbox)? {
        let bench = Bench { sandbox, namespace: &namespace, env, ui };
        runtime::run(bench.take_down())?;
        trace.erase()?;
        ui.status(&format!("{namespace}: removed what a test that was cut short had left"));
    }
    for name in names {
        let namespace = plan::dns_label(&format!("preset-test-{name}"), 63);
        let plan = plan::trial(catalogue, &[catalogue.get(name)?], &namespace)?;
        let manifests = render(&plan, catalogue)?;
        let bench = Bench { sandbox, namespace: &namespace, env, ui };
        let trace = Trace::begin(env, sandbox, &namespace)?;
        let readiness = runtime::run(bench.go_up(&manifests));
        let interrupted = readiness.as_ref().is_err_and(|failure| failure.exit == Exit::Interrupted);
        if interrupted {
            ui.status("interrupted: what went up is removed; a second Ctrl-C leaves that to the next test");
        }
        let gone = runtime::run(bench.take_down());
        // A namespace whose request was cut off may still appear: the next test looks again.
        if gone.as_ref().is_ok_and(|found| *found || !interrupted) {
            trace.erase()?;
        }
        let readiness = readiness?;
        gone?;
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

impl Bench<'_> {
    fn environment(&self) -> Environment {
        Environment { project: "trial".into(), namespace: self.namespace.to_owned() }
    }

    async fn reach(&self) -> Result<Destination, Failure> {
        let place = Place::Sandbox(self.sandbox.to_owned());
        let mut destination =
            Destination::reach(self.env, self.ui.sink().as_ref(), &place, self.namespace).await?;
        destination.confirm(self.ui, &TargetArgs::default())?;
        Ok(destination)
    }

    async fn go_up(&self, manifests: &[Manifest]) -> Result<Readiness, Failure> {
        let sink = self.ui.sink();
        let Arrived { cluster, confirmed, .. } = self.reach().await?.arrive(self.env, sink.as_ref()).await?;
        let environment = self.environment();
        let options = ApplyOptions { force_conflicts: false, recreate: true };
        let applied = cluster.apply(&confirmed, &environment, manifests, &options, sink.as_ref()).await?;
        if let Some(error) = applied.error() {
            return Err(error.into());
        }
        let options = WaitOptions { timeout: TIMEOUT };
        Ok(cluster.wait(&environment, &applied, &options, sink.as_ref()).await?)
    }

    /// Removes everything; tells whether there was anything. A sandbox that does not run is left alone.
    async fn take_down(&self) -> Result<bool, Failure> {
        let sink = self.ui.sink();
        let destination = self.reach().await?;
        if destination.is_asleep() {
            return Ok(false);
        }
        let Arrived { cluster, confirmed, .. } = destination.arrive(self.env, sink.as_ref()).await?;
        let options = DownOptions { volumes: true, dry_run: false, timeout: TIMEOUT };
        let removed = cluster.down(&confirmed, &self.environment(), &options, sink.as_ref()).await?;
        match removed.error() {
            Some(error) => Err(error.into()),
            None => Ok(!removed.nothing()),
        }
    }
}
