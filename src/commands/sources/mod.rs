//! Sources on their way into the catalogue: fetched where the cache lacks them, and trusted before anything
//! is planned with them.

mod pins;
mod trust;

use super::access;
use crate::config::{Repository, Source, UserConfig};
use crate::env::Env;
use crate::error::Failure;
use crate::plan::{Origin, Plan};
use crate::preset::source::{Brings, Content, Fetcher, SourceError, Tidied, Trust, images_of, registry};
use crate::preset::{Catalogue, Layer};
use crate::render::Manifest;
use crate::ui::{Ui, interrupt};

pub(super) use pins::Pins;
pub(super) use trust::{look, offer, page, remember, require};

/// Every source that counts here, lowest first: the user's, then the repository's, which takes the place of
/// one of its name.
pub(super) fn all(user: &UserConfig, repository: Option<&Repository>) -> Vec<Source> {
    let own = repository.map(|repository| repository.sources.as_slice()).unwrap_or_default();
    let hidden = |source: &&Source| own.iter().all(|other| other.name != source.name);
    user.sources.iter().filter(hidden).chain(own).cloned().collect()
}

/// Which commit of a source is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The one that it is pinned to.
    Pin,
    /// The newest of the branch or tag that it follows.
    Newest,
}

/// Gets a source; Ctrl-C is heeded while it is fetched.
///
/// # Errors
/// Where it cannot be had, or holds what no source may hold.
pub(super) fn get(env: &Env, ui: &Ui, source: &Source, at: At) -> Result<Content, Failure> {
    interrupt::watch().map_err(|error| Failure::new("cannot watch for Ctrl-C").cause(error.to_string()))?;
    let sink = ui.sink();
    let fetcher = Fetcher { env, sink: sink.as_ref(), stop: &interrupt::caught, interactive: ui.interactive };
    let content = match at {
        At::Pin => fetcher.pinned(source),
        At::Newest => fetcher.newest(source),
    };
    match content {
        Err(SourceError::Interrupted) => Err(Failure::interrupted()),
        content => Ok(content?),
    }
}

/// Removes from the cache what nobody used for a while, and says so.
pub(super) fn tidy(env: &Env, ui: &Ui) {
    let sink = ui.sink();
    let fetcher = Fetcher { env, sink: sink.as_ref(), stop: &interrupt::caught, interactive: false };
    // A cache that cannot be tidied is nothing to fail for.
    if let Ok(Tidied { commits, bytes }) = fetcher.tidy()
        && commits > 0
    {
        let size = bytes.div_ceil(1024);
        ui.status(&format!("left the cache, unused for 90 days: {commits} commit(s) of sources, {size} KiB"));
    }
}

/// The built-in presets, those of sources and the user's own. A source that nobody here trusted yet is
/// shown and asked about.
///
/// # Errors
/// Where a source cannot be had, is wrong, or is not trusted.
pub(super) fn catalogue(
    env: &Env,
    ui: &Ui,
    user: &UserConfig,
    repository: Option<&Repository>,
) -> Result<Catalogue, Failure> {
    let mut catalogue = Catalogue::built_in()?;
    for source in all(user, repository) {
        let content = get(env, ui, &source, At::Pin)?;
        catalogue = with(catalogue, &source, &content)?;
        require(env, ui, &source, &content, &catalogue, &user.registries)?;
    }
    Ok(catalogue.with_user(&env.dirs.config)?)
}

/// Adds a source's presets to a catalogue.
///
/// # Errors
/// Where one of them is no preset.
pub(super) fn with(catalogue: Catalogue, source: &Source, content: &Content) -> Result<Catalogue, Failure> {
    let at = Source { commit: Some(content.commit.clone()), ..source.clone() };
    Ok(catalogue.with_source(&source.name, &format!("{}:", at.label()), content)?)
}

/// A source as a list shows it.
pub(super) struct Listed {
    pub(super) source: Source,
    pub(super) content: Option<Content>,
    pub(super) trusted: bool,
}

