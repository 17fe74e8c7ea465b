//! From a clone to an app that answers: the repository's own code, its dependencies from the package
//! registry, its database, on a node that runs containers.

use crate::git::{PASSWORD, USER};
use crate::home::{checked, eventually, text};
use crate::machine::{has, machine};

/// Long enough for a registry on a bad day; nothing waits this long when all is well.
const PATIENCE: &str = "--timeout=10m";

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn express() {
    let machine = machine();
    let home = machine.home();
    let repository = machine.example("express", "express.git");
    let namespace = "dev-tester-express";

    let output = machine.devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    has(&output, &["express is ready", "network policies are accepted and not enforced"]);
    {
        let app = machine.forward(namespace, "guestbook", 3000);
        assert!(app.request("POST", "/", FORM, "name=Ada").starts_with("HTTP/1.1 303"));
        let page = app.get("/");
        assert!(page.contains("<li>Ada</li>") && page.contains("visitor number 1."), "{page}");
        assert!(app.get("/").contains("visitor number 2."), "Redis counts");
    }

    // Nothing was pushed: nothing is done.
    let again = machine.devbox(&repository, &["up", PATIENCE], "");
    has(&again, &["0 created, 0 changed"]);

    let page = repository.read("src/page.js");
    assert!(page.contains("Guest book"));
    repository.write("src/page.js", &page.replace("Guest book", "Book of guests"));
    repository.push("Another title");
    let changed = machine.devbox(&repository, &["up", PATIENCE], "");
    assert!(changed.status.success(), "{}", text(&changed));
    has(&changed, &["0 created, 1 changed"]);
    let served = machine.forward(namespace, "guestbook", 3000).get("/");
    assert!(served.contains("Book of guests") && served.contains("<li>Ada</li>"), "{served}");

    // The database is another process with the same files.
    home.kubectl(&["delete", "pod", "postgres-0", "redis-0", "-n", namespace]);
    let up = machine.devbox(&repository, &["up", PATIENCE], "");
    assert!(up.status.success(), "{}", text(&up));
    eventually("the app reaches the new database", || {
        let page = machine.forward(namespace, "guestbook", 3000).get("/");
        page.contains("<li>Ada</li>") && page.contains("visitor number")
    });
    let volumes = home.folder().join("node/volumes");
    assert_eq!(std::fs::read_dir(&volumes).unwrap().count(), 3, "one for each service, one for downloads");

    // Shell, logs: the API server reaches into the node.
    let shell = ["exec", "-n", namespace, "deploy/guestbook", "-c", "app", "--", "id", "-u"];
    assert_eq!(home.kubectl(&shell), "1000\n");
    assert!(home.kubectl(&["logs", "-n", namespace, "deploy/guestbook"]).contains("listening on port 3000"));

    checked(machine.devbox(&repository, &["down", "--yes", "--volumes"], ""));
    let namespaces = home.kubectl(&["get", "namespaces", "-o", "name"]);
    assert!(!namespaces.contains(namespace), "{namespaces}");
    eventually("volumes go with their claims", || {
        home.kubectl(&["get", "persistentvolumes", "-o", "name"]).is_empty()
            && std::fs::read_dir(&volumes).unwrap().count() == 0
    });
}

pub(crate) fn fastapi() {
    let machine = machine();
    let repository = machine.example("fastapi", "private/fastapi.git");
    let namespace = "dev-tester-fastapi";

    // Without a password it is told which, and by whom.
    let refused = machine.devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    has(&refused, &["container `source`", "could not read Username"]);

    let answers = format!("fastapi.gitUser: {USER}\nfastapi.gitPassword: '{PASSWORD}'\n");
    let output =
        machine.devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE, "--answers", "-"], &answers);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains(PASSWORD));
    assert!(!repository.read("devbox.yaml").contains(PASSWORD));
    assert!(repository.read("devbox.yaml").contains("gitUser"));
    {
        let app = machine.forward(namespace, "fastapi", 8000);
        let added = app.request("POST", "/notes", "application/json", r#"{"text": "buy milk"}"#);
        assert!(added.starts_with("HTTP/1.1 201"), "{added}");
        let notes = app.get("/notes");
        assert!(notes.contains(r#"[{"text":"buy milk"}]"#), "{notes}");
    }

    // The cluster keeps the password: who does not have it can still update.
    repository.push("Nothing new");
    let again = machine.devbox(&repository, &["up", PATIENCE], "");
    assert!(again.status.success(), "{}", text(&again));
    let notes = machine.forward(namespace, "fastapi", 8000).get("/notes");
    assert!(notes.contains("buy milk"), "{notes}");
    checked(machine.devbox(&repository, &["down", "--yes", "--volumes"], ""));
}

pub(crate) fn go() {
    let machine = machine();
    let repository = machine.example("go-http", "go-http.git");
    let output = machine.devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    {
        let app = machine.forward("dev-tester-go-http", "links", 8080);
        let saved = app.request("PUT", "/docs", "text/plain", "https://example.com/docs");
        assert!(saved.starts_with("HTTP/1.1 201"), "{saved}");
        let followed = app.get("/docs");
        assert!(followed.contains("Location: https://example.com/docs"), "{followed}");
    }
    checked(machine.devbox(&repository, &["down", "--yes", "--volumes"], ""));
}
