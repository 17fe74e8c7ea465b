//! Which failures are worth another try, and how long to wait before it. Pure.
//!
//! Server-side apply with a fixed field manager and DELETE with a UID are idempotent, so a request
//! whose answer was lost may be sent again (`apply.md`, Retry).

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::StatusCode;
use kube::core::Status;

/// A request is given up on after this many tries...
pub(super) const MOST_TRIES: u32 = 9;

/// ...or when the next one would start later than this after the first.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// The waits between tries: 0.1 s doubling to 5 s, jittered.
pub(super) fn delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_factor(2.0)
        .with_jitter()
        .with_max_times(MOST_TRIES as usize - 1)
        .build()
}

/// Short-lived states of a cluster that a caller knows it may meet, on top of what any request is
/// retried for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Races {
    /// The namespace was created by this run: its service account and the servers' caches may lag.
    pub(super) fresh_namespace: bool,
    /// The kind's definition was created by this run (up to 5 s on several API servers).
    pub(super) fresh_kind: bool,
    /// The role that a binding names is applied in the same wave.
    pub(super) role_in_flight: bool,
    /// A quota in the bundle may not have been counted yet.
    pub(super) fresh_quota: bool,
}

/// Whether an answer may turn out otherwise soon.
pub(super) fn is_transient(code: StatusCode, status: &Status, races: Races) -> bool {
    let message = status.message.as_str();
    let reason = status.reason.as_str();
    match code.as_u16() {
        429 | 502 | 503 | 504 => true,
        500 => is_transient_500(reason, message),
        // apiserver: quota usage was changed by somebody else in between
        // (k8s.io/apiserver/pkg/admission/plugin/resourcequota, "Operation cannot be fulfilled on resourcequotas").
        409 => message.contains("Operation cannot be fulfilled on resourcequotas"),
        403 => {
            (races.fresh_namespace && message.contains("error looking up service account"))
                || (races.fresh_quota && message.contains("status unknown for quota"))
        }
        404 => {
            let kind = status.details.as_ref().map_or("", |details| details.kind.as_str());
            (races.fresh_kind && message.contains("could not find the requested resource"))
                || (races.fresh_namespace && kind == "namespaces")
                // The escalation check does not find the role and blames the binding
                // (k8s.io/kubernetes/pkg/registry/rbac/rolebinding/policybased).
                || (races.role_in_flight && (kind.ends_with("roles") || kind.ends_with("rolebindings")))
        }
        // SpinKube's webhook asks its cache, which learns of a new executor a moment later
        // (spinframework/spin-operator, internal/webhook/spinapp_validating.go).
        422 => message.contains("executor does not exist in namespace"),
        _ => false,
    }
}

/// Internal errors that name something which recovers: etcd, a leader election, a webhook.
fn is_transient_500(reason: &str, message: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "etcdserver",
        "leader changed",
        "no leader",
        "failed calling webhook",
        "connection refused",
        "connection reset",
        "context deadline exceeded",
        "request timed out",
    ];
    reason == "ServerTimeout" || SIGNS.iter().any(|sign| message.contains(sign))
}

/// What `Retry-After` asks for, in seconds, or the same from the status's details.
pub(super) fn retry_after(header: Option<&str>, status: &Status) -> Option<Duration> {
    let from_header = header.and_then(|text| text.trim().parse::<u64>().ok());
    let from_details =
        status.details.as_ref().map(|details| u64::from(details.retry_after_seconds)).filter(|s| *s > 0);
    from_header.or(from_details).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(yaml: &str) -> Status {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn transient(code: u16, yaml: &str, races: Races) -> bool {
        is_transient(StatusCode::from_u16(code).unwrap(), &status(yaml), races)
    }

    #[test]
    fn throttling_and_gateways_are_retried_and_plain_refusals_are_not() {
        for code in [429, 502, 503, 504] {
            assert!(transient(code, "{}", Races::default()), "{code}");
        }
        for code in [400, 401, 403, 404, 409, 422, 500] {
            assert!(!transient(code, "{message: no}", Races::default()), "{code}");
        }
    }

    #[test]
    fn an_executor_that_was_just_made_is_waited_for() {
        let message = "{message: 'SpinApp \"a\" is invalid: spec.executor: Invalid value: \"a\": executor does not exist in namespace'}";
        assert!(transient(422, message, Races::default()));
    }

    #[test]
    fn an_internal_error_is_retried_only_for_what_recovers() {
        assert!(transient(500, "{message: 'etcdserver: leader changed'}", Races::default()));
        assert!(transient(
            500,
            "{message: 'Internal error occurred: failed calling webhook \"a.b\"'}",
            Races::default()
        ));
        assert!(!transient(500, "{message: 'panic'}", Races::default()));
    }

    #[test]
    fn races_are_retried_only_where_the_caller_expects_them() {
        let account = "{message: 'pods \"x\" is forbidden: error looking up service account n/default: serviceaccount \"default\" not found'}";
        assert!(!transient(403, account, Races::default()));
        assert!(transient(403, account, Races { fresh_namespace: true, ..Races::default() }));
        let kind = "{message: the server could not find the requested resource}";
        assert!(!transient(404, kind, Races::default()));
        assert!(transient(404, kind, Races { fresh_kind: true, ..Races::default() }));
        let role = "{message: 'roles.rbac.authorization.k8s.io \"x\" not found', details: {kind: roles}}";
        assert!(transient(404, role, Races { role_in_flight: true, ..Races::default() }));
        let binding = "{message: 'rolebindings.rbac.authorization.k8s.io \"x\" not found', details: {kind: rolebindings}}";
        assert!(transient(404, binding, Races { role_in_flight: true, ..Races::default() }));
        assert!(!transient(404, binding, Races::default()));
        let quota = "{message: 'pods \"x\" is forbidden: status unknown for quota: dev, resources: pods'}";
        assert!(transient(403, quota, Races { fresh_quota: true, ..Races::default() }));
        assert!(transient(
            409,
            "{message: 'Operation cannot be fulfilled on resourcequotas \"dev\": the object has been modified'}",
            Races::default()
        ));
    }

    #[test]
    fn retry_after_comes_from_the_header_or_the_details() {
        assert_eq!(retry_after(Some("3"), &status("{}")), Some(Duration::from_secs(3)));
        assert_eq!(
            retry_after(None, &status("{details: {retryAfterSeconds: 2}}")),
            Some(Duration::from_secs(2))
        );
        assert_eq!(retry_after(Some("Wed, 21 Oct 2026 07:28:00 GMT"), &status("{}")), None);
    }

    #[test]
    fn the_waits_are_bounded() {
        let total: Duration = delays().sum();
        assert_eq!(delays().count(), MOST_TRIES as usize - 1);
        assert!(total < LONGEST, "{total:?}");
    }
}
