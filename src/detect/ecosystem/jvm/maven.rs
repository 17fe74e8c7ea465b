//! `pom.xml`, with the properties of its parents in the repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::tool;
use super::{Build, Dependency, jar};
use crate::detect::draft::At;
use crate::detect::ecosystem::tools::{self, Pin};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::read::xml::Element;
use crate::detect::read::{folder, join};
use crate::detect::scope::Scope;

/// What tells WildFly and JBoss EAP where to listen.
static JBOSS: Pattern = Pattern::new(r"-Djboss\.https?\.port=(\d{2,5})");

/// A pom and its parents, nearest first.
fn chain(scope: &Scope<'_>, file: &str) -> Vec<(String, Arc<Element>)> {
    let mut found: Vec<(String, Arc<Element>)> = Vec::new();
    let mut next = Some(file.to_owned());
    while let Some(file) =
        next.take().filter(|file| found.len() < 8 && !found.iter().any(|(known, _)| known == file))
    {
        let Some(pom) = scope.tree.xml(&file) else { break };
        if let Some(parent) = pom.child("parent") {
            let path = parent.value(&["relativePath"]).unwrap_or("../pom.xml");
            let path = if path.ends_with(".xml") { path.to_owned() } else { format!("{path}/pom.xml") };
            next = join(folder(&file), &path).filter(|path| scope.tree.has(path));
        }
        found.push((file, pom));
    }
    found
}

