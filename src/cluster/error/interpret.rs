//! What kube, the network and the API server answer, as a [`ClusterError`].

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use kube::core::Status;

use super::{ClusterError, Denied, FieldConflict, FieldProblem, Reach, Source};

/// What a request was about, for the words of its failure.
#[derive(Debug, Clone)]
pub(in crate::cluster) struct Subject<'a> {
    /// Such as `apply Deployment/web`.
    pub(in crate::cluster) what: &'a str,
    /// The server's URL.
    pub(in crate::cluster) server: &'a str,
    /// The context.
    pub(in crate::cluster) context: &'a str,
}

/// Turns a failed exchange (no answer) into an error.
pub(in crate::cluster) fn from_kube(error: kube::Error, subject: &Subject<'_>) -> ClusterError {
    let server = || subject.server.to_owned();
    match error {
        kube::Error::Auth(source) => {
            ClusterError::Credential { context: subject.context.into(), source: credential(&source) }
        }
        kube::Error::Service(source) => from_transport(source, subject),
        kube::Error::HyperError(source) => from_transport(Box::new(source), subject),
        kube::Error::RustlsTls(source) => ClusterError::Setup { server: server(), source: Box::new(source) },
        kube::Error::Api(status) => {
            let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            from_status(code, &status, subject)
        }
        kube::Error::ReadEvents(source) => from_transport(Box::new(source), subject),
        other => ClusterError::Answer { what: subject.what.into(), source: Box::new(other) },
    }
}

/// Drops the plugin's output bytes, keeps its error text: its stdout may hold a token.
fn credential(error: &kube::client::AuthError) -> Source {
    match error {
        kube::client::AuthError::AuthExecRun { cmd, out } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.trim();
            let colon = if said.is_empty() { "" } else { ": " };
            format!("`{cmd}` ended with {}{colon}{said}", out.status).into()
        }
        other => other.to_string().into(),
    }
}

fn from_transport(source: Source, subject: &Subject<'_>) -> ClusterError {
    if let Some(auth) = source.downcast_ref::<kube::client::AuthError>() {
        return ClusterError::Credential { context: subject.context.into(), source: credential(auth) };
    }
    let server = subject.server.to_owned();
    if let Some(problem) = chain(&*source).find_map(certificate_problem) {
        return ClusterError::Untrusted { server, problem };
    }
    let reach = chain(&*source).find_map(reach_of).unwrap_or(Reach::Other);
    let last = chain(&*source).last().map(ToString::to_string).unwrap_or_default();
    ClusterError::Unreachable { server, reach, source: last.into() }
}

/// The causes of an error, itself included. `io::Error` hides the error it wraps from `source()`, so
/// it is looked into.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn StdError + 'static))
            .or_else(|| error.source())
    }
    std::iter::successors(Some(error), |error| next(*error))
}

fn reach_of(error: &(dyn StdError + 'static)) -> Option<Reach> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return match io.kind() {
            io::ErrorKind::ConnectionRefused => Some(Reach::Refused),
            io::ErrorKind::TimedOut => Some(Reach::TimedOut),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Reach::Cut),
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Some(Reach::NoRoute),
            _ => None,
        };
    }
    if error.downcast_ref::<tokio::time::error::Elapsed>().is_some() {
        return Some(Reach::TimedOut);
    }
    if let Some(hyper) = error.downcast_ref::<hyper::Error>()
        && (hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled())
    {
        return Some(Reach::Cut);
    }
    // hyper-util keeps these types to itself; their texts are what it gives.
    let text = error.to_string();
    if text == "dns error" {
        Some(Reach::Dns)
    } else if text.starts_with("tunnel error") {
        Some(Reach::Proxy)
    } else {
        None
    }
}

fn certificate_problem(error: &(dyn StdError + 'static)) -> Option<String> {
    use rustls::CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(problem) = error.downcast_ref::<rustls::Error>()? else {
        return None;
    };
    Some(match problem {
        Certificate::UnknownIssuer => "its certificate is signed by another CA than the kubeconfig's".into(),
        Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired".into(),
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is this machine's clock right?".into()
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "its certificate is for another name".into()
        }
        other => format!("{other}"),
    })
}

/// Turns an error status into an error.
pub(in crate::cluster) fn from_status(
    code: StatusCode,
    status: &Status,
    subject: &Subject<'_>,
) -> ClusterError {
    let what = subject.what.to_owned();
    let message = || readable(&status.message, &status.reason, code);
    let causes = status.details.iter().flat_map(|details| details.causes.iter());
    match code.as_u16() {
        401 => ClusterError::Unauthorized { server: subject.server.into(), context: subject.context.into() },
        403 | 409 if causes.clone().any(|cause| cause.reason == "NamespaceTerminating") => {
            let namespace = quoted_after(&status.message, "namespace ").unwrap_or_default();
            ClusterError::Terminating { namespace, held_by: Vec::new() }
        }
        403 if status.message.contains("exceeded quota") => {
            let start = status.message.find("exceeded quota").unwrap_or(0);
            ClusterError::Quota { what, message: status.message[start..].to_owned() }
        }
        403 => match denied(&status.message) {
            Some(denied) => ClusterError::Forbidden { what, denied: Box::new(denied) },
            None => ClusterError::Rejected { what, message: message() },
        },
        404 => ClusterError::NotFound { what, message: message() },
        409 => {
            let conflicts_of: Vec<FieldConflict> = causes
                .filter(|cause| cause.reason == "FieldManagerConflict")
                .map(|cause| FieldConflict {
                    manager: quoted_after(&cause.message, "conflict with ")
                        .unwrap_or_else(|| cause.message.clone()),
                    field: cause.field.clone(),
                })
                .collect();
            if conflicts_of.is_empty() {
                ClusterError::Changed { what, message: message() }
            } else {
                ClusterError::Conflict { what, conflicts_of }
            }
        }
        400 | 422 => invalid(what, causes, message()),
        code => ClusterError::Server { what, code, message: message() },
    }
}

