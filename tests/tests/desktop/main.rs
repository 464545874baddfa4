//! The desktop app in a real window: what a person does in it, what a hostile page cannot do, and what it looks like to those who do not see.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod accessible;
mod away;
mod crossing;
mod files;
mod following;
mod hostile;
mod journey;
mod many;
mod notices;
mod packaged;
mod pictures;
mod scenes;
mod unlocking;
mod upkeep;
