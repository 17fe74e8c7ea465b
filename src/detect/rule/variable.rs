//! Which service a variable's name or value speaks of.

/// Words of names, with the service; a name matches where one of its `_` parts sequence begins so.
const NAMES: &[(&[&str], &str)] = &[
    (&["POSTGRES", "POSTGRESQL", "PG", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"], "postgres"),
    (&["MYSQL"], "mysql"),
    (&["MARIADB"], "mariadb"),
    (&["MSSQL", "SQLSERVER"], "mssql"),
    (&["MONGO", "MONGODB"], "mongodb"),
    (&["REDIS", "REDISHOST"], "redis"),
    (&["VALKEY"], "valkey"),
    (&["KAFKA"], "kafka"),
    (&["RABBITMQ", "RABBIT", "AMQP", "CLOUDAMQP"], "rabbitmq"),
    (&["NATS"], "nats"),
    (&["ELASTIC", "ELASTICSEARCH", "ES"], "elasticsearch"),
    (&["OPENSEARCH"], "opensearch"),
    (&["MEMCACHED", "MEMCACHE"], "memcached"),
    (&["NEO4J"], "neo4j"),
    (&["CASSANDRA"], "cassandra"),
    (&["CLICKHOUSE"], "clickhouse"),
    (&["MINIO", "S3"], "minio"),
    (&["QDRANT"], "qdrant"),
    (&["WEAVIATE"], "weaviate"),
    (&["MILVUS"], "milvus"),
    (&["CHROMA"], "chroma"),
    (&["MQTT"], "mqtt"),
    (&["KEYCLOAK"], "keycloak"),
    (&["TEMPORAL"], "temporal"),
    (&["MEILI", "MEILISEARCH"], "meilisearch"),
    (&["TYPESENSE"], "typesense"),
    (&["COUCHDB"], "couchdb"),
    (&["INFLUX", "INFLUXDB"], "influxdb"),
    (&["OLLAMA"], "ollama"),
    (&["VLLM"], "vllm"),
];

/// Services that a general name such as `DATABASE_URL` can mean.
pub(in crate::detect) const DATABASES: &[&str] =
    &["postgres", "mysql", "mariadb", "mssql", "mongodb", "cockroachdb"];

/// Services that a general name such as `BROKER_URL` can mean.
pub(in crate::detect) const BROKERS: &[&str] = &["rabbitmq", "redis", "kafka", "valkey", "nats"];

/// Services that a general name such as `OPENAI_BASE_URL` can mean.
pub(in crate::detect) const MODEL_SERVERS: &[&str] = &["vllm", "ollama"];

/// Schemes of connection URLs.
const SCHEMES: &[(&[&str], &str)] = &[
    (&["postgres", "postgresql", "postgis", "pgsql", "pg"], "postgres"),
    (&["mysql", "mysql2"], "mysql"),
    (&["mariadb"], "mariadb"),
    (&["sqlserver", "mssql"], "mssql"),
    (&["mongodb", "mongodb+srv"], "mongodb"),
    (&["redis", "rediss"], "redis"),
    (&["valkey"], "valkey"),
    (&["amqp", "amqps"], "rabbitmq"),
    (&["kafka"], "kafka"),
    (&["nats"], "nats"),
    (&["neo4j", "bolt", "neo4j+s"], "neo4j"),
    (&["clickhouse"], "clickhouse"),
    (&["memcached"], "memcached"),
    (&["mqtt", "mqtts"], "mqtt"),
];

/// The service that a variable's name speaks of.
pub(in crate::detect) fn by_name(name: &str) -> Option<&'static str> {
    let upper = name.to_uppercase();
    let connection = upper.split('_').collect::<Vec<_>>();
    NAMES.iter().find(|(words, _)| connection.iter().any(|part| words.contains(part))).map(|(_, kind)| *kind)
}

/// Whether a name speaks of the database without saying which.
pub(in crate::detect) fn of_database(name: &str) -> bool {
    let upper = name.to_uppercase();
    upper.contains("DATABASE")
        || upper.starts_with("DB_")
        || upper.contains("_DB_")
        || matches!(
            upper.as_str(),
            "DB" | "DSN" | "DB_URL" | "DBHOST" | "DBUSER" | "DBPASS" | "DBNAME" | "DBPORT"
        )
        || upper.ends_with("_DSN") && !upper.contains("SENTRY")
        || upper.starts_with("SPRING_DATASOURCE")
        || upper.starts_with("QUARKUS_DATASOURCE")
        || upper.starts_with("CONNECTIONSTRINGS__")
}

/// Whether a name speaks of the message broker without saying which.
pub(in crate::detect) fn of_broker(name: &str) -> bool {
    name.to_uppercase().contains("BROKER")
}

/// Whether a name speaks of a server for OpenAI clients without saying which.
pub(in crate::detect) fn of_model_server(name: &str) -> bool {
    matches!(name, "OPENAI_BASE_URL" | "OPENAI_API_BASE" | "OPENAI_API_KEY" | "OPENAI_MODEL")
}

/// The service that a connection URL reaches. `jdbc:` and driver suffixes (`postgresql+asyncpg`) count.
pub(in crate::detect) fn by_url(value: &str) -> Option<&'static str> {
    let value = value.trim().trim_matches(['"', '\'']);
    let value = value.strip_prefix("jdbc:").or_else(|| value.strip_prefix("r2dbc:")).unwrap_or(value);
    let (scheme, rest) = value.split_once("://")?;
    let scheme = scheme.to_lowercase();
    let plain = scheme.split('+').next().unwrap_or_default().split(':').next().unwrap_or_default();
    // Ollama speaks HTTP, on a port that nothing else has.
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if plain.starts_with("http") && authority.ends_with(":11434") {
        return Some("ollama");
    }
    SCHEMES
        .iter()
        .find(|(names, _)| names.contains(&scheme.as_str()) || names.contains(&plain))
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urls_say_the_service() {
        assert_eq!(by_name("REDIS_URL"), Some("redis"));
        assert_eq!(by_name("MY_POSTGRES_HOST"), Some("postgres"));
        assert_eq!(by_name("IMAGES_URL"), None);
        assert_eq!(by_url("postgresql+asyncpg://u:p@db/x"), Some("postgres"));
        assert_eq!(by_url("jdbc:mysql://db/x"), Some("mysql"));
        assert_eq!(by_url("sqlite:///db.sqlite"), None);
        assert_eq!(by_url("http://localhost:11434/v1"), Some("ollama"));
        assert_eq!(by_url("https://api.openai.com/v1"), None);
        assert_eq!(by_name("OLLAMA_BASE_URL"), Some("ollama"));
    }
}
