//! What templates can do and what they cannot, hostile values and hostile authors.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::preset::decode;

/// Renders one template and parses what comes out.
fn objects(template: &str, context: &Value) -> Vec<Value> {
    let engine = Engine::with_templates([("t.yaml", template)]).unwrap();
    let documents = engine.render("t.yaml", &Names::of(context)).unwrap();
    documents.iter().map(|document| decode(serde_yaml::from_str(&document.text).unwrap())).collect()
}

fn failure(template: &str, context: &Value) -> String {
    let error = Engine::with_templates([("t.yaml", template)])
        .and_then(|engine| engine.render("t.yaml", &Names::of(context)))
        .unwrap_err();
    match &error.hint {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

#[test]
fn text_is_text_wherever_it_stands() {
    let template = "\
plain: {{ v }}
single: '{{ v }}'
double: \"{{ v }}\"
joined: a{{ v }}b
flow: {k: {{ v }}, l: [{{ v }}]}
block: |
  x
  {{ v }}
{{ v }}: key
upper: {{ v | upper }}
safe: {{ v | safe }}
built: {% set c = '<' ~ v ~ '>' %}{{ c }}
# {{ v }}
";
    for v in [
        "x: y",
        "a\n---\nb: c",
        "\"",
        "'",
        "{{ 7 }}",
        "{% raw %}",
        "# c",
        "\t",
        "true",
        "1",
        "",
        "null",
        "*a",
        "é\u{2028}",
    ] {
        let object = &objects(template, &json!({ "v": v }))[0];
        assert_eq!(object["plain"], v);
        assert_eq!(object["single"], v);
        assert_eq!(object["double"], v);
        assert_eq!(object["joined"], format!("a{v}b"));
        assert_eq!(object["flow"], json!({"k": v, "l": [v]}));
        assert_eq!(object["block"], format!("x\n{v}\n"));
        assert_eq!(object["upper"], v.to_uppercase());
        assert_eq!(object["safe"], v);
        assert_eq!(object["built"], format!("<{v}>"));
        assert_eq!(object.as_object().unwrap().len(), 10);
    }
}

#[test]
fn numbers_and_structures_keep_their_type() {
    let context = json!({"port": 80, "on": true, "list": ["a: b", 1], "map": {"k": "v"}});
    let objects = objects(
        "a: {{ port }}\nb: \"{{ port }}\"\nc: {{ on }}\nd: {{ list | json }}\ne: {{ map | json }}\nf: {{ list }}\n",
        &context,
    );
    assert_eq!(
        objects[0],
        json!({"a": 80, "b": "80", "c": true, "d": ["a: b", 1], "e": {"k": "v"}, "f": "[\"a: b\", 1]"})
    );
}

#[test]
fn json_is_put_together_as_text_whatever_is_in_it() {
    let context = json!({"name": "a\"b\n: c"});
    let template = "{% set whole = '{\"k\":' ~ (name | json_text) ~ \"}\" %}\na: {{ whole }}\n";
    assert_eq!(objects(template, &context)[0], json!({"a": "{\"k\":\"a\\\"b\\n: c\"}"}));
}

#[test]
fn an_expression_keeps_its_type_and_text_stays_text() {
    let engine = Engine::new();
    let context = json!({"port": 80, "name": "5", "list": [1]});
    for (text, value) in [
        ("{{ port }}", json!(80)),
        ("{{ name }}", json!("5")),
        ("{{ port }}m", json!("80m")),
        ("{{ missing | default(value=3) }}", json!(3)),
        ("{{ list | json }}", json!([1])),
        ("no template", json!("no template")),
        ("{% if port == 80 %}yes{% endif %}", json!("yes")),
    ] {
        assert_eq!(engine.evaluate("p", text, &Names::of(&context)).unwrap(), value, "{text}");
    }
}

#[test]
fn documents_know_their_line() {
    let engine = Engine::with_templates([(
        "t.yaml",
        "{% if true %}\n# comment\na: 1\n---\n{% for x in [1, 2] %}\napiVersion: {{ x }}\n---\n{% endfor %}\nc: 3\n{% endif %}\n",
    )])
    .unwrap();
    let lines: Vec<(usize, String)> = engine
        .render("t.yaml", &Names::default())
        .unwrap()
        .into_iter()
        .map(|document| (document.line, document.text.trim().lines().last().unwrap_or_default().to_owned()))
        .collect();
    let expected = [(3, "a: 1"), (6, "apiVersion: 1"), (6, "apiVersion: 2"), (9, "c: 3")];
    assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_missing_name_is_shown_with_line_column_and_the_one_that_was_meant() {
    let context = json!({"values": {"port": 1, "image": "i"}});
    assert_eq!(
        failure("a: 1\nb: {{ values.prot }}\n", &context),
        "t.yaml:2:14: field `prot` is not defined\n2 | b: {{ values.prot }}\n  |              ^\nhint: did you mean `port`?"
    );
    assert_eq!(
        failure("a: {{ valeus.port }}\n", &context),
        "t.yaml:1:7: variable `valeus` is not defined\n1 | a: {{ valeus.port }}\n  |       ^\nhint: did you mean `values`?"
    );
}

#[test]
fn broken_syntax_and_unknown_filters_are_shown_in_their_line() {
    insta::assert_snapshot!(failure("a: 1\nb: {{ x | uper }}\n", &json!({"x": "1"})));
    insta::assert_snapshot!(failure("a: 1\nb: {{ x \n", &json!({"x": "1"})));
}

#[test]
fn nothing_outside_can_be_reached() {
    for template in [
        "{% include \"/etc/passwd\" %}",
        "{% include \"../secret.yaml\" %}",
        "{{ get_env(name=\"HOME\") }}",
        "{{ now() }}",
        "{{ get_random(start=0, end=9) }}",
        "{% set_global x = 1 %}",
    ] {
        assert!(Engine::with_templates([("t.yaml", template)]).is_err(), "{template}");
    }
}

#[test]
fn what_would_not_end_is_refused() {
    let nested = "{% for a in range(end=9) %}".repeat(5) + "x" + &"{% endfor %}".repeat(5);
    assert!(failure(&nested, &json!({})).starts_with("t.yaml:1:109: loops nested deeper than 4"));
    let long = "{% for a in range(end=1001) %}x{% endfor %}";
    assert!(failure(long, &json!({})).contains("`range` gives at most 1000 numbers"));
    let large = format!("{{% for a in range(end=900) %}}{}{{% endfor %}}", "x".repeat(9_000));
    assert_eq!(failure(&large, &json!({})), "t.yaml: renders to more than 4 MiB");
    let itself = Engine::with_templates([("a.yaml", "{% include \"a.yaml\" %}")]);
    assert!(itself.is_err());
}

#[test]
fn loops_without_output_end() {
    let silent = "{% set r = range(end=999) %}{% for a in r %}{% for b in r %}{% for c in r %}{% if c < 0 %}x{% endif %}{% endfor %}{% endfor %}{% endfor %}";
    assert!(failure(silent, &json!({})).contains("takes too long"), "{}", failure(silent, &json!({})));
    // Each file includes the next one many times, and none of them writes anything.
    let engine = Engine::with_templates(chain(5, 99).iter().map(|(n, t)| (n.as_str(), t.as_str()))).unwrap();
    let error = engine.render("t.yaml", &Names::default()).unwrap_err();
    assert!(error.message.contains("takes too long"), "{error}");
}

/// `t.yaml`, which includes `_0.yaml`, which includes `_1.yaml` so many times ...
fn chain(length: usize, times: usize) -> Vec<(String, String)> {
    let include = |n: usize| format!("{{% include \"_{n}.yaml\" %}}");
    let mut files: Vec<_> =
        (0..length).map(|n| (format!("_{n}.yaml"), include(n + 1).repeat(times))).collect();
    files.push((format!("_{length}.yaml"), String::new()));
    files.push(("t.yaml".into(), include(0)));
    files
}

#[test]
fn includes_nested_too_deep_are_refused() {
    let of = |length: usize| {
        Engine::with_templates(chain(length, 1).iter().map(|(n, t)| (n.as_str(), t.as_str()))).map(drop)
    };
    assert_eq!(of(5), Ok(()));
    assert_eq!(of(6).unwrap_err().to_string(), "t.yaml: includes itself, or files nested deeper than 6");
    assert!(of(4_000).is_err());
}

#[test]
fn values_do_not_grow_without_bound() {
    for step in [
        "{% set a = a ~ a %}",
        "{% set a = [a, a] %}",
        "{% set a = [...[a], ...[a, a]] %}",
        "{% set a = {\"x\": a, \"y\": a} %}",
        "{% set a = a | str | replace(from=\"x\", to=\"xxxx\") %}",
        "{% set a = a | str | indent(width=1000, first=true) ~ a %}",
        "{% set a = [a, a] | join(sep=a) | str %}",
    ] {
        let template = format!("{{% set a = \"x\" %}}{}{{{{ a }}}}", step.repeat(60));
        let message = failure(&template, &json!({}));
        assert!(message.contains("a value grows to more than 256 KiB"), "{step}: {message}");
    }
    let inside = "a: {% for i in range(end=2) %}{% set a = \"x\" %}{{ a }}{{ b }}{% endfor %}\n";
    assert!(
        failure(inside, &json!({})).starts_with(
            "t.yaml:1:58: variable `b` is not defined\n1 | a: {% for i in range(end=2) %}{% set"
        )
    );
}

#[test]
fn what_captures_output_or_hides_a_loop_is_not_available() {
    for (template, message) in [
        ("a\n{% set x %}y{% endset %}", "t.yaml:2:1: `set` without `=` is not available"),
        ("{% filter upper %}y{% endfilter %}", "t.yaml:1:1: `filter` is not available"),
        ("x {% block a %}{% endblock %}", "t.yaml:1:3: `block` is not available"),
        ("{% extends \"a\" %}", "t.yaml:1:1: `extends` is not available"),
        ("{{ [x for x in [1]] }}", "t.yaml:1:1: lists made by `for` inside an expression are not available"),
        ("{%- component a() -%}{% endcomponent %}", "t.yaml:1:1: `component` is not available"),
        ("{% set_global a = 1 %}", "t.yaml:1:1: `set_global` is not available"),
    ] {
        let found = failure(template, &json!({}));
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn what_is_left_open_is_named_where_it_begins() {
    assert_eq!(
        failure("a: 1\n{% for x in [1] %}\nb: 2\n", &json!({})),
        "t.yaml:2:1: `for` has no end\n2 | {% for x in [1] %}\n  | ^\nhint: end it with `{% endfor %}`"
    );
    let compared = failure("{% if a = 1 %}x{% endif %}", &json!({}));
    assert!(compared.ends_with("hint: compare with `==`"), "{compared}");
}

#[test]
fn whitespace_control_stays_what_it_is() {
    let template = "a: {% set x = 1 -%}   {{ x }}{% for i in [1, 2] -%}  +{{ i }}{%- endfor %}\n";
    assert_eq!(objects(template, &json!({}))[0], json!({"a": "1+1+2"}));
}

proptest! {
    /// Whatever the value, the document has the keys that the author wrote, once each, and the value is
    /// in its place.
    #[test]
    fn no_value_changes_the_structure(v in any::<String>(), w in "[-:#{}%\\[\\]|>&*!,'\"\\\\ \n\ta-c]{0,40}") {
        for value in [v, w] {
            let template = "kind: K\nspec:\n  a: {{ v }}\n  b: ['{{ v }}', \"x{{ v }}\"]\n---\nkind: L\n";
            let objects = objects(template, &json!({ "v": value }));
            prop_assert_eq!(
                objects,
                vec![
                    json!({"kind": "K", "spec": {"a": value, "b": [value.clone(), format!("x{value}")]}}),
                    json!({"kind": "L"}),
                ]
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever an author writes, it is refused or rendered; nothing panics, hangs or grows.
    #[test]
    fn any_template_comes_to_an_end(
        parts in prop::collection::vec(
            prop_oneof![
                Just("{% for a in range(end=900) %}"), Just("{% for a in v %}"), Just("{% endfor %}"),
                Just("{% set v = [v, v] %}"), Just("{% set t = t ~ t %}"), Just("{{ t }}"), Just("{{ v | json }}"),
                Just("{% if t %}"), Just("{% else %}"), Just("{% endif %}"), Just("{%- "), Just(" -%}"),
                Just("{{ '"), Just("' }}"), Just("{# "), Just(" #}"), Just("{% raw %}"), Just("{% endraw %}"),
                Just("{% set x %}"), Just("{% include \"_p.yaml\" %}"), Just("\n---\n"), Just("apiVersion: v1\n"),
                Just("{{ [a for a in v] }}"), Just("k: v\n"), Just("{{ __spend(n=0) }}"), Just("é\u{2028}\\"),
            ],
            0..14,
        ),
    ) {
        let template = parts.concat();
        let files = [("t.yaml", template.as_str()), ("_p.yaml", "{% for a in v %}{{ a }}{% endfor %}")];
        if let Ok(engine) = Engine::with_templates(files) {
            let context = json!({"v": ["x", "y: z"], "t": "text"});
            if let Ok(documents) = engine.render("t.yaml", &Names::of(&context)) {
                for document in documents {
                    let _ = serde_yaml::from_str::<Value>(&document.text);
                }
            }
        }
    }

    /// What we take for tags is what Tera takes for tags: a text without ours renders as it is.
    #[test]
    fn what_we_see_no_tag_in_renders_as_it_is(text in "[ a{}%#'\"`\\\\-]{0,24}") {
        prop_assume!(tag::tags(&text).is_empty());
        let out = Engine::new().tera.render_str(&text, &tera::Context::new(), false);
        if let Ok(out) = out {
            // Comments and raw blocks are gone; nothing else is.
            prop_assert!(text.contains("{#") || out == text, "{text:?} -> {out:?}");
        }
    }
}

#[test]
fn maps_keep_their_order() {
    let map: serde_json::Map<String, Value> =
        (0..40).map(|n| (format!("k{}", (n * 17) % 40), json!(n))).collect();
    let expected: Vec<String> = map.keys().cloned().collect();
    let context = json!({ "map": map });
    let template = "a: {{ map | json }}\nb: {% for k, v in map %}{{ k }},{% endfor %}\n";
    let object = &objects(template, &context)[0];
    assert_eq!(object["a"].as_object().unwrap().keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(object["b"], expected.join(",") + ",");
}
