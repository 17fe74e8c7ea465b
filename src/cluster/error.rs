//! What can go wrong with a cluster, and what to do about it. Nothing else in the crate interprets
//! `kube::Error` or an API server's `Status`.

mod interpret;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub(in crate::cluster) use interpret::{Subject, from_kube, from_status};

use super::guard::Refusal;
use crate::error::{Exit, Explain};
use crate::kubeconfig::KubeconfigError;
use crate::render::ObjectKey;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a server does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing listens there.
    Refused,
    /// The name does not resolve.
    Dns,
    /// No answer in time.
    TimedOut,
    /// The connection was cut.
    Cut,
    /// No route.
    NoRoute,
    /// The proxy in between does not let us through.
    Proxy,
    /// Something else; the cause says what.
    Other,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Dns => "its name does not resolve",
            Self::TimedOut => "no answer in time",
            Self::Cut => "the connection was cut",
            Self::NoRoute => "no route to it",
            Self::Proxy => "the proxy does not let us through",
            Self::Other => "the connection failed",
        })
    }
}

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldConflict {
    /// The manager, such as `kubectl-edit`.
    pub manager: String,
    /// The field, such as `.spec.replicas`.
    pub field: String,
}

/// A field that the API server does not accept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// The field, such as `spec.containers[0].image`; empty where the server names none.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// A permission that is missing, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who was denied.
    pub user: String,
    /// Such as `patch`.
    pub verb: String,
    /// Such as `deployments`, or `serviceaccounts/token`.
    pub resource: String,
    /// Its API group; empty for the core group.
    pub group: String,
    /// The namespace; `None` at the cluster scope.
    pub namespace: Option<String>,
}

