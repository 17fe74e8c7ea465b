//! The catalogue: every preset by name, in layers (built in, the user's own; sources between them later).
//! A preset may have the name of one in a lower layer, and extend it under that name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use include_dir::{Dir, include_dir};

use super::engine::{Engine, MOST_TEMPLATE_BYTES, TemplateError};
use super::error::PresetError;
use super::inherit::{Chain, Link, Preset};
use crate::config::{Detects, Document, Kind, did_you_mean};
use crate::fs::read_optional;

static PRESETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Folders of presets may be nested this deep.
const DEEPEST_FOLDER: usize = 4;

/// Where a preset belongs, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Part of devbox.
    BuiltIn,
    /// The user's config folder.
    User,
    /// The repository's `devbox.yaml`.
    Repository,
}

impl Layer {
    /// How people call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built in",
            Self::User => "user",
            Self::Repository => "repository",
        }
    }
}

/// The templates that a layer's presets may name: its own, then the built-in ones.
#[derive(Debug, Default)]
pub struct TemplateSet {
    files: BTreeMap<String, String>,
    engine: OnceLock<Result<Engine, TemplateError>>,
}

/// What is known of a component that looks for its preset; an empty text where nothing is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traits<'a> {
    /// Its language.
    pub language: &'a str,
    /// Its runtime.
    pub runtime: &'a str,
    /// Its framework.
    pub framework: &'a str,
    /// Its kind, `web` or `worker`, say.
    pub kind: &'a str,
}

/// Every preset by name.
#[derive(Debug)]
pub struct Catalogue {
    links: Vec<Link>,
    built_in: TemplateSet,
    user: TemplateSet,
}

impl Catalogue {
    /// The presets that are part of devbox.
    ///
    /// # Errors
    /// Never for a released binary: a test walks all of them.
    pub fn built_in() -> Result<Self, PresetError> {
        let mut catalogue = Self {
            links: Vec::new(),
            built_in: TemplateSet { files: embedded(&TEMPLATES), engine: OnceLock::new() },
            user: TemplateSet { files: embedded(&TEMPLATES), engine: OnceLock::new() },
        };
        for (path, text) in embedded(&PRESETS) {
            catalogue.add(Layer::BuiltIn, Document::parse(format!("presets/{path}"), &text)?)?;
        }
        Ok(catalogue)
    }

    /// Adds the user's own: `presets/**.yaml` and `templates/**` in the config folder.
    ///
    /// # Errors
    /// Where a file cannot be read or is no preset.
    pub fn with_user(mut self, config: &Path) -> Result<Self, PresetError> {
        let mut files = BTreeMap::new();
        read_folder(&config.join("templates"), "", DEEPEST_FOLDER, &mut files)?;
        self.user.files.extend(files);
        let mut presets = BTreeMap::new();
        let folder = config.join("presets");
        read_folder(&folder, "", DEEPEST_FOLDER, &mut presets)?;
        for (path, text) in presets.iter().filter(|(path, _)| is_yaml(path)) {
            let file = folder.join(path).display().to_string();
            self.add(Layer::User, Document::parse(file, text)?)?;
        }
        Ok(self)
    }

    /// Adds one preset document.
    ///
    /// # Errors
    /// Where it is no preset, or its layer has one of this name.
    pub fn add(&mut self, layer: Layer, document: Document) -> Result<(), PresetError> {
        let link = Link::parse(layer, document)?;
        if let Some(other) = self.links.iter().find(|l| l.layer == link.layer && l.name == link.name) {
            let message = format!("`{}` already names a preset in {}", link.name, other.document.file);
            return Err(link.error_at(&["name"], message, None));
        }
        self.links.push(link);
        // Stable: within a layer, order of addition.
        self.links.sort_by(|a, b| a.layer.cmp(&b.layer));
        Ok(())
    }

