//! `devbox preset update`: what a newer commit of a source changes, in its presets and in what would be
//! rendered here, is shown before the pin moves.

use serde_json::{Value, json};

use super::super::sources::{self, At, Pins};
use super::super::workspace::{self, Values, Workspace};
use super::changes::{Change, of_contents, of_manifests};
use super::{catalogue_of, text_of};
use crate::cli::UpdateArgs;
use crate::config::{EnvironmentRecord, Repository, Source, UserConfig, short};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::preset::Catalogue;
use crate::preset::source::{Brings, Content, Trust};
use crate::render::{Manifest, render};
use crate::ui::{Format, Ui};

/// Updates one source, or all of them.
///
/// # Errors
/// Where one cannot be had or does not work, or nobody said that the pin should move.
pub(super) fn run(args: &UpdateArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let (user, repository) = catalogue_of(env)?;
    let all = sources::all(&user, repository.as_ref());
    let chosen: Vec<&Source> = match &args.name {
        None => all.iter().collect(),
        Some(name) => match all.iter().find(|source| source.name == *name) {
            Some(source) => vec![source],
            None => {
                let known = all.iter().map(|source| source.name.as_str());
                return Err(super::trust::no_such(name, known));
            }
        },
    };
    if chosen.is_empty() {
        return Err(
            Failure::usage("there is no source to update").hint("add one: `devbox preset add NAME GIT-URL`")
        );
    }
    if args.trust.is_some() && chosen.len() > 1 {
        return Err(Failure::usage("`--trust` is about one source; name it"));
    }
    let mut rows = Vec::new();
    for source in chosen {
        let update = Update::find(env, ui, &user, repository.as_ref(), &all, source)?;
        rows.push(update.run(args, env, ui, &user)?);
    }
    if !args.dry_run {
        sources::tidy(env, ui);
    }
    if ui.format == Format::Json {
        ui.json(&json!({ "schema": 1, "dryRun": args.dry_run, "sources": rows }));
    }
    Ok(Exit::Done)
}

/// A source, where it is and where it could be.
struct Update<'a> {
    source: &'a Source,
    /// `None` where it is not pinned, or what it was pinned to cannot be had.
    old: Option<Content>,
    new: Content,
    brings: Brings,
    files: Vec<Change>,
    /// `None` outside a repository that has a `devbox.yaml`.
    objects: Option<Result<Vec<Change>, String>>,
}

impl<'a> Update<'a> {
    fn find(
        env: &Env,
        ui: &Ui,
        user: &UserConfig,
        repository: Option<&Repository>,
        all: &[Source],
        source: &'a Source,
    ) -> Result<Self, Failure> {
        let new = sources::get(env, ui, source, At::Newest)?;
        let old = match &source.commit {
            Some(commit) if *commit == new.commit => Some(new.clone()),
            Some(_) => match sources::get(env, ui, source, At::Pin) {
                Ok(old) => Some(old),
                Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
                Err(failure) => {
                    ui.warn(&format!("{}: no difference can be shown", failure.what));
                    None
                }
            },
            None => None,
        };
        let alone = sources::with(Catalogue::built_in()?, source, &new)?;
        let brings = sources::look(source, &new, &alone)?;
        let files = of_contents(old.as_ref(), &new);
        let same = old.as_ref().is_some_and(|old| old.commit == new.commit);
        let objects = match (&old, repository) {
            (Some(old), Some(_)) if !same => {
                let with = |content: &Content| catalogue(env, ui, user, all, source, content);
                Some(rendered(env, ui, with(old)?, with(&new)?))
            }
            _ => None,
        };
        Ok(Self { source, old, new, brings, files, objects })
    }

    fn run(&self, args: &UpdateArgs, env: &Env, ui: &Ui, user: &UserConfig) -> Result<Value, Failure> {
        let name = &self.source.name;
        if self.source.commit.as_ref() == Some(&self.new.commit) {
            if ui.format == Format::Human {
                ui.data(&text_of(&format!("{} is the newest", self.source.label())));
            }
            return Ok(self.row(false, true, user));
        }
        self.show(args, ui, user);
        let mut pins: Vec<Pins> = Pins::of_repository(env)?.into_iter().collect();
        pins.push(Pins::of_user(env)?);
        let Some(pins) = pins.iter().find(|pins| pins.find(name).is_some()) else {
            return Err(super::trust::no_such(name, []));
        };
        let known = Trust::load(env)?.of(&self.new.tree).is_some();
        let given = super::trust::given(args.trust.as_deref(), &self.new)?;
        if args.dry_run {
            return Ok(self.row(false, known, user));
        }
        let trust = match known || given || args.yes {
            true => known || given,
            false if ui.interactive => {
                ui.status("");
                let to = short(&self.new.commit);
                let question = format!("Move `{name}` to {to} and trust it?");
                if !sources::offer(ui, &question, &self.brings, &user.registries)? {
                    return Err(Failure::interrupted());
                }
                true
            }
            false => {
                return Err(Failure::usage("nobody can be asked here")
                    .hint(format!("name what you have looked at: `--trust {}`", self.new.tree))
                    .hint("or move the pin alone, and let each machine ask: `--yes`"));
            }
        };
        let moved = Source { commit: Some(self.new.commit.clone()), ..self.source.clone() };
        let (_, after) = pins.with(&moved)?;
        pins.write(ui, &after)?;
        if trust && !known {
            sources::remember(env, &moved, &self.new, &self.brings, &user.registries)?;
        }
        if ui.format == Format::Human {
            ui.data(&text_of(&format!("{} is pinned in {}", moved.label(), pins.shown)));
            if !trust {
                ui.status(&format!("it is not trusted on this machine yet: `devbox preset trust {name}`"));
            }
        }
        Ok(self.row(true, trust, user))
    }

