//! What text of each kind may look like. Every check says in a lowercase fragment what is wrong.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

/// RFC 1123 label as Kubernetes checks it (`IsDNS1123Label`).
pub(super) fn dns_label(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > 63 {
        return Err(format!("a label has 1 to 63 characters, this one has {}", text.len()));
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("a label has lower case letters, digits and `-` only".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("a label starts and ends with a letter or digit".into());
    }
    Ok(())
}

/// RFC 1123 subdomain as Kubernetes checks it (`IsDNS1123Subdomain`).
pub(super) fn dns_name(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > 253 {
        return Err(format!("a name has 1 to 253 characters, this one has {}", text.len()));
    }
    text.split('.').try_for_each(dns_label)
}

/// Environment variable names that shells can use too; Kubernetes itself allows more.
pub(super) fn env_name(text: &str) -> Result<(), String> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if starts && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err("a variable's name has letters, digits and `_`, and no digit first".into())
}

/// An image reference (distribution's `reference` grammar): name, then `:tag`, `@digest` or both.
pub(super) fn image(text: &str) -> Result<(), String> {
    static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
        let host = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?";
        let tag = r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?";
        let digest = r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?";
        Regex::new(&format!("^(?:{host}/)?{part}(?:/{part})*{tag}{digest}$")).ok()
    });
    if text.len() <= 512 && REFERENCE.as_ref().is_some_and(|reference| reference.is_match(text)) {
        return Ok(());
    }
    Err("an image looks like `registry.example.com/team/app:1.2`".into())
}

/// A URL with a scheme and a host.
pub(super) fn url(text: &str) -> Result<(), String> {
    let wrong = || Err("a URL looks like `https://host/path`".to_owned());
    let Some((scheme, rest)) = text.split_once("://") else { return wrong() };
    let mut letters = scheme.bytes();
    let scheme_good = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let text_good = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let host_good = !host.is_empty() && !host.starts_with(':');
    if scheme_good && text_good && (host_good || scheme == "file") { Ok(()) } else { wrong() }
}

/// `90s`, `5m`, `1h30m`, `250ms`: Go's durations without fractions.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration looks like `30s`, `5m` or `1h30m`".to_owned();
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(3_600).map(Duration::from_secs),
            _ => None,
        };
        total = unit.and_then(|unit| total.checked_add(unit)).ok_or_else(wrong)?;
        rest = &rest[letters..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_names_follow_rfc_1123() {
        assert_eq!(dns_label("a-1"), Ok(()));
        assert_eq!(dns_name("a.b-c.d1"), Ok(()));
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", &"a".repeat(64)] {
            assert!(dns_label(bad).is_err(), "{bad}");
        }
        assert!(dns_name("a..b").is_err());
    }

    #[test]
    fn images_urls_durations_and_variables() {
        for good in ["redis", "redis:7.4", "ghcr.io/a/b_c:v1", "localhost:5000/x", "node:22-bookworm-slim"] {
            assert_eq!(image(good), Ok(()), "{good}");
        }
        let digest = format!("a/b@sha256:{}", "0".repeat(64));
        assert_eq!(image(&digest), Ok(()));
        for bad in ["", "Redis", "a:b:c", "a b", "a/", "a:\n", "https://a/b", "a:{{x}}"] {
            assert!(image(bad).is_err(), "{bad}");
        }
        assert_eq!(url("https://a.example/x?y"), Ok(()));
        assert_eq!(url("postgres://u:p@h:5/d"), Ok(()));
        for bad in ["", "a", "://a", "http://", "http:// a", "1a://b", "http://:80"] {
            assert!(url(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "5", "m", "1d", "1.5h", "-1s", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(env_name("_A1"), Ok(()));
        assert!(env_name("1A").is_err() && env_name("A-B").is_err() && env_name("").is_err());
    }
}
