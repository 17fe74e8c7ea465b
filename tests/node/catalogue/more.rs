//! What takes long to make: compilers, and servers that are built from their sources.

use super::{Asked, Served, answer, ask, up};
use crate::home::checked;
use crate::machine::machine;

/// A trace of one span, as OTLP has it, is sent to a service.
macro_rules! send_trace {
    ($service:literal) => {
        concat!(
            r#"curl -sS -H 'Content-Type: application/json' -d '{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "buy",
            "kind": 1, "traceId": "5b8aa5a2d2c872e8321cf37308d69df2", "spanId": "051581bf3cb55c13",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"}]}]}]}' http://"#,
            $service,
            ":4318/v1/traces; "
        )
    };
}

const SERVICES: &[Asked] = &[
    // It is stored a moment after it was taken.
    (
        "jaeger",
        concat!(
            send_trace!("jaeger"),
            "curl -sS --fail --retry 30 --retry-delay 1 --retry-all-errors \
            http://jaeger:16686/api/traces/5b8aa5a2d2c872e8321cf37308d69df2"
        ),
        r#""operationName":"buy""#,
    ),
    (
        "cassandra",
        r#"cqlsh cassandra 9042 -e "create keyspace k with replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
        create table k.t (a int primary key, b text); insert into k.t (a, b) values (42, 'kept'); select * from k.t""#,
        " 42 | kept",
    ),
    (
        "keycloak",
        "curl -sS -d client_id=admin-cli -d grant_type=password -d username=admin -d password=$KC_BOOTSTRAP_ADMIN_PASSWORD \
        http://keycloak:8080/realms/master/protocol/openid-connect/token",
        "\"access_token\"",
    ),
    // An object in S3, and a queue, whose address is one that the cluster knows.
    (
        "localstack",
        r#"curl -sS -X PUT http://localstack:4566/shop; curl -sS -X PUT -d kept http://localstack:4566/shop/a
        curl -sS http://localstack:4566/shop/a
        curl -sS "http://localstack:4566/?Action=CreateQueue&QueueName=orders" \
        -H 'Authorization: AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=none'"#,
        "kept<?xml version='1.0' encoding='utf-8'?>\n<CreateQueueResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">\
        <CreateQueueResult><QueueUrl>http://localstack:4566/queue/us-east-1/000000000000/orders</QueueUrl>",
    ),
    (
        "neo4j",
        r#"java -cp '/var/lib/neo4j/lib/*' org.neo4j.shell.Main --address bolt://neo4j:7687 --username neo4j --password "$PASSWORD" \
        "create (a:T {b: 42}) return 'kept ' + a.b""#,
        "\"kept 42\"",
    ),
    (
        "opensearch",
        r#"curl -sS -X PUT -H 'Content-Type: application/json' -d '{"a": 42}' 'http://opensearch:9200/shop/_doc/1?refresh=true'
        curl -sS 'http://opensearch:9200/shop/_search?q=a:42'"#,
        r#""_source":{"a": 42}"#,
    ),
    // The bucket is there from the start.
    (
        "minio",
        r#"s3() { curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 --user "$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD" "$@"; }
        s3 -X PUT --data-binary 42 "http://minio:9000/$BUCKET/a" && s3 "http://minio:9000/$BUCKET/a""#,
        "42",
    ),
    ("otel-collector", send_trace!("otel-collector"), "{\"partialSuccess\":{}}"),
    (
        "temporal",
        "temporal workflow start --address temporal:7233 --task-queue shop --type buy --workflow-id 42 >/dev/null
        temporal workflow list --address temporal:7233 --query \"WorkflowId='42'\"",
        "Running",
    ),
    (
        "weaviate",
        r#"ask() { curl -sS -H 'Content-Type: application/json' -d "$2" "http://weaviate:8080/v1/$1"; }
        ask objects '{"class": "Note", "properties": {"text": "near"}, "vector": [1, 0]}' >/dev/null
        ask objects '{"class": "Note", "properties": {"text": "far"}, "vector": [0, 1]}' >/dev/null
        ask graphql '{"query": "{Get {Note(nearVector: {vector: [0.9, 0.1]}, limit: 1) {text}}}"}'"#,
        r#"{"Note":[{"text":"near"}]}"#,
    ),
];

const LANGUAGES: &[Served] = &[
    ("clojure", 8080, "clojure 1.12"),
    ("crystal", 3000, "crystal 1."),
    ("haskell", 3000, "haskell by ghc"),
    ("kotlin", 8080, "kotlin 2."),
    ("scala", 8080, "scala 2.13"),
    ("swift", 8080, "swift 6"),
];

/// What their presets say of addresses and ports.
const FRAMEWORKS: &[Served] = &[
    ("django", 8000, "django 5."),
    ("flask", 5000, "flask 3."),
    ("hugo", 1313, "hugo 0."),
    ("quarkus", 8080, "quarkus answers"),
    ("spring", 8080, "spring boot 3."),
    ("vite", 5173, "/main.js"),
];

pub(crate) fn services() {
    let repository = up("more-services", SERVICES, "components:\n  site: {path: ., extends: static}\n");
    ask("dev-tester-more-services", SERVICES);
    checked(machine().devbox(&repository, &["down", "--yes", "--volumes"], ""));
}

pub(crate) fn languages() {
    answer("more-languages", LANGUAGES);
}

pub(crate) fn frameworks() {
    answer("frameworks", FRAMEWORKS);
}
