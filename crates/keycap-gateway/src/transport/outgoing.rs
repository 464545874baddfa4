//! What is to be sent: plaintext that is collected until it makes a frame worth sealing, and frames that are collected until they make a
//! write worth a system call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use keycap_core::noise::frame::{FrameError, FrameSender, FrameType, MAX_DATA_BODY};
use tokio::io::AsyncWrite;

use super::TransportError;
use super::pulse::Pulse;

/// From this size on a piece of plaintext is sealed at once, without being collected first.
pub(super) const LARGE: usize = 4 * 1024;
/// The most plaintext that is collected into one frame.
const MOST_STAGED: usize = 16 * 1024;
/// The most sealed bytes that wait before more plaintext is taken, but for one frame.
const MOST_SEALED: usize = 128 * 1024;

pub(super) struct Outgoing {
    /// Plaintext that waits to be sealed.
    staged: Vec<u8>,
    /// Whole frames, the first of which may be sent in part.
    sealed: Vec<u8>,
    /// How much of `sealed` was sent.
    sent: usize,
    /// Whether the end frame was sealed.
    ended: bool,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self { staged: Vec::new(), sealed: Vec::new(), sent: 0, ended: false }
    }

    pub(super) fn is_full(&self) -> bool {
        self.sealed.len() - self.sent >= MOST_SEALED
    }

    /// Takes plaintext for data frames; says how much. Not to be called when full.
    pub(super) fn take(&mut self, sender: &mut FrameSender, from: &[u8]) -> Result<usize, FrameError> {
        let from = from.get(..MAX_DATA_BODY).unwrap_or(from);
        if from.len() >= LARGE {
            self.seal(sender, FrameType::Data, from)?;
        } else {
            if self.staged.len() + from.len() > MOST_STAGED {
                self.seal_staged(sender)?;
            }
            self.staged.extend_from_slice(from);
        }
        Ok(from.len())
    }

    /// Seals a frame, after what is staged.
    pub(super) fn seal(&mut self, sender: &mut FrameSender, kind: FrameType, body: &[u8]) -> Result<(), FrameError> {
        self.seal_staged(sender)?;
        if self.sent >= MOST_SEALED {
            self.sealed.drain(..self.sent);
            self.sent = 0;
        }
        sender.seal(kind, body, &mut self.sealed)
    }

    pub(super) fn seal_staged(&mut self, sender: &mut FrameSender) -> Result<(), FrameError> {
        if !self.staged.is_empty() {
            sender.seal(FrameType::Data, &self.staged, &mut self.sealed)?;
            self.staged.clear();
        }
        Ok(())
    }

    /// Seals the end frame, once.
    pub(super) fn end(&mut self, sender: &mut FrameSender) -> Result<(), FrameError> {
        if !self.ended {
            self.seal(sender, FrameType::End, &[])?;
            self.ended = true;
        }
        Ok(())
    }

    /// Drops plaintext that was taken and not sealed yet.
    pub(super) fn forget_unsealed(&mut self) {
        self.staged.clear();
    }

    /// Writes until everything sealed has gone.
    pub(super) fn poll_write_out(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        pulse: &mut Pulse,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        while let Some(rest) = self.sealed.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *socket).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(std::io::Error::from(std::io::ErrorKind::WriteZero).into())),
                written => self.sent += written,
            }
            pulse.spoke();
        }
        self.sealed.clear();
        self.sent = 0;
        ready!(Pin::new(socket).poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.staged.capacity() + self.sealed.capacity()
    }

    /// Gives back what a busy time has left behind.
    pub(super) fn release(&mut self) {
        self.staged.shrink_to_fit();
        if self.sealed.is_empty() {
            self.sealed = Vec::new();
        }
    }
}
