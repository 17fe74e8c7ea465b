//! What is there before the first write, read in one round trip, and what is refused because of it.

use std::collections::{BTreeSet, HashMap};

use futures::future::try_join_all;
use serde_json::Value;

use super::applyset::Environment;
use super::connect::Cluster;
use super::error::ClusterError;
use super::inventory::Select;
use super::member::{Depth, Member};
use super::namespace::NamespaceState;
use super::own::Own;
use super::prepare::Prepared;
use super::request::Call;
use super::resource::Resource;
use super::secrets;
use super::wave::Wave;
use crate::event::Sink;
use crate::render::ObjectKey;

/// What is there before the first write.
pub(super) struct Before {
    pub(super) namespace: NamespaceState,
    /// Kinds in the record.
    pub(super) kinds: BTreeSet<String>,
    /// There is a record.
    pub(super) recorded: bool,
    /// Members of any set, by group, kind and name.
    pub(super) members: HashMap<Id, Member>,
    /// Objects of the bundle that exist and are no set's members; known only where everything was
    /// asked for.
    pub(super) strangers: HashMap<Id, Member>,
    /// Cluster-scoped objects of the bundle that exist, by the same.
    pub(super) cluster_scoped: HashMap<Id, Member>,
    /// Live Secrets whose values are taken over; `None` where there is none yet.
    pub(super) secrets: HashMap<String, Option<Value>>,
}

/// What is read of an environment, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// To apply: metadata of members, and what is ours of them.
    ToApply,
    /// To compare: members as a whole.
    ToCompare,
    /// To compare again: metadata of members and of what else has a name that the bundle uses.
    Again,
}

pub(super) type Id = (String, String, String);

pub(super) fn id_of(key: &ObjectKey) -> Id {
    (key.group.clone(), key.kind.clone(), key.name.clone())
}

impl Cluster {
    /// Reads everything that is needed before the first write, at once.
    pub(super) async fn before(
        &self,
        environment: &Environment,
        plan: &[Prepared],
        look: Look,
        sink: &dyn Sink,
    ) -> Result<Before, ClusterError> {
        let (depth, select) = match look {
            Look::ToApply => (Depth::Own, Select::Members),
            Look::ToCompare => (Depth::Whole, Select::Members),
            Look::Again => (Depth::Metadata, Select::All),
        };
        let kinds: BTreeSet<&Resource> =
            plan.iter().map(|object| &object.resource).filter(|resource| resource.namespaced).collect();
        let lists =
            kinds.into_iter().map(|kind| self.list_to(depth, kind, &environment.namespace, select, sink));
        let scoped = plan
            .iter()
            .filter(|object| !object.resource.namespaced && object.wave != Wave::Namespace)
            .map(|object| async move {
                let what = format!("read {}", object.key);
                let call = match depth {
                    Depth::Metadata => Call::get_metadata(what, object.path()),
                    Depth::Own | Depth::Whole => Call::get(what, object.path()),
                };
                let live = self.find(&call, sink).await?;
                Ok::<_, ClusterError>(live.and_then(|live| Member::read_to(depth, &object.resource, live)))
            });
        let secrets = plan.iter().filter(|object| object.takes_over()).map(|object| async move {
            let call = Call::get(format!("read {}", object.key), object.path());
            Ok::<_, ClusterError>((object.key.name.clone(), self.find(&call, sink).await?))
        });
        let record = Call::get(format!("read ConfigMap/{}", environment.parent()), environment.parent_path());
        let (namespace, record, lists, scoped, secrets) = tokio::try_join!(
            self.namespace(environment, sink),
            self.find(&record, sink),
            try_join_all(lists),
            try_join_all(scoped),
            try_join_all(secrets),
        )?;
        let found = lists.into_iter().flatten().map(|member| (id_of(&member.key), member));
        let (members, mut strangers): (HashMap<Id, Member>, HashMap<Id, Member>) =
            found.partition(|(_, member)| member.part_of.is_some());
        let planned: BTreeSet<Id> = plan.iter().map(|object| id_of(&object.key)).collect();
        strangers.retain(|id, _| planned.contains(id));
        Ok(Before {
            namespace,
            kinds: environment.kinds_of(record.as_ref())?,
            recorded: record.is_some(),
            members,
            strangers,
            cluster_scoped: scoped.into_iter().flatten().map(|member| (id_of(&member.key), member)).collect(),
            secrets: secrets.into_iter().collect(),
        })
    }
}

impl Before {
    /// What is known of an object as ours; nothing of namespaces.
    pub(super) fn known(&self, prepared: &Prepared) -> Option<&Member> {
        let from = if prepared.resource.namespaced { &self.members } else { &self.cluster_scoped };
        from.get(&id_of(&prepared.key))
    }

    /// Whether an applied object is as it was, as far as it is ours: a controller may have written to it
    /// meanwhile. `None` where it was not known as ours.
    pub(super) fn is_as_before(&self, prepared: &Prepared, applied: &Value) -> Option<bool> {
        let (version, own) = match (prepared.wave, &self.namespace) {
            (Wave::Namespace, NamespaceState::Ours { resource_version, own, .. }) => (resource_version, own),
            (Wave::Namespace, _) => return None,
            _ => self.known(prepared).map(|member| (&member.resource_version, &member.own))?,
        };
        let same = || own.is_some() && *own == Own::read(applied);
        Some(applied["metadata"]["resourceVersion"] == version.as_str() || same())
    }

    /// Whether applying an object would change nothing: no controller and no person will notice it.
    pub(super) fn is_steady(&self, prepared: &Prepared) -> bool {
        let Some(own) = self.known(prepared).and_then(|member| member.own.as_ref()) else { return false };
        if !prepared.takes_over() {
            return own.holds(&prepared.object);
        }
        let Some(Some(live)) = self.secrets.get(&prepared.key.name) else { return false };
        secrets::with_live_values(prepared, Some(live)).is_ok_and(|object| own.holds(&object))
    }

    /// Why an object is left as it is: a namespace or definition that was there before us.
    pub(super) fn left_alone(&self, environment: &Environment, prepared: &Prepared) -> Option<String> {
        match prepared.wave {
            Wave::Namespace => match &self.namespace {
                NamespaceState::Existing => Some("it was there before and is left as it is".into()),
                NamespaceState::Unreadable => Some("it may not be read; taken as existing".into()),
                _ => None,
            },
            Wave::Definitions => {
                let live = self.cluster_scoped.get(&id_of(&prepared.key))?;
                let ours = live.part_of.as_deref() == Some(environment.id().as_str());
                (!ours).then(|| "it is in the cluster already and is left as it is".into())
            }
            _ => None,
        }
    }
}

/// Objects that belong to another apply set, and cluster-wide objects that are not ours.
pub(super) fn refuse_foreign(
    environment: &Environment,
    plan: &[Prepared],
    before: &Before,
) -> Result<(), ClusterError> {
    let id = environment.id();
    let mut objects = Vec::new();
    for object in plan {
        let key = id_of(&object.key);
        if let Some(member) = before.members.get(&key)
            && let Some(owner) = member.part_of.as_deref().filter(|owner| *owner != id)
        {
            objects.push(format!("{} belongs to the apply set `{owner}`", object.key));
        }
        if let Some(member) = before.cluster_scoped.get(&key)
            && object.wave != Wave::Definitions
            && member.part_of.as_deref() != Some(&id)
        {
            objects.push(format!("{} is cluster-wide and was not created by this environment", object.key));
        }
    }
    if objects.is_empty() { Ok(()) } else { Err(ClusterError::Foreign { objects }) }
}
