//! Source text with its comments blanked and its strings marked, so that a search finds code only.
//!
//! No parser of any language: a scanner that knows comments and strings of the families.

use std::ops::Deref;
use std::sync::OnceLock;

use memchr::{memchr, memchr3, memmem};

use super::Text;
use super::lines;
use super::pattern::Search;

/// What opens comments and strings.
#[derive(Debug, Clone, Copy)]
struct Syntax {
    line: &'static [&'static str],
    block: &'static [(&'static str, &'static str)],
    quotes: &'static [&'static str],
    /// `'a'` is one character, and a lone `'` is something else.
    chars: bool,
}

const C: Syntax = Syntax { line: &["//"], block: &[("/*", "*/")], quotes: &["\"\"\"", "\""], chars: true };
const SCRIPT: Syntax =
    Syntax { line: &["//"], block: &[("/*", "*/")], quotes: &["'''", "\"", "'", "`"], chars: false };
const PHP: Syntax = Syntax { line: &["//", "#"], block: &[("/*", "*/")], quotes: &["\"", "'"], chars: false };
const HASH: Syntax = Syntax {
    line: &["#"],
    block: &[("\n=begin", "\n=end")],
    quotes: &["\"\"\"", "'''", "\"", "'"],
    chars: false,
};
const PLAIN_HASH: Syntax = Syntax { line: &["#"], block: &[], quotes: &[], chars: false };
const DASH: Syntax = Syntax { line: &["--"], block: &[("{-", "-}")], quotes: &["\""], chars: true };
const LISP: Syntax = Syntax { line: &[";"], block: &[], quotes: &["\""], chars: false };
const PERCENT: Syntax = Syntax { line: &["%"], block: &[], quotes: &["\""], chars: false };
const FSHARP: Syntax =
    Syntax { line: &["//"], block: &[("(*", "*)")], quotes: &["\"\"\"", "\""], chars: true };
const BASIC: Syntax = Syntax { line: &["'"], block: &[], quotes: &["\""], chars: false };
const MARKUP: Syntax =
    Syntax { line: &[], block: &[("<!--", "-->"), ("/*", "*/")], quotes: &[], chars: false };

impl Syntax {
    /// Which bytes a comment, a string or a character can begin with.
    fn opening(&self) -> [bool; 256] {
        let mut opening = [false; 256];
        let marks = self.line.iter().chain(self.quotes).chain(self.block.iter().map(|(open, _)| open));
        for first in marks.filter_map(|mark| mark.as_bytes().first()) {
            opening[usize::from(*first)] = true;
        }
        opening[usize::from(b'\'')] |= self.chars;
        opening
    }
}

fn syntax(name: &str) -> Syntax {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "go" | "dart" | "groovy" | "gradle" => {
            SCRIPT
        }
        "php" => PHP,
        "py" | "rb" | "ex" | "exs" | "cr" | "ru" | "rake" | "gemspec" | "toml" => HASH,
        "hs" | "sql" | "lua" => DASH,
        "clj" | "cljs" | "cljc" | "edn" | "scm" => LISP,
        "erl" | "hrl" => PERCENT,
        "fs" | "fsx" => FSHARP,
        "vb" => BASIC,
        "html" | "xml" | "vue" | "svelte" | "astro" => MARKUP,
        "yaml" | "yml" | "sh" | "conf" | "properties" | "env" => PLAIN_HASH,
        _ if name.starts_with("Gemfile") || name == "Rakefile" => HASH,
        _ if name.starts_with("Dockerfile") || name.starts_with("Makefile") || name == "Procfile" => {
            PLAIN_HASH
        }
        _ => C,
    }
}

/// Source text for searching. It is scanned when somebody looks at its text, or searches for what may be in
/// it: most files are not.
#[derive(Debug)]
pub(in crate::detect) struct Code {
    file: Text,
    syntax: Syntax,
    /// Arguments are named with `=`, as Python does.
    pub(in crate::detect) keywords: bool,
    scanned: OnceLock<Scanned>,
}

/// What the scanner made of a text.
#[derive(Debug)]
pub(in crate::detect) struct Scanned {
    /// The text, comments replaced by spaces; offsets and lines are those of the file.
    pub(in crate::detect) text: String,
    strings: Vec<(usize, usize)>,
}

impl Deref for Code {
    type Target = Scanned;

    fn deref(&self) -> &Scanned {
        self.scanned.get_or_init(|| Scanned::new(&self.file, self.syntax))
    }
}