    /// The names of all presets, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        self.links.iter().map(|link| link.name.as_str()).collect()
    }

    /// The preset of a name, inheritance resolved.
    ///
    /// # Errors
    /// Where there is none, or its inheritance does not work out.
    pub fn get(&self, name: &str) -> Result<Preset, PresetError> {
        Preset::merge(self.chain(name, self.links.len(), &mut Vec::new())?).and_then(|p| self.checked(p))
    }

    /// A preset that is written in place: a part of `devbox.yaml`.
    ///
    /// # Errors
    /// Where its parent does not exist or does not fit.
    pub fn extend(&self, part: Link) -> Result<Preset, PresetError> {
        let parent = part.extends.clone().unwrap_or_default();
        let mut chain =
            self.chain(&parent, self.links.len(), &mut Vec::new()).map_err(|error| match error {
                PresetError::Unknown { name, hint } if name == parent => {
                    part.error_at(&["extends"], format!("no preset is called `{name}`"), hint)
                }
                other => other,
            })?;
        chain.push(part);
        Preset::merge(chain).and_then(|preset| self.checked(preset))
    }

    /// Every preset of a kind, by name.
    ///
    /// # Errors
    /// Where the inheritance of one does not work out.
    pub fn of_kind(&self, kind: Kind) -> Result<Vec<Preset>, PresetError> {
        let presets: Result<Vec<_>, _> = self.names().into_iter().map(|name| self.get(name)).collect();
        Ok(presets?.into_iter().filter(|preset| preset.kind == kind).collect())
    }

    /// The name of the app preset that fits a component best: the one whose conditions, all of which hold,
    /// say most (a framework more than a runtime, that more than a language, that more than a kind); the
    /// first by name among equals.
    pub fn for_component(&self, component: &Traits<'_>) -> Option<&str> {
        let score = |detects: &Detects| {
            let mut score = 0;
            for (weight, wanted, found) in [
                (8, &detects.framework, component.framework),
                (4, &detects.runtime, component.runtime),
                (2, &detects.language, component.language),
                (1, &detects.kind, component.kind),
            ] {
                match (wanted.is_empty(), wanted.contains(found)) {
                    (true, _) => {}
                    (false, true) => score += weight,
                    (false, false) => return 0,
                }
            }
            score
        };
        self.best(score)
    }

    /// The name of the preset for a kind of service.
    pub fn for_service(&self, kind: &str) -> Option<&str> {
        self.best(|detects| usize::from(detects.service.contains(kind)))
    }

    fn best(&self, score: impl Fn(&Detects) -> usize) -> Option<&str> {
        let mut best: Option<(usize, &str)> = None;
        for name in self.names() {
            let link = self.links.iter().rfind(|link| link.name == name);
            let score = link.and_then(|link| link.detects.as_ref()).map_or(0, &score);
            if score > best.map_or(0, |(score, _)| score) {
                best = Some((score, name));
            }
        }
        best.map(|(_, name)| name)
    }

    /// The engine with a layer's templates. `devbox.yaml` brings none of its own: it names built-in ones.
    ///
    /// # Errors
    /// Where a template of the layer has a syntax error.
    pub fn engine(&self, layer: &Layer) -> Result<&Engine, TemplateError> {
        let set = self.templates(layer);
        let names = set.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        set.engine.get_or_init(|| Engine::with_templates(names)).as_ref().map_err(Clone::clone)
    }

    /// The text of a template by the name that manifests carry: `templates/web/service.yaml`.
    pub fn template_text(&self, file: &str) -> Option<&str> {
        // The user's set holds the built-in ones too, save those that are replaced.
        self.user.files.get(file.strip_prefix("templates/")?).map(String::as_str)
    }

    fn templates(&self, layer: &Layer) -> &TemplateSet {
        if *layer == Layer::User { &self.user } else { &self.built_in }
    }

    fn chain(&self, name: &str, below: usize, seen: &mut Vec<String>) -> Result<Chain, PresetError> {
        let found = self.links[..below].iter().rposition(|link| link.name == name);
        let Some(index) = found else {
            let hint = did_you_mean(name, self.names());
            return Err(PresetError::Unknown { name: name.to_owned(), hint });
        };
        let link = self.links[index].clone();
        seen.push(name.to_owned());
        let mut chain = match &link.extends {
            None => Vec::new(),
            // Its own name means the preset of that name in a layer below.
            Some(parent) if *parent == link.name => {
                let start = self.links.iter().position(|l| l.layer == link.layer).unwrap_or(index);
                self.parent(&link, parent, start, seen)?
            }
            Some(parent) => {
                if let Some(start) = seen.iter().position(|name| name == parent) {
                    let mut chain = seen[start..].to_vec();
                    chain.push(parent.clone());
                    return Err(PresetError::Cycle { chain });
                }
                self.parent(&link, parent, self.links.len(), seen)?
            }
        };
        chain.push(link);
        Ok(chain)
    }

    fn parent(
        &self,
        link: &Link,
        parent: &str,
        below: usize,
        seen: &mut Vec<String>,
    ) -> Result<Chain, PresetError> {
        self.chain(parent, below, seen).map_err(|error| match error {
            PresetError::Unknown { name, hint } if name == parent => {
                link.error_at(&["extends"], format!("no preset is called `{name}`"), hint)
            }
            other => other,
        })
    }

    /// Every template that it names is there.
    fn checked(&self, preset: Preset) -> Result<Preset, PresetError> {
        for (key, template) in &preset.templates {
            let files = &self.templates(&template.layer).files;
            if !files.contains_key(&template.path) {
                let link = preset.origin("templates", key).or(preset.chain.last());
                let message = format!("there is no template `{}`", template.path);
                let hint = did_you_mean(&template.path, files.keys().map(String::as_str));
                return Err(match link {
                    Some(link) => link.error_at(&["templates", key], message, hint),
                    None => PresetError::Unknown { name: preset.name, hint },
                });
            }
        }
        Ok(preset)
    }
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn embedded(folder: &Dir<'_>) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs().cloned());
        for file in folder.files() {
            // `/` on every platform, as presets write it.
            let path: Vec<_> = file.path().iter().map(|part| part.to_string_lossy()).collect();
            if let Some(text) = file.contents_utf8() {
                files.insert(path.join("/"), text.to_owned());
            }
        }
    }
    files
}

/// Reads the files of a folder; one that is not there is empty. Symbolic links are not followed.
fn read_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, String>,
) -> Result<(), PresetError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        let path = format!("{prefix}{name}");
        if kind.is_dir() && depth > 0 {
            read_folder(&entry.path(), &format!("{path}/"), depth - 1, files)?;
        } else if kind.is_file() && entry.metadata().is_ok_and(|m| m.len() <= MOST_TEMPLATE_BYTES as u64) {
            files.extend(read_optional(&entry.path())?.map(|text| (path, text)));
        }
    }
    Ok(())
}
