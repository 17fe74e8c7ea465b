//! Pure: turns facts, presets and answers into a plan. Never prompts, never reads files.
