//! Which component a compose service runs: by its build context, its Dockerfile's folder, or its image.

use std::collections::BTreeSet;

use super::compose::{self, Compose, ComposeService};
use super::docker;
use crate::detect::draft::Draft;
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, base, folder, is_below};
use crate::detect::rule::image;

/// Words of folders that hold Dockerfiles of what stands elsewhere.
const ASIDE: &[&str] = &[
    "docker",
    "deploy",
    "deployment",
    "build",
    "infra",
    "ops",
    "container",
    "containers",
    "dockerfiles",
    "ci",
];

/// Says which component every service runs, and drops folders that are no components: builds of
/// databases and of ready-made tools, and contexts whose only source is a component below.
pub(super) fn assign(tree: &Tree, drafts: &mut Vec<Draft>, all: &mut [Compose]) {
    let services = || all.iter().flat_map(|compose| &compose.services);
    let backing: BTreeSet<&str> = services()
        .filter(|service| service.backing.is_some())
        .filter_map(|service| Some(service.build.as_ref()?.context.as_str()))
        .collect();
    let tools: BTreeSet<&str> = services()
        .filter_map(|service| service.build.as_ref())
        .filter(|build| compose::base_image(tree, build).is_some_and(|image| image::is_tool(&image)))
        .map(|build| build.context.as_str())
        .collect();
    let paths: Vec<(String, &'static str)> =
        drafts.iter().map(|draft| (draft.c.path.clone(), draft.ecosystem)).collect();
    drafts.retain(|draft| {
        let path = draft.c.path.as_str();
        let below = paths.iter().any(|(other, _)| other != path && is_below(other, path));
        let said = draft.c.language.as_deref().filter(|language| *language != "Shell");
        // A folder of Dockerfiles and settings describes how others run.
        let aside = path.split('/').any(|part| ASIDE.contains(&part)) && paths.len() > 1;
        let bare = said.is_none() && (below || aside || tools.contains(path));
        draft.ecosystem != "source" || !(bare || backing.contains(path))
    });
    for compose in all.iter_mut() {
        let shared = |context: &str| {
            compose
                .services
                .iter()
                .filter(|other| other.build.as_ref().is_some_and(|build| build.context == context))
                .count()
                > 1
        };
        let found: Vec<Option<String>> =
            compose.services.iter().map(|service| of(service, drafts, &shared)).collect();
        for (service, target) in compose.services.iter_mut().zip(found) {
            service.target = target;
        }
    }
    let run: BTreeSet<&str> = all
        .iter()
        .flat_map(|compose| &compose.services)
        .filter_map(|service| service.target.as_deref())
        .collect();
    drafts.retain(|draft| run.contains(draft.c.path.as_str()) || !incidental(tree, draft, &paths));
}

/// Whether a folder is a part of a component around or a frame of those below, and nothing runs it.
fn incidental(tree: &Tree, draft: &Draft, paths: &[(String, &'static str)]) -> bool {
    let path = draft.c.path.as_str();
    let others = |is: &dyn Fn(&str, &str) -> bool| {
        paths.iter().any(|(other, ecosystem)| other != path && is(other, ecosystem))
    };
    let frame = draft.ecosystem == "source" && others(&|other, _| is_below(other, path));
    let part = draft.ecosystem == "python"
        && draft.c.kind == ComponentKind::Unknown
        && draft.c.commands.start.is_none()
        && others(&|other, ecosystem| is_below(path, other) && ecosystem == "python");
    (frame || part) && !docker::folders(tree).any(|folder| folder == path && part)
}

/// The component's path; `shared` says whether several services are built from a context.
fn of(service: &ComposeService, drafts: &[Draft], shared: &dyn Fn(&str) -> bool) -> Option<String> {
    let path = |draft: &Draft| draft.c.path.clone();
    let called = |draft: &&Draft, name: &str| draft.c.name == name || base(&draft.c.path) == name;
    let Some(build) = &service.build else {
        // A root that is named like an image is more often an example of the product than its source.
        let image = service.image.as_deref()?;
        let image = base(image).split([':', '@']).next().unwrap_or_default();
        let below = drafts.iter().filter(|draft| draft.c.path != ".");
        return only(below.filter(|draft| called(draft, image))).map(path);
    };
    let context = build.context.as_str();
    let file = service.dockerfile();
    let dir = file.as_deref().map_or(context, folder);
    let inside = |draft: &&Draft| draft.c.path != context && is_below(&draft.c.path, context);
    if dir != context {
        // A Dockerfile in a folder below speaks for the nearest component.
        let above = drafts.iter().filter(inside).filter(|draft| is_below(dir, &draft.c.path));
        if let Some(nearest) = above.max_by_key(|draft| draft.c.path.len()) {
            return Some(path(nearest));
        }
        if let Some(below) = only(drafts.iter().filter(inside).filter(|draft| is_below(&draft.c.path, dir))) {
            return Some(path(below));
        }
    }
    let here = drafts.iter().find(|draft| draft.c.path == context);
    if shared(context) || here.is_none() {
        let named = only(drafts.iter().filter(inside).filter(|draft| called(draft, &service.name)));
        if let Some(named) = named {
            return Some(path(named));
        }
    }
    let aside = dir.split('/').any(|part| ASIDE.contains(&part.trim_start_matches('.')));
    let elsewhere = dir != context && shared(context) && !aside;
    // Loose sources around components are helpers of theirs.
    let here = here.filter(|here| here.ecosystem != "source" || !drafts.iter().any(|draft| inside(&draft)));
    match here {
        Some(here) if !elsewhere => Some(path(here)),
        Some(_) => None,
        None => {
            let library = |draft: &&Draft| draft.c.kind == ComponentKind::Library;
            only(drafts.iter().filter(inside).filter(|draft| !library(draft))).map(path)
        }
    }
}

fn only<'a>(mut drafts: impl Iterator<Item = &'a Draft>) -> Option<&'a Draft> {
    let first = drafts.next()?;
    drafts.next().is_none().then_some(first)
}
