//! What is wrong with a rendered object.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::render::Manifest;

/// What is wrong with a rendered object, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The template.
    pub template: String,
    /// The line in the template where the object starts.
    pub line: usize,
    /// The object: `Deployment/web`.
    pub object: String,
    /// The field: `spec.selector.matchLabels`.
    pub path: String,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { template, line, object, path, message, hint } = self;
        write!(f, "{template}:{line}: {object}: {path}: {message}")?;
        hint.iter().try_for_each(|hint| write!(f, " ({hint})"))
    }
}

/// Notes a problem.
pub(super) fn report(
    problems: &mut Vec<Problem>,
    manifest: &Manifest,
    path: impl Into<String>,
    message: impl Into<String>,
    hint: Option<String>,
) {
    problems.push(Problem {
        template: manifest.template.clone(),
        line: manifest.line,
        object: manifest.key().to_string(),
        path: path.into(),
        message: message.into(),
        hint,
    });
}

/// The pod in a workload, and the path to it.
pub(super) fn pod(manifest: &Manifest) -> Option<(&Value, &'static str)> {
    let path = match manifest.object.get("kind")?.as_str()? {
        "Pod" => "/spec",
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => "/spec/template/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    };
    Some((manifest.object.pointer(path)?, path))
}

/// The containers of a pod: init containers, then the others.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    ["initContainers", "containers"].into_iter().flat_map(move |section| {
        pod.get(section).and_then(Value::as_array).into_iter().flatten().map(move |c| (section, c))
    })
}

/// `/spec/template` as people write it: `spec.template`.
pub(super) fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
