//! Where the tags of a template are. The rules are those of Tera's own lexer, so that nothing can be a
//! tag to Tera and text to us: a tag ends at the first `%}` or `}}` outside a string, comments at `#}`,
//! and nothing between `raw` and `endraw` is a tag.

/// What a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{% ... %}`
    Statement,
    /// `{{ ... }}`
    Expression,
}

/// One tag of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its first byte in the text.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What stands between the delimiters, without the `-` of whitespace control.
    pub inner: &'a str,
    /// It takes away the whitespace that follows.
    pub trims_after: bool,
}

impl<'a> Tag<'a> {
    /// The words and signs of it, each string one of them.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &'a str> {
        let mut rest = self.inner;
        std::iter::from_fn(move || {
            rest = rest.trim_start();
            let first = rest.bytes().next()?;
            let length = match first {
                b'"' | b'\'' | b'`' => string_length(rest.as_bytes()),
                b if b.is_ascii_alphanumeric() || b == b'_' => {
                    rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
                }
                _ => rest.chars().next().map_or(1, char::len_utf8),
            };
            let (token, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            Some(token)
        })
    }
}

/// The tags of a text, in order. What is not closed ends the list: Tera names the place.
pub(super) fn tags(text: &str) -> Vec<Tag<'_>> {
    let bytes = text.as_bytes();
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(start) = find_open(bytes, at) {
        let (kind, close) = match bytes[start + 1] {
            b'{' => (Kind::Expression, b"}}"),
            b'%' => (Kind::Statement, b"%}"),
            _ => match find(bytes, start + 2, b"#}") {
                Some(end) => {
                    at = end + 2;
                    continue;
                }
                None => break,
            },
        };
        let Some(close) = find_close(bytes, start + 2, *close) else { break };
        let inner = &text[start + 2..close];
        let trims_after = inner.ends_with('-');
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = inner.strip_suffix('-').unwrap_or(inner);
        let tag = Tag { kind, start, end: close + 2, inner, trims_after };
        at = tag.end;
        if kind == Kind::Statement && inner.trim() == "raw" {
            match end_of_raw(text, at) {
                Some(end) => at = end,
                None => break,
            }
            continue;
        }
        tags.push(tag);
    }
    tags
}

fn find_open(bytes: &[u8], from: usize) -> Option<usize> {
    let opens = |pair: &[u8]| matches!(pair, b"{{" | b"{%" | b"{#");
    bytes.get(from..)?.windows(2).position(opens).map(|offset| from + offset)
}

fn find(bytes: &[u8], from: usize, wanted: &[u8; 2]) -> Option<usize> {
    bytes.get(from..)?.windows(2).position(|pair| pair == wanted).map(|offset| from + offset)
}

fn find_close(bytes: &[u8], from: usize, close: [u8; 2]) -> Option<usize> {
    let mut at = from;
    while at + 1 < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' | b'`' => at += string_length(&bytes[at..]),
            _ if bytes[at..at + 2] == close => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// The length of the string that the text begins with, its quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != bytes[0] {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn end_of_raw(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let open = find(text.as_bytes(), at, b"{%")?;
        let rest = &text[open + 2..];
        let body = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        if let Some(after) = body.strip_prefix("endraw") {
            let after = after.trim_start();
            let after = after.strip_prefix('-').unwrap_or(after);
            if let Some(after) = after.strip_prefix("%}") {
                return Some(text.len() - after.len());
            }
        }
        at = open + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_outside_strings_and_comments_and_raw_text_have_none() {
        let text = "a {{ \"}}\" ~ '{%' }} {# {% x %} #} {%- set a = `%}` -%} {% raw %}{{ no }}{%- endraw %}{{ z }} {{ open";
        let found: Vec<(&str, bool)> = tags(text).iter().map(|tag| (tag.inner, tag.trims_after)).collect();
        assert_eq!(found, [(" \"}}\" ~ '{%' ", false), (" set a = `%}` ", true), (" z ", false)]);
    }

    #[test]
    fn tokens_are_words_signs_and_whole_strings() {
        let tag = tags("{% set a_1 = b.c ~ \"x \\\" y\" | f(k=1) %}")[0];
        let expected =
            ["set", "a_1", "=", "b", ".", "c", "~", "\"x \\\" y\"", "|", "f", "(", "k", "=", "1", ")"];
        assert_eq!(tag.tokens().collect::<Vec<_>>(), expected);
    }
}
