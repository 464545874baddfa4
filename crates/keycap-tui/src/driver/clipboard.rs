//! Copying: to the system's clipboard where there is one, through the terminal where there is none, as over SSH. Secrets go for some seconds.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use keycap_vault::SecretText;
use keycap_vault::clipboard::{ClipboardError, HeldSecret, Through, copy_secret, osc52_clear, osc52_copy};

use super::terminal::Screen;
use crate::event::{CopiedTo, Event};

/// What is on a clipboard because it was copied here.
pub(super) struct Clipboard {
    events: Sender<Event>,
    held: Option<HeldSecret>,
    /// Until when a secret is on the terminal's clipboard.
    sent: Option<Instant>,
    /// How long a secret stays.
    time: Duration,
}

/// Text that is no secret stays while the interface does.
const LONG: Duration = Duration::from_hours(24);

impl Clipboard {
    /// Secrets stay for so many seconds.
    pub(super) fn new(events: Sender<Event>, seconds: u64) -> Self {
        Self { events, held: None, sent: None, time: Duration::from_secs(seconds) }
    }

    /// From now on, secrets stay for so many seconds.
    pub(super) fn keep_for(&mut self, seconds: u64) {
        self.time = Duration::from_secs(seconds);
    }

    /// Copies, and says where to.
    pub(super) fn copy(&mut self, text: SecretText, secret: bool, screen: &mut Screen) {
        let time = if secret { self.time } else { LONG };
        let shown = secret.then_some(self.time);
        let second = SecretText::new(text.expose().to_owned());
        self.held = None;
        let outcome = match copy_secret(text, time) {
            Ok(held) => {
                self.held = Some(held);
                Ok(CopiedTo::Clipboard(shown))
            }
            Err(ClipboardError::NoDisplay | ClipboardError::Unreachable { .. }) => match screen.write(osc52_copy(&second, through()).expose()) {
                Ok(()) => {
                    self.sent = secret.then(|| Instant::now() + self.time);
                    Ok(if through() == Through::Tmux { CopiedTo::Tmux(shown) } else { CopiedTo::Terminal(shown) })
                }
                Err(error) => Err(format!("nothing was copied: {error}")),
            },
            Err(error) => Err(error.to_string()),
        };
        // If nobody listens any more the program is at its end.
        drop(self.events.send(Event::Copied(outcome)));
    }

    /// Clears the terminal's clipboard when it is time: it does not do so by itself.
    pub(super) fn expire(&mut self, screen: &mut Screen) {
        if self.sent.is_some_and(|until| until <= Instant::now()) {
            self.sent = None;
            // A terminal that is gone has no clipboard any more.
            drop(screen.write(&osc52_clear(through())));
        }
    }

    /// Clears what was copied, if it is still there.
    pub(super) fn clear(&mut self, screen: &mut Screen) {
        if let Some(held) = self.held.take() {
            // Whoever cannot clear it leaves it to the next who copies.
            drop(held.clear_now());
        }
        if self.sent.take().is_some() {
            drop(screen.write(&osc52_clear(through())));
        }
    }
}

/// What stands between the program and the terminal.
fn through() -> Through {
    if std::env::var_os("TMUX").is_some() {
        Through::Tmux
    } else if std::env::var_os("STY").is_some() {
        Through::Screen
    } else {
        Through::Terminal
    }
}
