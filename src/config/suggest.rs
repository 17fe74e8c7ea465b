//! "Did you mean": the closest known name to one that nobody knows.

/// So many names are listed where none is close; more would hide what is said before them.
const MOST_LISTED: usize = 24;

/// The candidate most like `word`, where one is like enough to be a slip of the finger.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (likeness(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.75)
        // The first of equals, so that the answer does not depend on a hash map's mood.
        .fold(None, |best: Option<(f64, &str)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, candidate)| candidate)
}

/// From 0 to 1. In a short word one slip is much to Jaro and Winkler, and little to who made it.
fn likeness(word: &str, candidate: &str) -> f64 {
    let slip = word.chars().count() > 2 && strsim::osa_distance(word, candidate) == 1;
    strsim::jaro_winkler(word, candidate).max(if slip { 0.8 } else { 0.0 })
}

/// The hint for an unknown name: the closest one, else all of them.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if candidates.is_empty() {
        return None;
    }
    Some(match closest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", quoted(&candidates)),
    })
}

fn quoted(names: &[&str]) -> String {
    let listed = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`"));
    let more = names.len().checked_sub(MOST_LISTED).filter(|more| *more > 0);
    listed.chain(more.map(|more| format!("and {more} more"))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        assert_eq!(closest("prot", ["path", "port", "host"]), Some("port"));
        assert_eq!(closest("wbe", ["aks", "bun", "web"]), Some("web"));
        assert_eq!(closest("qqq", ["path", "port"]), None);
        assert_eq!(did_you_mean("qqq", ["path", "port"]).unwrap(), "known are `path`, `port`");
        assert!(did_you_mean("qqq", ["a"; 30]).unwrap().ends_with("`a`, and 6 more"));
    }
}
