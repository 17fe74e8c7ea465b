//! The file that pins a source: the repository's `devbox.yaml`, or the user's `config.yaml`.

use std::path::PathBuf;

use serde_json::Value;

use super::super::{schema_file, workspace};
use crate::config::{FILE_NAME, Repository, SchemaOf, Source, UserConfig, edit_sources, pin_of};
use crate::env::Env;
use crate::error::Failure;
use crate::fs::{self, Access};
use crate::ui::Ui;

/// One of the two files.
#[derive(Debug, Clone)]
pub(in super::super) struct Pins {
    path: PathBuf,
    of: SchemaOf,
    /// How people call it.
    pub(in super::super) shown: String,
    text: String,
    /// The sources in it.
    pub(in super::super) sources: Vec<Source>,
}

impl Pins {
    /// The user's own.
    ///
    /// # Errors
    /// Where it is wrong.
    pub(in super::super) fn of_user(env: &Env) -> Result<Self, Failure> {
        let path = env.dirs.config.join("config.yaml");
        let text = fs::read_optional(&path)?.unwrap_or_default();
        let shown = env.display(&path);
        Ok(Self {
            sources: UserConfig::load(&env.dirs.config)?.sources,
            of: SchemaOf::Config,
            path,
            shown,
            text,
        })
    }

    /// The repository's; `None` outside of one.
    ///
    /// # Errors
    /// Where it is wrong.
    pub(in super::super) fn of_repository(env: &Env) -> Result<Option<Self>, Failure> {
        let root = workspace::root(env, None);
        let root = match root.join(FILE_NAME).is_file() {
            true => root,
            false => match env.cwd.ancestors().find(|folder| folder.join(".git").exists()) {
                Some(top) => top.to_path_buf(),
                None => return Ok(None),
            },
        };
        let path = root.join(FILE_NAME);
        let text = fs::read_optional(&path)?.unwrap_or_default();
        let sources = Repository::parse(FILE_NAME, &text)?.sources;
        Ok(Some(Self { sources, of: SchemaOf::Project, path, shown: FILE_NAME.to_owned(), text }))
    }

    /// The file that a new source goes to.
    ///
    /// # Errors
    /// Where it is wrong.
    pub(in super::super) fn choose(env: &Env, user: bool) -> Result<Self, Failure> {
        let repository = if user { None } else { Self::of_repository(env)? };
        repository.map_or_else(|| Self::of_user(env), Ok)
    }

    /// The source of a name in it.
    pub(in super::super) fn find(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// Its text before and with this pin.
    ///
    /// # Errors
    /// Where it is written such that more would have to be rewritten.
    pub(in super::super) fn with(&self, source: &Source) -> Result<(&str, String), Failure> {
        self.edit(&source.name, Some(&pin_of(source)))
    }

    /// Its text before and without a source.
    ///
    /// # Errors
    /// As [`Pins::with`].
    pub(in super::super) fn without(&self, name: &str) -> Result<(&str, String), Failure> {
        self.edit(name, None)
    }

    fn edit(&self, name: &str, entry: Option<&Value>) -> Result<(&str, String), Failure> {
        // A file that is new begins as those do that `devbox init` writes.
        let new = self.of.line();
        let text = if self.text.is_empty() { &new } else { &self.text };
        Ok((&self.text, edit_sources(&self.shown, text, name, entry)?))
    }

    /// Writes it in one step, unless somebody else changed it in the meantime.
    ///
    /// # Errors
    /// Where it changed, or is not writable.
    pub(in super::super) fn write(&self, ui: &Ui, text: &str) -> Result<(), Failure> {
        if fs::read_optional(&self.path)?.unwrap_or_default() != self.text {
            return Err(Failure::new(format!(
                "{} changed in the meantime; it was left as it is",
                self.shown
            ))
            .hint("run the same command again"));
        }
        if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
            fs::create_private_dir(folder)?;
        }
        fs::write_atomic(&self.path, text.as_bytes(), Access::Shared)?;
        schema_file::refresh(ui, &self.path, self.of, text);
        Ok(())
    }
}
