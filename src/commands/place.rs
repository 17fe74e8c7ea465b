//! Which cluster: flags, then answers, then the record of the last run, then a question, then the
//! kubeconfig's current context. Choosing changes nothing; the guard comes later.

use crate::cli::TargetArgs;
use crate::config::{Answers, EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::Failure;
use crate::kubeconfig::Kubeconfigs;
use crate::sandbox::{self, DEFAULT_NAME as DEFAULT_SANDBOX};
use crate::ui::{Choice, Ui};

/// What says where an environment runs.
pub(super) struct Sources<'a> {
    pub(super) args: &'a TargetArgs,
    pub(super) answers: Option<&'a Answers>,
    pub(super) record: Option<&'a EnvironmentRecord>,
}

impl Sources<'_> {
    /// The place that is already decided; `None` where it has to be asked or defaulted.
    pub(super) fn decided(&self, env: &Env) -> Option<Place> {
        if let Some(name) = &self.args.sandbox {
            return Some(Place::Sandbox(name.clone()));
        }
        if let Some(name) = &self.args.context {
            return Some(context(env, self.args, name));
        }
        if let Some(answers) = self.answers {
            if let Some(name) = &answers.sandbox {
                return Some(Place::Sandbox(name.clone()));
            }
            if let Some(name) = &answers.context {
                return Some(context(env, self.args, name));
            }
        }
        match self.record {
            // A file on the command line says that the recorded context is not meant.
            Some(record) if self.args.kubeconfig.is_none() => Some(record.place.clone()),
            _ => None,
        }
    }
}

/// What a place cannot do; nothing where it is a cluster.
///
/// # Errors
/// Where the sandbox's record cannot be read.
pub(super) fn limits(env: &Env, place: &Place) -> Result<&'static [&'static str], Failure> {
    match place {
        Place::Sandbox(name) => Ok(sandbox::node_of(env, name)?.limits()),
        Place::Context { .. } => Ok(&[]),
    }
}

/// The current context of the kubeconfigs, where it can be used: what is taken where nobody is asked.
///
/// # Errors
/// Where a kubeconfig cannot be read.
pub(super) fn current(env: &Env, args: &TargetArgs) -> Result<Option<Place>, Failure> {
    let kubeconfigs = Kubeconfigs::load(env, args.kubeconfig.as_deref())?;
    let usable = |current: &&str| kubeconfigs.contexts().iter().any(|context| context.name == *current);
    Ok(kubeconfigs.current().filter(usable).map(|current| context(env, args, current)))
}

fn context(env: &Env, args: &TargetArgs, name: &str) -> Place {
    Place::Context {
        context: name.to_owned(),
        kubeconfig: args.kubeconfig.as_ref().map(|file| env.cwd.join(file)),
    }
}

/// Asks which cluster.
///
/// # Errors
/// When interrupted, or where a kubeconfig cannot be read.
pub(super) fn ask(env: &Env, ui: &Ui, args: &TargetArgs) -> Result<Place, Failure> {
    let kubeconfigs = Kubeconfigs::load(env, args.kubeconfig.as_deref())?;
    let contexts = kubeconfigs.contexts();
    if contexts.is_empty() {
        ui.status("\nNo kubeconfig has a context, so this goes to the sandbox on this machine.");
        return Ok(Place::Sandbox(DEFAULT_SANDBOX.into()));
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
        Some(chosen) => context(env, args, &chosen.name),
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

/// The failure of a command that needs a sandbox which does not run, and starts none.
pub(super) fn asleep(place: &Place) -> Failure {
    let start = match place {
        Place::Sandbox(name) if name != DEFAULT_SANDBOX => format!("devbox sandbox start --name {name}"),
        _ => "devbox sandbox start".to_owned(),
    };
    Failure::new(format!("{} does not run", describe(place)))
        .hint(format!("start it, its data is kept: `{start}`"))
}
