//! Builds environment and [`Ui`] once, dispatches to a command, maps a failure to an exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::commands;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::{Format, Ui};

/// Runs the program with the process's arguments and environment.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    let env = match Env::from_process() {
        Ok(env) => env,
        Err(error) => {
            Ui::plain(Format::Human).failure(&Failure::from(error));
            return Exit::Failure.into();
        }
    };
    let ui = Ui::new(&env, cli.global.format, cli.global.quiet);
    match commands::dispatch(cli.command, &env, &ui) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.failure(&failure);
            failure.exit.into()
        }
    }
}
