//! The review page: everything that will be written, before anything is written.

use indexmap::IndexMap;

use super::Page;
use crate::plan::{Plan, Role, Unit};
use crate::render::Manifest;

/// What is about to happen.
pub struct Review<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The rendered objects.
    pub manifests: &'a [Manifest],
    /// The cluster, for people.
    pub cluster: &'a str,
    /// Its server, or what stands for it.
    pub server: &'a str,
    /// The context that will be handed over.
    pub context: &'a str,
    /// The file that the context will be in.
    pub kubeconfig: &'a str,
    /// Files in the repository, each with what happens to it; none where nothing changes.
    pub files: &'a [(String, String)],
}

/// Values that say most about a unit, in this order.
const TELLING: [&str; 6] = ["image", "port", "schedule", "command", "source", "storage"];

impl Review<'_> {
    /// Lays the review out.
    pub fn page(&self) -> Page {
        let mut page = Page::new();
        page.heading(format!("Plan for {}", self.plan.project.name));
        page.row("cluster", self.cluster, self.server);
        page.row("namespace", self.plan.namespace_name(), self.plan.namespace.origin.to_string());
        page.row("context", self.context, self.kubeconfig);
        for (file, what) in self.files {
            page.row("file", file, what);
        }
        page.heading("Runs");
        for role in [Role::Component, Role::Service] {
            for unit in self.plan.of_role(role) {
                page.row(&unit.name, summary(unit), &unit.preset);
            }
        }
        page.heading(format!("Objects ({})", self.manifests.len()));
        for (unit, kinds) in by_unit(self.manifests) {
            page.row(unit, kinds.join(", "), "");
        }
        page
    }
}

fn summary(unit: &Unit) -> String {
    let told = TELLING.iter().filter_map(|name| {
        // Lists and maps are for machines.
        let value = unit.values.get(*name).filter(|value| !value.value.is_null())?;
        let value = Some(value).filter(|value| !value.value.is_array() && !value.value.is_object())?;
        let text = value.shown();
        Some(match *name {
            "port" => format!("port {text}"),
            "command" => format!("`{text}`"),
            "source" => format!("from {text}"),
            _ => text,
        })
    });
    let mut parts: Vec<String> = told.filter(|text| !text.is_empty()).collect();
    if !unit.uses.is_empty() {
        let names: Vec<&str> = unit.uses.iter().map(|usage| usage.name.as_str()).collect();
        parts.push(format!("uses {}", names.join(", ")));
    }
    parts.join(" · ")
}

/// The kinds of each unit's objects, in order, each with how many there are of it.
fn by_unit(manifests: &[Manifest]) -> IndexMap<&str, Vec<String>> {
    let mut units: IndexMap<&str, IndexMap<String, usize>> = IndexMap::new();
    for manifest in manifests {
        *units.entry(&manifest.unit).or_default().entry(manifest.kind().to_owned()).or_default() += 1;
    }
    let counted = |(kind, count): (String, usize)| if count == 1 { kind } else { format!("{count} {kind}") };
    units.into_iter().map(|(unit, kinds)| (unit, kinds.into_iter().map(counted).collect())).collect()
}
