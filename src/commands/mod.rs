//! One verb each: a command puts the stages in order and nothing else.

mod access;
mod begun;
mod deploy;
mod destination;
mod detect;
mod diff;
mod down;
mod explain;
mod handover;
mod init;
mod kubeconfig;
mod located;
mod place;
mod preset;
mod questions;
mod quota;
mod render;
mod repository_file;
mod runtime;
mod sandbox;
mod schema;
mod schema_file;
mod settled;
mod sources;
mod status;
mod token;
mod up;
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
        Command::Init(args) => init::run(&args, env, ui),
        Command::Up(args) => up::run(&args, env, ui),
        Command::Diff(args) => diff::run(&args, env, ui),
        Command::Down(args) => down::run(&args, env, ui),
        Command::Status(args) => status::run(&args, env, ui),
        Command::Render(args) => render::run(&args, env, ui),
        Command::Detect(args) => detect::run(&args, env, ui),
        Command::Preset(command) => preset::run(&command, env, ui),
        Command::Schema { of } => Ok(schema::run(of, ui)),
        Command::Kubeconfig(command) => kubeconfig::run(&command, env, ui),
        Command::Token(args) => token::run(&args, env, ui),
        Command::Sandbox(command) => sandbox::run(command, env, ui),
    }
}
