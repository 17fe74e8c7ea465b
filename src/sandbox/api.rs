//! What the sandbox asks its own API server: whether it is ready, and for the first few objects.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use super::SandboxError;
use super::components::NODE_NAME;

/// How often something that is not ready yet is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects with a kubeconfig of ours: no proxy, no retries of its own.
pub(super) async fn connect(kubeconfig: &Path) -> Result<Client, SandboxError> {
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| SandboxError::Kubeconfig {
        path: kubeconfig.to_path_buf(),
        source,
    };
    let read = Kubeconfig::read_from(kubeconfig).map_err(|error| unusable(error.into()))?;
    let mut config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
        .await
        .map_err(|error| unusable(error.into()))?;
    config.proxy_url = None;
    config.default_retry = false;
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    Client::try_from(config).map_err(|error| unusable(error.into()))
}

/// Says whether the API server serves; anything but a clear yes is a no.
async fn is_ready(client: &Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else { return false };
    matches!(tokio::time::timeout(PATIENCE, client.request_text(request)).await, Ok(Ok(text)) if text == "ok")
}

/// Says whether the API server that a kubeconfig names serves; one that cannot be read is a no.
pub(super) async fn answers(kubeconfig: &Path) -> bool {
    match connect(kubeconfig).await {
        Ok(client) => is_ready(&client).await,
        Err(_) => false,
    }
}

/// Waits until the API server serves.
pub(super) async fn ready(client: &Client) {
    until(async || is_ready(client).await.then_some(())).await;
}

/// Waits until pods can be created in the namespace `default`: the controller manager works.
pub(super) async fn default_service_account(client: &Client) {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    until(async || accounts.get_opt("default").await.ok().flatten()).await;
}

/// Waits until the node takes pods: it is ready, and the taint of a new node is off. What an earlier
/// run said does not count where a time is given.
pub(super) async fn node(client: &Client, since: Option<Timestamp>) {
    let nodes: Api<Node> = Api::all(client.clone());
    let ready = |node: &Node| takes_pods(node, since);
    until(async || nodes.get_opt(NODE_NAME).await.ok().flatten().filter(ready)).await;
}

/// The version of the API server, such as `v1.36.2`.
pub(super) async fn version(client: &Client) -> Option<String> {
    client.apiserver_version().await.ok().map(|info| info.git_version)
}

fn takes_pods(node: &Node, since: Option<Timestamp>) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().any(|condition| {
        let heard = condition.last_heartbeat_time.as_ref().map(|time| time.0);
        condition.type_ == "Ready"
            && condition.status == "True"
            && since.is_none_or(|since| heard >= Some(since))
    });
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    ready && !taints.iter().any(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute")
}

async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(yaml: &str) -> bool {
        takes_pods(&serde_yaml::from_str::<Node>(yaml).unwrap(), None)
    }

    #[test]
    fn what_an_earlier_run_said_does_not_count() {
        let yaml = "{status: {conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-01-01T10:00:00Z'}]}}";
        let node = serde_yaml::from_str::<Node>(yaml).unwrap();
        assert!(takes_pods(&node, Some("2026-01-01T10:00:00Z".parse().unwrap())));
        assert!(!takes_pods(&node, Some("2026-01-01T10:00:01Z".parse().unwrap())));
    }

    #[test]
    fn a_node_takes_pods_once_it_is_ready_and_untainted() {
        assert!(judge("{status: {conditions: [{type: Ready, status: 'True'}]}}"));
        assert!(!judge("{status: {conditions: [{type: Ready, status: Unknown}]}}"));
        assert!(!judge("{}"));
        assert!(!judge(
            "{spec: {taints: [{key: node.kubernetes.io/not-ready, effect: NoSchedule}]},
              status: {conditions: [{type: Ready, status: 'True'}]}}"
        ));
    }
}
