//! The cluster that an environment goes to, from a name to a confirmed connection.
//!
//! Looking comes first (reach), asking second (confirm), and only then may a sandbox be started and
//! anything be written (arrive). A target that looks like production never gets past the first step.

use super::place;
use crate::cli::TargetArgs;
use crate::cluster::guard::{self, Confirmed, Subject, Verdict};
use crate::cluster::{Cluster, Pin, Pins};
use crate::config::Place;
use crate::env::Env;
use crate::error::Failure;
use crate::event::{Event, Outcome, Sink};
use crate::kubeconfig::{Kubeconfigs, Target};
use crate::sandbox::{self, Condition, StartOptions};
use crate::ui::Ui;

/// A cluster on the way to being confirmed.
pub(super) struct Destination {
    place: Place,
    namespace: String,
    state: State,
}

enum State {
    /// A sandbox that does not run yet.
    Asleep,
    /// Known by name only (dry run).
    Named(Box<Target>),
    /// Connected; the guard has spoken.
    Reached(Box<(Cluster, Verdict)>),
}

/// A connection that may be written to.
pub(super) struct Arrived {
    pub(super) cluster: Cluster,
    pub(super) confirmed: Confirmed,
}

impl Destination {
    /// Looks the target up without connecting.
    ///
    /// # Errors
    /// Where the kubeconfig lacks it, or it looks like production.
    pub(super) fn unseen(env: &Env, place: &Place, namespace: &str) -> Result<Self, Failure> {
        let state = match place {
            Place::Sandbox(_) => State::Asleep,
            Place::Context { .. } => State::Named(Box::new(named(env, place, namespace)?)),
        };
        Ok(Self { place: place.clone(), namespace: namespace.to_owned(), state })
    }

    /// Connects and asks the guard; starts nothing, writes nothing.
    ///
    /// # Errors
    /// Where the cluster cannot be reached, or the guard refuses it.
    pub(super) async fn reach(env: &Env, ui: &Ui, place: &Place, namespace: &str) -> Result<Self, Failure> {
        let state = match place {
            Place::Sandbox(name) => {
                let status = sandbox::status(env, name).await?;
                match status.kubeconfig.filter(|_| status.condition == Condition::Ready) {
                    None => State::Asleep,
                    Some(kubeconfig) => {
                        let target =
                            Kubeconfigs::load(env, Some(&kubeconfig))?.target(Some(&status.context))?;
                        reached(env, ui.sink().as_ref(), &target, namespace).await?
                    }
                }
            }
            Place::Context { .. } => {
                let target = named(env, place, namespace)?;
                reached(env, ui.sink().as_ref(), &target, namespace).await?
            }
        };
        Ok(Self { place: place.clone(), namespace: namespace.to_owned(), state })
    }

    /// It is a sandbox that does not run.
    pub(super) fn is_asleep(&self) -> bool {
        matches!(self.state, State::Asleep)
    }

    /// The place that was chosen.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The server, or what stands for it.
    pub(super) fn server(&self) -> String {
        match &self.state {
            State::Asleep => "a real API server with a simulated node, started when you confirm".into(),
            State::Named(target) => target.server.clone(),
            State::Reached(reached) => reached.0.target().server.clone(),
        }
    }

    /// Asks for what the guard wants typed; `--confirm-context` types it beforehand.
    ///
    /// # Errors
    /// Where it is not typed, or nobody can be asked (exit code 5).
    pub(super) fn confirm(&mut self, ui: &Ui, args: &TargetArgs) -> Result<(), Failure> {
        let State::Reached(reached) = &mut self.state else { return Ok(()) };
        let Verdict::Ask(question) = &reached.1 else { return Ok(()) };
        let question = question.clone();
        let context = question.subject.context.clone();
        let typed = match &args.confirm_context {
            Some(typed) => typed.clone(),
            None if ui.interactive => {
                ui.warn(&format!("context `{context}` at {}: {}", question.subject.server, question.reason));
                ui.input(&format!("Type `{context}` to use this cluster"), None, &|_| Ok(()))?
            }
            None => return Err(question.unanswered().into()),
        };
        reached.1 = Verdict::Accepted(question.answer(&typed)?);
        Ok(())
    }

    /// Starts a sandbox that does not run, and gives the connection that may be written to. A cluster
    /// that was confirmed by hand is remembered.
    ///
    /// # Errors
    /// Where the sandbox does not start, or the guard was not satisfied.
    pub(super) async fn arrive(self, env: &Env, sink: &dyn Sink) -> Result<Arrived, Failure> {
        let state = match (self.state, &self.place) {
            (State::Asleep, Place::Sandbox(name)) => {
                let options = StartOptions {
                    name: name.clone(),
                    follow: None,
                    audit: false,
                    node: None,
                    host_ports: Vec::new(),
                };
                let running = sandbox::start(env, &options, sink).await?;
                let target =
                    Kubeconfigs::load(env, Some(&running.kubeconfig))?.target(Some(&running.context))?;
                reached(env, sink, &target, &self.namespace).await?
            }
            (State::Named(target), _) => reached(env, sink, &target, &self.namespace).await?,
            (state, _) => state,
        };
        let State::Reached(reached) = state else {
            return Err(Failure::new(format!("{} was not reached", place::describe(&self.place))));
        };
        match *reached {
            (cluster, Verdict::Accepted(confirmed)) => {
                if matches!(self.place, Place::Context { .. }) {
                    Pins::remember(env, Pin::new(cluster.identity(), &cluster.target().context))?;
                }
                Ok(Arrived { cluster, confirmed })
            }
            (_, Verdict::Ask(question)) => Err(question.unanswered().into()),
            (_, Verdict::Refused(refusal)) => Err(refusal.into()),
        }
    }
}

/// Resolves a context and refuses one whose names say production, before a single byte is sent.
fn named(env: &Env, place: &Place, namespace: &str) -> Result<Target, Failure> {
    let Place::Context { context, kubeconfig } = place else {
        return Err(Failure::new("a sandbox has no context of yours"));
    };
    let target = Kubeconfigs::load(env, kubeconfig.as_deref())?.target(Some(context))?;
    guard::check_names(&Subject::new(&target, namespace))?;
    Ok(target)
}

async fn reached(env: &Env, sink: &dyn Sink, target: &Target, namespace: &str) -> Result<State, Failure> {
    sink.emit(Event::started("connect", format!("connect to {}", target.server)));
    let cluster = match Cluster::connect(target).await {
        Ok(cluster) => cluster,
        Err(error) => {
            sink.emit(Event::ended("connect", Outcome::Failed, ""));
            return Err(error.into());
        }
    };
    sink.emit(Event::ended("connect", Outcome::Done, ""));
    let verdict = guard::judge(&Subject::new(target, namespace), cluster.identity(), &Pins::load(env)?);
    match verdict {
        Verdict::Refused(refusal) => Err(refusal.into()),
        verdict => Ok(State::Reached(Box::new((cluster, verdict)))),
    }
}