impl Scanned {
    fn new(text: &str, syntax: Syntax) -> Self {
        let opening = syntax.opening();
        let source = text.as_bytes();
        let mut bytes = source.to_vec();
        let mut strings = Vec::new();
        let mut at = 0;
        // Most bytes open nothing: they are passed over without a look at the marks.
        while let Some(next) = source[at..].iter().position(|byte| opening[usize::from(*byte)]) {
            at += next;
            let rest = &source[at..];
            let opens = |mark: &&str| rest.starts_with(mark.as_bytes());
            if let Some((open, close)) = syntax.block.iter().find(|(open, _)| opens(open)) {
                let end =
                    find(source, close.as_bytes(), at + open.len()).map_or(bytes.len(), |i| i + close.len());
                blank(&mut bytes[at..end]);
                at = end;
            } else if syntax.line.iter().any(opens) && !in_url(source, at) {
                let end = memchr(b'\n', rest).map_or(bytes.len(), |length| at + length);
                blank(&mut bytes[at..end]);
                at = end;
            } else if let Some(quote) = syntax.quotes.iter().find(|quote| opens(quote)) {
                let end = string_end(source, at, quote.as_bytes());
                strings.push((at, end));
                at = end;
            } else if syntax.chars && rest[0] == b'\'' {
                // 'x' or '\n' is a character; anything else a lifetime, a label, a prime.
                at += match rest {
                    [_, b'\\', _, b'\'', ..] => 4,
                    [_, _, b'\'', ..] => 3,
                    _ => 1,
                };
            } else {
                at += 1;
            }
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { text, strings }
    }
}

impl Code {
    pub(in crate::detect) fn new(text: &str, name: &str) -> Self {
        Self::of(text.into(), name)
    }

    /// The code in a file's text.
    pub(super) fn of(file: Text, name: &str) -> Self {
        Self { file, syntax: syntax(name), keywords: name.ends_with(".py"), scanned: OnceLock::new() }
    }

    /// Whether a byte is outside of strings.
    pub(in crate::detect) fn is_code(&self, offset: usize) -> bool {
        let index = self.strings.partition_point(|(start, _)| *start <= offset);
        index == 0 || self.strings[index - 1].1 <= offset
    }

    /// The line of a byte, from 1.
    pub(in crate::detect) fn line(&self, offset: usize) -> u32 {
        lines::at(&self.file, offset)
    }

    /// The matches of a pattern that begin in code, as captures.
    pub(in crate::detect) fn captures<'a, S: Search>(
        &'a self,
        pattern: &'a S,
    ) -> impl Iterator<Item = regex::Captures<'a>> {
        let found = pattern.within(&self.file).map(|regex| regex.captures_iter(&self.text));
        let begins =
            |found: &regex::Captures<'_>| found.get(0).is_some_and(|whole| self.is_code(whole.start()));
        found.into_iter().flatten().filter(begins)
    }

    /// Whether a pattern matches code.
    pub(in crate::detect) fn matches<S: Search>(&self, pattern: &S) -> bool {
        self.captures(pattern).next().is_some()
    }
}

/// `//` right after a colon is part of a URL that stands outside of a string (markup, shell).
fn in_url(text: &[u8], at: usize) -> bool {
    at > 0 && text[at - 1] == b':' && text[at..].starts_with(b"//")
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn find(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let from = from.min(text.len());
    memmem::find(&text[from..], what).map(|at| at + from)
}

/// Where a string ends. One of a single quote mark ends at the line's end at the latest, except for
/// template literals.
fn string_end(text: &[u8], start: usize, quote: &[u8]) -> usize {
    let many_lines = quote.len() == 3 || quote == b"`";
    let mut at = start + quote.len();
    while let Some(next) = text.get(at..).and_then(|rest| memchr3(b'\\', quote[0], b'\n', rest)) {
        at += next;
        if text[at] == b'\\' {
            at += 2;
        } else if text[at..].starts_with(quote) {
            return at + quote.len();
        } else if text[at] == b'\n' && !many_lines {
            return at;
        } else {
            at += 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn found(text: &str, name: &str) -> usize {
        Code::new(text, name).captures(&Regex::new(r"listen\((\d+)").unwrap()).count()
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        assert_eq!(found("app.listen(1)\n// app.listen(2)\n/* listen(3) */ 'listen(4)'", "a.js"), 1);
        assert_eq!(found("listen(1) # listen(2)\n\"\"\"\nlisten(3)\n\"\"\"", "a.py"), 1);
        assert_eq!(found("const u = `http://x`; listen(1)", "a.ts"), 1);
        assert_eq!(found("fn f<'a>(x: &'a str) { listen(1) } // listen(2)", "a.rs"), 1);
    }

    #[test]
    fn lines_stay_where_they_are() {
        let code = Code::new("/* é\n */\nlisten(1)", "a.js");
        let at = code.text.find("listen").unwrap();
        assert_eq!(code.line(at), 3);
    }
}
