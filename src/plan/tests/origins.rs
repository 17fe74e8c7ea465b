//! Who decides a value, and what the plan says about it.

use serde_json::json;

use super::*;

#[test]
fn a_node_repository_becomes_a_plan_with_origins() {
    let outcome = Given::default().resolve().unwrap();
    insta::assert_snapshot!(shown(&outcome));
}

/// A plan as lines: what, its value, who decided it; then the questions.
fn shown(outcome: &Outcome) -> String {
    let plan = &outcome.plan;
    let mut lines = vec![format!("namespace = {:?}", plan.namespace)];
    for unit in &plan.units {
        lines.push(format!("{:?} {} ({})", unit.role, unit.name, unit.preset));
        for (name, value) in &unit.values {
            lines.push(format!("  {name} = {value:?}"));
        }
        for entry in &unit.env {
            let value = match &entry.source {
                EnvSource::Value(value) => value.clone(),
                EnvSource::Secret { name, key, optional } => {
                    format!("secret {name}/{key}{}", if *optional { ", optional" } else { "" })
                }
            };
            lines.push(format!("  ${} = {value} <- {}", entry.name, entry.origin));
        }
        lines.extend(unit.uses.iter().map(|usage| format!("  uses {} ({})", usage.name, usage.kind)));
    }
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
    for question in &outcome.questions {
        let default = question.default.as_ref().map_or_else(|| "none".into(), ToString::to_string);
        let need = if question.required { "required" } else { "optional" };
        lines.push(format!(
            "{:?} {need}: {} [{default}] {}{}",
            question.scope,
            question.text,
            question.flag,
            question.why.as_ref().map(|why| format!(" <- {why}")).unwrap_or_default()
        ));
        let choices = question.choices.iter();
        lines.extend(choices.map(|choice| format!("  {} {}", choice.value, choice.note)));
    }
    lines.join("\n")
}

#[test]
fn the_stronger_layer_decides() {
    let file = "components:\n  shop:\n    values: {port: 3002}\n";
    let user = "values:\n  web: {port: 3001, memory: 1024Mi}\n";
    let port = |plan: &Plan| value(plan, "shop", "port");
    assert_eq!(port(&Given::default().plan()), "3000 <- src/server.js:12");
    let plan = Given { user, ..Given::default() }.plan();
    assert_eq!(port(&plan), "3001 <- config.yaml:2");
    assert_eq!(value(&plan, "shop", "memory"), "1Gi <- config.yaml:2");
    let given = || Given { user, repository: Some(file), ..Given::default() };
    assert_eq!(port(&given().plan()), "3002 <- devbox.yaml:3");
    let answers = vec![("shop.port", Value::from(3003))];
    assert_eq!(port(&Given { answers: answers.clone(), ..given() }.plan()), "3003 <- answer");
    let flags = vec![("port", Value::from("3004"))];
    assert_eq!(port(&Given { answers, flags, ..given() }.plan()), "3004 <- flag");
}

#[test]
fn the_environment_is_set_by_bare_names_and_at_the_top_of_the_file() {
    let file = "values: {memory: 6Gi, pods: 9}\n";
    let flags = vec![("pods", Value::from("12"))];
    let plan = Given { repository: Some(file), flags, ..Given::default() }.plan();
    assert_eq!(value(&plan, "environment", "memory"), "6Gi <- devbox.yaml:1");
    assert_eq!(value(&plan, "environment", "pods"), "12 <- flag");
}

#[test]
fn the_environment_says_which_access_is_in_force_and_who_chose_it() {
    let file = "name: shop\naccess:\n  extends: eks\n  values: {cluster: dev, region: eu-west-1}\n";
    let access = |flags| {
        let plan = Given { file: Some(file.into()), flags, ..Given::default() }.plan();
        let access = plan.environment().unwrap().values["access"].clone();
        (access.value, access.origin.to_string())
    };
    assert_eq!(access(vec![]), (json!("eks"), "devbox.yaml:3".to_owned()));
    assert_eq!(access(vec![("access", json!("user"))]), (json!("user"), "flag".to_owned()));
}

#[test]
fn the_quota_holds_what_everything_asks_for() {
    let file = "components: {}\nservices: {postgres: {values: {memory: 20Gi, memoryLimit: 30Gi, cpu: 7500m, storage: 300Gi}}}\n";
    let plan = Given { file: Some(file.into()), ..Given::default() }.plan();
    let values = &plan.environment().unwrap().values;
    let wanted = [("cpu", "9"), ("memory", "21Gi"), ("memoryLimit", "31Gi"), ("storage", "305Gi")];
    for (name, value) in wanted {
        assert_eq!(crate::preset::plain(&values[name].value), value, "{name}");
    }
    // Parts that ask for little leave room for more.
    let values = &Given::default().plan().environment().unwrap().values.clone();
    assert_eq!(values["memory"].value, "7Gi");
}
