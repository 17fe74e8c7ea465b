//! The listing with lazily read, cached files. A file is read at most once, when a rule asks for it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

use super::xml::{self, Element};
use super::{Code, json};
use crate::detect::limits::Limits;

/// The repository as rules see it.
pub(in crate::detect) struct Tree {
    root: PathBuf,
    name: String,
    files: Vec<String>,
    folders: BTreeMap<String, Vec<String>>,
    limits: Limits,
    started: Instant,
    read: Cell<u64>,
    sources: Cell<usize>,
    texts: RefCell<HashMap<String, Option<Rc<str>>>>,
    docs: RefCell<HashMap<String, Option<Rc<Value>>>>,
    codes: RefCell<HashMap<String, Option<Rc<Code>>>>,
    xmls: RefCell<HashMap<String, Option<Rc<Element>>>>,
    warnings: RefCell<BTreeSet<String>>,
}

/// The folder of a path; `.` for the root.
pub(in crate::detect) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// The last part of a path.
pub(in crate::detect) fn base(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, base)| base)
}

/// What follows the last dot of the last part; empty where there is none.
pub(in crate::detect) fn extension(path: &str) -> &str {
    base(path).rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `folder/name` with `.` and `..` resolved; `None` where it would leave the root.
pub(in crate::detect) fn join(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".into() } else { parts.join("/") })
}

impl Tree {
    pub(in crate::detect) fn new(root: &Path, files: Vec<String>, limits: Limits, started: Instant) -> Self {
        let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in &files {
            let (folder, base) = (folder(file), base(file));
            match folders.get_mut(folder) {
                Some(names) => names.push(base.to_owned()),
                None => {
                    folders.insert(folder.to_owned(), vec![base.to_owned()]);
                }
            }
        }
        let name =
            root.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy().into_owned());
        Self {
            root: root.to_path_buf(),
            name,
            files,
            folders,
            limits,
            started,
            read: Cell::new(0),
            sources: Cell::new(usize::MAX),
            texts: RefCell::default(),
            docs: RefCell::default(),
            codes: RefCell::default(),
            xmls: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// The root folder's name.
    pub(in crate::detect) fn name(&self) -> &str {
        &self.name
    }

    /// The name of a folder; the root's own name for `.`.
    pub(in crate::detect) fn folder_name<'a>(&'a self, dir: &'a str) -> &'a str {
        if dir == "." { &self.name } else { base(dir) }
    }

    /// How many sources of one component are searched.
    pub(in crate::detect) fn sources(&self) -> usize {
        self.sources.get().min(self.limits.sources)
    }

    /// Shares the bound on sources among components; a small one still gets a few dozen.
    pub(in crate::detect) fn share_sources(&self, components: usize) {
        const FEWEST: usize = 40;
        self.sources.set((self.limits.all_sources / components.max(1)).max(FEWEST));
    }

    pub(in crate::detect) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// All files, sorted.
    pub(in crate::detect) fn files(&self) -> &[String] {
        &self.files
    }

    /// Folders that hold files, with the files' names.
    pub(in crate::detect) fn folders(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.folders.iter().map(|(folder, names)| (folder.as_str(), names.as_slice()))
    }

    /// The names of the files directly in a folder.
    pub(in crate::detect) fn names(&self, dir: &str) -> &[String] {
        self.folders.get(dir).map_or(&[], Vec::as_slice)
    }

    /// All files below a folder, sorted.
    pub(in crate::detect) fn under(&self, dir: &str) -> &[String] {
        if dir == "." {
            return &self.files;
        }
        let prefix = format!("{dir}/");
        let start = self.files.partition_point(|file| file.as_str() < prefix.as_str());
        let count = self.files[start..].partition_point(|file| file.starts_with(&prefix));
        &self.files[start..start + count]
    }

    /// Whether a file is there.
    pub(in crate::detect) fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// Whether a folder holds a file, directly or below.
    pub(in crate::detect) fn has_folder(&self, dir: &str) -> bool {
        !self.under(dir).is_empty()
    }

    /// `dir/name` if that file is there.
    pub(in crate::detect) fn find(&self, dir: &str, name: &str) -> Option<String> {
        join(dir, name).filter(|path| self.has(path))
    }

    /// The first of several names that is there.
    pub(in crate::detect) fn first(&self, dir: &str, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.find(dir, name))
    }

    /// Says something that the reader should know, once.
    pub(in crate::detect) fn warn(&self, text: String) {
        self.warnings.borrow_mut().insert(text);
    }

    pub(in crate::detect) fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().iter().cloned().collect()
    }

    /// Whether the time is up.
    pub(in crate::detect) fn late(&self) -> bool {
        self.started.elapsed() > self.limits.time
    }

    /// A file's text.
    pub(in crate::detect) fn text(&self, path: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text = if self.has(path) { self.load(path) } else { None };
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }

    fn load(&self, path: &str) -> Option<Rc<str>> {
        if self.late() {
            self.warn(format!("reading stopped after {} s", self.limits.time.as_secs()));
            return None;
        }
        if self.read.get() > self.limits.total_bytes {
            self.warn(format!("reading stopped after {} MiB", self.limits.total_bytes >> 20));
            return None;
        }
        let mut bytes = Vec::new();
        let file = File::open(self.root.join(path));
        let result = file.and_then(|file| file.take(self.limits.file_bytes + 1).read_to_end(&mut bytes));
        if let Err(error) = result {
            self.warn(format!("{path}: cannot be read ({})", error.kind()));
            return None;
        }
        self.read.set(self.read.get() + bytes.len() as u64);
        if bytes.len() as u64 > self.limits.file_bytes {
            self.warn(format!("{path}: larger than {} KiB, not read", self.limits.file_bytes >> 10));
            return None;
        }
        match decode(&bytes) {
            Some(text) => Some(text.into()),
            None => {
                self.warn(format!("{path}: binary, not read"));
                None
            }
        }
    }

    /// A JSON, TOML or YAML file as one kind of value, by its name.
    pub(in crate::detect) fn doc(&self, path: &str) -> Option<Rc<Value>> {
        if let Some(known) = self.docs.borrow().get(path) {
            return known.clone();
        }
        let doc = self.text(path).and_then(|text| {
            let parsed = match extension(path) {
                "toml" => toml::from_str::<Value>(&text).map_err(|error| error.message().to_owned()),
                "yaml" | "yml" => yaml(&text),
                _ if base(path) == "Pipfile" || base(path).ends_with(".lock") => {
                    toml::from_str::<Value>(&text).map_err(|error| error.message().to_owned())
                }
                _ => json::parse(&text),
            };
            parsed
                .map_err(|error| {
                    let error = error.lines().next().unwrap_or_default().to_owned();
                    self.warn(format!("{path}: cannot be parsed ({error})"));
                })
                .ok()
        });
        let doc = doc.map(Rc::new);
        self.docs.borrow_mut().insert(path.to_owned(), doc.clone());
        doc
    }

    /// An XML file.
    pub(in crate::detect) fn xml(&self, path: &str) -> Option<Rc<Element>> {
        if let Some(known) = self.xmls.borrow().get(path) {
            return known.clone();
        }
        let found = self.text(path).and_then(|text| {
            xml::parse(&text).map_err(|error| self.warn(format!("{path}: cannot be parsed ({error})"))).ok()
        });
        let found = found.map(Rc::new);
        self.xmls.borrow_mut().insert(path.to_owned(), found.clone());
        found
    }

    /// A source file with its comments blanked.
    pub(in crate::detect) fn code(&self, path: &str) -> Option<Rc<Code>> {
        if let Some(known) = self.codes.borrow().get(path) {
            return known.clone();
        }
        let code = self.text(path).map(|text| Rc::new(Code::new(&text, base(path))));
        self.codes.borrow_mut().insert(path.to_owned(), code.clone());
        code
    }
}

