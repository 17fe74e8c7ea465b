//! Java, Kotlin, Groovy, Scala and Clojure: one table of frameworks over five build tools.

mod command;
mod gradle;
mod jar;
mod liberty;
mod lisp;
mod main;
mod maven;
mod role;
mod scala;
mod settings;
mod tasks;

use super::shared::{self, Dependency};
use super::tools::Pin;
use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::version::bare;
use crate::detect::read::{Words, extension};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    markers: &[
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "build.sbt",
        "build.sc",
        "build.mill",
        "project.scala",
        "project.clj",
        "deps.edn",
    ],
    describe,
};

/// All rows; names are `group:artifact`.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("grails", &["org.grails:*", "org.apache.grails:*"], 76, Some(8080), Web),
    row("quarkus", &["io.quarkus:*", "io.quarkus.platform:*"], 70, Some(8080), Web),
    row(
        "micronaut",
        &["io.micronaut:*", "io.micronaut.platform:*", "io.micronaut.application:*"],
        70,
        Some(8080),
        Web,
    ),
    row("spring-boot", &["org.springframework.boot:*"], 68, Some(8080), Web),
    row("dropwizard", &["io.dropwizard:dropwizard-core"], 66, Some(8080), Web),
    row("helidon", &["io.helidon*"], 66, None, Web),
    row("play", &["com.typesafe.play:*", "org.playframework:*"], 66, Some(9000), Web),
    row("ktor", &["io.ktor:ktor-server*"], 64, Some(8080), Web),
    row("open-liberty", &["io.openliberty.tools:*", "io.openliberty:*"], 62, Some(9080), Web),
    row("wildfly", &["org.wildfly.plugins:*", "org.wildfly.bom:*"], 60, Some(8080), Web),
    row("javalin", &["io.javalin:javalin", "io.javalin:javalin-bundle"], 58, Some(8080), Web),
    row("jooby", &["io.jooby:*"], 58, Some(8080), Web),
    row("ratpack", &["io.ratpack:*"], 57, Some(5050), Web),
    row("act", &["org.actframework:act"], 57, Some(5460), Web),
    row("blade", &["com.hellokaton:blade-core", "com.bladejava:blade-*"], 57, Some(9000), Web),
    row("solon", &["org.noear:solon*"], 57, Some(8080), Web),
    row("hexagon", &["com.hexagonkt:*"], 57, None, Web),
    row("undertow", &["io.undertow:undertow-core"], 36, None, Web),
    row("http4k", &["org.http4k:*"], 56, None, Web),
    row("spark", &["com.sparkjava:spark-core"], 56, Some(4567), Web),
    row("armeria", &["com.linecorp.armeria:*"], 54, None, Web),
    row(
        "vertx",
        &[
            "io.vertx:vertx-core",
            "io.vertx:vertx-web",
            "io.vertx:vertx-lang-kotlin",
            "io.vertx:vertx-launcher*",
        ],
        50,
        None,
        Web,
    ),
    row("http4s", &["org.http4s:*"], 50, None, Web),
    row("pekko-http", &["org.apache.pekko:pekko-http*"], 48, None, Web),
    row("akka-http", &["com.typesafe.akka:akka-http*"], 48, None, Web),
    row("zio-http", &["dev.zio:zio-http*", "io.d11:zhttp*"], 48, Some(8080), Web),
    row("cask", &["com.lihaoyi:cask*"], 48, Some(8080), Web),
    row("scalatra", &["org.scalatra:*"], 48, Some(8080), Web),
    row("pedestal", &["io.pedestal:*"], 48, None, Web),
    row("luminus", &["luminus:*", "luminus-*"], 46, Some(3000), Web),
    row("tapir", &["com.softwaremill.sttp.tapir:*"], 44, None, Web),
    row("functions-framework", &["com.google.cloud.functions:functions-framework-api"], 42, Some(8080), Web),
    row("ring", &["ring:*", "ring/ring*", "metosin:reitit*"], 40, Some(3000), Web),
    row("http-kit", &["http-kit:http-kit"], 38, Some(8090), Web),
];

