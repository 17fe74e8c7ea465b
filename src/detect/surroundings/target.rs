//! Which component a compose service runs: by its build context, its Dockerfile's folder, or its image.

use super::compose::ComposeService;
use crate::detect::draft::Draft;
use crate::detect::read::{base, folder};
use crate::detect::scope::is_below;

/// Words of folders that hold Dockerfiles of what stands elsewhere.
pub(super) const ASIDE: &[&str] = &[
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

/// The component's path; `shared` says whether several services are built from a context.
pub(super) fn of(
    service: &ComposeService,
    drafts: &[Draft],
    shared: &dyn Fn(&str) -> bool,
) -> Option<String> {
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
        let named = only(drafts.iter().filter(inside).filter(|draft| called(draft, service.name())));
        if let Some(named) = named {
            return Some(path(named));
        }
    }
    let aside = dir.split('/').any(|part| ASIDE.contains(&part.trim_start_matches('.')));
    let elsewhere = dir != context && shared(context) && !aside;
    match here {
        Some(here) if !elsewhere => Some(path(here)),
        Some(_) => None,
        None => only(drafts.iter().filter(inside)).map(path),
    }
}

fn only<'a>(mut drafts: impl Iterator<Item = &'a Draft>) -> Option<&'a Draft> {
    let first = drafts.next()?;
    drafts.next().is_none().then_some(first)
}
