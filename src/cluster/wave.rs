//! What has to be there before what. Pure.
//!
//! Inside a wave everything goes in parallel, and the next wave waits for the HTTP answers only (for
//! readiness only after definitions). Where an object fails, the others of its wave go on and later
//! waves are not started. Removal goes the other way round.

/// A step of an apply, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Wave {
    /// The namespace, before what is in it.
    Namespace,
    /// CustomResourceDefinitions, before custom resources.
    Definitions,
    /// What workloads refer to: roles, config, secrets, accounts, quota, limits, policies, volumes.
    Foundations,
    /// Workloads, services, custom resources and every kind not named elsewhere.
    Workloads,
    /// What can stand in everything else's way: webhooks and API services. Last in, first out.
    Hooks,
}

/// All waves, in order.
pub(super) const WAVES: [Wave; 5] =
    [Wave::Namespace, Wave::Definitions, Wave::Foundations, Wave::Workloads, Wave::Hooks];

impl Wave {
    /// The wave of a kind.
    pub(super) fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Namespace") => Self::Namespace,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Self::Definitions,
            (
                "",
                "ConfigMap"
                | "Secret"
                | "ServiceAccount"
                | "ResourceQuota"
                | "LimitRange"
                | "PersistentVolume"
                | "PersistentVolumeClaim",
            )
            | ("rbac.authorization.k8s.io", _)
            | ("networking.k8s.io", "NetworkPolicy" | "IngressClass")
            // A SpinApp is refused where its executor is not there yet.
            | ("core.spinkube.dev", "SpinAppExecutor")
            | ("scheduling.k8s.io" | "storage.k8s.io" | "node.k8s.io", _) => Self::Foundations,
            ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => Self::Hooks,
            _ => Self::Workloads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_after_what_it_needs() {
        let order = [
            ("", "Namespace"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("", "Secret"),
            ("apps", "Deployment"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ]
        .map(|(group, kind)| Wave::of(group, kind));
        assert_eq!(order, WAVES);
        assert_eq!(Wave::of("", "PersistentVolumeClaim"), Wave::Foundations);
        assert_eq!(Wave::of("rbac.authorization.k8s.io", "RoleBinding"), Wave::Foundations);
        assert_eq!(Wave::of("core.spinkube.dev", "SpinAppExecutor"), Wave::Foundations);
        assert_eq!(Wave::of("toys.dev", "Toy"), Wave::Workloads);
    }
}
