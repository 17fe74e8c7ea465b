//! Changes the `sources` of a document and nothing else: comments, order and style of everything around
//! them stay as their authors wrote them. What comes out is read again, and an edit that would mean
//! anything else is given up.

use serde_json::{Map, Value};

use super::document::{Document, DocumentError};
use super::emit::to_yaml;

/// Why a document was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is wrong already.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is written in a way that cannot be changed without touching more.
    #[error("cannot change `sources` in {file} without rewriting more of it")]
    Style {
        /// The file.
        file: String,
        /// What it has to say.
        lines: String,
    },
}

impl crate::error::Explain for EditError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Document(error) => error.hints(),
            Self::Style { lines, .. } => vec![format!("write this yourself:\n{}", lines.trim_end())],
        }
    }

    fn exit(&self) -> crate::error::Exit {
        crate::error::Exit::Usage
    }
}

/// Sets or removes (`None`) one source in the text of a document.
///
/// # Errors
/// Where the text is no document, or is written such that more would have to be rewritten.
pub fn edit_sources(file: &str, text: &str, name: &str, entry: Option<&Value>) -> Result<String, EditError> {
    let document = Document::parse(file, text)?;
    let wanted = with_source(&document.value, name, entry);
    let edited = match entry {
        Some(entry) if document.locate(&["sources", name]).is_some() => replace(&document, text, name, entry),
        Some(entry) => insert(&document, text, name, entry),
        None => remove(&document, text, name),
    };
    let means_it =
        |edited: &String| Document::parse(file, edited).is_ok_and(|after| same(&after.value, &wanted));
    edited.filter(means_it).ok_or_else(|| EditError::Style {
        file: file.to_owned(),
        lines: to_yaml(&serde_json::json!({ "sources": wanted.get("sources") })),
    })
}

/// The `sources` entry that pins a source.
pub fn pin_of(source: &super::Source) -> Value {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), Value::String(value));
        }
    };
    put("git", Some(source.address.to_string()));
    put("ref", source.reference.clone());
    put("path", source.folder.clone());
    put("commit", source.commit.clone());
    Value::Object(entry)
}

fn with_source(value: &Value, name: &str, entry: Option<&Value>) -> Value {
    let mut value = value.clone();
    let Some(top) = value.as_object_mut() else { return value };
    let mut sources = top.get("sources").and_then(Value::as_object).cloned().unwrap_or_default();
    match entry {
        Some(entry) => drop(sources.insert(name.to_owned(), entry.clone())),
        None => drop(sources.shift_remove(name)),
    }
    top.insert("sources".to_owned(), Value::Object(sources));
    value
}

/// Equal, but for an empty `sources`.
fn same(one: &Value, other: &Value) -> bool {
    let bare = |value: &Value| {
        let mut value = value.clone();
        if let Some(top) = value.as_object_mut()
            && top
                .get("sources")
                .is_some_and(|sources| sources.is_null() || sources.as_object().is_some_and(Map::is_empty))
        {
            top.shift_remove("sources");
        }
        value
    };
    bare(one) == bare(other)
}

/// Text by lines, each with its line break.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_bare(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// The line after a block that starts at line `start` (from 0) with its key `column` characters in: the
/// comments before what follows belong to what follows.
fn end_of_block(lines: &[&str], start: usize, column: usize) -> usize {
    let mut end = start + 1;
    for (index, line) in lines.iter().enumerate().skip(start + 1) {
        if is_bare(line) {
            continue;
        }
        if indent(line) <= column {
            break;
        }
        end = index + 1;
    }
    end
}

