//! The goal or task that runs a program: a framework's, or that of a plugin of the build.

use super::Build;

/// Goals of Maven's plugins, most telling first. Where a goal needs what was packaged, `package` goes before.
const GOALS: &[(&str, &str)] = &[
    ("spring-boot-maven-plugin", "spring-boot:run"),
    ("function-maven-plugin", "function:run"),
    ("azure-functions-maven-plugin", "package azure-functions:run"),
    ("vertx-maven-plugin", "vertx:run"),
    ("jooby-maven-plugin", "jooby:run"),
    ("jetty-maven-plugin", "jetty:run"),
    ("jetty-ee10-maven-plugin", "jetty:run"),
    ("jetty-ee11-maven-plugin", "jetty:run"),
    ("jetty-ee9-maven-plugin", "jetty:run"),
    ("maven-jetty-plugin", "jetty:run"),
    ("tomcat7-maven-plugin", "tomcat7:run"),
    ("tomcat6-maven-plugin", "tomcat6:run"),
    ("tomee-maven-plugin", "package tomee:run"),
    ("payara-micro-maven-plugin", "package payara-micro:start"),
    ("appengine-maven-plugin", "package appengine:run"),
    ("cargo-maven3-plugin", "package cargo:run"),
    ("cargo-maven2-plugin", "package cargo:run"),
    ("javafx-maven-plugin", "javafx:run"),
];

/// Tasks of Gradle's plugins.
const TASKS: &[(&str, &str)] = &[
    ("org.springframework.boot", "bootRun"),
    ("io.quarkus", "quarkusDev"),
    ("io.ktor.plugin", "run"),
    ("io.micronaut.application", "run"),
    ("io.micronaut.minimal.application", "run"),
    ("io.vertx.vertx-plugin", "vertxRun"),
    ("io.jooby.run", "joobyRun"),
    ("io.jooby.openAPI", "run"),
    ("application", "run"),
    ("org.gretty", "appRun"),
    ("com.google.cloud.tools.appengine", "appengineRun"),
    ("com.microsoft.azure.azurefunctions", "azureFunctionsRun"),
    ("io.openliberty.tools.gradle.Liberty", "libertyDev"),
    ("liberty", "libertyDev"),
    ("play", "runPlay"),
];

/// The goal or task, as it follows the tool's name.
pub(super) fn of(build: &Build, framework: &str) -> Option<String> {
    let plugin = |rows: &[(&str, &'static str)]| {
        let known = |(name, _): &&(&str, &str)| build.plugins.iter().any(|plugin| plugin == name);
        rows.iter().find(known).map(|(_, run)| (*run).to_owned())
    };
    match (build.manager, framework) {
        ("maven", "spring-boot") => Some("spring-boot:run".into()),
        ("maven", "quarkus") => Some("quarkus:dev".into()),
        ("maven", "micronaut") => Some("mn:run".into()),
        ("maven", "open-liberty") => Some("liberty:dev".into()),
        ("maven", "wildfly") => Some("wildfly:dev".into()),
        // The invoker is run by its coordinates where the pom does not name it.
        ("maven", "functions-framework") => {
            plugin(GOALS).or_else(|| Some("com.google.cloud.functions:function-maven-plugin:run".into()))
        }
        ("maven", _) => plugin(GOALS),
        ("gradle", "spring-boot" | "grails") => Some("bootRun".into()),
        ("gradle", "quarkus") => Some("quarkusDev".into()),
        ("gradle", "ktor" | "micronaut") => Some("run".into()),
        ("gradle", _) => build.task.clone().or_else(|| plugin(TASKS)),
        ("sbt" | "lein", _) => Some("run".into()),
        ("scala-cli", _) => Some("run .".into()),
        ("clj", _) => build.task.clone(),
        _ => None,
    }
}
