//! What the command line itself says.

use insta::assert_snapshot;

use super::support::Devbox;

#[test]
fn without_arguments_the_commands_are_listed_and_the_exit_code_is_2() {
    assert_snapshot!(Devbox::new().call().run());
}

#[test]
fn help_goes_to_stdout() {
    let run = Devbox::new().arg("--help").run().ok();
    assert_eq!(run.stderr, "");
    assert_snapshot!(run);
}

#[test]
fn the_short_help_lists_the_same_commands() {
    let devbox = Devbox::new();
    let commands = |text: &str| -> Vec<String> {
        let (_, list) = text.split_once("Commands:\n").unwrap();
        list.lines().take_while(|line| !line.is_empty()).filter_map(first_word).collect()
    };
    assert_eq!(commands(&devbox.arg("-h").run().stdout), commands(&devbox.arg("--help").run().stdout));
}

fn first_word(line: &str) -> Option<String> {
    line.starts_with("  ").then(|| line.split_whitespace().next().map(str::to_owned)).flatten()
}

#[test]
fn the_version_is_the_packages() {
    let run = Devbox::new().arg("--version").run().ok();
    assert_eq!(run.stdout, format!("devbox {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_names_the_nearest_one() {
    assert_snapshot!(Devbox::new().arg("iniit").run());
}

#[test]
fn an_unknown_flag_names_the_nearest_one() {
    assert_snapshot!(Devbox::new().args(["sandbox", "start", "--nane", "x"]).run());
}

#[test]
fn a_wrong_command_line_is_one_json_line_when_json_is_asked_for() {
    let devbox = Devbox::new();
    for call in [
        devbox.args(["--format", "json", "iniit"]),
        devbox.args(["sandbox", "start", "--nane", "x", "--format=json"]),
        devbox.args(["--format", "json"]),
    ] {
        let run = call.run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        let [event] = run.events().try_into().unwrap();
        assert_eq!((&event["event"], &event["exit"]), (&"failure".into(), &2.into()), "{run}");
    }
}

#[test]
fn a_failure_is_one_json_line_when_json_is_asked_for() {
    assert_snapshot!(Devbox::new().args(["--format", "json", "sandbox", "start", "--name", "No Good"]).run());
}

#[test]
fn nothing_is_written_before_anything_is_asked_for() {
    let devbox = Devbox::new();
    let before = devbox.files();
    for word in ["--help", "--version", "iniit"] {
        devbox.arg(word).run();
    }
    assert_eq!(devbox.files(), before);
}
