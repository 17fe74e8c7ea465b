//! Made-up violations: every rule is shown to notice what it is for, and nothing else.

use super::source::Source;
use super::{ARROWS, violations};

fn check(file: &str, text: &str) -> Vec<String> {
    violations(&Source { file: file.into(), text: text.into() })
}

#[track_caller]
fn breaks(file: &str, text: &str, expected: &[&str]) {
    assert_eq!(check(file, text), expected);
}

#[track_caller]
fn keeps(file: &str, text: &str) {
    assert_eq!(check(file, text), [""; 0]);
}

#[test]
fn a_stage_never_uses_the_rooms_above_it() {
    for (stage, _) in ARROWS.iter().take_while(|(room, _)| *room != "ui") {
        for above in ["ui", "cli", "commands", "app"] {
            let found = check(&format!("{stage}/x.rs"), &format!("use crate::{above}::Thing;"));
            assert_eq!(
                found,
                [format!("src/{stage}/x.rs:1: `crate::{above}::Thing`: `{stage}` may not use `{above}`")]
            );
        }
    }
}

#[test]
fn a_stage_never_uses_a_later_stage() {
    let later = [
        ("config", "preset"),
        ("detect", "plan"),
        ("preset", "plan"),
        ("plan", "render"),
        ("render", "validate"),
        ("validate", "cluster"),
        ("kubeconfig", "cluster"),
        ("cluster", "sandbox"),
    ];
    for (stage, later) in later {
        let found = check(&format!("{stage}/mod.rs"), &format!("fn f() {{ crate::{later}::g(); }}"));
        assert_eq!(
            found,
            [format!("src/{stage}/mod.rs:1: `crate::{later}::g`: `{stage}` may not use `{later}`")]
        );
    }
    keeps("render/mod.rs", "use crate::plan::Plan;");
    keeps("cluster/connect.rs", "use crate::kubeconfig::Target;");
}

#[test]
fn a_path_is_found_however_it_is_written() {
    breaks(
        "detect/rule/x.rs",
        "use crate::{error::Failure, plan::{Plan, Unit as U}};",
        &[
            "src/detect/rule/x.rs:1: `crate::plan::Plan`: `detect` may not use `plan`",
            "src/detect/rule/x.rs:1: `crate::plan::Unit`: `detect` may not use `plan`",
        ],
    );
    breaks(
        "detect/rule/x.rs",
        "\nuse super::super::super::plan;",
        &["src/detect/rule/x.rs:2: `crate::plan`: `detect` may not use `plan`"],
    );
    breaks(
        "detect/mod.rs",
        "mod inner { fn f(x: &super::super::ui::Ui) {} }",
        &["src/detect/mod.rs:1: `crate::ui::Ui`: `detect` may not use `ui`"],
    );
    breaks(
        "detect/mod.rs",
        "macro_rules! m { () => { $crate::ui::f(crate::ui::g) } }",
        &[
            "src/detect/mod.rs:1: `crate::ui::f`: `detect` may not use `ui`",
            "src/detect/mod.rs:1: `crate::ui::g`: `detect` may not use `ui`",
        ],
    );
    breaks(
        "detect/mod.rs",
        "pub use crate::plan::*;",
        &["src/detect/mod.rs:1: `crate::plan`: `detect` may not use `plan`"],
    );
    keeps("detect/rule/x.rs", "use super::super::Facts; use self::super::y; use crate::detect::z;");
}

#[test]
fn comments_strings_and_tests_are_not_looked_at() {
    keeps(
        "plan/x.rs",
        "//! [`crate::ui`]\n/// crate::ui::Ui\n// use crate::ui;\nconst X: &str = \"crate::ui::f()\";",
    );
    keeps("plan/x.rs", "#[cfg(test)]\nmod tests { use crate::ui::Ui; use std::fs; }");
    keeps("plan/x.rs", "#[cfg(test)]\nuse crate::ui::Ui;\nfn f() {}");
    keeps("plan/x.rs", "#[test]\nfn f() { crate::ui::g() }");
    keeps("plan/tests.rs", "use crate::render::render;");
    breaks(
        "plan/x.rs",
        "#[cfg(test)]\nmod tests {}\nuse crate::ui::Ui;",
        &["src/plan/x.rs:3: `crate::ui::Ui`: `plan` may not use `ui`"],
    );
    breaks(
        "plan/x.rs",
        "#[cfg(not(test))]\nuse crate::ui::Ui;",
        &["src/plan/x.rs:2: `crate::ui::Ui`: `plan` may not use `ui`"],
    );
}

