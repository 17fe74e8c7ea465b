//! Generated and retained values of Secrets. Values pass through memory and requests only: they are in
//! no event, error or result.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ClusterError;
use super::prepare::Prepared;

/// Characters of a generated value...
const LENGTH: usize = 32;
/// ...each from these: safe in URLs, shells and connection strings.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The manager that creates a Secret with its first values. They stay its fields, so that applying
/// them again never conflicts with another run of ours.
pub(super) const GENERATE_MANAGER: &str = "devbox-generate";

/// A fresh value (about 190 bits).
fn fresh() -> Result<String, ClusterError> {
    let mut value = String::with_capacity(LENGTH);
    let mut bytes = [0_u8; 2 * LENGTH];
    while value.len() < LENGTH {
        getrandom::fill(&mut bytes).map_err(ClusterError::Random)?;
        // 248 = 4 * 62: bytes above would favour some characters.
        let usable = bytes.iter().filter(|byte| **byte < 248);
        let chars = usable.map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        value.extend(chars.take(LENGTH - value.len()));
    }
    Ok(value)
}

/// The Secret that is created where none is there: what cannot be changed later, the label, and fresh
/// values. Everything else is applied afterwards.
pub(super) fn first(prepared: &Prepared) -> Result<Value, ClusterError> {
    let mut data = serde_json::Map::new();
    for key in &prepared.generate {
        data.insert(key.clone(), json!(STANDARD.encode(fresh()?)));
    }
    let object = &prepared.object;
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": prepared.key.name,
            "namespace": prepared.key.namespace,
            "labels": object["metadata"]["labels"],
        },
        "data": data,
    });
    for field in ["type", "immutable"] {
        if let Some(value) = object.get(field) {
            secret[field] = value.clone();
        }
    }
    Ok(secret)
}

/// The Secret as it is sent: rendered data, with the live values of generated and retained keys. A
/// generated key that the live Secret lacks gets a fresh value.
pub(super) fn with_live_values(prepared: &Prepared, live: Option<&Value>) -> Result<Value, ClusterError> {
    let mut object = prepared.object.clone();
    let live_value = |key: &str| live.and_then(|live| live["data"][key].as_str()).map(ToOwned::to_owned);
    let mut set = |key: &str, value: String| {
        if !object["data"].is_object() {
            object["data"] = json!({});
        }
        object["data"][key] = json!(value);
    };
    for key in &prepared.generate {
        let value = match live_value(key) {
            Some(value) => value,
            None => STANDARD.encode(fresh()?),
        };
        set(key, value);
    }
    for key in &prepared.retain {
        let rendered = prepared.object["data"].get(key).is_some();
        if let Some(value) = live_value(key).filter(|_| !rendered) {
            set(key, value);
        }
    }
    Ok(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::applyset::Environment;
    use crate::cluster::prepare::prepare;
    use crate::cluster::resource::Resources;
    use crate::render::Manifest;

    fn prepared(yaml: &str) -> Prepared {
        let manifest = Manifest {
            object: serde_yaml::from_str(yaml).unwrap(),
            template: "t".into(),
            line: 1,
            unit: "db".into(),
        };
        let environment = Environment { project: "shop".into(), namespace: "dev".into() };
        prepare(&environment, &[manifest], &Resources::default()).unwrap().remove(0)
    }

    const SECRET: &str = "{apiVersion: v1, kind: Secret, type: Opaque, data: {user: bWU=},
        metadata: {name: db, annotations: {devbox.internal/generate: password, devbox.internal/retain: 'key,user'}}}";

    #[test]
    fn a_fresh_value_has_32_letters_and_digits_and_differs_each_time() {
        let value = fresh().unwrap();
        assert_eq!(value.len(), 32);
        assert!(value.chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(value, fresh().unwrap());
    }

    #[test]
    fn the_first_secret_holds_only_generated_values() {
        let secret = first(&prepared(SECRET)).unwrap();
        let keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["password"]);
        assert_eq!(secret["type"], "Opaque");
    }

    #[test]
    fn live_values_are_taken_over_and_rendered_ones_win_over_retained() {
        let live = json!({"data": {"password": "bGl2ZQ==", "key": "a2V5", "user": "b2xk", "other": "eA=="}});
        let object = with_live_values(&prepared(SECRET), Some(&live)).unwrap();
        assert_eq!(object["data"], json!({"user": "bWU=", "password": "bGl2ZQ==", "key": "a2V5"}));
    }
}