/// The catalogue for those who only look: nothing is planned with it, so nothing has to be trusted. A source
/// that cannot be had is left out with a warning.
///
/// # Errors
/// When interrupted, or where a preset is wrong.
pub(super) fn for_looking(
    env: &Env,
    ui: &Ui,
    user: &UserConfig,
    repository: Option<&Repository>,
) -> Result<(Catalogue, Vec<Listed>), Failure> {
    let mut catalogue = Catalogue::built_in()?;
    let mut listed = Vec::new();
    let trust = Trust::load(env)?;
    for source in all(user, repository) {
        let content = match get(env, ui, &source, At::Pin) {
            Ok(content) => Some(content),
            Err(failure) if failure.exit == crate::error::Exit::Interrupted => return Err(failure),
            Err(failure) => {
                let why = failure.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
                ui.warn(&format!("{}{why}", failure.what));
                None
            }
        };
        if let Some(content) = &content {
            catalogue = with(catalogue, &source, content)?;
        }
        let trusted = content.as_ref().is_some_and(|content| trust.of(&content.tree).is_some());
        listed.push(Listed { source, content, trusted });
    }
    Ok((catalogue.with_user(&env.dirs.config)?, listed))
}

/// Refuses what a source's presets bring and what was not there to be seen when the source was trusted: images
/// from a registry that is in no list, and programs that a kubeconfig would run on this machine.
///
/// # Errors
/// Names them and what to do about them.
pub(super) fn check_brought(
    env: &Env,
    user: &UserConfig,
    repository: Option<&Repository>,
    catalogue: &Catalogue,
    plan: &Plan,
    manifests: &[Manifest],
) -> Result<(), Failure> {
    let sources = all(user, repository);
    if sources.is_empty() {
        return Ok(());
    }
    let trust = Trust::load(env)?;
    let mut listed = user.registries.clone();
    listed.extend(trust.registries().map(str::to_owned));
    let mut strange = Vec::new();
    for manifest in manifests {
        let of_a_source = catalogue.is_of_a_source(&manifest.template);
        for image in images_of(&manifest.object) {
            let Some(registry) = registry(&image) else { continue };
            let one = Brings { registries: [registry.clone()].into(), ..Brings::default() };
            let decided = from_a_source(plan, &manifest.unit, &image);
            if (of_a_source && decided != Some(false) || decided == Some(true))
                && !one.unlisted(&listed).is_empty()
            {
                strange.push((format!("`{image}` in {}", manifest.key()), registry));
            }
        }
    }
    let Some((_, registry)) = strange.first() else { return check_programs(&trust, catalogue, plan) };
    let list: Vec<&str> = strange.iter().map(|(what, _)| what.as_str()).collect();
    let what = format!("a source brings images from a registry that nobody here knows: {}", list.join(", "));
    Err(Failure::usage(what)
        .hint(format!("if the registry is yours, list it in `config.yaml`: `registries: [{registry}]`")))
}

/// Refuses a program of a source's access preset that was not shown, unless somebody here named it.
fn check_programs(trust: &Trust, catalogue: &Catalogue, plan: &Plan) -> Result<(), Failure> {
    let Some(unit) = plan.access() else { return Ok(()) };
    if !unit.templates.values().any(|template| matches!(template.layer, Layer::Source(_))) {
        return Ok(());
    }
    let strange = access::programs(plan, catalogue)?.into_iter().find(|program| {
        let shown = trust.programs().any(|known| known == program);
        !shown && from_a_source(plan, &unit.name, program) != Some(false)
    });
    let Some(program) = strange else { return Ok(()) };
    let what = format!(
        "access `{}` has a kubeconfig run `{program}`, which was not shown when its source was trusted",
        unit.preset
    );
    Err(Failure::usage(what)
        .hint("ask those who keep the source what it is for")
        .hint("or sign in another way: `--access NAME`; `devbox preset list` shows them"))
}

/// Says which presets of a plan come from sources that only this user has: `devbox.yaml` would name what
/// others cannot find.
pub(super) fn warn_of_own(ui: &Ui, user: &UserConfig, repository: Option<&Repository>, plan: &Plan) {
    let shared = repository.map(|repository| repository.sources.as_slice()).unwrap_or_default();
    for unit in &plan.units {
        let Some((name, _)) = unit.preset.split_once('/') else { continue };
        let own = user.sources.iter().find(|source| source.name == name);
        if let Some(source) = own.filter(|_| shared.iter().all(|other| other.name != name)) {
            ui.warn(&format!(
                "`{}` is from a source that is yours alone; others find it after `devbox preset add {name} {}` here",
                unit.preset, source.address
            ));
        }
    }
}

/// Whether a value of a unit that is this image is a source's own; `None` where no value is it.
fn from_a_source(plan: &Plan, unit: &str, image: &str) -> Option<bool> {
    let unit = plan.units.iter().find(|other| other.name == unit)?;
    let value = unit.values.values().find(|resolved| resolved.value.as_str() == Some(image))?;
    Some(matches!(value.origin, Origin::Source { .. }))
}
