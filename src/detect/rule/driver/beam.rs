//! Elixir, Erlang and Gleam: packages of Hex.

use super::{Driver, d};

pub(super) const ROWS: &[Driver] = &[
    d("postgres", &["postgrex", "epgsql", "pgo", "pog", "eventstore"]),
    d("mysql", &["myxql"]),
    d("mssql", &["tds"]),
    d("mongodb", &["mongodb_driver", "mongodb"]),
    d("redis", &["redix", "exq", "eredis", "phoenix_pubsub_redis", "radish"]),
    d("kafka", &["broadway_kafka", "brod", "kafka_ex", "elsa"]),
    d("rabbitmq", &["amqp", "broadway_rabbitmq", "amqp_client"]),
    d("nats", &["gnat"]),
    d("elasticsearch", &["elasticsearch", "elastix", "snap"]),
    d("memcached", &["memcachex"]),
    d("neo4j", &["bolt_sips", "boltx"]),
    d("clickhouse", &["ch", "ecto_ch"]),
    d("mqtt", &["tortoise", "emqtt"]),
];
