//! The app itself answers: presets, their images and their services run on the sandbox's containers
//! node. Linux and root only.
//!
//! Where this machine cannot run containers the tests are reported as ignored, with what is missing;
//! with `DEVBOX_K8S_TEST_NODE=required`, as in CI, they fail instead. They run one after the other, on
//! one sandbox, whose images are made from Debian's packages once (`images/build.sh`).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the helpers of tests fail as tests do, and this is a test harness"
)]

mod apps;
mod catalogue;
mod failures;
mod git;
mod harness;
mod home;
mod http;
mod images;
mod leaks;
mod machine;
mod pulls;
mod registry;
mod traces;

use harness::{Needs, Test};

/// Leaks first: they compare this machine with itself, and have it to themselves.
const TESTS: &[Test] = &[
    Test::new("leaks::stopping_leaves_nothing", Needs::Node, leaks::stopping_leaves_nothing),
    Test::new(
        "leaks::dying_leaves_nothing_whoever_dies",
        Needs::Node,
        leaks::dying_leaves_nothing_whoever_dies,
    ),
    Test::new("leaks::a_node_is_not_exchanged", Needs::Node, leaks::a_node_is_not_exchanged),
    Test::new(
        "leaks::without_root_it_says_what_is_missing",
        Needs::Node,
        leaks::without_root_it_says_what_is_missing,
    ),
    Test::new("images::an_archive_is_loaded_and_runs", Needs::Node, images::an_archive_is_loaded_and_runs),
    Test::new("apps::express_answers_is_changed_and_removed", Needs::Images, apps::express),
    Test::new("apps::fastapi_from_a_private_repository", Needs::Images, apps::fastapi),
    Test::new("apps::go_keeps_links_in_redis", Needs::Images, apps::go),
    Test::new("catalogue::services_answer", Needs::Images, catalogue::services),
    Test::new("catalogue::languages_answer", Needs::Images, catalogue::languages),
    Test::new("catalogue::more_services_answer", Needs::Catalogue, catalogue::more_services),
    Test::new("catalogue::more_languages_answer", Needs::Catalogue, catalogue::more_languages),
    Test::new("catalogue::frameworks_answer", Needs::Catalogue, catalogue::frameworks),
    Test::new("pulls::by_tag_and_by_digest", Needs::Images, pulls::by_tag_and_by_digest),
    Test::new("pulls::a_tag_that_is_missing", Needs::Images, pulls::missing_tag),
    Test::new("pulls::a_login_that_is_missing_and_then_given", Needs::Images, pulls::login),
    Test::new("failures::an_image_that_does_not_exist", Needs::Images, failures::missing_image),
    Test::new("failures::a_command_that_exits", Needs::Images, failures::exits),
    Test::new("failures::a_probe_on_the_wrong_port", Needs::Images, failures::wrong_port),
    Test::new("failures::out_of_memory", Needs::Images, failures::out_of_memory),
    Test::new("failures::a_request_that_fits_nowhere", Needs::Images, failures::unschedulable),
    Test::new("failures::a_secret_that_is_missing", Needs::Images, failures::missing_secret),
];

fn main() -> std::process::ExitCode {
    harness::run(TESTS)
}
