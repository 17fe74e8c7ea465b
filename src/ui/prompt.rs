//! Prompts on stderr, through dialoguer. Ctrl-C and Esc end the program with the cursor shown again.
//!
//! Nothing here decides whether a prompt may be shown: callers look at [`Ui::interactive`] first.

use std::borrow::Cow;
use std::io;

use console::{Key, Style, Term, measure_text_width, style, truncate_str};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, MultiSelect, Select};

use super::interrupt::{self, Quiet};
use super::{Ui, printable};
use crate::error::Failure;

/// How many items of a list are shown at once.
const PAGE: usize = 12;

/// What follows a question about several.
const KEYS: &str = " (space to toggle, enter to go on)";

/// What follows a question to be answered with yes or no.
const YES_OR_NO: &str = " (y/n) yes";

/// How much stands around a question: a mark, another one, and spaces.
const MARKS: usize = 4;

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
        let (theme, prompt) = (self.theme(), &*self.fitted(prompt, ""));
        let preset = choices.iter().position(|choice| choice.chosen).unwrap_or(0);
        let select = Select::with_theme(&theme)
            .with_prompt(prompt)
            .items(self.lines(choices))
            .default(preset)
            .max_length(PAGE)
            .report(false);
        let index = asked(|terminal| select.interact_on_opt(terminal))?;
        self.report(&theme, prompt, &[&choices[index].label]);
        Ok(index)
    }

    /// Asks for any number of several; gives their indexes in order.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn select_many(&self, prompt: &str, choices: &[Choice]) -> Result<Vec<usize>, Failure> {
        let (theme, prompt) = (self.theme(), &*self.fitted(prompt, KEYS));
        let chosen: Vec<bool> = choices.iter().map(|choice| choice.chosen).collect();
        let select = MultiSelect::with_theme(&theme)
            .with_prompt(format!("{prompt}{KEYS}"))
            .items(self.lines(choices))
            .defaults(&chosen)
            .max_length(PAGE)
            .report(false);
        let indexes = asked(|terminal| select.interact_on_opt(terminal))?;
        let labels: Vec<&str> = indexes.iter().map(|index| choices[*index].label.as_str()).collect();
        self.report(&theme, prompt, if labels.is_empty() { &["none"] } else { &labels });
        Ok(indexes)
    }

    /// The line that an answered list leaves: its labels without their remarks.
    fn report(&self, theme: &ColorfulTheme, prompt: &str, labels: &[&str]) {
        let labels = labels.join(", ");
        let labels = theme.values_style.apply_to(printable(&labels));
        self.err_line(&format!("{} {prompt} {} {labels}", theme.success_prefix, theme.success_suffix));
    }

    /// Asks for a text; Enter alone takes the default where there is one. An empty answer is taken
    /// only where `check` accepts it.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn input(&self, prompt: &str, default: Option<&str>, check: &Check<'_>) -> Result<String, Failure> {
        let (theme, prompt) = (self.theme(), self.fitted(prompt, default.unwrap_or_default()));
        let mut input = Input::<String>::with_theme(&theme)
            .with_prompt(prompt)
            .allow_empty(check("").is_ok())
            .validate_with(|text: &String| check(text.trim()));
        if let Some(default) = default.filter(|text| !text.is_empty()) {
            input = input.default(default.to_owned());
        }
        asked(|terminal| input.interact_text_on(terminal).map(Some)).map(|text| text.trim().to_owned())
    }

    /// Asks for a secret without showing it; an empty answer is possible.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn secret(&self, prompt: &str) -> Result<String, Failure> {
        let (style, prompt) = (self.theme(), self.fitted(prompt, "[hidden]"));
        let question = format!("{} {prompt} {} ", style.prompt_prefix, style.prompt_suffix);
        asked(|terminal| {
            terminal.write_str(&question)?;
            let secret = secret_line(terminal)?;
            if let Some(secret) = &secret {
                let shown = if secret.is_empty() { "left out" } else { "[hidden]" };
                terminal.clear_line()?;
                let (mark, dot) = (&style.success_prefix, &style.success_suffix);
                terminal.write_line(&format!("{mark} {prompt} {dot} {shown}"))?;
            }
            Ok(secret)
        })
    }

    /// Asks yes or no.
    ///
    /// # Errors
    /// When interrupted, or when the terminal goes away.
    pub fn confirm(&self, prompt: &str, default: bool) -> Result<bool, Failure> {
        let (theme, prompt) = (self.theme(), self.fitted(prompt, YES_OR_NO));
        let confirm = Confirm::with_theme(&theme).with_prompt(prompt).default(default);
        asked(|terminal| confirm.interact_on_opt(terminal))
    }

    /// A question that fits into one line of the terminal with what follows it. A longer one is told whole, and
    /// its first words are asked: what wraps would be left behind when the line is drawn anew.
    fn fitted<'p>(&self, prompt: &'p str, after: &str) -> Cow<'p, str> {
        let prompt = printable(prompt);
        let columns = usize::from(Term::stderr().size().1);
        let room = columns.saturating_sub(MARKS + measure_text_width(after) + 1);
        if measure_text_width(&prompt) <= room || room < MARKS {
            return prompt;
        }
        self.err_line(&prompt);
        let head = prompt.split_once([',', ':']).map_or(&*prompt, |(head, _)| head);
        truncate_str(head, room, "…").into_owned().into()
    }

    fn lines(&self, choices: &[Choice]) -> Vec<String> {
        let width = choices.iter().map(|choice| measure_text_width(&choice.label)).max().unwrap_or(0);
        let dim = self.err_style(Style::new().dim());
        choices
            .iter()
            .map(|choice| (printable(&choice.label), printable(&choice.note)))
            .map(|(label, note)| match note.is_empty() {
                true => label.into_owned(),
                false => {
                    let label = console::pad_str(&label, width, console::Alignment::Left, None);
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
            // A list of several has no other mark for where the cursor is.
            active_item_style: Style::new().underlined().force_styling(true),
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

/// Reads a line without showing it. The library's own password prompt reads by lines, which Ctrl-C
/// cannot leave while signals are watched.
fn secret_line(terminal: &Term) -> io::Result<Option<String>> {
    let mut secret = String::new();
    loop {
        match terminal.read_key()? {
            Key::Enter => return Ok(Some(secret)),
            Key::Escape => return Ok(None),
            Key::Backspace => drop(secret.pop()),
            Key::Char(c) if !c.is_control() => secret.push(c),
            _ => {}
        }
    }
}

/// Shows a question. Esc and Ctrl-C both mean "stop": the cursor comes back, then the program ends
/// with 130.
fn asked<T>(question: impl FnOnce(&Term) -> dialoguer::Result<Option<T>>) -> Result<T, Failure> {
    let terminal = Term::stderr();
    let result = {
        let _quiet = Quiet::begin();
        if interrupt::caught() { Ok(None) } else { question(&terminal) }
    };
    let failure = match result {
        Ok(Some(value)) => return Ok(value),
        Ok(None) => Failure::interrupted(),
        Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            Failure::interrupted()
        }
        Err(dialoguer::Error::IO(error)) => {
            Failure::new("cannot read an answer from the terminal").cause(error.to_string())
        }
    };
    let _ = terminal.show_cursor();
    // The cursor is still behind the question.
    let _ = terminal.write_line("");
    Err(failure)
}
