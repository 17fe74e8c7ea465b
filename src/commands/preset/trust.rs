//! `devbox preset trust`: what a source brings is shown, and trusted on this machine.

use serde_json::json;

use super::super::sources::{self, At};
use super::catalogue_of;
use crate::cli::TrustArgs;
use crate::config::did_you_mean;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::preset::Catalogue;
use crate::preset::source::{Content, Trust};
use crate::ui::{Format, Ui};

/// Trusts a source at the commit that it is pinned to.
///
/// # Errors
/// Where there is none, or nobody said yes.
pub(super) fn run(args: &TrustArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let (user, repository) = catalogue_of(env)?;
    let all = sources::all(&user, repository.as_ref());
    let Some(source) = all.iter().find(|source| source.name == args.name) else {
        return Err(no_such(&args.name, all.iter().map(|source| source.name.as_str())));
    };
    let content = sources::get(env, ui, source, At::Pin)?;
    let catalogue = sources::with(Catalogue::built_in()?, source, &content)?;
    let brings = sources::look(source, &content, &catalogue)?;
    ui.show(&sources::page(source, &content, &brings, &user.registries));
    let known = Trust::load(env)?.of(&content.tree).is_some();
    let trust = known || given(args.tree.as_deref(), &content)?;
    if !trust && !ui.interactive {
        return Err(Failure::usage("nobody can be asked here")
            .hint(format!("name what you have looked at: `--tree {}`", content.tree)));
    }
    if !trust {
        ui.status("");
        if !sources::offer(ui, &format!("Trust the presets of `{}`?", args.name), &brings, &user.registries)?
        {
            return Err(Failure::interrupted());
        }
    }
    if !known {
        sources::remember(env, source, &content, &brings, &user.registries)?;
    }
    match ui.format {
        Format::Human => ui.data(&format!("{} is trusted on this machine", source.label())),
        Format::Json => ui.json(&json!({
            "schema": 1,
            "source": super::source_row(source, Some(&content), true),
            "brings": super::brings_row(&brings, &user.registries),
        })),
    }
    Ok(Exit::Done)
}

/// Whether a tree that was named is the one that is there.
///
/// # Errors
/// Where it is another one.
pub(super) fn given(tree: Option<&str>, content: &Content) -> Result<bool, Failure> {
    match tree {
        None => Ok(false),
        Some(tree) if tree.eq_ignore_ascii_case(&content.tree) => Ok(true),
        Some(_) => Err(Failure::usage("the source does not hold what you name")
            .cause(format!("its tree is {}", content.tree))
            .hint("look at it again: somebody changed it")),
    }
}

/// There is no source of a name.
pub(super) fn no_such<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let failure = Failure::usage(format!("no source is called `{}`", name.escape_debug()));
    match did_you_mean(name, known) {
        Some(hint) => failure.hint(hint),
        None => failure.hint("add one: `devbox preset add NAME GIT-URL`"),
    }
}
