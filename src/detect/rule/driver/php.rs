//! PHP: packages and extensions.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d("postgres", &["ext-pdo_pgsql", "ext-pgsql"]),
    d("mysql", &["ext-pdo_mysql", "ext-mysqli", "ext-mysqlnd"]),
    d("mssql", &["ext-sqlsrv", "ext-pdo_sqlsrv"]),
    d(
        "mongodb",
        &[
            "mongodb/mongodb",
            "mongodb/laravel-mongodb",
            "jenssegers/mongodb",
            "doctrine/mongodb-odm*",
            "ext-mongodb",
        ],
    ),
    d(
        "redis",
        &["predis/predis", "ext-redis", "laravel/horizon", "snc/redis-bundle", "symfony/redis-messenger"],
    ),
    d("kafka", &["ext-rdkafka", "enqueue/rdkafka", "mateusjunges/laravel-kafka"]),
    d(
        "rabbitmq",
        &[
            "php-amqplib/php-amqplib",
            "ext-amqp",
            "symfony/amqp-messenger",
            "vladimir-yuldashev/laravel-queue-rabbitmq",
            "php-amqplib/rabbitmq-bundle",
        ],
    ),
    d(
        "elasticsearch",
        &["elasticsearch/elasticsearch", "ruflin/elastica", "friendsofsymfony/elastica-bundle"],
    ),
    d("opensearch", &["opensearch-project/opensearch-php"]),
    d("meilisearch", &["meilisearch/meilisearch-php"]),
    d("memcached", &["ext-memcached"]),
    d("neo4j", &["laudis/neo4j-php-client"]),
];