/// Where Helidon MP listens unless its settings say otherwise (`ServerCdiExtension`); Helidon SE takes any free port.
const HELIDON_MP: u16 = 7001;

const SOURCES: &[&str] = &["java", "kt", "scala", "groovy", "clj"];

/// Calls that listen.
static LISTEN: [Listen; 18] = [
    listen::row(r"\.listen\s*\(", Take::Argument(0)),
    listen::row(r"\bJavalin\.create\([^;]*?\)\s*\.start\s*\(", Take::Argument(0)),
    listen::row(r"\b(?:app|server|javalin)\.start\s*\(\s*", Take::Argument(0)),
    listen::row(r"\bembeddedServer\s*\(\s*\w+\s*,", Take::Key(&["port"])),
    listen::row(r"\bembeddedServer\s*\(\s*\w+\s*,\s*(?:port\s*=\s*)?(\d{2,5}|[\w.()?:\x22 ]+)", Take::Group),
    listen::row(r"(?m)^\s*(?:Spark\.)?port\s*\(", Take::Argument(0)),
    listen::row(r"\bnew\s+(?:InetSocketAddress|ServerSocket|HttpServer)\s*\(", Take::Argument(0)),
    listen::row(r"\bnew\s+Server\s*\(\s*([\w.]+)\s*\)", Take::Group),
    listen::row(r"\.addHttpListener\s*\(", Take::Argument(0)),
    listen::row(r"\.bindHttp\s*\(", Take::Argument(0)),
    listen::row(r"\bWebServer\.builder\s*\(\s*\)[^;]*?\.port\s*\(", Take::Argument(0)),
    listen::row(r"\bHttpServerOptions\s*\(\s*\)[^;]*?\.setPort\s*\(", Take::Argument(0)),
    listen::row(r"\bnew\s+InetSocketAddress\s*\(\s*\x22[^\x22]*\x22\s*,", Take::Argument(0)),
    listen::row(r"\.asServer\s*\(\s*\w+\s*\(", Take::Argument(0)),
    listen::row(r"\b(?:newServerAt|bindAndHandle)\s*\([^)]*?,\s*", Take::Argument(0)),
    listen::row(r"\.withPort\s*\(\s*(?:port\x22|Port\.fromInt\s*\(\s*)?([\w.]+)", Take::Group),
    listen::row(r"::?[\w.]*http/port\s+(\d{2,5})", Take::Group),
    listen::row(r"\brun-(?:jetty|server)\b[^\n]*?:port\s+([^\s}]+)", Take::Group),
];

/// Words of sources that may listen.
static WORDS: Words = Words::new(&[
    "listen",
    "port",
    "Port",
    "InetSocketAddress",
    "ServerSocket",
    "bind",
    "addHttpListener",
    "newServerAt",
    "asServer",
    ".start(",
]);

/// What a build tool's file says.
#[derive(Debug, Default)]
struct Build {
    file: String,
    manager: &'static str,
    name: Option<(String, At)>,
    dependencies: Vec<Dependency>,
    version: Option<Pin>,
    /// Of Scala or Clojure, whose own version counts.
    language_version: Option<Pin>,
    /// Holds modules and has no code of its own.
    aggregator: bool,
    /// `war`, `jar`, `pom`.
    packaging: Option<String>,
    /// Applied plugins.
    plugins: Vec<String>,
    /// The class that the build starts.
    main: Option<(String, At)>,
    /// The jar that the build makes and that runs by itself.
    jar: Option<(String, At)>,
    /// Where a server that the build starts is told to listen.
    port: Option<(u16, At)>,
    /// The build's own plugin knows the class to execute.
    executes: bool,
    /// A task or alias that runs the program.
    task: Option<String>,
    /// How the tool is called, the wrapper first.
    tool: String,
    needs: Vec<String>,
    /// One of several modules of a build around.
    member: bool,
}

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let build = maven::read(scope)
        .or_else(|| gradle::read(scope))
        .or_else(|| scala::read(scope))
        .or_else(|| lisp::read(scope));
    build.map(|build| vec![draft(scope, build)]).unwrap_or_default()
}

