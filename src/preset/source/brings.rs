//! What a source brings with it that reaches further than a manifest: images, told from its text, and programs
//! that a kubeconfig would run on this machine, which whoever renders its access presets adds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::content::Content;
use crate::config::Kind;
use crate::preset::{Catalogue, Layer, PresetError};

/// What a source brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brings {
    /// How many presets of each kind, by the kind's name.
    pub kinds: BTreeMap<&'static str, usize>,
    /// The names of its presets.
    pub presets: Vec<String>,
    /// How many templates.
    pub templates: usize,
    /// The registries of its images with the folder in them: `ghcr.io/acme`, `docker.io/library`.
    pub registries: BTreeSet<String>,
    /// Programs that a kubeconfig of it would run on this machine, each with the file that says so.
    pub programs: Vec<(String, String)>,
}

impl Brings {
    /// Looks a source through that is in the catalogue under `name`.
    ///
    /// # Errors
    /// Where one of its presets does not work out.
    pub fn of(content: &Content, catalogue: &Catalogue, name: &str) -> Result<Self, PresetError> {
        let mut brings = Self { templates: content.templates.len(), ..Self::default() };
        for preset in catalogue.names_of(name) {
            let preset = catalogue.get(&preset)?;
            *brings.kinds.entry(preset.kind.name()).or_default() += 1;
            if preset.kind == Kind::Access {
                let file = preset.chain.last().map(|link| link.document.file.clone()).unwrap_or_default();
                brings.programs.push(("how a kubeconfig gets its credentials".into(), file));
            }
            brings.presets.push(preset.name);
        }
        for text in content.presets.values().chain(content.templates.values()) {
            brings.registries.extend(images(text).iter().filter_map(|image| registry(image)));
        }
        Ok(brings)
    }

    /// Adds an image that one of its presets renders, unless built-in presets bring such images anyway.
    pub fn add_image(&mut self, image: &str) {
        self.registries.extend(registry(image).filter(|registry| !BUILT_IN.contains(registry)));
    }

    /// Adds a program that the kubeconfig of one of its access presets runs.
    pub fn add_program(&mut self, program: String, file: String) {
        if !self.programs.iter().any(|known| known.0 == program) {
            self.programs.push((program, file));
        }
    }

    /// The registries that neither the built-in catalogue uses nor a list names.
    pub fn unlisted(&self, listed: &[String]) -> Vec<String> {
        let is_listed = |registry: &&String| {
            let host = registry.split('/').next().unwrap_or_default();
            let built_in = || BUILT_IN.iter().any(|known| covers(host, known));
            listed.iter().any(|entry| covers(entry, registry)) || built_in()
        };
        self.registries.iter().filter(|registry| !is_listed(registry)).cloned().collect()
    }
}

/// The registries that the built-in catalogue uses.
static BUILT_IN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let Ok(catalogue) = Catalogue::built_in() else { return BTreeSet::new() };
    let built_in = catalogue.links().iter().filter(|link| link.layer == Layer::BuiltIn);
    let texts = built_in.map(|link| serde_yaml::to_string(&link.document.value).unwrap_or_default());
    texts.flat_map(|text| images(&text)).filter_map(|image| registry(&image)).collect()
});

fn covers(entry: &str, registry: &str) -> bool {
    let entry = entry.trim_end_matches('/');
    registry.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The registry of an image with the folder in it: `ghcr.io/acme` of `ghcr.io/acme/app:1`, `docker.io/library`
/// of `node:22`; `None` for what is no image.
pub fn registry(image: &str) -> Option<String> {
    let name = image.split(['@', ' ']).next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(fits) {
        return None;
    }
    let (first, rest) = name.split_once('/').unwrap_or(("", name));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let (host, path) = if is_host { (first, rest) } else { ("docker.io", name) };
    Some(match path.rsplit_once('/') {
        Some((folder, _)) => format!("{host}/{folder}"),
        None if is_host => host.to_owned(),
        None => format!("{host}/library"),
    })
}

/// The images of an object's containers.
pub fn images_of(object: &Value) -> Vec<String> {
    match object {
        Value::Object(map) => {
            let own = map.get("image").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(images_of)).collect()
        }
        Value::Array(items) => items.iter().flat_map(images_of).collect(),
        _ => Vec::new(),
    }
}

