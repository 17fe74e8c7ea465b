//! The cluster that an environment goes to, from a name to a confirmed connection.
//!
//! The way is opened first (approach), looking comes second (reach), asking third (confirm), and only then
//! may a sandbox be started and anything be written (arrive). A target that looks like production never
//! gets past the first step.

use std::collections::BTreeSet;

use tokio::task::JoinHandle;

use super::place;
use crate::cli::TargetArgs;
use crate::cluster::guard::{self, Confirmed, Subject, Verdict};
use crate::cluster::{Cluster, ClusterError, Environment, Look, Pin, Pins, Seen};
use crate::config::Place;
use crate::env::Env;
use crate::error::Failure;
use crate::event::{Event, Outcome, Sink};
use crate::kubeconfig::{Kubeconfigs, Target};
use crate::render::Manifest;
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
    Reached(Box<Reached>),
}

struct Reached {
    cluster: Cluster,
    verdict: Verdict,
    seen: Option<Seen>,
}

/// What is looked at together with who the cluster is.
pub(super) enum Sight<'a> {
    /// What a bundle will meet.
    Bundle { environment: &'a Environment, manifests: &'a [Manifest], look: Look },
    /// All there is of an environment, which probably has these kinds.
    Standing { environment: &'a Environment, kinds: &'a BTreeSet<String> },
}

/// A connection that is being opened while something else is done.
pub(super) struct Approach {
    place: Place,
    /// `None` where it is a sandbox that does not run.
    opening: Option<(Target, JoinHandle<Result<Cluster, ClusterError>>)>,
}

impl Approach {
    /// Begins to open a connection to a place that no name of says production; sends no request.
    /// `namespace` is empty where it is not known yet.
    ///
    /// # Errors
    /// Where the kubeconfig lacks it, or it looks like production.
    pub(super) async fn begin(env: &Env, place: &Place, namespace: &str) -> Result<Self, Failure> {
        let target = match place {
            Place::Context { .. } => Some(named(env, place, namespace)?),
            Place::Sandbox(name) => {
                let status = sandbox::status(env, name).await?;
                match status.kubeconfig.filter(|_| status.condition == Condition::Ready) {
                    None => None,
                    Some(file) => {
                        let target = Kubeconfigs::load(env, Some(&file))?.target(Some(&status.context))?;
                        guard::check_names(&Subject::new(&target, namespace))?;
                        Some(target)
                    }
                }
            }
        };
        let opening = target.map(|target| {
            let to = target.clone();
            (target, tokio::spawn(async move { Cluster::dial(&to).await }))
        });
        Ok(Self { place: place.clone(), opening })
    }

    /// Waits for the connection, looks who is there, and at what is asked for in the same moment, and asks
    /// the guard; starts nothing, writes nothing.
    ///
    /// # Errors
    /// Where the cluster cannot be reached, or the guard refuses it.
    pub(super) async fn reach(
        self,
        env: &Env,
        sink: &dyn Sink,
        namespace: &str,
        sight: Option<Sight<'_>>,
    ) -> Result<Destination, Failure> {
        let state = match self.opening {
            None => State::Asleep,
            Some((target, opening)) => {
                guard::check_names(&Subject::new(&target, namespace))?;
                let opening = async {
                    match opening.await {
                        Ok(opened) => opened.map_err(Failure::from),
                        Err(error) => {
                            Err(Failure::new("the connection was given up on").cause(error.to_string()))
                        }
                    }
                };
                reached(env, sink, &target, namespace, opening, sight).await?
            }
        };
        Ok(Destination { place: self.place, namespace: namespace.to_owned(), state })
    }
}

/// A connection that may be written to.
pub(super) struct Arrived {
    pub(super) cluster: Cluster,
    pub(super) confirmed: Confirmed,
    /// What was seen with the cluster's identity, where that was asked for and nobody had to be.
    pub(super) seen: Option<Seen>,
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
    pub(super) async fn reach(
        env: &Env,
        sink: &dyn Sink,
        place: &Place,
        namespace: &str,
    ) -> Result<Self, Failure> {
        Approach::begin(env, place, namespace).await?.reach(env, sink, namespace, None).await
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
            State::Reached(reached) => reached.cluster.target().server.clone(),
        }
    }

    /// Asks for what the guard wants typed; `--confirm-context` types it beforehand.
    ///
    /// # Errors
    /// Where it is not typed, or nobody can be asked (exit code 5).
    pub(super) fn confirm(&mut self, ui: &Ui, args: &TargetArgs) -> Result<(), Failure> {
        let State::Reached(reached) = &mut self.state else { return Ok(()) };
        let Verdict::Ask(question) = &reached.verdict else { return Ok(()) };
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
        reached.verdict = Verdict::Accepted(question.answer(&typed)?);
        reached.seen = None;
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
                dialled(env, sink, &target, &self.namespace).await?
            }
            (State::Named(target), _) => dialled(env, sink, &target, &self.namespace).await?,
            (state, _) => state,
        };
        let State::Reached(reached) = state else {
            return Err(Failure::new(format!("{} was not reached", place::describe(&self.place))));
        };
        let Reached { cluster, verdict, seen } = *reached;
        match verdict {
            Verdict::Accepted(confirmed) => {
                if matches!(self.place, Place::Context { .. }) {
                    Pins::remember(env, Pin::new(cluster.identity(), &cluster.target().context))?;
                }
                Ok(Arrived { cluster, confirmed, seen })
            }
            Verdict::Ask(question) => Err(question.unanswered().into()),
            Verdict::Refused(refusal) => Err(refusal.into()),
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

async fn dialled(env: &Env, sink: &dyn Sink, target: &Target, namespace: &str) -> Result<State, Failure> {
    let opening = async { Cluster::dial(target).await.map_err(Failure::from) };
    reached(env, sink, target, namespace, opening, None).await
}

async fn reached(
    env: &Env,
    sink: &dyn Sink,
    target: &Target,
    namespace: &str,
    opening: impl Future<Output = Result<Cluster, Failure>>,
    sight: Option<Sight<'_>>,
) -> Result<State, Failure> {
    sink.emit(Event::started("connect", format!("connect to {}", target.server)));
    let looking = async {
        let mut cluster = opening.await?;
        let seen = match sight {
            None => {
                cluster.identify().await?;
                None
            }
            Some(Sight::Bundle { environment, manifests, look }) => {
                Some(cluster.see(environment, manifests, look, sink).await?)
            }
            Some(Sight::Standing { environment, kinds }) => {
                Some(cluster.see_standing(environment, kinds, sink).await?)
            }
        };
        Ok::<_, Failure>((cluster, seen))
    };
    let looked = looking.await;
    let outcome = if looked.is_ok() { Outcome::Done } else { Outcome::Failed };
    sink.emit(Event::ended("connect", outcome, ""));
    let (cluster, seen) = looked?;
    match guard::judge(&Subject::new(target, namespace), cluster.identity(), &Pins::load(env)?) {
        Verdict::Refused(refusal) => Err(refusal.into()),
        verdict => Ok(State::Reached(Box::new(Reached { cluster, verdict, seen }))),
    }
}
