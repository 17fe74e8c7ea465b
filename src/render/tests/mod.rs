//! Plans rendered: the catalogue in snapshots and combinations, what every manifest has, hostile values.

mod catalogue;
mod handbook;
mod hostile;
mod manifest;

use serde_json::Value;

use super::*;
use crate::plan::tests::{Given, built_in};

fn rendered(given: Given) -> Vec<Manifest> {
    render(&given.plan(), built_in()).unwrap()
}

fn yaml(manifests: &[Manifest]) -> String {
    let one = |m: &Manifest| {
        let text = crate::config::to_yaml(&m.object);
        format!("# {}:{} ({})\n{text}", m.template, m.line, m.unit)
    };
    manifests.iter().map(one).collect::<Vec<_>>().join("---\n")
}

fn object<'a>(manifests: &'a [Manifest], key: &str) -> &'a Value {
    &manifests.iter().find(|manifest| manifest.key().to_string() == key).unwrap().object
}
