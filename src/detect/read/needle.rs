//! The plain text that whatever a pattern matches must hold: a look for it tells most files apart without
//! compiling the pattern.

use regex::Regex;

use super::words;

/// Searches that all find something in a text that holds a match.
#[derive(Debug)]
pub(super) struct Needles(Vec<Regex>);

impl Needles {
    /// Reads a pattern of the `regex` crate; what it does not understand asks for nothing.
    pub(super) fn of(pattern: &str) -> Self {
        let rest = pattern.chars().collect::<Vec<_>>().into_iter().peekable();
        let mut reader = Reader { rest, certain: true };
        let found = reader.alternatives(0);
        Self(found.iter().filter(|_| reader.certain).map(|any| words::any(any)).collect())
    }

    /// Whether a text can hold a match.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        self.0.iter().all(|any| any.is_match(text))
    }
}

/// Texts of which one must be there.
type Any = Vec<String>;

/// Shorter texts are in every file.
const SHORTEST: usize = 3;
/// More texts are slower than the pattern.
const MOST: usize = 12;
const DEEPEST: u8 = 20;

struct Reader {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    /// No flag changes what the rest means.
    certain: bool,
}

/// One part of a pattern.
enum Part {
    Char(char),
    /// Matches something that is not known, or nothing.
    Open,
    Group(Vec<Any>),
}

impl Reader {
    /// Branches up to the end or the closing bracket: what one asks for, or of several the best of each.
    fn alternatives(&mut self, depth: u8) -> Vec<Any> {
        let mut branches = vec![self.sequence(depth)];
        while self.rest.next_if_eq(&'|').is_some() {
            branches.push(self.sequence(depth));
        }
        if branches.len() == 1 {
            return branches.swap_remove(0);
        }
        let best = |branch: Vec<Any>| branch.into_iter().max_by_key(|any| shortest(any));
        let any: Option<Vec<Any>> = branches.into_iter().map(best).collect();
        any.map(|any| any.concat()).filter(|any| any.len() <= MOST).into_iter().collect()
    }

    /// Parts that follow each other, with all that they ask for.
    fn sequence(&mut self, depth: u8) -> Vec<Any> {
        let mut all = Vec::new();
        let mut run = String::new();
        while !matches!(self.rest.peek(), None | Some('|' | ')')) {
            let part = self.part(depth);
            let (least, many) = self.repetition();
            match &part {
                Part::Char(c) if least && !many => {
                    run.push(*c);
                    continue;
                }
                Part::Char(c) if least => run.push(*c),
                _ => {}
            }
            all.push(vec![std::mem::take(&mut run)]);
            if let Part::Group(groups) = part
                && least
            {
                all.extend(groups);
            }
        }
        all.push(vec![run]);
        all.retain(|any| shortest(any) >= SHORTEST);
        all
    }

    fn part(&mut self, depth: u8) -> Part {
        match self.rest.next() {
            Some('\\') => match self.rest.next() {
                // Escaped punctuation is itself; a letter or `<` is a class, a place or a number.
                Some(c) if c.is_ascii_punctuation() && !matches!(c, '<' | '>') => Part::Char(c),
                Some('x') => self.code().map_or(Part::Open, Part::Char),
                _ => Part::Open,
            },
            Some('[') => {
                self.class();
                Part::Open
            }
            Some('(') => self.group(depth),
            // Comments become blanks: one in the code may be none in the file.
            Some('.' | '^' | '$' | ' ') | None => Part::Open,
            Some(c) => Part::Char(c),
        }
    }

    /// A character by its number: `22` or `{feff}`.
    fn code(&mut self) -> Option<char> {
        let braced = self.rest.next_if_eq(&'{').is_some();
        let rest = self.rest.by_ref();
        let digits: String =
            if braced { rest.take_while(|c| *c != '}').collect() } else { rest.take(2).collect() };
        u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
    }

    fn class(&mut self) {
        self.rest.next_if_eq(&'^');
        let mut first = true;
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => {
                    self.rest.next();
                }
                ']' if !first => return,
                _ => {}
            }
            first = false;
        }
    }

    fn group(&mut self, depth: u8) -> Part {
        let mut exact = depth < DEEPEST;
        if self.rest.next_if_eq(&'?').is_some() {
            let named = self.rest.next_if(|c| matches!(c, 'P' | '<')).is_some();
            let end = if named { '>' } else { ':' };
            while let Some(c) = self.rest.next_if(|c| *c != ')') {
                if c == end {
                    break;
                }
                exact &= named || matches!(c, 'm' | 's' | '-' | 'u');
            }
            self.certain &= exact || self.rest.peek() != Some(&')');
        }
        let all = if exact {
            self.alternatives(depth + 1)
        } else {
            self.skip();
            Vec::new()
        };
        self.rest.next_if_eq(&')');
        Part::Group(all)
    }

    /// Passes over the rest of a group.
    fn skip(&mut self) {
        let mut open = 0usize;
        while let Some(c) = self.rest.peek().copied() {
            match c {
                ')' if open == 0 => return,
                ')' => open -= 1,
                '(' => open += 1,
                _ => {}
            }
            self.rest.next();
            match c {
                '\\' => {
                    self.rest.next();
                }
                '[' => self.class(),
                _ => {}
            }
        }
    }

    /// Whether the part before is there at least once, and whether it may be there more often.
    fn repetition(&mut self) -> (bool, bool) {
        let (least, many) = match self.rest.peek() {
            Some('?' | '*') => (false, true),
            Some('+') => (true, true),
            Some('{') => {
                let text: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
                self.rest.next_if_eq(&'?');
                return (!text.starts_with("{0") && !text.starts_with("{,"), true);
            }
            _ => return (true, false),
        };
        self.rest.next();
        self.rest.next_if_eq(&'?');
        (least, many)
    }
}

fn shortest(any: &[String]) -> usize {
    any.iter().map(String::len).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(pattern: &str) -> Vec<String> {
        Needles::of(pattern).0.iter().map(|any| any.as_str().to_owned()).collect()
    }

    #[test]
    fn all_that_is_certain_is_asked_for() {
        assert_eq!(needles(r"\bprocess\.env\.(?<n>[A-Z_]\w*)\b"), [r"process\.env\."]);
        assert_eq!(needles(r"(?m)^package\s+main\b"), ["package", "main"]);
        assert_eq!(needles(r"\bos\.(?:Getenv|LookupEnv)\("), [r"os\.", "Getenv|LookupEnv"]);
        assert_eq!(needles(r"get\(|set\(x"), [r"get\(|set\(x"]);
        assert_eq!(needles(r"https?://x"), ["http", "://x"]);
        assert_eq!(needles(r"(abc+de{2}f)+"), ["abc"]);
        assert_eq!(needles(r"\x22port\x22\x{feff}?sdk:"), ["\"port\"", "sdk:"]);
        assert_eq!(needles("one two"), ["one", "two"]);
    }

    #[test]
    fn what_is_not_certain_is_not_asked_for() {
        for pattern in [
            r"(?i)getenv",
            r"(?i:getenv)",
            r"(?:getenv)?",
            r"(?:getenv|[a-z])",
            r"getenv|",
            r"(?:getenv){0,2}",
            r"[getenv]",
            r"[]getenv]",
            r"\w{5}\b\B\d\s",
            r"(?:getenv)*",
        ] {
            assert_eq!(needles(pattern), [] as [&str; 0], "{pattern}");
        }
        assert_eq!(needles(r"(?i:a[)]b\)(c))getenv"), ["getenv"]);
    }
}
