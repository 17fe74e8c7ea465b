//! What is in an environment: its members by label, ready or why not, how old.

use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::ClusterError;
use super::applyset::Environment;
use super::connect::Cluster;
use super::namespace::NamespaceState;
use super::pods;
use super::readiness::{State, readiness};
use super::request::Call;
use super::resource::{Resource, Resources};
use super::usage::{self, Address, QuotaUse};
use crate::event::Sink;
use crate::render::{KEEP, ObjectKey};

/// An environment as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentStatus {
    /// The project.
    pub project: String,
    /// The namespace.
    pub namespace: String,
    /// There is a record of it in the cluster.
    pub exists: bool,
    /// Everything in it is ready or holds nothing up.
    pub ready: bool,
    /// A run of this environment created the namespace, so `down` removes it.
    pub namespace_ours: bool,
    /// Seconds since its record was made; `None` where there is none.
    pub age_seconds: Option<i64>,
    /// Its objects, sorted.
    pub members: Vec<MemberStatus>,
    /// Where its Services and Ingresses are reached.
    pub addresses: Vec<Address>,
    /// What is taken of its own quotas.
    pub quota: Vec<QuotaUse>,
}

/// An object of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatus {
    /// The object.
    pub key: ObjectKey,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// Problems of its pods, each as `pod: reason: message`.
    pub problems: Vec<String>,
    /// When it was created, in RFC 3339.
    pub created: String,
    /// Seconds since then.
    pub age_seconds: i64,
    /// `down` keeps it unless volumes are asked for.
    pub kept: bool,
}

impl Cluster {
    /// Reads an environment back.
    ///
    /// # Errors
    /// Where the record is not ours, or the cluster cannot be read.
    pub async fn status(
        &self,
        environment: &Environment,
        sink: &dyn Sink,
    ) -> Result<EnvironmentStatus, ClusterError> {
        let record_call =
            Call::get(format!("read ConfigMap/{}", environment.parent()), environment.parent_path());
        let (namespace, record) =
            tokio::try_join!(self.namespace(environment, sink), self.find(&record_call, sink))?;
        let kinds = environment.kinds_of(record.as_ref())?;
        let resources = self.resolve_kinds(&kinds, &mut Resources::default(), sink).await?;
        let known = Resources::default();
        let (pods, sets) = (known.find("", "v1", "Pod"), known.find("apps", "v1", "ReplicaSet"));
        let id = environment.id();
        let ours = resources.iter().map(|resource| self.whole(environment, resource, Some(&id), sink));
        let beside =
            pods.into_iter().chain(sets).map(|resource| self.whole(environment, resource, None, sink));
        let lists = async { if kinds.is_empty() { Ok(Vec::new()) } else { try_join_all(beside).await } };
        let (lists, beside) = tokio::try_join!(try_join_all(ours), lists)?;
        let beside: Vec<Value> = beside.concat();
        let now = Timestamp::now();
        let mut members: Vec<MemberStatus> = Vec::new();
        let (mut addresses, mut quota) = (Vec::new(), Vec::new());
        for (resource, objects) in resources.iter().zip(&lists) {
            for object in objects {
                let member = member(environment, resource, object, &beside, now);
                addresses.extend(usage::addresses(&member.key, object));
                if resource.kind == "ResourceQuota" {
                    quota.extend(usage::quota(object));
                }
                members.push(member);
            }
        }
        members.sort_by(|a, b| a.key.cmp(&b.key));
        addresses.sort_by(|a: &Address, b| (&a.key, &a.address).cmp(&(&b.key, &b.address)));
        let made = record.as_ref().and_then(|record| record["metadata"]["creationTimestamp"].as_str());
        Ok(EnvironmentStatus {
            project: environment.project.clone(),
            namespace: environment.namespace.clone(),
            exists: record.is_some(),
            ready: record.is_some()
                && members.iter().all(|member| member.state.is_settled() && member.problems.is_empty()),
            namespace_ours: matches!(namespace, NamespaceState::Ours { .. }),
            age_seconds: made.map(|created| age(created, now)),
            members,
            addresses,
            quota,
        })
    }

    /// Lists whole objects of a kind, or of a set's members of it.
    async fn whole(
        &self,
        environment: &Environment,
        resource: &Resource,
        part_of: Option<&str>,
        sink: &dyn Sink,
    ) -> Result<Vec<Value>, ClusterError> {
        // Secrets are ready when they are there: their content is not read.
        if resource.kind == "Secret" && resource.group.is_empty() {
            return self.secret_metadata(environment, resource, part_of, sink).await;
        }
        let selector = match part_of {
            Some(id) => format!("?labelSelector={}%3D{id}", super::applyset::PART_OF),
            None => String::new(),
        };
        let path = format!("{}{selector}", resource.collection(&environment.namespace));
        let call = Call::get(format!("list `{}`", resource.plural), path);
        Ok(typed_items(self.call(&call, sink).await?.body, resource))
    }

    async fn secret_metadata(
        &self,
        environment: &Environment,
        resource: &Resource,
        part_of: Option<&str>,
        sink: &dyn Sink,
    ) -> Result<Vec<Value>, ClusterError> {
        let id = part_of.unwrap_or_default();
        let path = format!(
            "{}?labelSelector={}%3D{id}",
            resource.collection(&environment.namespace),
            super::applyset::PART_OF
        );
        let call = Call::list_metadata(format!("list `{}`", resource.plural), path);
        Ok(typed_items(self.call(&call, sink).await?.body, resource))
    }
}

/// The items of a list, each with the type that lists leave out.
fn typed_items(mut list: Value, resource: &Resource) -> Vec<Value> {
    let Value::Array(mut items) = list["items"].take() else { return Vec::new() };
    for item in &mut items {
        item["apiVersion"] = resource.api_version().into();
        item["kind"] = resource.kind.clone().into();
    }
    items
}

fn member(
    environment: &Environment,
    resource: &Resource,
    object: &Value,
    beside: &[Value],
    now: Timestamp,
) -> MemberStatus {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let created = text("creationTimestamp").to_owned();
    let uid = text("uid");
    let sets: Vec<&Value> = beside.iter().filter(|other| other["kind"] == "ReplicaSet").collect();
    let set_of = |uid: &str| sets.iter().find(|set| set["metadata"]["uid"] == uid).copied();
    let mut problems = Vec::new();
    for pod in beside.iter().filter(|other| other["kind"] == "Pod") {
        let Some(controller) = pods::controller(pod) else { continue };
        let set = set_of(controller);
        let owner = set.and_then(pods::controller).unwrap_or(controller);
        if owner != uid || !pods::is_current(pod, object, set) {
            continue;
        }
        if let Some(problem) = pods::problem(pod) {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let colon = if problem.message.is_empty() { "" } else { ": " };
            problems.push(format!("{name}: {}{colon}{}", problem.reason, problem.message));
        }
    }
    MemberStatus {
        key: resource.key(&environment.namespace, text("name")),
        state: readiness(object),
        problems,
        age_seconds: age(&created, now),
        created,
        kept: object["metadata"]["annotations"][KEEP] == "true" || resource.kind == "PersistentVolumeClaim",
    }
}

fn age(created: &str, now: Timestamp) -> i64 {
    created.parse::<Timestamp>().map_or(0, |created| now.duration_since(created).as_secs()).max(0)
}
