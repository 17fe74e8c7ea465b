//! What the units of a plan ask a namespace for, by the parameters that every app and service preset has
//! for it: what the quota has to hold at least.

use serde_json::{Value, json};

use super::unit::{Role, Unit};
use crate::preset::Quantity;

/// CPU in whole cores, memory and storage in whole Gi, rounded up; each replica counts, a volume once.
pub(super) fn needs(units: &[Unit]) -> Value {
    let sum = |names: &[&str], by_replica: bool| -> Quantity {
        let running = units.iter().filter(|unit| matches!(unit.role, Role::Component | Role::Service));
        let amounts = running.flat_map(|unit| {
            let replicas = unit.values.get("replicas").and_then(|resolved| resolved.value.as_u64());
            let times = if by_replica { replicas.unwrap_or(1).min(1000) } else { 1 };
            let amounts = names.iter().filter_map(|name| amount(&unit.values.get(*name)?.value));
            amounts.flat_map(move |amount| (0..times).map(move |_| amount))
        });
        amounts.sum()
    };
    json!({
        "cpu": sum(&["cpu"], true).rounded_up("1"),
        "cpuLimit": sum(&["cpuLimit"], true).rounded_up("1"),
        "memory": sum(&["memory"], true).rounded_up("1Gi"),
        "memoryLimit": sum(&["memoryLimit"], true).rounded_up("1Gi"),
        // A parameter that does not exist, such as that of a volume which is not wanted, has no value.
        "storage": sum(&["storage", "cacheSize"], false).rounded_up("1Gi"),
    })
}

fn amount(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str())
}
