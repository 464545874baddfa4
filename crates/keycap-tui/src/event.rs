//! What happens to the interface, and what it wants done: the two ends of its state machine.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::MouseEvent;
use keycap_vault::SecretText;
use tempfile::TempDir;

use crate::keymap::Key;
use crate::request::{Answer, Failure, Request};
use crate::settings::Settings;
use crate::task::{Job, TaskId, TaskNews};

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The time of the vault's clock, in Unix seconds.
    pub(crate) wall: u64,
    /// How long the interface runs: what timers are measured by, since clocks are set.
    pub(crate) running: Duration,
}

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// Who asked for something, and which of its questions it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    /// The screen on the stack; 0 is the interface itself.
    pub(crate) screen: u64,
    /// Which of the screen's questions: of two with the same number, the later one counts.
    pub(crate) slot: u32,
    /// The how manieth question of all.
    pub(crate) sequence: u64,
}

/// Something that happens.
#[derive(Debug)]
pub(crate) enum Event {
    /// It begins.
    Started,
    /// It begins where there is no vault yet.
    FirstRun,
    /// A key was pressed.
    Key(Key),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(SecretText),
    /// The terminal has another size.
    Resize(Size),
    /// The terminal got the focus, or lost it.
    Focus(bool),
    /// Time passes: at least once a second.
    Tick,
    /// Some process changed the ledger.
    LedgerChanged,
    /// The vault has answered.
    Answered { to: Address, outcome: Result<Answer, Failure> },
    /// The vault cannot answer before it is unlocked with something that a person has to give.
    NeedsUnlock { to: Address, request: Request, with: Wanted },
    /// How a task goes.
    Task { id: TaskId, news: TaskNews },
    /// Whether a copy worked: where it went, and for how long.
    Copied(Result<CopiedTo, String>),
    /// The program was told to end.
    Terminate,
    /// The program is back in front.
    Resumed,
}

/// What unlocks the vault and has to be given by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A passphrase.
    Passphrase,
    /// An age identity file.
    Identity,
}

/// Where a copy went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopiedTo {
    /// To the system's clipboard; a secret is cleared after this time.
    Clipboard(Option<Duration>),
    /// Through the terminal, which does not say whether it obeyed; a secret is cleared after this time.
    Terminal(Option<Duration>),
    /// The same, through tmux, which hands it on only if it is told to.
    Tmux(Option<Duration>),
}

/// Something that is to be done outside.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Ask the vault.
    Ask { from: Address, request: Request },
    /// Put text on the clipboard; a secret only for a time and out of its history.
    Copy { text: SecretText, secret: bool },
    /// Clear the clipboard, if what was copied is still on it.
    ClearClipboard,
    /// Start something that takes long.
    Start { id: TaskId, job: Box<dyn Job> },
    /// Make it stop.
    Cancel(TaskId),
    /// Let go of the secrets of this process.
    Forget,
    /// Ask another vault from now on: the one in this folder, which goes away at the end.
    LookAround(Arc<TempDir>),
    /// Take the mouse and the clipboard as the settings say.
    Settings(Settings),
    /// Draw everything anew, whatever is believed to be on the screen.
    Redraw,
    /// Hand the terminal back to the shell until the person returns.
    Suspend,
    /// End.
    Quit,
}
