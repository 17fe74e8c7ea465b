//! Pure: turns facts, presets and answers into a plan. Never prompts, never reads files.

mod access;
mod choice;
mod connection;
mod context;
mod error;
mod inputs;
mod name;
mod needs;
mod order;
mod origin;
mod part;
mod preferences;
mod question;
mod repository;
mod resolve;
mod trial;
mod unit;
mod values;
mod variables;
mod wrong;

pub(crate) use context::{unit as unit_context, whole as plan_context};
pub use error::PlanError;
pub use inputs::{Inputs, Layered, parse_set};
pub use name::{dns_label, label_value, namespace};
pub use question::{Choice, Question, Scope};
pub use repository::to_yaml;
pub use resolve::{Outcome, resolve};
pub use trial::trial;
pub use unit::{EnvEntry, EnvSource, Origin, Plan, Resolved, Role, Unit, Usage};

#[cfg(test)]
pub(crate) mod tests;
