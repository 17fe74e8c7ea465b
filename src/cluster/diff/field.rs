//! Two states of an object, field by field. Pure.
//!
//! Lists of objects are matched by what tells their items apart (`name`, `mountPath`, a port), as
//! server-side apply does, so that an inserted container does not look like a change of all others.
//! Lists of plain values are one field.

use serde::Serialize;
use serde_json::{Map, Value};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field, such as `spec.template.spec.containers[app].image`.
    pub path: String,
    /// What it is; `None` where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it would be; `None` where it would be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The values are secret and not in here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Tells two hidden values of before apart.
    #[serde(skip)]
    pub(super) was: Fingerprint,
}

/// A digest that is compared and never shown.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fingerprint(pub(super) [u8; 32]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// Keys that tell the items of a list apart, in the order in which they are tried.
const IDENTITIES: [&str; 7] = ["name", "mountPath", "devicePath", "containerPort", "port", "key", "type"];

/// Every field that differs, in the order of the objects' keys. `None` stands for an object that is not
/// there.
pub(super) fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare(String::new(), before, after, &mut found);
    found
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldChange>) {
    let empty = Map::new();
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for key in keys(before, after) {
                compare(join(&path, key), before.get(key), after.get(key), found);
            }
        }
        (Some(Value::Object(before)), None) if !before.is_empty() => {
            for key in keys(before, &empty) {
                compare(join(&path, key), before.get(key), None, found);
            }
        }
        (None, Some(Value::Object(after))) if !after.is_empty() => {
            for key in keys(&empty, after) {
                compare(join(&path, key), None, after.get(key), found);
            }
        }
        (before, after) => match (items(before), items(after)) {
            (Some(was), Some(is)) if !was.is_empty() || !is.is_empty() => {
                lists(&path, (before, was), (after, is), found);
            }
            _ => leaf(path, before, after, found),
        },
    }
}

/// The items of a list of objects; none of what is not there.
fn items(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None => Some(&[]),
        Some(Value::Array(items)) if items.iter().all(Value::is_object) => Some(items),
        Some(_) => None,
    }
}

type Side<'a> = (Option<&'a Value>, &'a [Value]);

fn lists(path: &str, (before, was): Side<'_>, (after, is): Side<'_>, found: &mut Vec<FieldChange>) {
    let start = found.len();
    let identity = IDENTITIES.iter().find(|key| tells_apart(was, key) && tells_apart(is, key));
    match identity {
        Some(key) => {
            let names = |items: &[Value]| items.iter().map(|item| plain(&item[*key])).collect::<Vec<_>>();
            let (old, new) = (names(was), names(is));
            let of = |names: &[String], items: &'_ [Value], name: &str| {
                names.iter().position(|other| other == name).map(|index| items[index].clone())
            };
            for name in old.iter().chain(new.iter().filter(|name| !old.contains(name))) {
                let (from, to) = (of(&old, was, name), of(&new, is, name));
                compare(format!("{path}[{name}]"), from.as_ref(), to.as_ref(), found);
            }
            if found.len() == start {
                // The same items in another order.
                let list = |names: Vec<String>| Value::from(names);
                leaf(path.to_owned(), Some(&list(old)), Some(&list(new)), found);
            }
        }
        None => {
            for index in 0..was.len().max(is.len()) {
                compare(format!("{path}[{index}]"), was.get(index), is.get(index), found);
            }
        }
    }
    if found.len() == start {
        // An empty list came or went.
        leaf(path.to_owned(), before, after, found);
    }
}

fn tells_apart(items: &[Value], key: &str) -> bool {
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match item.get(key) {
            Some(Value::String(_) | Value::Number(_)) => names.push(plain(&item[key])),
            _ => return false,
        }
    }
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn leaf(path: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldChange>) {
    let (before, after) = (before.cloned(), after.cloned());
    found.push(FieldChange { path, before, after, hidden: false, was: Fingerprint::default() });
}

fn keys<'a>(before: &'a Map<String, Value>, after: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// `metadata.annotations["devbox.internal/keep"]`: a key that is not plain is quoted.
fn join(path: &str, key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (path.is_empty(), is_plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: &str, after: &str) -> Vec<String> {
        let read = |yaml: &str| serde_yaml::from_str::<Option<Value>>(yaml).unwrap();
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".into(), Value::to_string);
        changes(read(before).as_ref(), read(after).as_ref())
            .iter()
            .map(|change| format!("{}: {} -> {}", change.path, text(&change.before), text(&change.after)))
            .collect()
    }

    #[test]
    fn what_is_equal_is_not_named_and_what_differs_is() {
        assert_eq!(lines("{a: 1, b: {c: x}}", "{b: {c: x}, a: 1}"), Vec::<String>::new());
        assert_eq!(
            lines("{a: 1, b: {c: x, d: y}}", "{b: {c: z}, e: true}"),
            ["a: 1 -> none", "b.c: \"x\" -> \"z\"", "b.d: \"y\" -> none", "e: none -> true"]
        );
    }

    #[test]
    fn an_inserted_item_changes_no_other() {
        assert_eq!(
            lines(
                "{c: [{name: a, i: 1}, {name: b, i: 2}]}",
                "{c: [{name: x, i: 0}, {name: a, i: 1}, {name: b, i: 3}]}"
            ),
            ["c[b].i: 2 -> 3", "c[x].i: none -> 0", "c[x].name: none -> \"x\""]
        );
        assert_eq!(
            lines("{p: [{port: 80, targetPort: 1}]}", "{p: [{port: 80, targetPort: 2}]}"),
            ["p[80].targetPort: 1 -> 2"]
        );
    }

    #[test]
    fn items_that_nothing_tells_apart_go_by_position_and_plain_lists_are_one_field() {
        assert_eq!(lines("{r: [{v: a}, {v: b}]}", "{r: [{v: a}, {v: c}]}"), ["r[1].v: \"b\" -> \"c\""]);
        assert_eq!(lines("{args: [a, b]}", "{args: [a, c]}"), [r#"args: ["a","b"] -> ["a","c"]"#]);
    }

    #[test]
    fn an_order_and_an_empty_value_are_differences_too() {
        assert_eq!(
            lines("{c: [{name: a}, {name: b}]}", "{c: [{name: b}, {name: a}]}"),
            [r#"c: ["a","b"] -> ["b","a"]"#]
        );
        assert_eq!(lines("{}", "{a: {}, b: []}"), ["a: none -> {}", "b: none -> []"]);
    }

    #[test]
    fn keys_that_are_not_plain_are_quoted() {
        assert_eq!(lines("{}", "{m: {a.b/c: x}}"), [r#"m["a.b/c"]: none -> "x""#]);
    }
}