/// A failure that a cluster, the way to it, or a rule about it gave.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig entry cannot be used.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// The client cannot be set up: keys, certificates, proxy.
    #[error("cannot set up the connection to `{server}`")]
    Setup {
        /// The server.
        server: String,
        /// What is wrong.
        #[source]
        source: Source,
    },
    /// The credential plugin or token file gave nothing to sign in with.
    #[error("cannot get a credential for context `{context}`")]
    Credential {
        /// The context.
        context: String,
        /// What the plugin said.
        #[source]
        source: Source,
    },
    /// The server cannot be reached.
    #[error("cannot reach `{server}`: {reach}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        reach: Reach,
        /// The network's words.
        #[source]
        source: Source,
    },
    /// The server's certificate does not hold.
    #[error("cannot trust `{server}`: {problem}")]
    Untrusted {
        /// The server.
        server: String,
        /// What is wrong with the certificate.
        problem: String,
    },
    /// The answer is not one of a Kubernetes API server.
    #[error("cannot {what}: the answer is not one of a Kubernetes API server")]
    Answer {
        /// What was tried.
        what: String,
        /// What is odd about it.
        #[source]
        source: Source,
    },
    /// 401.
    #[error("`{server}` does not accept the credentials of context `{context}`")]
    Unauthorized {
        /// The server.
        server: String,
        /// The context.
        context: String,
    },
    /// 403 for want of a permission.
    #[error("cannot {what}: {} may not {} {}", denied.user, denied.verb, resource(denied))]
    Forbidden {
        /// What was tried.
        what: String,
        /// The missing permission.
        denied: Box<Denied>,
    },
    /// An admission rule said no.
    #[error("cannot {what}: {message}")]
    Rejected {
        /// What was tried.
        what: String,
        /// The rule's words.
        message: String,
    },
    /// 403: the namespace's quota does not allow it.
    #[error("cannot {what}: {message}")]
    Quota {
        /// What was tried.
        what: String,
        /// What the quota allows, is used and was asked for.
        message: String,
    },
    /// The namespace is being deleted.
    #[error("namespace `{namespace}` is being deleted{}", held_by.iter().map(|line| format!("\n- {line}")).collect::<String>())]
    Terminating {
        /// The namespace.
        namespace: String,
        /// What is left in it, where that was looked at.
        held_by: Vec<String>,
    },
    /// 404.
    #[error("cannot {what}: {message}")]
    NotFound {
        /// What was tried.
        what: String,
        /// What is not there.
        message: String,
    },
    /// 409: another manager owns fields.
    #[error("cannot {what}: {}", conflicts(conflicts_of))]
    Conflict {
        /// What was tried.
        what: String,
        /// Manager and field, one per conflict.
        conflicts_of: Vec<FieldConflict>,
    },
    /// 409 for another reason: it changed or exists.
    #[error("cannot {what}: {message}")]
    Changed {
        /// What was tried.
        what: String,
        /// The server's words.
        message: String,
    },
    /// 400 or 422: the object is not valid, or a field cannot be changed.
    #[error("cannot {what}: {}", problems(fields))]
    Invalid {
        /// What was tried.
        what: String,
        /// Field and problem, one per field.
        fields: Vec<FieldProblem>,
        /// A field of the existing object cannot be changed.
        immutable: bool,
    },
    /// What cannot be changed in place was not made anew either.
    #[error("cannot recreate {what}: {why}")]
    NotRecreated {
        /// The object.
        what: String,
        /// Why.
        why: String,
        /// The server's words.
        #[source]
        source: Option<Box<ClusterError>>,
    },
    /// Another error status.
    #[error("cannot {what}: the server answered {code} {message}")]
    Server {
        /// What was tried.
        what: String,
        /// The HTTP status.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// Tried again and again, then given up on.
    #[error("cannot {what}: gave up after {} in {} s", tries_text(*tries), elapsed.as_secs())]
    GaveUp {
        /// What was tried.
        what: String,
        /// How often.
        tries: u32,
        /// For how long.
        elapsed: Duration,
        /// The last failure.
        #[source]
        last: Box<ClusterError>,
    },
    /// No table, definition or discovery knows the kind.
    #[error("the cluster knows no kind `{kind}` in `{api_version}` ({template})")]
    UnknownKind {
        /// The kind.
        kind: String,
        /// Its `apiVersion`.
        api_version: String,
        /// The template that asks for it.
        template: String,
    },
    /// The guard refused the target.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The cluster behind the address is another one than the one confirmed.
    #[error("`{server}` is not the cluster that was confirmed: {difference}")]
    OtherCluster {
        /// The server.
        server: String,
        /// What differs.
        difference: String,
    },
    /// Manifests that would be written elsewhere, found before anything is written.
    #[error("refused before anything was written: {}", lines(objects))]
    Outside {
        /// Object and reason, one line each.
        objects: Vec<String>,
    },
    /// Objects that belong to another apply set.
    #[error("refused before anything was written: {}", lines(objects))]
    Foreign {
        /// Object and owner, one line each.
        objects: Vec<String>,
    },
    /// The parent of the apply set is not ours.
    #[error("`{parent}` in namespace `{namespace}` is not devbox's record of this environment: {problem}")]
    ForeignParent {
        /// The parent, such as `ConfigMap/devbox-shop`.
        parent: String,
        /// Its namespace.
        namespace: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Some objects could not be applied.
    #[error("{}", failures_text(failures, *not_started))]
    NotApplied {
        /// Object and failure.
        failures: Vec<(ObjectKey, String)>,
        /// How many objects were not tried because something before them failed.
        not_started: usize,
        /// Hints of the failures, each once.
        hints: Vec<String>,
    },
    /// Everything was applied and something is not ready.
    #[error("{}", not_ready_text(objects, *timed_out))]
    NotReady {
        /// What is not ready, and why.
        objects: Vec<super::wait::NotReady>,
        /// The deadline passed.
        timed_out: bool,
    },
    /// Something could not be removed, or does not go away.
    #[error("not everything was removed:{}", objects.iter().map(|line| format!("\n- {line}")).collect::<String>())]
    NotRemoved {
        /// Object and reason, one line each.
        objects: Vec<String>,
    },
    /// State of devbox's own could not be read or written.
    #[error(transparent)]
    State(#[from] crate::fs::FsError),
    /// The state file is not what devbox writes.
    #[error("cannot read `{}`", path.display())]
    StateSyntax {
        /// The file.
        path: std::path::PathBuf,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] getrandom::Error),
}

fn resource(denied: &Denied) -> String {
    let group = if denied.group.is_empty() { String::new() } else { format!(".{}", denied.group) };
    match &denied.namespace {
        Some(namespace) => format!("`{}{group}` in namespace `{namespace}`", denied.resource),
        None => format!("`{}{group}` at the cluster scope", denied.resource),
    }
}

fn conflicts(conflicts: &[FieldConflict]) -> String {
    let each: Vec<String> =
        conflicts.iter().map(|c| format!("`{}` is managed by `{}`", c.field, c.manager)).collect();
    each.join(", ")
}

fn problems(fields: &[FieldProblem]) -> String {
    let each: Vec<String> = fields
        .iter()
        .map(|problem| match problem.field.as_str() {
            "" => problem.message.clone(),
            field => format!("`{field}`: {}", problem.message),
        })
        .collect();
    each.join("; ")
}

fn lines(each: &[String]) -> String {
    match each {
        [one] => one.clone(),
        many => many.iter().map(|line| format!("\n- {line}")).collect(),
    }
}

fn failures_text(failures: &[(ObjectKey, String)], not_started: usize) -> String {
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

fn tries_text(tries: u32) -> String {
    if tries == 1 { "1 try".into() } else { format!("{tries} tries") }
}

fn not_ready_text(objects: &[super::wait::NotReady], timed_out: bool) -> String {
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

/// The command with which an admin grants a permission.
fn grant(denied: &Denied) -> String {
    let group = if denied.group.is_empty() { String::new() } else { format!(".{}", denied.group) };
    let (resource, subresource) = denied.resource.split_once('/').unwrap_or((&denied.resource, ""));
    let slash = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
    let subject = match denied.user.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("--serviceaccount={account}"),
        None => format!("--user={}", denied.user),
    };
    let verb = &denied.verb;
    match &denied.namespace {
        Some(namespace) => format!(
            "an admin can grant it: `kubectl -n {namespace} create role devbox --verb={verb} --resource={resource}{group}{slash}` \
             and `kubectl -n {namespace} create rolebinding devbox --role=devbox {subject}`"
        ),
        None => format!(
            "an admin can grant it: `kubectl create clusterrole devbox --verb={verb} --resource={resource}{group}{slash}` \
             and `kubectl create clusterrolebinding devbox --clusterrole=devbox {subject}`"
        ),
    }
}

impl Explain for ClusterError {
    fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::Kubeconfig(error) => error.hints(),
            Self::Credential { .. } => {
                one("run the login command of your cluster, then the same command again")
            }
            Self::Unreachable { server, reach, .. } => match reach {
                Reach::Refused => one(
                    "is the cluster running? a stopped local one must be started again (`devbox sandbox status` for the sandbox)",
                ),
                Reach::Dns => one("check the server's name in the kubeconfig, and that the VPN is connected"),
                Reach::TimedOut | Reach::NoRoute => {
                    vec![format!("check VPN, firewall and proxy: `curl -k {server}/version`")]
                }
                Reach::Proxy => one("check `proxy-url` in the kubeconfig, or `HTTPS_PROXY` and `NO_PROXY`"),
                Reach::Cut | Reach::Other => vec![format!("try it by hand: `curl -k {server}/version`")],
            },
            Self::Untrusted { .. } => one(
                "get a fresh kubeconfig for this cluster; if a proxy opens TLS connections, put its CA into the cluster entry",
            ),
            Self::Unauthorized { context, .. } => vec![format!(
                "the credential is wrong or has expired: sign in again, then `kubectl --context {context} auth whoami`"
            )],
            Self::Forbidden { denied, .. } => vec![grant(denied)],
            Self::Quota { .. } => {
                one("ask for less in `devbox.yaml`, remove what is not used, or have the quota raised")
            }
            Self::Terminating { namespace, .. } => vec![format!(
                "wait until it is gone, or see what holds it: `kubectl get namespace {namespace} -o jsonpath='{{.status.conditions}}'`"
            )],
            Self::Conflict { .. } => one(
                "pass `--force-conflicts` to take the fields, or remove them from the template, or give them the live value",
            ),
            Self::Invalid { immutable: true, .. } => one(
                "this field cannot be changed on an existing object; `--recreate` deletes the object and makes it anew",
            ),
            Self::GaveUp { last, .. } => {
                let mut hints = last.hints();
                hints.push("what was applied stays; run the same command again to go on".into());
                hints
            }
            Self::UnknownKind { .. } => one(
                "install the operator or CustomResourceDefinition that brings it, or leave the object out",
            ),
            Self::Refused(refusal) => refusal.hints(),
            Self::OtherCluster { .. } => one(
                "nothing was written; if the cluster was really made anew, confirm it again by running the command in a terminal",
            ),
            Self::ForeignParent { .. } => one(
                "another tool keeps its record under that name: use another project name, or remove that record with its tool",
            ),
            Self::Foreign { .. } => one("rename the object, or remove it with the tool that owns it"),
            Self::NotApplied { hints, .. } => hints.clone(),
            Self::NotReady { objects, .. } => {
                let mut hints: Vec<String> = Vec::new();
                for object in objects {
                    if let Some(advice) = &object.advice {
                        let hint = format!("{}: {advice}", object.key);
                        if !hints.contains(&hint) {
                            hints.push(hint);
                        }
                    }
                }
                hints.push("what was applied stays; `devbox status` shows it".into());
                hints
            }
            Self::NotRemoved { .. } => one("the record of the environment is kept; run `devbox down` again"),
            Self::State(error) => error.hints(),
            Self::StateSyntax { path, .. } => {
                vec![format!("remove `{}`: clusters are then confirmed anew", path.display())]
            }
            Self::Setup { .. }
            | Self::Answer { .. }
            | Self::Rejected { .. }
            | Self::NotFound { .. }
            | Self::Changed { .. }
            | Self::Invalid { .. }
            | Self::NotRecreated { .. }
            | Self::Server { .. }
            | Self::Outside { .. }
            | Self::Random(_) => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Kubeconfig(error) => error.exit(),
            Self::NotReady { .. } => Exit::NotReady,
            Self::Refused(_) | Self::OtherCluster { .. } => Exit::Refused,
            _ => Exit::Failure,
        }
    }
}