fn invalid<'a>(
    what: String,
    causes: impl Iterator<Item = &'a kube::core::response::StatusCause>,
    message: String,
) -> ClusterError {
    let mut fields: Vec<FieldProblem> = causes
        .map(|cause| FieldProblem { field: cause.field.clone(), message: cause.message.clone() })
        .collect();
    if fields.is_empty() {
        fields.push(FieldProblem { field: String::new(), message });
    }
    let immutable = fields.iter().any(|problem| {
        ["immutable", "may not change", "cannot change", "are forbidden", "updates to statefulset spec"]
            .iter()
            .any(|sign| problem.message.contains(sign))
    });
    ClusterError::Invalid { what, fields, immutable }
}

fn readable(message: &str, reason: &str, code: StatusCode) -> String {
    match (message, reason) {
        ("", "") => code.canonical_reason().unwrap_or("without a word").to_lowercase(),
        ("", reason) => reason.to_owned(),
        (message, _) => message.trim().to_owned(),
    }
}

/// The text in double quotes after `before`.
fn quoted_after(text: &str, before: &str) -> Option<String> {
    let rest = &text[text.find(before)? + before.len()..];
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    let end = rest.find(['"', ' ']).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

/// Reads `User "jane" cannot patch resource "deployments" in API group "apps" in the namespace "dev"`
/// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, `forbiddenMessage`).
fn denied(message: &str) -> Option<Denied> {
    let rest = &message[message.find("User \"")? + 6..];
    let (user, rest) = rest.split_once("\" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once("in API group \"")?;
    let (group, rest) = rest.split_once('"')?;
    let namespace = rest.split_once("in the namespace \"").and_then(|(_, rest)| rest.split_once('"'));
    Some(Denied {
        user: user.into(),
        verb: verb.into(),
        resource: resource.into(),
        group: group.into(),
        namespace: namespace.map(|(namespace, _)| namespace.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Explain;

    fn explain(code: u16, yaml: &str) -> (String, Vec<String>) {
        let subject = Subject { what: "apply Deployment/web", server: "https://c:6443", context: "dev" };
        let status: Status = serde_yaml::from_str(yaml).unwrap();
        let error = from_status(StatusCode::from_u16(code).unwrap(), &status, &subject);
        (error.to_string(), error.hints())
    }

    #[test]
    fn a_missing_permission_names_verb_resource_and_the_role_to_grant() {
        let (text, hints) = explain(
            403,
            r#"message: 'deployments.apps "web" is forbidden: User "jane" cannot patch resource "deployments" in API group "apps" in the namespace "dev"'"#,
        );
        assert_eq!(
            text,
            "cannot apply Deployment/web: jane may not patch `deployments.apps` in namespace `dev`"
        );
        assert_eq!(
            hints,
            [
                "an admin can grant it: `kubectl -n dev create role devbox --verb=patch --resource=deployments.apps` \
              and `kubectl -n dev create rolebinding devbox --role=devbox --user=jane`"
            ]
        );
    }

    #[test]
    fn a_conflict_names_manager_and_field() {
        let (text, _) = explain(
            409,
            r#"{reason: Conflict, details: {causes: [{reason: FieldManagerConflict, field: .spec.replicas, message: 'conflict with "kubectl-edit" using apps/v1'}]}}"#,
        );
        assert_eq!(text, "cannot apply Deployment/web: `.spec.replicas` is managed by `kubectl-edit`");
    }

    #[test]
    fn an_invalid_object_names_every_field() {
        let (text, _) = explain(
            422,
            "{details: {causes: [{field: spec.a, message: Required value}, {field: spec.b, message: Invalid value}]}}",
        );
        assert_eq!(text, "cannot apply Deployment/web: `spec.a`: Required value; `spec.b`: Invalid value");
    }

    #[test]
    fn a_quota_says_what_is_used_and_a_namespace_that_goes_says_so() {
        let (text, _) = explain(
            403,
            r#"message: 'pods "x" is forbidden: exceeded quota: dev, requested: pods=1, used: pods=1, limited: pods=1'"#,
        );
        assert_eq!(
            text,
            "cannot apply Deployment/web: exceeded quota: dev, requested: pods=1, used: pods=1, limited: pods=1"
        );
        let (text, _) = explain(
            403,
            r#"{message: 'configmaps "x" is forbidden: unable to create new content in namespace dev because it is being terminated', details: {causes: [{reason: NamespaceTerminating, message: "namespace dev is being terminated"}]}}"#,
        );
        assert_eq!(text, "namespace `dev` is being deleted");
    }

    #[test]
    fn an_expired_certificate_is_found_behind_an_io_error() {
        let hidden = io::Error::other(rustls::Error::InvalidCertificate(rustls::CertificateError::Expired));
        let subject = Subject { what: "read", server: "https://c", context: "dev" };
        let error = from_transport(Box::new(hidden), &subject);
        assert_eq!(error.to_string(), "cannot trust `https://c`: its certificate has expired");
    }

    #[test]
    fn a_failed_plugin_shows_its_stderr_and_never_its_stdout() {
        use std::os::unix::process::ExitStatusExt;
        let out = std::process::Output {
            status: std::process::ExitStatus::from_raw(256),
            stdout: b"a-token".to_vec(),
            stderr: b"session expired\n".to_vec(),
        };
        let error = kube::client::AuthError::AuthExecRun { cmd: "login".into(), out: Box::new(out) };
        assert_eq!(credential(&error).to_string(), "`login` ended with exit status: 1: session expired");
    }
}
