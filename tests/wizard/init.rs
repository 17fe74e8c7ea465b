//! The wizard's questions, up to the point where it would write.

use super::support::{Devbox, Key};

/// Two contexts; what is behind them does not matter before a cluster is chosen.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: beta
contexts:
- {name: alpha, context: {cluster: c, user: u}}
- {name: beta, context: {cluster: c, user: u}}
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {token: hush}}]
";

#[test]
fn ctrl_c_at_the_first_question_gives_the_cursor_back_and_leaves_no_trace() {
    let devbox = Devbox::new().project("node-express").kubeconfig(KUBECONFIG);
    let before = devbox.files();
    let mut terminal = devbox.arg("init").terminal();
    terminal.wait_for("Which cluster?").wait_until("the list hides the cursor", |s| s.hide_cursor());
    terminal.send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.cursor_is_visible());
    let end = "\nerror: interrupted\n  hint: nothing was written";
    assert!(terminal.screen().ends_with(end), "{}", terminal.screen());
    assert_eq!(devbox.files(), before);
}

#[test]
fn escape_stops_too() {
    let devbox = Devbox::new().project("node-express").kubeconfig(KUBECONFIG);
    let mut terminal = devbox.arg("init").terminal();
    terminal.wait_for("Which cluster?").send(Key::Escape);
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.cursor_is_visible());
}

#[test]
fn what_was_found_is_on_one_screen_with_the_current_context_chosen() {
    let mut terminal = Devbox::new().project("node-express").kubeconfig(KUBECONFIG).arg("init").terminal();
    terminal.wait_for("sandbox  a real API server");
    insta::assert_snapshot!(terminal.screen());
    terminal.send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
fn a_question_wider_than_the_terminal_leaves_one_answered_line() {
    // Without a remote nothing says where the code comes from.
    let devbox = Devbox::new().project("node-express").file(".git/config", "[core]\n\tbare = false\n");
    let mut terminal = devbox.args(["init", "--sandbox"]).terminal();
    terminal.wait_for("Namespace").send(Key::Enter);
    terminal.wait_for("Which services").send(Key::Enter);
    terminal.wait_for("files that are synced from here").send(Key::Enter);
    terminal.wait_for("✔ Where the code comes from · image");
    let screen = terminal.screen();
    assert!(!screen.contains("? Where"), "{screen}");
    assert!(screen.contains("a git clone, an image that has it"), "{screen}");
    terminal.send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
fn a_wrong_answer_is_explained_and_asked_again() {
    let devbox = Devbox::new().project("node-express").kubeconfig(KUBECONFIG);
    let mut terminal = devbox.arg("init").terminal();
    terminal.wait_for("Which cluster?").send(Key::Enter);
    terminal.wait_for("Namespace").type_text("Not a Label").send(Key::Enter);
    terminal.wait_for("✘");
    terminal.send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.cursor_is_visible());
}

#[test]
fn a_production_like_context_is_refused_before_the_next_question() {
    let kubeconfig = KUBECONFIG.replace("name: beta", "name: beta-prod").replace(": beta\n", ": beta-prod\n");
    let devbox = Devbox::new().project("node-express").kubeconfig(&kubeconfig);
    let before = devbox.files();
    let mut terminal = devbox.arg("init").terminal();
    terminal.wait_for("Which cluster?").send(Key::Enter);
    assert_eq!(terminal.exit_code(), 5);
    assert!(!terminal.screen().contains("Namespace"), "{}", terminal.screen());
    assert_eq!(devbox.files(), before);
}
