//! One parameter: its type, and whether a value is one of it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::grammar;
use super::quantity::Quantity;
use crate::config::{ParamFile, ParamType};

/// Longer than any text that belongs into a manifest's field.
const LONGEST_TEXT: usize = 64 << 10;

/// A parameter of a preset, complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Param(pub ParamFile);

impl Param {
    /// Its type.
    pub fn kind(&self) -> ParamType {
        self.0.kind.unwrap_or_default()
    }

    /// Its value is never shown.
    pub fn is_secret(&self) -> bool {
        self.kind() == ParamType::Secret
    }

    /// It may stay without a value.
    pub fn is_optional(&self) -> bool {
        self.0.optional.unwrap_or(false)
    }

    /// The values that it takes, as text; empty where any of its type will do.
    pub fn choices(&self) -> Vec<String> {
        self.0.choices.iter().flatten().map(plain).collect()
    }

    /// Checks a value and brings it into canonical form: a number for `port`, `1Gi` for `1024Mi`.
    ///
    /// # Errors
    /// A lowercase fragment that says what is wrong; for a secret it does not contain the value.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        let value = match self.kind() {
            ParamType::Bool => boolean(value)?,
            ParamType::Int => json!(integer(value)?),
            ParamType::Port => json!(port(value)?),
            ParamType::List => list(value)?,
            ParamType::Quantity => json!(quantity(value)?.to_string()),
            ParamType::Choice => self.choice(value)?,
            _ => json!(self.text(value)?),
        };
        self.within_choices(&value)?;
        self.within_bounds(&value)?;
        self.matches_pattern(&value)?;
        Ok(value)
    }

    /// Checks the rules themselves: bounds that mean something for the type and choices that are of it.
    ///
    /// # Errors
    /// The key at fault, and a lowercase fragment that says what is wrong with it.
    pub(super) fn check_rules(&self) -> Result<(), (&'static str, String)> {
        let kind = self.kind();
        let bound = |key: &'static str,
                     value: &Option<Value>|
         -> Result<Option<Quantity>, (&'static str, String)> {
            let Some(value) = value else { return Ok(None) };
            if matches!(kind, ParamType::Bool | ParamType::Choice) {
                return Err((key, format!("a {} has no size", kind.name())));
            }
            let wanted = match kind {
                ParamType::Int | ParamType::Port => "a whole number",
                ParamType::Quantity => "an amount such as `1Gi`",
                ParamType::Duration => "a time such as `30s`",
                _ => "a number of characters or items",
            };
            let counts = matches!(kind, ParamType::Quantity | ParamType::Duration) || integer(value).is_ok();
            match limit(kind, value).filter(|_| counts) {
                Some(limit) => Ok(Some(limit)),
                None => Err((key, format!("`{}` is not {wanted}", plain(value)))),
            }
        };
        let (min, max) = (bound("min", &self.0.min)?, bound("max", &self.0.max)?);
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return Err(("max", "less than `min`".into()));
        }
        if self.0.pattern.is_some() && kind == ParamType::Bool {
            return Err(("pattern", "a bool has no text".into()));
        }
        let single = ParamFile { kind: self.0.kind, ..ParamFile::default() };
        for choice in self.0.choices.iter().flatten() {
            if choice.is_object() || choice.is_array() || choice.is_null() {
                return Err(("choices", format!("`{choice}` is not one value")));
            }
            // The items of a list are texts.
            let of_type =
                if kind == ParamType::List { Ok(choice.clone()) } else { Self(single.clone()).check(choice) };
            of_type.map_err(|reason| ("choices", format!("`{}`: {reason}", plain(choice))))?;
        }
        Ok(())
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err("not text".into()),
        };
        if text.len() > LONGEST_TEXT {
            return Err(format!("longer than {} KiB", LONGEST_TEXT >> 10));
        }
        if text.contains('\0') {
            return Err("contains a NUL character".into());
        }
        match self.kind() {
            ParamType::Duration => grammar::duration(&text).map(drop)?,
            ParamType::DnsLabel => grammar::dns_label(&text)?,
            ParamType::DnsName => grammar::dns_name(&text)?,
            ParamType::Image => grammar::image(&text)?,
            ParamType::EnvName => grammar::env_name(&text)?,
            ParamType::Url => grammar::url(&text)?,
            _ => {}
        }
        Ok(text)
    }

    /// The choice as the preset's author wrote it, whatever form it was given in.
    fn choice(&self, value: &Value) -> Result<Value, String> {
        let written = self.0.choices.iter().flatten().find(|choice| plain(choice) == plain(value));
        match written {
            Some(choice) => Ok(choice.clone()),
            None if value.is_object() || value.is_array() || value.is_null() => Err("not one value".into()),
            None => Ok(value.clone()),
        }
    }

    fn within_choices(&self, value: &Value) -> Result<(), String> {
        let choices = self.choices();
        let outside = |item: &Value| !choices.contains(&plain(item));
        let wrong = match value {
            Value::Array(items) => items.iter().find(|item| outside(item)),
            other => Some(other).filter(|item| outside(item)),
        };
        match wrong {
            Some(_) if !choices.is_empty() => Err(format!("not one of {}", choices.join(", "))),
            _ => Ok(()),
        }
    }

    fn within_bounds(&self, value: &Value) -> Result<(), String> {
        let kind = self.kind();
        let size = size(kind, value);
        let unit = match kind {
            ParamType::Int | ParamType::Port | ParamType::Quantity | ParamType::Duration => "",
            ParamType::List => " items",
            _ => " characters",
        };
        let bound = |bound: &Option<Value>| bound.as_ref().and_then(|b| Some((plain(b), limit(kind, b)?)));
        if let (Some(size), Some((text, least))) = (size, bound(&self.0.min))
            && size < least
        {
            return Err(format!("less than {text}{unit}"));
        }
        if let (Some(size), Some((text, most))) = (size, bound(&self.0.max))
            && size > most
        {
            return Err(format!("more than {text}{unit}"));
        }
        Ok(())
    }

    fn matches_pattern(&self, value: &Value) -> Result<(), String> {
        let Some(pattern) = &self.0.pattern else { return Ok(()) };
        let regex = whole(pattern).map_err(|_| format!("bad pattern `{pattern}`"))?;
        let good = match value {
            Value::Array(items) => items.iter().all(|item| regex.is_match(&plain(item))),
            other => regex.is_match(&plain(other)),
        };
        if good { Ok(()) } else { Err(format!("does not match `{pattern}`")) }
    }
}

