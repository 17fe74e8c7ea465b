//! What a repository is: one bounded walk, rules per ecosystem, facts with evidence.

mod facts;

pub use facts::{
    Ambiguity, Commands, Component, ComponentKind, EnvVar, Evidence, Facts, Files, Service, Version,
};
