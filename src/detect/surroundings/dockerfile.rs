//! Reads a Dockerfile: its stages with what each inherits, variables replaced. Says nothing of components.

use std::collections::BTreeMap;

use crate::detect::rule::image::defaults;

/// One instruction, continuation lines joined.
#[derive(Debug, PartialEq, Eq)]
struct Instruction {
    word: String,
    rest: String,
    line: u32,
}

/// A stage with what it inherits from the stages that it is built from.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) image_line: u32,
    pub(super) env: Variables,
    pub(super) ports: Vec<(u16, u32)>,
    pub(super) command: Option<(String, u32)>,
    pub(super) entrypoint: Option<(String, u32)>,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1u32..);
    while let Some((line, number)) = lines.next() {
        let mut whole = line.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while whole.ends_with('\\') && whole.len() < 64 << 10 {
            whole.pop();
            match lines.by_ref().find(|(line, _)| !line.trim_start().starts_with('#')) {
                Some((next, _)) => whole.extend([" ", next.trim()]),
                None => break,
            }
        }
        let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((&whole, ""));
        found.push(Instruction { word: word.to_uppercase(), rest: rest.trim().to_owned(), line: number });
    }
    found
}

/// Names with their values and lines.
type Variables = BTreeMap<String, (String, u32)>;

/// Replaces `$NAME` and `${NAME:-x}` by what `ARG` and `ENV` said; the latter goes first.
fn expand(text: &str, args: &Variables, env: &Variables) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let known: BTreeMap<&str, &str> =
        args.iter().chain(env).map(|(name, (value, _))| (name.as_str(), value.as_str())).collect();
    let mut text = text.to_owned();
    for (name, value) in known.into_iter().rev() {
        text = text.replace(&format!("${{{name}}}"), value);
        let plain = format!("${name}");
        if text.ends_with(&plain)
            || text.contains(&format!("{plain} "))
            || text.contains(&format!("{plain}-"))
        {
            text = text.replace(&plain, value);
        }
    }
    defaults(&text)
}

/// The stages of a Dockerfile, in order.
pub(super) fn stages(text: &str) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut global = Variables::new();
    let mut args = Variables::new();
    for Instruction { word, rest, line } in instructions(text) {
        match (word.as_str(), stages.last_mut()) {
            ("FROM", _) => {
                let rest = expand(&rest, &global, &Variables::new());
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                let image = words.next().unwrap_or_default().to_owned();
                let name =
                    words.skip_while(|word| !word.eq_ignore_ascii_case("as")).nth(1).unwrap_or_default();
                let parent = stages
                    .iter()
                    .find(|stage| !stage.name.is_empty() && stage.name.eq_ignore_ascii_case(&image));
                let mut stage =
                    parent.cloned().unwrap_or(Stage { image, image_line: line, ..Stage::default() });
                stage.name = name.to_owned();
                args = global.clone();
                stages.push(stage);
            }
            ("ARG", stage) => {
                let (name, value) = rest.split_once('=').unwrap_or((&rest, ""));
                let value = value.trim_matches(['"', '\'']).to_owned();
                if !value.is_empty() {
                    args.insert(name.trim().to_owned(), (value.clone(), line));
                    if stage.is_none() {
                        global.insert(name.trim().to_owned(), (value, line));
                    }
                }
            }
            ("ENV", Some(stage)) => {
                for (name, value) in pairs(&rest) {
                    let value = expand(&value, &args, &stage.env);
                    stage.env.insert(name, (value, line));
                }
            }
            ("EXPOSE", Some(stage)) => {
                let rest = expand(&rest, &args, &stage.env);
                for word in rest.split_whitespace().take_while(|word| !word.starts_with('#')) {
                    let (port, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
                    if let (Ok(port), true) = (port.parse(), protocol.eq_ignore_ascii_case("tcp")) {
                        stage.ports.push((port, line));
                    }
                }
            }
            ("CMD", Some(stage)) => stage.command = Some((shell(&rest), line)),
            ("ENTRYPOINT", Some(stage)) => {
                stage.entrypoint = Some((shell(&rest), line));
                stage.command = None;
            }
            _ => {}
        }
    }
    stages
}

/// `a=1 b="x y"` or the old `a 1`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let Some(first) = text.split_whitespace().next() else { return Vec::new() };
    if !first.contains('=') {
        let value = text[first.len()..].trim().trim_matches(['"', '\'']).to_owned();
        return vec![(first.to_owned(), value)];
    }
    let mut found = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars().chain([' ']) {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, c) if c.is_whitespace() => {
                if let Some((name, value)) = word.split_once('=') {
                    found.push((name.to_owned(), value.to_owned()));
                }
                word.clear();
            }
            (_, c) => word.push(c),
        }
    }
    found
}

/// The exec form as a line of a shell.
fn shell(text: &str) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => {
            let script =
                words.len() == 3 && matches!(words[0].as_str(), "sh" | "/bin/sh" | "bash" | "/bin/bash");
            if script && words[1].starts_with('-') { words[2].clone() } else { words.join(" ") }
        }
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_stage_counts_and_inherits() {
        let text = "ARG NODE=20\nFROM node:${NODE}-alpine AS base\nENV PORT=3000 \\\n  A=\"x y\"\nEXPOSE 9999\n\
                    FROM base AS build\nEXPOSE 1\n# EXPOSE 2\nFROM base\nEXPOSE $PORT 53/udp\nCMD [\"node\", \"server.js\"]\n";
        let stages = stages(text);
        let last = stages.last().unwrap();
        assert_eq!(last.image, "node:20-alpine");
        assert_eq!(last.env["PORT"].0, "3000");
        assert_eq!(last.ports.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [9999, 3000]);
        assert_eq!(last.command.as_ref().unwrap().0, "node server.js");
    }
}
