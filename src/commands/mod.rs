//! One verb each: a command puts the stages in order and nothing else.

mod preset;
mod render;
mod runtime;
mod sandbox;
mod workspace;

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
        Command::Init(_) | Command::Up(_) | Command::Down(_) | Command::Status(_) => {
            runtime::run(async { Err(Failure::new("not yet")) })
        }
        Command::Render(args) => render::run(&args, env, ui),
        Command::Preset(command) => preset::run(&command, env, ui),
        Command::Sandbox(command) => sandbox::run(command, env, ui),
    }
}
