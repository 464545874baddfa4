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
pub(super) enum Beat {
    /// Nothing was sent for [`KEEP_ALIVE`].
    KeepAlive,
    /// Nothing was heard for [`SILENCE`].
    Silent,
}

pub(super) struct Pulse {
    timer: Pin<Box<Sleep>>,
    spoke: Instant,
    heard: Instant,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { timer: Box::pin(sleep_until(now + KEEP_ALIVE)), spoke: now, heard: now }
    }

    /// Bytes were sent.
    pub(super) fn spoke(&mut self) {
        self.spoke = Instant::now();
    }

    /// Bytes were received.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Ready when something is due.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Beat> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if now >= self.heard + SILENCE {
                return Poll::Ready(Beat::Silent);
            }
            let due = now >= self.spoke + KEEP_ALIVE;
            if due {
                // Counted as sent from now on: if the socket takes nothing, one keep-alive in the buffer is enough.
                self.spoke = now;
            }
            self.timer.as_mut().reset((self.spoke + KEEP_ALIVE).min(self.heard + SILENCE));
            if due {
                return Poll::Ready(Beat::KeepAlive);
            }
        }
    }
}
