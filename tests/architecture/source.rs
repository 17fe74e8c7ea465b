//! Reads a Rust file as tokens and gives the paths, macros and keywords that it uses.

use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path with `crate`, `self`, `super` and use-groups resolved; `name!` for a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// One file below `src`.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path below `src`, with `/`.
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Source {
    /// The room that it belongs to.
    pub(crate) fn room(&self) -> &str {
        let first = self.file.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// What it uses outside of tests.
    pub(crate) fn words(&self) -> Vec<Word> {
        let stem = self.file.strip_suffix(".rs").unwrap();
        let module: Vec<String> = stem.split('/').filter(|part| *part != "mod").map(str::to_owned).collect();
        if module.iter().any(|part| part == "tests") {
            return Vec::new();
        }
        let tokens: TokenStream =
            self.text.parse().unwrap_or_else(|error| panic!("src/{}: {error}", self.file));
        let mut reader = Reader { module, words: Vec::new() };
        reader.read(tokens);
        reader.words
    }
}

/// Collects every Rust file below a folder, in order.
pub(crate) fn read(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.push(Source { file, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

struct Reader {
    module: Vec<String>,
    words: Vec<Word>,
}

impl Reader {
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_test_attribute(&tokens[at..]) {
                at = end_of_item(&tokens, at + 2);
                continue;
            }
            at = match &tokens[at] {
                TokenTree::Ident(_) => self.word(&tokens, at),
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Reads what begins with a name; gives the place after it.
    fn word(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let name = text(&tokens[at]);
        if let ("mod", [_, inner, TokenTree::Group(body), ..]) = (name.as_str(), &tokens[at..]) {
            self.module.push(text(inner));
            self.read(body.stream());
            self.module.pop();
            return at + 3;
        }
        let line = tokens[at].span().start().line;
        let mut path = vec![name];
        let mut next = at + 1;
        while is_path_separator(tokens, next) {
            match tokens.get(next + 2) {
                Some(TokenTree::Ident(segment)) => path.push(segment.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.use_group(&path, group);
                    return next + 3;
                }
                // `use a::*`, or generic arguments.
                _ => break,
            }
            next += 3;
        }
        if is_punctuation(tokens.get(next), '!') && !is_punctuation(tokens.get(next + 1), '=') {
            path.last_mut().unwrap().push('!');
            if path.len() > 1 {
                path.drain(..path.len() - 1);
            }
        }
        self.push(path, line);
        next
    }

    /// Reads `{a, b::c, d::{e, f}}` of a `use`.
    fn use_group(&mut self, prefix: &[String], group: &Group) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        for branch in tokens.split(|token| is_punctuation(Some(token), ',')) {
            let mut path = prefix.to_vec();
            let mut done = false;
            for token in branch {
                match token {
                    TokenTree::Ident(name) if name == "as" => break,
                    TokenTree::Ident(name) if name == "self" => {}
                    TokenTree::Ident(name) => path.push(name.to_string()),
                    TokenTree::Group(inner) => {
                        self.use_group(&path, inner);
                        done = true;
                    }
                    _ => {}
                }
            }
            if let (false, Some(first)) = (done, branch.first()) {
                self.push(path, first.span().start().line);
            }
        }
    }

    fn push(&mut self, path: Vec<String>, line: usize) {
        let supers = path.iter().take_while(|segment| *segment == "super").count();
        let inside = |keep: usize, rest: &[String]| {
            let module = self.module.iter().take(keep).cloned();
            std::iter::once("crate".to_owned()).chain(module).chain(rest.iter().cloned()).collect()
        };
        let path = match path[0].as_str() {
            "super" => inside(self.module.len().saturating_sub(supers), &path[supers..]),
            "self" if path.len() > 1 => {
                let rest = &path[1..];
                let ups = rest.iter().take_while(|segment| *segment == "super").count();
                inside(self.module.len().saturating_sub(ups), &rest[ups..])
            }
            // The library, as the binary calls it.
            "devbox" => inside(0, &path[1..]),
            _ => path,
        };
        self.words.push(Word { path, line });
    }
}

fn text(token: &TokenTree) -> String {
    token.to_string()
}

fn is_punctuation(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == character)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punctuation(tokens.get(at), ':') && is_punctuation(tokens.get(at + 1), ':')
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, unix))]`.
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(attribute), ..] = tokens else { return false };
    let words: Vec<String> = flat(attribute.stream());
    let asks_for_tests = words.contains(&"test".into()) && !words.contains(&"not".into());
    is_punctuation(Some(hash), '#')
        && (words == ["test"] || (words.first().is_some_and(|word| word == "cfg") && asks_for_tests))
}

fn flat(tokens: TokenStream) -> Vec<String> {
    let words = |token| match token {
        TokenTree::Group(group) => flat(group.stream()),
        TokenTree::Ident(name) => vec![name.to_string()],
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(words).collect()
}

/// The place after the item that an attribute stands before: after its `;`, `,` or body.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punctuation(Some(other), ';') || is_punctuation(Some(other), ','),
    };
    tokens[from..].iter().position(ends).map_or(tokens.len(), |length| from + length + 1)
}
