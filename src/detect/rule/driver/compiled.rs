//! Haskell, Swift, Dart, Crystal, C and C++, Zig: few rows each.

use super::{Driver, d};

pub(super) const HASKELL: &[Driver] = &[
    d(
        "postgres",
        &[
            "postgresql-simple",
            "hasql",
            "persistent-postgresql",
            "beam-postgres",
            "opaleye",
            "squeal-postgresql",
        ],
    ),
    d("mysql", &["mysql-simple", "persistent-mysql"]),
    d("mongodb", &["mongoDB", "persistent-mongoDB"]),
    d("redis", &["hedis", "persistent-redis"]),
    d("rabbitmq", &["amqp"]),
    d("kafka", &["hw-kafka-client"]),
];

pub(super) const SWIFT: &[Driver] = &[
    d("postgres", &["fluent-postgres-driver", "postgres-nio", "postgres-kit"]),
    d("mysql", &["fluent-mysql-driver", "mysql-nio", "mysql-kit"]),
    d("mongodb", &["fluent-mongo-driver", "mongo-swift-driver", "mongokitten"]),
    d("redis", &["redis", "queues-redis-driver", "redistack", "hummingbird-redis"]),
];

pub(super) const DART: &[Driver] = &[
    d("postgres", &["postgres", "postgresql2", "serverpod", "stormberry"]),
    d("mysql", &["mysql1", "mysql_client"]),
    d("mongodb", &["mongo_dart"]),
    d("redis", &["redis", "redis_dart"]),
    d("rabbitmq", &["dart_amqp"]),
];

pub(super) const CRYSTAL: &[Driver] = &[
    d("postgres", &["pg", "will/crystal-pg", "avram"]),
    d("mysql", &["mysql"]),
    d("mongodb", &["cryomongo", "mongo"]),
    d("redis", &["redis", "sidekiq", "mosquito"]),
    d("rabbitmq", &["amqp-client"]),
];

pub(super) const CPP: &[Driver] = &[
    d("postgres", &["libpqxx", "libpq", "drogon+postgres"]),
    d("mysql", &["libmysql", "mysql-connector-cpp", "boost-mysql"]),
    d("mongodb", &["mongo-cxx-driver", "mongo-c-driver"]),
    d("redis", &["hiredis", "redis-plus-plus", "cpp_redis"]),
    d("kafka", &["librdkafka", "cppkafka"]),
    d("rabbitmq", &["amqp-cpp", "rabbitmq-c", "librabbitmq"]),
];

pub(super) const ZIG: &[Driver] = &[d("postgres", &["pg", "pg_zig"]), d("redis", &["okredis"])];
