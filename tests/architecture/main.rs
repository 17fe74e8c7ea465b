//! Holds the arrows of the house: which room may use which, and which words stay in which room.
//!
//! It reads the source itself, token by token, so that neither comments nor strings mislead it.
//! What only tests use (`#[cfg(test)]`, `tests.rs`, `tests/`) is not looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic anywhere")]

mod source;
mod violations;

use std::path::Path;

use source::{Source, Word};

/// Every room and the rooms that it may use. It is written from the ground up: a row names rows
/// above it only, so there can be no cycle.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("event", &["error"]),
    ("env", &["error"]),
    ("fs", &["error"]),
    ("config", &["error", "event", "env", "fs"]),
    ("detect", &["error", "event", "env", "fs"]),
    ("preset", &["error", "event", "env", "fs", "config"]),
    ("plan", &["error", "config", "detect", "preset"]),
    ("render", &["error", "config", "preset", "plan"]),
    ("validate", &["error", "config", "preset", "plan", "render"]),
    ("kubeconfig", &["error", "event", "env", "fs", "config"]),
    ("cluster", &["error", "event", "env", "fs", "render", "kubeconfig"]),
    ("sandbox", &["error", "event", "env", "fs"]),
    ("ui", &["error", "event", "env", "detect", "plan", "render", "validate", "cluster"]),
    ("cli", &["sandbox", "ui"]),
    (
        "commands",
        &[
            "error",
            "event",
            "env",
            "fs",
            "config",
            "detect",
            "preset",
            "plan",
            "render",
            "validate",
            "kubeconfig",
            "cluster",
            "sandbox",
            "ui",
            "cli",
        ],
    ),
    ("app", &["error", "env", "ui", "cli", "commands"]),
    ("main", &["app"]),
];

/// A rule about words: a path (and what is below it), a macro (`print!`) or a keyword.
struct Rule {
    words: &'static [&'static str],
    /// Rooms and files (`cluster/error.rs`) that are meant.
    places: Places,
    because: &'static str,
}

enum Places {
    /// Only these may use the words.
    Only(&'static [&'static str]),
    /// These may not use the words.
    Never(&'static [&'static str]),
}

const PURE: Places = Places::Never(&["plan", "render", "validate"]);

const RULES: &[Rule] = &[
    Rule {
        words: &["dialoguer", "indicatif", "console"],
        places: Places::Only(&["ui"]),
        because: "only `ui` touches the terminal",
    },
    Rule {
        words: &["print!", "println!", "eprint!", "eprintln!", "std::io::stdout", "std::io::stderr"],
        places: Places::Only(&["ui", "app"]),
        because: "only `ui` and `app` print",
    },
    Rule {
        words: &["std::env"],
        places: Places::Only(&["env"]),
        because: "only `env` reads the environment",
    },
    Rule {
        words: &["unsafe"],
        places: Places::Only(&["preset/source/transport.rs"]),
        because: "the one unsafe block registers a transport with libgit2",
    },
    Rule {
        words: &["kube"],
        places: Places::Only(&["cluster", "kubeconfig", "sandbox", "commands"]),
        because: "only these rooms speak with a cluster",
    },
    Rule {
        words: &["async", "tokio"],
        places: Places::Only(&["cluster", "sandbox", "commands"]),
        because: "async lives in `cluster`, `sandbox` and `commands`",
    },
    Rule {
        words: &["std::fs", "std::net", "std::process", "std::io", "std::thread", "git2", "crate::fs"],
        places: PURE,
        because: "a pure room has no input and no output",
    },
    Rule {
        words: &["std::time::Instant", "std::time::SystemTime", "now"],
        places: PURE,
        because: "a pure room has no clock",
    },
];

impl Rule {
    fn forbids(&self, file: &str, room: &str) -> bool {
        let listed = |places: &[&str]| places.iter().any(|place| *place == room || *place == file);
        match self.places {
            Places::Only(places) => !listed(places),
            Places::Never(places) => listed(places),
        }
    }

    fn matches(&self, word: &Word) -> bool {
        self.words.iter().any(|forbidden| match forbidden {
            // However it is reached: `Timestamp::now`, `Instant::now`.
            &"now" => word.path.len() > 1 && word.path.last().is_some_and(|last| last == "now"),
            _ => {
                let forbidden: Vec<&str> = forbidden.split("::").collect();
                word.path.len() >= forbidden.len() && word.path.iter().zip(&forbidden).all(|(a, b)| a == b)
            }
        })
    }
}

/// Everything in a file that the house does not allow, as `file:line: what: why`.
fn violations(source: &Source) -> Vec<String> {
    let room = source.room();
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("src/{}: `{room}` is no room: say in `ARROWS` what it may use", source.file)];
    };
    let mut found = Vec::new();
    for word in source.words() {
        let mut report = |why: &str| {
            found.push(format!("src/{}:{}: `{}`: {why}", source.file, word.line, word.path.join("::")));
        };
        if let [root, other, ..] = &word.path[..]
            && root == "crate"
            && other != room
            && !allowed.contains(&other.as_str())
        {
            report(&format!("`{room}` may not use `{other}`"));
        }
        for rule in RULES.iter().filter(|rule| rule.forbids(&source.file, room) && rule.matches(&word)) {
            report(rule.because);
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    source::read(&root, &root, &mut sources);
    // The list of rooms is no room.
    sources.retain(|source| source.file != "lib.rs");
    sources
}

#[test]
fn the_arrows_of_the_house_point_down() {
    let found: Vec<String> = sources().iter().flat_map(violations).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_table_of_arrows_has_no_cycle_and_no_room_that_is_not_there() {
    for (index, (room, uses)) in ARROWS.iter().enumerate() {
        for used in *uses {
            let above = ARROWS[..index].iter().any(|(name, _)| name == used);
            assert!(above, "`{room}` uses `{used}`, which is not above it");
        }
    }
    let sources = sources();
    for (room, _) in ARROWS {
        assert!(sources.iter().any(|source| source.room() == *room), "there is no room `{room}`");
    }
    for rule in RULES {
        let (Places::Only(places) | Places::Never(places)) = rule.places;
        for place in places {
            let there = sources.iter().any(|source| source.room() == *place || source.file == *place);
            assert!(there, "there is no `{place}`");
        }
    }
}
