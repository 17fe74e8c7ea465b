//! A value that is wrong is named where it stands: in `devbox.yaml`, in the user's config, in its preset, or by
//! its key where it was given on the command line or as an answer.

use serde_json::Value;

use super::error::PlanError;
use super::unit::{Origin, Resolved};
use super::values::Resolver;
use crate::preset::{Param, TemplateError};

impl Resolver<'_> {
    /// A template in a preset is wrong: says so at the place in the preset's document.
    pub(super) fn placed(&self, path: &[&str], error: TemplateError) -> PlanError {
        match self.draft.preset.origin(path[0], path[1]) {
            Some(link) => {
                link.error_at(path, format!("its template fails: {}", error.message), error.hint).into()
            }
            None => error.into(),
        }
    }

    /// What a preset gives itself is not of its own type.
    pub(super) fn bad_default(
        &self,
        section: &str,
        name: &str,
        param: &Param,
        value: &Value,
        reason: &str,
    ) -> PlanError {
        let path: &[&str] = if section == "params" { &[section, name, "default"] } else { &[section, name] };
        let message = cannot_be(name, param, value, reason);
        match self.draft.preset.origin(section, name).or(self.draft.preset.chain.last()) {
            Some(link) => link.error_at(path, message, None).into(),
            None => self.invalid(
                name,
                param,
                value,
                Origin::Preset { name: self.draft.preset.name.clone() },
                reason.to_owned(),
            ),
        }
    }

    pub(super) fn invalid(
        &self,
        name: &str,
        param: &Param,
        value: &Value,
        origin: Origin,
        reason: String,
    ) -> PlanError {
        let message = || cannot_be(name, param, value, &reason);
        match (&origin, &self.draft.written, &self.inputs.user.document, self.preferred(name)) {
            (Origin::Repository { .. }, Some(written), ..) => {
                written.document.error_at(&written.path("values", name), message(), None).into()
            }
            (Origin::User { .. }, _, Some(document), Some((preset, _))) => {
                document.error_at(&["values", preset, name], message(), None).into()
            }
            _ => PlanError::Invalid {
                key: self.draft.keys(name).swap_remove(0),
                shown: format!("`{}`", shown(param, value)),
                origin,
                reason,
            },
        }
    }

    pub(super) fn reject_unknown_written(&self) -> Result<(), PlanError> {
        let Some(written) = &self.draft.written else { return Ok(()) };
        let known: Vec<&str> = self.draft.preset.names().filter(|name| *name != "env").collect();
        match written.values.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let message = format!("preset `{}` has no value `{name}`", self.draft.preset.name);
                let hint = crate::config::did_you_mean(name, known);
                Err(written.document.error_at(&written.path("values", name), message, hint).into())
            }
            None => Ok(()),
        }
    }
}

fn cannot_be(name: &str, param: &Param, value: &Value, reason: &str) -> String {
    format!("`{name}` cannot be `{}`: {reason}", shown(param, value))
}

fn shown(param: &Param, value: &Value) -> String {
    Resolved { value: value.clone(), origin: Origin::Flag, secret: param.is_secret() }.shown()
}
