//! Properties of chains and encodings that hold for whatever is in them.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "properties/encoding.rs"]
mod encoding;
#[path = "properties/narrowing.rs"]
mod narrowing;
#[path = "properties/strategies.rs"]
mod strategies;
