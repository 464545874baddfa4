//! What a session knows of one of its streams.

use std::collections::VecDeque;
use std::task::Waker;

use tokio::time::{Duration, Instant};

use super::header::Flags;
use super::{Broken, INITIAL_WINDOW, LARGEST_WINDOW, MuxError};

/// Up to this size a window also grows to be moved less often.
const HANDY: u32 = 2 * 1024 * 1024;
/// To move a window more often than this is often.
const OFTEN: Duration = Duration::from_millis(10);
/// Up to this size pieces are put together, so that many small ones do not cost a multiple of their size.
const SMALL: usize = 4 * 1024;

pub(super) struct Entry {
    /// Received and not taken.
    chunks: VecDeque<Vec<u8>>,
    /// How much the peer may still send.
    allowed: u32,
    /// How much the peer may send when everything is taken.
    window: u32,
    /// How much was taken since the window was last moved.
    taken: u32,
    /// When the window was last moved.
    moved: Instant,
    /// Whether the peer has ended its side.
    pub(super) received_end: bool,
    /// Whether this side has ended.
    pub(super) sent_end: bool,
    /// Whether the peer has broken the stream off.
    pub(super) reset: bool,
    /// How much this side may send.
    pub(super) credit: u32,
    /// SYN or ACK, until a frame has carried it.
    pub(super) greeting: Flags,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Entry {
    pub(super) fn new(greeting: Flags, credit: u32) -> Self {
        Self {
            chunks: VecDeque::new(),
            allowed: INITIAL_WINDOW,
            window: INITIAL_WINDOW,
            taken: 0,
            moved: Instant::now(),
            received_end: false,
            sent_end: false,
            reset: false,
            credit,
            greeting,
            reader: None,
            writer: None,
        }
    }

    /// The peer announces so many bytes.
    pub(super) fn announce(&mut self, length: u32) -> Result<(), MuxError> {
        if self.received_end && length > 0 {
            return Err(MuxError::Window);
        }
        self.allowed = self.allowed.checked_sub(length).ok_or(MuxError::Window)?;
        Ok(())
    }

    /// Bytes have come.
    pub(super) fn deliver(&mut self, piece: Vec<u8>) {
        match self.chunks.back_mut() {
            Some(last) if last.len() + piece.len() <= SMALL => last.extend_from_slice(&piece),
            Some(_) | None => self.chunks.push_back(piece),
        }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let chunk = self.chunks.pop_front()?;
        self.taken = self.taken.saturating_add(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
        Some(chunk)
    }

    /// By how much the window is to be moved now: when half of it was taken, so that the peer is told twice a window. A peer that fills the
    /// half within two round trips gets a larger one, out of `growth`; up to [`HANDY`], also one that has to be told often.
    pub(super) fn move_window(&mut self, growth: &mut u32, round_trip: Duration) -> Option<u32> {
        if self.taken < self.window / 2 || self.received_end {
            return None;
        }
        let now = Instant::now();
        let mut by = std::mem::take(&mut self.taken);
        let soon = if self.window < HANDY { OFTEN.max(round_trip * 2) } else { round_trip * 2 };
        if now - self.moved < soon {
            let larger = self.window.min(LARGEST_WINDOW - self.window).min(*growth);
            *growth -= larger;
            self.window += larger;
            by = by.saturating_add(larger);
        }
        self.moved = now;
        self.allowed = self.allowed.saturating_add(by);
        Some(by)
    }

    /// By how much the window has grown.
    pub(super) const fn growth(&self) -> u32 {
        self.window - INITIAL_WINDOW
    }

    /// Nothing more is to be read: why not, or that the end has come.
    pub(super) fn end_of_reading(&self, over: bool) -> Option<Result<(), Broken>> {
        if self.received_end {
            Some(Ok(()))
        } else if self.reset {
            Some(Err(Broken::Reset))
        } else if over {
            Some(Err(Broken::SessionOver))
        } else {
            None
        }
    }

    /// Whether both sides have ended in order.
    pub(super) const fn is_complete(&self) -> bool {
        self.received_end && self.sent_end
    }

    /// The flags of the next frame.
    pub(super) fn greet(&mut self) -> Flags {
        std::mem::replace(&mut self.greeting, Flags::NONE)
    }

    /// Lets both directions look again.
    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}
