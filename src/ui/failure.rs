//! How a failure looks: what, caused by, hint. Legible without colour.

use console::Style;
use serde_json::json;

use super::Ui;
use crate::error::Failure;

pub(super) fn human(failure: &Failure, ui: &Ui) -> String {
    let label = ui.err_style(Style::new().red().bold()).apply_to("error:");
    let mut text = format!("{label} {}", indented(&failure.what));
    for cause in &failure.causes {
        let label = ui.err_style(Style::new().bold()).apply_to("caused by:");
        text.push_str(&format!("\n  {label} {}", indented(cause)));
    }
    for hint in &failure.hints {
        let label = ui.err_style(Style::new().cyan().bold()).apply_to("hint:");
        text.push_str(&format!("\n  {label} {}", indented(hint)));
    }
    text
}

fn indented(text: &str) -> String {
    super::printable(text.trim_end()).replace('\n', "\n    ")
}

pub(super) fn json(failure: &Failure) -> String {
    json!({
        "event": "failure",
        "what": failure.what,
        "causes": failure.causes,
        "hints": failure.hints,
        "exit": failure.exit as u8,
    })
    .to_string()
}
