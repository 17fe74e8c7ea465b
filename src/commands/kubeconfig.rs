//! `devbox kubeconfig`: the environment's context printed, added to a person's own kubeconfig and removed from
//! it. What would change is shown and asked about; entries that are not devbox's stay as they are.

use std::path::Path;

use serde_json::json;

use super::{runtime, workspace};
use crate::cli::{KubeconfigCommand, MergeArgs, PathArg, UnmergeArgs};
use crate::config::EnvironmentRecord;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::fs;
use crate::kubeconfig::{
    Changes, Guest, KubeconfigError, Kubeconfigs, MergeOptions, Owner, Store, Written, remove,
};
use crate::ui::{Format, Page, Ui};

/// Prints, merges or removes.
///
/// # Errors
/// Where there is no environment, an entry is somebody else's, or a file cannot be written.
pub(super) fn run(command: &KubeconfigCommand, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match command {
        KubeconfigCommand::Print { project } => print(project, env, ui),
        KubeconfigCommand::Merge(args) => runtime::run(async { merge(args, env, ui) }),
        KubeconfigCommand::Remove(args) => runtime::run(async { unmerge(args, env, ui) }),
    }
}

fn print(project: &PathArg, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let (record, text) = own(project, env)?;
    match ui.format {
        Format::Human => ui.data(text.trim_end()),
        Format::Json => ui.json(&json!({"schema": 1, "file": record.kubeconfig, "kubeconfig": text})),
    }
    Ok(Exit::Done)
}

fn merge(args: &MergeArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let (record, text) = own(&args.project, env)?;
    let file = record.kubeconfig.clone().unwrap_or_default();
    let guest = Guest::read(&file, &text, owner(&record), args.name.as_deref())?;
    let store = Store::new(env, args.kubeconfig.as_deref());
    let options = MergeOptions { force: args.force, current: args.current };
    let decide = |all: &Kubeconfigs| {
        let file = store.file(all, &guest.name);
        guest.merge(all, &file, options).map(Some)
    };
    let ask = Asking { yes: args.yes, dry_run: args.dry_run, verb: "merge" };
    change(&ask, &store, decide, env, ui)?;
    if ui.format == Format::Human && !args.dry_run && !args.current {
        ui.status(&format!("use it: `kubectl --context {}`", guest.name));
    }
    Ok(Exit::Done)
}

fn unmerge(args: &UnmergeArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let record = record(&args.project, env)?;
    let of = record.as_ref().map(owner);
    if of.is_none() && args.name.is_none() {
        return Err(
            none(&args.project, env).hint("or name the context: `devbox kubeconfig remove --name NAME`")
        );
    }
    let store = Store::new(env, args.kubeconfig.as_deref());
    let decide = |all: &Kubeconfigs| remove(all, args.name.as_deref(), of.as_ref());
    let ask = Asking { yes: args.yes, dry_run: args.dry_run, verb: "remove" };
    change(&ask, &store, decide, env, ui)?;
    if let Some(other) = decide(&store.load()?)?.filter(|_| !args.dry_run) {
        ui.status(&format!("it is in {} too: run the same command again", env.display(&other.file)));
    }
    Ok(Exit::Done)
}

/// How to ask before something is written.
struct Asking {
    yes: bool,
    dry_run: bool,
    verb: &'static str,
}

/// Shows what would change, asks, and changes it.
fn change(
    asking: &Asking,
    store: &Store<'_>,
    decide: impl Fn(&Kubeconfigs) -> Result<Option<Changes>, KubeconfigError>,
    env: &Env,
    ui: &Ui,
) -> Result<(), Failure> {
    let planned = decide(&store.load()?)?.filter(|changes| !changes.is_empty());
    let Some(planned) = planned else {
        match ui.format {
            Format::Human => ui.status("nothing to change"),
            Format::Json => report(ui, asking.dry_run, None),
        }
        return Ok(());
    };
    if asking.dry_run {
        match ui.format {
            Format::Human => ui.page(&page(&planned, env)),
            Format::Json => report(ui, true, Some(&Written { changes: planned, copy: None })),
        }
        return Ok(());
    }
    if !asking.yes {
        if !ui.interactive {
            let verb = asking.verb;
            return Err(Failure::usage("nobody can be asked here whether to change your kubeconfig")
                .hint(format!("see what would change: `devbox kubeconfig {verb} --dry-run`"))
                .hint(format!("change it: `devbox kubeconfig {verb} --yes`")));
        }
        ui.show(&page(&planned, env));
        ui.status("");
        if !ui.confirm("Change this file?", true)? {
            return Err(Failure::interrupted().hint("nothing was written"));
        }
    }
    let written = store.change(decide)?;
    match (ui.format, &written) {
        (Format::Json, written) => report(ui, false, written.as_ref()),
        (Format::Human, None) => ui.status("nothing to change"),
        (Format::Human, Some(Written { changes, copy })) => {
            if asking.yes {
                ui.show(&page(changes, env));
            }
            let file = env.display(&changes.file);
            let before = copy.as_deref().map(|copy| format!("; as it was: {}", env.display(copy)));
            ui.status(&format!("written {file}{}", before.unwrap_or_default()));
        }
    }
    Ok(())
}

fn page(changes: &Changes, env: &Env) -> Page {
    let mut page = Page::new();
    page.heading(format!("In {}", env.display(&changes.file)));
    for entry in &changes.entries {
        page.row(entry.what, &entry.name, &entry.change);
    }
    page
}

fn report(ui: &Ui, dry_run: bool, written: Option<&Written>) {
    ui.json(&json!({
        "schema": 1,
        "dryRun": dry_run,
        "file": written.map(|written| &written.changes.file),
        "entries": written.map(|written| &written.changes.entries),
        "copy": written.and_then(|written| written.copy.as_ref()),
    }));
}

fn owner(record: &EnvironmentRecord) -> Owner {
    Owner { project: record.project.clone(), namespace: record.namespace.clone() }
}

fn record(project: &PathArg, env: &Env) -> Result<Option<EnvironmentRecord>, Failure> {
    let root = workspace::root(env, project.path.as_deref());
    let root = root.canonicalize().unwrap_or(root);
    Ok(EnvironmentRecord::read(env, &root)?)
}

/// The record of the folder's environment, and its kubeconfig.
fn own(project: &PathArg, env: &Env) -> Result<(EnvironmentRecord, String), Failure> {
    let record = record(project, env)?.ok_or_else(|| none(project, env))?;
    let read = |file: &Path| fs::read_optional(file);
    match record.kubeconfig.as_deref().map(read).transpose()?.flatten() {
        Some(text) => Ok((record, text)),
        None => Err(Failure::new("the environment has no kubeconfig").hint("write it: `devbox up`")),
    }
}

fn none(project: &PathArg, env: &Env) -> Failure {
    let root = workspace::root(env, project.path.as_deref());
    Failure::usage(format!("`{}` has no environment", env.display(&root)))
        .hint("set it up first: `devbox init`")
}
