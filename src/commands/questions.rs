//! The wizard's loop: resolve the plan, ask what is open, resolve again, until nothing new is open.
//!
//! An answer can open another question (a service that is chosen brings parameters of its own), so
//! the plan is resolved after each round; it is pure and takes no time.

use std::collections::HashSet;

use serde_json::Value;

use super::workspace::Values;
use crate::config::ParamType;
use crate::error::Failure;
use crate::plan::{Outcome, PlanError, Question, Scope};
use crate::ui::{Choice, Ui};

/// Asks everything that is open and gives the last outcome; answers are added to `answers`. Where the
/// environment is `known`, what is its own (secrets, say) is in the cluster and is not asked again.
///
/// # Errors
/// Where the inputs contradict each other, or the person stops.
pub(super) fn settle(
    ui: &Ui,
    answers: &mut Values,
    known: bool,
    resolve: &dyn Fn(&Values) -> Result<Outcome, PlanError>,
) -> Result<Outcome, Failure> {
    let mut asked = HashSet::new();
    loop {
        let outcome = resolve(answers)?;
        let open = |question: &&Question| {
            let kept = known && question.scope == Scope::Environment && !question.required;
            !kept && !asked.contains(&question.key)
        };
        let Some(question) = outcome.questions.iter().find(open) else {
            return Ok(outcome);
        };
        asked.insert(question.key.clone());
        if let Some(answer) = ask(ui, question)? {
            answers.insert(question.key.clone(), answer);
        }
    }
}

fn ask(ui: &Ui, question: &Question) -> Result<Option<Value>, Failure> {
    let text = match &question.why {
        Some(why) => format!("{} ({why})", question.text),
        None => question.text.clone(),
    };
    if !question.choices.is_empty() {
        return choose(ui, question, &text).map(Some);
    }
    match question.param.kind() {
        ParamType::Bool => {
            let default = question.default.as_ref().and_then(Value::as_bool).unwrap_or(true);
            ui.confirm(&text, default).map(|answer| Some(Value::Bool(answer)))
        }
        ParamType::Secret => loop {
            let prompt =
                if question.required { text.clone() } else { format!("{text} (enter to leave it out)") };
            let answer = ui.secret(&prompt)?;
            match question.check(&Value::String(answer.clone())) {
                _ if answer.is_empty() && !question.required => return Ok(None),
                Ok(value) => return Ok(Some(value)),
                Err(problem) => ui.warn(&problem),
            }
        },
        _ => {
            let default = question.default.as_ref().map(shown);
            let check = |typed: &str| match typed.is_empty() {
                true if !question.required => Ok(()),
                _ => question.check(&Value::String(typed.to_owned())).map(drop),
            };
            let typed = ui.input(&text, default.as_deref(), &check)?;
            if typed.is_empty() {
                return Ok(None);
            }
            question.check(&Value::String(typed)).map(Some).map_err(Failure::usage)
        }
    }
}

fn choose(ui: &Ui, question: &Question, text: &str) -> Result<Value, Failure> {
    let chosen = |value: &str| match &question.default {
        Some(Value::Array(values)) => values.iter().any(|one| one == value),
        Some(one) => one == value,
        None => false,
    };
    let choices: Vec<Choice> = question
        .choices
        .iter()
        .map(|choice| Choice {
            label: choice.value.clone(),
            note: choice.note.clone(),
            chosen: chosen(&choice.value),
        })
        .collect();
    let value = |index: usize| Value::String(choices[index].label.clone());
    if question.is_multiple() {
        let picked = ui.select_many(text, &choices)?;
        return Ok(Value::Array(picked.into_iter().map(value).collect()));
    }
    ui.select(text, &choices).map(value)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
