//! From a clone to an app that answers: the repository's own code, its dependencies from the package
//! registry, its database, on a node that runs containers.

use crate::git::{PASSWORD, Repository, USER};
use crate::home::{checked, eventually, text};
use crate::machine::{has, machine};

/// Long enough for a registry on a bad day; nothing waits this long when all is well.
const PATIENCE: &str = "--timeout=10m";

const FORM: &str = "application/x-www-form-urlencoded";

/// What every app goes through once it has answered: it is pushed anew and served, its databases become
/// other processes with the same files, its container takes a command and has a log, and nothing of it
/// stays.
struct Life<'a> {
    repository: &'a Repository,
    namespace: &'a str,
    component: &'a str,
    /// The pods of its services.
    services: &'a [&'a str],
    /// Its volumes: one for each service, one for downloads.
    volumes: usize,
    /// What its log says.
    says: &'a str,
}

impl Life<'_> {
    /// Pushes a file with other words in it, and brings it up.
    fn change(&self, file: &str, from: &str, to: &str) {
        let before = self.repository.read(file);
        assert!(before.contains(from), "{before}");
        self.repository.write(file, &before.replace(from, to));
        self.repository.push("Other words");
        let changed = machine().devbox(self.repository, &["up", PATIENCE], "");
        assert!(changed.status.success(), "{}", text(&changed));
        has(&changed, &["0 created, 1 changed"]);
    }

    /// Restarts the services; by then `answers` has to hold again.
    fn restart(&self, answers: impl FnMut() -> bool) {
        let pods: Vec<&str> = ["delete", "pod", "-n", self.namespace]
            .into_iter()
            .chain(self.services.iter().copied())
            .collect();
        machine().home().kubectl(&pods);
        let up = machine().devbox(self.repository, &["up", PATIENCE], "");
        assert!(up.status.success(), "{}", text(&up));
        eventually("the app reaches the new database", answers);
    }

    /// The API server reaches into the node.
    fn look_inside(&self) {
        let home = machine().home();
        let app = format!("deploy/{}", self.component);
        assert_eq!(
            home.kubectl(&["exec", "-n", self.namespace, &app, "-c", "app", "--", "id", "-u"]),
            "1000\n"
        );
        let log = home.kubectl(&["logs", "-n", self.namespace, &app]);
        assert!(log.contains(self.says), "{log}");
    }

    /// Takes it down with its volumes.
    fn end(&self) {
        let home = machine().home();
        let folder = home.folder().join("node/volumes");
        let count = || std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(count(), self.volumes);
        checked(machine().devbox(self.repository, &["down", "--yes", "--volumes"], ""));
        let namespaces = home.kubectl(&["get", "namespaces", "-o", "name"]);
        assert!(!namespaces.contains(self.namespace), "{namespaces}");
        eventually("volumes go with their claims", || {
            home.kubectl(&["get", "persistentvolumes", "-o", "name"]).is_empty() && count() == 0
        });
    }
}

pub(crate) fn express() {
    let machine = machine();
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

    let services = ["postgres-0", "redis-0"];
    let says = "listening on port 3000";
    let life = Life {
        repository: &repository,
        namespace,
        component: "guestbook",
        services: &services,
        volumes: 3,
        says,
    };
    life.change("src/page.js", "Guest book", "Book of guests");
    let served = machine.forward(namespace, "guestbook", 3000).get("/");
    assert!(served.contains("Book of guests") && served.contains("<li>Ada</li>"), "{served}");
    life.restart(|| {
        let page = machine.forward(namespace, "guestbook", 3000).get("/");
        page.contains("<li>Ada</li>") && page.contains("visitor number")
    });
    life.look_inside();
    life.end();
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
    let says = "Uvicorn running on http://0.0.0.0:8000";
    let life = Life {
        repository: &repository,
        namespace,
        component: "fastapi",
        services: &["postgres-0"],
        volumes: 2,
        says,
    };
    life.change("main.py", "return \"ok\"", "return \"fine\"");
    let health = machine.forward(namespace, "fastapi", 8000).get("/healthz");
    assert!(health.ends_with("\"fine\""), "{health}");
    life.restart(|| machine.forward(namespace, "fastapi", 8000).get("/notes").contains("buy milk"));
    life.look_inside();
    life.end();
}

pub(crate) fn go() {
    let machine = machine();
    let repository = machine.example("go-http", "go-http.git");
    let namespace = "dev-tester-go-http";
    let output = machine.devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    {
        let app = machine.forward(namespace, "links", 8080);
        let saved = app.request("PUT", "/docs", "text/plain", "https://example.com/docs");
        assert!(saved.starts_with("HTTP/1.1 201"), "{saved}");
        let followed = app.get("/docs");
        assert!(followed.contains("Location: https://example.com/docs"), "{followed}");
    }
    let says = "listening on :8080";
    let life = Life {
        repository: &repository,
        namespace,
        component: "links",
        services: &["redis-0"],
        volumes: 2,
        says,
    };
    life.change("main.go", "http.StatusFound", "http.StatusSeeOther");
    let leads = || {
        let followed = machine.forward(namespace, "links", 8080).get("/docs");
        followed.starts_with("HTTP/1.1 303") && followed.contains("Location: https://example.com/docs")
    };
    assert!(leads(), "the new code finds what the old one saved");
    life.restart(leads);
    life.look_inside();
    life.end();
}
