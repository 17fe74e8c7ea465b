//! The catalogue runs: services until they answer somebody who knows the password, and apps in
//! languages until they answer by HTTP. Rows; what neither Debian nor a package registry brings is not
//! here. What takes long to make is in `more`, and runs with `DEVBOX_K8S_TEST_CATALOGUE=all`.

mod more;

use std::path::Path;

use crate::git::Repository;
use crate::home::{checked, eventually, text};
use crate::machine::machine;

pub(crate) use more::{frameworks, languages as more_languages, services as more_services};

const PATIENCE: &str = "--timeout=10m";

/// A service, what is asked inside its pod, and what the answer has in it.
type Asked = (&'static str, &'static str, &'static str);

const SERVICES: &[Asked] = &[
    (
        "etcd",
        "etcdctl --endpoints=http://etcd:2379 put a 42; etcdctl --endpoints=http://etcd:2379 get a",
        "OK\na\n42",
    ),
    (
        "kafka",
        r"tool() { java -Xmx64m -cp '/opt/kafka/libs/*' org.apache.kafka.tools.$1 --bootstrap-server kafka:9092 --topic t ${@:2} 2>&1; }
        echo 42 | tool ConsoleProducer; tool consumer.ConsoleConsumer --from-beginning --max-messages 1 --timeout-ms 60000",
        "\n42\n",
    ),
    (
        "mailpit",
        r"exec 3<>/dev/tcp/mailpit/1025 4<>/dev/tcp/mailpit/8025
        printf 'HELO a\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: welcome\r\n\r\nhello\r\n.\r\nQUIT\r\n' >&3; cat <&3
        printf 'GET /api/v1/messages HTTP/1.0\r\n\r\n' >&4; cat <&4",
        r#""Subject":"welcome""#,
    ),
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

/// The database that brings vectors.
const VECTORS: &[Asked] = &[(
    "vectors",
    r#"PGPASSWORD="$POSTGRES_PASSWORD" psql --host=vectors --username="$POSTGRES_USER" "$POSTGRES_DB" --tuples-only \
    --command="create extension vector" --command="select '[3,4]'::vector <-> '[0,0]'""#,
    "5",
)];

/// An app in a folder, its port, and what it answers.
type Served = (&'static str, u16, &'static str);

const LANGUAGES: &[Served] = &[
    ("bun", 3000, "bun 1."),
    ("deno", 8000, "deno 2."),
    ("elixir-app", 4000, "elixir 1."),
    ("erlang-app", 8082, "erlang 27"),
    ("java", 8080, r#"{"java":21}"#),
    ("php", 8000, "php 8"),
    ("ruby", 4567, "ruby 3."),
    ("rust", 8081, "rust read"),
];

pub(crate) fn services() {
    let more = "  vectors: {extends: postgres, values: {vector: true}}
components:
  site: {path: ., extends: static}
  beat: {path: ., extends: worker, values: {image: 'busybox:1.37', command: 'while :; do echo tick; sleep 1; done'}}
  nightly: {path: ., extends: job, values: {image: 'busybox:1.37', command: 'echo done in $PWD', schedule: '@daily'}}
";
    let repository = up("services", SERVICES, more);
    let (home, namespace) = (machine().home(), "dev-tester-services");
    ask(namespace, SERVICES);
    ask(namespace, VECTORS);

    let served = machine().forward(namespace, "site", 8080).get("/");
    assert!(served.contains("<h1>static files</h1>"), "{served}");
    let log = home.kubectl(&["logs", "-n", namespace, "deploy/beat"]);
    assert!(log.contains("\ntick\n"), "{log}");
    home.kubectl(&["create", "job", "-n", namespace, "now", "--from=cronjob/nightly"]);
    home.kubectl(&["wait", "-n", namespace, "job/now", "--for=condition=Complete", "--timeout=3m"]);
    let log = home.kubectl(&["logs", "-n", namespace, "job/now"]);
    assert!(log.contains("\ndone in /workspace/src\n"), "{log}");
    checked(machine().devbox(&repository, &["down", "--yes", "--volumes"], ""));
}

pub(crate) fn languages() {
    answer("languages", LANGUAGES);
}

/// Brings services up, with what else is written below them.
fn up(name: &str, services: &[Asked], more: &str) -> Repository {
    let mut file = format!("name: {name}\nservices:\n");
    for (service, ..) in services {
        file.push_str(&format!("  {service}: {{}}\n"));
    }
    file.push_str(more);
    let page = "<h1>static files</h1>\n".to_owned();
    let files = [("devbox.yaml".to_owned(), file), ("index.html".to_owned(), page)];
    let repository = machine().repository(&format!("{name}.git"), &files);
    let output = machine().devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    repository
}

/// Asks each service its question.
fn ask(namespace: &str, services: &[Asked]) {
    for &(service, question, answer) in services {
        let pod = format!("{service}-0");
        let ask = ["exec", "-n", namespace, &pod, "--", "bash", "-c", question];
        let heard = machine().home().kubectl(&ask);
        assert!(heard.contains(answer), "{service} answers {heard}");
    }
}

/// Brings the apps of a folder up and asks each for its first page.
fn answer(name: &str, apps: &[Served]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node").join(name);
    let repository = machine().folder(&folder, &format!("{name}.git"));
    let output = machine().devbox(&repository, &["init", "--yes", "--sandbox", PATIENCE], "");
    assert!(output.status.success(), "{}", text(&output));
    for &(component, port, answer) in apps {
        let namespace = format!("dev-tester-{name}");
        eventually(&format!("{component} answers"), || {
            machine().forward(&namespace, component, port).get("/").contains(answer)
        });
    }
    checked(machine().devbox(&repository, &["down", "--yes", "--volumes"], ""));
}
