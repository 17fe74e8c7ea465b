//! Prompts on stderr, through dialoguer. Ctrl-C and Esc end the program with the cursor shown again.
//!
//! Nothing here decides whether a prompt may be shown: callers look at [`Ui::interactive`] first.

use std::io;

use console::{Style, Term, style};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, MultiSelect, Password, Select};

use super::Ui;
use crate::error::Failure;

/// How many items of a list are shown at once.
const PAGE: usize = 12;

/// A check of typed text: `Err` says what is wrong in a lowercase fragment.
pub type Check<'a> = dyn Fn(&str) -> Result<(), String> + 'a;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The text that names it.
    pub label: String,
    /// A remark beside it; may be empty.
    pub note: String,
    /// Chosen unless the person says otherwise.
    pub chosen: bool,
}

impl Ui {
    /// Asks for one of several; gives its index.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn select(&self, prompt: &str, choices: &[Choice]) -> Result<usize, Failure> {
        let theme = self.theme();
        let preset = choices.iter().position(|choice| choice.chosen).unwrap_or(0);
        let select = Select::with_theme(&theme)
            .with_prompt(prompt)
            .items(self.lines(choices))
            .default(preset)
            .max_length(PAGE);
        answered(select.interact_on_opt(&Term::stderr()))
    }

    /// Asks for any number of several; gives their indexes in order.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn select_many(&self, prompt: &str, choices: &[Choice]) -> Result<Vec<usize>, Failure> {
        let theme = self.theme();
        let chosen: Vec<bool> = choices.iter().map(|choice| choice.chosen).collect();
        let select = MultiSelect::with_theme(&theme)
            .with_prompt(format!("{prompt} (space to toggle, enter to go on)"))
            .items(self.lines(choices))
            .defaults(&chosen)
            .max_length(PAGE);
        answered(select.interact_on_opt(&Term::stderr()))
    }

    /// Asks for a text; Enter alone takes the default where there is one. An empty answer is taken
    /// only where `check` accepts it.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn input(&self, prompt: &str, default: Option<&str>, check: &Check<'_>) -> Result<String, Failure> {
        let theme = self.theme();
        let mut input = Input::<String>::with_theme(&theme)
            .with_prompt(prompt)
            .allow_empty(check("").is_ok())
            .validate_with(|text: &String| check(text.trim()));
        if let Some(default) = default.filter(|text| !text.is_empty()) {
            input = input.default(default.to_owned());
        }
        answered(input.interact_text_on(&Term::stderr()).map(Some)).map(|text| text.trim().to_owned())
    }

    /// Asks for a secret without showing it; an empty answer is possible.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn secret(&self, prompt: &str) -> Result<String, Failure> {
        let theme = self.theme();
        let input = Password::with_theme(&theme).with_prompt(prompt).allow_empty_password(true);
        answered(input.interact_on(&Term::stderr()).map(Some))
    }

    /// Asks yes or no.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn confirm(&self, prompt: &str, default: bool) -> Result<bool, Failure> {
        let theme = self.theme();
        let confirm = Confirm::with_theme(&theme).with_prompt(prompt).default(default);
        answered(confirm.interact_on_opt(&Term::stderr()))
    }

    fn lines(&self, choices: &[Choice]) -> Vec<String> {
        let width =
            choices.iter().map(|choice| console::measure_text_width(&choice.label)).max().unwrap_or(0);
        let dim = self.err_style(Style::new().dim());
        choices
            .iter()
            .map(|choice| match choice.note.as_str() {
                "" => choice.label.clone(),
                note => {
                    let label = console::pad_str(&choice.label, width, console::Alignment::Left, None);
                    format!("{label}  {}", dim.apply_to(note))
                }
            })
            .collect()
    }

    fn theme(&self) -> ColorfulTheme {
        if self.colours_prompts() {
            return ColorfulTheme::default();
        }
        let plain = Style::new().force_styling(false);
        let mark = |text: &str| style(text.to_owned()).force_styling(false);
        ColorfulTheme {
            defaults_style: plain.clone(),
            prompt_style: plain.clone(),
            prompt_prefix: mark("?"),
            prompt_suffix: mark("›"),
            success_prefix: mark("✔"),
            success_suffix: mark("·"),
            error_prefix: mark("✘"),
            error_style: plain.clone(),
            hint_style: plain.clone(),
            values_style: plain.clone(),
            active_item_style: plain.clone(),
            inactive_item_style: plain.clone(),
            active_item_prefix: mark("❯"),
            inactive_item_prefix: mark(" "),
            checked_item_prefix: mark("[x]"),
            unchecked_item_prefix: mark("[ ]"),
            picked_item_prefix: mark("❯"),
            unpicked_item_prefix: mark(" "),
        }
    }
}

/// Esc and Ctrl-C both mean "stop": the cursor comes back, then the program ends with 130.
fn answered<T>(result: dialoguer::Result<Option<T>>) -> Result<T, Failure> {
    let stop = |failure: Failure| {
        let terminal = Term::stderr();
        let _ = terminal.show_cursor();
        // The cursor is still behind the question.
        let _ = terminal.write_line("");
        Err(failure)
    };
    match result {
        Ok(Some(value)) => Ok(value),
        Ok(None) => stop(Failure::interrupted()),
        Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            stop(Failure::interrupted())
        }
        Err(dialoguer::Error::IO(error)) => {
            stop(Failure::new("cannot read an answer from the terminal").cause(error.to_string()))
        }
    }
}
