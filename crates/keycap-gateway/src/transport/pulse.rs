//! When to send a keep-alive, and when to take the peer for gone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Duration, Instant, Sleep, sleep_until};

/// After so long without a frame sent, a keep-alive is.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// After so long without a byte received, the peer is gone: three keep-alives were due, and a while.
pub(crate) const SILENCE: Duration = Duration::from_secs(90);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing was sent for [`KEEP_ALIVE`].
    KeepAlive,
    /// Nothing was heard for [`SILENCE`].
    Silent,
}

pub(crate) struct Pulse {
    timer: Pin<Box<Sleep>>,
    heard: Instant,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { timer: Box::pin(sleep_until(now + KEEP_ALIVE)), heard: now }
    }

    /// Bytes were received.
    pub(crate) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Ready when the timer has run out: something may be due, see [`Self::beat`].
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(())
    }

    /// What is due, given when bytes were last sent; winds the timer up again.
    pub(crate) fn beat(&mut self, spoke: Instant) -> Option<Beat> {
        let now = Instant::now();
        if now >= self.heard + SILENCE {
            return Some(Beat::Silent);
        }
        let due = now >= spoke + KEEP_ALIVE;
        let next = if due { now + KEEP_ALIVE } else { spoke + KEEP_ALIVE };
        self.timer.as_mut().reset(next.min(self.heard + SILENCE));
        due.then_some(Beat::KeepAlive)
    }
}
