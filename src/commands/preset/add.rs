//! `devbox preset add`: a source is fetched, looked through, pinned and trusted, in this order.

use serde_json::json;

use super::super::sources::{self, At, Pins};
use super::text_of;
use crate::cli::AddArgs;
use crate::config::{
    Address, SOURCE_NAME, Source, UserConfig, check_folder, check_reference, check_source_name,
};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::preset::Catalogue;
use crate::preset::source::Trust;
use crate::ui::{Format, Ui};

/// Adds a source.
///
/// # Errors
/// Where it cannot be had or used, or nobody said that it should be.
pub(super) fn run(args: &AddArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let pins = Pins::choose(env, args.user)?;
    let mut source = source(args, env)?;
    let name = source.name.clone();
    if pins.find(&name).is_some() {
        return Err(Failure::usage(format!("{} has a source `{name}` already", pins.shown))
            .hint(format!("move it to its newest commit: `devbox preset update {name}`"))
            .hint(format!("or take it out first: `devbox preset remove {name}`")));
    }
    let user = UserConfig::load(&env.dirs.config)?;
    let content = sources::get(env, ui, &source, At::Newest)?;
    source.commit = Some(content.commit.clone());
    let catalogue = sources::with(Catalogue::built_in()?, &source, &content)?;
    let brings = sources::look(&source, &content, &catalogue)?;
    let (before, after) = pins.with(&source)?;
    let known = Trust::load(env)?.of(&content.tree).is_some();
    ui.show(&sources::page(&source, &content, &brings, &user.registries));
    ui.status(&format!("\n{} changes:", pins.shown));
    ui.status(ui.difference(before, &after).trim_end());
    let trust = super::trust::given(args.trust.as_deref(), &content)?;
    let trust = match (known || trust, args.dry_run) {
        (true, _) | (_, true) => known || trust,
        (false, false) if args.yes => false,
        (false, false) if ui.interactive => {
            ui.status("");
            let question = format!("Pin `{name}` and trust its presets?");
            if !sources::offer(ui, &question, &brings, &user.registries)? {
                return Err(Failure::interrupted());
            }
            true
        }
        (false, false) => {
            return Err(Failure::usage("nobody can be asked here")
                .hint(format!("name what you have looked at: `--trust {}`", content.tree))
                .hint("or pin it alone, and let each machine ask: `--yes`"));
        }
    };
    if !args.dry_run {
        pins.write(ui, &after)?;
        if trust && !known {
            sources::remember(env, &source, &content, &brings, &user.registries)?;
        }
    }
    match ui.format {
        Format::Human => {
            let verb = if args.dry_run { "would be pinned" } else { "is pinned" };
            ui.status("");
            ui.data(&text_of(&format!("{} {verb} in {}", source.label(), pins.shown)));
            if !trust {
                ui.status(&format!("it is not trusted on this machine yet: `devbox preset trust {name}`"));
            }
        }
        Format::Json => ui.json(&json!({
            "schema": 1,
            "dryRun": args.dry_run,
            "file": pins.shown,
            "source": super::source_row(&source, Some(&content), trust),
            "brings": super::brings_row(&brings, &user.registries),
        })),
    }
    Ok(Exit::Done)
}

fn source(args: &AddArgs, env: &Env) -> Result<Source, Failure> {
    check_source_name(&args.name).map_err(|message| Failure::usage(message).hint(SOURCE_NAME))?;
    let address = Address::parse(&args.git, Some(&env.cwd)).map_err(|error| {
        error.hint.iter().fold(Failure::usage(error.message.clone()), |failure, hint| failure.hint(hint))
    })?;
    if let Some(reference) = &args.reference {
        check_reference(reference).map_err(Failure::usage)?;
    }
    let folder = args.path.as_deref().map(check_folder).transpose().map_err(Failure::usage)?.flatten();
    Ok(Source { name: args.name.clone(), address, reference: args.reference.clone(), folder, commit: None })
}
