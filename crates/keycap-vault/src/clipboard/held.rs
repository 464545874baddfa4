//! A secret that is on the clipboard, until its time is over.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use keycap_core::secret::SecretText;

use super::{ClipboardError, PATIENCE};

/// What became of a secret on the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was cleared.
    Cleared,
    /// Something else was copied over it, which was left alone.
    Replaced,
}

/// A secret that is on the clipboard. Cleared, if it is still there, when its time is over or this is dropped.
pub struct HeldSecret {
    until: Instant,
    /// Dropped to end the holding before its time.
    stop: Option<Sender<()>>,
    ending: Receiver<Result<Ending, ClipboardError>>,
}

impl HeldSecret {
    /// Puts `text` on the board that `open` gives.
    pub(super) fn start<B: Board>(
        open: impl FnOnce() -> Result<B, ClipboardError> + Send + 'static,
        text: SecretText,
        clear_after: Duration,
    ) -> Result<Self, ClipboardError> {
        let (stop, stopped) = mpsc::channel();
        let (placed, is_placed) = mpsc::channel();
        let (ended, ending) = mpsc::channel();
        // What cannot be reckoned any more lies beyond anyone's days.
        let until = Instant::now().checked_add(clear_after).unwrap_or_else(|| Instant::now() + Duration::from_secs(u64::from(u32::MAX)));
        let hold = move || {
            let opened = open().and_then(|mut board| board.place(&text).map(|()| board));
            let (board, outcome) = match opened {
                Ok(board) => (Some(board), Ok(())),
                Err(error) => (None, Err(error)),
            };
            // If nobody waits for either message any more, the secret goes all the same.
            drop(placed.send(outcome));
            if let Some(board) = board {
                drop(ended.send(hold(board, &text, until, &stopped)));
            }
        };
        thread::Builder::new().name("clipboard".into()).spawn(hold).map_err(|error| ClipboardError::Other { reason: error.to_string() })?;
        is_placed.recv_timeout(PATIENCE).map_err(|_| ClipboardError::Unanswered)??;
        Ok(Self { until, stop: Some(stop), ending })
    }

    /// How much longer the secret stays, if nothing else is copied before.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// Those of [`wait`](Self::wait).
    pub fn ended(&self) -> Result<Option<Ending>, ClipboardError> {
        self.ending.recv_timeout(Duration::ZERO).map_or(Ok(None), |ending| ending.map(Some))
    }

    /// Waits until the secret has been cleared or replaced.
    ///
    /// # Errors
    /// Those of [`copy_secret`](super::copy_secret): then nobody knows whether it is still there.
    pub fn wait(self) -> Result<Ending, ClipboardError> {
        self.ending.recv_timeout(self.remaining().saturating_add(PATIENCE)).map_err(|_| ClipboardError::Unanswered)?
    }

    /// Clears the secret now, if it is still there.
    ///
    /// # Errors
    /// Those of [`wait`](Self::wait).
    pub fn clear_now(mut self) -> Result<Ending, ClipboardError> {
        self.stop = None;
        self.ending.recv_timeout(PATIENCE).map_err(|_| ClipboardError::Unanswered)?
    }
}

impl Drop for HeldSecret {
    fn drop(&mut self) {
        if self.stop.take().is_some() {
            // Clearing takes a moment, which the program must not use to end. There is nobody to tell of an error.
            drop(self.ending.recv_timeout(PATIENCE));
        }
    }
}

impl fmt::Debug for HeldSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldSecret({} s left, ..)", self.remaining().as_secs())
    }
}

/// Something that holds one text at a time and that others write to as well.
pub(super) trait Board: 'static {
    /// Puts `text` there, marked as a secret.
    fn place(&mut self, text: &SecretText) -> Result<(), ClipboardError>;

    /// Whether `text` is there.
    fn holds(&mut self, text: &SecretText) -> Result<bool, ClipboardError>;

    /// Removes whatever is there.
    fn clear(&mut self) -> Result<(), ClipboardError>;

    /// Removes `text` if it is there.
    fn take_back(&mut self, text: &SecretText) -> Result<Ending, ClipboardError> {
        if !self.holds(text)? {
            return Ok(Ending::Replaced);
        }
        self.clear()?;
        Ok(Ending::Cleared)
    }
}