#[test]
fn a_room_that_nobody_described_is_noticed() {
    breaks(
        "telemetry/mod.rs",
        "",
        &["src/telemetry/mod.rs: `telemetry` is no room: say in `ARROWS` what it may use"],
    );
}

#[test]
fn only_ui_touches_the_terminal() {
    for name in ["dialoguer::Select", "indicatif::ProgressBar", "console::Term"] {
        let text = format!("use {name};");
        assert_eq!(
            check("commands/init.rs", &text),
            [format!("src/commands/init.rs:1: `{name}`: only `ui` touches the terminal")]
        );
        keeps("ui/prompt.rs", &text);
    }
}

#[test]
fn only_ui_and_app_print() {
    for name in ["print", "println", "eprint", "eprintln"] {
        let text = format!("fn f() {{ {name}!(\"x\"); }}");
        assert_eq!(
            check("cluster/apply.rs", &text),
            [format!("src/cluster/apply.rs:1: `{name}!`: only `ui` and `app` print")]
        );
        keeps("ui/output.rs", &text);
        keeps("app.rs", &text);
    }
    breaks(
        "commands/x.rs",
        "use std::io::{self, Write, stdout};",
        &["src/commands/x.rs:1: `std::io::stdout`: only `ui` and `app` print"],
    );
    keeps("commands/x.rs", "fn f(printed: bool) -> bool { printed != true }");
}

#[test]
fn only_env_reads_the_environment() {
    breaks(
        "config/x.rs",
        "fn f() { std::env::var(\"HOME\"); }",
        &["src/config/x.rs:1: `std::env::var`: only `env` reads the environment"],
    );
    breaks(
        "config/x.rs",
        "use std::{env, path::Path};",
        &["src/config/x.rs:1: `std::env`: only `env` reads the environment"],
    );
    keeps("env.rs", "fn f() { std::env::var(\"HOME\"); }");
    keeps("config/x.rs", "const V: &str = env!(\"CARGO_PKG_VERSION\");");
}

#[test]
fn only_some_rooms_speak_with_a_cluster() {
    breaks(
        "plan/x.rs",
        "use kube::Client;",
        &["src/plan/x.rs:1: `kube::Client`: only these rooms speak with a cluster"],
    );
    for file in ["cluster/x.rs", "kubeconfig/x.rs", "sandbox/x.rs", "commands/x.rs"] {
        keeps(file, "use kube::Client;");
    }
}

#[test]
fn nothing_is_unsafe_but_one_registration() {
    let because = "the one unsafe block registers a transport with libgit2";
    breaks("ui/x.rs", "fn f() { unsafe { g() } }", &[&format!("src/ui/x.rs:1: `unsafe`: {because}")]);
    keeps("preset/source/transport.rs", "fn f() { unsafe { g() } }");
}

#[test]
fn async_lives_in_three_rooms() {
    let because = "async lives in `cluster`, `sandbox` and `commands`";
    breaks("ui/x.rs", "async fn f() {}", &[&format!("src/ui/x.rs:1: `async`: {because}")]);
    breaks("kubeconfig/x.rs", "use tokio::fs;", &[&format!("src/kubeconfig/x.rs:1: `tokio::fs`: {because}")]);
    for file in ["cluster/x.rs", "sandbox/x.rs", "commands/x.rs"] {
        keeps(file, "async fn f() { tokio::spawn(async {}); }");
    }
}

#[test]
fn the_pure_rooms_have_no_input_no_output_and_no_clock() {
    for room in ["plan", "render", "validate"] {
        for name in ["std::fs::read", "std::net::TcpStream", "std::process::Command", "git2::Repository"] {
            let found = check(&format!("{room}/x.rs"), &format!("use {name};"));
            assert_eq!(
                found,
                [format!("src/{room}/x.rs:1: `{name}`: a pure room has no input and no output")]
            );
        }
        for name in ["std::time::Instant", "std::time::SystemTime", "jiff::Timestamp::now"] {
            let found = check(&format!("{room}/x.rs"), &format!("fn f() {{ {name}(); }}"));
            assert_eq!(found, [format!("src/{room}/x.rs:1: `{name}`: a pure room has no clock")]);
        }
    }
    breaks(
        "plan/x.rs",
        "use crate::fs::read;",
        &[
            "src/plan/x.rs:1: `crate::fs::read`: `plan` may not use `fs`",
            "src/plan/x.rs:1: `crate::fs::read`: a pure room has no input and no output",
        ],
    );
    keeps("plan/x.rs", "use std::time::Duration; fn f(now: u8) -> u8 { now }");
    keeps("config/x.rs", "use std::fs;");
}
