//! The command as a user has it: each test runs the program in a home of its own.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

mod arguments;
mod completions;
mod devices;
mod help;
mod json;
mod place;
mod records;
mod terminal;
mod transcripts;
