//! What callers give a parameter: `run(4100)` says where `fn run(port: u16)` listens.

use super::argument::arguments;
use super::pattern::Pattern;
use super::resolve::{DEPTH, names, resolve};
use super::{Code, Tree};

static FUNCTION: Pattern = Pattern::new(
    r"\b(?:fn|func(?:\s+\([^()]*\))?|def|function)\s+(\w+)\s*(?:<[^<>()]*>)?\(|\b(?:const|let)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\s*)?\(",
);

/// How many files are asked for callers.
const FILES: usize = 200;
/// How many calls are looked at.
const CALLS: usize = 8;

/// The port that a caller of the function around `offset` gives the parameter that `expression` names.
pub(super) fn given(
    tree: &Tree,
    code: &Code,
    offset: usize,
    expression: &str,
    files: &[&str],
) -> Option<u16> {
    let before = |found: &regex::Captures<'_>| found.get(0).is_some_and(|whole| whole.start() < offset);
    let around = code.captures(&FUNCTION).take_while(before).last()?;
    let function = around.get(1).or(around.get(2))?.as_str();
    let parameters = arguments(&code.text, around.get(0)?.end());
    let method = parameters.first().is_some_and(|first| first.ends_with("self"));
    let named = names(expression);
    let index = parameters.iter().position(|parameter| {
        let parameter = parameter.trim_start_matches("mut ");
        let name = parameter.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        named.contains(&name)
    })?;
    let index = index.checked_sub(usize::from(method))?;
    let call = format!("{function}(");
    files.iter().take(FILES).find_map(|file| {
        let text = tree.text(file)?;
        memchr::memmem::find(text.as_bytes(), call.as_bytes())?;
        let code = tree.code(file)?;
        let calls = memchr::memmem::find_iter(code.text.as_bytes(), call.as_bytes());
        calls.filter(|at| is_call(&code, *at)).take(CALLS).find_map(|at| {
            let argument = *arguments(&code.text, at + call.len()).get(index)?;
            resolve(&code, argument, DEPTH)
        })
    })
}

/// Whether a name with a bracket is called there, and not defined, or a part of another name.
fn is_call(code: &Code, at: usize) -> bool {
    let head = code.text[..at].rsplit('\n').next().unwrap_or_default();
    let part = head.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let word = head.split_whitespace().last().unwrap_or_default();
    code.is_code(at)
        && !part
        && !matches!(word, "fn" | "func" | "def" | "function")
        && !head.starts_with("func (")
}
