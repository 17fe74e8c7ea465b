//! Images from a registry on this machine: by tag, by digest, with a login; and what is said without.

use std::process::Output;

use crate::git::Repository;
use crate::home::{checked, text};
use crate::machine::{has, machine};
use crate::registry::{PASSWORD, USER};

const PATIENCE: &str = "--timeout=4m";

/// A repository whose components run these images, which bring their own command.
fn repository(name: &str, images: &[(&str, &str)]) -> Repository {
    let mut file = format!("name: {name}\ncomponents:\n");
    for (component, image) in images {
        file.push_str(&format!(
            "  {component}:\n    path: .\n    extends: web\n    values: {{source: image, listens: false, image: '{image}'}}\n"
        ));
    }
    let files = [("devbox.yaml".to_owned(), file), ("README.md".to_owned(), "Images.\n".to_owned())];
    machine().repository(&format!("{name}.git"), &files)
}

fn init(repository: &Repository, answers: &str) -> Output {
    machine().devbox(repository, &["init", "--yes", "--sandbox", PATIENCE, "--answers", "-"], answers)
}

fn down(repository: &Repository) {
    checked(machine().devbox(repository, &["down", "--yes", "--volumes"], ""));
}

pub(crate) fn by_tag_and_by_digest() {
    let registry = &machine().registry;
    let tag = format!("localhost:{}/team/hello:1", registry.port);
    let digest = format!("host.devbox.internal:{}/team/hello@{}", registry.port, registry.digest);
    let repository = repository("pulled", &[("tag", &tag), ("digest", &digest)]);
    let output = init(&repository, "");
    assert!(output.status.success(), "{}", text(&output));
    let namespace = "dev-tester-pulled";
    let images =
        ["get", "pods", "-n", namespace, "-o", "jsonpath={.items[*].status.containerStatuses[0].imageID}"];
    let images = machine().home().kubectl(&images);
    assert_eq!(images.matches(&registry.digest).count(), 2, "{images}");
    down(&repository);
}

pub(crate) fn missing_tag() {
    let image = format!("localhost:{}/team/hello:2", machine().registry.port);
    let repository = repository("untagged", &[("app", &image)]);
    let output = init(&repository, "");
    down(&repository);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    has(&output, &["container `app`", "ImagePull", &image, "not found", "check the image's name and tag"]);
}

pub(crate) fn login() {
    let image = format!("localhost:{}/private/hello:1", machine().registry.port);
    let repository = repository("login", &[("app", &image)]);
    let refused = init(&repository, "");
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    has(&refused, &["container `app`", "ImagePull", "wants a login", "`imageUser` and `imagePassword`"]);

    let password = PASSWORD.replace('\'', "''");
    let output = init(&repository, &format!("app.imageUser: {USER}\napp.imagePassword: '{password}'\n"));
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains(PASSWORD) && !repository.read("devbox.yaml").contains(PASSWORD));
    // The cluster keeps the password.
    let again = machine().devbox(&repository, &["up", PATIENCE], "");
    has(&again, &["0 created, 0 changed"]);
    checked(machine().devbox(&repository, &["status"], ""));
    down(&repository);
}
