//! Versions that version managers pin: mise and asdf, for every ecosystem.

use crate::detect::draft::At;
use crate::detect::read::ancestors;
use crate::detect::read::{Tree, lines};

/// A version as a file says it.
#[derive(Debug, Clone)]
pub(super) struct Pin {
    /// As written.
    pub(super) text: String,
    /// Where.
    pub(super) at: At,
}

/// The folder and the folders above it, nearest first, the root last.
pub(super) fn upward(dir: &str) -> impl Iterator<Item = &str> {
    ancestors(dir).chain(std::iter::once("."))
}

/// What `mise.toml` or `.tool-versions` pins one of `names` to, nearest folder first.
pub(super) fn pinned(tree: &Tree, dir: &str, names: &[&str]) -> Option<Pin> {
    upward(dir).find_map(|dir| {
        for file in ["mise.toml", ".mise.toml"].iter().filter_map(|name| tree.find(dir, name)) {
            let Some(doc) = tree.doc(&file) else { continue };
            for name in names {
                let tool = doc.pointer(&format!("/tools/{name}"));
                let text = tool.and_then(|tool| {
                    let tool = tool.as_array().and_then(|list| list.first()).unwrap_or(tool);
                    tool.as_str()
                        .or_else(|| tool.get("version").and_then(|v| v.as_str()))
                        .map(str::to_owned)
                        .or_else(|| (tool.is_number()).then(|| tool.to_string()))
                });
                if let Some(text) = text {
                    let line = tree.text(&file).and_then(|text| lines::word(&text, name));
                    return Some(Pin { text, at: At::line(&file, line) });
                }
            }
        }
        let file = tree.find(dir, ".tool-versions")?;
        let text = tree.text(&file)?;
        text.lines().zip(1u32..).find_map(|(line, number)| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let version = words.next()?;
            names.contains(&name).then(|| Pin { text: version.to_owned(), at: At::line(&file, number) })
        })
    })
}

/// The first line of a file that holds nothing but a version, nearest folder first.
pub(super) fn file(tree: &Tree, dir: &str, names: &[&str]) -> Option<Pin> {
    upward(dir).find_map(|dir| {
        names.iter().find_map(|name| {
            let file = tree.find(dir, name)?;
            let text = tree.text(&file)?;
            let (line, number) = text.lines().zip(1u32..).find(|(line, _)| {
                let line = line.trim();
                !line.is_empty() && !line.starts_with('#')
            })?;
            let text = line.split('#').next().unwrap_or_default().trim().to_owned();
            (text.len() <= 64).then(|| Pin { text, at: At::line(&file, number) })
        })
    })
}
