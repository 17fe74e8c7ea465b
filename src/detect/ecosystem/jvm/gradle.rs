//! `build.gradle` and `build.gradle.kts`, read as text: plugins, dependencies, the version catalogue.

use serde_json::Value;

use super::command::tool;
use super::{Build, Dependency};
use crate::detect::draft::At;
use crate::detect::ecosystem::tools::{self, Pin};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Code, version::bare};
use crate::detect::scope::Scope;

static NAME: Pattern = Pattern::new(r#"\brootProject\.name\s*=\s*['"]([^'"]+)['"]"#);
static INCLUDE: Pattern = Pattern::new(r#"(?m)^\s*include(?:\s|\()"#);
static PLUGIN: Pattern = Pattern::new(
    r#"\b(?:id|kotlin)\s*\(?\s*['"]([\w.-]+)['"]\s*\)?(?:\s*\.?version\s*\(?\s*['"]?([\w.${}-]+)['"]?)?"#,
);
static APPLY: Pattern = Pattern::new(r#"\bapply\s*\(?\s*plugin\s*[:=]\s*['"]([\w.-]+)['"]"#);
static BARE_PLUGIN: Pattern = Pattern::new(
    r"(?m)(?:^|[{;])\s*(application|java|war|`java-library`|`application`|groovy|scala)\s*(?:$|[;}])",
);
static DEPENDENCY: Pattern = Pattern::new(
    r#"\b(implementation|api|runtimeOnly|compileOnly|developmentOnly|compile|runtime|providedRuntime|classpath)\b\s*\(?\s*(?:(?:platform|enforcedPlatform)\s*\(\s*)?['"]([\w.-]+:[\w.-]+)(?::([^'"@]+))?['"]"#,
);
static CATALOGUE: Pattern = Pattern::new(
    r"\b(?:implementation|api|runtimeOnly|developmentOnly|platform|alias|bundle)\b\s*\(?\s*(?:platform\s*\(\s*)?libs\.([\w.]+)",
);
static MAIN: Pattern = Pattern::new(
    r#"\b(?:mainClass|mainClassName)\s*(?:\.set\s*\(|=)\s*['"]([\w.$]+)['"]|['"]Main-Class['"]\s*\]?\s*(?::|=|to|,)\s*['"]([\w.$]+)['"]"#,
);
static EXECUTED: Pattern = Pattern::new(
    r#"\btask\s+(\w+)\s*\(\s*type\s*:\s*JavaExec|\btasks\.(?:register|create)(?:<JavaExec>)?\s*\(\s*['"](\w+)['"]\s*(?:,\s*JavaExec|\)\s*\{?\s*\n?\s*mainClass)"#,
);
static VERSION: Pattern = Pattern::new(r#"(?m)^\s*version\s*=?\s*['"]([^'"$]+)['"]"#);
static PROJECT: Pattern =
    Pattern::new(r#"\bproject\s*\(\s*(?:path\s*[:=]\s*)?['"]:?([^'"]+)['"]\s*\)|\bprojects\.([\w.]+)"#);
static JAVA: Pattern = Pattern::new(
    r#"(?:JavaLanguageVersion\.of\s*\(\s*|jvmToolchain\s*\(\s*|\b(?:sourceCompatibility|targetCompatibility)\s*=?\s*(?:JavaVersion\.)?(?:toVersion\()?['"]?(?:VERSION_)?|languageVersion\s*=\s*|\brelease\s*=\s*)(\d[\d._]*)"#,
);

pub(super) fn read(scope: &Scope<'_>) -> Option<Build> {
    let settings = scope.first(&["settings.gradle", "settings.gradle.kts"]);
    let own = scope.first(&["build.gradle", "build.gradle.kts"]);
    let file = own.clone().or_else(|| settings.clone())?;
    let mut build = Build {
        file: file.clone(),
        manager: "gradle",
        tool: tool(scope, "gradlew", "gradle"),
        ..Build::default()
    };
    if let Some(file) = &settings
        && let Some(code) = scope.tree.code(file)
    {
        let found = NAME.captures(&code.text);
        build.name = found
            .map(|found| (found[1].to_owned(), At::line(file, found.get(0).map(|m| code.line(m.start())))));
        let sources = scope.files.iter().any(|file| scope.relative(file).starts_with("src/"));
        build.aggregator = INCLUDE.is_match(&code.text) && !sources;
    }
    // The members of a build take plugins' versions and common dependencies from its root.
    let root = tools::upward(&scope.dir).filter(|dir| *dir != scope.dir).find_map(|dir| {
        scope.tree.first(dir, &["settings.gradle", "settings.gradle.kts"])?;
        scope.tree.first(dir, &["build.gradle", "build.gradle.kts"])
    });
    build.member = settings.is_none()
        && tools::upward(&scope.dir)
            .filter(|dir| *dir != scope.dir)
            .any(|dir| scope.tree.first(dir, &["settings.gradle", "settings.gradle.kts"]).is_some());
    if let Some(file) = &own {
        text(scope, file, &mut build, true);
    }
    if let Some(file) = &root {
        text(scope, file, &mut build, false);
    }
    // `pluginManagement` of the settings says versions for every module.
    let settings = tools::upward(&scope.dir)
        .find_map(|dir| scope.tree.first(dir, &["settings.gradle", "settings.gradle.kts"]));
    if let Some(file) = settings
        && let Some(code) = scope.tree.code(&file)
    {
        for found in code.captures(&PLUGIN) {
            let version =
                found.get(2).and_then(|version| bare(&expanded(scope, &code.text, version.as_str())?));
            if version.is_some() {
                let at = At::line(&file, found.get(0).map(|m| code.line(m.start())));
                plugin(&mut build, &found[1], version, at, false);
            }
        }
    }
    let spring = build
        .dependencies
        .iter()
        .find(|d| d.name.starts_with("org.springframework.boot:") && d.version.is_some());
    let version = spring.and_then(|d| d.version.clone());
    for dependency in build
        .dependencies
        .iter_mut()
        .filter(|d| d.version.is_none() && d.name.starts_with("org.springframework.boot:"))
    {
        dependency.version.clone_from(&version);
    }
    for (key, group) in [
        ("quarkusPlatformVersion", "io.quarkus"),
        ("micronautVersion", "io.micronaut"),
        ("ktor_version", "io.ktor"),
        ("ktorVersion", "io.ktor"),
        ("ktor.version", "io.ktor"),
        ("grailsVersion", "org.grails"),
    ] {
        if let Some(pin) = super::keyed(scope, "gradle.properties", key) {
            for dependency in
                build.dependencies.iter_mut().filter(|d| d.version.is_none() && d.name.starts_with(group))
            {
                dependency.version = bare(&pin.text);
            }
        }
    }
    Some(build)
}

fn text(scope: &Scope<'_>, file: &str, build: &mut Build, own: bool) {
    let Some(code) = scope.tree.code(file) else { return };
    let line = |found: &regex::Captures<'_>| At::line(file, found.get(0).map(|m| code.line(m.start())));
    for found in code.captures(&PLUGIN).chain(code.captures(&APPLY)) {
        let id = found[1].to_owned();
        let version = found.get(2).and_then(|version| bare(&expanded(scope, &code.text, version.as_str())?));
        let kept = code.text[found.get(0).map_or(0, |m| m.end())..].trim_start().starts_with("apply false");
        plugin(build, &id, version, line(&found), own && !kept);
    }
    for found in code.captures(&BARE_PLUGIN).filter(|_| own) {
        build.plugins.push(found[1].trim_matches('`').to_owned());
    }
    if own {
        runs(scope, file, &code, build);
    }
    if build.plugins.iter().any(|plugin| plugin == "war") {
        build.packaging = Some("war".into());
    }
    let common = own || code.text.contains("subprojects") || code.text.contains("allprojects");
    for found in code.captures(&DEPENDENCY).filter(|_| common) {
        if &found[1] != "classpath" || found[2].contains("spring-boot") {
            let version =
                found.get(3).and_then(|version| bare(&expanded(scope, &code.text, version.as_str())?));
            build.dependencies.push(Dependency { name: found[2].to_owned(), version, at: line(&found) });
        }
    }
    for found in code.captures(&CATALOGUE).filter(|_| common) {
        catalogue(scope, &found[1], line(&found), build, own);
    }
    for found in code.captures(&PROJECT).filter(|_| own) {
        let path =
            found.get(1).or(found.get(2)).map(|m| m.as_str().replace([':', '.'], "/")).unwrap_or_default();
        build.needs.push(path.rsplit('/').next().unwrap_or_default().to_owned());
        build.needs.push(path);
    }
    if let Some(found) = JAVA.captures(&code.text) {
        let text = found[1].trim_end_matches('.').replace('_', ".");
        build.version.get_or_insert(Pin { text, at: line(&found) });
    }
}

/// The main class, the jar that says it, a task that executes it.
fn runs(scope: &Scope<'_>, file: &str, code: &Code, build: &mut Build) {
    let found = MAIN.captures(&code.text);
    let at = |found: &regex::Captures<'_>| At::line(file, found.get(0).map(|m| code.line(m.start())));
    if let Some(found) = &found
        && let Some(class) = found.get(1).or(found.get(2))
    {
        build.main = Some((class.as_str().to_owned(), at(found)));
    }
    if let Some(found) = MAIN.captures_iter(&code.text).find(|found| found.get(2).is_some()) {
        const RENAMED: &[&str] =
            &["archiveFileName", "archivesBaseName", "archiveBaseName", "archiveClassifier", "archiveName"];
        let name = build.name.as_ref().map_or_else(|| scope.name(), |(name, _)| name.as_str());
        let version = VERSION.captures(&code.text).map(|version| format!("-{}", &version[1]));
        let jar = match RENAMED.iter().any(|word| code.text.contains(word))
            || code.text.contains("version = project")
        {
            true => "*".to_owned(),
            false => format!("{name}{}", version.unwrap_or_default()),
        };
        build.jar = Some((format!("build/libs/{jar}.jar"), at(&found)));
    }
    build.task = EXECUTED
        .captures(&code.text)
        .and_then(|found| Some(found.get(1).or(found.get(2))?.as_str().to_owned()));
    if build.plugins.iter().any(|plugin| plugin.contains("application-conventions")) {
        build.plugins.push("application".into());
    }
}

/// A version with the variables of the file or of `gradle.properties` filled in.
fn expanded(scope: &Scope<'_>, text: &str, version: &str) -> Option<String> {
    let Some(name) = version.strip_prefix('$') else { return Some(version.to_owned()) };
    let name = name.trim_matches(['{', '}']).rsplit('.').next()?;
    let plain = regex::escape(name);
    let set = regex::Regex::new(&format!(r#"\b{plain}\b['"\]]*\s*(?:,|=|by\s+extra\()\s*['"]([^'"]+)['"]"#))
        .ok()?;
    let own = set.captures(text).map(|found| found[1].to_owned());
    own.or_else(|| Some(super::keyed(scope, "gradle.properties", name)?.text))
}

/// A plugin is as good as a dependency on its framework.
fn plugin(build: &mut Build, id: &str, version: Option<String>, at: At, applied: bool) {
    let artifact = match id {
        "org.springframework.boot" | "spring-boot" => "org.springframework.boot:spring-boot-starter-parent",
        "io.quarkus" => "io.quarkus:quarkus-gradle-plugin",
        "io.micronaut.application" | "io.micronaut.minimal.application" => {
            "io.micronaut:micronaut-gradle-plugin"
        }
        "io.ktor.plugin" => "io.ktor:ktor-server-plugin",
        "org.grails.grails-web" | "org.grails.grails-gradle" => "org.grails:grails-gradle-plugin",
        "io.openliberty.tools.gradle.Liberty" => "io.openliberty.tools:liberty-gradle-plugin",
        "play" | "org.playframework.play" => "org.playframework:play-gradle-plugin",
        _ => "",
    };
    let used = build.dependencies.iter().any(|d| {
        artifact.split(':').next().is_some_and(|group| !group.is_empty() && d.name.starts_with(group))
    });
    if !artifact.is_empty() && (applied || used) {
        build.dependencies.push(Dependency { name: artifact.to_owned(), version, at });
    }
    if applied {
        build.plugins.push(if id == "jvm" { "org.jetbrains.kotlin.jvm".into() } else { id.to_owned() });
    }
}

/// `libs.spring.boot.starter.web` of `gradle/libs.versions.toml`.
fn catalogue(scope: &Scope<'_>, name: &str, at: At, build: &mut Build, own: bool) {
    let doc = tools::upward(&scope.dir)
        .find_map(|dir| scope.tree.doc(&scope.tree.find(dir, "gradle/libs.versions.toml")?));
    let Some(doc) = doc else { return };
    let normal = |name: &str| name.replace(['-', '_'], ".");
    let plugins = name.strip_prefix("plugins.");
    let bundle = name.strip_prefix("bundles.");
    let version = |value: &Value| {
        let text = value.get("version")?;
        let named =
            text.get("ref").and_then(Value::as_str).and_then(|name| doc.get("versions")?.get(name)?.as_str());
        bare(named.or(text.as_str())?)
    };
    if let Some(name) = plugins {
        for (key, value) in doc.get("plugins").and_then(Value::as_object).into_iter().flatten() {
            if normal(key) == name {
                let id = value
                    .get("id")
                    .and_then(Value::as_str)
                    .or_else(|| value.as_str()?.split(':').next())
                    .unwrap_or_default();
                plugin(build, id, version(value), at.clone(), own);
            }
        }
        return;
    }
    let names: Vec<String> = match bundle {
        Some(bundle) => doc
            .get("bundles")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(key, _)| normal(key) == bundle)
            .flat_map(|(_, list)| list.as_array().cloned().unwrap_or_default())
            .filter_map(|name| name.as_str().map(normal))
            .collect(),
        None => vec![name.to_owned()],
    };
    for (key, value) in doc.get("libraries").and_then(Value::as_object).into_iter().flatten() {
        if names.contains(&normal(key)) {
            let short = value.as_str().map(|text| text.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
            let group =
                || Some(format!("{}:{}", value.get("group")?.as_str()?, value.get("name")?.as_str()?));
            let module = value.get("module").and_then(Value::as_str).map(str::to_owned);
            if let Some(name) = short.or(module).or_else(group) {
                build.dependencies.push(Dependency { name, version: version(value), at: at.clone() });
            }
        }
    }
}
