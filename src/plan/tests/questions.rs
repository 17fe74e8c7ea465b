//! What stays open, and what a person is asked.

use super::*;

fn open(outcome: &Outcome) -> Vec<&str> {
    outcome.questions.iter().map(|question| question.key.as_str()).collect()
}

#[test]
fn without_a_remote_the_source_is_asked_and_an_image_is_needed() {
    let outcome = Given { no_remote: true, ..Given::default() }.resolve().unwrap();
    assert_eq!(
        open(&outcome),
        ["namespace", "services", "shop.source", "shop.image", "shop.env.PUBLIC_URL", "shop.env.STRIPE_KEY"]
    );
    assert_eq!(
        outcome.ready().unwrap_err().to_string(),
        "1 value(s) are missing:\n--set shop.image=IMAGE  (Image to run (shop))"
    );
    let answers = vec![("shop.source", Value::from("image")), ("shop.image", Value::from("acme/shop:1"))];
    let plan = Given { no_remote: true, answers, ..Given::default() }.plan();
    assert_eq!(value(&plan, "shop", "image"), "acme/shop:1 <- answer");
    assert!(!plan.units.iter().any(|unit| unit.values.contains_key("remote")));
}

#[test]
fn what_detection_did_not_find_is_asked_and_what_it_found_is_not() {
    let mut facts = shop();
    facts.components[0].ports.clear();
    facts.components[0].commands = Commands::default();
    let outcome = Given { facts: Some(facts), ..Given::default() }.resolve().unwrap();
    let asked: Vec<(&str, bool)> = outcome
        .questions
        .iter()
        .filter(|question| question.key.starts_with("shop.") && !question.key.contains("env"))
        .map(|question| (question.text.as_str(), question.required))
        .collect();
    assert_eq!(
        asked,
        [("Command that starts it (shop)", true), ("Port that the app listens on (shop)", false)]
    );
}

#[test]
fn an_ambiguous_port_is_asked_with_its_candidates() {
    let mut facts = shop();
    let candidate = |value: &str, line| Evidence {
        field: "ports".into(),
        value: value.into(),
        file: "src/server.js".into(),
        line: Some(line),
        confidence: 0.5,
    };
    facts.ambiguous.push(crate::detect::Ambiguity {
        component: ".".into(),
        field: "ports".into(),
        candidates: vec![candidate("3000", 12), candidate("4000", 20)],
        reason: "3000 or 4000: both are listened on".into(),
    });
    let outcome = Given { facts: Some(facts), ..Given::default() }.resolve().unwrap();
    let question = outcome.questions.iter().find(|question| question.key == "shop.port").unwrap();
    let choices: Vec<(&str, &str)> =
        question.choices.iter().map(|choice| (choice.value.as_str(), choice.note.as_str())).collect();
    assert_eq!(choices, [("3000", "src/server.js:12"), ("4000", "src/server.js:20")]);
}
