//! keycap's desktop app: the host of a window whose page shows what the vault's views say and asks for what the vault can do.
//!
//! # What the page is trusted with
//!
//! The page is our own and loads nothing from elsewhere; the host treats it as hostile all the same. It can ask for the commands that
//! `commands.rs` lists, with a vault that is open, and for nothing else: no files, no shell, no network, no clipboard. It has handles where the
//! host has secrets: a code on the screen is a picture of another origin, which scripts cannot read; a passphrase is typed into a window of the
//! system's; files are chosen in its dialogs and read by the host. What revokes or deletes is confirmed by a name that the host compares.
//!
//! What this does not prevent: a page that was taken over can do whatever its person could do with a few clicks, and can lie to them about it.
#![forbid(unsafe_code)]

mod app;
mod arguments;
#[cfg(target_os = "linux")]
mod away;
#[cfg(test)]
mod bindings;
mod command;
mod commands;
mod desk;
mod error;
mod event;
mod gate;
mod host;
mod lines;
mod notice;
#[cfg(test)]
mod permissions;
mod person;
#[cfg(target_os = "linux")]
mod renderer;
mod shelf;
mod tasks;
mod tree_picture;
mod window;

pub use app::run;
