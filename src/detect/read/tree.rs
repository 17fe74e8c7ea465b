//! The repository as rules see it: the listing, and files that are read and parsed at most once, when a
//! rule asks. Several threads may ask.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::cache::Cache;
use super::decode::{decode, yaml};
use super::files::Files;
use super::listing::Listing;
use super::path::{base, extension, join};
use super::text::Text;
use super::xml::{self, Element};
use super::{Code, file, json};
use crate::detect::budget;
use crate::detect::limits::Limits;
use crate::detect::root::Root;
use crate::detect::walk::Walked;

/// The repository as rules see it.
pub(in crate::detect) struct Tree {
    root: Root,
    name: String,
    listing: Listing,
    of_use: Vec<String>,
    limits: Limits,
    started: Instant,
    is_source: fn(&str) -> bool,
    read: AtomicU64,
    sources: AtomicUsize,
    /// One for each file of the listing.
    texts: Vec<OnceLock<Option<Text>>>,
    docs: Cache<Value>,
    codes: Cache<Code>,
    xmls: Cache<Element>,
    warnings: Mutex<BTreeSet<String>>,
    /// Sources that are too large to be searched.
    large: Mutex<BTreeSet<String>>,
}

impl Tree {
    /// The repository that was walked; `is_source` says by its extension which file is searched.
    pub(in crate::detect) fn new(
        root: Root,
        walked: Walked,
        limits: Limits,
        started: Instant,
        is_source: fn(&str) -> bool,
    ) -> Self {
        let name = root
            .path()
            .file_name()
            .map_or_else(|| "project".into(), |name| name.to_string_lossy().into_owned());
        let listing = Listing::new(walked.folders);
        let texts = (0..listing.len()).map(|_| OnceLock::new()).collect();
        Self {
            root,
            name,
            listing,
            of_use: walked.marked,
            limits,
            started,
            is_source,
            read: AtomicU64::new(0),
            sources: AtomicUsize::new(usize::MAX),
            texts,
            docs: Cache::default(),
            codes: Cache::default(),
            xmls: Cache::default(),
            warnings: Mutex::default(),
            large: Mutex::default(),
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
        self.sources.load(Ordering::Relaxed).min(self.limits.sources)
    }

    /// Shares the bound on sources among components that have so many.
    pub(in crate::detect) fn share_sources(&self, counts: impl IntoIterator<Item = usize>) {
        let share = budget::share(counts, self.limits.all_sources);
        self.sources.store(share, Ordering::Relaxed);
    }

    pub(in crate::detect) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many files there are.
    pub(in crate::detect) fn len(&self) -> usize {
        self.texts.len()
    }

    /// All files: a folder's own by name, then its subfolders.
    pub(in crate::detect) fn files(&self) -> impl Iterator<Item = &str> + Clone {
        self.listing.under(".")
    }

    /// The files whose names speak of a container, an orchestrator or another tool, sorted by path.
    pub(in crate::detect) fn of_use(&self) -> &[String] {
        &self.of_use
    }

    /// Folders that hold files themselves, with the paths of these files.
    pub(in crate::detect) fn folders(&self) -> impl Iterator<Item = (&str, &Files)> + Clone {
        self.listing.folders()
    }

    /// A folder and those below it that hold files themselves, with the paths of these files.
    pub(in crate::detect) fn folders_below(&self, dir: &str) -> impl Iterator<Item = (&str, &Files)> + Clone {
        self.listing.folders_below(dir)
    }

    /// The names of the files directly in a folder, sorted.
    pub(in crate::detect) fn names(&self, dir: &str) -> impl Iterator<Item = &str> {
        self.listing.inside(dir).into_iter().flat_map(Files::names)
    }

    /// All files in a folder and below, in the order of [`Tree::files`].
    pub(in crate::detect) fn under(&self, dir: &str) -> impl Iterator<Item = &str> + Clone {
        self.listing.under(dir)
    }

    /// Whether a file is there.
    pub(in crate::detect) fn has(&self, path: &str) -> bool {
        self.listing.position(path).is_some()
    }

    /// Whether a folder holds a file, directly or below.
    pub(in crate::detect) fn has_folder(&self, dir: &str) -> bool {
        self.folders_below(dir).next().is_some()
    }

    /// `dir/name` if that file is there.
    pub(in crate::detect) fn find(&self, dir: &str, name: &str) -> Option<String> {
        // Most names are asked for in vain.
        if !matches!(name, "" | "." | "..")
            && memchr::memchr2(b'/', b'\\', name.as_bytes()).is_none()
            && let Some(files) = self.listing.inside(dir)
        {
            return files.find(name).map(str::to_owned);
        }
        join(dir, name).filter(|path| self.has(path))
    }

    /// The first of several names that is there.
    pub(in crate::detect) fn first(&self, dir: &str, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.find(dir, name))
    }

