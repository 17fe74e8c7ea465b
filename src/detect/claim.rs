//! What rules say of a component, and where they have it from.

use std::collections::BTreeSet;

use super::facts::Commands;

/// A place in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub(super) file: String,
    pub(super) line: Option<u32>,
}

impl At {
    /// A file as a whole.
    pub(super) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None }
    }

    /// A line of a file, where it is known.
    pub(super) fn line(file: impl Into<String>, line: impl Into<Option<u32>>) -> Self {
        Self { file: file.into(), line: line.into() }
    }
}

/// Who says a port, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PortSource {
    DockerEnv,
    Expose,
    Compose,
    Script,
    Code,
    DotEnv,
    Default,
}

impl PortSource {
    pub(super) fn confidence(self) -> f64 {
        match self {
            Self::DockerEnv | Self::Expose => 0.95,
            Self::Compose | Self::Script | Self::Code => 0.9,
            Self::DotEnv => 0.75,
            Self::Default => 0.6,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct PortClaim {
    pub(super) port: u16,
    pub(super) source: PortSource,
    pub(super) at: At,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ServiceClaim {
    pub(super) version: Option<String>,
    pub(super) env: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct EnvClaim {
    pub(super) default: Option<String>,
    pub(super) optional: bool,
    pub(super) secret: bool,
}

/// What a variable is without anybody's doing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    /// Nothing gives it a value.
    Nothing,
    /// The code asks for it and copes without.
    Copes,
    /// The code has a default.
    Code(&'a str),
    /// A file of the repository gives a value.
    File(&'a str),
}

/// A command of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Install,
    Build,
    Dev,
    Start,
    Test,
}

impl Slot {
    /// The command of a component.
    pub(super) fn of(self, commands: &Commands) -> Option<&str> {
        match self {
            Self::Install => commands.install.as_deref(),
            Self::Build => commands.build.as_deref(),
            Self::Dev => commands.dev.as_deref(),
            Self::Start => commands.start.as_deref(),
            Self::Test => commands.test.as_deref(),
        }
    }

    /// Where the command of a component stands.
    pub(super) fn place(self, commands: &mut Commands) -> &mut Option<String> {
        match self {
            Self::Install => &mut commands.install,
            Self::Build => &mut commands.build,
            Self::Dev => &mut commands.dev,
            Self::Start => &mut commands.start,
            Self::Test => &mut commands.test,
        }
    }

    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Install => "commands.install",
            Self::Build => "commands.build",
            Self::Dev => "commands.dev",
            Self::Start => "commands.start",
            Self::Test => "commands.test",
        }
    }
}
