//! Where in a template a field is written: the line of the deepest key of its path that can be told, in the
//! template or in a file that it includes. Told from indentation, since a template is no YAML yet. Where a
//! condition or a loop leaves open which of several lines it is, the one above them is named.

use super::problem::Problem;

/// Files include each other this deep.
const DEEPEST: usize = 6;

/// Moves problems from the line where their object starts to the line of their field. `text` gives a
/// template's text by its name (`templates/web/deployment.yaml`).
pub(super) fn place<'a>(problems: &mut [Problem], text: &dyn Fn(&str) -> Option<&'a str>) {
    for problem in problems {
        let Some(content) = text(&problem.template) else { continue };
        let lines = lines(content, problem.line.max(1));
        let path = steps(&problem.path);
        let place = find(&problem.template, &lines, &path, text, DEEPEST);
        if let Some(place) = place {
            (problem.template, problem.line) = place;
        }
    }
}

/// A part of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step<'p> {
    Key(&'p str),
    Item(usize),
}

/// `spec.ports[1].name` by its parts.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (key, rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        steps.push(Step::Key(key));
        let items = rest.split(['[', ']']).filter_map(|index| index.parse().ok());
        steps.extend(items.map(Step::Item));
    }
    steps
}

/// A line of a document that says something.
#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    number: usize,
    indent: usize,
    text: &'t str,
}

impl Line<'_> {
    /// Nothing but statements stands in it.
    fn is_statement(self) -> bool {
        let mut rest = self.text;
        while let Some(inside) = rest.strip_prefix("{%") {
            rest = inside.split_once("%}").map_or("", |(_, after)| after).trim_start();
        }
        rest.is_empty()
    }

    /// The file that the whole line includes.
    fn includes(self) -> Option<String> {
        let file = self.text.strip_prefix("{% include \"")?.split('"').next()?;
        Some(format!("templates/{file}"))
    }

    fn has_key(self, key: &str) -> bool {
        let bare = self.text.trim_start_matches(['"', '\'']);
        bare.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    }
}

/// The lines of the document that starts at a line, without empty ones and comments.
fn lines(content: &str, start: usize) -> Vec<Line<'_>> {
    let numbered = content.lines().enumerate().map(|(index, line)| (index + 1, line)).skip(start - 1);
    let document = numbered.take_while(|(number, line)| *number == start || line.trim_end() != "---");
    document
        .map(|(number, line)| {
            let text = line.trim_start();
            Line { number, indent: line.len() - text.len(), text: text.trim_end() }
        })
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#') && line.text != "---")
        .collect()
}

/// The place of a path below these lines, which are one map or one list.
fn find<'a>(
    template: &str,
    lines: &[Line<'_>],
    path: &[Step<'_>],
    text: &dyn Fn(&str) -> Option<&'a str>,
    depth: usize,
) -> Option<(String, usize)> {
    let written = || lines.iter().filter(|line| !line.is_statement());
    let indent = written().map(|line| line.indent).min().unwrap_or_default();
    match path.first()? {
        Step::Item(index) => {
            let starts: Vec<usize> = (0..lines.len())
                .filter(|at| lines[*at].indent == indent && lines[*at].text.starts_with('-'))
                .collect();
            // A condition or a loop around items.
            let opens = |line: &Line<'_>| line.is_statement() && !line.text.starts_with("{% end");
            let open = starts.iter().any(|at| *at > 0 && opens(&lines[at - 1]));
            let which = match (starts.len(), open) {
                (1, _) => 0,
                (_, false) => *index,
                (_, true) => return None,
            };
            let start = *starts.get(which)?;
            let end = starts.get(which + 1).copied().unwrap_or(lines.len());
            let item = item(&lines[start..end]);
            let inner = find(template, &item, &path[1..], text, depth);
            inner.or_else(|| Some((template.to_owned(), lines[start].number)))
        }
        Step::Key(_) => {
            // A key may have dots in it: `limits.memory` of a quota.
            let keys = path.iter().map_while(|step| match step {
                Step::Key(key) => Some(*key),
                Step::Item(_) => None,
            });
            let keys: Vec<&str> = keys.collect();
            for length in (1..=keys.len()).rev() {
                let key = keys[..length].join(".");
                let mut found =
                    (0..lines.len()).filter(|at| lines[*at].indent == indent && lines[*at].has_key(&key));
                let (Some(at), None) = (found.next(), found.next()) else { continue };
                let inner = find(template, block(lines, at), &path[length..], text, depth);
                return inner.or_else(|| Some((template.to_owned(), lines[at].number)));
            }
            if written().any(|line| line.indent == indent && line.text.starts_with('-')) {
                // The path does not say which item; only one may have the key.
                let starts = (0..lines.len())
                    .filter(|at| lines[*at].indent == indent && lines[*at].text.starts_with('-'));
                let starts: Vec<usize> = starts.collect();
                let items = starts.iter().enumerate().filter_map(|(which, start)| {
                    let end = starts.get(which + 1).copied().unwrap_or(lines.len());
                    find(template, &item(&lines[*start..end]), path, text, depth)
                });
                let items: Vec<(String, usize)> = items.collect();
                return match items.as_slice() {
                    [one] => Some(one.clone()),
                    _ => None,
                };
            }
            let depth = depth.checked_sub(1)?;
            lines.iter().filter_map(|line| line.includes()).find_map(|file| {
                let content = text(&file)?;
                find(&file, &self::lines(content, 1), path, text, depth)
            })
        }
    }
}

/// The lines below a key: deeper ones, and a list that stands as deep as the key.
fn block<'l, 't>(lines: &'l [Line<'t>], at: usize) -> &'l [Line<'t>] {
    let key = lines[at];
    let inside = |line: &&Line<'_>| {
        line.indent > key.indent
            || line.is_statement()
            || line.indent == key.indent && line.text.starts_with("- ") && !key.text.starts_with('-')
    };
    let length = lines[at + 1..].iter().take_while(inside).count();
    &lines[at + 1..at + 1 + length]
}

