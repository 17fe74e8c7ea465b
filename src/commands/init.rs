//! `devbox init`: detect, ask, show the whole plan, confirm once, then write and apply.
//!
//! Up to the last answer nothing is written anywhere: Ctrl-C leaves no trace.

use std::time::Instant;

use serde_json::json;

use super::begun::Begun;
use super::deploy::{self, Deployment, Overfull};
use super::destination::{Approach, Destination, Sight};
use super::place::{self, Sources};
use super::repository_file::RepositoryFile;
use super::workspace::{self, Values, Workspace};
use super::{explain, questions, runtime};
use crate::cli::InitArgs;
use crate::cluster::Look;
use crate::config::{Answers, EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::plan::{Outcome, Plan};
use crate::render::Manifest;
use crate::ui::{Format, Page, Review, Ui};

/// Runs the wizard.
///
/// # Errors
/// Whatever stops it, before or after something was written; the message says which.
pub(super) fn run(args: &InitArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let begun = Begun::applying();
    runtime::run(init(args, env, ui, &begun)).map_err(|failure| begun.explain(failure))
}

async fn init(args: &InitArgs, env: &Env, ui: &Ui, begun: &Begun) -> Result<Exit, Failure> {
    let file = workspace::answers(&args.plan, env)?;
    let workspace = Workspace::open(env, ui, args.project.path.as_deref())?;
    ui.show(&ui.findings(&workspace.facts));
    let record = EnvironmentRecord::read(env, &workspace.root)?;

    let asking = ui.interactive && !args.yes;
    let wizard = Wizard { args, env, ui, workspace: &workspace, record: record.as_ref(), asking };
    let (place, plan) = wizard.settle(file.as_ref())?;
    if args.explain {
        deploy::warn(&plan, ui);
        explain::show(&plan, ui);
        return Ok(Exit::Done);
    }
    let overfull = if args.dry_run { Overfull::Warned } else { Overfull::Refused };
    let manifests = deploy::manifests(&plan, &workspace.catalogue, ui, overfull)?;
    workspace.check_brought(env, &plan, &manifests)?;
    workspace.warn_of_own(ui, &plan);
    let repository_file = RepositoryFile::plan(&workspace, &plan)?;
    if args.dry_run {
        let to = match &place {
            Some(place) => Some(Destination::unseen(env, place, plan.namespace_name())?),
            None => None,
        };
        wizard.dry_run(&plan, &manifests, to.as_ref(), repository_file.as_ref());
        return Ok(Exit::Done);
    }
    let place = place.ok_or_else(|| Failure::usage("no cluster is chosen"))?;
    deploy::check_neighbours(env, ui, &deploy::record(&workspace.root, &plan, &place), record.as_ref())?;
    let approach = Approach::begin(env, &place, plan.namespace_name()).await?;
    let environment = deploy::environment(&workspace.root, &plan, &place);
    let sight = Sight::Bundle { environment: &environment, manifests: &manifests, look: Look::ToApply };
    let mut destination = approach.reach(env, ui.sink().as_ref(), plan.namespace_name(), Some(sight)).await?;
    deploy::warn(&plan, ui);
    ui.status("");
    ui.show(&wizard.review(&plan, &manifests, Some(&destination), repository_file.as_ref()));
    ui.status("");
    if asking && !ui.confirm("Set this up?", true)? {
        return Err(Failure::interrupted());
    }
    destination.confirm(ui, &args.target)?;
    let file = match repository_file {
        Some(file) if file.confirm(ui, args.yes)? => Some(file),
        _ => None,
    };
    if let Some(file) = file {
        file.write()?;
        begun.described();
    }
    let started = Instant::now();
    let arrived = destination.arrive(env, ui.sink().as_ref()).await?;
    begun.begin();
    workspace.refresh_schema(ui);
    let deployment = Deployment {
        env,
        ui,
        workspace: &workspace,
        place: &place,
        plan: &plan,
        manifests: &manifests,
        options: &args.apply,
    };
    deployment.run(arrived, started).await
}

/// What the wizard knows while it asks.
struct Wizard<'a> {
    args: &'a InitArgs,
    env: &'a Env,
    ui: &'a Ui,
    workspace: &'a Workspace,
    record: Option<&'a EnvironmentRecord>,
    asking: bool,
}

