//! What the lines that follow the reading of a variable make of it: `port := os.Getenv("PORT")` and then
//! `if port == "" { port = "8080" }` in Go, and the same in Java, C#, JavaScript and Python.

use super::variables::default;
use crate::detect::read::Code;
use crate::detect::read::pattern::Pattern;

static ASSIGNED: Pattern = Pattern::new(r"(?:(\w+)\s*(?::=|=)|(\w+)\s*,\s*(\w+)\s*:?=)\s*$");

static REPLACES: Pattern = Pattern::new(r"^\s*(\w+)\s*=[^=]");

/// How much text before the reading may hold what a name had before.
const BEFORE: usize = 1500;

/// How many lines after the reading are looked at.
const LINES: usize = 5;

/// How much of each: a page of generated code may stand on one line.
const WIDTH: usize = 1000;

/// How a language asks whether a name has a value: what stands before and after the name.
struct Tests {
    extensions: &'static [&'static str],
    none: &'static [(&'static str, &'static str)],
    some: &'static [(&'static str, &'static str)],
}

const TESTS: &[Tests] = &[
    Tests { extensions: &["go"], none: &[("", "== \"\"")], some: &[("", "!= \"\"")] },
    Tests {
        extensions: &["java", "kt", "groovy", "scala", "cs"],
        none: &[
            ("", "== null"),
            ("", "is null"),
            ("", ".isEmpty()"),
            ("", ".isBlank()"),
            ("IsNullOrEmpty(", ")"),
            ("IsNullOrWhiteSpace(", ")"),
        ],
        some: &[("", "!= null"), ("", "is not null"), ("", "is { }")],
    },
    Tests {
        extensions: &["js", "ts", "mjs", "cjs", "mts", "cts", "jsx", "tsx"],
        none: &[
            ("!", ")"),
            ("!", "&&"),
            ("!", "||"),
            ("", "== null"),
            ("", "=== undefined"),
            ("", "=== null"),
        ],
        some: &[("if (", ")"), ("if (", "&&"), ("", "!= null"), ("", "!== undefined"), ("=", "?")],
    },
    Tests {
        extensions: &["py"],
        none: &[("not", ":"), ("not", "or"), ("not", "and"), ("", "is None")],
        some: &[("if", ":"), ("if", "and"), ("if", "else"), ("", "is not None")],
    },
];

/// What a variable is that is read at `at`: a default, where the lines that follow give one or cope without it.
pub(super) fn given(code: &Code, at: usize, extension: &str) -> Option<Option<String>> {
    let tests = TESTS.iter().find(|tests| tests.extensions.contains(&extension))?;
    let line = code.text[..at].rsplit('\n').next().unwrap_or_default();
    let head = line.rsplit([';', '{', '(']).next().unwrap_or_default();
    let found = ASSIGNED.captures(head)?;
    let name = found.get(1).or(found.get(2))?.as_str();
    // Go says beside the value whether there is one.
    let flag = found.get(3).map(|flag| flag.as_str()).filter(|flag| *flag != "_");
    let within = |line: &'_ str| line.char_indices().nth(WIDTH).map_or(line.len(), |(end, _)| end);
    let mut lines = code.text[at..].lines().take(LINES).map(|line| &line[..within(line)]);
    let first = lines.next()?;
    let inline = first.split_once(';').map(|(_, test)| test).filter(|_| line.contains("if "));
    let asks = |line: &str| match flag {
        Some(flag) if finds(line, "!", flag, "").is_some() => Some((false, line.len())),
        Some(flag) if finds(line, "", flag, "").is_some() => Some((true, line.len())),
        _ => tests.ask(line, name),
    };
    let (there, line, end) = inline
        .into_iter()
        .chain(lines.by_ref().filter(|_| inline.is_none()))
        .find_map(|line| asks(line).map(|(there, end)| (there, line, end)))?;
    if there {
        // Only used where it is set: in place of what a name had before.
        let kept = lines.next().and_then(|next| REPLACES.captures(next));
        let before = kept.and_then(|kept| earlier(&code.text[..at], &kept[1]));
        return Some(before.and_then(default).flatten());
    }
    // The assignment stands behind the test, or on the next line that has more than a brace.
    let behind = line[end..].trim_start_matches([' ', ')', ':', '{']);
    let next = || lines.map(str::trim).find(|line| !line.is_empty() && *line != "{");
    let statement = if behind.trim().is_empty() { next()? } else { behind };
    if let Some((value, _)) = statement.strip_prefix('?').and_then(|rest| rest.split_once(" : ")) {
        return default(value);
    }
    default(statement.strip_prefix(name)?.trim_start().strip_prefix('=')?)
}

