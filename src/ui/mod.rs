//! The only room that touches the terminal: streams, colour, quiet, JSON, prompts, progress, reports.
//!
//! stdout carries data, stderr carries status, progress and prompts.

mod failure;
mod output;
mod progress;
mod prompt;

pub use output::{Format, Ui};
pub use prompt::{Check, Choice};
