//! Which variable carries the connection of which service.

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::rule::variable;

/// Names that speak of a service without carrying its connection.
fn carries(name: &str) -> bool {
    let upper = name.to_uppercase();
    // `CAN_DROP_DATABASE` allows something, `SQLITE_DB_PATH` is a file.
    const OTHER: &[&str] =
        &["CREATE", "DROP", "SEED", "RESET", "MIGRATE", "SYNC", "SQLITE", "LOG", "LOGGING"];
    if upper.split('_').any(|part| OTHER.contains(&part)) {
        return false;
    }
    const PARTS: &[&str] = &[
        "URL",
        "URI",
        "DSN",
        "HOST",
        "PORT",
        "USER",
        "USERNAME",
        "PASSWORD",
        "PASS",
        "PWD",
        "DB",
        "DATABASE",
        "NAME",
        "SERVER",
        "SERVERS",
        "BROKER",
        "BROKERS",
        "ENDPOINT",
        "ADDR",
        "ADDRESS",
        "CONNECTION",
        "STRING",
        "KEY",
        "HOSTS",
        "NODE",
        "NODES",
        "SCHEMA",
        "BUCKET",
        "DRIVER",
        "TLS",
        "SSL",
    ];
    let exact = [
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGPASSWORD",
        "PGDATABASE",
        "REDISHOST",
        "REDISPORT",
        "DSN",
        "DBHOST",
        "DBUSER",
        "DBPASS",
        "DBNAME",
        "DBPORT",
    ];
    exact.contains(&upper.as_str()) || upper.split('_').any(|part| PARTS.contains(&part))
}

/// A kind and those that speak its protocol.
fn relatives(kind: &str) -> &'static [&'static str] {
    match kind {
        "postgres" => &["postgres", "cockroachdb"],
        "mysql" | "mariadb" => &["mysql", "mariadb"],
        "redis" | "valkey" => &["redis", "valkey"],
        "neo4j" => &["neo4j"],
        "mongodb" => &["mongodb"],
        "rabbitmq" => &["rabbitmq"],
        "kafka" => &["kafka"],
        "nats" => &["nats"],
        "mssql" => &["mssql"],
        "clickhouse" => &["clickhouse"],
        "memcached" => &["memcached"],
        "mqtt" => &["mqtt"],
        _ => &[],
    }
}

/// The port where the code listens on a variable that a file of the repository gives a value.
fn port(draft: &mut Draft) {
    let Some(name) = draft.port_variable.clone() else { return };
    let Some(port) = draft.env_default(&name).and_then(|value| value.parse().ok()) else { return };
    let at = draft.c.evidence.iter().find(|e| e.field == format!("env.{name}"));
    let at = at.map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
    draft.port(port, PortSource::DotEnv, &at);
}

/// Links a component's variables to its services.
pub(super) fn attach(draft: &mut Draft) {
    port(draft);
    // A default that is a URL of a service is as good as a driver.
    for name in draft.env_names() {
        let kind = draft.env_default(&name).and_then(variable::by_url);
        if let Some(kind) = kind.filter(|kind| !relatives(kind).iter().any(|other| draft.has_service(other)))
        {
            let field = format!("env.{name}");
            let at = draft.c.evidence.iter().find(|e| e.field == field);
            let at = at.map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
            draft.service(kind, None, &at, 0.75);
        }
    }
    let kinds = draft.service_kinds();
    let only = |group: &[&str]| {
        let mut of = kinds.iter().filter(|kind| group.contains(&kind.as_str()));
        match (of.next(), of.next()) {
            (Some(kind), None) => Some(kind.clone()),
            _ => None,
        }
    };
    let (database, broker) = (only(variable::DATABASES), only(variable::BROKERS));
    // An app that only has a key for OpenAI means OpenAI.
    let model_server = only(variable::MODEL_SERVERS).filter(|_| {
        draft.env_names().iter().any(|name| matches!(name.as_str(), "OPENAI_BASE_URL" | "OPENAI_API_BASE"))
    });
    for name in draft.env_names() {
        let by_value = draft.env_default(&name).and_then(variable::by_url).map(str::to_owned);
        let by_name = variable::by_name(&name).filter(|_| carries(&name)).map(str::to_owned);
        let general = if variable::of_database(&name) && carries(&name) {
            database.clone()
        } else if variable::of_broker(&name) {
            broker.clone()
        } else if variable::of_model_server(&name) {
            model_server.clone()
        } else {
            None
        };
        for kind in by_value.into_iter().chain(by_name).chain(general).take(1) {
            let kind = match kind.as_str() {
                "mysql" if !draft.has_service("mysql") => "mariadb",
                "redis" if !draft.has_service("redis") => "valkey",
                "elasticsearch" if !draft.has_service("elasticsearch") => "opensearch",
                other => other,
            };
            draft.service_env(kind, &name);
        }
    }
}
