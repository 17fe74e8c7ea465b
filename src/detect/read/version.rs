//! From a constraint to a version that can be an image tag.

/// The version that satisfies a constraint and can be an image tag, with at most `parts` parts unless
/// the constraint pins more. `>=20` gives `20`, `^3.11.4` with two parts gives `3.11`, `1.22.5` stays.
/// `None` where the text says no version.
pub(in crate::detect) fn resolve(constraint: &str, parts: usize) -> Option<String> {
    let constraint = constraint.trim().trim_matches(['"', '\'']);
    constraint.split("||").filter_map(|range| lower(range, parts)).max_by(|a, b| numbers(a).cmp(&numbers(b)))
}

/// The parts of a version as numbers.
pub(in crate::detect) fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// A version or constraint without operators: `^4.19.2` gives `4.19.2`. `None` where none is in it.
pub(in crate::detect) fn bare(constraint: &str) -> Option<String> {
    let constraint = constraint.trim().trim_matches(['"', '\'']);
    let constraint = constraint
        .rsplit_once("npm:")
        .map_or(constraint, |(_, rest)| rest.rsplit_once('@').map_or(rest, |(_, v)| v));
    let first = constraint.split([',', '|']).next().unwrap_or_default().trim();
    let first =
        first.split_whitespace().find(|word| word.chars().any(|c| c.is_ascii_digit())).unwrap_or_default();
    let text = first
        .trim_start_matches(['^', '~', '>', '<', '=', '!', 'v', ' ', '[', '('])
        .trim_end_matches([')', ']']);
    let text = text.trim_end_matches(".x").trim_end_matches(".*").trim_end_matches('+').trim_end_matches('.');
    if text.chars().next().is_some_and(|c| c.is_ascii_digit()) && !text.contains(['/', ':', '$', '{']) {
        Some(text.to_owned())
    } else {
        None
    }
}

/// The lower end of one range.
fn lower(range: &str, parts: usize) -> Option<String> {
    let range = range.replace(">= ", ">=").replace("> ", ">").replace("<= ", "<=").replace("< ", "<");
    let range = range
        .replace("~> ", "~>")
        .replace("~= ", "~=")
        .replace("^ ", "^")
        .replace("== ", "==")
        .replace("= ", "=");
    let mut upper = None;
    let words: Vec<&str> = range.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    for word in words {
        let at = word.find(|c: char| c.is_ascii_digit())?;
        let (operator, text) = word.split_at(at);
        let operator = operator.trim_end_matches('v');
        let open = text.ends_with(".x") || text.ends_with(".*") || text.ends_with(".X");
        let text = text.trim_end_matches(".x").trim_end_matches(".X").trim_end_matches(".*");
        let text = text.trim_end_matches(".x").trim_end_matches(".*");
        if !plausible(text) {
            return None;
        }
        match operator {
            "" | "=" | "==" | "===" if open => return Some(cut(text, parts)),
            "" | "=" | "==" | "===" => return Some(text.to_owned()),
            ">=" | "^" | "~>" | "~=" => return Some(cut(text, parts)),
            "~" => return Some(cut(text, parts.max(2))),
            ">" => return Some(above(text, parts)),
            "<=" => upper = Some(cut(text, parts)),
            "<" | "!=" => {}
            _ => return None,
        }
    }
    upper
}

fn cut(text: &str, parts: usize) -> String {
    let text = text.split(['-', '+']).next().unwrap_or(text);
    text.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// The version after `text`, where `text` alone is excluded.
fn above(text: &str, parts: usize) -> String {
    let mut found: Vec<u64> = numbers(text);
    if found.len() <= parts
        && let Some(last) = found.last_mut()
    {
        *last += 1;
    }
    found.iter().take(parts).map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// Digits and dots, perhaps with a suffix such as `-rc1` or `.RELEASE`; no path, no expression.
fn plausible(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_resolve_to_usable_tags() {
        let cases = [
            (">=20", 1, Some("20")),
            (">= 18.17.0", 1, Some("18")),
            ("^18 || ^20", 1, Some("20")),
            (">=18 <21", 1, Some("18")),
            ("20.x", 1, Some("20")),
            ("20.11.0", 1, Some("20.11.0")),
            ("v20.11.0", 1, Some("20.11.0")),
            ("<21", 1, None),
            ("*", 1, None),
            ("latest", 1, None),
            (">=3.9,<4.0", 2, Some("3.9")),
            ("^3.11.4", 2, Some("3.11")),
            ("~=3.12", 2, Some("3.12")),
            ("==3.12.*", 2, Some("3.12")),
            ("~> 3.3.0", 2, Some("3.3")),
            ("8.2.*", 2, Some("8.2")),
            (">16", 1, Some("17")),
            ("../evil", 1, None),
        ];
        for (constraint, parts, expected) in cases {
            assert_eq!(resolve(constraint, parts).as_deref(), expected, "{constraint}");
        }
    }

    #[test]
    fn a_bare_version_has_no_operator() {
        assert_eq!(bare("^4.19.2").as_deref(), Some("4.19.2"));
        assert_eq!(bare(">=2.0,<3").as_deref(), Some("2.0"));
        assert_eq!(bare("~> 7.1").as_deref(), Some("7.1"));
        assert_eq!(bare("npm:express@^4.0.0").as_deref(), Some("4.0.0"));
        assert_eq!(bare("4.0.+").as_deref(), Some("4.0"));
        assert_eq!(bare("latest"), None);
        assert_eq!(bare("workspace:*"), None);
        assert_eq!(bare("git+https://x/y.git#v1"), None);
    }
}
