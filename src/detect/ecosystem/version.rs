//! Settles a component's version from pins in the order of their precedence.

use super::tools::Pin;
use crate::detect::draft::Draft;
use crate::detect::read::{Tree, version};

/// Pins, strongest first, and the manifest's constraint among them where there is one.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// Strongest first.
    pub(super) pins: Vec<Pin>,
    /// What the manifest asks for; stays the constraint although a pin decides the version.
    pub(super) manifest: Option<Pin>,
}

impl Pins {
    pub(super) fn push(&mut self, pin: Option<Pin>) {
        self.pins.extend(pin);
    }
}

/// Fills the draft's version. `parts`: how precise an image tag of the language is; `read` turns a
/// pin's text into a version where it is no constraint (`lts/iron`).
pub(super) fn settle(
    tree: &Tree,
    draft: &mut Draft,
    pins: Pins,
    parts: usize,
    read: fn(&str) -> Option<String>,
) {
    let resolve = |text: &str| read(text).or_else(|| version::resolve(text, parts));
    let all: Vec<&Pin> = pins.pins.iter().chain(&pins.manifest).collect();
    for pin in &all {
        match resolve(&pin.text) {
            Some(resolved) => {
                draft.note("version", &pin.text, &pin.at, 0.95);
                match &draft.c.version.resolved {
                    None => draft.c.version.resolved = Some(resolved),
                    Some(known) if contradicts(known, &resolved, &pin.text) => {
                        let first = all.iter().find(|other| resolve(&other.text).as_deref() == Some(known));
                        if let Some(first) = first {
                            tree.warn(format!(
                                "{} says {} but {} says {}",
                                first.at.file, first.text, pin.at.file, pin.text
                            ));
                        }
                    }
                    Some(_) => {}
                }
            }
            None if constraining(&pin.text) => draft.note("version", &pin.text, &pin.at, 0.6),
            None => {}
        }
    }
    let constraint =
        pins.manifest.as_ref().or_else(|| all.iter().find(|pin| resolve(&pin.text).is_some()).copied());
    draft.c.version.constraint = constraint.map(|pin| pin.text.clone()).filter(|text| constraining(text));
}

/// Whether a text can be a constraint at all.
fn constraining(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && !text.contains(['/', '$', '{']) || text.starts_with("lts/")
}

/// Whether a pinned version falls below, or an exact one beside, another.
fn contradicts(known: &str, other: &str, text: &str) -> bool {
    let (known, other) = (version::numbers(known), version::numbers(other));
    if known.is_empty() || other.is_empty() {
        return false;
    }
    let shared = known.len().min(other.len());
    let open = text.contains(">=") || text.contains('*');
    if open { known[..shared] < other[..shared] } else { known[0] != other[0] }
}
