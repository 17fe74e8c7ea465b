//! Where the lists and entries of a kubeconfig stand in its text. Pure. It knows the two ways in which
//! kubeconfigs are written, blocks (kubectl) and flow (JSON, or `clusters: [...]`), and gives up on any
//! other; what is made of it is read again before it is believed.

use std::ops::Range;

/// Where a value of the document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The key is not there. The text goes at this offset, as a part of a flow mapping or not.
    Absent { at: usize, flow: Option<Absent> },
    /// The key has no value, or an empty list, at this span of its line (which may be empty).
    Empty { value: Range<usize>, line_end: usize },
    /// A block list: its entries begin this many columns in; `end` is where another would begin.
    Block { column: usize, items: Vec<Range<usize>>, end: usize, key: usize },
    /// A flow list between its brackets.
    Flow { items: Vec<Range<usize>>, close: usize },
    /// A scalar.
    Scalar { value: Range<usize>, flow: bool },
}

/// How a key is added to a flow mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Absent {
    /// There are other keys before it.
    pub(super) after_others: bool,
}

/// Finds a top-level key; `None` where the text is written in a way that is not known here.
pub(super) fn find(text: &str, key: &str) -> Option<Place> {
    match root(text) {
        Some(open) => in_flow(text, open, key),
        None => in_block(text, key),
    }
}

/// The offset of the `{` where the whole document is a flow mapping.
fn root(text: &str) -> Option<usize> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches('\u{feff}').trim();
        if bare.starts_with('{') {
            return Some(offset + line.find('{')?);
        }
        if !bare.is_empty() && !bare.starts_with('#') && bare != "---" {
            return None;
        }
        offset += line.len();
    }
    None
}

fn in_flow(text: &str, open: usize, wanted: &str) -> Option<Place> {
    let (items, close) = flow(text, open)?;
    for item in &items {
        let (key, value) = pair(text, item)?;
        if key != wanted {
            continue;
        }
        return value_at(text, value, true);
    }
    let at = items.last().map_or(open + 1, |last| last.end);
    debug_assert!(at <= close);
    Some(Place::Absent { at, flow: Some(Absent { after_others: !items.is_empty() }) })
}

/// The key of an item of a flow mapping, and the span of its value.
fn pair<'a>(text: &'a str, item: &Range<usize>) -> Option<(&'a str, Range<usize>)> {
    let whole = &text[item.clone()];
    let (key, colon) = match whole.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = whole[1..].find(quote)? + 1;
            (&whole[1..end], end + whole[end..].find(':')?)
        }
        _ => {
            let colon = whole.find(':')?;
            (whole[..colon].trim_end(), colon)
        }
    };
    let rest = &whole[colon + 1..];
    let start = item.start + colon + 1 + (rest.len() - rest.trim_start().len());
    Some((key, start..item.end))
}

fn value_at(text: &str, value: Range<usize>, in_flow: bool) -> Option<Place> {
    let shown = &text[value.clone()];
    match shown.chars().next() {
        Some('[') => {
            let (items, close) = flow(text, value.start)?;
            if items.is_empty() && !in_flow {
                let line_end = text[close..].find('\n').map_or(text.len(), |end| close + end + 1);
                return Some(Place::Empty { value: value.start..close + 1, line_end });
            }
            Some(Place::Flow { items, close })
        }
        Some('{' | '&' | '*' | '!' | '|' | '>') => None,
        _ => Some(Place::Scalar { value, flow: in_flow }),
    }
}

/// The items between the bracket at `open` and its closing one, without the blanks around them, and the
/// offset of the closing one.
fn flow(text: &str, open: usize) -> Option<(Vec<Range<usize>>, usize)> {
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut item: Option<Range<usize>> = None;
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    // Whether a scalar may begin here, and a quote with it; whether a blank was just before.
    let (mut fresh, mut blank, mut skip, mut comment) = (true, true, false, false);
    for (offset, c) in text[open..].char_indices().map(|(offset, c)| (open + offset, c)) {
        let end = offset + c.len_utf8();
        if comment {
            comment = c != '\n';
            continue;
        }
        if let Some(open_quote) = quote {
            if let Some(item) = &mut item {
                item.end = end;
            }
            if skip {
                skip = false;
            } else if c == '\\' && open_quote == '"' {
                skip = true;
            } else if c == open_quote {
                quote = None;
            }
            continue;
        }
        match c {
            '#' if blank => {
                comment = true;
                continue;
            }
            ' ' | '\t' | '\n' | '\r' => {
                blank = true;
                continue;
            }
            '[' | '{' => {
                depth += 1;
                fresh = true;
                if depth == 1 {
                    blank = true;
                    continue;
                }
            }
            ']' | '}' => {
                depth = depth.checked_sub(1)?;
                fresh = false;
                if depth == 0 {
                    items.extend(item);
                    return Some((items, offset));
                }
            }
            ',' if depth == 1 => {
                items.push(item.take()?);
                (fresh, blank) = (true, true);
                continue;
            }
            ',' | ':' => fresh = true,
            // An adjacent second quote reopens a single-quoted scalar; it is a part of it either way.
            '"' | '\'' if fresh || item.as_ref().is_some_and(|item| text[..item.end].ends_with(c)) => {
                quote = Some(c);
                fresh = false;
            }
            _ => fresh = false,
        }
        blank = false;
        item.get_or_insert(offset..end).end = end;
    }
    None
}

