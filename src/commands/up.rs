//! `devbox up`: apply what `devbox.yaml` says, without the wizard.

use super::deploy::{self, Begun, Deployment};
use super::destination::Destination;
use super::place::Sources;
use super::runtime;
use super::workspace::{self, Workspace};
use crate::cli::UpArgs;
use crate::config::{EnvironmentRecord, FILE_NAME};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::Ui;

/// Applies the environment.
///
/// # Errors
/// Where nothing says what or where to apply, or applying fails.
pub(super) fn run(args: &UpArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let begun = Begun::default();
    runtime::run(up(args, env, ui, &begun)).map_err(|failure| begun.explain(failure))
}

async fn up(args: &UpArgs, env: &Env, ui: &Ui, begun: &Begun) -> Result<Exit, Failure> {
    let file = workspace::answers(&args.plan, env)?;
    let workspace = Workspace::open(env, args.project.path.as_deref())?;
    if workspace.repository.is_none() {
        return Err(Failure::usage(format!("no {FILE_NAME} in `{}`", env.display(&workspace.root)))
            .hint("set this repository up first: `devbox init`"));
    }
    let before = EnvironmentRecord::read(env, &workspace.root)?;
    let sources = Sources { args: &args.target, answers: file.as_ref(), record: before.as_ref() };
    let place = sources.decided(env).ok_or_else(|| {
        Failure::usage("no cluster is chosen, and this folder has no environment yet")
            .hint("run `devbox init`")
            .hint("or name the cluster: `devbox up --context NAME` or `devbox up --sandbox`")
    })?;
    let mut answers = workspace::answered(file.as_ref());
    workspace::keep_namespace(&mut answers, before.as_ref().filter(|before| before.place == place));
    let plan = workspace.resolve(&workspace::flags(&args.plan)?, &answers)?.ready()?;
    let manifests = deploy::manifests(&plan, &workspace.catalogue, ui)?;
    deploy::warn(&plan, ui);
    deploy::check_neighbours(env, ui, &deploy::record(&workspace.root, &plan, &place), before.as_ref())?;
    let mut destination = Destination::reach(env, ui, &place, plan.namespace_name()).await?;
    destination.confirm(ui, &args.target)?;
    begun.begin();
    let deployment = Deployment {
        env,
        ui,
        workspace: &workspace,
        plan: &plan,
        manifests: &manifests,
        options: &args.apply,
    };
    deployment.run(destination).await
}