fn entry_text(name: &str, entry: &Value, indent: usize) -> String {
    let text = to_yaml(&serde_json::json!({ name: entry }));
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

fn insert(document: &Document, text: &str, name: &str, entry: &Value) -> Option<String> {
    let mut lines: Vec<String> = lines(text).into_iter().map(str::to_owned).collect();
    if let Some(last) = lines.last_mut().filter(|line| !line.ends_with('\n')) {
        last.push('\n');
    }
    let Some(place) = document.locate(&["sources"]) else {
        let gap = if lines.iter().all(|line| is_bare(line)) { "" } else { "\n" };
        return Some(format!("{}{gap}sources:\n{}", lines.concat(), entry_text(name, entry, 2)));
    };
    let at = place.line - 1;
    let sources = document.value.get("sources").and_then(Value::as_object);
    let first = sources.and_then(|sources| sources.keys().next());
    let column = match first.and_then(|first| document.locate(&["sources", first])) {
        Some(child) if child.line > place.line => child.column - 1,
        Some(_) => return None,
        None => {
            // `sources: {}` and `sources: null` have nothing to keep.
            let line = &lines[at];
            let key = line.find(':')?;
            let comment = line[key..].find(" #").map(|start| line[key + start..].to_owned());
            lines[at] = format!("{}:{}", &line[..key], comment.unwrap_or_else(|| "\n".into()));
            place.column + 1
        }
    };
    let borrowed: Vec<&str> = lines.iter().map(String::as_str).collect();
    let end = end_of_block(&borrowed, at, place.column - 1);
    lines.insert(end, entry_text(name, entry, column));
    Some(lines.concat())
}

/// Where only the commit is new, its digits alone are replaced.
fn replace(document: &Document, text: &str, name: &str, entry: &Value) -> Option<String> {
    let before = document.value.pointer(&format!("/sources/{name}"))?;
    let (old, new) = (before.get("commit").and_then(Value::as_str), entry.get("commit")?.as_str()?);
    let mut rest = before.as_object()?.clone();
    rest.insert("commit".into(), new.into());
    if let Some(old) = old
        && Value::Object(rest) == *entry
    {
        let place = document.locate(&["sources", name, "commit"])?;
        let mut lines: Vec<String> = lines(text).into_iter().map(str::to_owned).collect();
        let line = &lines[place.line - 1];
        let start = line.char_indices().nth(place.column - 1)?.0;
        let found = start + line[start..].find(old)?;
        lines[place.line - 1] = format!("{}{new}{}", &line[..found], &line[found + old.len()..]);
        return Some(lines.concat());
    }
    let without = remove(document, text, name)?;
    insert(&Document::parse(document.file.clone(), &without).ok()?, &without, name, entry)
}

fn remove(document: &Document, text: &str, name: &str) -> Option<String> {
    let lines = lines(text);
    let only = document.value.get("sources")?.as_object()?.len() == 1;
    let path: &[&str] = if only { &["sources"] } else { &["sources", name] };
    let place = document.locate(path)?;
    let start = place.line - 1;
    if indent(lines[start]) != place.column - 1 {
        return None;
    }
    let end = end_of_block(&lines, start, place.column - 1);
    let mut before = &lines[..start];
    // What stood apart from it by an empty line does not end in one.
    if lines[end..].is_empty() {
        while let [rest @ .., last] = before
            && last.trim().is_empty()
        {
            before = rest;
        }
    }
    Some(before.iter().chain(&lines[end..]).copied().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn set(text: &str, name: &str, commit: &str) -> String {
        let entry = json!({ "git": "https://git.test/p", "commit": commit });
        edit_sources("devbox.yaml", text, name, Some(&entry)).unwrap()
    }

    #[test]
    fn a_pin_moves_in_place_and_every_comment_stays() {
        for text in [
            format!(
                "# ours\nsources: # where from\n  acme:   # the platform team\n    git: https://git.test/p\n    commit: '{A}' # {A}?\n# after\ncomponents: {{}}\n"
            ),
            format!("sources: {{acme: {{git: https://git.test/p, commit: {A}}}}} # flow\n"),
        ] {
            assert_eq!(set(&text, "acme", B), text.replacen(A, B, 1));
        }
    }

    #[test]
    fn a_source_is_added_behind_those_that_are_there() {
        let entry = format!("  acme:\n    git: https://git.test/p\n    commit: {A}\n");
        for (before, after) in [
            ("".to_owned(), format!("sources:\n{entry}")),
            ("# only a comment\n".to_owned(), format!("# only a comment\nsources:\n{entry}")),
            ("name: shop".to_owned(), format!("name: shop\n\nsources:\n{entry}")),
            ("sources: {} # none\nname: x\n".to_owned(), format!("sources: # none\n{entry}name: x\n")),
            (
                "sources:\n  one: {git: https://git.test/o} # 1\n\n# about the rest\nname: x\n".to_owned(),
                format!(
                    "sources:\n  one: {{git: https://git.test/o}} # 1\n{entry}\n# about the rest\nname: x\n"
                ),
            ),
        ] {
            assert_eq!(set(&before, "acme", A), after);
        }
    }

    #[test]
    fn a_source_is_removed_with_its_key_where_it_was_the_last() {
        let text = "name: x # us\nsources:\n  # the first\n  one: {git: https://git.test/o}\n  two:\n    git: https://git.test/t\n\n# rest\nvalues: {a: 1}\n";
        let gone = |text: &str, name: &str| edit_sources("f", text, name, None).unwrap();
        let one = gone(text, "two");
        assert_eq!(one, text.replace("  two:\n    git: https://git.test/t\n", ""));
        assert_eq!(gone(&one, "one"), "name: x # us\n\n# rest\nvalues: {a: 1}\n");
    }

    #[test]
    fn what_cannot_be_changed_alone_is_left_and_said() {
        let entry = json!({ "git": "https://git.test/p", "commit": A });
        for text in ["{name: shop}\n", "sources: {one: {git: https://git.test/o}}\n", "name: x\n...\n"] {
            let error = edit_sources("devbox.yaml", text, "acme", Some(&entry)).unwrap_err();
            assert!(crate::error::Explain::hints(&error)[0].contains("acme:\n"), "{error:?}");
        }
    }
}
