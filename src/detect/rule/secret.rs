//! What must never be printed: variables whose name or value says secret.

use crate::detect::read::Words;

/// Parts of a name that say secret.
const PARTS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "MASTER_KEY",
    "AUTH_KEY",
    "APP_KEY",
    "CONNECTION_STRING",
    "CONNECTIONSTRING",
    "CONN_STR",
    "JWT_KEY",
    "COOKIE_KEY",
    "SALT",
];

/// A look for all of them at once: most names hold none.
static ANY_PART: Words = Words::new(PARTS);

/// Words that connection variables of services begin with.
const SERVICES: &[&str] = &[
    "DATABASE",
    "DB",
    "POSTGRES",
    "POSTGRESQL",
    "PG",
    "MYSQL",
    "MARIADB",
    "MONGO",
    "MONGODB",
    "REDIS",
    "AMQP",
    "RABBITMQ",
    "CLOUDAMQP",
    "MSSQL",
    "SQLALCHEMY",
    "CELERY_BROKER",
    "BROKER",
    "NEO4J",
    "CLICKHOUSE",
    "ELASTICSEARCH",
];

/// Whether a name holds a part as a word's end: `AUTH_KEY` is in `AUTH_KEY_2`, not in `AUTH_KEYCLOAK_ID`.
fn holds(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let rest = name[at + part.len()..].trim_start_matches('S');
        !rest.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// Whether a variable's name says that its value is a secret.
pub(in crate::detect) fn name(name: &str) -> bool {
    let upper = name.to_uppercase();
    let public =
        ["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_"];
    if public.iter().any(|prefix| upper.starts_with(prefix)) {
        return false;
    }
    let plain = [
        "_MINUTES",
        "_SECONDS",
        "_HOURS",
        "_DAYS",
        "_EXP",
        "_ALGORITHM",
        "_ALG",
        "_HEADER",
        "_PREFIX",
        "_AUDIENCE",
        "_NAME",
        "_PATH",
        "_ENDPOINT",
        "_TYPE",
        "_ENABLED",
        "_ROUNDS",
        "_EXPIRES",
        "_EXPIRY",
        "_EXPIRATION",
        "_TTL",
        "_LIFETIME",
        "_URL",
        "_FILE",
        "_ISSUER",
        "_LENGTH",
        "_EXPIRES_IN",
        "_EXPIRE_MINUTES",
        "_NAME",
        "_HEADER",
        "_ENABLED",
        "_ALGORITHM",
    ];
    const MEASURES: &[&str] = &[
        "MINUTES",
        "SECONDS",
        "HOURS",
        "DAYS",
        "MS",
        "EXPIRATION",
        "EXPIRES",
        "EXPIRE",
        "EXPIRY",
        "ROUNDS",
        "COUNT",
        "MAX",
        "MIN",
        "AGE",
        "LIMIT",
        "SIZE",
        "POLICY",
        "PATH",
        "DIR",
        "HOST",
        "PORT",
        "REGION",
        "COST",
    ];
    let about = || {
        plain.iter().any(|end| upper.ends_with(end))
            || upper.rsplit('_').next().is_some_and(|word| MEASURES.contains(&word))
            || upper.contains("TOKEN_EXPIRE")
            || upper.contains("MAX_TOKENS")
            || upper.contains("TOKEN_TTL")
            || upper == "GOOGLE_APPLICATION_CREDENTIALS"
    };
    if ANY_PART.any_in(&upper) && !about() && PARTS.iter().any(|part| holds(&upper, part)) {
        return true;
    }
    if matches!(upper.as_str(), "PGPASSWORD" | "KEY_BASE" | "DB_PASS" | "PASS" | "DSN")
        || upper.ends_with("_PASS")
        || upper.ends_with("_PWD")
    {
        return true;
    }
    // A key is one unless its name says that everybody may know it.
    const OPEN: &[&str] = &[
        "PUBLIC",
        "PUBLISHABLE",
        "SITE",
        "ANON",
        "CACHE",
        "SORT",
        "PRIMARY",
        "PARTITION",
        "FOREIGN",
        "HOT",
        "ROUTING",
        "INDEX",
        "STORAGE",
        "SESSION_STORE",
        "COLUMN",
        "LOOKUP",
        "OBJECT",
        "REDIS",
        "DOCUMENT",
    ];
    if upper.ends_with("_KEY") && !OPEN.iter().any(|word| upper.contains(word)) {
        return true;
    }
    let connects = ["_URL", "_URI", "_DSN"].iter().any(|end| upper.ends_with(end));
    connects
        && (upper.ends_with("_DSN")
            || SERVICES.iter().any(|word| upper.starts_with(word) || upper.contains(&format!("_{word}_"))))
}

/// Whether a value is a secret by its looks: a URL with a password, a key block, a known token form.
pub(in crate::detect) fn value(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@') {
            return user.contains(':');
        }
    }
    let upper = text.to_uppercase();
    if text.starts_with("-----BEGIN")
        || upper.contains("PASSWORD=")
        || upper.contains("PWD=")
        || upper.contains("ACCOUNTKEY=")
    {
        return true;
    }
    let forms = [
        "sk_",
        "sk-",
        "ghp_",
        "gho_",
        "github_pat_",
        "xoxb-",
        "xoxp-",
        "AKIA",
        "AIza",
        "eyJ",
        "glpat-",
        "base64:",
    ];
    forms.iter().any(|form| text.starts_with(form) && text.len() >= form.len() + 8) || random(text)
}

/// Whether a variable's value is a secret by its looks; what names a revision or an identity is long
/// and random without being one.
pub(in crate::detect) fn value_of(name: &str, text: &str) -> bool {
    let upper = name.to_uppercase();
    let open = ["_REF", "_SHA", "_COMMIT", "_REVISION", "_DIGEST", "_ID", "_VERSION", "_TAG", "_IMAGE"];
    if open.iter().any(|end| upper.ends_with(end)) && random(text.trim().trim_matches(['"', '\''])) {
        return false;
    }
    value(text)
}

/// Long, of one word, with letters and digits mixed as only generated values are.
fn random(text: &str) -> bool {
    let word = text.len() >= 32
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | '_' | '-'));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    word && digits >= 6 && letters >= 6
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_and_values_that_say_secret() {
        for name in [
            "DATABASE_URL",
            "JWT_SECRET",
            "STRIPE_API_KEY",
            "AZURE_OPENAI_KEY",
            "DB_PASSWORD",
            "APP_KEY",
            "MONGO_URI",
            "SENTRY_DSN",
        ] {
            assert!(super::name(name), "{name}");
        }
        for name in [
            "PORT",
            "API_URL",
            "NEXT_PUBLIC_API_KEY",
            "LOG_LEVEL",
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "ACCESS_TOKEN_TTL_MINUTES",
            "RECAPTCHA_SITE_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "KEYCLOAK_URL",
            "AUTH_KEYCLOAK_ID",
            "TOKENIZERS_PARALLELISM",
            "SESSION_TOKEN_NAME",
            "JWT_RESET_PASSWORD_EXPIRATION_MINUTES",
            "BCRYPT_SALT_ROUNDS",
        ] {
            assert!(!super::name(name), "{name}");
        }
        assert!(super::value("postgres://me:pass@localhost/db"));
        assert!(!super::value("redis://localhost:6379"));
        assert!(super::value("0123456789abcdef0123456789abcdef"));
        assert!(!super::value("my-very-long-application-name-for-humans"));
    }
}