/// A line with its offset.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    fn is_bare(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || text.starts_with('#')
    }

    fn is_item(&self, column: usize) -> bool {
        let text = &self.text[self.indent()..];
        self.indent() == column && (text.starts_with("- ") || text.trim_end() == "-")
    }

    /// Ends a document.
    fn is_marker(&self) -> bool {
        self.text.starts_with("---") || self.text.starts_with("...")
    }

    /// The value behind a top-level key, without comment and blanks.
    fn value(&self, key: &str) -> Option<Range<usize>> {
        let bom =
            if self.start == 0 && self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = &self.text[bom..];
        let rest = [format!("{key}:"), format!("\"{key}\":"), format!("'{key}':")]
            .iter()
            .find_map(|key| text.strip_prefix(key.as_str()))?;
        if !rest.starts_with([' ', '\t', '\r', '\n']) && !rest.is_empty() {
            return None;
        }
        let start = self.end() - rest.trim_start_matches([' ', '\t']).len();
        let value = &self.text[start - self.start..];
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let end = match quoted {
            Some(quote) => value[1..].find(quote).map(|end| end + 2)?,
            None if value.starts_with('#') => 0,
            None => value.find(" #").unwrap_or(value.len()),
        };
        Some(start..start + value[..end].trim_end().len())
    }
}

fn in_block(text: &str, key: &str) -> Option<Place> {
    let mut start = 0;
    let lines: Vec<Line<'_>> = text
        .split_inclusive('\n')
        .map(|text| {
            let line = Line { start, text };
            start += text.len();
            line
        })
        .collect();
    let found = lines.iter().enumerate().find_map(|(index, line)| Some((index, line.value(key)?)));
    let Some((index, value)) = found else { return Some(Place::Absent { at: text.len(), flow: None }) };
    let line_end = lines[index].end();
    if !value.is_empty() {
        let shown = &text[value.clone()];
        if matches!(shown, "null" | "~") {
            return Some(Place::Empty { value, line_end });
        }
        return value_at(text, value, false);
    }
    let below = &lines[index + 1..];
    let first = below.iter().find(|line| !line.is_bare());
    let column = match first {
        Some(first) if !first.is_marker() && first.is_item(first.indent()) => first.indent(),
        Some(first) if first.indent() > 0 => return None,
        _ => return Some(Place::Empty { value, line_end }),
    };
    let mut items: Vec<Range<usize>> = Vec::new();
    for line in below {
        if line.is_bare() {
            continue;
        }
        if line.is_marker() || line.indent() < column || line.indent() == column && !line.is_item(column) {
            break;
        }
        match items.last_mut() {
            Some(item) if !line.is_item(column) => item.end = line.end(),
            _ => items.push(line.start..line.end()),
        }
    }
    let end = items.last()?.end;
    Some(Place::Block { column, items, end, key: value.start })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<&str> {
        match find(text, "users").unwrap() {
            Place::Block { items, .. } | Place::Flow { items, .. } => {
                items.into_iter().map(|item| &text[item]).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_of_a_block_end_before_the_comments_of_what_follows() {
        let text = "a: 1\nusers: # all\n# first\n- name: x\n  user:\n    token: |\n      - a\n\n# second\n- user: {}\n  name: y\n\n# rest\nb: 2\n";
        assert_eq!(items(text), ["- name: x\n  user:\n    token: |\n      - a\n", "- user: {}\n  name: y\n"]);
        assert_eq!(items("users:\n  - name: x\n  -\n    name: y"), ["  - name: x\n", "  -\n    name: y"]);
    }

    #[test]
    fn entries_of_a_flow_list_keep_their_brackets_quotes_and_commas() {
        let text = "users: [ {name: 'it''s', user: {token: \"a]\\\"b\"}} , # one\n  {name: don't} ]\n";
        assert_eq!(items(text), ["{name: 'it''s', user: {token: \"a]\\\"b\"}}", "{name: don't}"]);
        assert_eq!(items("{\"a\": [1, 2], \"users\": [{\"name\": \"x\"}]}"), ["{\"name\": \"x\"}"]);
    }

    #[test]
    fn what_is_not_there_has_a_place_to_go() {
        let absent = |text: &str| find(text, "users").unwrap();
        assert_eq!(absent("a: 1\n"), Place::Absent { at: 5, flow: None });
        assert_eq!(absent("{\"a\": 1}"), Place::Absent { at: 7, flow: Some(Absent { after_others: true }) });
        assert_eq!(absent("users: [] # none\n"), Place::Empty { value: 7..9, line_end: 17 });
        assert_eq!(absent("users:\na: 1\n"), Place::Empty { value: 6..6, line_end: 7 });
        assert_eq!(find("users: &all [1]\n", "users"), None);
        assert_eq!(
            find("current-context: \"a b\" # c\n", "current-context"),
            Some(Place::Scalar { value: 17..22, flow: false })
        );
    }
}
