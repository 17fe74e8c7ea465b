//! What a program is that neither a framework nor its code says to serve: one rule for all languages.
//!
//! It is a worker where something says that it waits for work: a library of queues, bots or schedulers, a
//! Procfile or a compose service that keeps it running, a name such as `worker`, or a loop without an end that
//! sleeps. Otherwise it does its work and ends: a `cli`.

use crate::detect::draft::{At, Draft};
use crate::detect::facts::ComponentKind;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Code, base, extension};
use crate::detect::scope::Scope;

/// Loops without an end, by the extensions of the sources.
static LOOPS: [(&[&str], Pattern); 6] = [
    (&["js", "mjs", "cjs", "ts", "mts"], Pattern::new(r"\bsetInterval\s*\(|\bwhile\s*\(\s*true\s*\)")),
    (&["py"], Pattern::new(r"(?m)^\s*while\s+(?:True|1)\s*:")),
    (&["go"], Pattern::new(r"\bfor\s*\{|\bselect\s*\{\s*\}")),
    (&["rs"], Pattern::new(r"\bloop\s*\{")),
    (&["rb", "cr"], Pattern::new(r"\bloop\s+do\b|\bwhile\s+true\b")),
    (
        &["java", "kt", "scala", "groovy", "cs", "c", "cc", "cpp", "cxx", "dart", "swift", "zig"],
        Pattern::new(r"\bwhile\s*\(?\s*(?:true|1)\s*[){]|\bfor\s*\(\s*;\s*;\s*\)"),
    ),
];

/// What makes such a loop one that waits, on one of the lines that follow it.
static SLEEPS: Pattern = Pattern::new(
    r"(?:\b|_)(?:[uU]?[sS]leep(?:_for)?|[dD]elay|Thread\.sleep|time\.Tick|NewTicker|setInterval)\b|\bselect\s*\{\s*\}",
);

/// How far from the loop's head the sleep may stand.
const LINES: usize = 25;

/// Services whose clients wait for messages.
const QUEUES: &[&str] = &["kafka", "rabbitmq", "nats", "mqtt", "pulsar", "temporal"];

/// Names of scripts that wait for work.
const WAITING: &[&str] =
    &["bot", "worker", "workers", "consumer", "scheduler", "subscriber", "listener", "daemon", "cron"];

/// Settles the kind of a program that serves nobody.
pub(super) fn kind(scope: &Scope<'_>, extensions: &[&str], at: &At, draft: &mut Draft) {
    draft.strength = draft.strength.max(2);
    let started = draft.c.commands.start.as_deref().and_then(|start| start.split_whitespace().last());
    let stem = started.map(|file| base(file).split('.').next().unwrap_or_default());
    if QUEUES.iter().any(|kind| draft.has_service(kind)) || stem.is_some_and(|stem| WAITING.contains(&stem)) {
        draft.kind(ComponentKind::Worker, at, 0.6);
    } else if let Some(place) = waits(scope, extensions) {
        draft.kind(ComponentKind::Worker, &place, 0.55);
    } else {
        draft.kind(ComponentKind::Cli, at, 0.5);
    }
}

/// The loop without an end that sleeps, in the first sources that have one.
fn waits(scope: &Scope<'_>, extensions: &[&str]) -> Option<At> {
    scope.sources(extensions).into_iter().take(40).find_map(|file| {
        let text = scope.tree.text(file)?;
        if !["leep", "elay", "Tick", "setInterval", "select"].iter().any(|word| text.contains(word)) {
            return None;
        }
        let code = scope.tree.code(file)?;
        Some(At::line(file, endless(&code, extension(file))?))
    })
}

/// The line of a loop without an end that sleeps.
fn endless(code: &Code, extension: &str) -> Option<u32> {
    let (_, pattern) = LOOPS.iter().find(|(names, _)| names.contains(&extension))?;
    code.captures(pattern).find_map(|found| {
        let whole = found.get(0)?;
        let rest = &code.text[whole.start()..];
        let end = rest.match_indices('\n').nth(LINES).map_or(rest.len(), |(at, _)| at);
        SLEEPS.is_match(&rest[..end]).then(|| code.line(whole.start()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_without_an_end_waits_where_it_sleeps() {
        let found = |text: &str, name: &str| endless(&Code::new(text, name), extension(name)).is_some();
        assert!(found("func main() {\n for {\n  time.Sleep(time.Second)\n }\n}", "a.go"));
        assert!(found("while True:\n    work()\n    time.sleep(5)\n", "a.py"));
        assert!(found("setInterval(() => console.log(1), 1000)", "a.js"));
        assert!(found("loop {\n  thread::sleep(d);\n}", "a.rs"));
        assert!(found("while (true) {\n  Thread.sleep(1000);\n}", "a.java"));
        assert!(!found("while True:\n    line = input()\n", "a.py"));
        assert!(!found("for i := 0; i < 3; i++ {\n time.Sleep(d)\n}", "a.go"));
        assert!(!found("// setInterval(f, 1)\nf()", "a.js"));
    }
}
