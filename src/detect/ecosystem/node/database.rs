//! Databases that an object mapper's own files name: Prisma's datasource, Drizzle's dialect.

use crate::detect::draft::{At, Draft, Given};
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

static DATASOURCE: Pattern = Pattern::new(r"(?s)datasource\s+\w+\s*\{(.*?)\}");
static PROVIDER: Pattern = Pattern::new(r#"provider\s*=\s*"([\w-]+)""#);
static VARIABLE: Pattern = Pattern::new(r#"(?:url|directUrl)\s*=\s*env\("(\w+)"\)"#);
static DIALECT: Pattern = Pattern::new(r#"\b(?:dialect|driver)\s*:\s*['"]([\w-]+)['"]"#);

/// Names of dialects and the service.
fn service(dialect: &str) -> Option<&'static str> {
    Some(match dialect {
        "postgresql" | "postgres" | "pg" => "postgres",
        "mysql" | "mysql2" => "mysql",
        "sqlserver" | "mssql" => "mssql",
        "mongodb" => "mongodb",
        "cockroachdb" => "cockroachdb",
        _ => return None,
    })
}

/// Adds the services.
pub(super) fn attach(scope: &Scope<'_>, draft: &mut Draft) {
    for file in scope.files.iter().filter(|file| file.ends_with(".prisma")) {
        let Some(code) = scope.tree.code(file) else { continue };
        for block in code.captures(&DATASOURCE) {
            let at = At::line(*file, block.get(0).map(|whole| code.line(whole.start())));
            // A database in a file is no service, but the variable that names the file is wanted all the same.
            let kind = PROVIDER.captures(&block[1]).and_then(|found| service(&found[1]));
            if let Some(kind) = kind {
                draft.service(kind, None, &at, 0.95);
            }
            for variable in VARIABLE.captures_iter(&block[1]) {
                draft.env(&variable[1], Given::Nothing, &at, 0.95);
                if let Some(kind) = kind {
                    draft.service_env(kind, &variable[1]);
                }
            }
        }
    }
    for name in ["drizzle.config.ts", "drizzle.config.js", "drizzle.config.mjs"] {
        let Some(file) = scope.find(name) else { continue };
        let Some(code) = scope.tree.code(&file) else { continue };
        if let Some(found) = code.captures(&DIALECT).next()
            && let Some(kind) = service(&found[1])
        {
            draft.service(kind, None, &At::line(&file, found.get(0).map(|m| code.line(m.start()))), 0.9);
        }
    }
}
