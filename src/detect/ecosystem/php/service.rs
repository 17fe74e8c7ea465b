//! Services that PHP reaches without a driver in the manifest: by its own functions, by a framework's variables.

use crate::detect::draft::{At, Draft};
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

/// Calls that connect to a service with what PHP itself brings.
static CONNECTIONS: [(Pattern, &str); 6] = [
    (
        Pattern::new(
            r#"\bmysqli_(?:real_)?connect\s*\(|\bnew\s+\\?mysqli\b|\bnew\s+\\?PDO\s*\(\s*["']mysql:"#,
        ),
        "mysql",
    ),
    (Pattern::new(r#"\bpg_p?connect\s*\(|\bnew\s+\\?PDO\s*\(\s*["']pgsql:"#), "postgres"),
    (Pattern::new(r#"\bsqlsrv_connect\s*\(|\bnew\s+\\?PDO\s*\(\s*["']sqlsrv:"#), "mssql"),
    (Pattern::new(r"\bnew\s+\\?Redis\s*\("), "redis"),
    (Pattern::new(r"\bnew\s+\\?Memcached?\s*\("), "memcached"),
    (Pattern::new(r"\bnew\s+\\?MongoDB\\(?:Client|Driver\\Manager)\b"), "mongodb"),
];

/// Pages without a framework say their services in their code.
pub(super) fn connections(scope: &Scope<'_>, pages: &[&str], draft: &mut Draft) {
    for file in pages.iter().take(80) {
        let Some(code) = scope.tree.code(file) else { continue };
        for (pattern, kind) in &CONNECTIONS {
            if let Some(found) = code.captures(pattern).next() {
                let line = found.get(0).map(|whole| code.line(whole.start()));
                draft.service(kind, None, &At::line(*file, line), 0.8);
            }
        }
    }
}

/// Laravel's and Symfony's own variables name the database, the cache and the queue.
pub(super) fn settings(scope: &Scope<'_>, draft: &mut Draft) {
    for name in [".env.example", ".env.dist", ".env"] {
        let Some(file) = scope.find(name) else { continue };
        let Some(text) = scope.tree.text(&file) else { continue };
        for (line, number) in text.lines().zip(1u32..) {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            let value = value.trim().trim_matches(['"', '\'']);
            let kind = match (key, value) {
                ("DB_CONNECTION" | "DB_DRIVER", "pgsql") => "postgres",
                ("DB_CONNECTION" | "DB_DRIVER", "mysql") => "mysql",
                ("DB_CONNECTION", "mariadb") => "mariadb",
                ("DB_CONNECTION", "sqlsrv") => "mssql",
                ("DB_CONNECTION", "mongodb") => "mongodb",
                (
                    "CACHE_STORE" | "CACHE_DRIVER" | "QUEUE_CONNECTION" | "SESSION_DRIVER"
                    | "BROADCAST_DRIVER",
                    "redis",
                ) => "redis",
                ("CACHE_STORE" | "CACHE_DRIVER" | "SESSION_DRIVER", "memcached") => "memcached",
                ("QUEUE_CONNECTION", "rabbitmq") => "rabbitmq",
                _ => continue,
            };
            draft.service(kind, None, &At::line(&file, number), 0.9);
        }
        return;
    }
}
