//! What can go wrong with a cluster, and what to do about it. Nothing else in the crate interprets
//! `kube::Error` or an API server's `Status`.

mod hints;
mod interpret;
mod words;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub(in crate::cluster) use interpret::{Subject, from_kube, from_status};

use super::guard::Refusal;
use crate::kubeconfig::KubeconfigError;
use crate::render::ObjectKey;

use words::{conflicts, failures_text, lines, not_ready_text, problems, resource, tries_text};

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
        /// What the template says has to be installed.
        requires: Option<String>,
    },
    /// A pod asks for a `RuntimeClass` that the cluster does not have.
    #[error("the cluster has no RuntimeClass `{name}`, which {object} asks for ({template})")]
    NoRuntimeClass {
        /// The class.
        name: String,
        /// The object that asks for it.
        object: String,
        /// The template that asks for it.
        template: String,
        /// What the template says has to be installed.
        requires: Option<String>,
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
