//! `devbox` as a user runs it, in surroundings of its own, written like a sentence:
//!
//! ```ignore
//! let devbox = Devbox::new().project("node-express");
//! insta::assert_snapshot!(devbox.arg("init").answer("web.port", "3000").run());
//!
//! let mut terminal = devbox.arg("init").terminal();
//! terminal.wait_for("Set this up?").send(Key::CtrlC);
//! assert_eq!(terminal.exit_code(), 130);
//! assert!(terminal.cursor_is_visible());
//! ```
//!
//! Nothing of the developer's machine gets in: no variable, no home folder, no kubeconfig, no git
//! configuration, no program. Nothing gets out: everything lives in one temporary folder.

#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic anywhere")]

mod call;
mod project;
mod redact;
mod surroundings;
mod terminal;

pub(crate) use call::{Call, Run};
pub(crate) use redact::Redactions;
pub(crate) use surroundings::Devbox;
pub(crate) use terminal::{Key, Terminal};
