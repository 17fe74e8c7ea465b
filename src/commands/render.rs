//! `devbox render`: the manifests, offline.

use serde_json::{Value, json};

use super::workspace::{self, Workspace};
use crate::cli::RenderArgs;
use crate::config::to_yaml;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::plan::Plan;
use crate::render::{Manifest, render};
use crate::ui::{Format, Ui, printable};
use crate::validate::validate_in;

/// Prints the manifests, or with `--explain` every value and who decided it.
///
/// # Errors
/// Where a file is wrong, a value is missing or a template fails.
pub(super) fn run(args: &RenderArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let answers = workspace::answered(workspace::answers(&args.plan, env)?.as_ref());
    let workspace = Workspace::open(env, ui, args.project.path.as_deref())?;
    let plan = workspace.resolve(&workspace::flags(&args.plan)?, &answers)?.ready()?;
    plan.warnings.iter().for_each(|warning| ui.warn(warning));
    if args.explain {
        match ui.format {
            Format::Human => ui.data(&printable(&explain(&plan))),
            Format::Json => ui.json(&json!({ "schema": 1, "plan": plan })),
        }
        return Ok(Exit::Done);
    }
    let manifests: Vec<Manifest> =
        render(&plan, &workspace.catalogue)?.into_iter().map(Manifest::without_secrets).collect();
    let problems = validate_in(&manifests, &|file| workspace.catalogue.template_text(file));
    problems.iter().for_each(|problem| ui.warn(&problem.to_string()));
    match ui.format {
        Format::Human => ui.data(&yaml(&manifests)),
        Format::Json => ui.json(&json!({
            "schema": 1,
            "namespace": plan.namespace_name(),
            "manifests": manifests,
            "problems": problems,
        })),
    }
    Ok(Exit::Done)
}

fn yaml(manifests: &[Manifest]) -> String {
    let document = |manifest: &Manifest| {
        let text = to_yaml(&manifest.object);
        format!("---\n# {}:{} ({})\n{text}", manifest.template, manifest.line, manifest.unit)
    };
    manifests.iter().map(document).collect()
}

fn explain(plan: &Plan) -> String {
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
