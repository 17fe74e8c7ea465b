//! What to do about a failure, and the exit code that it ends the program with.

use super::{ClusterError, Denied, Reach};
use crate::error::{Exit, Explain};

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
            Self::UnknownKind { requires: Some(requires), .. }
            | Self::NoRuntimeClass { requires: Some(requires), .. } => {
                vec![requires.clone(), "nothing was written".into()]
            }
            Self::NoRuntimeClass { requires: None, .. } => one(
                "nothing was written; see which there are with `kubectl get runtimeclass`, and name one in `runtimeClass` or leave it out",
            ),
            Self::UnknownKind { requires: None, .. } => one(
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