/// UTF-8 (leniently) or UTF-16 with a byte order mark; `None` for binary.
fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        Some(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ if bytes.contains(&0) => None,
        _ => {
            let text = String::from_utf8_lossy(bytes);
            Some(text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n"))
        }
    }
}

/// The first document of a YAML file, merge keys applied, tags dropped.
pub(in crate::detect) fn yaml(text: &str) -> Result<Value, String> {
    use serde::Deserialize;
    let Some(document) = serde_yaml::Deserializer::from_str(text).next() else { return Ok(Value::Null) };
    let mut value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
    // A merge that cannot be applied leaves the keys as they are.
    let _ = value.apply_merge();
    Ok(plain(value))
}

fn plain(value: serde_yaml::Value) -> Value {
    use serde_yaml::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::to_value(&number).unwrap_or(Value::Null),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect()),
        Yaml::Mapping(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let key = match key {
                        Yaml::String(text) => text,
                        Yaml::Bool(flag) => flag.to_string(),
                        Yaml::Number(number) => number.to_string(),
                        _ => String::new(),
                    };
                    (key, plain(value))
                })
                .collect(),
        ),
        Yaml::Tagged(tagged) => plain(tagged.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_root() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join(".", ".").as_deref(), Some("."));
        assert_eq!(join("a", "../../b"), None);
    }

    #[test]
    fn utf_16_is_text_and_nul_is_binary() {
        assert_eq!(decode(b"\xff\xfea\0b\0").as_deref(), Some("ab"));
        assert_eq!(decode(b"a\0b"), None);
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Some("a"));
    }

    #[test]
    fn yaml_tags_merge_keys_and_odd_keys_are_read() {
        let value = yaml("x: &x {a: 1}\ny: {<<: *x, b: !reset 2}\n3: z\n").unwrap();
        assert_eq!(value["y"]["a"], 1);
        assert_eq!(value["y"]["b"], 2);
        assert_eq!(value["3"], "z");
    }
}
