//! `devbox status`: what is in the environment, and why something is not ready.

use serde_json::json;

use super::destination::Arrived;
use super::{located, place, runtime};
use crate::cli::StatusArgs;
use crate::cluster::EnvironmentStatus;
use crate::config::Place;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::{Format, Page, Ui};

/// Shows the environment.
///
/// # Errors
/// Where there is none, or its cluster cannot be reached.
pub(super) fn run(args: &StatusArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    runtime::run(status(args, env, ui))
}

async fn status(args: &StatusArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let located = located::locate(env, &args.project, &args.target, args.namespace.as_deref())?;
    let Some(located) = located else {
        return Err(Failure::new("this folder has no environment on this machine")
            .hint("set it up: `devbox init`")
            .hint("see what devbox finds in it: `devbox detect`"));
    };
    let Arrived { cluster, .. } = located.connect(env, ui, &args.target).await?;
    let status = cluster.status(&located.environment, &crate::event::Silent).await?;
    let limits = place::limits(env, &located.record.place)?;
    match ui.format {
        Format::Json => ui.json(&json!({
            "schema": 1,
            "place": located.record.place,
            "kubeconfig": located.record.kubeconfig,
            "status": status,
            "limits": limits,
        })),
        Format::Human => ui.page(&page(&status, &located.record.place, limits)),
    }
    Ok(if status.ready { Exit::Done } else { Exit::NotReady })
}

fn page(status: &EnvironmentStatus, at: &Place, limits: &[&str]) -> Page {
    let mut page = Page::new();
    let ready = match (status.exists, status.ready) {
        (false, _) => "is not there",
        (true, true) => "is ready",
        (true, false) => "is not ready",
    };
    page.heading(format!(
        "{} {ready}, in namespace {} on {}",
        status.project,
        status.namespace,
        place::describe(at)
    ));
    for member in &status.members {
        page.row(member.key.to_string(), member.state.text(), age(member.age_seconds));
        for problem in &member.problems {
            page.text(format!("    {problem}"));
        }
    }
    if !limits.is_empty() {
        page.heading("On the sandbox");
        for limit in limits {
            page.text(*limit);
        }
    }
    page
}

/// `42s`, `7m`, `3h`, `12d`: as kubectl's tables do.
fn age(seconds: i64) -> String {
    if seconds < 120 {
        format!("{seconds}s")
    } else if seconds < 7_200 {
        format!("{}m", seconds / 60)
    } else if seconds < 172_800 {
        format!("{}h", seconds / 3600)
    } else {
        format!("{}d", seconds / 86_400)
    }
}
