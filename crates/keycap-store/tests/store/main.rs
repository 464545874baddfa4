//! The store as its users see it: what is written is there, what fails leaves nothing, and no process that dies in the middle leaves a mess.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod again;
mod fixture;

mod audit;
mod backup;
mod convert;
mod faults;
mod grants;
mod keyring;
mod kill;
mod processes;
mod rows;
mod unlock;
mod write;
