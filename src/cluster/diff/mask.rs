//! What may not be shown. Pure.
//!
//! Hidden are: the data of Secrets; every value that contains one that is known to be secret (a secret
//! parameter, a password that devbox generated), wherever it stands; annotations that repeat whole
//! objects; texts whose name says that they are secret; and passwords in URLs. A field is hidden before
//! and after together, so that the value of an earlier run does not show beside a new one.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::error::FieldProblem;
use super::field::{FieldChange, Fingerprint};

/// What stands for a value that is not shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// Shorter values are hidden only where they are the whole field: they would be found everywhere.
const FOUND_WITHIN: usize = 4;

/// kubectl's copy of the whole object (k8s.io/api/core/v1, `LastAppliedConfigAnnotation`).
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Hides what may not be shown.
pub(super) struct Mask {
    known: Vec<SecretString>,
}

impl Mask {
    /// Hides these values wherever they stand, plain and in base64.
    pub(super) fn new(known: impl IntoIterator<Item = SecretString>) -> Self {
        let mut all = Vec::new();
        for value in known {
            if value.expose_secret().is_empty() {
                continue;
            }
            all.push(SecretString::from(STANDARD.encode(value.expose_secret())));
            all.push(value);
        }
        Self { known: all }
    }

    /// Hides what may not be shown among an object's fields.
    pub(super) fn fields(&self, kind: &str, fields: Vec<FieldChange>) -> Vec<FieldChange> {
        fields.into_iter().map(|field| self.field(kind, field)).collect()
    }

    fn field(&self, kind: &str, field: FieldChange) -> FieldChange {
        let values = || field.before.iter().chain(field.after.iter());
        let hidden = is_secret_data(kind, &field.path)
            || field.path.ends_with(&format!("[{LAST_APPLIED:?}]"))
            || (holds_text(&field.path) && says_secret(&field.path))
            || values().any(|value| self.is_known(value));
        if !hidden {
            return field;
        }
        let was = field.before.as_ref().map(|value| Sha256::digest(value.to_string()).into());
        let show = |value: &Value| if value.is_object() { value.clone() } else { json!(HIDDEN) };
        FieldChange {
            before: field.before.as_ref().map(show),
            after: field.after.as_ref().map(show),
            path: field.path,
            hidden: true,
            was: was.map(Fingerprint).unwrap_or_default(),
        }
    }

    /// A text of the server's, with known values taken out.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.known {
            let secret = secret.expose_secret();
            if secret.len() >= FOUND_WITHIN {
                text = text.replace(secret, HIDDEN);
            }
        }
        text
    }

    /// Problems that the server has with fields. It repeats values in them; of a Secret none is shown.
    pub(super) fn problems(&self, kind: &str, problems: &[FieldProblem]) -> Vec<FieldProblem> {
        let message = |problem: &FieldProblem| match kind {
            "Secret" => "is not valid".to_owned(),
            _ => self.text(&problem.message),
        };
        problems.iter().map(|p| FieldProblem { field: p.field.clone(), message: message(p) }).collect()
    }

    fn is_known(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                URL_PASSWORD.is_match(text)
                    || self.known.iter().map(ExposeSecret::expose_secret).any(|secret| {
                        text == secret || (secret.len() >= FOUND_WITHIN && text.contains(secret))
                    })
            }
            Value::Array(items) => items.iter().any(|item| self.is_known(item)),
            Value::Object(map) => map.values().any(|item| self.is_known(item)),
            Value::Number(number) => self.is_known(&json!(number.to_string())),
            _ => false,
        }
    }
}

/// A password in a URL; `$(NAME)` is a reference and no password.
static URL_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"://[^/\s:@]*:[^/\s@$][^/\s@]*@").expect("the pattern is a constant"));

/// Names that say that what they name is secret.
static SECRET_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(passw(or)?d|passphrase|pwd|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|encryption[-_]?key)")
        .expect("the pattern is a constant")
});

fn is_secret_data(kind: &str, path: &str) -> bool {
    let section = path.split(['.', '[']).next().unwrap_or_default();
    kind == "Secret" && matches!(section, "data" | "stringData")
}

/// The field is text that people put in: a variable, an entry of a ConfigMap, an annotation.
fn holds_text(path: &str) -> bool {
    let variable = path.ends_with("].value") && (path.contains(".env[") || path.starts_with("env["));
    variable || path.starts_with("data") || path.contains("metadata.annotations[")
}

