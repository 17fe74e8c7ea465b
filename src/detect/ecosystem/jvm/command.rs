//! How each build tool builds, runs and tests.

use super::Build;
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::ecosystem::tools;
use crate::detect::facts::ComponentKind;
use crate::detect::scope::Scope;

/// How a wrapper or the tool itself is called from the folder.
pub(super) fn tool(scope: &Scope<'_>, wrapper: &str, plain: &str) -> String {
    let mut up = String::new();
    for dir in tools::upward(&scope.dir) {
        if scope.tree.find(dir, wrapper).is_some() {
            return if up.is_empty() { format!("./{wrapper}") } else { format!("{up}{wrapper}") };
        }
        up.push_str("../");
    }
    plain.to_owned()
}

pub(super) fn attach(scope: &Scope<'_>, build: &Build, whole: &At, draft: &mut Draft) {
    let tool = &build.tool;
    let framework = draft.c.framework.clone().unwrap_or_default();
    let library = draft.c.kind == ComponentKind::Library;
    let (compile, run, test): (&str, Option<&str>, &str) = match (build.manager, framework.as_str()) {
        ("maven", "spring-boot") => ("package", Some("spring-boot:run"), "test"),
        ("maven", "quarkus") => ("package", Some("quarkus:dev"), "test"),
        ("maven", "micronaut") => ("package", Some("mn:run"), "test"),
        ("maven", "open-liberty") => ("package", Some("liberty:dev"), "test"),
        ("maven", "wildfly") => ("package", Some("wildfly:dev"), "test"),
        ("maven", "vertx") if build.plugins.iter().any(|p| p == "vertx-maven-plugin") => {
            ("package", Some("vertx:run"), "test")
        }
        ("maven", _) if build.plugins.iter().any(|p| p == "exec-maven-plugin") => {
            ("package", Some("exec:java"), "test")
        }
        ("maven", _) if build.plugins.iter().any(|p| p == "jetty-maven-plugin") => {
            ("package", Some("jetty:run"), "test")
        }
        ("maven", _) => ("package", None, "test"),
        ("gradle", "spring-boot" | "grails") => ("build", Some("bootRun"), "test"),
        ("gradle", "quarkus") => ("build", Some("quarkusDev"), "test"),
        ("gradle", _)
            if framework == "ktor"
                || framework == "micronaut"
                || build.plugins.iter().any(|p| {
                    p == "application"
                        || p.starts_with("io.ktor.plugin")
                        || p.starts_with("io.micronaut.application")
                }) =>
        {
            ("build", Some("run"), "test")
        }
        ("gradle", _) => ("build", None, "test"),
        ("sbt", _) => ("compile", Some("run"), "test"),
        ("lein", _) => ("uberjar", Some("run"), "test"),
        ("clj", _) => ("", Some("-M:run"), ""),
        ("mill", _) => ("", None, ""),
        ("scala-cli", _) => ("compile .", Some("run ."), "test ."),
        _ => ("", None, ""),
    };
    if !compile.is_empty() {
        draft.command(Slot::Build, &format!("{tool} {compile}"), whole, 0.8);
    }
    if let Some(run) = run.filter(|_| !library) {
        draft.command(Slot::Dev, &format!("{tool} {run}"), whole, 0.85);
        draft.command(Slot::Start, &format!("{tool} {run}"), whole, 0.7);
    }
    if !test.is_empty()
        && (scope.files.iter().any(|file| file.contains("test"))
            || build.manager == "maven"
            || build.manager == "gradle")
    {
        draft.command(Slot::Test, &format!("{tool} {test}"), whole, 0.8);
    }
}
