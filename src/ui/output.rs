//! Where output goes and how it looks.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use console::Style;
use serde::Serialize;

use super::Page;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::event::{Event, Sink};

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One versioned JSON document on stdout; events as JSON lines on stderr.
    Json,
}

/// The terminal, as far as anybody else may see it.
#[derive(Debug, Clone)]
pub struct Ui {
    /// How data is printed.
    pub format: Format,
    /// No status and no progress; warnings and failures stay.
    pub quiet: bool,
    /// Prompts may be shown: stdin and stderr are terminals and nothing asked for silence.
    pub interactive: bool,
    /// stderr may move the cursor.
    pub animated: bool,
    /// Not even warnings.
    muted: bool,
    pub(super) colour_out: bool,
    colour_err: bool,
}

impl Ui {
    /// Decides once from the process's streams, the environment and the global flags.
    pub fn new(env: &Env, format: Format, quiet: bool) -> Self {
        let tty_out = io::stdout().is_terminal();
        let tty_err = io::stderr().is_terminal();
        let colour = |tty: bool| env.force_color || (tty && !env.no_color && !env.dumb_terminal);
        let human = format == Format::Human;
        Self {
            format,
            quiet,
            interactive: human && tty_err && io::stdin().is_terminal() && !env.ci,
            muted: false,
            animated: human && tty_err && !env.dumb_terminal && !env.ci && !quiet,
            colour_out: colour(tty_out),
            colour_err: colour(tty_err),
        }
    }

    /// A terminal without colour, prompts or animation, for when the surroundings are not known.
    pub fn plain(format: Format) -> Self {
        Self {
            format,
            quiet: false,
            interactive: false,
            animated: false,
            muted: false,
            colour_out: false,
            colour_err: false,
        }
    }

    /// A terminal for what is done on the side: nothing but failures would be shown.
    pub fn silent() -> Self {
        Self { quiet: true, muted: true, ..Self::plain(Format::Human) }
    }

    /// Prints data to stdout, ending with a newline. A closed pipe ends the output quietly.
    pub fn data(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    /// Prints one JSON document to stdout.
    pub fn json(&self, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.data(&text),
            Err(error) => self.warn(&format!("cannot print JSON: {error}")),
        }
    }

    /// Prints a status line to stderr unless quiet or in JSON format.
    pub fn status(&self, text: &str) {
        if !self.quiet && self.format == Format::Human {
            self.err_line(text);
        }
    }

    /// Prints a warning to stderr; a JSON line in JSON format.
    pub fn warn(&self, text: &str) {
        if self.muted {
            return;
        }
        if self.format == Format::Json {
            return self.sink().emit(Event::warning(text));
        }
        let label = self.err_style(Style::new().yellow().bold()).apply_to("warning:");
        self.err_line(&format!("{label} {}", super::printable(text)));
    }

    /// Prints a failure to stderr: what, caused by, hint.
    pub fn failure(&self, failure: &Failure) {
        if failure.exit == Exit::Interrupted && self.animated {
            // The terminal wrote `^C` there.
            let _ = console::Term::stderr().clear_line();
        }
        match self.format {
            Format::Human => self.err_line(&super::failure::human(failure, self)),
            Format::Json => self.err_line(&super::failure::json(failure)),
        }
    }

    /// Prints a page to stdout as data.
    pub fn page(&self, page: &Page) {
        self.data(&page.render(self.colour_out, 0));
    }

    /// Prints a page to stdout in the place of the one before, cut to what the terminal has room for;
    /// whole and below it where that is no terminal. `again` says that there was one before.
    pub fn watched_page(&self, page: &Page, again: bool) {
        let terminal = console::Term::stdout();
        if !(terminal.is_term() && self.animated) {
            if again {
                self.data("");
            }
            return self.page(page);
        }
        let (rows, columns) = terminal.size();
        let text = page.fitted(usize::from(rows).saturating_sub(1)).render(self.colour_out, columns.into());
        let _ = terminal.clear_screen();
        self.data(&text);
    }

    /// Prints a page to stderr, as a part of the conversation, unless quiet or in JSON format.
    pub fn show(&self, page: &Page) {
        if self.format == Format::Human && !self.quiet {
            let width = if self.animated { console::Term::stderr().size().1.into() } else { 0 };
            self.err_line(page.render(self.colour_err, width).trim_end());
        }
    }

    /// A style for text that goes to stdout, plain where colour is off.
    pub fn style(&self, style: Style) -> Style {
        style.force_styling(self.colour_out)
    }

    /// A style for text that goes to stderr, plain where colour is off.
    pub fn err_style(&self, style: Style) -> Style {
        style.force_styling(self.colour_err)
    }

    pub(super) fn colours_prompts(&self) -> bool {
        self.colour_err
    }

    /// The sink that shows events: live display, plain lines or JSON lines.
    pub fn sink(&self) -> Arc<dyn Sink> {
        super::progress::sink(self)
    }

    pub(super) fn err_line(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }
}