/// The last name in a path says that it is secret.
fn says_secret(path: &str) -> bool {
    let path = path.strip_suffix(".value").unwrap_or(path);
    let start = path.rfind(['[', '.']).map_or(0, |index| index + 1);
    let name = path[path.rfind('[').map_or(start, |index| index + 1)..].trim_end_matches(']');
    SECRET_NAME.is_match(name)
}

#[cfg(test)]
mod tests {
    use super::super::field::changes;
    use super::*;

    fn shown(kind: &str, secrets: &[&str], before: &str, after: &str) -> Vec<String> {
        let read = |yaml: &str| serde_yaml::from_str::<Option<Value>>(yaml).unwrap();
        let mask = Mask::new(secrets.iter().map(|text| SecretString::from(*text)));
        let fields = mask.fields(kind, changes(read(before).as_ref(), read(after).as_ref()));
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".into(), Value::to_string);
        fields.iter().map(|f| format!("{}: {} -> {}", f.path, text(&f.before), text(&f.after))).collect()
    }

    #[test]
    fn data_of_a_secret_is_hidden_and_its_metadata_shown() {
        assert_eq!(
            shown(
                "Secret",
                &[],
                "{data: {a.b: eA==}}",
                "{data: {a.b: eQ==}, metadata: {labels: {x: y}}, stringData: {p: q}}"
            ),
            [
                r#"data["a.b"]: "(hidden)" -> "(hidden)""#,
                r#"metadata.labels.x: none -> "y""#,
                r#"stringData.p: none -> "(hidden)""#
            ]
        );
    }

    #[test]
    fn a_known_value_is_hidden_wherever_it_stands_and_so_is_what_it_replaces() {
        let before = "{spec: {containers: [{name: a, args: [--key, old], env: [{name: X, value: old}]}]}}";
        let after = "{spec: {containers: [{name: a, args: [--key, hush-hush], env: [{name: X, value: pre-hush-hush}]}]}}";
        assert_eq!(
            shown("Deployment", &["hush-hush"], before, after),
            [
                r#"spec.containers[a].args: "(hidden)" -> "(hidden)""#,
                r#"spec.containers[a].env[X].value: "(hidden)" -> "(hidden)""#
            ]
        );
        // Short ones hide only what is equal to them.
        assert_eq!(
            shown("ConfigMap", &["ab"], "{}", "{data: {x: ab, y: abc}}"),
            [r#"data.x: none -> "(hidden)""#, r#"data.y: none -> "abc""#]
        );
    }

    #[test]
    fn names_that_say_secret_hide_texts_and_nothing_else() {
        let pod = "{spec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: x}, {name: PORT, value: '1'}, {name: K, valueFrom: {secretKeyRef: {name: db-secret, key: password}}}]}], imagePullSecrets: [{name: pull-secret}]}}";
        let lines = shown("Deployment", &[], pod, "~");
        assert!(
            lines.contains(&r#"spec.containers[a].env[DB_PASSWORD].value: "(hidden)" -> none"#.to_owned())
        );
        assert_eq!(lines.iter().filter(|line| line.contains("hidden")).count(), 1, "{lines:#?}");
    }

    #[test]
    fn passwords_in_urls_and_copies_of_whole_objects_are_hidden() {
        assert_eq!(
            shown(
                "ConfigMap",
                &[],
                "{}",
                "{data: {u: 'postgres://me:hush@db/x', v: 'postgres://me:$(PASS)@db', w: 'http://a:80/b@c'}}"
            ),
            [
                r#"data.u: none -> "(hidden)""#,
                r#"data.v: none -> "postgres://me:$(PASS)@db""#,
                r#"data.w: none -> "http://a:80/b@c""#
            ]
        );
        let copy = "{metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}}}";
        assert!(shown("ConfigMap", &[], copy, "~")[0].ends_with(r#""(hidden)" -> none"#));
    }

    #[test]
    fn two_hidden_values_that_differ_are_told_apart_without_showing_them() {
        let mask = Mask::new([]);
        let field = |value: &str| {
            let before = json!({"data": {"a": value}});
            mask.fields("Secret", changes(Some(&before), Some(&json!({"data": {"a": "new"}}))))
        };
        assert_eq!(field("x"), field("x"));
        assert_ne!(field("x"), field("y"));
        assert!(format!("{:?}", field("x")).contains("was: .."));
    }
}
