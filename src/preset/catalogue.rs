//! The catalogue: every preset by name, in layers: built in, sources, the user's own. A preset may have the
//! name of one in a lower layer, and extend it under that name. `SOURCE/NAME` is the one of a source,
//! whatever other layers have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use include_dir::{Dir, include_dir};

use super::engine::{Engine, MOST_TEMPLATE_BYTES, TemplateError};
use super::error::PresetError;
use super::inherit::{Chain, Link, Preset};
use super::layer::{Layer, SourceLayer};
use super::source::Content;
use crate::config::{Detects, Document, Kind, did_you_mean};
use crate::fs::read_optional;

static PRESETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/presets");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Folders of presets may be nested this deep.
const DEEPEST_FOLDER: usize = 4;

/// A preset may have this many ancestors.
const MOST_ANCESTORS: usize = 32;

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
    sources: Vec<(SourceLayer, BTreeSet<String>, TemplateSet)>,
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
            sources: Vec::new(),
        };
        for (path, text) in embedded(&PRESETS) {
            catalogue.add(Layer::BuiltIn, Document::parse(format!("presets/{path}"), &text)?)?;
        }
        Ok(catalogue)
    }

    /// Adds what a source holds, above the sources that are there. `label` says where its files are, such as
    /// `acme@0123456:`.
    ///
    /// # Errors
    /// Where a file is no preset, or two have one name.
    pub fn with_source(mut self, name: &str, label: &str, content: &Content) -> Result<Self, PresetError> {
        let layer = SourceLayer { order: self.sources.len(), name: name.into(), label: label.into() };
        let mut files = embedded(&TEMPLATES);
        files.extend(content.templates.iter().map(|(path, text)| (path.clone(), text.clone())));
        let own = content.templates.keys().cloned().collect();
        self.sources.push((layer.clone(), own, TemplateSet { files, engine: OnceLock::new() }));
        for (path, text) in content.presets.iter().filter(|(path, _)| is_yaml(path)) {
            let document = Document::parse(format!("{label}presets/{path}"), text)?;
            self.add(Layer::Source(layer.clone()), document)?;
        }
        Ok(self)
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

    /// The names of all presets, sorted; those of sources with the source's name in front.
    pub fn names(&self) -> BTreeSet<String> {
        self.links.iter().map(Link::qualified).collect()
    }

    /// The presets that a source brings, by their whole names.
    pub fn names_of(&self, source: &str) -> BTreeSet<String> {
        let of_it = |link: &&Link| matches!(&link.layer, Layer::Source(layer) if *layer.name == *source);
        self.links.iter().filter(of_it).map(Link::qualified).collect()
    }

    /// The documents of every preset, lowest layer first.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The preset of a name, inheritance resolved.
    ///
    /// # Errors
    /// Where there is none, or its inheritance does not work out.
    pub fn get(&self, name: &str) -> Result<Preset, PresetError> {
        let index = self.find(name, None, self.links.len()).ok_or_else(|| self.unknown(name))?;
        Preset::merge(self.chain(index, &mut Vec::new())?).and_then(|p| self.checked(p))
    }

    /// A preset that is written in place: a part of `devbox.yaml`.
    ///
    /// # Errors
    /// Where its parent does not exist or does not fit.
    pub fn extend(&self, part: Link) -> Result<Preset, PresetError> {
        let parent = part.extends.clone().unwrap_or_default();
        let Some(index) = self.find(&parent, None, self.links.len()) else {
            return Err(self.no_parent(&part, &parent));
        };
        let mut chain = self.chain(index, &mut Vec::new())?;
        chain.push(part);
        Preset::merge(chain).and_then(|preset| self.checked(preset))
    }

    /// Every preset of a kind, by name.
    ///
    /// # Errors
    /// Where the inheritance of one does not work out.
    pub fn of_kind(&self, kind: Kind) -> Result<Vec<Preset>, PresetError> {
        let presets: Result<Vec<_>, _> = self.names().iter().map(|name| self.get(name)).collect();
        let mut presets: Vec<Preset> = presets?.into_iter().filter(|preset| preset.kind == kind).collect();
        // What a source has under the name of a built-in one is both.
        let mut seen = BTreeSet::new();
        presets.retain(|preset| seen.insert(preset.name.clone()));
        Ok(presets)
    }

    /// The name of the app preset that fits a component best: the one whose conditions, all of which hold,
    /// say most (a framework more than a runtime, that more than a language, that more than a kind); among
    /// equals the one of the highest layer, then the first by name.
    pub fn for_component(&self, component: &Traits<'_>) -> Option<String> {
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
    pub fn for_service(&self, kind: &str) -> Option<String> {
        self.best(|detects| usize::from(detects.service.contains(kind)))
    }

    fn best(&self, score: impl Fn(&Detects) -> usize) -> Option<String> {
        let mut best: Option<(usize, &Link)> = None;
        let names: BTreeSet<&str> = self.links.iter().map(|link| link.name.as_str()).collect();
        for name in names {
            let Some(link) = self.links.iter().rfind(|link| link.name == name) else { continue };
            let score = link.detects.as_ref().map_or(0, &score);
            let better = match best {
                None => score > 0,
                Some((most, other)) => score > most || (score == most && link.layer > other.layer),
            };
            if better {
                best = Some((score, link));
            }
        }
        best.map(|(_, link)| link.qualified())
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

    /// A template as people look for it: `templates/web/service.yaml`, with the source in front where it is
    /// the source's own.
    pub fn template_file(&self, layer: &Layer, path: &str) -> String {
        let source = match layer {
            Layer::Source(layer) => {
                self.sources.iter().find(|(other, own, _)| other == layer && own.contains(path))
            }
            _ => None,
        };
        let label = source.map(|(layer, ..)| &*layer.label).unwrap_or_default();
        format!("{label}templates/{path}")
    }

    /// Whether the file of that name is a source's own.
    pub fn is_of_a_source(&self, file: &str) -> bool {
        self.sources.iter().any(|(layer, ..)| file.starts_with(&*layer.label))
    }

    /// The text of a template by the name that manifests carry.
    pub fn template_text(&self, file: &str) -> Option<&str> {
        let of_a_source = self.sources.iter().find_map(|(layer, own, set)| {
            let path = file.strip_prefix(&*layer.label)?.strip_prefix("templates/")?;
            set.files.get(path).filter(|_| own.contains(path))
        });
        // The user's set holds the built-in ones too, save those that are replaced.
        let of_the_user = || self.user.files.get(file.strip_prefix("templates/")?);
        of_a_source.or_else(of_the_user).map(String::as_str)
    }

    fn templates(&self, layer: &Layer) -> &TemplateSet {
        match layer {
            Layer::User => &self.user,
            Layer::Source(layer) => {
                self.sources.iter().find(|(other, ..)| other == layer).map_or(&self.built_in, |(.., set)| set)
            }
            Layer::BuiltIn | Layer::Repository => &self.built_in,
        }
    }

    /// Where the preset of a name is, as far as `below`. Whoever asks from within a source sees its own
    /// presets first, and none of another source.
    fn find(&self, name: &str, from: Option<&Link>, below: usize) -> Option<usize> {
        let links = &self.links[..below];
        let inside = from.map(|link| &link.layer).filter(|layer| matches!(layer, Layer::Source(_)));
        if let Some((source, name)) = name.split_once('/') {
            let is_it = |link: &Link| {
                let of_source = matches!(&link.layer, Layer::Source(layer) if *layer.name == *source);
                link.name == name && of_source && inside.is_none_or(|layer| *layer == link.layer)
            };
            return links.iter().rposition(is_it);
        }
        let Some(inside) = inside else {
            return links.iter().rposition(|link| link.name == name);
        };
        let own = links.iter().rposition(|link| link.name == name && link.layer == *inside);
        let beyond = |link: &Link| link.name == name && !matches!(link.layer, Layer::Source(_));
        own.or_else(|| links.iter().rposition(beyond))
    }

    fn chain(&self, index: usize, seen: &mut Vec<usize>) -> Result<Chain, PresetError> {
        if let Some(start) = seen.iter().position(|other| *other == index) {
            let chain = seen[start..].iter().chain([&index]);
            return Err(PresetError::Cycle {
                chain: chain.map(|index| self.links[*index].qualified()).collect(),
            });
        }
        let link = self.links[index].clone();
        seen.push(index);
        if seen.len() > MOST_ANCESTORS {
            let message = format!("a preset has at most {MOST_ANCESTORS} ancestors");
            return Err(link.error_at(&["extends"], message, None));
        }
        let mut chain = match &link.extends {
            None => Vec::new(),
            Some(parent) => {
                // Its own name means the preset of that name in a layer below.
                let below = match *parent == link.name {
                    true => self.links.iter().position(|l| l.layer == link.layer).unwrap_or(index),
                    false => self.links.len(),
                };
                let parent =
                    self.find(parent, Some(&link), below).ok_or_else(|| self.no_parent(&link, parent))?;
                self.chain(parent, seen)?
            }
        };
        chain.push(link);
        Ok(chain)
    }

    fn unknown(&self, name: &str) -> PresetError {
        let hint = did_you_mean(name, self.names().iter().map(String::as_str));
        PresetError::Unknown { name: name.to_owned(), hint }
    }

    fn no_parent(&self, link: &Link, parent: &str) -> PresetError {
        // A part of `devbox.yaml` is called like its parent.
        if parent == link.name && link.layer != Layer::Repository {
            let message = format!("`{parent}` extends itself: no layer below has a preset of that name");
            return link.error_at(&["extends"], message, None);
        }
        let hint = match (&link.layer, parent.contains('/')) {
            (Layer::Source(_), true) => {
                Some("a source's preset extends one of its own, or a built-in one".to_owned())
            }
            _ => did_you_mean(parent, self.names().iter().map(String::as_str)),
        };
        link.error_at(&["extends"], format!("no preset is called `{parent}`"), hint)
    }

    /// Every template that it names is there.
    fn checked(&self, preset: Preset) -> Result<Preset, PresetError> {
        for (key, template) in &preset.templates {
            let files = &self.templates(&template.layer).files;
            if !files.contains_key(&template.path) {
                let link = preset.origin("templates", key).or(preset.chain.last());
                let message = format!("there is no template `{}`", template.path);
                let whole = files.keys().filter(|file| !file.contains("/_") && !file.starts_with('_'));
                let hint = did_you_mean(&template.path, whole.map(String::as_str));
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