/// What a text names as images: behind `image:`, and the defaults below it.
fn images(text: &str) -> Vec<String> {
    static IMAGE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^[\s\-{"']*[A-Za-z]*[iI]mage["']?\s*:(.*)$"#).ok());
    static DEFAULT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?:^|[\s{,])["']?default["']?\s*:\s*(.*)$"#).ok());
    let captured = |regex: &LazyLock<Option<Regex>>, line: &str| {
        let captures = regex.as_ref()?.captures(line)?;
        captures.get(1).map(|rest| rest.as_str().to_owned())
    };
    let mut found = Vec::new();
    let mut inside: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(rest) = captured(&IMAGE, line) {
            inside = Some(indent);
            // `image: {type: image, default: ...}`, or the image itself.
            let value = captured(&DEFAULT, &rest).unwrap_or(rest);
            found.extend(candidates(&value));
        } else if inside.is_some_and(|outer| indent > outer) {
            found.extend(captured(&DEFAULT, line).iter().flat_map(|value| candidates(value)));
        } else if !line.trim().is_empty() {
            inside = None;
        }
    }
    found
}

/// The words of a value that may be images once a template is read away: what it says between its tags.
fn candidates(value: &str) -> Vec<String> {
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{%.*?%\}").ok());
    static EXPRESSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{.*?\}\}").ok());
    let (Some(tag), Some(expression)) = (TAG.as_ref(), EXPRESSION.as_ref()) else { return Vec::new() };
    let value = value.split(" #").next().unwrap_or_default();
    let plain = tag.replace_all(value, " ");
    let plain = expression.replace_all(&plain, "x");
    let words = plain.split([' ', ',', '"', '\'', '[', ']', '{', '}']).map(str::trim);
    // A bare word is a key or a type rather than an image; an image has a tag, a digest or a path.
    words.filter(|word| word.contains([':', '/', '@']) && !word.ends_with(':')).map(str::to_owned).collect()
}

/// The programs that tools run for a kubeconfig's user: a credential plugin, and what came before there were any
/// (client-go `tools/clientcmd/api/v1` `ExecConfig`, `AuthProviderConfig`).
pub fn programs_of(user: &Value) -> Vec<String> {
    let at = |pointer: &str| user.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    [at("/exec/command"), at("/auth-provider/config/cmd-path")].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image_is_told_with_its_folder() {
        for (image, wanted) in [
            ("node:22", "docker.io/library"),
            ("acme/app", "docker.io/acme"),
            ("ghcr.io/acme/team/app@sha256:00", "ghcr.io/acme/team"),
            ("localhost:5000/app:1", "localhost:5000"),
        ] {
            assert_eq!(registry(image).as_deref(), Some(wanted));
        }
        assert_eq!(registry("{{ values.image }}"), None);
    }

    #[test]
    fn images_are_found_in_presets_and_templates() {
        let text = "params:\n  image:\n    type: image\n    default: \"{% if a %}ghcr.io/x/y:{{ v }}{% else %}quay.io/z/w:1{% endif %}\"\n  runImage: {type: image, default: 'reg.test/q/r:2'}\nspec:\n  - image: evil.test/a:1 # hm\n";
        assert_eq!(images(text), ["ghcr.io/x/y:x", "quay.io/z/w:1", "reg.test/q/r:2", "evil.test/a:1"]);
    }

    #[test]
    fn the_programs_of_a_user_are_its_plugins() {
        let programs = |yaml: &str| programs_of(&serde_yaml::from_str(yaml).unwrap());
        assert_eq!(programs("exec: {command: ./x, args: [a], env: [{name: command, value: no}]}"), ["./x"]);
        assert_eq!(programs("{auth-provider: {name: gcp, config: {cmd-path: /x/gcloud}}}"), ["/x/gcloud"]);
        assert_eq!(programs("{token: exec, username: command}"), Vec::<String>::new());
    }

    #[test]
    fn the_built_in_catalogue_uses_known_registries() {
        let hosts: BTreeSet<&str> =
            BUILT_IN.iter().filter_map(|registry| registry.split('/').next()).collect();
        assert!(hosts.contains("docker.io") && hosts.len() < 12, "{hosts:?}");
    }
}
