//! The template engine, set up in this one place: Tera without files, environment, network, clock or
//! chance, bounded in size and time (see `bounds`), every interpolated text quoted for YAML by construction
//! (see `marker`).

mod bounds;
mod document;
mod failure;
mod names;
mod tag;

use std::fmt;
use std::io::{self, Write};

use serde_json::Value;
use tera::{Kwargs, State, Tera};

pub use document::Rendered;
pub use failure::TemplateError;
pub use names::Names;

use super::marker;
pub(super) use bounds::MOST_TEMPLATE_BYTES;
use document::{is_partial, number_documents, split};
use failure::explain;

/// What one template renders to may be this large (markers take two bytes for one).
const MOST_OUTPUT_BYTES: usize = 4 << 20;

/// Tera with one set of templates.
pub struct Engine {
    tera: Tera,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine without templates, for expressions.
    pub fn new() -> Self {
        let mut tera = Tera::default();
        tera.autoescape_on([""]);
        tera.set_escape_fn(|text, out| out.write_all(marker::text(text).as_bytes()));
        // Tera's own lets text pass the escape function.
        tera.register_filter("safe", |value: tera::Value, _: Kwargs, _: &State| value);
        tera.register_filter("json", json);
        tera.register_filter("json_text", json_text);
        tera.register_filter("base64", base64);
        tera.register_filter("sha256", sha256);
        tera.register_filter("literal", |text: &str, _: Kwargs, _: &State| text.replace("$(", "$$("));
        bounds::register(&mut tera);
        Self { tera }
    }

    /// An engine that knows these templates, by name, and no others.
    ///
    /// # Errors
    /// A syntax error, a name that no template, filter or function has, or a file that is too large.
    pub fn with_templates<'a>(
        templates: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TemplateError> {
        let mut engine = Self::new();
        let mut prepared = Vec::new();
        let templates: Vec<(&str, &str)> = templates.into_iter().collect();
        bounds::check_includes(templates.iter().copied())?;
        for (name, text) in templates {
            bounds::check(name, text)?;
            let numbered = if is_partial(name) { text.to_owned() } else { number_documents(text) };
            prepared.push((name, bounds::instrument(name, &numbered)));
        }
        engine
            .tera
            .add_raw_templates(prepared.iter().map(|(name, text)| (*name, text.as_str())))
            .map_err(|error| explain("", &error))?;
        Ok(engine)
    }

    /// Renders a template and splits it at its document separators; empty documents are left out.
    ///
    /// # Errors
    /// With template, line, column and the missing name.
    pub fn render(&self, template: &str, names: &Names) -> Result<Vec<Rendered>, TemplateError> {
        let mut out = Bounded::default();
        bounds::start();
        let outcome = self.tera.render_to(template, &names.0, &mut out);
        let text = out.finish(template, outcome)?;
        Ok(split(&text))
    }

    /// Evaluates text that may be a template. A text without template syntax is itself; one single
    /// expression keeps its type (number, boolean; list and map through `| json`), all else is text.
    ///
    /// # Errors
    /// With line, column and the missing name; `name` stands for the template.
    pub fn evaluate(&self, name: &str, text: &str, names: &Names) -> Result<Value, TemplateError> {
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return Ok(Value::String(text.to_owned()));
        }
        bounds::check(name, text)?;
        let mut out = Bounded::default();
        bounds::start();
        let prepared = bounds::instrument("", text);
        let outcome = self.tera.render_str_to(&prepared, &names.0, true, &mut out);
        let rendered = out.finish(name, outcome)?;
        if marker::has_marker(&rendered) {
            return Ok(marker::decode_scalar(&rendered));
        }
        let trimmed = text.trim();
        let single =
            trimmed.starts_with("{{") && trimmed.ends_with("}}") && trimmed.matches("{{").count() == 1;
        Ok(match serde_json::from_str::<Value>(rendered.trim()) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) if single => value,
            _ => Value::String(rendered),
        })
    }

    /// Evaluates a bare expression to true or false.
    ///
    /// # Errors
    /// With the missing name.
    pub fn holds(&self, name: &str, expression: &str, names: &Names) -> Result<bool, TemplateError> {
        let text = format!("{{% if {expression} %}}true{{% endif %}}");
        Ok(self.evaluate(name, &text, names)? == Value::String("true".into()))
    }
}

fn json(value: tera::Value, _: Kwargs, _: &State) -> tera::TeraResult<tera::Value> {
    Ok(tera::Value::safe_string(&marker::structure(&bounds::structure(&value)?)))
}

/// JSON as text, to be put together and encoded; never structure of the document.
fn json_text(value: tera::Value, _: Kwargs, _: &State) -> tera::TeraResult<String> {
    Ok(bounds::structure(&value)?.to_string())
}

/// The SHA-256 of a value: an annotation that changes with it restarts a pod.
fn sha256(value: tera::Value, _: Kwargs, _: &State) -> tera::TeraResult<String> {
    use sha2::Digest as _;
    let text = bounds::structure(&value)?.to_string();
    Ok(sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn base64(value: &str, _: Kwargs, _: &State) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(value)
}

/// Takes output up to a limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MOST_OUTPUT_BYTES {
            self.full = true;
            return Err(io::Error::other("too much output"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bounded {
    fn finish(self, template: &str, outcome: tera::TeraResult<()>) -> Result<String, TemplateError> {
        match outcome {
            Ok(()) => Ok(String::from_utf8_lossy(&self.bytes).into_owned()),
            Err(_) if self.full => Err(TemplateError {
                template: template.into(),
                line: 0,
                column: 0,
                message: format!("renders to more than {} MiB", MOST_OUTPUT_BYTES >> 20),
                excerpt: None,
                hint: None,
            }),
            Err(error) => Err(explain(template, &error)),
        }
    }
}
#[cfg(test)]
mod tests;
