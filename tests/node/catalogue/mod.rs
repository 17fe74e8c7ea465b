//! The catalogue runs: services until they answer somebody who knows the password, and apps in
//! languages until they answer by HTTP. Rows; what no package of Debian or npm brings is not here.

use std::path::Path;
use std::time::Instant;

use crate::home::{checked, eventually, text};
use crate::machine::machine;

const PATIENCE: &str = "--timeout=10m";

/// A service, what is asked inside its pod, and what the answer has in it.
const SERVICES: &[(&str, &str, &str)] = &[
    (
        "mariadb",
        r#"MYSQL_PWD="$MARIADB_PASSWORD" mariadb --host=mariadb --user="$MARIADB_USER" "$MARIADB_DATABASE" -Ne 'select 40 + 2'"#,
        "42",
    ),
    ("memcached", r"exec 3<>/dev/tcp/memcached/11211; printf 'version\r\n' >&3; head -n1 <&3", "VERSION 1.6"),
    // CONNECT of MQTT 3.1.1, with a clean session and no client identifier; CONNACK, accepted.
    (
        "mqtt",
        r"exec 3<>/dev/tcp/mqtt/1883; printf '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0' >&3; head -c4 <&3 | od -An -tx1",
        "20 02 00 00",
    ),
    ("nats", r"exec 3<>/dev/tcp/nats/4222; head -n1 <&3", "\"jetstream\":true"),
    ("rabbitmq", r#"rabbitmqctl authenticate_user app "$RABBITMQ_DEFAULT_PASS""#, "Success"),
    ("valkey", "valkey-cli set a 42; valkey-cli get a", "OK\n42"),
];

/// An app in a folder of `languages/`, its port, and what it answers.
const LANGUAGES: &[(&str, u16, &str)] =
    &[("bun", 3000, "bun 1."), ("deno", 8000, "deno 2."), ("php", 8000, "php 8"), ("ruby", 4567, "ruby 3.")];

pub(crate) fn services() {
    let mut file = "name: services\nservices:\n".to_owned();
    for (service, ..) in SERVICES {
        file.push_str(&format!("  {service}: {{}}\n"));
    }
    file.push_str("components:\n  site: {path: ., extends: static}\n");
    let page = "<h1>static files</h1>\n".to_owned();
    let files = [("devbox.yaml".to_owned(), file), ("index.html".to_owned(), page)];
    let repository = machine().repository("services.git", &files);
    let output = machine().devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    let namespace = "dev-tester-services";
    for &(service, question, answer) in SERVICES {
        let pod = format!("{service}-0");
        let ask = ["exec", "-n", namespace, &pod, "--", "bash", "-c", question];
        let heard = machine().home().kubectl(&ask);
        assert!(heard.contains(answer), "{service} answers {heard}");
    }
    let served = machine().forward(namespace, "site", 8080).get("/");
    assert!(served.contains("<h1>static files</h1>"), "{served}");
    checked(machine().devbox(&repository, &["down", "--yes", "--volumes"], ""));
}

pub(crate) fn languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/languages");
    let repository = machine().folder(&folder, "languages.git");
    let output = machine().devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    for &(component, port, answer) in LANGUAGES {
        let begun = Instant::now();
        eventually(&format!("{component} answers"), || {
            machine().forward("dev-tester-languages", component, port).get("/").contains(answer)
        });
        eprintln!("{component} answered after {:.1} s", begun.elapsed().as_secs_f32());
    }
    checked(machine().devbox(&repository, &["down", "--yes", "--volumes"], ""));
}
