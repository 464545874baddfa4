//! Where keycap's things rest: secrets in the operating system's keyring or sealed in the ledger, and the ledger, one SQLite file.
#![forbid(unsafe_code)]

pub mod ledger;
pub mod secrets;

mod label;
