//! `devbox diff`: what `up` would change, and nothing is changed.

use serde_json::json;

use super::deploy::Overfull;
use super::destination::{Approach, Arrived, Sight};
use super::settled::Start;
use super::{place, runtime};
use crate::cli::DiffArgs;
use crate::cluster::{DiffOptions, Look};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::{Format, Ui};

/// Shows what `up` would change.
///
/// # Errors
/// Where nothing says what or where to apply, or the cluster cannot be reached.
pub(super) fn run(args: &DiffArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    runtime::run(diff(args, env, ui))
}

async fn diff(args: &DiffArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let start = Start::read(env, "diff", (&args.project, &args.plan, &args.target))?;
    let approach = Approach::begin(env, &start.place, start.namespace(&args.plan)).await?;
    let settled = start.settle(env, ui, &args.plan, Overfull::Warned)?;
    let (environment, manifests) = (settled.environment(), &settled.manifests);
    let sight = Sight::Bundle { environment: &environment, manifests, look: Look::ToCompare };
    let mut destination =
        approach.reach(env, ui.sink().as_ref(), &environment.namespace, Some(sight)).await?;
    if destination.is_asleep() {
        return Err(place::asleep(&settled.place));
    }
    destination.confirm(ui, &args.target)?;
    let sink = ui.sink();
    let Arrived { cluster, confirmed, seen } = destination.arrive(env, sink.as_ref()).await?;
    let options = DiffOptions {
        force_conflicts: args.force_conflicts,
        recreate: args.recreate,
        secrets: settled.secrets(),
    };
    let diff = match seen {
        Some(seen) => cluster.diff_seen(seen, &confirmed, manifests, &options, sink.as_ref()).await,
        None => cluster.diff(&confirmed, &environment, manifests, &options, sink.as_ref()).await,
    }?;
    drop(sink);
    match ui.format {
        Format::Human => ui.changes(&diff),
        Format::Json => ui.json(&json!({
            "schema": 1,
            "place": settled.place,
            "namespace": environment.namespace,
            "differs": diff.differs(),
            "counts": diff.counts().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "objects": diff.objects,
        })),
    }
    Ok(match (diff.refused(), diff.differs() && args.exit_code) {
        (true, _) => Exit::Failure,
        (false, true) => Exit::Differences,
        (false, false) => Exit::Done,
    })
}