    /// Shows what changes: as data where that is all that was asked for.
    fn show(&self, args: &UpdateArgs, ui: &Ui, user: &UserConfig) {
        if ui.format == Format::Json {
            return;
        }
        let say = |text: &str| if args.dry_run { ui.data(text) } else { ui.status(text) };
        let from = self.source.commit.as_deref().map_or("not pinned", short);
        let (name, to) = (&self.source.name, short(&self.new.commit));
        say(&format!("{name}: {from} -> {to}"));
        if self.old.is_none() || self.files.is_empty() {
            let none = "no preset and no template changes";
            say(if self.old.is_none() { "it is pinned for the first time" } else { none });
        }
        let shown = |change: &Change| {
            let lines = ui.difference(&text_of(&change.before), &text_of(&change.after));
            format!("\n{} {} {}\n{}", change.sign(), text_of(&change.what), change.word(), lines.trim_end())
        };
        self.files.iter().filter(|_| self.old.is_some()).for_each(|change| say(&shown(change)));
        match &self.objects {
            Some(Ok(objects)) if objects.is_empty() => {
                say("\nwhat is rendered for this repository stays the same");
            }
            Some(Ok(objects)) => {
                say("\nwhat is rendered for this repository changes:");
                objects.iter().for_each(|change| say(&shown(change)));
            }
            Some(Err(why)) => say(&format!("\nwhat is rendered for this repository cannot be shown: {why}")),
            None => {}
        }
        if !args.dry_run {
            ui.status("");
            ui.show(&sources::page(self.source, &self.new, &self.brings, &user.registries));
        }
    }

    fn row(&self, moved: bool, trusted: bool, user: &UserConfig) -> Value {
        let changes = |changes: &[Change]| changes.iter().map(Change::row).collect::<Vec<_>>();
        let objects = match &self.objects {
            Some(Ok(objects)) => json!(changes(objects)),
            _ => Value::Null,
        };
        json!({
            "name": self.source.name,
            "from": self.source.commit,
            "to": self.new.commit,
            "tree": self.new.tree,
            "moved": moved,
            "trusted": trusted,
            "files": if self.old.is_some() { changes(&self.files) } else { Vec::new() },
            "objects": objects,
            "brings": super::brings_row(&self.brings, &user.registries),
        })
    }
}

/// The catalogue with one source at another commit.
fn catalogue(
    env: &Env,
    ui: &Ui,
    user: &UserConfig,
    all: &[Source],
    source: &Source,
    content: &Content,
) -> Result<Catalogue, Failure> {
    let mut catalogue = Catalogue::built_in()?;
    for other in all {
        catalogue = match other.name == source.name {
            true => sources::with(catalogue, source, content)?,
            false => {
                let content = sources::get(env, ui, other, At::Pin)?;
                let catalogue = sources::with(catalogue, other, &content)?;
                sources::require(env, ui, other, &content, &catalogue, &user.registries)?;
                catalogue
            }
        };
    }
    Ok(catalogue.with_user(&env.dirs.config)?)
}

/// What this repository renders to with either catalogue, compared.
fn rendered(env: &Env, ui: &Ui, old: Catalogue, new: Catalogue) -> Result<Vec<Change>, String> {
    let shown = |failure: Failure| failure.what;
    let workspace = Workspace::with(env, None, |_, _| Ok(old)).map_err(shown)?;
    let record = EnvironmentRecord::read(env, &workspace.root).unwrap_or_default();
    let mut answers = Values::new();
    workspace::keep_namespace(&mut answers, record.as_ref());
    let render = |catalogue: &Catalogue| -> Result<Vec<Manifest>, Failure> {
        let plan = workspace.resolve_with(catalogue, &Values::new(), &answers)?.ready()?;
        Ok(render(&plan, catalogue)?.into_iter().map(Manifest::without_secrets).collect())
    };
    let before = match render(&workspace.catalogue) {
        Ok(before) => before,
        Err(failure) => {
            // What does not render now may do so with the update.
            ui.warn(&format!("as it is now, this repository does not render: {}", failure.what));
            Vec::new()
        }
    };
    Ok(of_manifests(&before, &render(&new).map_err(shown)?))
}
