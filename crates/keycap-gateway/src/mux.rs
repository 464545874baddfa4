//! Streams over one session: yamux, version 0. The connector opens them, the service never does.
//!
//! *Adversary*: a peer that holds a capability and does not keep to yamux. *Invariants*: a peer makes this side keep no more than the window
//! of each of its streams, and no more streams than the limit; a stream that was broken off is never taken for one that ended.
//! *Not prevented*: that a stream whose bytes nobody takes fills its window.
//!
//! This is our own yamux because the well-kept one cannot do three things that a relay of other people's connections needs: to break a
//! stream off after its own side has ended (a client that goes away closes its side first, and the download would run on into the void);
//! to tell a stream that was broken off from one that ended; and to refuse a stream too many without ending the session. It is also what
//! the figures of this crate stand on: a stream seals its bytes itself, with one copy and without handing them to another task first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::task::AtomicWaker;
use tokio::time::Duration;

mod driver;
mod entry;
mod header;
mod stream;

use crate::transport::{End, MAX_PUSH, Sending, TransportError};
pub(crate) use driver::{Driver, Event, Over};
use entry::Entry;
use header::{Flags, Header, Kind};
pub(crate) use stream::Stream;

/// The window of a stream until it grows, as yamux sets it.
const INITIAL_WINDOW: u32 = 256 * 1024;
/// The largest window of a stream.
const LARGEST_WINDOW: u32 = 8 * 1024 * 1024;
/// By how much all windows of a session may grow in sum.
const MOST_GROWTH: u32 = 32 * 1024 * 1024;
/// From this size on pieces of data lie in buffers of the largest size, which are used again: to take and give back memory for each costs
/// more than to move what is in it. No smaller, so that what a peer sends takes at most twice its size.
const REUSED: usize = MAX_PUSH / 2;
/// Buffers that are kept for use again.
const MOST_SPARE: usize = 8;

/// In what a peer breaks yamux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// A header that is none.
    #[error("the peer sent a malformed stream frame")]
    Header,
    /// The service opened a stream, or a stream was opened twice.
    #[error("the peer opened a stream that it may not open")]
    Open,
    /// More data than the window allows, or after the stream's end.
    #[error("the peer sent more on a stream than it may")]
    Window,
    /// The peer ended the session with an error of its own.
    #[error("the peer ended the session with error {code}")]
    GoAway {
        /// Its code.
        code: u32,
    },
    /// All numbers of streams are used up.
    #[error("the session has no more streams to open")]
    NoMoreStreams,
}

/// Why a stream is over that did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Broken {
    /// The peer broke the stream off.
    #[error("the stream was broken off")]
    Reset,
    /// The session is over.
    #[error("the session is over")]
    SessionOver,
}

/// What the streams of a session share with its driver.
pub(crate) struct Session {
    state: Mutex<State>,
    driver: AtomicWaker,
    end: End,
    /// The most streams that the peer may have open.
    max_streams: usize,
    /// How long a question and its answer took when the session was set up.
    round_trip: Duration,
}

struct State {
    sending: Sending,
    streams: HashMap<u32, Entry>,
    /// The number of the next stream to open.
    next: u32,
    /// From this number on the peer knows none of the streams that were opened here.
    unknown: u32,
    /// Streams that wait until less is to be sent.
    crowded: Vec<u32>,
    /// By how much windows may still grow.
    growth: u32,
    /// Buffers for use again.
    spare: Vec<Vec<u8>>,
    over: bool,
    /// What went wrong when a stream sent, for the driver.
    failed: Option<TransportError>,
}

impl Session {
    fn new(sending: Sending, end: End, max_streams: usize, round_trip: Duration) -> Arc<Self> {
        let state = State {
            sending,
            streams: HashMap::new(),
            next: 1,
            unknown: 1,
            crowded: Vec::new(),
            growth: MOST_GROWTH,
            spare: Vec::new(),
            over: false,
            failed: None,
        };
        Arc::new(Self { state: Mutex::new(state), driver: AtomicWaker::new(), end, max_streams, round_trip })
    }

    /// Opens a stream. The peer gets to know of it with its first bytes.
    pub(crate) fn open(self: &Arc<Self>) -> Result<Stream, OpenError> {
        let mut state = self.lock();
        if state.over {
            return Err(OpenError::Broken(Broken::SessionOver));
        }
        let id = state.next;
        state.next = id.checked_add(2).ok_or(OpenError::Mux(MuxError::NoMoreStreams))?;
        state.streams.insert(id, Entry::new(Flags::SYN, INITIAL_WINDOW));
        drop(state);
        Ok(Stream::new(id, Arc::clone(self)))
    }

    /// Whether the session is over.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().over
    }

    /// How many streams there are.
    #[cfg(test)]
    pub(crate) fn streams(&self) -> usize {
        self.lock().streams.len()
    }

    /// A copy of a piece of data.
    fn copy(&self, piece: &[u8]) -> Vec<u8> {
        if piece.len() < REUSED {
            return piece.to_vec();
        }
        let spare = self.lock().spare.pop();
        let mut copy = spare.unwrap_or_else(|| Vec::with_capacity(MAX_PUSH));
        copy.extend_from_slice(piece);
        copy
    }

    /// Takes back what [`Self::copy`] has made.
    fn give_back(&self, mut copy: Vec<u8>) {
        if copy.capacity() < REUSED {
            return;
        }
        copy.clear();
        let mut state = self.lock();
        if state.spare.len() < MOST_SPARE {
            state.spare.push(copy);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what the caller has just added, as far as the socket takes it now; the driver sends the rest.
    fn send_now(&self, state: &mut State) {
        let sent = state.poll_flush(&mut Context::from_waker(Waker::noop()));
        match sent {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                state.failed.get_or_insert(error);
                self.driver.wake();
            }
            Poll::Pending => self.driver.wake(),
        }
    }
}

/// Why no stream was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Broken(Broken),
    #[error(transparent)]
    Mux(MuxError),
}

impl State {
    /// Sends everything, and lets those go on that waited for room.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let sent = self.sending.poll_flush(cx);
        if !self.sending.is_full() {
            for id in self.crowded.drain(..) {
                if let Some(writer) = self.streams.get_mut(&id).and_then(|entry| entry.writer.take()) {
                    writer.wake();
                }
            }
        }
        sent
    }

    /// The flags of the next frame of a stream. Before the first one, those opened earlier that the peer does not know yet are made known:
    /// whoever speaks first, streams begin in the order of their numbers, which some peers insist on.
    fn greet(&mut self, id: u32) -> Result<Flags, TransportError> {
        let Some(entry) = self.streams.get_mut(&id) else { return Ok(Flags::NONE) };
        let flags = entry.greet();
        if flags.has(Flags::SYN) {
            for earlier in (self.unknown..id).step_by(2) {
                let waits = self.streams.get_mut(&earlier).filter(|entry| entry.greeting.has(Flags::SYN));
                if let Some(greeting) = waits.map(Entry::greet) {
                    self.push_header(Kind::WindowUpdate, greeting, earlier, 0)?;
                }
            }
            self.unknown = self.unknown.max(id.saturating_add(2));
        }
        Ok(flags)
    }

    fn push_header(&mut self, kind: Kind, flags: Flags, stream: u32, length: u32) -> Result<(), TransportError> {
        self.sending.push(&Header { kind, flags, stream, length }.encode())
    }

    /// Ends all streams, those apart that have received their end and only have to hand on what is left.
    fn end(&mut self) {
        self.over = true;
        for entry in self.streams.values_mut() {
            entry.wake();
        }
    }
}

#[cfg(test)]
mod tests;
