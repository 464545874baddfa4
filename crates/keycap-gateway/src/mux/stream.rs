//! One stream, from the side that uses it.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::header::{Flags, Kind};
use super::{Broken, Session, State};
use crate::transport::MAX_PUSH;

/// A stream. Dropped before both sides have ended, it is broken off.
pub(crate) struct Stream {
    id: u32,
    session: Arc<Session>,
}

impl Stream {
    pub(super) const fn new(id: u32, session: Arc<Session>) -> Self {
        Self { id, session }
    }

    /// Waits until something may be sent, and says how much at most.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<usize, Broken>> {
        let mut state = self.session.lock();
        if state.sending.is_full() && !state.over {
            self.session.send_now(&mut state);
        }
        let State { over, streams, sending, crowded, .. } = &mut *state;
        let Some(entry) = streams.get_mut(&self.id) else { return Poll::Ready(Err(Broken::Reset)) };
        if entry.reset {
            return Poll::Ready(Err(Broken::Reset));
        }
        if *over {
            return Poll::Ready(Err(Broken::SessionOver));
        }
        if entry.credit > 0 && !sending.is_full() {
            return Poll::Ready(Ok(usize::try_from(entry.credit).unwrap_or(MAX_PUSH).min(MAX_PUSH)));
        }
        if entry.credit > 0 && !crowded.contains(&self.id) {
            crowded.push(self.id);
        }
        entry.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Adds bytes to what is to be sent: no more than [`Self::poll_ready`] has just allowed. [`Self::flush`] sends them.
    pub(crate) fn push(&self, bytes: &[u8]) -> Result<(), Broken> {
        let mut state = self.session.lock();
        if state.over {
            return Err(Broken::SessionOver);
        }
        let Some(entry) = state.streams.get_mut(&self.id).filter(|entry| !entry.reset) else { return Err(Broken::Reset) };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // A caller that sends more than it may has not asked.
        entry.credit = entry.credit.checked_sub(length).ok_or(Broken::Reset)?;
        let added =
            state.greet(self.id).and_then(|flags| state.push_header(Kind::Data, flags, self.id, length)).and_then(|()| state.sending.push(bytes));
        if let Err(error) = added {
            state.failed.get_or_insert(error);
            self.session.driver.wake();
        }
        Ok(())
    }

    /// Sends what was pushed.
    pub(crate) fn flush(&self) {
        let mut state = self.session.lock();
        if !state.over {
            self.session.send_now(&mut state);
        }
    }

    /// Sends bytes at once, under the same terms as [`Self::push`].
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<(), Broken> {
        self.push(bytes)?;
        self.flush();
        Ok(())
    }

    /// Ends this side.
    pub(crate) fn finish(&self) -> Result<(), Broken> {
        let mut state = self.session.lock();
        if state.over {
            return Err(Broken::SessionOver);
        }
        let Some(entry) = state.streams.get_mut(&self.id).filter(|entry| !entry.reset) else { return Err(Broken::Reset) };
        if std::mem::replace(&mut entry.sent_end, true) {
            return Ok(());
        }
        let added = state.greet(self.id).and_then(|flags| state.push_header(Kind::Data, flags.with(Flags::FIN), self.id, 0));
        self.added(&mut state, added);
        Ok(())
    }

    /// The next bytes; `None` when the peer has ended its side.
    pub(crate) fn poll_chunk(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Broken>> {
        let mut state = self.session.lock();
        let State { over, streams, growth, .. } = &mut *state;
        let Some(entry) = streams.get_mut(&self.id) else { return Poll::Ready(Err(Broken::Reset)) };
        let end = entry.end_of_reading(*over);
        if let Some(Err(broken)) = end {
            return Poll::Ready(Err(broken));
        }
        let Some(chunk) = entry.take() else {
            if end.is_some() {
                return Poll::Ready(Ok(None));
            }
            entry.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let Some(by) = entry.move_window(growth, self.session.round_trip).filter(|_| !*over) {
            let added = state.greet(self.id).and_then(|flags| state.push_header(Kind::WindowUpdate, flags, self.id, by));
            self.added(&mut state, added);
        }
        Poll::Ready(Ok(Some(chunk)))
    }

    /// Takes back a chunk that was used up, for use again.
    pub(crate) fn give_back(&self, chunk: Vec<u8>) {
        self.session.give_back(chunk);
    }

    /// Whether the peer has ended its side: what it has sent until then is complete, whatever became of the other direction.
    pub(crate) fn has_received_end(&self) -> bool {
        self.session.lock().streams.get(&self.id).is_some_and(|entry| entry.received_end)
    }

    /// Sends what was added.
    fn added(&self, state: &mut State, added: Result<(), crate::transport::TransportError>) {
        match added {
            Ok(()) => self.session.send_now(state),
            Err(error) => {
                state.failed.get_or_insert(error);
                self.session.driver.wake();
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.session.lock();
        let Some(entry) = state.streams.remove(&self.id) else { return };
        state.growth = state.growth.saturating_add(entry.growth());
        let unknown_to_peer = entry.greeting.has(Flags::SYN);
        if !(entry.is_complete() || entry.reset || state.over || unknown_to_peer) {
            let added = state.push_header(Kind::WindowUpdate, Flags::RST, self.id, 0);
            self.added(&mut state, added);
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.id).finish_non_exhaustive()
    }
}
