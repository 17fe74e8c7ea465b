//! The pseudo-terminal itself, shown on programs whose behaviour is known.

use super::support::{Devbox, Key, Terminal};

fn shell(script: &str) -> Terminal {
    let devbox = Devbox::new();
    let mut command = devbox.command("/bin/sh");
    command.args(["-c", script]).env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin");
    Terminal::start(command, devbox.redactions()).keeping(devbox)
}

#[test]
fn what_is_typed_arrives_and_what_is_printed_is_seen() {
    let mut terminal = shell("printf 'name? '; read x; echo got $x; exit 3");
    terminal.wait_for("name?").type_text("ada").send(Key::Enter).wait_for("got ada");
    assert_eq!(terminal.exit_code(), 3);
    assert_eq!(terminal.screen(), "name? ada\ngot ada");
}

#[test]
fn the_screen_is_what_a_person_would_see_and_the_transcript_remembers_the_rest() {
    let mut terminal = shell(
        "printf 'working\\r\\033[Kdone\\n'; i=1; while [ $i -le 40 ]; do echo line $i; i=$((i+1)); done",
    );
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.screen().starts_with("line 12\n"), "{}", terminal.screen());
    assert!(terminal.screen().ends_with("\nline 40"), "{}", terminal.screen());
    assert!(terminal.transcript().starts_with("done\nline 1\nline 2\n"), "{}", terminal.transcript());
    assert_eq!(terminal.transcript().lines().count(), 41);
}

#[test]
fn the_terminal_is_a_terminal_of_100_columns_and_30_rows() {
    let mut terminal = shell("test -t 0 && test -t 1 && test -t 2 && stty size </dev/tty");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(terminal.screen(), "30 100");
}

#[test]
fn a_hidden_cursor_is_noticed() {
    let mut terminal = shell("printf 'x\\033[?25l'; read y; printf '\\033[?25h'; read z");
    terminal.wait_until("the cursor is hidden", |screen| screen.hide_cursor());
    assert!(!terminal.cursor_is_visible());
    terminal.send(Key::Enter).wait_until("the cursor is back", |screen| !screen.hide_cursor());
    assert!(terminal.cursor_is_visible());
}

#[test]
fn ctrl_c_interrupts_the_program_in_the_foreground() {
    let mut terminal = shell("echo waiting; exec cat");
    terminal.wait_for("waiting").send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
#[should_panic(expected = "ended before: `never printed` on the screen")]
fn waiting_for_what_never_comes_ends_with_the_program() {
    shell("echo something else").wait_for("never printed");
}
