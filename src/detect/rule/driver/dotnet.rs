//! .NET: packages in lower case.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d("postgres", &["npgsql*", "aspire.npgsql*", "marten*", "hangfire.postgresql", "wolverinefx.postgresql"]),
    d(
        "mysql",
        &[
            "pomelo.entityframeworkcore.mysql",
            "mysqlconnector*",
            "mysql.data*",
            "mysql.entityframeworkcore",
            "aspire.mysqlconnector",
            "aspire.pomelo*",
        ],
    ),
    d(
        "mssql",
        &[
            "microsoft.data.sqlclient",
            "system.data.sqlclient",
            "microsoft.entityframeworkcore.sqlserver",
            "aspire.microsoft.data.sqlclient",
            "aspire.microsoft.entityframeworkcore.sqlserver",
            "hangfire.sqlserver",
        ],
    ),
    d("mongodb", &["mongodb.driver*", "mongodb.entityframeworkcore", "aspire.mongodb*"]),
    d(
        "redis",
        &[
            "stackexchange.redis*",
            "microsoft.extensions.caching.stackexchangeredis",
            "aspire.stackexchange.redis*",
            "servicestack.redis*",
            "hangfire.redis*",
        ],
    ),
    d("kafka", &["confluent.kafka", "aspire.confluent.kafka", "masstransit.kafka"]),
    d(
        "rabbitmq",
        &[
            "rabbitmq.client",
            "masstransit.rabbitmq",
            "aspire.rabbitmq*",
            "easynetq*",
            "rebus.rabbitmq",
            "wolverinefx.rabbitmq",
            "nservicebus.rabbitmq",
        ],
    ),
    d("nats", &["nats.client*", "nats.net", "aspire.nats*"]),
    d("elasticsearch", &["elastic.clients.elasticsearch", "nest", "elasticsearch.net", "aspire.elastic*"]),
    d("opensearch", &["opensearch.client"]),
    d("memcached", &["enyimmemcachedcore"]),
    d("neo4j", &["neo4j.driver"]),
    d("cassandra", &["cassandracsharpdriver"]),
    d("clickhouse", &["clickhouse.client"]),
    d("minio", &["minio*"]),
    d("qdrant", &["qdrant.client", "aspire.qdrant*"]),
    d("ollama", &["ollamasharp*"]),
    d("milvus", &["milvus.client", "aspire.milvus*"]),
    d("mqtt", &["mqttnet*"]),
    d("keycloak", &["keycloak.authservices*", "aspire.keycloak*"]),
    d("temporal", &["temporalio*"]),
];
