//! keycap's terminal interface: everything that operators do, on a screen that they keep open.
//!
//! Its state machine takes events and gives effects and does no input and output of its own; a driver reads the terminal, asks the vault on
//! other threads, and draws. Screens stand on a stack, each with its model; actions come from the vault's registry, so that names, keys, danger
//! and the reason why something cannot be done are the same as on the command line.
#![forbid(unsafe_code)]

mod app;
mod demo;
mod driver;
mod event;
mod file;
mod keymap;
#[cfg(feature = "measure")]
pub mod measure;
mod request;
mod screen;
mod screens;
mod settings;
#[cfg(test)]
mod stage;
mod task;
mod theme;
mod toast;
mod ways;
mod widget;
mod world;

pub use driver::{Colours, Start, TuiError, keys_file, run};
pub use keymap::KeymapError;
pub use settings::{SettingsError, settings_file};
