//! Writing `devbox.yaml`: shown first, asked where it replaces something, and only then written.

use std::path::PathBuf;

use super::workspace::Workspace;
use crate::config::{FILE_NAME, Repository, SchemaOf};
use crate::error::Failure;
use crate::fs::{self, Access};
use crate::plan::{self, Plan};
use crate::ui::Ui;

/// What is to become of `devbox.yaml`.
pub(super) struct RepositoryFile {
    path: PathBuf,
    before: Option<String>,
    after: String,
}

impl RepositoryFile {
    /// Works out the file that the plan asks for; `None` where what is there already says it.
    pub(super) fn plan(workspace: &Workspace, plan: &Plan) -> Result<Option<Self>, Failure> {
        let before = workspace.repository.as_ref();
        let after = plan::to_yaml(plan, before.map(|(_, repository)| repository));
        // Comments and order are the authors' own: the same meaning is left as it is written.
        let means = Repository::parse(FILE_NAME, &after)?.document.value;
        if before.is_some_and(|(_, repository)| says_all_of(&repository.document.value, &means)) {
            return Ok(None);
        }
        let before = before.map(|(text, _)| text.clone());
        Ok(Some(Self { path: workspace.root.join(FILE_NAME), before, after }))
    }

    /// One line for the review.
    pub(super) fn review(&self) -> (String, String) {
        let what = match &self.before {
            Some(_) => "changes, shown before it is written".to_owned(),
            None => {
                format!("new; its schema in {}", SchemaOf::Project.path())
            }
        };
        (FILE_NAME.to_owned(), what)
    }

    /// Shows what would change in a file that is there and asks; a new one needs no question.
    ///
    /// # Errors
    /// When interrupted.
    pub(super) fn confirm(&self, ui: &Ui, yes: bool) -> Result<bool, Failure> {
        let Some(before) = &self.before else { return Ok(true) };
        ui.status(&format!("\n{FILE_NAME} changes:"));
        ui.status(ui.difference(before, &self.after).trim_end());
        if yes || !ui.interactive {
            return Ok(yes);
        }
        ui.confirm(&format!("Write {FILE_NAME}?"), true)
    }

    /// Writes it in one step.
    ///
    /// # Errors
    /// Where the folder is not writable.
    pub(super) fn write(&self) -> Result<(), Failure> {
        Ok(fs::write_atomic(&self.path, self.after.as_bytes(), Access::Shared)?)
    }
}

/// Whether `there` says everything that `wanted` says; what it says beyond that is its authors' own.
fn says_all_of(there: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            there.get(key).map_or(is_nothing(wanted), |there| says_all_of(there, wanted))
        }),
        (there, wanted) => there == wanted || (is_nothing(there) && is_nothing(wanted)),
    }
}

/// A key that is left out says as much as an empty one.
fn is_nothing(value: &serde_json::Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(serde_json::Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_authors_wrote_beyond_the_plan_does_not_count_as_a_difference() {
        let there = json!({"name": "shop", "summary": "ours", "components": {"api": {"path": "."}}});
        assert!(says_all_of(
            &there,
            &json!({"components": {"api": {"path": ".", "uses": []}}, "services": {}})
        ));
        assert!(!says_all_of(&there, &json!({"components": {"api": {"path": "api"}}})));
        assert!(!says_all_of(&there, &json!({"services": {"redis": {"extends": "redis"}}})));
    }
}
