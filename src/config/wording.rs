//! Serde's words for what is wrong, in ours: without Rust's names, and without the place, which is shown apart.

use super::suggest::did_you_mean;

/// The message, and a hint where one helps.
pub(super) fn reword(text: &str) -> (String, Option<String>) {
    const STARTS: [&str; 6] = [
        "unknown field `",
        "unknown variant `",
        "missing field `",
        "invalid type: ",
        "invalid value: ",
        "duplicate entry ",
    ];
    let start = STARTS.iter().filter_map(|start| text.find(start)).min().unwrap_or(0);
    let end = text[start..].find(" at line ").map_or(text.len(), |end| start + end);
    let message = &text[start..end];
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (name, known) = split_known(rest);
        return (format!("unknown key `{name}`"), did_you_mean(name, known));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (name, known) = split_known(rest);
        return (format!("unknown value `{name}`"), did_you_mean(name, known));
    }
    let typed = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, wanted)) = typed.and_then(|rest| rest.rsplit_once(", expected ")) {
        return (format!("{} stands where {} belongs", called(found), called(wanted)), None);
    }
    (message.to_owned(), None)
}

/// What to do about a line with a template outside of quotes: YAML takes its braces for maps.
pub(super) fn unquoted(line: &str) -> Option<String> {
    let before = line.split_once("{{")?.0.trim_end();
    let bare = before.is_empty() || before.ends_with([':', '-', '{', '[', ',']);
    bare.then(|| "put the template in quotes: `\"{{ ... }}\"`".into())
}

/// What to do about a line that begins with a tab.
pub(super) fn tab(line: &str) -> Option<String> {
    let indent = &line[..line.len() - line.trim_start().len()];
    indent.contains('\t').then(|| "indent with spaces: YAML takes no tabs for that".into())
}

/// A type, as serde names it, for people.
fn called(name: &str) -> String {
    let (kind, value) = match name.split_once([' ']) {
        Some((kind @ ("string" | "integer" | "boolean"), value)) => (kind, value),
        Some(("floating", rest)) => ("number", rest.trim_start_matches("point ")),
        _ => (name, ""),
    };
    let value = value.trim_matches(['`', '"']);
    match kind {
        "string" if !value.is_empty() => format!("the text `{value}`"),
        "integer" | "number" | "boolean" if !value.is_empty() => format!("`{value}`"),
        "a string" | "string" | "str" => "text".into(),
        "sequence" | "a sequence" => "a list".into(),
        "map" | "a map" => "a map of keys and values".into(),
        "unit value" | "unit" | "null" | "Option value" => "nothing".into(),
        "a boolean" => "`true` or `false`".into(),
        struct_ if struct_.starts_with("struct ") => "a map of keys and values".into(),
        number if ["i64", "u64", "u16", "usize", "u32"].contains(&number) => "a whole number".into(),
        other => other.into(),
    }
}

/// Splits serde's "name`, expected one of `a`, `b`" into the name and the known names.
fn split_known(rest: &str) -> (&str, Vec<&str>) {
    let (name, rest) = rest.split_once('`').unwrap_or((rest, ""));
    (name, rest.split('`').skip(1).step_by(2).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_is_said_without_the_names_of_a_program() {
        for (serde, ours) in [
            (
                "components: invalid type: sequence, expected a map at line 1 column 13",
                "a list stands where a map of keys and values belongs",
            ),
            (
                "params.port: invalid type: integer `3000`, expected struct ParamFile at line 3 column 9",
                "`3000` stands where a map of keys and values belongs",
            ),
            (
                "uses: invalid type: string \"postgres\", expected a sequence at line 4 column 11",
                "the text `postgres` stands where a list belongs",
            ),
            (
                "name: invalid type: map, expected a string at line 1",
                "a map of keys and values stands where text belongs",
            ),
        ] {
            assert_eq!(reword(serde).0, ours);
        }
    }
}
