//! `devbox render`: the manifests, offline.

use serde_json::json;

use super::explain;
use super::workspace::{self, Workspace};
use crate::cli::RenderArgs;
use crate::config::to_yaml;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::render::{Manifest, render};
use crate::ui::{Format, Ui};
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
        explain::show(&plan, ui);
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