/// What a script does where a name has no value: the default that it takes, or that it chooses by the name.
pub(super) fn coped(code: &Code, name: &str) -> Option<Option<String>> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    code.text.match_indices(name).take(20).find_map(|(at, _)| {
        let (head, rest) = (&code.text[..at], &code.text[at + name.len()..]);
        if head.ends_with(|c: char| word(c) || c == '.') || rest.starts_with(word) || !code.is_code(at) {
            return None;
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        match rest.strip_prefix("||").or_else(|| rest.strip_prefix("??")) {
            Some(value) => default(value.lines().next()?),
            None => (rest.starts_with("&&") || rest.starts_with("? ")).then_some(None),
        }
    })
}

/// What a name is assigned last in a text.
fn earlier<'c>(text: &'c str, name: &str) -> Option<&'c str> {
    let lines = text.lines().rev().scan(BEFORE, |left, line| {
        *left = left.checked_sub(line.len() + 1)?;
        Some(line)
    });
    { lines }.find_map(|line| {
        let at = finds(line, "", name, "")?;
        let rest = line[at..].trim_start();
        let rest =
            rest.strip_prefix("string").or_else(|| rest.strip_prefix("String")).unwrap_or(rest).trim_start();
        let value = rest.strip_prefix(":=").or_else(|| rest.strip_prefix('='))?;
        (!value.starts_with('=')).then_some(value)
    })
}

impl Tests {
    /// Whether a line asks for a value of the name: `true` where the name has one, and where the question ends.
    fn ask(&self, line: &str, name: &str) -> Option<(bool, usize)> {
        let asked = |tests: &[(&str, &str)]| {
            tests.iter().find_map(|(before, after)| finds(line, before, name, after))
        };
        // `is not None` also begins like `is None`'s opposite: what has a value goes first.
        asked(self.some).map(|end| (true, end)).or_else(|| asked(self.none).map(|end| (false, end)))
    }
}

/// Where `before name after` ends in a line; spaces between them do not count.
fn finds(line: &str, before: &str, name: &str, after: &str) -> Option<usize> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    line.match_indices(name).find_map(|(at, _)| {
        let (head, rest) = (&line[..at], &line[at + name.len()..]);
        if head.ends_with(word) || rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        let spaces = rest.len() - rest.trim_start().len();
        let fits = head.trim_end().ends_with(before.trim_end()) && rest.trim_start().starts_with(after);
        fits.then(|| at + name.len() + spaces + after.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::read::extension;

    fn read(text: &str, name: &str) -> Option<Option<String>> {
        let at = text.find("ENV").unwrap();
        given(&Code::new(text, name), at, extension(name))
    }

    #[test]
    fn a_default_is_assigned_where_there_is_no_value() {
        let some = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(read("port := ENV\nif port == \"\" {\n\tport = \"8080\"\n}", "a.go"), some("8080"));
        assert_eq!(read("if port, ok = ENV; !ok {\n\tport = \"8080\"\n}", "a.go"), some("8080"));
        assert_eq!(read("port, ok := ENV\nif !ok {\n\tport = \"8080\"\n}", "a.go"), some("8080"));
        assert_eq!(read("String who = ENV;\nif (who == null) {\n  who = \"all\";\n}", "a.java"), some("all"));
        assert_eq!(read("var who = ENV;\nif (who is null)\n{\n  who = \"all\";\n}", "a.cs"), some("all"));
        assert_eq!(read("String p = ENV;\nint n = p == null ? 80 : parse(p);", "a.java"), some("80"));
        assert_eq!(read("let who = ENV\nif (!who) who = 'all'", "a.js"), some("all"));
        assert_eq!(read("who = ENV\nif not who:\n    who = 'all'\n", "a.py"), some("all"));
    }

    #[test]
    fn what_is_only_used_where_it_is_set_is_optional() {
        assert_eq!(read("if who, ok := ENV; ok {\n\tuse(who)\n}", "a.go"), Some(None));
        let replaced = "port := \"8080\"\nif p, ok := ENV; ok {\n\tport = p\n}";
        assert_eq!(read(replaced, "a.go"), Some(Some("8080".to_owned())));
        assert_eq!(read("String p = ENV;\nint n = p != null ? parse(p) : 80;", "a.java"), Some(None));
        assert_eq!(read("const who = ENV\nif (who) use(who)", "a.ts"), Some(None));
        assert_eq!(read("who = ENV\nif who is not None:\n    use(who)\n", "a.py"), Some(None));
    }

    #[test]
    fn a_demand_is_no_default() {
        assert_eq!(read("who, ok := ENV\nif !ok {\n\tlog.Fatal(\"who?\")\n}", "a.go"), None);
        assert_eq!(read("const who = ENV\nif (!who) {\n  throw new Error('who?')\n}", "a.ts"), None);
        assert_eq!(read("who = ENV\nif not who:\n    raise ValueError('who?')\n", "a.py"), None);
        assert_eq!(read("String who = ENV;\ngreet(who);", "a.java"), None);
        assert_eq!(read("const who = ENV\nif (!other) who = 'all'", "a.js"), None);
    }
}
