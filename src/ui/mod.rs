//! The only room that touches the terminal: streams, colour, quiet, JSON, prompts, progress, reports.
//!
//! stdout carries data, stderr carries status, progress and prompts.

mod changes;
mod difference;
mod failure;
mod findings;
pub mod interrupt;
mod output;
mod page;
mod printable;
mod progress;
mod prompt;
mod review;

pub use output::{Format, Ui};
pub use page::Page;
pub use printable::printable;
pub use prompt::{Check, Choice};
pub use review::Review;
