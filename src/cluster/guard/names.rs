//! What names say: production or not, this machine or another. Pure.

/// Names that say "production" where they stand as a whole word.
const PRODUCTION: [&str; 9] =
    ["prod", "production", "prd", "live", "prods", "productive", "produktion", "produktiv", "produccion"];

/// Words that turn the next one into its opposite: `non-prod`.
const NEGATION: [&str; 3] = ["non", "not", "no"];

/// The host of a URL, without port and brackets.
pub(super) fn host(server: &str) -> &str {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    if let Some(bracketed) = rest.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or(bracketed);
    }
    rest.split(':').next().unwrap_or(rest)
}

/// `.live` is a top-level domain that anybody can buy: the word counts only before it.
pub(super) fn without_live_domain(host: &str) -> &str {
    host.strip_suffix(".live").unwrap_or(host)
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().map_or_else(
        |_| host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}

/// The word that says "production", where a name has one as a whole word. Words end at anything that
/// is no letter or digit and where a small letter meets a capital; digits at their ends do not count
/// (`prod2`). `product` and `reproduce` are other words; `non-prod` says the opposite.
pub(super) fn production_word(name: &str) -> Option<String> {
    let mut before = String::new();
    for word in words(name) {
        let bare = word.trim_matches(|c: char| c.is_ascii_digit());
        if PRODUCTION.contains(&bare) && !NEGATION.contains(&before.as_str()) {
            return Some(bare.to_owned());
        }
        before = word;
    }
    None
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && last_small) {
            words.push(String::new());
        }
        last_small = c.is_lowercase() || c.is_ascii_digit();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_that_say_production_are_found() {
        for name in [
            "prod",
            "my-prod",
            "prod-eu-1",
            "prod2",
            "eu1-prod01",
            "acme_production",
            "api.prd.example.com",
            "arn:aws:eks:eu-west-1:1:cluster/prod-main",
            "admin@prod",
            "ProdCluster",
            "myProd",
            "LIVE",
            "pre-prod",
            "nonsense-prod",
        ] {
            assert!(production_word(name).is_some(), "{name}");
        }
    }

    #[test]
    fn words_that_only_contain_it_are_not() {
        for name in [
            "product",
            "products-dev",
            "reproduce",
            "dev-me-producer",
            "alive",
            "delivery",
            "olive-grove",
            "nonprod",
            "non-prod",
            "not-production",
            "preprod",
            "livestream",
            "k8s.dev.example.com",
        ] {
            assert_eq!(production_word(name), None, "{name}");
        }
    }
}