/// The lines of an item as those of a map: what stands behind the dash is its first key.
fn item<'t>(lines: &[Line<'t>]) -> Vec<Line<'t>> {
    let mut lines = lines.to_vec();
    if let Some(first) = lines.first_mut() {
        let text = first.text.trim_start_matches('-').trim_start();
        first.indent += first.text.len() - text.len();
        first.text = text;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: &str = "\
kind: ResourceQuota
spec:
  hard:
    requests.cpu: {{ values.cpu }}
{% if values.cpuLimit %}
    limits.cpu: {{ values.cpuLimit }}
{% endif %}
    \"limits.memory\": 1Gi
---
kind: Deployment
metadata:
  name: a
spec:
  replicas: 1
  template:
    metadata:
      labels: {a: b}
    spec:
{% include \"_pod.yaml\" %}
";

    const POD: &str = "# a pod
      initContainers:
        - name: source
          image: a
      containers:
        - name: app
          # the first of two
          image: b
          env:
            - name: A
              value: 1
            - name: B
              value: 2
{% for entry in env %}
            - name: {{ entry.name }}
{% endfor %}
          resources:
            limits: {cpu: 1}
        - image: c
          name: side
          ports:
          - name: http
          - name: more
            containerPort: 1
";

    fn placed(line: usize, path: &str) -> String {
        let mut problems = [Problem {
            template: "templates/a.yaml".into(),
            line,
            object: String::new(),
            path: path.into(),
            message: String::new(),
            hint: None,
        }];
        place(&mut problems, &|file| match file {
            "templates/a.yaml" => Some(QUOTA),
            "templates/_pod.yaml" => Some(POD),
            _ => None,
        });
        format!("{}:{}", problems[0].template.trim_start_matches("templates/"), problems[0].line)
    }

    #[test]
    fn a_key_is_found_where_it_is_written() {
        for (path, line) in [
            ("spec.hard.requests.cpu", "a.yaml:4"),
            ("spec.hard.limits.cpu", "a.yaml:6"),
            ("spec.hard.limits.memory", "a.yaml:8"),
            ("spec.hard.pods", "a.yaml:3"),
            ("", "a.yaml:1"),
        ] {
            assert_eq!(placed(1, path), line, "{path}");
        }
    }

    #[test]
    fn an_item_of_a_list_is_not_taken_for_another() {
        let pod = "spec.template.spec";
        for (path, line) in [
            ("metadata.name", "a.yaml:12"),
            // Further down there is a `labels:`, of the pods.
            ("metadata.labels", "a.yaml:11"),
            ("spec.template.metadata.labels.a", "a.yaml:17"),
            (&format!("{pod}.containers[0].image"), "_pod.yaml:8"),
            (&format!("{pod}.initContainers[0].image"), "_pod.yaml:4"),
            (&format!("{pod}.containers[1].image"), "_pod.yaml:19"),
            (&format!("{pod}.containers[1].ports[1].containerPort"), "_pod.yaml:24"),
            (&format!("{pod}.containers[1].env"), "_pod.yaml:19"),
            (&format!("{pod}.containers[0].resources.limits.cpu"), "_pod.yaml:18"),
            // Which line it is depends on the loop.
            (&format!("{pod}.containers[0].env[1].value"), "_pod.yaml:9"),
            // Only one has it.
            (&format!("{pod}.containers.env"), "_pod.yaml:9"),
            (&format!("{pod}.containers.image"), "_pod.yaml:5"),
        ] {
            assert_eq!(placed(10, path), line, "{path}");
        }
    }
}
