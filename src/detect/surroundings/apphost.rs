//! What an Aspire AppHost gives the projects and folders that it starts.

use crate::detect::draft::{At, Draft};
use crate::detect::facts::ComponentKind;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Tree, base, folder, join};

static ORCHESTRATED: Pattern = Pattern::new(r"\bAdd(\w+)(?:<Projects\.(\w+)>)?\s*\(");
static PATH: Pattern = Pattern::new(r#"\"((?:\.{1,2}/)*[\w.-]+(?:/[\w.-]+)*/?)\""#);
static REFERENCE: Pattern = Pattern::new(r"\.WithReference\s*\(\s*(\w+)");
static VARIABLE: Pattern = Pattern::new(r"\bvar\s+(\w+)\s*=");

/// Resources of an AppHost and the service.
const RESOURCES: &[(&str, &str)] = &[
    ("Postgres", "postgres"),
    ("AzurePostgresFlexibleServer", "postgres"),
    ("MySql", "mysql"),
    ("SqlServer", "mssql"),
    ("AzureSqlServer", "mssql"),
    ("MongoDB", "mongodb"),
    ("Redis", "redis"),
    ("AzureRedis", "redis"),
    ("Valkey", "valkey"),
    ("Garnet", "redis"),
    ("Kafka", "kafka"),
    ("RabbitMQ", "rabbitmq"),
    ("Nats", "nats"),
    ("Elasticsearch", "elasticsearch"),
    ("Qdrant", "qdrant"),
    ("Milvus", "milvus"),
    ("Keycloak", "keycloak"),
    ("Seq", "seq"),
    ("Oracle", "oracle"),
];

/// Adds services to every component that an AppHost gives a reference to one:
/// `AddProject<Projects.Api>(...).WithReference(db)`, `AddViteApp("web", "../web").WithReference(api)`.
pub(super) fn attach(tree: &Tree, drafts: &mut [Draft]) {
    let hosts = tree.of_use().iter().filter(|file| {
        matches!(base(file), "Program.cs" | "AppHost.cs") && folder(file).contains("AppHost")
            || base(file) == "apphost.cs"
    });
    for file in hosts {
        let Some(code) = tree.code(file) else { continue };
        let mut resources: Vec<(String, &'static str)> = Vec::new();
        let mut offset = 0;
        for statement in code.text.split_inclusive(';') {
            let start = offset;
            offset += statement.len();
            let Some(found) = ORCHESTRATED.captures(statement) else { continue };
            let at = At::line(file, code.line(start + found.get(0).map_or(0, |m| m.start())));
            let kind = RESOURCES.iter().find(|(name, _)| *name == &found[1]).map(|(_, kind)| *kind);
            // A database of a variable is its server's: `pg.AddDatabase("db")`.
            let parent = || {
                let of = |(name, _): &&(String, &str)| statement.contains(&format!("{name}.Add"));
                resources.iter().find(of).map(|(_, kind)| *kind)
            };
            if found.get(2).is_none()
                && let Some(kind) = kind.or_else(parent)
            {
                if let Some(variable) = VARIABLE.captures(statement) {
                    resources.push((variable[1].to_owned(), kind));
                }
                continue;
            }
            let project = found.get(2).map(|project| project.as_str());
            let folders: Vec<String> =
                PATH.captures_iter(statement).filter_map(|path| join(folder(file), &path[1])).collect();
            for draft in drafts.iter_mut().filter(|draft| draft.c.kind != ComponentKind::Infrastructure) {
                let started = match project {
                    Some(project) => {
                        draft.ecosystem == "dotnet" && draft.c.name.replace(['.', '-', ' '], "_") == project
                    }
                    None => draft.c.path != "." && folders.contains(&draft.c.path),
                };
                for reference in REFERENCE.captures_iter(statement).filter(|_| started) {
                    if let Some((_, kind)) = resources.iter().find(|(name, _)| *name == reference[1]) {
                        draft.service(kind, None, &at, 0.95);
                    }
                }
            }
        }
    }
}
