//! Attributes of clap and of envconfig: `#[arg(env = "PORT", default_value_t = 3000)]`,
//! `#[envconfig(from = "PORT", default = "3000")]`.

use super::{Declared, Need};
use crate::detect::read::Code;
use crate::detect::read::listen::arguments;
use crate::detect::read::pattern::Pattern;

static ATTRIBUTE: Pattern = Pattern::new(r"#\[(?:arg|clap|structopt|envconfig)\s*\(");
static FIELD: Pattern = Pattern::new(
    r"^\s*\)\s*\](?:\s*#\[[^\]]*\])*\s*(?:pub(?:\([^)]*\))?\s+)?(?:r#)?([a-z_]\w*)\s*:\s*([^\n]+)",
);

pub(super) fn declared(code: &Code) -> Vec<Declared<'_>> {
    let text = code.text.as_str();
    let variable = |found: regex::Captures<'_>| {
        let whole = found.get(0)?;
        let arguments = arguments(text, whole.end());
        let value = |key: &str| {
            arguments.iter().find_map(|argument| {
                let rest = argument.strip_prefix(key)?.trim_start();
                if rest.is_empty() { Some("") } else { rest.strip_prefix('=').map(str::trim) }
            })
        };
        let named = if whole.as_str().contains("envconfig") { value("from") } else { value("env") }?;
        let last = arguments.last()?;
        // The last argument's place in the text says where the attribute ends.
        let end = last.as_ptr() as usize - text.as_ptr() as usize + last.len();
        let rest = text[end..].trim_start().trim_start_matches(',');
        let field = FIELD.captures(rest)?;
        let name = match named.trim_matches('"') {
            "" => field[1].to_uppercase(),
            name => name.to_owned(),
        };
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let optional = ["Option<", "bool", "Vec<"].iter().any(|kind| field[2].trim_start().starts_with(kind));
        let need = match ["default_value", "default_value_t", "default"].into_iter().find_map(value) {
            Some(default) => Need::Default(default),
            None if optional => Need::Optional,
            None => Need::Required,
        };
        plain.then(|| Declared { name, offset: whole.start(), need })
    };
    code.captures(&ATTRIBUTE).filter_map(variable).collect()
}
