//! The whole set fits the quotas that are in it.

mod need;

use serde_json::Value;

use super::problem::{Problem, report};
use crate::preset::Quantity;
use crate::render::Manifest;
use need::Needs;

/// So many objects are named as those that ask for most.
const MOST_NAMED: usize = 3;

/// A resource of which the set asks for more than its quota has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overfull {
    /// What is wrong, as a problem of the quota.
    pub problem: Problem,
    /// The unit that the quota belongs to.
    pub unit: String,
    /// What all of it needs.
    pub needed: Quantity,
    /// What the quota has.
    pub allowed: Quantity,
    /// What those need that always run, without jobs.
    pub standing: Quantity,
    /// Who asks for it, most first: `Deployment/web`.
    pub by: Vec<(String, Quantity)>,
}

impl Overfull {
    /// Pods or claims can never come, whatever ends: jobs may wait for each other, what always runs may not.
    pub fn is_certain(&self) -> bool {
        self.standing > self.allowed
    }
}

pub(super) fn check(manifests: &[Manifest], problems: &mut Vec<Problem>) {
    for (quota, name, hard) in limits(manifests) {
        if amount(hard).is_none() {
            report(problems, quota, format!("spec.hard.{name}"), "not an amount", None);
        }
    }
    problems.extend(overfull(manifests).into_iter().map(|overfull| overfull.problem));
}

/// Every resource of which the set asks for more than its quota has.
pub(super) fn overfull(manifests: &[Manifest]) -> Vec<Overfull> {
    let needs = Needs::of(manifests);
    let mut found = Vec::new();
    for (quota, name, hard) in limits(manifests) {
        let Some(allowed) = amount(hard) else { continue };
        let mut by: Vec<(&Manifest, Quantity)> =
            manifests.iter().filter_map(|manifest| Some((manifest, needs.amount(manifest, name)?))).collect();
        let needed: Quantity = by.iter().map(|(_, amount)| *amount).sum();
        if needed <= allowed {
            continue;
        }
        by.retain(|(_, amount)| *amount > Quantity::default());
        by.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        let standing = by.iter().filter(|(manifest, _)| !is_job(manifest)).map(|(_, amount)| *amount).sum();
        let by: Vec<(String, Quantity)> =
            by.into_iter().map(|(manifest, amount)| (manifest.key().to_string(), amount)).collect();
        let mut problems = Vec::new();
        let message = format!("the set needs {needed}, the quota is {allowed}: {}", named(&by));
        let hint = Some(format!("raise it to at least {needed}, or ask for less elsewhere"));
        report(&mut problems, quota, format!("spec.hard.{name}"), message, hint);
        let unit = quota.unit.clone();
        let with = |problem| Overfull { problem, unit, needed, allowed, standing, by };
        found.extend(problems.pop().map(with));
    }
    found
}

/// Every limit of every quota. What a quota with scopes counts is not told here.
fn limits(manifests: &[Manifest]) -> impl Iterator<Item = (&Manifest, &str, &Value)> {
    let is_whole = |quota: &Manifest| {
        let spec = |key: &str| quota.object.pointer(&format!("/spec/{key}")).is_some_and(|v| !v.is_null());
        !spec("scopes") && !spec("scopeSelector")
    };
    let quotas =
        manifests.iter().filter(move |manifest| manifest.kind() == "ResourceQuota" && is_whole(manifest));
    quotas.flat_map(|quota| {
        let hard = quota.object.pointer("/spec/hard").and_then(Value::as_object);
        hard.into_iter().flatten().map(move |(name, hard)| (quota, name.as_str(), hard))
    })
}

fn is_job(manifest: &Manifest) -> bool {
    matches!(manifest.kind(), "Job" | "CronJob")
}

/// `StatefulSet/postgres 4Gi, Deployment/web 2Gi`.
fn named(by: &[(String, Quantity)]) -> String {
    let shown = by.iter().take(MOST_NAMED).map(|(object, amount)| format!("{object} {amount}"));
    let mut shown: Vec<String> = shown.collect();
    if by.len() > MOST_NAMED {
        shown.push(format!("{} more", by.len() - MOST_NAMED));
    }
    shown.join(", ")
}

fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
