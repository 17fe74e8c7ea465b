//! The way into the cluster: an access preset, named by the environment's `access`, with values of its own.

use serde_json::json;

use super::error::PlanError;
use super::resolve::Run;
use super::unit::{Origin, Role};
use super::values::{Draft, Written};
use crate::config::{Kind, did_you_mean};
use crate::preset::{Link, PresetError};

/// The name of the unit, of the key that chooses its preset, and of its part of `devbox.yaml`.
pub(super) const ACCESS: &str = "access";
/// The access preset where nobody says anything.
const USUAL: &str = "token";

impl Run<'_> {
    /// Resolves the access preset: what a flag or an answer names, else `access.extends` of `devbox.yaml`,
    /// else what the environment's own `access` says.
    pub(super) fn access(&mut self) -> Result<(), PlanError> {
        let repository = self.inputs.repository;
        let entry = repository.and_then(|file| file.access.as_ref());
        let chosen = self.plan.environment().and_then(|unit| unit.values.get(ACCESS)).cloned();
        let chosen = chosen.filter(|chosen| !chosen.value.is_null());
        let extends = entry.and_then(|entry| entry.extends.as_deref());
        let by_hand = chosen.as_ref().filter(|c| matches!(c.origin, Origin::Flag | Origin::Answers));
        let name = match (by_hand, extends, &chosen) {
            (Some(chosen), _, _) | (None, None, Some(chosen)) => {
                chosen.value.as_str().unwrap_or(USUAL).to_owned()
            }
            (None, Some(extends), _) => extends.to_owned(),
            (None, None, None) => USUAL.to_owned(),
        };
        let is_access = |name: &str| self.inputs.catalogue.get(name).is_ok_and(|p| p.kind == Kind::Access);
        if !is_access(&name) {
            let known: Vec<String> =
                self.inputs.catalogue.of_kind(Kind::Access)?.into_iter().map(|preset| preset.name).collect();
            let reason = match self.inputs.catalogue.get(&name) {
                Ok(preset) => format!("it is an {} preset, no access preset", preset.kind.name()),
                Err(PresetError::Unknown { .. }) => "there is no such preset".to_owned(),
                Err(other) => return Err(other.into()),
            };
            let hint = did_you_mean(&name, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("one of {}", known.join(", ")));
            if let (None, Some(_), Some(repository)) = (by_hand, extends, repository) {
                let message = format!("`{name}` gives no access: {reason}");
                let path = [ACCESS, "extends"];
                return Err(repository.document.error_at(&path, message, Some(hint)).into());
            }
            return Err(PlanError::Invalid {
                key: ACCESS.into(),
                shown: format!("`{name}`"),
                origin: chosen.map_or(Origin::Flag, |chosen| chosen.origin),
                reason: format!("{reason}; {hint}"),
            });
        }
        if let (None, Some(_), Some(repository)) = (by_hand, extends, repository) {
            let line = repository.document.locate(&[ACCESS, "extends"]).map(|position| position.line);
            let file = repository.document.file.clone();
            let environment = self.plan.units.iter_mut().find(|unit| unit.role == Role::Environment);
            if let Some(chosen) = environment.and_then(|unit| unit.values.get_mut(ACCESS)) {
                chosen.value = json!(name);
                chosen.origin = Origin::Repository { file, line };
            }
        }
        let preset = match (entry, repository) {
            (Some(_), Some(repository)) => {
                self.inputs.catalogue.extend(Link::part(&repository.document, &[ACCESS], &name))?
            }
            _ => self.inputs.catalogue.get(&name)?,
        };
        // Values that were written for one preset mean nothing to another that a flag chose.
        let fits = extends.is_none_or(|extends| extends == name);
        let written = match (entry, repository) {
            (Some(entry), Some(repository)) if fits => Some(Written {
                document: &repository.document,
                prefix: vec![ACCESS],
                values: &entry.values,
                env: None,
            }),
            _ => None,
        };
        let draft = Draft {
            role: Role::Access,
            name: ACCESS.into(),
            path: None,
            facts: json!({}),
            component: None,
            written,
            bare_keys: false,
            preset,
        };
        self.unit(draft, &[])?;
        Ok(())
    }
}
