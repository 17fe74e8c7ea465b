//! What is there: members of apply sets by label, one LIST per kind.

use futures::future::try_join_all;
use serde_json::Value;

use super::ClusterError;
use super::applyset::{Environment, PART_OF};
use super::connect::Cluster;
use super::member::{Depth, Member};
use super::request::Call;
use super::resource::Resource;
use crate::event::Sink;

/// Which objects a LIST asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Select<'a> {
    /// Members of any set.
    Members,
    /// Members of this set.
    MembersOf(&'a str),
    /// Everything.
    All,
}

/// Objects per page, as client-go's pager asks for.
const PAGE: usize = 500;

impl Cluster {
    /// Lists the metadata of a kind in a namespace; nothing where the kind is not served.
    pub(super) async fn list(
        &self,
        resource: &Resource,
        namespace: &str,
        select: Select<'_>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        self.list_to(Depth::Metadata, resource, namespace, select, sink).await
    }

    /// Lists a kind in a namespace as deep as asked for; nothing where the kind is not served.
    pub(super) async fn list_to(
        &self,
        depth: Depth,
        resource: &Resource,
        namespace: &str,
        select: Select<'_>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let base = format!("{}?limit={PAGE}{}", resource.collection(namespace), selector(select));
        let what = format!("list `{}`", resource.plural);
        let mut members = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("{base}{token}");
            let page = match depth {
                Depth::Metadata => Call::list_metadata(&what, path),
                Depth::Own | Depth::Whole => Call::get(&what, path),
            };
            // The kind may not be served yet (its definition is in the bundle), or not any more.
            let Some(mut body) = self.find(&page, sink).await? else { return Ok(members) };
            let Value::Array(items) = body["items"].take() else { return Ok(members) };
            members.extend(items.into_iter().filter_map(|item| Member::read_to(depth, resource, item)));
            match body.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => token = format!("&continue={next}"),
                _ => return Ok(members),
            }
        }
    }

    /// Lists a set's members of several kinds at once.
    pub(super) async fn members(
        &self,
        environment: &Environment,
        resources: impl IntoIterator<Item = &Resource>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        self.members_to(Depth::Metadata, environment, resources, sink).await
    }

    /// Lists a set's members of several kinds at once, as deep as asked for.
    pub(super) async fn members_to(
        &self,
        depth: Depth,
        environment: &Environment,
        resources: impl IntoIterator<Item = &Resource>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let id = environment.id();
        let lists = resources.into_iter().map(|resource| {
            self.list_to(depth, resource, &environment.namespace, Select::MembersOf(&id), sink)
        });
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }
}

fn selector(select: Select<'_>) -> String {
    // A slash may stand as it is in a query (RFC 3986 section 3.4).
    match select {
        Select::Members => format!("&labelSelector={PART_OF}"),
        Select::MembersOf(id) => format!("&labelSelector={PART_OF}%3D{id}"),
        Select::All => String::new(),
    }
}
