//! Changes single entries in the text of a kubeconfig and nothing else: comments, anchors, order, unknown
//! keys and other entries stay byte for byte. Pure. What comes out is read again, and an edit that would
//! mean anything else is given up.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::layout::{Place, find};
use crate::config::to_yaml;

/// A list of a kubeconfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    /// `clusters`
    Clusters,
    /// `users`
    Users,
    /// `contexts`
    Contexts,
}

impl List {
    /// The key of the list.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Users => "users",
            Self::Contexts => "contexts",
        }
    }

    /// The key of an entry's body.
    pub(super) fn singular(self) -> &'static str {
        self.key().trim_end_matches('s')
    }
}

/// One change. Bodies may hold secrets, so it prints only names.
#[derive(Clone, PartialEq)]
pub(super) enum Edit {
    /// Adds an entry, or gives one of that name another body.
    Put(List, String, Value),
    /// Removes an entry.
    Remove(List, String),
    /// Sets `current-context`.
    Current(String),
}

/// Makes the changes; `None` where the text is written in a way that cannot be changed without touching
/// more, or is no kubeconfig.
pub(super) fn edited(text: &str, edits: &[Edit]) -> Option<String> {
    edits.iter().try_fold(text.to_owned(), |text, edit| {
        let before = read(&text)?;
        let wanted = with(&before, edit)?;
        if wanted == before {
            return Some(text);
        }
        let after = if before.is_null() { whole(&text, &wanted) } else { one(&text, &before, edit)? };
        (same(&read(&after)?, &wanted)).then_some(after)
    })
}

fn read(text: &str) -> Option<Value> {
    serde_yaml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
}

/// Equal, but for lists that are empty or not there.
fn same(one: &Value, other: &Value) -> bool {
    let bare = |value: &Value| {
        let mut value = value.clone();
        if let Some(map) = value.as_object_mut() {
            map.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()));
        }
        value
    };
    bare(one) == bare(other)
}

fn index_of(document: &Value, list: List, name: &str) -> Option<usize> {
    document[list.key()].as_array()?.iter().position(|entry| entry["name"] == name)
}

fn entry(list: List, name: &str, body: &Value) -> Value {
    json!({"name": name, list.singular(): body})
}

/// What the document is to mean.
fn with(document: &Value, edit: &Edit) -> Option<Value> {
    let mut document = match document {
        Value::Null => json!({"apiVersion": "v1", "kind": "Config"}),
        Value::Object(_) => document.clone(),
        _ => return None,
    };
    let top: &mut Map<String, Value> = document.as_object_mut()?;
    match edit {
        Edit::Current(name) => drop(top.insert("current-context".into(), json!(name))),
        Edit::Put(list, name, body) => {
            let all = top.entry(list.key()).or_insert_with(|| json!([]));
            if all.is_null() {
                *all = json!([]);
            }
            let all = all.as_array_mut()?;
            match all.iter_mut().find(|entry| entry["name"] == name.as_str()) {
                // The order of its keys is not ours to change, nor is an unknown key beside them.
                Some(found) if found[list.singular()] == *body => {}
                Some(found) => *found = entry(*list, name, body),
                None => all.push(entry(*list, name, body)),
            }
        }
        Edit::Remove(list, name) => {
            if let Some(all) = top.get_mut(list.key()).and_then(Value::as_array_mut) {
                all.retain(|entry| entry["name"] != name.as_str());
            }
        }
    }
    Some(document)
}

/// A document where there was none, below its comments.
fn whole(text: &str, wanted: &Value) -> String {
    format!("{}{}", ended(text), with_breaks(text, &to_yaml(wanted)))
}

fn one(text: &str, before: &Value, edit: &Edit) -> Option<String> {
    match edit {
        Edit::Current(name) => current(text, name),
        Edit::Put(list, name, body) => {
            let entry = entry(*list, name, body);
            let place = find(text, list.key())?;
            match index_of(before, *list, name) {
                Some(index) => replace(text, place, index, &entry),
                None => insert(text, *list, place, &entry),
            }
        }
        Edit::Remove(list, name) => {
            remove(text, find(text, list.key())?, index_of(before, *list, name)?, *list)
        }
    }
}

/// The text with a line break at its end.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { line_break(text) };
    format!("{text}{end}")
}

fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// What is added has the line breaks of the text around it.
fn with_breaks(text: &str, added: &str) -> String {
    added.replace('\n', line_break(text))
}

