//! Container images of backing services.

/// An image's last name parts and the service that it is.
pub(in crate::detect) const IMAGES: &[(&[&str], &str)] = &[
    (
        &[
            "postgres",
            "postgis",
            "pgvector",
            "timescaledb",
            "timescaledb-ha",
            "postgresql",
            "supabase/postgres",
            "paradedb",
        ],
        "postgres",
    ),
    (&["mysql", "mysql-server", "percona", "percona-server"], "mysql"),
    (&["mariadb", "mariadb-galera"], "mariadb"),
    (&["mssql/server", "mssql-server", "azure-sql-edge"], "mssql"),
    (&["mongo", "mongodb", "mongodb-community-server", "mongodb-atlas-local"], "mongodb"),
    (&["redis", "redis-stack", "redis-stack-server"], "redis"),
    (&["valkey"], "valkey"),
    (&["keydb"], "redis"),
    (&["dragonfly"], "redis"),
    (&["kafka", "cp-kafka", "cp-server", "redpanda", "kafka-native", "fast-data-dev"], "kafka"),
    (&["rabbitmq", "rabbitmq-server"], "rabbitmq"),
    (&["nats", "nats-streaming"], "nats"),
    (&["elasticsearch"], "elasticsearch"),
    (&["opensearch"], "opensearch"),
    (&["meilisearch"], "meilisearch"),
    (&["typesense"], "typesense"),
    (&["memcached"], "memcached"),
    (&["neo4j"], "neo4j"),
    (&["cassandra", "scylla"], "cassandra"),
    (&["clickhouse", "clickhouse-server"], "clickhouse"),
    (&["minio", "minio/minio"], "minio"),
    (&["localstack", "localstack-pro"], "localstack"),
    (&["qdrant"], "qdrant"),
    (&["weaviate"], "weaviate"),
    (&["milvus"], "milvus"),
    (&["chroma"], "chroma"),
    (&["eclipse-mosquitto", "mosquitto", "emqx", "hivemq4"], "mqtt"),
    (&["keycloak"], "keycloak"),
    (&["auto-setup", "temporalio/auto-setup", "temporal"], "temporal"),
    (&["infinispan", "infinispan/server"], "infinispan"),
    (&["couchdb"], "couchdb"),
    (&["couchbase"], "couchbase"),
    (&["influxdb"], "influxdb"),
    (&["cockroach", "cockroachdb"], "cockroachdb"),
    (&["etcd"], "etcd"),
    (&["consul"], "consul"),
    (&["vault"], "vault"),
    (&["mailhog", "mailpit", "maildev", "mailcatcher"], "smtp"),
    (&["activemq", "activemq-artemis", "activemq-classic", "activemq-artemis-broker", "artemis"], "activemq"),
    (&["pulsar", "pulsar-all"], "pulsar"),
    (&["zookeeper", "cp-zookeeper"], "zookeeper"),
    (&["surrealdb"], "surrealdb"),
    (&["rethinkdb"], "rethinkdb"),
    (&["ollama"], "ollama"),
    (&["vllm-openai", "vllm-openai-cpu", "vllm-openai-rocm"], "vllm"),
    (&["dynamodb-local"], "dynamodb"),
    (&["solr"], "solr"),
    (&["azurite"], "azurite"),
];

/// Images of ready-made tools: what is built from one is no component.
const TOOLS: &[&str] = &[
    "prometheus",
    "grafana",
    "grafana-oss",
    "loki",
    "tempo",
    "promtail",
    "alertmanager",
    "all-in-one",
    "jaeger",
    "zipkin",
    "opentelemetry-collector",
    "opentelemetry-collector-contrib",
    "otel-collector",
    "envoy",
    "traefik",
    "haproxy",
    "fluentd",
    "fluent-bit",
    "logstash",
    "kibana",
    "filebeat",
    "pgadmin4",
    "adminer",
    "phpmyadmin",
    "mongo-express",
    "selenium",
    "flyway",
    "liquibase",
];

/// Whether an image is a ready-made tool.
pub(in crate::detect) fn is_tool(image: &str) -> bool {
    let name = image.split(['@', ' ']).next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    TOOLS.contains(&name.split(':').next().unwrap_or_default())
}

/// A service that is named like a backing service and built from an image whose name says so too.
pub(in crate::detect) fn named(image: &str, name: &str) -> Option<(&'static str, Option<String>)> {
    let (kind, _) = service(name)?;
    let last = image.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    last.split(['-', '_'])
        .any(|word| {
            service(word.trim_end_matches(|c: char| c.is_ascii_digit()))
                .is_some_and(|(found, _)| found == kind)
        })
        .then_some((kind, None))
}

/// The service and the version of an image reference; `None` where the image is no known service.
pub(in crate::detect) fn service(image: &str) -> Option<(&'static str, Option<String>)> {
    let image = defaults(image);
    let image = image.split('@').next().unwrap_or_default();
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    };
    let kind = IMAGES.iter().find_map(|(names, kind)| {
        let known = names.iter().any(|known| name == *known || name.ends_with(&format!("/{known}")));
        known.then_some(*kind)
    })?;
    let version = tag.and_then(|tag| match kind {
        // pgvector/pgvector:pg16, timescale/timescaledb:latest-pg16, postgis/postgis:16-3.4
        "postgres" if tag.contains("pg") => tag.split("pg").nth(1).and_then(leading),
        _ => leading(tag),
    });
    Some((kind, version))
}

/// The version that a tag begins with: `16-alpine` gives `16`.
pub(in crate::detect) fn leading(tag: &str) -> Option<String> {
    let tag = tag.trim_start_matches('v');
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    let version = tag[..end].trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

/// `${TAG:-16}` becomes `16`; a variable without a default becomes nothing.
pub(in crate::detect) fn defaults(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else { return out };
        let inner = &rest[at + 2..at + end];
        if let Some((_, default)) = inner.split_once(":-").or_else(|| inner.split_once('-')) {
            out.push_str(default);
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_say_service_and_version() {
        let cases = [
            ("postgres:16-alpine", Some(("postgres", Some("16")))),
            ("docker.io/bitnami/postgresql:15.3.0", Some(("postgres", Some("15.3.0")))),
            ("pgvector/pgvector:pg17", Some(("postgres", Some("17")))),
            ("postgis/postgis:16-3.4", Some(("postgres", Some("16")))),
            ("redis", Some(("redis", None))),
            ("redis:latest", Some(("redis", None))),
            ("localhost:5000/mongo:7", Some(("mongodb", Some("7")))),
            ("mcr.microsoft.com/mssql/server:2022-latest", Some(("mssql", Some("2022")))),
            ("mariadb:${TAG:-10.11}", Some(("mariadb", Some("10.11")))),
            ("nginx:1.27", None),
            ("dpage/pgadmin4", None),
        ];
        assert_eq!(named("example/tuned-mysql8:1.2", "mysql"), Some(("mysql", None)));
        assert_eq!(named("example/redis-exporter", "metrics"), None);
        assert!(is_tool("prom/prometheus:v3.4.0") && !is_tool("nginx:1.27"));
        for (image, expected) in cases {
            let expected = expected.map(|(kind, version)| (kind, version.map(str::to_owned)));
            assert_eq!(service(image), expected, "{image}");
        }
    }
}
