//! What an application of the JVM is by its dependencies and sources: does it serve, does it start?

use super::Build;
use crate::detect::draft::At;
use crate::detect::read::Words;
use crate::detect::scope::Scope;

/// Whether a Spring Boot application has a web server among its starters.
pub(super) fn serves(build: &Build) -> bool {
    const SERVERS: &[&str] = &[
        "spring-boot-starter-web",
        "spring-boot-starter-webmvc",
        "spring-boot-starter-webflux",
        "spring-boot-starter-jersey",
        "spring-boot-starter-data-rest",
        "spring-boot-starter-hateoas",
        "spring-boot-starter-graphql",
        "spring-boot-starter-web-services",
        "spring-boot-starter-rsocket",
        "spring-boot-starter-undertow",
        "spring-boot-starter-jetty",
        "spring-boot-starter-tomcat",
        "spring-cloud-starter-gateway",
        "spring-cloud-starter-netflix-eureka-server",
        "spring-cloud-config-server",
        "vaadin-spring-boot-starter",
        "spring-boot-admin-starter-server",
        "spring-boot-starter-websocket",
        "spring-cloud-starter-gateway-server-webflux",
        "spring-boot-starter-oauth2-authorization-server",
        "spring-boot-starter-thymeleaf",
        "spring-boot-starter-actuator",
        "spring-cloud-starter-gateway-mvc",
        "zipkin-server",
        "spring-cloud-starter-netflix-zuul",
        "spring-cloud-starter-zuul",
        "spring-cloud-starter-netflix-hystrix-dashboard",
        "spring-cloud-starter-hystrix-dashboard",
        "spring-cloud-starter-netflix-turbine",
        "spring-cloud-starter-eureka-server",
        "springdoc-openapi-starter-webmvc-ui",
    ];
    let artifact = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    let starters: Vec<String> = build
        .dependencies
        .iter()
        .map(|d| artifact(&d.name))
        .filter(|name| name.contains("starter") || SERVERS.contains(&name.as_str()))
        .collect();
    // A build that hides its dependencies in another file is taken for what most of them are.
    starters.iter().any(|name| SERVERS.contains(&name.as_str()))
        || starters.iter().all(|name| name == "spring-boot-starter-parent")
}

/// Whether sources of Spring ask for messages or for a clock.
pub(super) fn listens_for_work(scope: &Scope<'_>) -> bool {
    const WORDS: &[&str] = &[
        "@KafkaListener",
        "@RabbitListener",
        "@JmsListener",
        "@Scheduled",
        "@SqsListener",
        "@PulsarListener",
    ];
    scope
        .sources(&["java", "kt", "groovy"])
        .into_iter()
        .take(200)
        .any(|file| scope.tree.text(file).is_some_and(|text| WORDS.iter().any(|word| text.contains(word))))
}

/// Whether a program with Helidon's libraries has its server among them.
pub(super) fn helidon_serves(build: &Build) -> bool {
    const SERVERS: &[&str] = &["webserver", "microprofile", "http", "grpc-server", "bundles", "websocket"];
    build.dependencies.iter().any(|dependency| {
        let group = dependency.name.split(':').next().unwrap_or_default();
        group.starts_with("io.helidon.")
            && SERVERS.iter().any(|word| dependency.name["io.helidon.".len()..].contains(word))
    })
}

/// Where a build says that it is of Helidon MP, whose server has a port of its own.
pub(super) fn microprofile(build: &Build) -> Option<&At> {
    let of = |name: &str| {
        name.starts_with("io.helidon.microprofile") || name == "io.helidon.applications:helidon-mp"
    };
    build.dependencies.iter().find(|dependency| of(&dependency.name)).map(|dependency| &dependency.at)
}

/// Whether a Quarkus application has no extension that serves.
pub(super) fn commands_only(build: &Build) -> bool {
    const SERVING: &[&str] = &[
        "rest",
        "http",
        "web",
        "grpc",
        "graphql",
        "undertow",
        "lambda",
        "functions",
        "messaging",
        "kafka",
        "scheduler",
        "quartz",
        "routes",
        "servlet",
        "vertx",
        "openapi",
        "health",
        "oidc",
        "funqy",
        "camel",
    ];
    let extensions = build.dependencies.iter().filter_map(|d| d.name.strip_prefix("io.quarkus:quarkus-"));
    let mut own: Vec<&str> =
        extensions.filter(|name| !matches!(*name, "bom" | "maven-plugin" | "gradle-plugin")).collect();
    own.dedup();
    let other = build.dependencies.iter().any(|d| d.name.starts_with("io.quarkiverse"));
    !own.is_empty() && !other && !own.iter().any(|name| SERVING.iter().any(|word| name.contains(word)))
}

/// Whether sources start an application.
pub(super) fn starts(scope: &Scope<'_>) -> bool {
    static WORDS: Words = Words::new(&[
        "static void main",
        "fun main(",
        "SpringBootApplication",
        "EngineMain",
        "embeddedServer",
        "@QuarkusMain",
        "@Path(",
        "extends Application",
        "GrailsApp",
    ]);
    scope
        .sources(&["java", "kt", "scala", "groovy"])
        .into_iter()
        .any(|file| scope.tree.text(file).is_some_and(|text| WORDS.any_in(&text)))
}
