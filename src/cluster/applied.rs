//! The result of an apply.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::delete::{Removal, Removed};
use super::error::ClusterError;
use super::prepare::Prepared;
use super::resource::Resource;
use crate::error::Explain;
use crate::render::ObjectKey;

/// What an apply did to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "why", rename_all = "camelCase")]
pub enum Change {
    /// It was not there.
    Created,
    /// It was there and was changed.
    Configured,
    /// It could not be changed in place: it was deleted and made anew.
    Recreated,
    /// It was there and nothing had to change.
    Unchanged,
    /// It belongs to the cluster or to somebody else and was left as it is.
    LeftAlone(String),
}

/// An object that is as its manifest says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedObject {
    /// The object.
    pub key: ObjectKey,
    /// Its UID; empty where it was left alone.
    pub uid: String,
    /// Its resourceVersion after the apply; empty where it was left alone.
    pub resource_version: String,
    /// What was done.
    pub change: Change,
    /// The object as the server returned it; `Null` for Secrets and what was left alone.
    #[serde(skip)]
    pub(super) live: Value,
    #[serde(skip)]
    pub(super) resource: Resource,
}

impl AppliedObject {
    pub(super) fn left_alone(prepared: &Prepared, why: String) -> Self {
        Self {
            key: prepared.key.clone(),
            uid: String::new(),
            resource_version: String::new(),
            change: Change::LeftAlone(why),
            live: Value::Null,
            resource: prepared.resource.clone(),
        }
    }
}

/// An object that could not be applied.
#[derive(Debug)]
pub struct ObjectFailure {
    /// The object.
    pub key: ObjectKey,
    /// Why.
    pub error: ClusterError,
}

/// The result of an apply.
#[derive(Debug, Default)]
pub struct Applied {
    /// What is as its manifest says, in the order of the waves.
    pub objects: Vec<AppliedObject>,
    /// What was pruned, or kept from being pruned.
    pub pruned: Vec<Removed>,
    /// Warnings of the server, each with its object.
    pub warnings: Vec<String>,
    /// What could not be applied. Nothing was pruned then.
    pub failures: Vec<ObjectFailure>,
    /// What was not tried, because something in an earlier wave failed.
    pub not_started: Vec<ObjectKey>,
    /// The kinds in the record, each as `Kind.group`; none where something could not be applied.
    pub kinds: BTreeSet<String>,
}

impl Applied {
    /// The failure of the whole, where some object could not be applied or pruned.
    pub fn error(&self) -> Option<ClusterError> {
        let mut hints: Vec<String> = Vec::new();
        let mut failures: Vec<(ObjectKey, String)> = Vec::new();
        for failure in &self.failures {
            failures.push((failure.key.clone(), chain(&failure.error)));
            for hint in failure.error.hints() {
                if !hints.contains(&hint) {
                    hints.push(hint);
                }
            }
        }
        for removed in &self.pruned {
            if let Removal::Failed(why) = &removed.removal {
                failures.push((removed.key.clone(), why.clone()));
            }
        }
        (!failures.is_empty()).then(|| ClusterError::NotApplied {
            failures,
            not_started: self.not_started.len(),
            hints,
        })
    }

    /// How many objects were created (or made anew), configured and left unchanged.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |change: &Change| self.objects.iter().filter(|object| object.change == *change).count();
        (
            count(&Change::Created) + count(&Change::Recreated),
            count(&Change::Configured),
            count(&Change::Unchanged),
        )
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &ClusterError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
