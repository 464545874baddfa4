//! What the journeys of the keycap workspace stand on: private keyrings, terminals and real servers, each started for one test and gone
//! with it.
//!
//! A part whose program is missing stops the test and names the Debian package that carries it; nothing is skipped. All of it can be had
//! by `.ci/install`. Servers listen on loopback and on Unix sockets in folders of their own; those that refuse to run as root run as
//! `nobody`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness reports failure as a test does: by panicking"
)]

mod age;
mod daemon;
mod display;
mod home;
mod keycap;
mod keyring;
mod logind;
pub mod memory;
mod nginx;
mod notifications;
mod packages;
mod postgres;
mod program;
mod redis;
mod running;
mod sshd;
mod terminal;
mod wait;
mod window;
pub mod workspace;

pub use age::Age;
pub use display::Display;
pub use home::Home;
pub use keycap::{Keycap, Outcome};
pub use keyring::{Item, PrivateKeyring, Prompts};
pub use logind::{Logind, Whose, lock_screen};
pub use nginx::Nginx;
pub use notifications::{Notification, Notifications};
pub use packages::{Installed, Packages, judge};
pub use postgres::Postgres;
pub use program::require;
pub use redis::Redis;
pub use running::Running;
pub use sshd::Sshd;
pub use terminal::picture::{Picture, Theme, scan_codes};
pub use terminal::{Screen, Size, Terminal};
pub use wait::wait_until;
pub use window::Window;
