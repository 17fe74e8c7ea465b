//! The same objects for kustomize, which has no templates: a base with every object, and an overlay that
//! gives each its values by a patch.

use std::path::Path;

use devbox::config::to_yaml;
use serde_json::{Value, json};

use super::processes::Program;
use super::shapes::Set;

/// Writes base and overlay; gives the program that builds them.
pub(crate) fn write(set: &Set, kustomize: &Path, folder: &Path) -> Program {
    let (base, overlay) = (folder.join("base"), folder.join("overlay"));
    let (mut objects, mut patches) = (String::new(), Vec::new());
    for shape in &set.shapes {
        // Names stay: patches find objects by them.
        let places: Vec<(usize, &String)> = shape
            .places
            .iter()
            .enumerate()
            .filter(|(_, place)| !place.starts_with("/metadata/name"))
            .collect();
        for values in &shape.values {
            let mut object = shape.sample.clone();
            shape.places.iter().zip(values).for_each(|(place, value)| {
                *object.pointer_mut(place).unwrap() = value.clone();
            });
            let target = json!({ "kind": object["kind"], "name": object["metadata"]["name"] });
            let set_one = |(index, place): &(usize, &String)| json!({ "op": "replace", "path": place, "value": values[*index] });
            let operations: Vec<Value> = places.iter().map(set_one).collect();
            if !operations.is_empty() {
                patches.push(json!({ "target": target, "patch": json!(operations).to_string() }));
            }
            // A text in the place of a text, a number in that of a number.
            for (index, place) in &places {
                *object.pointer_mut(place).unwrap() = match &values[*index] {
                    Value::String(_) => json!("unset"),
                    Value::Number(_) => json!(1),
                    other => other.clone(),
                };
            }
            objects += &format!("---\n{}", to_yaml(&object));
        }
    }
    let write = |folder: &Path, name: &str, text: String| {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
    };
    write(&base, "objects.yaml", objects);
    write(&base, "kustomization.yaml", to_yaml(&json!({ "resources": ["objects.yaml"] })));
    let kustomization = json!({ "resources": ["../base"], "patches": patches });
    write(&overlay, "kustomization.yaml", to_yaml(&kustomization));
    let arguments = vec!["build".to_owned(), overlay.display().to_string()];
    Program { name: "kustomize build", file: kustomize.to_path_buf(), arguments }
}