fn draft(scope: &Scope<'_>, build: Build) -> Draft {
    let mut draft = Draft::new("jvm", &scope.dir);
    let whole = At::file(&build.file);
    draft.strength = 1;
    if let Some((name, at)) = &build.name {
        draft.name(name, at);
        draft.aliases.insert(name.clone());
    }
    draft.needs.extend(build.needs.iter().cloned());
    language(scope, &build, &mut draft);
    draft.manager(build.manager, &whole, 0.98);
    draft.runtime("java", &whole, 0.8);
    let mut pins = version::Pins::default();
    let own = match draft.c.language.as_deref() {
        Some("Scala" | "Clojure") => build.language_version.clone(),
        _ => None,
    };
    if own.is_some() {
        pins.manifest = own;
        version::settle(scope.tree, &mut draft, pins, 2, bare);
    } else {
        java_version(scope, &build, &mut draft);
    }
    draft.aggregator = build.aggregator;
    let mut framework = shared::framework(FRAMEWORKS, &build.dependencies, &mut draft);
    shared::services("jvm", &build.dependencies, &mut draft);
    if let Some((port, at)) = &build.port {
        draft.port(*port, PortSource::Script, at);
    }
    settings::attach(scope, framework.map(|row| row.name).unwrap_or_default(), &mut draft);
    if framework.is_some_and(|row| row.name == "open-liberty") {
        liberty::attach(scope, &mut draft);
    }
    let own = framework.is_none_or(|row| {
        !matches!(row.name, "spring-boot" | "quarkus" | "micronaut" | "grails" | "open-liberty")
    });
    let listens = own && shared::listens(scope, &mut draft, SOURCES, &WORDS, &LISTEN);
    if framework.is_some_and(|row| row.name == "spring-boot") && !role::serves(&build) {
        // A starter without a web server ends when its work is done, or waits for messages.
        if role::starts(scope) {
            let (kind, sure) = match role::listens_for_work(scope) {
                true => (ComponentKind::Worker, 0.7),
                false => (ComponentKind::Cli, 0.4),
            };
            draft.unserved(kind, &whole, sure);
            plain::kind(scope, SOURCES, &whole, &mut draft);
        } else {
            draft.unserved(ComponentKind::Library, &whole, 0.6);
        }
        framework = None;
    }
    if framework.is_some_and(|row| row.name == "helidon") {
        if !role::helidon_serves(&build) {
            draft.unserved(ComponentKind::Cli, &whole, 0.4);
            plain::kind(scope, SOURCES, &whole, &mut draft);
        } else if let Some(at) = role::microprofile(&build) {
            draft.port(HELIDON_MP, PortSource::Default, at);
        }
    }
    if framework.is_some_and(|row| row.name == "quarkus") && role::commands_only(&build) {
        draft.unserved(ComponentKind::Cli, &whole, 0.8);
    }
    // A module that shares a framework's dependencies with its siblings and starts nothing is their library.
    let by_main = framework.is_some_and(|row| {
        matches!(row.name, "spring-boot" | "ktor" | "micronaut" | "spark" | "http4k" | "jooby")
            && build.packaging.as_deref() != Some("war")
    });
    // A server takes archives of the web; the jars beside them are their libraries.
    let archive = matches!(build.packaging.as_deref(), None | Some("jar"));
    let beside = framework.is_some_and(|row| row.name == "wildfly")
        && archive
        && build.member
        && main::classes(scope).is_empty();
    if build.packaging.as_deref() == Some("ejb") || beside {
        draft.unserved(ComponentKind::Library, &whole, 0.85);
        draft.strength = 1;
        command::attach(scope, &build, &whole, &mut draft);
        return draft;
    }
    if by_main && scope.dir != "." && build.member && !role::starts(scope) {
        draft.unserved(ComponentKind::Library, &whole, 0.8);
        draft.strength = 1;
        command::attach(scope, &build, &whole, &mut draft);
        return draft;
    }
    if framework.is_none() && draft.c.framework.is_none() {
        let runs = !main::classes(scope).is_empty()
            || build.main.is_some()
            || build.task.is_some()
            || build.plugins.iter().any(|plugin| plugin == "application");
        draft.strength = 2;
        match build.packaging.as_deref() {
            Some("war") => draft.kind(Web, &whole, 0.8),
            _ if listens => draft.kind(Web, &whole, 0.75),
            _ if runs => plain::kind(scope, SOURCES, &whole, &mut draft),
            _ => draft.kind(ComponentKind::Library, &whole, 0.6),
        }
        if draft.c.kind == Web {
            draft.strength = 3;
        }
        if build.packaging.as_deref() == Some("war") {
            draft.port(8080, PortSource::Default, &whole);
        }
    }
    if matches!(draft.c.framework.as_deref(), Some("spring-boot" | "grails" | "quarkus" | "micronaut")) {
        draft.strength = 4;
    }
    command::attach(scope, &build, &whole, &mut draft);
    draft
}

