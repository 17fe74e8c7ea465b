//! JSON as people write it: comments, trailing commas, single quotes and bare keys are accepted, as in
//! `tsconfig.json`, `deno.jsonc`, `devcontainer.json` and `package.json5`.

use serde_json::Value;

/// Parses strict JSON first, tolerant JSON second. The error is the strict parser's.
pub(in crate::detect) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .or_else(|strict| serde_json::from_str(&strictly(text)).map_err(|_| strict.to_string()))
}

/// Rewrites tolerant JSON as strict JSON, line for line.
fn strictly(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' | '\'' => {
                let quote = c;
                out.push('"');
                while let Some((_, c)) = rest.next() {
                    match c {
                        '\\' => match rest.next() {
                            Some((_, '\'')) => out.push('\''),
                            Some((_, '\n')) | None => {}
                            Some((_, next)) => out.extend(['\\', next]),
                        },
                        '"' if quote == '\'' => out.push_str("\\\""),
                        c if c == quote => break,
                        '\n' => out.push_str("\\n"),
                        c => out.push(c),
                    }
                }
                out.push('"');
            }
            '/' if text[at..].starts_with("//") => while rest.next_if(|(_, c)| *c != '\n').is_some() {},
            '/' if text[at..].starts_with("/*") => {
                rest.next();
                let mut star = false;
                for (_, c) in rest.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                    }
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
            }
            '}' | ']' => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.replace_range(kept - 1..kept, " ");
                }
                out.push(c);
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                let mut word = String::from(c);
                while let Some((_, c)) = rest.next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '$'))
                {
                    word.push(c);
                }
                let number = out.ends_with(|c: char| c.is_ascii_digit() || c == '.');
                match word.as_str() {
                    "true" | "false" | "null" => out.push_str(&word),
                    _ if number => out.push_str(&word),
                    _ => out.extend(["\"", &word, "\""]),
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_trailing_commas_and_bare_keys_are_read() {
        let text = "{\n// a\n name: 'x', /* b */ \"url\": \"http://a//b\",\n list: [1, 2e3,],\n}";
        assert_eq!(parse(text).unwrap(), json!({"name": "x", "url": "http://a//b", "list": [1, 2000.0]}));
    }

    #[test]
    fn what_is_no_json_stays_an_error() {
        assert!(parse("{ \"a\": ").is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
