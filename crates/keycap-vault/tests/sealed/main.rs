//! What the vault seals to keys and capabilities, and what it says of it when it opens it again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

mod files;
mod fixture;
mod records;
