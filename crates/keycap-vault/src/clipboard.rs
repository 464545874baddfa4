//! The clipboard: secrets go onto it for a short time, and come in from it.
//!
//! While a secret is on the clipboard, every program of the session can read it; that is what a clipboard is. Here the time is cut short
//! ([`CLEAR_AFTER`]), and the secret is marked so that clipboard histories leave it out: `x-kde-passwordManagerHint` under X11 and Wayland,
//! `ExcludeClipboardContentFromMonitorProcessing` on Windows, `org.nspasteboard.ConcealedType` on macOS. A history that ignores the mark
//! keeps the secret.
//!
//! Under X11 and Wayland the program that copied has to hand out what it copied to each program that pastes, and must clear it later on
//! every system, so somebody has to stay. A terminal UI or desktop application stays anyway: [`copy_secret`]. A command that ends at once
//! leaves a process behind: [`copy_secret_detached`] there, [`hold_for_parent`] in that process.
//!
//! Where there is no display, as over SSH, the terminal may take text to the clipboard of the machine in front of the user: [`osc52_copy`].

mod detached;
mod held;
mod osc52;
mod system;

pub use detached::{copy_secret_detached, hold_for_parent};
pub use held::{Ending, HeldSecret};
pub use osc52::{Through, osc52_clear, osc52_copy};

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keycap_core::secret::SecretText;
use thiserror::Error;

use crate::qr::{Picture, ReadError};
use held::Board;
use system::System;

/// How long a secret stays on the clipboard, unless someone wants otherwise.
pub const CLEAR_AFTER: Duration = Duration::from_secs(25);

/// Puts `text` on the clipboard, out of its history, and clears it after `clear_after` if nothing else was copied meanwhile. Returns once it
/// can be pasted; it can be for as long as the returned value lives.
///
/// # Errors
/// [`ClipboardError::NoDisplay`], [`ClipboardError::Unreachable`], [`ClipboardError::Occupied`], [`ClipboardError::Unanswered`] or
/// [`ClipboardError::Other`].
pub fn copy_secret(text: SecretText, clear_after: Duration) -> Result<HeldSecret, ClipboardError> {
    HeldSecret::start(System::open, text, clear_after)
}

/// The text on the clipboard.
///
/// # Errors
/// [`ClipboardError::NoText`] when there is none, and those of [`copy_secret`].
pub fn read_text() -> Result<SecretText, ClipboardError> {
    answered(|| System::open()?.text())
}

/// The picture on the clipboard, such as a screenshot: look for QR codes in it with [`Picture::read_qr`].
///
/// # Errors
/// [`ClipboardError::NoPicture`] when there is none, [`ClipboardError::Picture`] when it is too large, and those of [`copy_secret`].
pub fn read_picture() -> Result<Picture, ClipboardError> {
    answered(|| System::open()?.picture())
}

/// Clears the clipboard if `text` is what it holds, as after taking it in from there.
///
/// # Errors
/// Those of [`copy_secret`].
pub fn clear_if_holding(text: SecretText) -> Result<Ending, ClipboardError> {
    answered(move || System::open()?.take_back(&text))
}

/// How long to wait for the program that owns the clipboard's contents.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `ask` returns, unless that takes longer than [`PATIENCE`]: under Wayland the owner of the clipboard's contents may let others wait
/// for ever.
fn answered<T: Send + 'static>(ask: impl FnOnce() -> Result<T, ClipboardError> + Send + 'static) -> Result<T, ClipboardError> {
    let (sender, answer) = mpsc::channel();
    let thread = thread::Builder::new().name("clipboard".into());
    // Sending fails only if nobody waits any more.
    thread.spawn(move || drop(sender.send(ask()))).map_err(|error| ClipboardError::Other { reason: error.to_string() })?;
    answer.recv_timeout(PATIENCE).map_err(|_| ClipboardError::Unanswered)?
}

/// Why the clipboard could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClipboardError {
    /// Neither `WAYLAND_DISPLAY` nor `DISPLAY` is set.
    #[error("there is no clipboard here, as there is no display: copy through the terminal, show a QR code, or write a file")]
    NoDisplay,
    /// The display server does not take connections, or offers no clipboard.
    #[error("the display's clipboard cannot be reached: {reason}")]
    Unreachable {
        /// What the system said.
        reason: String,
    },
    /// Another program keeps the clipboard to itself.
    #[error("another program is using the clipboard: try again in a moment")]
    Occupied,
    /// The program that owns the clipboard's contents does not hand them out.
    #[error("the program whose text or picture is on the clipboard does not answer: copy it again, or close that program")]
    Unanswered,
    /// The clipboard is empty or holds something else.
    #[error("there is no text on the clipboard: copy it first")]
    NoText,
    /// The clipboard is empty or holds something else.
    #[error("there is no picture on the clipboard: copy a screenshot first, or name a picture file")]
    NoPicture,
    /// The picture on the clipboard cannot be used.
    #[error(transparent)]
    Picture(#[from] ReadError),
    /// The process that was to keep the secret on the clipboard could not be started, or ended at once.
    #[error("the process that keeps the clipboard could not do so: {reason}")]
    Holder {
        /// What the system said.
        reason: String,
    },
    /// The system's clipboard failed in a way of its own.
    #[error("the clipboard failed: {reason}")]
    Other {
        /// What the system said; never what is on the clipboard.
        reason: String,
    },
}
