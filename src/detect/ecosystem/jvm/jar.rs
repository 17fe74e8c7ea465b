//! The jar that a Maven build makes and that runs by itself, and the class that it starts.

use super::Build;
use crate::detect::draft::At;
use crate::detect::read::xml::Element;

/// Takes from a plugin's configuration the class that is started and the name of the jar that starts it.
/// `name`: the jar's name without its ending, as the build calls it.
pub(super) fn plugin(
    build: &mut Build,
    plugin: &Element,
    file: &str,
    name: &str,
    expand: &dyn Fn(&str) -> String,
) {
    let artifact = plugin.value(&["artifactId"]).unwrap_or_default();
    let all = plugin.below();
    let value = |key: &str| {
        let found = all.iter().find(|element| element.name == key && !element.text.trim().is_empty())?;
        Some((expand(&found.text), At::line(file, found.line)))
    };
    let usable = |found: &(String, At)| !found.0.contains("${");
    let main = value("mainClass").or_else(|| value("Main-Class")).filter(usable);
    match artifact {
        "exec-maven-plugin" => {
            build.executes |= main.is_some();
            if main.is_some() {
                // What is executed is what is developed, whatever a jar starts.
                build.main = main;
            }
        }
        "maven-shade-plugin" | "maven-assembly-plugin" | "maven-jar-plugin" | "maven-war-plugin" => {
            let Some(main) = main else { return };
            let said = value("outputFile").or_else(|| value("finalName")).map(|(name, _)| name);
            let attached = value("shadedArtifactAttached").is_some_and(|(text, _)| text == "true");
            let appended = value("appendAssemblyId").is_none_or(|(text, _)| text != "false");
            let mut jar = said.unwrap_or_else(|| name.to_owned());
            jar = jar.rsplit('/').next().unwrap_or_default().trim_end_matches(".jar").to_owned();
            let suffix = match artifact {
                "maven-assembly-plugin" if appended => value("descriptorRef").map(|(text, _)| text),
                "maven-shade-plugin" if attached => {
                    Some(value("shadedClassifierName").map_or_else(|| "shaded".into(), |(text, _)| text))
                }
                _ => None,
            };
            if let Some(suffix) = suffix {
                jar = format!("{jar}-{suffix}");
            }
            let jar = if jar.contains("${") || jar.is_empty() { "*".to_owned() } else { jar };
            // A jar with everything in it beats the plain one.
            if build.jar.is_none() || artifact != "maven-jar-plugin" {
                build.jar = Some((format!("target/{jar}.jar"), main.1.clone()));
            }
            build.main.get_or_insert(main);
        }
        _ => {}
    }
}
