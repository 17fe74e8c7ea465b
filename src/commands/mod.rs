//! One verb each: a command puts the stages in order and nothing else.

mod preset;
mod render;
pub mod workspace;

use crate::cli::Command;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::Ui;

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever stopped it, ready to be shown.
pub fn dispatch(command: Command, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match command {
        Command::Render(args) => render::run(&args, env, ui),
        Command::Preset { command } => preset::run(&command, env, ui),
    }
}
