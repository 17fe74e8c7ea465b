//! The objects that devbox renders, taken apart for programs that render them again: objects of one template
//! that differ in texts and numbers alone are one shape, and what differs in it, or repeats a value of the
//! plan, is a value there too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::processes;

/// What was rendered.
pub(crate) struct Set {
    pub(crate) objects: Vec<Value>,
    pub(crate) shapes: Vec<Shape>,
}

/// Objects that are alike but for their values.
pub(crate) struct Shape {
    /// One of them.
    pub(crate) sample: Value,
    /// Where its values are (JSON pointers).
    pub(crate) places: Vec<String>,
    /// The values of each, in the order of the places.
    pub(crate) values: Vec<Vec<Value>>,
}

/// What `devbox render` makes of a folder.
pub(crate) fn rendered(devbox: &Path, root: &Path, home: &Path) -> Set {
    let json = |more: &[&str]| -> Value {
        let mut program = processes::devbox(devbox, root);
        program.arguments.extend(["--format", "json"].iter().chain(more).map(|word| (*word).to_owned()));
        serde_json::from_slice(&program.output(home)).unwrap()
    };
    let (rendered, explained) = (json(&[]), json(&["--explain"]));
    let mut texts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for unit in explained["plan"]["units"].as_array().unwrap() {
        let values = unit["values"].as_object().unwrap().values().map(|value| text(&value["value"]));
        let env = unit["env"].as_array().into_iter().flatten().map(|entry| text(&entry["value"]));
        texts.insert(unit["name"].as_str().unwrap(), values.chain(env).collect());
    }
    let mut by_shape: BTreeMap<String, Vec<(&str, &Value)>> = BTreeMap::new();
    let manifests = rendered["manifests"].as_array().unwrap();
    for manifest in manifests {
        let object = &manifest["object"];
        let key = format!("{} {}", manifest["template"], outline(object));
        by_shape.entry(key).or_default().push((manifest["unit"].as_str().unwrap(), object));
    }
    let shapes = by_shape.into_values().map(|objects| {
        let sample = objects[0].1;
        let mut places = Vec::new();
        leaves(sample, String::new(), &mut places);
        places.retain(|place| {
            let at = |object: &Value| object.pointer(place).unwrap().clone();
            let of_the_plan = |(unit, object): &(&str, &Value)| {
                let text = text(&at(object));
                text.contains(unit)
                    || text.contains("{{")
                    || texts.get(unit).is_some_and(|known| known.contains(&text))
            };
            place != "/kind"
                && place != "/apiVersion"
                && (objects.iter().any(|(_, object)| at(object) != at(sample))
                    || objects.iter().any(of_the_plan))
        });
        let values = objects
            .iter()
            .map(|(_, object)| places.iter().map(|place| object.pointer(place).unwrap().clone()).collect());
        Shape { sample: sample.clone(), values: values.collect(), places: places.clone() }
    });
    let shapes = shapes.collect();
    Set { objects: manifests.iter().map(|manifest| manifest["object"].clone()).collect(), shapes }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The object with every text and number left out.
fn outline(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), outline(value))).collect(),
        Value::Array(items) => items.iter().map(outline).collect(),
        _ => Value::Null,
    }
}

fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, format!("{at}/{index}"), found));
        }
        Value::Object(_) | Value::Array(_) => {}
        _ => found.push(at),
    }
}
