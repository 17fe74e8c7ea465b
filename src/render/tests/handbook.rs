//! The examples of `docs/presets.md` do what the page says.

use std::path::Path;

use super::*;
use crate::config::{FILE_NAME, Repository, UserConfig};
use crate::detect::{Component, ComponentKind};
use crate::plan::tests::{Given, facts};
use crate::validate::validate;

/// The page's code blocks by the file name in their first line.
fn examples() -> Vec<(&'static str, &'static str)> {
    include_str!("../../../docs/presets.md")
        .split("```yaml\n# ")
        .skip(1)
        .filter_map(|block| block.split("```").next()?.split_once('\n'))
        .collect()
}

#[test]
fn the_pages_presets_render_with_the_pages_devbox_yaml() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in examples() {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let example = |name: &str| examples().iter().find(|(file, _)| *file == name).unwrap().1;
    assert_eq!(examples().len(), 5);
    let catalogue: &'static Catalogue =
        Box::leak(Box::new(Catalogue::built_in().unwrap().with_user(folder.path()).unwrap()));
    let component = Component {
        path: "apps/web".into(),
        name: "web".into(),
        kind: ComponentKind::Web,
        language: Some("Ruby".into()),
        framework: Some("rails".into()),
        ..Component::default()
    };
    Repository::parse(FILE_NAME, example(FILE_NAME)).unwrap();
    UserConfig::parse("config.yaml", example("config.yaml")).unwrap();
    let given = |repository| Given {
        facts: Some(facts(vec![component.clone()])),
        catalogue: Some(catalogue),
        user: example("config.yaml"),
        repository,
        ..Given::default()
    };

    let plan = given(None).plan();
    let manifests = render(&plan, catalogue).unwrap();
    assert_eq!(validate(&manifests), []);
    let ingress = manifests.iter().find(|manifest| manifest.key().to_string() == "Ingress/web").unwrap();
    assert_eq!(ingress.object["spec"]["rules"][0]["host"], "web.ada.dev.example.com");
    let env = &plan.units.last().unwrap().env;
    assert!(env.iter().any(|entry| entry.name == "QUEUES" && entry.source.to_string() == "default mailers"));

    let plan = given(Some(example(FILE_NAME))).plan();
    let manifests = render(&plan, catalogue).unwrap();
    assert_eq!(validate(&manifests), []);
    assert!(manifests.iter().all(|manifest| manifest.key().kind != "Ingress"));
    let env = &plan.units.last().unwrap().env;
    assert!(
        env.iter().any(|entry| entry.name == "SMTP_URL" && entry.source.to_string() == "smtp://maildev:1025")
    );
    let volume = manifests.iter().find(|manifest| manifest.key().name == "postgres-data").unwrap();
    assert_eq!(volume.object["spec"]["storageClassName"], "fast");
}
