//! `--explain` of `render`, `init` and `up`: every value of a plan and who decided it.

use serde_json::{Value, json};

use crate::plan::Plan;
use crate::ui::{Format, Ui, printable};

/// Prints every value and its origin.
pub(super) fn show(plan: &Plan, ui: &Ui) {
    match ui.format {
        Format::Human => ui.data(&printable(&table(plan))),
        Format::Json => ui.json(&json!({ "schema": 1, "plan": plan })),
    }
}

fn table(plan: &Plan) -> String {
    let mut rows = vec![("namespace".to_owned(), plan.namespace.shown(), plan.namespace.origin.to_string())];
    for unit in &plan.units {
        // What a preset leaves empty for its children says nothing.
        let is_empty = |value: &Value| match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        for (name, resolved) in unit.values.iter().filter(|(_, resolved)| !is_empty(&resolved.value)) {
            let shown = match &resolved.value {
                Value::String(text) if text.is_empty() => "\"\"".into(),
                _ => resolved.shown(),
            };
            rows.push((format!("{}.{name}", unit.name), shown, resolved.origin.to_string()));
        }
        for entry in &unit.env {
            let key = format!("{}.env.{}", unit.name, entry.name);
            rows.push((key, entry.source.to_string(), entry.origin.to_string()));
        }
    }
    let width = |column: fn(&(String, String, String)) -> &str| {
        rows.iter().map(column).map(|text| text.chars().count().min(60)).max().unwrap_or_default()
    };
    let (keys, values) = (width(|row| row.0.as_str()), width(|row| row.1.as_str()));
    let line = |(key, value, origin): &(String, String, String)| {
        format!("{key:keys$}  {:values$}  {origin}\n", value.replace('\n', " "))
    };
    rows.iter().map(line).collect()
}
