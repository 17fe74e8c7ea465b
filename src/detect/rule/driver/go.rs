//! Go: modules in lower case.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d(
        "postgres",
        &[
            "github.com/lib/pq",
            "github.com/jackc/pgx*",
            "gorm.io/driver/postgres",
            "github.com/jinzhu/gorm/dialects/postgres",
            "github.com/go-pg/pg*",
            "github.com/uptrace/bun/driver/pgdriver",
            "github.com/riverqueue/river/riverdriver/riverpgxv5",
            "github.com/jackc/pgconn",
        ],
    ),
    d(
        "mysql",
        &["github.com/go-sql-driver/mysql", "gorm.io/driver/mysql", "github.com/jinzhu/gorm/dialects/mysql"],
    ),
    d(
        "mssql",
        &["github.com/microsoft/go-mssqldb", "github.com/denisenkom/go-mssqldb", "gorm.io/driver/sqlserver"],
    ),
    d(
        "mongodb",
        &[
            "go.mongodb.org/mongo-driver*",
            "gopkg.in/mgo.v2",
            "github.com/qiniu/qmgo",
            "github.com/kamva/mgm*",
        ],
    ),
    d(
        "redis",
        &[
            "github.com/redis/go-redis*",
            "github.com/go-redis/redis*",
            "github.com/gomodule/redigo",
            "github.com/hibiken/asynq",
            "github.com/redis/rueidis",
            "github.com/gofiber/storage/redis*",
        ],
    ),
    d("valkey", &["github.com/valkey-io/valkey-go"]),
    d(
        "kafka",
        &[
            "github.com/ibm/sarama",
            "github.com/shopify/sarama",
            "github.com/segmentio/kafka-go",
            "github.com/twmb/franz-go*",
            "github.com/confluentinc/confluent-kafka-go*",
        ],
    ),
    d(
        "rabbitmq",
        &["github.com/rabbitmq/amqp091-go", "github.com/streadway/amqp", "github.com/wagslane/go-rabbitmq"],
    ),
    d("nats", &["github.com/nats-io/nats.go"]),
    d("elasticsearch", &["github.com/elastic/go-elasticsearch*", "github.com/olivere/elastic*"]),
    d("opensearch", &["github.com/opensearch-project/opensearch-go*"]),
    d("memcached", &["github.com/bradfitz/gomemcache"]),
    d("neo4j", &["github.com/neo4j/neo4j-go-driver*"]),
    d("cassandra", &["github.com/gocql/gocql", "github.com/apache/cassandra-gocql-driver*"]),
    d("clickhouse", &["github.com/clickhouse/clickhouse-go*", "gorm.io/driver/clickhouse"]),
    d("minio", &["github.com/minio/minio-go*"]),
    d("qdrant", &["github.com/qdrant/go-client"]),
    d("ollama", &["github.com/ollama/ollama"]),
    d("mqtt", &["github.com/eclipse/paho.mqtt.golang", "github.com/eclipse/paho.golang"]),
    d("keycloak", &["github.com/nerzal/gocloak*"]),
    d("temporal", &["go.temporal.io/sdk"]),
    d("etcd", &["go.etcd.io/etcd/client*"]),
];
