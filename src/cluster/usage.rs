//! What an environment takes of its quota, and where it is reached. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::render::ObjectKey;

/// One resource of a quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaUse {
    /// The quota's name.
    pub quota: String,
    /// The resource, such as `requests.cpu`.
    pub resource: String,
    /// How much of it is taken, as Kubernetes writes quantities.
    pub used: String,
    /// How much there is.
    pub hard: String,
}

/// Where something is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The Service or Ingress.
    pub key: ObjectKey,
    /// `web.dev-me-shop:80` inside the cluster, `https://shop.example.com` from outside.
    pub address: String,
    /// It can be reached from outside the cluster.
    pub external: bool,
}

/// Reads a ResourceQuota; nothing before the cluster has counted.
pub(super) fn quota(object: &Value) -> Vec<QuotaUse> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let status = &object["status"];
    let hard = status["hard"].as_object().into_iter().flatten();
    let each = hard.map(|(resource, hard)| QuotaUse {
        quota: object["metadata"]["name"].as_str().unwrap_or_default().into(),
        resource: resource.clone(),
        used: status["used"].get(resource).map_or_else(|| "0".into(), text),
        hard: text(hard),
    });
    let mut all: Vec<QuotaUse> = each.collect();
    all.sort_by(|a, b| a.resource.cmp(&b.resource));
    all
}

/// Reads a Service or an Ingress; nothing of other kinds.
pub(super) fn addresses(key: &ObjectKey, object: &Value) -> Vec<Address> {
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "Service") => service(key, object),
        ("networking.k8s.io", "Ingress") => ingress(key, object),
        _ => Vec::new(),
    }
}

fn array<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The host of a load balancer's `ingress` entry.
fn host(entry: &Value) -> Option<&str> {
    entry["hostname"].as_str().or_else(|| entry["ip"].as_str())
}

fn service(key: &ObjectKey, object: &Value) -> Vec<Address> {
    let ports: Vec<i64> = array(object, "/spec/ports").filter_map(|port| port["port"].as_i64()).collect();
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let inside = (format!("{}.{namespace}", key.name), false);
    let outside =
        array(object, "/status/loadBalancer/ingress").filter_map(host).map(|host| (host.to_owned(), true));
    let hosts = std::iter::once(inside).chain(outside);
    hosts
        .flat_map(|(host, external)| {
            let address =
                move |port| Address { key: key.clone(), address: format!("{host}:{port}"), external };
            ports.clone().into_iter().map(address)
        })
        .collect()
}

fn ingress(key: &ObjectKey, object: &Value) -> Vec<Address> {
    let secured: Vec<&str> =
        array(object, "/spec/tls").flat_map(|tls| array(tls, "/hosts")).filter_map(Value::as_str).collect();
    let named: Vec<&str> = array(object, "/spec/rules").filter_map(|rule| rule["host"].as_str()).collect();
    let given: Vec<&str> = array(object, "/status/loadBalancer/ingress").filter_map(host).collect();
    let hosts = if named.is_empty() { given } else { named };
    let address = |host: &str| {
        let scheme = if secured.contains(&host) { "https" } else { "http" };
        Address { key: key.clone(), address: format!("{scheme}://{host}"), external: true }
    };
    hosts.into_iter().map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(group: &str, kind: &str, yaml: &str) -> Vec<String> {
        let key = ObjectKey {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: Some("dev".into()),
            name: "web".into(),
        };
        let found = addresses(&key, &serde_yaml::from_str(yaml).unwrap());
        found.into_iter().map(|address| format!("{} {}", address.address, address.external)).collect()
    }

    #[test]
    fn a_service_is_reached_inside_and_by_its_load_balancer() {
        assert_eq!(read("", "Service", "spec: {ports: [{port: 80}]}"), ["web.dev:80 false"]);
        assert_eq!(
            read(
                "",
                "Service",
                "{spec: {ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.1.1.1}]}}}"
            ),
            ["web.dev:80 false", "10.1.1.1:80 true"]
        );
    }

    #[test]
    fn an_ingress_is_reached_by_its_hosts() {
        assert_eq!(
            read(
                "networking.k8s.io",
                "Ingress",
                "spec: {rules: [{host: a.dev}, {host: b.dev}], tls: [{hosts: [a.dev]}]}"
            ),
            ["https://a.dev true", "http://b.dev true"]
        );
        assert_eq!(
            read(
                "networking.k8s.io",
                "Ingress",
                "{spec: {rules: [{}]}, status: {loadBalancer: {ingress: [{hostname: lb}]}}}"
            ),
            ["http://lb true"]
        );
    }

    #[test]
    fn a_quota_tells_what_is_used_of_what_there_is() {
        let object = serde_yaml::from_str(
            "{metadata: {name: dev}, status: {hard: {requests.cpu: '4', pods: '30'}, used: {pods: '2'}}}",
        )
        .unwrap();
        let lines: Vec<String> =
            quota(&object).iter().map(|q| format!("{} {} of {}", q.resource, q.used, q.hard)).collect();
        assert_eq!(lines, ["pods 2 of 30", "requests.cpu 0 of 4"]);
    }
}
