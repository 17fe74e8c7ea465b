//! Where in a template a field is written: the line of the deepest key of its path that is found, in the
//! template or in a file that it includes.

use super::problem::Problem;

/// Moves problems from the line where their object starts to the line of their field. `text` gives a
/// template's text by its name (`templates/web/deployment.yaml`).
pub(super) fn place<'a>(problems: &mut [Problem], text: &dyn Fn(&str) -> Option<&'a str>) {
    for problem in problems {
        let keys: Vec<&str> =
            problem.path.split('.').map(|key| key.split('[').next().unwrap_or(key)).collect();
        let start = Place { template: problem.template.clone(), line: problem.line };
        let place = find(start, &keys, text, 3);
        problem.template = place.template;
        problem.line = place.line;
    }
}

struct Place {
    template: String,
    line: usize,
}

fn find<'a>(mut place: Place, keys: &[&str], text: &dyn Fn(&str) -> Option<&'a str>, depth: usize) -> Place {
    let Some(content) = text(&place.template) else { return place };
    let lines: Vec<&str> = content.lines().collect();
    let mut from = place.line.saturating_sub(1);
    for (index, key) in keys.iter().enumerate() {
        let document = lines
            .iter()
            .enumerate()
            .skip(from)
            .take_while(|(at, line)| *at == from || line.trim_end() != "---");
        let mut included = Vec::new();
        let mut found = None;
        for (at, line) in document {
            let written = line.trim_start().trim_start_matches("- ");
            if written.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')) {
                found = Some(at);
                break;
            }
            let file = line.trim().strip_prefix("{% include \"").and_then(|rest| rest.split('"').next());
            included.extend(file);
        }
        match found {
            Some(at) => {
                from = at;
                place.line = at + 1;
            }
            None if depth > 0 => {
                for file in included {
                    let start = Place { template: format!("templates/{file}"), line: 0 };
                    let inner = find(start, &keys[index..], text, depth - 1);
                    if inner.line > 0 {
                        return inner;
                    }
                }
                return place;
            }
            None => return place,
        }
    }
    place
}