    /// Says something that the reader should know, once.
    pub(in crate::detect) fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
    }

    pub(in crate::detect) fn warnings(&self) -> Vec<String> {
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let most = self.limits.source_bytes >> 10;
        let unsearched = large.first().map(|first| match large.len() {
            1 => format!("{first}: larger than {most} KiB, not searched"),
            n => format!("{first} and {} more: larger than {most} KiB, not searched", n - 1),
        });
        warnings.iter().cloned().chain(unsearched).collect()
    }

    /// Whether the time is up.
    pub(in crate::detect) fn late(&self) -> bool {
        self.started.elapsed() > self.limits.time
    }

    /// A file's text.
    pub(in crate::detect) fn text(&self, path: &str) -> Option<Text> {
        let slot = &self.texts[self.listing.position(path)?];
        let load = || {
            let mut text = String::new();
            self.load(path, &mut text).then(|| Text::from(text.as_str()))
        };
        slot.get_or_init(load).clone()
    }

    /// Reads files that rules will ask for, into one piece of memory.
    pub(in crate::detect) fn preload(&self, paths: &[&str]) {
        let mut whole = String::with_capacity(paths.len() * 4096);
        let mut parts = Vec::with_capacity(paths.len());
        for path in paths {
            let Some(slot) = self.listing.position(path).map(|at| &self.texts[at]) else { continue };
            if slot.get().is_none() {
                let start = whole.len();
                let read = self.load(path, &mut whole);
                parts.push((slot, read.then_some(start..whole.len())));
            }
        }
        let whole: Arc<str> = whole.into();
        for (slot, part) in parts {
            // Another thread may have read it meanwhile.
            let _ = slot.set(part.map(|part| Text::part(&whole, part)));
        }
    }

    /// Appends a file's text; gives false, and says why, where it has none.
    fn load(&self, path: &str, into: &mut String) -> bool {
        if self.late() {
            self.warn(format!("reading stopped after {} s", self.limits.time.as_secs()));
            return false;
        }
        if self.read.load(Ordering::Relaxed) > self.limits.total_bytes {
            self.warn(format!("reading stopped after {} MiB", self.limits.total_bytes >> 20));
            return false;
        }
        let source = (self.is_source)(extension(path));
        let most = if source { self.limits.source_bytes } else { self.limits.file_bytes };
        let text = file::with(
            || self.root.file(path),
            most,
            |bytes| {
                self.read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                if bytes.len() as u64 > most && source {
                    self.large.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
                    return Ok(false);
                }
                if bytes.len() as u64 > most {
                    return Err(format!("larger than {} KiB, not read", most >> 10));
                }
                if decode(bytes, into) { Ok(true) } else { Err("binary, not read".to_owned()) }
            },
        );
        let text = text.unwrap_or_else(|error| Err(format!("cannot be read ({})", error.kind())));
        text.inspect_err(|why| self.warn(format!("{path}: {why}"))).unwrap_or(false)
    }

    /// A JSON, TOML or YAML file as one kind of value, by its name.
    pub(in crate::detect) fn doc(&self, path: &str) -> Option<Arc<Value>> {
        self.docs.get(path, || {
            let text = self.text(path)?;
            let parsed = match extension(path) {
                "toml" => toml::from_str::<Value>(&text).map_err(|error| error.message().to_owned()),
                "yaml" | "yml" => yaml(&text),
                _ if base(path) == "Pipfile" || base(path).ends_with(".lock") => {
                    toml::from_str::<Value>(&text).map_err(|error| error.message().to_owned())
                }
                _ => json::parse(&text),
            };
            self.parsed(path, parsed)
        })
    }

    /// An XML file.
    pub(in crate::detect) fn xml(&self, path: &str) -> Option<Arc<Element>> {
        self.xmls.get(path, || self.parsed(path, xml::parse(&self.text(path)?)))
    }

    /// A source file with its comments blanked.
    pub(in crate::detect) fn code(&self, path: &str) -> Option<Arc<Code>> {
        self.codes.get(path, || Some(Code::of(self.text(path)?, base(path))))
    }

    fn parsed<T>(&self, path: &str, parsed: Result<T, String>) -> Option<T> {
        let warn = |error: &String| {
            let error = error.lines().next().unwrap_or_default();
            self.warn(format!("{path}: cannot be parsed ({error})"));
        };
        parsed.inspect_err(warn).ok()
    }
}