/// How often to see whether something else was copied: once it was, the secret need not be kept.
const LOOK_EVERY: Duration = Duration::from_secs(1);

fn hold(mut board: impl Board, text: &SecretText, until: Instant, stopped: &Receiver<()>) -> Result<Ending, ClipboardError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let stopped = stopped.recv_timeout(left.min(LOOK_EVERY)) != Err(RecvTimeoutError::Timeout);
        if stopped || left.is_zero() {
            return board.take_back(text);
        }
        // An error may pass: what counts is the last look.
        if matches!(board.holds(text), Ok(false)) {
            return Ok(Ending::Replaced);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A board in memory; anyone with the other handle can write to it.
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Option<String>>>);

    impl Memory {
        fn put(&self, text: &str) {
            *self.0.lock().unwrap() = Some(text.into());
        }

        fn now(&self) -> Option<String> {
            self.0.lock().unwrap().clone()
        }
    }

    impl Board for Memory {
        fn place(&mut self, text: &SecretText) -> Result<(), ClipboardError> {
            self.put(text.expose());
            Ok(())
        }

        fn holds(&mut self, text: &SecretText) -> Result<bool, ClipboardError> {
            Ok(self.now().is_some_and(|now| now == text.expose()))
        }

        fn clear(&mut self) -> Result<(), ClipboardError> {
            *self.0.lock().unwrap() = None;
            Ok(())
        }
    }

    fn held_on(board: &Memory, clear_after: Duration) -> HeldSecret {
        let board = board.clone();
        HeldSecret::start(move || Ok(board), SecretText::new("secret".into()), clear_after).unwrap()
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn the_secret_is_there_at_once_and_gone_in_time() {
        let board = Memory::default();
        let held = held_on(&board, Duration::from_millis(200));
        assert_eq!(board.now().as_deref(), Some("secret"));
        assert!(held.ended().unwrap().is_none());
        assert_eq!(held.wait().unwrap(), Ending::Cleared);
        assert_eq!(board.now(), None);
    }

    #[test]
    fn what_was_copied_meanwhile_is_left_alone() {
        let board = Memory::default();
        let held = held_on(&board, Duration::from_millis(200));
        board.put("something else");
        assert_eq!(held.wait().unwrap(), Ending::Replaced);
        assert_eq!(board.now().as_deref(), Some("something else"));
    }

    #[test]
    fn a_replaced_secret_is_not_kept_until_its_time() {
        let board = Memory::default();
        let held = held_on(&board, LONG);
        board.put("something else");
        let begin = Instant::now();
        while held.ended().unwrap().is_none() {
            assert!(begin.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn clearing_early_clears_and_spares_what_is_not_the_secret() {
        let board = Memory::default();
        assert_eq!(held_on(&board, LONG).clear_now().unwrap(), Ending::Cleared);
        assert_eq!(board.now(), None);

        let held = held_on(&board, LONG);
        board.put("something else");
        assert_eq!(held.clear_now().unwrap(), Ending::Replaced);
        assert_eq!(board.now().as_deref(), Some("something else"));
    }

    #[test]
    fn dropping_clears_before_it_returns() {
        let board = Memory::default();
        drop(held_on(&board, LONG));
        assert_eq!(board.now(), None);
    }

    #[test]
    fn the_time_left_is_told_and_a_time_beyond_reckoning_is_long() {
        let board = Memory::default();
        let left = held_on(&board, LONG).remaining();
        assert!(left <= LONG && left > LONG - Duration::from_secs(60));
        assert!(held_on(&board, Duration::MAX).remaining() > LONG);
    }

    #[test]
    fn a_board_that_cannot_be_opened_is_an_error() {
        let closed = || Err::<Memory, _>(ClipboardError::NoDisplay);
        assert!(matches!(HeldSecret::start(closed, SecretText::new("secret".into()), LONG), Err(ClipboardError::NoDisplay)));
    }

    #[test]
    fn debug_output_does_not_show_the_secret() {
        assert!(!format!("{:?}", held_on(&Memory::default(), LONG)).contains("secret"));
    }
}
