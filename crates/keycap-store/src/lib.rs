//! Where keycap's things rest: secrets in the operating system's keyring or sealed in the ledger, and the ledger, one SQLite file.
//!
//! [`Store`] is the way in: it keeps the two consistent, whatever happens to the process. [`ledger`] has the rows, [`secrets`] the places where
//! secrets rest, [`unlock`] the ways in which the key of sealed ones is kept.
#![forbid(unsafe_code)]

pub mod ledger;
pub mod secrets;
pub mod unlock;

mod label;
mod store;

pub use store::{Findings, Item, MANY_KEYRING_SECRETS, Mended, Named, Options, Progress, Protection, SecretsChoice, Store, StoreError};