/// A pattern that the whole text has to match. Compiled ones are kept: each costs about a millisecond,
/// and every preset's are looked at on every run.
pub(super) fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let known = KNOWN.lock().ok().and_then(|known| known.get(pattern).cloned());
    if let Some(regex) = known {
        return Ok(regex);
    }
    let regex = Regex::new(&format!("^(?:{pattern})$"))?;
    if let Ok(mut known) = KNOWN.lock() {
        known.insert(pattern.to_owned(), regex.clone());
    }
    Ok(regex)
}

/// A scalar as text, without the quotes of JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What `min` and `max` are compared with: billionths of the number, milliseconds, characters, items.
fn size(kind: ParamType, value: &Value) -> Option<Quantity> {
    let count = |count: usize| Quantity::parse(&count.to_string());
    match (kind, value) {
        (ParamType::Int | ParamType::Port | ParamType::Quantity | ParamType::Duration, _) => {
            limit(kind, value)
        }
        (_, Value::String(text)) => count(text.chars().count()),
        (_, Value::Array(items)) => count(items.len()),
        _ => None,
    }
}

fn limit(kind: ParamType, value: &Value) -> Option<Quantity> {
    match kind {
        ParamType::Duration => {
            let span: Duration = grammar::duration(&plain(value)).ok()?;
            Quantity::parse(&span.as_millis().to_string())
        }
        _ => Quantity::parse(&plain(value)),
    }
}

fn boolean(value: &Value) -> Result<Value, String> {
    match plain(value).as_str() {
        "true" | "yes" | "on" => Ok(json!(true)),
        "false" | "no" | "off" => Ok(json!(false)),
        _ => Err("neither `true` nor `false`".into()),
    }
}

fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| "not a whole number".into())
}

fn port(value: &Value) -> Result<u16, String> {
    integer(value)
        .ok()
        .and_then(|number| u16::try_from(number).ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| "not a port from 1 to 65535".into())
}

fn quantity(value: &Value) -> Result<Quantity, String> {
    Quantity::parse(plain(value).trim()).ok_or_else(|| "not an amount such as `500m` or `1Gi`".into())
}

fn list(value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Ok(Value::Array(items.iter().map(|item| json!(plain(item))).collect()))
        }
        Value::String(text) => {
            Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
        }
        _ => Err("not a list of texts".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(yaml: &str) -> Param {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn checked(yaml: &str, value: Value) -> String {
        match param(yaml).check(&value) {
            Ok(value) => value.to_string(),
            Err(message) => message,
        }
    }

    #[test]
    fn values_come_out_in_the_form_of_their_type() {
        assert_eq!(checked("{type: port}", json!("3000")), "3000");
        assert_eq!(checked("{type: bool}", json!("yes")), "true");
        assert_eq!(checked("{type: quantity}", json!("1024Mi")), "\"1Gi\"");
        assert_eq!(checked("{type: quantity}", json!(2)), "\"2\"");
        assert_eq!(checked("{type: list}", json!("a, b,")), "[\"a\",\"b\"]");
        assert_eq!(checked("{type: string}", json!(1)), "\"1\"");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        assert_eq!(checked("{type: port}", json!(70000)), "not a port from 1 to 65535");
        assert_eq!(checked("{type: int, min: 1}", json!(0)), "less than 1");
        assert_eq!(checked("{type: quantity, max: 1Gi}", json!("1025Mi")), "more than 1Gi");
        assert_eq!(checked("{type: duration, min: 1m}", json!("59s")), "less than 1m");
        assert_eq!(checked("{type: string, max: 3}", json!("abcd")), "more than 3 characters");
        assert_eq!(checked("{type: choice, choices: [a, b]}", json!("c")), "not one of a, b");
        assert_eq!(checked("{type: list, choices: [a, b]}", json!(["a", "c"])), "not one of a, b");
        assert_eq!(checked("{type: string, pattern: 'v\\d'}", json!("v1 ")), "does not match `v\\d`");
        assert_eq!(checked("{type: bool}", json!("maybe")), "neither `true` nor `false`");
        assert_eq!(checked("{type: string}", json!({})), "not text");
    }

    #[test]
    fn a_secret_is_not_repeated_in_the_message() {
        assert!(!checked("{type: secret, min: 20}", json!("hunter2")).contains("hunter2"));
    }
}
