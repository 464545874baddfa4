//! What every screen may know: the time, the size, the theme, the keys, and how the vault stands.

use std::path::PathBuf;
use std::time::Duration;

use keycap_vault::action::ActionContext;
use keycap_vault::view::VaultStatus;
use keycap_vault::words::{TimeWords, span};

use crate::event::{Moment, Size};
use crate::keymap::Keymap;
use crate::settings::Settings;
use crate::task::Task;
use crate::theme::Theme;

/// What every screen may know.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) moment: Moment,
    pub(crate) size: Size,
    pub(crate) theme: Theme,
    pub(crate) keymap: Keymap,
    /// The time in words.
    pub(crate) times: TimeWords,
    /// How the vault stands; `None` before it was read for the first time.
    pub(crate) status: Option<VaultStatus>,
    /// Whether the terminal has the focus, as far as it tells.
    pub(crate) focused: bool,
    /// What runs, and what has run, the newest last.
    pub(crate) tasks: Vec<Task>,
    /// Until when, by [`Moment::running`], a secret is on the clipboard.
    pub(crate) on_clipboard: Option<Duration>,
    /// Revocations that have not reached every gateway: rid and name.
    pub(crate) awaited: Vec<Awaited>,
    pub(crate) settings: Settings,
    /// How the terminal is by itself.
    pub(crate) terminal: Theme,
    pub(crate) files: Files,
    /// Whether the vault is one that is thrown away at the end.
    pub(crate) looks_around: bool,
}

/// Where it rests how the interface is to be; `None` without a home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) settings: Option<PathBuf>,
    pub(crate) keys: Option<PathBuf>,
}

/// A revocation that has not reached every gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) rid: String,
    pub(crate) name: String,
    /// Gateways that have not applied it; `None` before the first answer.
    pub(crate) pending: Option<u64>,
}

impl World {
    /// What decides which actions can be done.
    pub(crate) fn context(&self) -> ActionContext {
        let Some(status) = &self.status else { return ActionContext { has_vault: true, ..ActionContext::default() } };
        ActionContext {
            has_vault: true,
            locked: status.locked,
            sealed: status.protection.starts_with("sealed"),
            keys: status.keys + status.cards,
            services: status.services,
            grants: status.grants,
            capabilities: status.capabilities,
        }
    }

    /// How many tasks run.
    pub(crate) fn running_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.runs()).count()
    }

    /// How long something has lasted: `3 d`.
    pub(crate) fn lasted(&self, since: u64) -> String {
        span(self.moment.wall.saturating_sub(since))
    }

    /// A time, told from now: `in 29 d`.
    pub(crate) fn told(&self, at: u64) -> String {
        self.times.relative(at)
    }
}
