//! Which cluster: flags, then answers, then the record of the last run, then a question, then the
//! kubeconfig's current context. Choosing changes nothing; the guard comes later.

use crate::cli::TargetArgs;
use crate::config::{Answers, EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::Failure;
use crate::kubeconfig::Kubeconfigs;
use crate::ui::{Choice, Ui};

/// The name of the sandbox that is meant where none is named.
pub(super) const DEFAULT_SANDBOX: &str = "default";

/// What says where an environment runs.
pub(super) struct Sources<'a> {
    pub(super) args: &'a TargetArgs,
    pub(super) answers: Option<&'a Answers>,
    pub(super) record: Option<&'a EnvironmentRecord>,
}

impl Sources<'_> {
    /// The place that is already decided; `None` where it has to be asked or defaulted.
    pub(super) fn decided(&self, env: &Env) -> Option<Place> {
        let context = |context: &str| Place::Context {
            context: context.to_owned(),
            kubeconfig: self.args.kubeconfig.as_ref().map(|file| env.cwd.join(file)),
        };
        if let Some(name) = &self.args.sandbox {
            return Some(Place::Sandbox(name.clone()));
        }
        if let Some(name) = &self.args.context {
            return Some(context(name));
        }
        if let Some(answers) = self.answers {
            if let Some(name) = &answers.sandbox {
                return Some(Place::Sandbox(name.clone()));
            }
            if let Some(name) = &answers.context {
                return Some(context(name));
            }
        }
        match self.record {
            // A file on the command line says that the recorded context is not meant.
            Some(record) if self.args.kubeconfig.is_none() => Some(record.place.clone()),
            _ => None,
        }
    }
}

/// Asks which cluster; `yes` takes the current context.
///
/// # Errors
/// Where nothing decides and nobody can be asked, or the kubeconfig cannot be read.
pub(super) fn ask(env: &Env, ui: &Ui, args: &TargetArgs, yes: bool) -> Result<Place, Failure> {
    let kubeconfigs = Kubeconfigs::load(env, args.kubeconfig.as_deref())?;
    let contexts = kubeconfigs.contexts();
    let place = |context: &str| Place::Context {
        context: context.to_owned(),
        kubeconfig: args.kubeconfig.as_ref().map(|file| env.cwd.join(file)),
    };
    if !ui.interactive || yes {
        return match kubeconfigs.current() {
            Some(current) if contexts.iter().any(|context| context.name == current) => Ok(place(current)),
            _ => Err(Failure::usage("no cluster is chosen: no kubeconfig sets a usable `current-context`")
                .hint("choose one with `--context NAME`")
                .hint("or try it on this machine with `--sandbox`")),
        };
    }
    let mut choices: Vec<Choice> = contexts
        .iter()
        .map(|context| Choice {
            label: context.name.clone(),
            note: context.server.clone(),
            chosen: context.current,
        })
        .collect();
    choices.push(Choice {
        label: "sandbox".into(),
        note: "a real API server on this machine, with a simulated node".into(),
        chosen: false,
    });
    let index = ui.select("Which cluster?", &choices)?;
    Ok(match contexts.get(index) {
        Some(context) => place(&context.name),
        None => Place::Sandbox(DEFAULT_SANDBOX.into()),
    })
}

/// How a place is called in messages and reviews.
pub(super) fn describe(place: &Place) -> String {
    match place {
        Place::Sandbox(name) if name == DEFAULT_SANDBOX => "the sandbox on this machine".into(),
        Place::Sandbox(name) => format!("the sandbox `{name}` on this machine"),
        Place::Context { context, .. } => format!("context `{context}`"),
    }
}
