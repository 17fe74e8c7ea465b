//! Events made visible: a live display on a terminal, plain lines in a pipe, JSON lines on demand.
//!
//! Live: a running step is a spinner line, an ended one scrolls up as a plain line. Plain: one line
//! per ended step, and one when a running step has something new to say. The text of both is the same.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use console::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Format, Ui};
use crate::event::{Event, Outcome, Silent, Sink};

/// More spinner lines than this would push the plan off a small screen.
const MOST_SPINNERS: usize = 12;

pub(super) fn sink(ui: &Ui) -> Arc<dyn Sink> {
    match (ui.format, ui.quiet, ui.animated) {
        (Format::Json, _, _) => Arc::new(JsonLines),
        (_, true, _) => Arc::new(Quiet(ui.clone())),
        (_, _, true) => Arc::new(Live::new(ui.clone())),
        (_, _, false) => Arc::new(Plain { ui: ui.clone(), texts: Mutex::default() }),
    }
}

/// One JSON object per event on stderr.
struct JsonLines;

impl Sink for JsonLines {
    fn emit(&self, event: Event) {
        if let Ok(line) = serde_json::to_string(&event) {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// Warnings only.
struct Quiet(Ui);

impl Sink for Quiet {
    fn emit(&self, event: Event) {
        match event {
            Event::Warning { text } => self.0.warn(&text),
            other => Silent.emit(other),
        }
    }
}

fn mark(ui: &Ui, outcome: Outcome) -> String {
    let (sign, style) = match outcome {
        Outcome::Done => ("✓", Style::new().green()),
        Outcome::Unchanged => ("=", Style::new().dim()),
        Outcome::Skipped => ("-", Style::new().dim()),
        Outcome::Failed => ("✗", Style::new().red().bold()),
    };
    ui.err_style(style).apply_to(sign).to_string()
}

fn ended(ui: &Ui, name: &str, outcome: Outcome, text: &str) -> String {
    let gap = if text.is_empty() { "" } else { "  " };
    let text = ui.err_style(Style::new().dim()).apply_to(text);
    format!("  {} {name}{gap}{text}", mark(ui, outcome))
}

/// One line per news.
struct Plain {
    ui: Ui,
    texts: Mutex<HashMap<String, String>>,
}

impl Sink for Plain {
    fn emit(&self, event: Event) {
        let Ok(mut texts) = self.texts.lock() else { return };
        match event {
            Event::Started { id, text } => {
                texts.insert(id, text);
            }
            Event::Progress { id, text } => {
                let name = texts.get(&id).map_or(id.as_str(), String::as_str);
                self.ui.err_line(&format!("  … {name}  {text}"));
            }
            Event::Ended { id, outcome, text } => {
                let name = texts.remove(&id).unwrap_or(id);
                self.ui.err_line(&ended(&self.ui, &name, outcome, &text));
            }
            Event::Warning { text } => self.ui.warn(&text),
            Event::Note { text } => self.ui.err_line(&format!("  {text}")),
        }
    }
}

/// Spinners below, finished lines above.
struct Live {
    ui: Ui,
    screen: MultiProgress,
    steps: Mutex<HashMap<String, (String, ProgressBar)>>,
}

impl Live {
    fn new(ui: Ui) -> Self {
        Self { ui, screen: MultiProgress::new(), steps: Mutex::default() }
    }

    fn line(&self, text: &str) {
        if self.screen.println(text).is_err() {
            self.ui.err_line(text);
        }
    }
}

impl Drop for Live {
    /// What was cut short (Ctrl-C) leaves no spinner behind.
    fn drop(&mut self) {
        if let Ok(steps) = self.steps.get_mut() {
            steps.drain().for_each(|(_, (_, bar))| bar.finish_and_clear());
        }
        let _ = self.screen.clear();
    }
}

impl Sink for Live {
    fn emit(&self, event: Event) {
        let Ok(mut steps) = self.steps.lock() else { return };
        match event {
            Event::Started { id, text } => {
                let bar = if steps.len() < MOST_SPINNERS {
                    self.screen.add(ProgressBar::new_spinner())
                } else {
                    ProgressBar::hidden()
                };
                if let Ok(style) = ProgressStyle::with_template("  {spinner:.cyan} {prefix}  {wide_msg:.dim}")
                {
                    bar.set_style(style);
                }
                bar.set_prefix(text.clone());
                bar.enable_steady_tick(Duration::from_millis(100));
                if let Some((_, old)) = steps.insert(id, (text, bar)) {
                    old.finish_and_clear();
                }
            }
            Event::Progress { id, text } => {
                if let Some((_, bar)) = steps.get(&id) {
                    bar.set_message(text);
                }
            }
            Event::Ended { id, outcome, text } => {
                let name = match steps.remove(&id) {
                    Some((name, bar)) => {
                        bar.finish_and_clear();
                        self.screen.remove(&bar);
                        name
                    }
                    None => id,
                };
                self.line(&ended(&self.ui, &name, outcome, &text));
            }
            Event::Warning { text } => {
                let label = self.ui.err_style(Style::new().yellow().bold()).apply_to("warning:");
                self.line(&format!("{label} {text}"));
            }
            Event::Note { text } => self.line(&format!("  {text}")),
        }
    }
}
