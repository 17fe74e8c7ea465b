//! The longer texts of failures: lists of objects, fields and reasons.

use super::super::wait::NotReady;
use super::{Denied, FieldConflict, FieldProblem};
use crate::render::ObjectKey;

pub(super) fn resource(denied: &Denied) -> String {
    let group = if denied.group.is_empty() { String::new() } else { format!(".{}", denied.group) };
    match &denied.namespace {
        Some(namespace) => format!("`{}{group}` in namespace `{namespace}`", denied.resource),
        None => format!("`{}{group}` at the cluster scope", denied.resource),
    }
}

pub(super) fn conflicts(conflicts: &[FieldConflict]) -> String {
    let each: Vec<String> =
        conflicts.iter().map(|c| format!("`{}` is managed by `{}`", c.field, c.manager)).collect();
    each.join(", ")
}

pub(super) fn problems(fields: &[FieldProblem]) -> String {
    let each: Vec<String> = fields
        .iter()
        .map(|problem| match problem.field.as_str() {
            "" => problem.message.clone(),
            field => format!("`{field}`: {}", problem.message),
        })
        .collect();
    each.join("; ")
}

pub(super) fn lines(each: &[String]) -> String {
    match each {
        [one] => one.clone(),
        many => many.iter().map(|line| format!("\n- {line}")).collect(),
    }
}

pub(super) fn failures_text(failures: &[(ObjectKey, String)], not_started: usize) -> String {
    let mut text = match failures.len() {
        1 => "1 object was not applied:".to_owned(),
        many => format!("{many} objects were not applied:"),
    };
    for (key, failure) in failures {
        text.push_str(&format!("\n- {key}: {failure}"));
    }
    match not_started {
        0 => {}
        1 => text.push_str("\n1 object that comes after was not tried"),
        many => text.push_str(&format!("\n{many} objects that come after were not tried")),
    }
    text
}

pub(super) fn tries_text(tries: u32) -> String {
    if tries == 1 { "1 try".into() } else { format!("{tries} tries") }
}

pub(super) fn not_ready_text(objects: &[NotReady], timed_out: bool) -> String {
    let mut text = if timed_out { "not ready in time:".to_owned() } else { "not ready:".to_owned() };
    for object in objects {
        text.push_str(&format!("\n- {}: {}", object.key, object.reason));
        if let (Some(pod), Some(container)) = (&object.pod, &object.container) {
            text.push_str(&format!(" (pod `{pod}`, container `{container}`)"));
        } else if let Some(pod) = &object.pod {
            text.push_str(&format!(" (pod `{pod}`)"));
        }
        if !object.message.is_empty() {
            text.push_str(&format!("\n  {}", object.message));
        }
        for line in &object.log {
            text.push_str(&format!("\n  | {line}"));
        }
    }
    text
}