pub(super) fn read(scope: &Scope<'_>) -> Option<Build> {
    let file = scope.find("pom.xml")?;
    let mut build =
        Build { file: file.clone(), manager: "maven", tool: tool(scope, "mvnw", "mvn"), ..Build::default() };
    let chain = chain(scope, &file);
    let Some((_, pom)) = chain.first() else { return Some(build) };
    let mut properties: BTreeMap<String, (String, At)> = BTreeMap::new();
    for (file, pom) in chain.iter().rev() {
        for property in pom.child("properties").into_iter().flat_map(|all| &all.children) {
            properties.insert(
                property.name.clone(),
                (property.text.trim().to_owned(), At::line(file, property.line)),
            );
        }
    }
    let expand = |text: &str| {
        let mut text = text.trim().to_owned();
        for _ in 0..4 {
            let Some(start) = text.find("${") else { break };
            let Some(end) = text[start..].find('}') else { break };
            let Some((value, _)) = properties.get(&text[start + 2..start + end]) else { break };
            text.replace_range(start..=start + end, &value.clone());
        }
        text
    };
    build.name =
        pom.child("artifactId").map(|name| (name.text.trim().to_owned(), At::line(&file, name.line)));
    build.packaging = pom.value(&["packaging"]).map(str::to_owned);
    build.aggregator = pom.child("modules").is_some_and(|modules| !modules.children.is_empty())
        && build.packaging.as_deref() == Some("pom");
    let artifact = build.name.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
    let of_project = ["version"].iter().find_map(|key| {
        chain.iter().find_map(|(_, pom)| pom.value(&[key]).or_else(|| pom.value(&["parent", key])))
    });
    let of_project = of_project.map(&expand).unwrap_or_default();
    let expand = |text: &str| {
        let text = text.replace("${project.artifactId}", &artifact).replace("${artifactId}", &artifact);
        let text = text.replace("${project.version}", &of_project).replace("${version}", &of_project);
        expand(&text)
    };
    let called = chain.iter().find_map(|(_, pom)| pom.value(&["build", "finalName"])).map(&expand);
    let called = called.unwrap_or_else(|| format!("{artifact}-{of_project}"));
    for (file, pom) in &chain {
        let own = file == &build.file;
        if let Some(parent) = pom.child("parent") {
            push(&mut build, parent, file, &expand);
        }
        let managed = pom.at(&["dependencyManagement", "dependencies"]);
        let imports = managed
            .into_iter()
            .flat_map(|all| all.all("dependency"))
            .filter(|d| d.value(&["scope"]) == Some("import"));
        for dependency in imports {
            // A bill of materials says versions and, by its group, the platform; it brings no artifact.
            let group = dependency.value(&["groupId"]).unwrap_or_default();
            if !group.starts_with("org.springframework") || group.ends_with(".boot") && own {
                push(&mut build, dependency, file, &expand);
            }
        }
        for dependency in pom.child("dependencies").into_iter().flat_map(|all| all.all("dependency")) {
            if dependency.value(&["scope"]) != Some("test") {
                push(&mut build, dependency, file, &expand);
            }
        }
        for plugin in pom.at(&["build", "plugins"]).into_iter().flat_map(|all| all.all("plugin")) {
            let artifact = plugin.value(&["artifactId"]).unwrap_or_default().to_owned();
            if [
                "liberty-maven-plugin",
                "wildfly-maven-plugin",
                "quarkus-maven-plugin",
                "micronaut-maven-plugin",
            ]
            .contains(&artifact.as_str())
            {
                push(&mut build, plugin, file, &expand);
            }
            if let Some(release) = plugin
                .at(&["configuration", "release"])
                .or_else(|| plugin.at(&["configuration", "source"]))
                .filter(|_| artifact == "maven-compiler-plugin")
            {
                build
                    .version
                    .get_or_insert(Pin { text: expand(&release.text), at: At::line(file, release.line) });
            }
            let told = plugin.below().into_iter().find_map(|element| {
                let port = JBOSS.captures(&element.text)?[1].parse().ok()?;
                Some((port, At::line(file, element.line)))
            });
            build.port = build.port.take().or(told);
            jar::plugin(&mut build, plugin, file, &called, &expand);
            build.plugins.push(artifact);
        }
        // Helidon's parents copy the libraries beside a jar that is called like the artifact.
        let parent = pom.value(&["parent", "groupId"]).filter(|group| *group == "io.helidon.applications");
        if parent.is_some() && build.jar.is_none() {
            build.jar = Some((format!("target/{artifact}.jar"), At::file(file)));
        }
    }
    for key in ["exec.mainClass", "mainClass", "main.class"] {
        if let Some((text, at)) = properties.get(key).filter(|_| build.main.is_none()) {
            build.executes |= key == "exec.mainClass";
            build.main = Some((expand(text), at.clone()));
        }
    }
    for key in [
        "maven.compiler.release",
        "java.version",
        "maven.compiler.target",
        "maven.compiler.source",
        "jdk.version",
        "kotlin.compiler.jvmTarget",
    ] {
        if let Some((text, at)) = properties.get(key) {
            build.version = Some(Pin { text: expand(text), at: at.clone() });
            break;
        }
    }
    let versions: BTreeMap<String, String> = build
        .dependencies
        .iter()
        .filter_map(|d| Some((d.name.split(':').next()?.to_owned(), d.version.clone()?)))
        .collect();
    for dependency in &mut build.dependencies {
        if dependency.version.is_none() {
            dependency.version =
                dependency.name.split(':').next().and_then(|group| versions.get(group).cloned());
        }
    }
    for dependency in &build.dependencies {
        build.needs.extend(dependency.name.split(':').nth(1).map(str::to_owned));
    }
    // The parent is no library of the module.
    if let Some(parent) = pom.value(&["parent", "artifactId"]) {
        build.needs.retain(|need| need != parent);
    }
    // A module is listed by a pom above.
    build.member = tools::upward(&scope.dir).filter(|dir| *dir != scope.dir).any(|dir| {
        let above = scope.tree.find(dir, "pom.xml").and_then(|file| scope.tree.xml(&file));
        above.is_some_and(|pom| pom.child("modules").is_some())
    });
    // The version of a server's plugin is not the server's.
    for dependency in &mut build.dependencies {
        if ["liberty-maven-plugin", "wildfly-maven-plugin"].iter().any(|name| dependency.name.ends_with(name))
        {
            dependency.version = None;
        }
    }
    Some(build)
}

fn push(build: &mut Build, element: &Element, file: &str, expand: &dyn Fn(&str) -> String) {
    let Some(artifact) = element.child("artifactId") else { return };
    let group = element.value(&["groupId"]).map(expand).unwrap_or_else(|| "org.apache.maven.plugins".into());
    let version = element.value(&["version"]).map(expand).and_then(|version| bare(&version));
    build.dependencies.push(Dependency {
        name: format!("{group}:{}", expand(&artifact.text)),
        version,
        at: At::line(file, artifact.line),
    });
}
