//! The same objects as a Helm chart: a template for each shape, its values in `values.yaml`.

use std::path::Path;

use devbox::config::to_yaml;
use serde_json::{Map, Value, json};

use super::processes::Program;
use super::shapes::Set;

/// Writes the chart into a folder; gives the program that renders it.
pub(crate) fn write(set: &Set, helm: &Path, folder: &Path) -> Program {
    let templates = folder.join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    let mut values = Map::new();
    for (number, shape) in set.shapes.iter().enumerate() {
        let mut object = shape.sample.clone();
        for (index, place) in shape.places.iter().enumerate() {
            *object.pointer_mut(place).unwrap() = json!(format!("@@{index}@@"));
        }
        let mut text = to_yaml(&object);
        for index in 0..shape.places.len() {
            text = text.replace(&format!("\"@@{index}@@\""), &format!("{{{{ .v{index} | toJson }}}}"));
        }
        assert!(!text.contains("@@"), "{text}");
        let list = format!("shape{number}");
        let template = format!("{{{{- range .Values.{list} }}}}\n---\n{text}{{{{- end }}}}\n");
        std::fs::write(templates.join(format!("{list}.yaml")), template).unwrap();
        let named = |values: &Vec<Value>| -> Value {
            values.iter().enumerate().map(|(index, value)| (format!("v{index}"), value.clone())).collect()
        };
        values.insert(list, shape.values.iter().map(named).collect());
    }
    std::fs::write(folder.join("values.yaml"), to_yaml(&Value::Object(values))).unwrap();
    std::fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: bench\nversion: 1.0.0\n").unwrap();
    let arguments = ["template", "bench", folder.to_str().unwrap()].map(str::to_owned).to_vec();
    Program { name: "helm template", file: helm.to_path_buf(), arguments }
}
