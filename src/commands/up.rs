//! `devbox up`: apply what `devbox.yaml` says, without the wizard. In a terminal the changes are shown
//! and asked about first, and what is applied is what was shown.

use std::time::Instant;

use super::begun::Begun;
use super::deploy::{self, Deployment, Overfull};
use super::destination::{Approach, Arrived, Sight};
use super::settled::{Folder, Settled, Start};
use super::{explain, runtime};
use crate::cli::UpArgs;
use crate::cluster::{DiffOptions, Look};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::Ui;

/// Applies the environment.
///
/// # Errors
/// Where nothing says what or where to apply, or applying fails.
pub(super) fn run(args: &UpArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if args.explain {
        let folder = Folder::read(env, &args.project, &args.plan)?;
        let place = folder.place(env, &args.target);
        let (_, plan) = folder.plan(env, ui, &args.plan, place.as_ref())?;
        deploy::warn(&plan, ui);
        explain::show(&plan, ui);
        return Ok(Exit::Done);
    }
    let begun = Begun::applying();
    runtime::run(up(args, env, ui, &begun)).map_err(|failure| begun.explain(failure))
}

async fn up(args: &UpArgs, env: &Env, ui: &Ui, begun: &Begun) -> Result<Exit, Failure> {
    let mut started = Instant::now();
    let asking = ui.interactive && !args.yes;
    let start = Start::read(env, "up", (&args.project, &args.plan, &args.target))?;
    let approach = Approach::begin(env, &start.place, start.namespace(&args.plan)).await?;
    let settled = start.settle(env, ui, &args.plan, Overfull::Refused)?;
    let Settled { workspace, place, plan, manifests, before } = &settled;
    deploy::warn(plan, ui);
    deploy::check_neighbours(env, ui, &deploy::record(&workspace.root, plan, place), before.as_ref())?;
    let environment = settled.environment();
    let look = if asking { Look::ToCompare } else { Look::ToApply };
    let sight = Sight::Bundle { environment: &environment, manifests, look };
    let mut destination =
        approach.reach(env, ui.sink().as_ref(), &environment.namespace, Some(sight)).await?;
    destination.confirm(ui, &args.target)?;
    let mut arrived = destination.arrive(env, ui.sink().as_ref()).await?;
    if asking {
        agree(args, ui, &settled, &mut arrived).await?;
        started = Instant::now();
    }
    begun.begin();
    workspace.refresh_schema(ui);
    let deployment = Deployment { env, ui, workspace, place, plan, manifests, options: &args.apply };
    deployment.run(arrived, started).await
}

/// Shows what would change until somebody says yes to what is still true then. Where nothing would
/// change nobody is asked.
async fn agree(args: &UpArgs, ui: &Ui, settled: &Settled, arrived: &mut Arrived) -> Result<(), Failure> {
    let Arrived { cluster, confirmed, seen } = arrived;
    let (environment, manifests) = (settled.environment(), &settled.manifests);
    let options = DiffOptions {
        force_conflicts: args.apply.force_conflicts,
        recreate: args.apply.recreate,
        secrets: settled.secrets(),
    };
    let sink = ui.sink();
    let mut diff = match seen.take() {
        Some(seen) => cluster.diff_seen(seen, confirmed, manifests, &options, sink.as_ref()).await,
        None => cluster.diff(confirmed, &environment, manifests, &options, sink.as_ref()).await,
    }?;
    drop(sink);
    while diff.differs() {
        ui.status("");
        ui.show_changes(&diff);
        ui.status("");
        if !ui.confirm("Apply these changes?", true)? {
            return Err(Failure::interrupted());
        }
        let sink = ui.sink();
        let newer =
            cluster.diff_since(confirmed, &environment, manifests, &options, &diff, sink.as_ref()).await?;
        drop(sink);
        let Some(newer) = newer else { break };
        ui.warn("the cluster changed since this was shown; nothing was applied, this is how it stands now");
        if !newer.differs() {
            ui.show_changes(&newer);
        }
        diff = newer;
    }
    Ok(())
}