fn splice(text: &str, span: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..span.start], &text[span.end..])
}

/// An entry as an item of a block list.
fn item(text: &str, entry: &Value, column: usize) -> String {
    let indent = " ".repeat(column);
    let lines = to_yaml(&json!([entry]));
    let lines: String = lines.lines().map(|line| format!("{indent}{line}\n")).collect();
    with_breaks(text, &lines)
}

fn insert(text: &str, list: List, place: Place, entry: &Value) -> Option<String> {
    let key = list.key();
    Some(match place {
        Place::Absent { at, flow: Some(flow) } => {
            let comma = if flow.after_others { ", " } else { "" };
            splice(text, at..at, &format!("{comma}{}: [{entry}]", json!(key)))
        }
        Place::Absent { .. } => {
            format!("{}{key}:{}{}", ended(text), line_break(text), item(text, entry, 0))
        }
        Place::Empty { value, line_end } => {
            let rest = ended(&text[value.end..line_end]);
            let after = &text[line_end..];
            format!("{}{rest}{}{after}", text[..value.start].trim_end_matches(' '), item(text, entry, 0))
        }
        Place::Block { column, end, .. } => {
            let head = ended(&text[..end]);
            format!("{head}{}{}", item(text, entry, column), &text[end..])
        }
        Place::Flow { items, close } => match items.last() {
            None => splice(text, close..close, &entry.to_string()),
            Some(last) => {
                let line = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
                let indent = &text[line..last.start];
                let own_line = line > 0 && indent.trim().is_empty();
                let gap = if own_line { format!("{}{indent}", line_break(text)) } else { " ".into() };
                splice(text, last.end..last.end, &format!(",{gap}{entry}"))
            }
        },
        Place::Scalar { .. } => return None,
    })
}

fn replace(text: &str, place: Place, index: usize, entry: &Value) -> Option<String> {
    match place {
        Place::Block { column, items, .. } => {
            Some(splice(text, items.get(index)?.clone(), &item(text, entry, column)))
        }
        Place::Flow { items, .. } => Some(splice(text, items.get(index)?.clone(), &entry.to_string())),
        _ => None,
    }
}

fn remove(text: &str, place: Place, index: usize, list: List) -> Option<String> {
    match place {
        Place::Block { items, key, .. } => {
            let without = splice(text, items.get(index)?.clone(), "");
            if items.len() > 1 {
                return Some(without);
            }
            let colon = text[..key].rfind(list.key())? + list.key().len();
            let colon = colon + text[colon..].find(':')? + 1;
            Some(splice(&without, colon..colon, " []"))
        }
        Place::Flow { items, .. } => {
            let at = items.get(index)?;
            let span = match (index.checked_sub(1).and_then(|before| items.get(before)), items.get(index + 1))
            {
                (Some(before), _) => before.end..at.end,
                (None, Some(next)) => at.start..next.start,
                (None, None) => at.clone(),
            };
            Some(splice(text, span, ""))
        }
        _ => None,
    }
}

