//! `sources`: git repositories of presets that an organisation keeps, each pinned to a commit. The same key
//! in `devbox.yaml` and in the user's `config.yaml`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::document::{Document, DocumentError};

/// A source, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceFile {
    /// The address of the git repository: `https://`, `ssh://`, `USER@HOST:PATH` or `file://`.
    pub git: Option<String>,
    /// The branch or tag that `devbox preset update` follows; the remote's own choice where it is left out.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The folder with `presets/` and `templates/`; the top where it is left out.
    pub path: Option<String>,
    /// The commit that is used, 40 hexadecimal digits; `devbox preset update` moves it.
    pub commit: Option<String>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called here; its presets are `NAME/PRESET`.
    pub name: String,
    /// The git repository.
    pub address: Address,
    /// The branch or tag that it follows.
    pub reference: Option<String>,
    /// The folder in it, with `/`; `None` for its top.
    pub folder: Option<String>,
    /// The commit that is used, 40 lower case digits.
    pub commit: Option<String>,
}

impl Source {
    /// `NAME@0123456`, as origins name it; the name alone where no commit is pinned.
    pub fn label(&self) -> String {
        match &self.commit {
            Some(commit) => format!("{}@{}", self.name, short(commit)),
            None => self.name.clone(),
        }
    }
}

/// The first digits of a commit, for people.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// What is wrong with the name of a source; nothing where it is one.
///
/// # Errors
/// A lowercase fragment.
pub fn check_source_name(name: &str) -> Result<(), String> {
    let fits = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match fits {
        true => Ok(()),
        false => Err(format!("`{}` cannot name a source", name.escape_debug())),
    }
}

/// What a source's name may be, for hints.
pub const SOURCE_NAME: &str = "at most 40 lower case letters, digits and `-`, a letter first";

/// Checks a branch or tag.
///
/// # Errors
/// A lowercase fragment.
pub fn check_reference(reference: &str) -> Result<(), String> {
    let fits =
        !reference.starts_with('-') && git2::Reference::is_valid_name(&format!("refs/heads/{reference}"));
    if fits { Ok(()) } else { Err(format!("`{}` is no branch or tag", reference.escape_debug())) }
}

/// Checks a folder of a source, and writes it without slashes around it; `None` for the top.
///
/// # Errors
/// A lowercase fragment.
pub fn check_folder(folder: &str) -> Result<Option<String>, String> {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let leaves = folder.starts_with('/') || folder.contains('\\') || parts.contains(&"..");
    match leaves || folder.chars().any(char::is_control) {
        true => Err(format!("`{}` is no folder inside the source", folder.escape_debug())),
        false if parts.is_empty() => Ok(None),
        false => Ok(Some(parts.join("/"))),
    }
}

/// Reads the `sources` of a document.
///
/// # Errors
/// At the key that is wrong.
pub(super) fn read(
    document: &Document,
    written: IndexMap<String, Option<SourceFile>>,
) -> Result<Vec<Source>, DocumentError> {
    written.into_iter().map(|(name, file)| source(document, name, file.unwrap_or_default())).collect()
}

fn source(document: &Document, name: String, file: SourceFile) -> Result<Source, DocumentError> {
    let at = |key: &[&str], message: String, hint: Option<&str>| {
        let path: Vec<&str> = ["sources", &name].into_iter().chain(key.iter().copied()).collect();
        document.error_at(&path, message, hint.map(Into::into))
    };
    check_source_name(&name).map_err(|message| at(&[], message, Some(SOURCE_NAME)))?;
    let Some(git) = &file.git else {
        let message = format!("source `{name}` has no `git`");
        return Err(at(&[], message, Some("such as `git: https://git.example.com/platform/presets.git`")));
    };
    let address = Address::parse(git, None).map_err(|error| {
        let mut located = at(&["git"], error.message, error.hint.as_deref());
        // What stands before an `@` may be a password: the line is not shown again.
        located.excerpt = located.excerpt.filter(|line| !line.contains('@'));
        located
    })?;
    if let Some(reference) = &file.reference {
        check_reference(reference).map_err(|message| at(&["ref"], message, None))?;
    }
    let folder = match &file.path {
        Some(path) => check_folder(path).map_err(|message| at(&["path"], message, None))?,
        None => None,
    };
    let is_commit = |commit: &String| commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(commit) = file.commit.as_ref().filter(|commit| !is_commit(commit)) {
        let message = format!("`{}` is no commit: it takes all 40 hexadecimal digits", commit.escape_debug());
        let hint = format!("`devbox preset update {name}` writes it");
        return Err(at(&["commit"], message, Some(&hint)));
    }
    let commit = file.commit.map(|commit| commit.to_ascii_lowercase());
    Ok(Source { address, reference: file.reference, folder, commit, name })
}

#[cfg(test)]
mod tests {
    use super::super::{FILE_NAME, Repository};

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn error(text: &str) -> String {
        let error = Repository::parse(FILE_NAME, text).unwrap_err();
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{error}{hint}")
    }

    #[test]
    fn a_source_is_read() {
        let text = format!(
            "sources:\n  acme:\n    git: https://git.test/p.git\n    path: ./k8s/\n    commit: {}\n",
            COMMIT.to_uppercase()
        );
        let source = &Repository::parse(FILE_NAME, &text).unwrap().sources[0];
        assert_eq!((source.commit.as_deref(), source.folder.as_deref()), (Some(COMMIT), Some("k8s")));
        assert_eq!(source.label(), "acme@0123456");
    }

    #[test]
    fn what_is_wrong_is_shown_in_its_line() {
        let of = |body: &str| error(&format!("sources:\n  acme: {body}\n"));
        insta::assert_snapshot!(
            [
                error("sources:\n  Acme: {git: https://git.test/p}\n"),
                of("{url: https://git.test/p}"),
                of("{git: https://me:hush@git.test/p}"),
                of("{git: ftp://git.test/p}"),
                of("{git: https://git.test/p, commit: main}"),
                of("{git: https://git.test/p, ref: a..b}"),
                of("{git: https://git.test/p, path: ../x}"),
                of("{}"),
            ]
            .join("\n\n")
        );
    }
}
