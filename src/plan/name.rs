//! Names: what people call things, made into what Kubernetes accepts.

use sha2::{Digest, Sha256};

/// Makes a DNS label of any text: lower case letters, digits and `-`, a letter first, at most `most`
/// characters; what is cut off leaves a short hash, so that two long names stay two.
pub fn dns_label(text: &str, most: usize) -> String {
    let mut label = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            _ if label.ends_with('-') || label.is_empty() => {}
            _ => label.push('-'),
        }
    }
    let mut label = label.trim_matches('-').to_owned();
    if label.is_empty() {
        label = format!("x{}", hash(text));
    }
    if label.starts_with(|c: char| c.is_ascii_digit()) {
        label.insert_str(0, "x-");
    }
    if label.len() > most {
        let kept = &label[..most.saturating_sub(7)];
        label = format!("{}-{}", kept.trim_end_matches('-'), hash(text));
    }
    label
}

/// `dev-<user>-<repository>`, at most 63 characters.
pub fn namespace(user: &str, project: &str) -> String {
    dns_label(&format!("dev-{user}-{project}"), 63)
}

/// Makes a label's value of any text: at most 63 characters of letters, digits, `-`, `_` and `.`.
pub fn label_value(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .take(63)
        .collect();
    kept.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..3].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_label() {
        assert_eq!(dns_label("@shop/API_server", 63), "shop-api-server");
        assert_eq!(dns_label("--", 63), dns_label("--", 63));
        assert_eq!(dns_label("3d", 63), "x-3d");
        assert_eq!(namespace("Ada Lovelace", "Shop.API"), "dev-ada-lovelace-shop-api");
        assert_eq!(label_value("-a b/c-"), "a-b-c");
    }

    #[test]
    fn what_is_cut_off_leaves_a_hash() {
        let long = "a".repeat(70);
        let (one, two) = (namespace("u", &long), namespace("u", &format!("{long}b")));
        assert_eq!((one.len(), two.len()), (63, 63));
        assert_ne!(one, two);
    }
}