impl Wizard<'_> {
    /// Nothing is written anywhere, so no cluster has to be chosen.
    fn looks_only(&self) -> bool {
        self.args.dry_run || self.args.explain
    }

    /// Settles place and plan: by flags, answers and files, then by asking, then by defaults. Only who
    /// looks can do without a place.
    fn settle(&self, file: Option<&Answers>) -> Result<(Option<Place>, Plan), Failure> {
        let flags = workspace::flags(&self.args.plan)?;
        let mut answers = workspace::answered(file);
        let sources = Sources { args: &self.args.target, answers: file, record: self.record };
        let decided = sources.decided(self.env);
        let record = self.record.filter(|record| decided.as_ref() == Some(&record.place));
        let known = record.is_some();
        workspace::keep_namespace(&mut answers, record);
        let resolve = |answers: &Values| self.workspace.resolve(&flags, answers);
        if self.asking {
            let place = match decided {
                None if self.args.explain => None,
                None => Some(place::ask(self.env, self.ui, &self.args.target)?),
                decided => decided,
            };
            // What is refused by its name is refused before anybody answers questions for it.
            if let Some(place) = &place {
                Destination::unseen(self.env, place, "")?;
            }
            let outcome = questions::settle(self.ui, &mut answers, known, &resolve)?;
            return Ok((place, outcome.ready()?));
        }
        let outcome = resolve(&answers)?;
        let place = match decided {
            None if !self.args.explain => place::current(self.env, &self.args.target)?,
            decided => decided,
        };
        self.nothing_missing(&outcome, place.as_ref())?;
        Ok((place, outcome.ready()?))
    }

    /// Without a terminal, names everything that is missing in one message.
    fn nothing_missing(&self, outcome: &Outcome, place: Option<&Place>) -> Result<(), Failure> {
        let mut missing: Vec<String> = outcome
            .questions
            .iter()
            .filter(|question| question.required && question.default.is_none())
            .map(|question| format!("{}  ({})", question.flag, question.text))
            .collect();
        if place.is_none() && !self.looks_only() {
            missing.push("--context NAME or --sandbox  (which cluster)".into());
        }
        if !self.args.yes && !self.looks_only() {
            missing.push("--yes  (accept the plan without a review)".into());
        }
        if missing.is_empty() {
            return Ok(());
        }
        let list: String = missing.iter().map(|line| format!("\n{line}")).collect();
        Err(Failure::usage(format!("nobody can be asked here, and these flags are missing:{list}"))
            .hint("see the plan without applying it: `devbox init --dry-run`")
            .hint("run `devbox init` in a terminal to be asked"))
    }

    /// The plan is what a dry run was asked for, so it goes to stdout.
    fn dry_run(
        &self,
        plan: &Plan,
        manifests: &[Manifest],
        destination: Option<&Destination>,
        file: Option<&RepositoryFile>,
    ) {
        deploy::warn(plan, self.ui);
        if self.ui.format == Format::Json {
            let objects: Vec<_> = manifests.iter().map(Manifest::key).collect();
            return self.ui.json(&json!({
                "schema": 1,
                "dryRun": true,
                "place": destination.map(Destination::place),
                "plan": plan,
                "objects": objects,
                "files": file.map(RepositoryFile::review).into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
            }));
        }
        self.ui.status("");
        self.ui.page(&self.review(plan, manifests, destination, file));
        self.ui.status("\nDry run: nothing was written.");
        if destination.is_none() {
            self.ui.status("Choose a cluster with `--context NAME` or `--sandbox`.");
        }
    }

    fn review(
        &self,
        plan: &Plan,
        manifests: &[Manifest],
        destination: Option<&Destination>,
        file: Option<&RepositoryFile>,
    ) -> Page {
        let files: Vec<(String, String)> = file.map(RepositoryFile::review).into_iter().collect();
        let kubeconfig = destination.map(|to| {
            let record = deploy::record(&self.workspace.root, plan, to.place());
            self.env.display(&deploy::kubeconfig_path(self.env, &record))
        });
        let kubeconfig = kubeconfig.unwrap_or_default();
        let review = Review {
            plan,
            manifests,
            cluster: &destination.map_or_else(|| "not chosen yet".into(), |to| place::describe(to.place())),
            server: &destination.map(Destination::server).unwrap_or_default(),
            context: &deploy::context_name(plan),
            kubeconfig: &kubeconfig,
            files: &files,
        };
        review.page()
    }
}
