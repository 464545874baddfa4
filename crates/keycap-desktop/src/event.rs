//! What the host tells the window without being asked.

use serde::Serialize;
use ts_rs::TS;

/// The one event that the window listens to.
pub(crate) const CHANNEL: &str = "keycap";

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// Some process has changed the ledger, or this window's vault came to be.
    Changed,
    /// The vault was closed or opened.
    Gate {
        /// Why it is closed; `None`: it is open.
        closed: Option<Closed>,
    },
    /// Files or a link came in from outside: dropped, or named when keycap was started.
    Arrived,
    /// A capability left the clipboard.
    ClipboardCleared,
    /// Something goes on at a gateway or connector of this window, or one of them ended.
    Running,
    /// A task got further, or ended.
    Tasks,
    /// Files are held over the window, or no longer.
    Hover {
        /// How many; 0: none any more.
        files: usize,
    },
}

/// Why the vault is closed to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Closed {
    /// It was locked from this window, for all processes.
    Here,
    /// Another process locked it.
    Elsewhere,
    /// Nothing was done for a while: only this window let go of the secrets.
    Idle,
    /// The machine was asleep, or is about to be.
    Slept,
    /// The screen was locked.
    Screen,
}
