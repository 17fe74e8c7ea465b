//! Which part of a connection a variable carries, told by its name.

/// What a variable carries, told by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Url,
    Jdbc,
    ConnectionString,
    Password,
    Host,
    Port,
    Address,
    User,
    Database,
}

impl Part {
    pub(super) fn of(name: &str) -> Option<Self> {
        const ENDS: [(&str, Part); 42] = [
            ("URL", Part::Url),
            ("URI", Part::Url),
            ("DSN", Part::Url),
            ("CONNECTION_STRING", Part::Url),
            ("JDBC_URL", Part::Jdbc),
            ("DATASOURCE_URL", Part::Jdbc),
            ("PASSWORD", Part::Password),
            ("PASS", Part::Password),
            ("PWD", Part::Password),
            ("AUTH", Part::Password),
            ("SECRET_KEY", Part::Password),
            ("SECRET_ACCESS_KEY", Part::Password),
            ("API_KEY", Part::Password),
            ("MASTER_KEY", Part::Password),
            ("TOKEN", Part::Password),
            ("HOST", Part::Host),
            ("HOSTNAME", Part::Host),
            ("SERVER", Part::Host),
            ("PORT", Part::Port),
            ("ADDR", Part::Address),
            ("ADDRESS", Part::Address),
            ("ENDPOINT", Part::Address),
            ("BROKER", Part::Address),
            ("BROKERS", Part::Address),
            ("SERVERS", Part::Address),
            ("HOSTS", Part::Address),
            ("NODE", Part::Address),
            ("NODES", Part::Address),
            ("CONTACT_POINTS", Part::Address),
            ("USER", Part::User),
            ("USERNAME", Part::User),
            ("ACCESS_KEY", Part::User),
            ("ACCESS_KEY_ID", Part::User),
            ("DATABASE", Part::Database),
            ("DBNAME", Part::Database),
            ("_DB", Part::Database),
            ("_NAME", Part::Database),
            ("_SCHEMA", Part::Database),
            ("BUCKET", Part::Database),
            ("BUCKET_NAME", Part::Database),
            ("KEYSPACE", Part::Database),
            ("VHOST", Part::Database),
        ];
        let upper = name.to_uppercase();
        // .NET's own way to name them: `ConnectionStrings__Default`.
        if upper.starts_with("CONNECTIONSTRINGS__") {
            return Some(Self::ConnectionString);
        }
        // The longest end decides: a `DB_USERNAME` is no `_NAME`.
        let fits = ENDS.iter().filter(|(end, _)| upper.ends_with(end));
        fits.max_by_key(|(end, _)| end.len()).map(|(_, part)| *part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_what_it_carries() {
        for (name, part) in [
            ("DATABASE_URL", Some(Part::Url)),
            ("PGPASSWORD", Some(Part::Password)),
            ("DB_USERNAME", Some(Part::User)),
            ("POSTGRES_DB", Some(Part::Database)),
            ("redis_hostname", Some(Part::Host)),
            ("DB_NAME", Some(Part::Database)),
            ("REDIS_ADDR", Some(Part::Address)),
            ("POSTGRES_INITDB_ARGS", None),
            ("KAFKA_BOOTSTRAP_SERVERS", Some(Part::Address)),
            ("S3_SECRET_ACCESS_KEY", Some(Part::Password)),
            ("S3_ACCESS_KEY_ID", Some(Part::User)),
            ("S3_BUCKET_NAME", Some(Part::Database)),
            ("SPRING_DATASOURCE_URL", Some(Part::Jdbc)),
            ("SPRING_DATASOURCE_USERNAME", Some(Part::User)),
            ("ConnectionStrings__Shop", Some(Part::ConnectionString)),
        ] {
            assert_eq!(Part::of(name), part, "{name}");
        }
    }
}
