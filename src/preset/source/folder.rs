//! Reads a source's own checkout, for its authors: the rules are those that hold for a commit of it.

use std::path::Path;

use super::content::{Collector, Content, Entry, FOLDERS};
use super::error::SourceError;
use crate::config::Document;
use crate::fs::FsError;

/// Whether a folder is laid out like a source: `presets/` with a preset in it, and no `devbox.yaml`.
pub fn is_checkout(folder: &Path) -> bool {
    fn has_preset(folder: &Path, depth: usize) -> bool {
        let Ok(entries) = std::fs::read_dir(folder) else { return false };
        entries.flatten().any(|entry| {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                return depth > 0 && has_preset(&path, depth - 1);
            }
            path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml")
                && std::fs::read_to_string(&path).is_ok_and(|text| is_preset(&text))
        })
    }
    !folder.join(crate::config::FILE_NAME).exists() && has_preset(&folder.join("presets"), 2)
}

fn is_preset(text: &str) -> bool {
    let Ok(document) = Document::parse("", text) else { return false };
    let has = |key: &str| document.value.get(key).is_some_and(serde_json::Value::is_string);
    has("name") && (has("kind") || has("extends"))
}

/// Reads `presets/` and `templates/` of a folder.
///
/// # Errors
/// Where a file cannot be read, or something in it would be refused in a source.
pub fn read_folder(folder: &Path, label: &str) -> Result<Content, SourceError> {
    let mut collector = Collector::new(label);
    for name in FOLDERS {
        let path = folder.join(name);
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => walk(&path, name, &mut collector)?,
            Ok(meta) if meta.is_symlink() => drop(collector.wanted(name, Entry::Link)?),
            _ => {}
        }
    }
    collector.finish()
}

fn walk(folder: &Path, shown: &str, collector: &mut Collector<'_>) -> Result<(), SourceError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FsError { verb: "read", path, source }
    };
    let entries: Vec<_> = std::fs::read_dir(folder)
        .map_err(failed(folder))?
        .collect::<Result<_, _>>()
        .map_err(failed(folder))?;
    let names: Vec<Vec<u8>> =
        entries.iter().map(|entry| entry.file_name().as_encoded_bytes().to_vec()).collect();
    collector.folder(shown, &names)?;
    for entry in entries {
        let path = entry.path();
        let inner = format!("{shown}/{}", entry.file_name().to_string_lossy());
        let meta = path.symlink_metadata().map_err(failed(&path))?;
        let kind = match meta.file_type() {
            kind if kind.is_symlink() => Entry::Link,
            kind if kind.is_dir() && path.join(".git").exists() => Entry::Repository,
            kind if kind.is_dir() => Entry::Folder,
            kind if kind.is_file() => Entry::File,
            _ => Entry::Other,
        };
        if !collector.wanted(&inner, kind)? {
            continue;
        }
        if kind == Entry::Folder {
            walk(&path, &inner, collector)?;
            continue;
        }
        collector.size(&inner, meta.len())?;
        let bytes = std::fs::read(&path).map_err(failed(&path))?;
        collector.file(&inner, &bytes)?;
    }
    Ok(())
}
