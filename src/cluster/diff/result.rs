//! What a comparison found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::before::Id;
use super::super::error::FieldConflict;
use super::field::FieldChange;
use crate::render::ObjectKey;

/// What an apply would do to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", content = "why", rename_all = "camelCase")]
pub enum Difference {
    /// It is not there and would be created.
    Created,
    /// It is there and would change.
    Changed,
    /// It cannot be changed in place and would be deleted and made anew; why.
    Recreated(String),
    /// Nothing would change.
    Unchanged,
    /// No manifest makes it any more: it would be deleted.
    Pruned,
    /// No manifest makes it any more, and it would be kept; why.
    Kept(String),
    /// It belongs to the cluster or to somebody else and would be left as it is; why.
    LeftAlone(String),
    /// Other managers own fields that would change; nothing of it would be applied.
    Conflicting,
    /// The server would refuse it; why.
    Refused(String),
}

/// An object and what an apply would do to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDiff {
    /// The object.
    #[serde(flatten)]
    pub key: ObjectKey,
    /// What would happen to it.
    #[serde(flatten)]
    pub difference: Difference,
    /// Its fields that differ, secrets hidden.
    pub fields: Vec<FieldChange>,
    /// Fields that other managers own; with `force_conflicts` they would be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
    /// What the reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What to do about a conflict or refusal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl ObjectDiff {
    pub(super) fn new(key: ObjectKey, difference: Difference, fields: Vec<FieldChange>) -> Self {
        Self { key, difference, fields, conflicts: Vec::new(), warnings: Vec::new(), hints: Vec::new() }
    }
}

/// What an apply would do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Every object: in the order in which they would be applied, then what would be pruned.
    pub objects: Vec<ObjectDiff>,
    /// The state of the cluster that this was made from.
    #[serde(skip)]
    pub(super) seen: Snapshot,
}

impl Diff {
    /// Whether applying would change anything, or could not.
    pub fn differs(&self) -> bool {
        use Difference::{Kept, LeftAlone, Unchanged};
        self.objects.iter().any(|object| !matches!(object.difference, Unchanged | Kept(_) | LeftAlone(_)))
    }

    /// Whether the server refused to say what would change of some object.
    pub fn refused(&self) -> bool {
        self.objects.iter().any(|object| matches!(object.difference, Difference::Refused(_)))
    }

    /// How many objects have each kind of difference, in a fixed order; those that none has are left
    /// out.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts = [
            "created",
            "changed",
            "recreated",
            "pruned",
            "conflicting",
            "refused",
            "kept",
            "left alone",
            "unchanged",
        ]
        .map(|name| (name, 0));
        for object in &self.objects {
            let index = match object.difference {
                Difference::Created => 0,
                Difference::Changed => 1,
                Difference::Recreated(_) => 2,
                Difference::Pruned => 3,
                Difference::Conflicting => 4,
                Difference::Refused(_) => 5,
                Difference::Kept(_) => 6,
                Difference::LeftAlone(_) => 7,
                Difference::Unchanged => 8,
            };
            counts[index].1 += 1;
        }
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// The state of everything that a difference depends on: UID and resourceVersion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) namespace: String,
    pub(super) objects: BTreeMap<Id, (String, String)>,
}