fn java_version(scope: &Scope<'_>, build: &Build, draft: &mut Draft) {
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["java"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".java-version"]));
    pins.push(keyed(scope, ".sdkmanrc", "java"));
    pins.push(keyed(scope, "system.properties", "java.runtime.version"));
    pins.manifest.clone_from(&build.version);
    version::settle(scope.tree, draft, pins, 1, java);
}

/// The language of most sources under the tool's source folders.
fn language(scope: &Scope<'_>, build: &Build, draft: &mut Draft) {
    const ROWS: &[(&[&str], &str)] = &[
        (&["java"], "Java"),
        (&["kt"], "Kotlin"),
        (&["scala", "sc"], "Scala"),
        (&["groovy"], "Groovy"),
        (&["clj", "cljc"], "Clojure"),
    ];
    let counted = ROWS.iter().map(|(extensions, language)| {
        let files = scope.files.iter().filter(|file| {
            let relative = scope.relative(file);
            extensions.contains(&extension(file))
                && !relative.contains("src/test/")
                && !relative.starts_with("buildSrc/")
        });
        (files.count(), *language)
    });
    let mut best: Option<(usize, &str)> = None;
    for (count, language) in counted {
        if count > 0 && best.is_none_or(|(most, _)| count > most) {
            best = Some((count, language));
        }
    }
    let by_tool = match build.manager {
        "sbt" | "mill" | "scala-cli" => "Scala",
        "lein" | "clj" => "Clojure",
        _ if build.plugins.iter().any(|plugin| plugin.contains("kotlin")) => "Kotlin",
        _ => "Java",
    };
    let fixed = matches!(build.manager, "sbt" | "mill" | "scala-cli" | "lein" | "clj");
    let language = if fixed && best.is_none_or(|(_, found)| found != "Java") {
        by_tool
    } else {
        best.map_or(by_tool, |(_, language)| language)
    };
    draft.language(language, &At::file(&build.file), if best.is_some() { 0.9 } else { 0.6 });
}

/// `1.8` is 8; `21.0.2-tem`, `temurin-21.0.2` and `17.0` are versions of 21 and 17.
fn java(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("1.").filter(|rest| rest.len() <= 2).unwrap_or(text);
    let start = text.find(|c: char| c.is_ascii_digit())?;
    if !text[..start].chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
        return None;
    }
    let digits: String = text[start..].chars().take_while(char::is_ascii_digit).collect();
    let number: u32 = digits.parse().ok()?;
    (5..=40).contains(&number).then_some(digits)
}

/// `key=value` of a properties file, nearest folder first.
fn keyed(scope: &Scope<'_>, name: &str, key: &str) -> Option<Pin> {
    tools::upward(&scope.dir).find_map(|dir| {
        let file = scope.tree.find(dir, name)?;
        let text = scope.tree.text(&file)?;
        text.lines().zip(1u32..).find_map(|(line, number)| {
            let (found, value) = line.split_once('=')?;
            (found.trim() == key).then(|| Pin { text: value.trim().to_owned(), at: At::line(&file, number) })
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_way_of_writing_a_version_of_java() {
        for (text, expected) in [
            ("1.8", Some("8")),
            ("17", Some("17")),
            ("21.0.2-tem", Some("21")),
            ("temurin-21.0.2", Some("21")),
            ("11.0", Some("11")),
            ("${x}", None),
        ] {
            assert_eq!(super::java(text).as_deref(), expected, "{text}");
        }
    }
}
