//! Ruby: gems.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d("postgres", &["pg", "activerecord-postgis-adapter", "solid_queue+postgres"]),
    d("mysql", &["mysql2", "trilogy"]),
    d("mssql", &["tiny_tds", "activerecord-sqlserver-adapter"]),
    d("mongodb", &["mongoid", "mongo", "mongo_mapper"]),
    d("redis", &["redis", "sidekiq", "resque", "redis-rails", "hiredis", "redis-client", "redis-actionpack"]),
    d("kafka", &["karafka", "ruby-kafka", "rdkafka", "racecar"]),
    d("rabbitmq", &["bunny", "sneakers", "hutch"]),
    d("nats", &["nats-pure"]),
    d("elasticsearch", &["elasticsearch", "elasticsearch-rails", "chewy", "elasticsearch-model"]),
    d("opensearch", &["opensearch-ruby"]),
    d("meilisearch", &["meilisearch-rails", "meilisearch"]),
    d("memcached", &["dalli"]),
    d("neo4j", &["neo4j-ruby-driver", "activegraph"]),
    d("temporal", &["temporalio"]),
];