fn current(text: &str, name: &str) -> Option<String> {
    let scalar = to_yaml(&json!(name));
    let scalar = scalar.trim_end();
    match find(text, "current-context")? {
        Place::Scalar { value, flow: true } => Some(splice(text, value, &json!(name).to_string())),
        Place::Scalar { value, .. } => Some(splice(text, value, scalar)),
        Place::Empty { value, .. } => {
            let blank = if text[..value.start].ends_with(':') { " " } else { "" };
            Some(splice(text, value, &format!("{blank}{scalar}")))
        }
        Place::Absent { at, flow: Some(flow) } => {
            let comma = if flow.after_others { ", " } else { "" };
            Some(splice(text, at..at, &format!("{comma}\"current-context\": {}", json!(name))))
        }
        Place::Absent { .. } => {
            let line = format!("current-context: {scalar}\n");
            Some(format!("{}{}", ended(text), with_breaks(text, &line)))
        }
        Place::Block { .. } | Place::Flow { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str, name: &str) -> Option<String> {
        let body = json!({"cluster": name, "user": name, "namespace": "dev"});
        edited(text, &[Edit::Put(List::Contexts, name.into(), body)])
    }

    fn gone(text: &str, name: &str) -> Option<String> {
        edited(text, &[Edit::Remove(List::Contexts, name.into())])
    }

    const ENTRY: &str = "- name: new\n  context:\n    cluster: new\n    user: new\n    namespace: dev\n";

    #[test]
    fn an_entry_is_added_and_removed_and_everything_else_stays_byte_for_byte() {
        for (before, after) in [
            // Comments, anchors, unknown keys, order.
            (
                "# mine\nx-common: &base {server: 'https://a'}\nusers: []\ncontexts:\n# old\n- context: {cluster: a} # c\n  name: old\n  extra: [1]\n\n# rest\nclusters:\n- {name: a, cluster: *base}\n".to_owned(),
                format!("# mine\nx-common: &base {{server: 'https://a'}}\nusers: []\ncontexts:\n# old\n- context: {{cluster: a}} # c\n  name: old\n  extra: [1]\n{ENTRY}\n# rest\nclusters:\n- {{name: a, cluster: *base}}\n"),
            ),
            ("contexts: [] # none\nkind: Config\n".to_owned(), format!("contexts: # none\n{ENTRY}kind: Config\n")),
            (
                "contexts: [{name: a, context: {cluster: a}}] # all\n".to_owned(),
                "contexts: [{name: a, context: {cluster: a}}, {\"name\":\"new\",\"context\":{\"cluster\":\"new\",\"user\":\"new\",\"namespace\":\"dev\"}}] # all\n".to_owned(),
            ),
            (
                "{\n  \"contexts\": [\n    {\"name\": \"a\"}\n  ]\n}\n".to_owned(),
                "{\n  \"contexts\": [\n    {\"name\": \"a\"},\n    {\"name\":\"new\",\"context\":{\"cluster\":\"new\",\"user\":\"new\",\"namespace\":\"dev\"}}\n  ]\n}\n".to_owned(),
            ),
            ("a: 1\r\ncontexts:\r\n  - name: x\r\n".to_owned(), format!("a: 1\r\ncontexts:\r\n  - name: x\r\n{}", ENTRY.lines().map(|l| format!("  {l}\r\n")).collect::<String>())),
        ] {
            assert_eq!(put(&before, "new").as_deref(), Some(after.as_str()));
            assert_eq!(gone(&after, "new").as_deref(), Some(before.as_str()));
            // Nothing changes the second time.
            assert_eq!(put(&after, "new").as_deref(), Some(after.as_str()));
            assert_eq!(gone(&before, "new").as_deref(), Some(before.as_str()));
        }
    }

    #[test]
    fn a_file_that_has_nothing_becomes_one_that_kubectl_writes() {
        let deeper: String = ENTRY.lines().map(|line| format!("  {line}\n")).collect();
        let fresh = format!("apiVersion: v1\nkind: Config\ncontexts:\n{deeper}");
        assert_eq!(put("", "new").unwrap(), fresh);
        assert_eq!(put("# only a comment", "new").unwrap(), format!("# only a comment\n{fresh}"));
        assert_eq!(put("kind: Config", "new").unwrap(), format!("kind: Config\ncontexts:\n{ENTRY}"));
    }

    #[test]
    fn an_entry_of_the_same_name_is_replaced_where_it_stands() {
        let text =
            "contexts:\n- name: new\n  context: {cluster: old}\n# after\n- name: z\ncurrent-context: z\n";
        let after = put(text, "new").unwrap();
        assert_eq!(after, format!("contexts:\n{ENTRY}# after\n- name: z\ncurrent-context: z\n"));
    }

    #[test]
    fn the_current_context_is_a_value_like_any_other() {
        let set = |text: &str| edited(text, &[Edit::Current("b: c".into())]).unwrap();
        assert_eq!(set("current-context: a # here\nx: 1\n"), "current-context: \"b: c\" # here\nx: 1\n");
        assert_eq!(set("current-context:\nx: 1\n"), "current-context: \"b: c\"\nx: 1\n");
        assert_eq!(set("x: 1\n"), "x: 1\ncurrent-context: \"b: c\"\n");
        assert_eq!(set("{\"current-context\": \"a\"}"), "{\"current-context\": \"b: c\"}");
    }

    #[test]
    fn what_cannot_be_changed_alone_is_left() {
        for text in [
            "contexts: &all\n- name: a\n",
            "contexts: {a: 1}\n",
            "- a\n",
            "a: [\n",
            " contexts:\n - name: a\n",
            "a: 1\n...\n",
        ] {
            assert_eq!(put(text, "new"), None, "{text}");
        }
    }
}
