//! Rust: crates, `crate+feature` where a feature brings the driver.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d(
        "postgres",
        &[
            "tokio-postgres",
            "postgres",
            "deadpool-postgres",
            "bb8-postgres",
            "sqlx+postgres",
            "diesel+postgres",
            "diesel-async+postgres",
            "sea-orm+sqlx-postgres",
            "rocket_db_pools+sqlx_postgres",
            "rocket_db_pools+deadpool_postgres",
            "rocket_sync_db_pools+diesel_postgres_pool",
        ],
    ),
    d(
        "mysql",
        &[
            "mysql",
            "mysql_async",
            "sqlx+mysql",
            "diesel+mysql",
            "diesel-async+mysql",
            "sea-orm+sqlx-mysql",
            "rocket_db_pools+sqlx_mysql",
        ],
    ),
    d("mssql", &["tiberius"]),
    d("mongodb", &["mongodb"]),
    d("redis", &["redis", "deadpool-redis", "bb8-redis", "fred", "apalis-redis"]),
    d("kafka", &["rdkafka", "kafka", "rskafka"]),
    d("rabbitmq", &["lapin", "amqprs"]),
    d("nats", &["async-nats", "nats"]),
    d("elasticsearch", &["elasticsearch"]),
    d("opensearch", &["opensearch"]),
    d("neo4j", &["neo4rs"]),
    d("cassandra", &["scylla", "cdrs-tokio"]),
    d("clickhouse", &["clickhouse"]),
    d("qdrant", &["qdrant-client"]),
    d("ollama", &["ollama-rs"]),
    d("mqtt", &["rumqttc", "paho-mqtt"]),
    d("meilisearch", &["meilisearch-sdk"]),
    d("memcached", &["memcache"]),
    d("surrealdb", &["surrealdb"]),
];
