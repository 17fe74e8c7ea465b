//! `devbox preset`: clap types, no logic.

use clap::{Subcommand, ValueEnum};

/// What a new preset describes.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum NewPreset {
    /// A backing service
    #[default]
    Service,
    /// A component of a repository
    App,
}

/// What to do with presets.
#[derive(Debug, Subcommand)]
pub enum PresetCommand {
    /// List all presets
    List,
    /// Show one preset, inheritance resolved
    Show {
        /// The preset
        name: String,
    },
    /// Check presets without a cluster: mistakes, unused parameters, invalid objects
    Check {
        /// The presets; all of them where none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Let presets go up on the sandbox, a real API server, and remove them again
    Test {
        /// The presets
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Sandbox to use, started when it does not run
        #[arg(long, value_name = "NAME", default_value = crate::sandbox::DEFAULT_NAME)]
        sandbox: String,
    },
    /// Write a preset to begin with into your config folder
    New {
        /// Its name
        name: String,
        /// What it describes
        #[arg(long, value_enum, default_value_t, value_name = "KIND")]
        kind: NewPreset,
    },
}
