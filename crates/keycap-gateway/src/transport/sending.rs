//! The direction that goes out: plaintext that is collected until it makes a frame worth sealing, and frames that are collected until they
//! make a write worth a system call.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use keycap_core::noise::Status;
use keycap_core::noise::frame::{FrameError, FrameSender, FrameType, MAX_DATA_BODY};
use tokio::io::AsyncWrite as _;
use tokio::time::Instant;

use super::{TransportError, WriteHalf};

/// From this size on a piece of plaintext is sealed at once, without being collected first.
const LARGE: usize = 4 * 1024;
/// The most plaintext that is collected into one frame.
const MOST_STAGED: usize = 16 * 1024;
/// From so many sealed bytes on, streams wait before they add more.
const FULL: usize = 128 * 1024;
/// So many sealed bytes only gather when a peer makes this side answer and does not read the answers.
const OVERFULL: usize = 1024 * 1024;

pub(crate) struct Sending {
    /// `None` when the session is over.
    socket: Option<WriteHalf>,
    sender: FrameSender,
    /// Plaintext that waits to be sealed.
    staged: Vec<u8>,
    /// Whole frames, the first of which may be sent in part.
    sealed: Vec<u8>,
    /// How much of `sealed` was sent.
    sent: usize,
    /// When bytes last went out.
    spoke: Instant,
}

impl Sending {
    pub(crate) fn new(socket: WriteHalf, sender: FrameSender) -> Self {
        Self { socket: Some(socket), sender, staged: Vec::new(), sealed: Vec::new(), sent: 0, spoke: Instant::now() }
    }

    /// Whether so much waits that streams should.
    pub(crate) fn is_full(&self) -> bool {
        self.sealed.len() - self.sent >= FULL
    }

    /// Whether everything has gone out.
    pub(crate) fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.staged.is_empty()
    }

    /// When bytes last went out.
    pub(crate) fn spoke(&self) -> Instant {
        self.spoke
    }

    /// Takes at most [`MAX_DATA_BODY`] bytes of plaintext.
    pub(crate) fn push(&mut self, plaintext: &[u8]) -> Result<(), TransportError> {
        if plaintext.len() >= LARGE {
            return self.seal(FrameType::Data, plaintext);
        }
        if self.staged.len() + plaintext.len() > MOST_STAGED {
            self.seal_staged()?;
        }
        self.staged.extend_from_slice(plaintext);
        Ok(())
    }

    /// Adds a status.
    pub(crate) fn status(&mut self, status: &Status) -> Result<(), TransportError> {
        self.seal(FrameType::Status, &status.encode())
    }

    /// Adds a keep-alive, and gives back what a busy time has left behind.
    pub(crate) fn keep_alive(&mut self) -> Result<(), TransportError> {
        if self.is_empty() {
            self.staged = Vec::new();
            self.sealed = Vec::new();
        }
        // Counted as sent from now on: if the socket takes nothing, one keep-alive in the buffer is enough.
        self.spoke = Instant::now();
        self.seal(FrameType::KeepAlive, &[])
    }

    /// Adds the end frame.
    pub(crate) fn end(&mut self) -> Result<(), TransportError> {
        self.seal(FrameType::End, &[])
    }

    /// Drops plaintext that was taken and not sealed yet.
    pub(crate) fn forget_unsealed(&mut self) {
        self.staged.clear();
    }

    /// Writes until everything has gone out.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.seal_staged()?;
        if self.sealed.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let Some(socket) = &mut self.socket else { return Poll::Ready(Err(FrameError::AfterEnd.into())) };
        while let Some(rest) = self.sealed.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *socket).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into())),
                written => self.sent += written,
            }
            self.spoke = Instant::now();
        }
        self.sealed.clear();
        self.sent = 0;
        ready!(Pin::new(socket).poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }

    /// Closes the socket's direction.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.as_mut().map_or(Poll::Ready(Ok(())), |socket| Pin::new(socket).poll_shutdown(cx))
    }

    /// Lets go of the socket.
    pub(crate) fn disconnect(&mut self) {
        self.socket = None;
    }

    fn seal(&mut self, kind: FrameType, body: &[u8]) -> Result<(), TransportError> {
        self.seal_staged()?;
        self.seal_next(kind, body)
    }

    fn seal_staged(&mut self) -> Result<(), TransportError> {
        if !self.staged.is_empty() {
            let mut staged = std::mem::take(&mut self.staged);
            let sealed = self.seal_next(FrameType::Data, &staged);
            staged.clear();
            self.staged = staged;
            sealed?;
        }
        Ok(())
    }

    fn seal_next(&mut self, kind: FrameType, body: &[u8]) -> Result<(), TransportError> {
        if self.sent >= FULL {
            self.sealed.drain(..self.sent);
            self.sent = 0;
        }
        if self.sealed.len() - self.sent >= OVERFULL {
            return Err(TransportError::NotReading);
        }
        Ok(self.sender.seal(kind, body, &mut self.sealed)?)
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.staged.capacity() + self.sealed.capacity()
    }
}

/// What one push takes, whatever it is collected with.
pub(crate) const MAX_PUSH: usize = MAX_DATA_BODY;
const _: () = assert!(MAX_PUSH > LARGE && MOST_STAGED + LARGE < MAX_DATA_BODY);
