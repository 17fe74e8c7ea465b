//! The repositories under `examples/`, as `examples/README.md` describes them.

use insta::assert_snapshot;

use super::support::Devbox;

#[test]
fn what_the_examples_need_is_found() {
    assert_snapshot!("express", Devbox::new().example("express").arg("detect").run());
    assert_snapshot!("fastapi", Devbox::new().example("fastapi").arg("detect").run());
    assert_snapshot!("go_http", Devbox::new().example("go-http").arg("detect").run());
}

#[test]
fn every_example_has_a_plan_without_a_question_and_showing_it_writes_nothing() {
    for example in ["express", "fastapi", "go-http"] {
        let devbox = Devbox::new().example(example);
        let before = devbox.files();
        devbox.args(["init", "--sandbox", "--dry-run"]).run().ok();
        assert_eq!(devbox.files(), before, "{example}");
    }
}
