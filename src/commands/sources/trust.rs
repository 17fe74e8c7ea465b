//! Trust is bound to content: what a source brings is shown once, and again when anything in it changed.

use super::super::access;
use crate::config::{Kind, Source, short};
use crate::env::Env;
use crate::error::Failure;
use crate::plan;
use crate::preset::Catalogue;
use crate::preset::source::{Brings, Content, Trust, Trusted, images_of};
use crate::render::render;
use crate::ui::{Page, Ui};

/// Looks a source through: its text, and what its presets render to in a made-up repository.
///
/// # Errors
/// Where one of its presets does not work out.
pub(in super::super) fn look(
    source: &Source,
    content: &Content,
    catalogue: &Catalogue,
) -> Result<Brings, Failure> {
    let mut brings = Brings::of(content, catalogue, &source.name)?;
    for name in &brings.presets.clone() {
        let Ok(preset) = catalogue.get(name) else { continue };
        let access = (preset.kind == Kind::Access)
            .then(|| preset.chain.last().map(|link| link.document.file.clone()).unwrap_or_default());
        let Ok(plan) = plan::trial(catalogue, &[preset], "trial") else { continue };
        for manifest in render(&plan, catalogue).unwrap_or_default() {
            // What was made up for a required parameter is nobody's image.
            let images = images_of(&manifest.object);
            let images = images.iter().filter(|image| !image.starts_with("registry.example/"));
            images.for_each(|image| brings.add_image(image));
        }
        // Conditions may hide others: what was not shown is refused where a kubeconfig would run it.
        if let Some(file) = access {
            let programs = access::programs(&plan, catalogue).unwrap_or_default();
            programs.into_iter().for_each(|program| brings.add_program(program, file.clone()));
        }
    }
    Ok(brings)
}

/// What a source brings, for people.
pub(in super::super) fn page(source: &Source, content: &Content, brings: &Brings, listed: &[String]) -> Page {
    let mut page = Page::new();
    page.heading(format!("{} at {}", source.name, short(&content.commit)));
    page.row("from", source.address.to_string(), source.folder.clone().unwrap_or_default());
    page.row("tree", &content.tree, "");
    let kinds: Vec<String> = brings.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    page.row("presets", brings.presets.join(", "), kinds.join(", "));
    page.row("templates", brings.templates.to_string(), "");
    let unlisted = brings.unlisted(listed);
    for registry in &brings.registries {
        let note =
            if unlisted.contains(registry) { "not in any list: `registries` in config.yaml" } else { "" };
        page.row("images from", registry, note);
    }
    for (program, file) in &brings.programs {
        page.row("runs on this machine", program, file);
    }
    page
}

/// Shows a source that is not trusted here and asks; fails where nobody can be asked.
///
/// # Errors
/// Where it is not trusted.
pub(in super::super) fn require(
    env: &Env,
    ui: &Ui,
    source: &Source,
    content: &Content,
    catalogue: &Catalogue,
    listed: &[String],
) -> Result<(), Failure> {
    if Trust::load(env)?.of(&content.tree).is_some() {
        return Ok(());
    }
    let refused = || {
        let (name, at) = (&source.name, short(&content.commit));
        Failure::usage(format!("nobody on this machine trusts source `{name}` at {at} yet"))
    };
    if !ui.interactive {
        return Err(refused()
            .hint(format!("look at what it brings, and trust it: `devbox preset trust {}`", source.name))
            .hint(format!(
                "where nobody can be asked, name what you have looked at: `devbox preset trust {} --tree {}`",
                source.name, content.tree
            )));
    }
    let brings = look(source, content, catalogue)?;
    ui.status("");
    ui.show(&page(source, content, &brings, listed));
    ui.status("");
    match offer(ui, &format!("Trust the presets of `{}`?", source.name), &brings, listed)? {
        true => remember(env, source, content, &brings, listed),
        false => Err(refused().hint("it is used by nothing until somebody does")),
    }
}

/// Asks; what reaches further than manifests from known registries is not trusted by Enter alone.
///
/// # Errors
/// When interrupted.
pub(in super::super) fn offer(
    ui: &Ui,
    question: &str,
    brings: &Brings,
    listed: &[String],
) -> Result<bool, Failure> {
    ui.confirm(question, brings.programs.is_empty() && brings.unlisted(listed).is_empty())
}

/// Remembers that what was shown is trusted.
///
/// # Errors
/// Where the state folder is not writable.
pub(in super::super) fn remember(
    env: &Env,
    source: &Source,
    content: &Content,
    brings: &Brings,
    listed: &[String],
) -> Result<(), Failure> {
    let trusted = Trusted {
        source: source.name.clone(),
        git: source.address.to_string(),
        commit: content.commit.clone(),
        registries: brings.unlisted(listed),
        programs: brings.programs.iter().map(|(program, _)| program.clone()).collect(),
    };
    Ok(Trust::remember(env, &content.tree, trusted)?)
}
