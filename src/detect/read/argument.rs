//! The arguments of a call, as text.

/// The arguments of a call whose bracket opened right before `start`.
pub(in crate::detect) fn arguments(text: &str, start: usize) -> Vec<&str> {
    const LONGEST: usize = 4000;
    let bytes = text.as_bytes();
    let (mut depth, mut quote, mut begin) = (0usize, None, start);
    let mut found = Vec::new();
    let mut at = start;
    while at < bytes.len() && at - start < LONGEST {
        let byte = bytes[at];
        match quote {
            Some(_) if byte == b'\\' => at += 1,
            Some(mark) if byte == mark => quote = None,
            Some(_) => {}
            None => match byte {
                b'"' | b'\'' | b'`' => quote = Some(byte),
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => {
                    found.extend(text.get(begin..at).map(str::trim).filter(|part| !part.is_empty()));
                    return found;
                }
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => {
                    found.extend(text.get(begin..at).map(str::trim));
                    begin = at + 1;
                }
                b'\n' if depth == 0 && found.is_empty() && at - start > 400 => return found,
                _ => {}
            },
        }
        at += 1;
    }
    found
}

/// The value of a keyword among arguments, or of a field of an object among them.
pub(super) fn keyword<'a>(arguments: &[&'a str], keys: &[&str]) -> Option<&'a str> {
    for argument in arguments {
        for key in keys {
            if let Some(rest) = argument.strip_prefix(key) {
                let rest = rest.trim_start();
                if rest.is_empty() {
                    return Some(argument);
                }
                if let Some(value) = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':')) {
                    return Some(value.trim());
                }
            }
        }
        let inner = argument.find('{').map(|at| self::arguments(argument, at + 1));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty())
            && let Some(value) = keyword_flat(&inner, keys)
        {
            return Some(value);
        }
    }
    None
}

pub(super) fn keyword_flat<'a>(fields: &[&'a str], keys: &[&str]) -> Option<&'a str> {
    fields.iter().find_map(|field| {
        keys.iter().find_map(|key| {
            let rest = field.strip_prefix(key)?.trim_start();
            if rest.is_empty() {
                return Some(*field);
            }
            rest.strip_prefix(':').or_else(|| rest.strip_prefix('=')).map(str::trim)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_at_their_own_commas() {
        assert_eq!(arguments("f(a, g(b, c), { d: 1, e: ',' })", 2), ["a", "g(b, c)", "{ d: 1, e: ',' }"]);
        assert_eq!(arguments("f(", 2), Vec::<&str>::new());
    }
}
