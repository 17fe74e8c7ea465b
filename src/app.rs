//! Builds environment and [`Ui`] once, dispatches to a command, maps a failure to an exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::commands;
use crate::env::{self, Env};
use crate::error::{Exit, Failure};
use crate::ui::{Format, Ui};

/// Runs the program with the process's arguments and environment.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error).into(),
    };
    let env = match Env::from_process() {
        Ok(env) => env,
        Err(error) => {
            Ui::plain(cli.global.format).failure(&Failure::from(error));
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

/// Shows what clap has to say: help, the version, or what is wrong with the command line.
fn unparsed(error: &clap::Error) -> Exit {
    if error.use_stderr() && wants_json(&env::arguments()) {
        Ui::plain(Format::Json).failure(&usage(&error.to_string()));
        return Exit::Usage;
    }
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Whether a command line that cannot be parsed asks for JSON all the same.
fn wants_json(arguments: &[String]) -> bool {
    let before_the_rest = arguments.iter().take_while(|word| *word != "--").collect::<Vec<_>>();
    before_the_rest.iter().any(|word| *word == "--format=json")
        || before_the_rest.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// Reads clap's text: `error: ...`, then tips, the usage and where to find more, each a paragraph.
fn usage(text: &str) -> Failure {
    let mut paragraphs = text.trim().split("\n\n").map(str::trim);
    let what = paragraphs.next().unwrap_or_default();
    let failure = Failure::usage(what.strip_prefix("error: ").unwrap_or(what));
    paragraphs
        .filter(|paragraph| !paragraph.starts_with("Usage:"))
        .flat_map(str::lines)
        .fold(failure, |failure, line| failure.hint(line.trim().trim_start_matches("tip: ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_keeps_what_is_wrong_and_its_tips() {
        let failure = usage(
            "error: unrecognized subcommand 'iniit'\n\n  tip: a similar subcommand exists: 'init'\n\n\
             Usage: devbox [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n",
        );
        assert_eq!(
            failure,
            Failure::usage("unrecognized subcommand 'iniit'")
                .hint("a similar subcommand exists: 'init'")
                .hint("For more information, try '--help'.")
        );
    }

    #[test]
    fn json_is_asked_for_before_the_end_of_options_only() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(wants_json(&words("--format json iniit")));
        assert!(wants_json(&words("up --format=json")));
        assert!(!wants_json(&words("up --format human json")));
        assert!(!wants_json(&words("up -- --format=json")));
    }
}
