//! `devbox down`: remove the environment, and nothing that is not ours.

use serde_json::json;

use super::begun::Begun;
use super::destination::{Arrived, Sight};
use super::located::{self, Located};
use super::runtime;
use super::token;
use crate::cli::DownArgs;
use crate::cluster::{Down, DownOptions, Removal};
use crate::config::EnvironmentRecord;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::event::{Silent, Sink};
use crate::fs;
use crate::kubeconfig::{self, Kubeconfigs, Owner};
use crate::ui::{Format, Page, Ui};

/// Removes the environment; a second time there is nothing to do.
///
/// # Errors
/// Where the cluster cannot be reached, or something does not go away.
pub(super) fn run(args: &DownArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let begun = Begun::removing();
    runtime::run(down(args, env, ui, &begun)).map_err(|failure| begun.explain(failure))
}

async fn down(args: &DownArgs, env: &Env, ui: &Ui, begun: &Begun) -> Result<Exit, Failure> {
    let located = located::locate(env, &args.project, &args.target, args.namespace.as_deref())?;
    let Some(located) = located else {
        report(ui, None, args.dry_run);
        return Ok(Exit::Done);
    };
    if !args.yes && !args.dry_run && !ui.interactive {
        return Err(Failure::usage("nobody can be asked here whether to remove the environment")
            .hint("see what would go: `devbox down --dry-run`")
            .hint("remove it: `devbox down --yes`"));
    }
    let environment = &located.environment;
    let sight = Sight::Standing { environment, kinds: &located.record.kinds };
    let Arrived { cluster, confirmed, mut seen } =
        located.connect(env, ui, &args.target, Some(sight)).await?;
    let options = |dry_run| DownOptions { volumes: args.volumes, dry_run, timeout: args.timeout };
    let mut down = async |options, sink: &dyn Sink| match seen.take() {
        Some(seen) => cluster.down_seen(seen, &confirmed, &options, sink).await,
        None => cluster.down(&confirmed, environment, &options, sink).await,
    };
    if args.dry_run || !args.yes {
        let plan = down(options(true), &Silent).await?;
        if args.dry_run {
            report(ui, Some(&plan), true);
            return Ok(Exit::Done);
        }
        if !plan.nothing() {
            ui.show(&page(&plan, &format!("Would be removed from namespace {}", environment.namespace)));
            ui.status("");
            if !ui.confirm("Remove this?", false)? {
                return Err(Failure::interrupted());
            }
        }
    }
    begun.begin();
    let result = down(options(false), ui.sink().as_ref()).await?;
    report(ui, Some(&result), false);
    if let Some(error) = result.error() {
        return Err(error.into());
    }
    forget(env, &located, &result)?;
    tell_merged(env, ui, &located.record);
    Ok(Exit::Done)
}

/// Once nothing is left in the cluster, nothing is kept here either.
fn forget(env: &Env, located: &Located, result: &Down) -> Result<(), Failure> {
    if let Some(kubeconfig) = &located.record.kubeconfig {
        fs::remove_optional(kubeconfig)?;
    }
    token::forget(env, &located.record)?;
    let kept = result.objects.iter().any(|object| matches!(object.removal, Removal::Kept(_)));
    if located.present && !kept {
        EnvironmentRecord::remove(env, &located.root)?;
    }
    Ok(())
}

/// Says where the environment's context is in a kubeconfig that is not ours to change without being asked.
fn tell_merged(env: &Env, ui: &Ui, record: &EnvironmentRecord) {
    let owner = Owner { project: record.project.clone(), namespace: record.namespace.clone() };
    let merged = Kubeconfigs::load(env, None).and_then(|all| kubeconfig::remove(&all, None, Some(&owner)));
    let Ok(Some(merged)) = merged else { return };
    for context in merged.entries.iter().filter(|entry| entry.what == "context") {
        let (name, file) = (&context.name, env.display(&merged.file));
        ui.status(&format!(
            "context `{name}` in {file} leads nowhere now: `devbox kubeconfig remove --name {name}`"
        ));
    }
}

fn report(ui: &Ui, result: Option<&Down>, dry_run: bool) {
    if ui.format == Format::Json {
        return ui.json(&json!({"schema": 1, "dryRun": dry_run, "result": result}));
    }
    let Some(result) = result.filter(|result| !(result.nothing() && result.objects.is_empty())) else {
        return ui.status("nothing to remove: this folder has no environment");
    };
    if dry_run {
        return ui.page(&page(result, "Would be removed"));
    }
    let kept = kept(result);
    if result.namespace_removed {
        ui.status("removed, with its namespace");
    } else if kept.is_empty() {
        ui.status("removed");
    } else {
        let mut page = Page::new();
        page.heading("Kept");
        for (key, why) in kept {
            page.row(key, why, "");
        }
        page.text("remove them too with `devbox down --volumes`");
        ui.show(&page);
    }
    for foreign in &result.foreign {
        ui.warn(&format!("{foreign} in the namespace is not devbox's, so the namespace stays"));
    }
}

fn kept(result: &Down) -> Vec<(String, String)> {
    let kept = result.objects.iter().filter_map(|object| match &object.removal {
        Removal::Kept(why) => Some((object.key.to_string(), why.clone())),
        _ => None,
    });
    kept.collect()
}

fn page(result: &Down, heading: &str) -> Page {
    let mut page = Page::new();
    page.heading(heading);
    for object in result.objects.iter().filter(|object| matches!(object.removal, Removal::Deleted)) {
        page.row(object.key.to_string(), "", "");
    }
    if result.namespace_removed {
        page.row("the namespace", "", "");
    }
    let kept = kept(result);
    if !kept.is_empty() {
        page.heading("Would be kept");
        for (key, why) in kept {
            page.row(key, why, "");
        }
    }
    page
}
