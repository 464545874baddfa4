//! What has been received: ciphertext that is not whole yet, and plaintext that is not taken yet, in one buffer.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll};

use keycap_core::noise::frame::{FrameError, LENGTH_LEN, MIN_CIPHERTEXT, ciphertext_len};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The buffer of a session that has been idle.
const LEAST: usize = 1024;
/// The most that one read takes: four of the largest frames.
const MOST: usize = 256 * 1024;

/// The buffer: `[done | plaintext | … | ciphertext | room]`.
pub(super) struct Incoming {
    buffer: Vec<u8>,
    /// Plaintext that was opened and not taken.
    plaintext: Range<usize>,
    /// Where the ciphertext begins that was not opened.
    unopened: usize,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::new(), plaintext: 0..0, unopened: 0 }
    }

    pub(super) fn has_plaintext(&self) -> bool {
        !self.plaintext.is_empty()
    }

    /// The next whole frame's ciphertext, if all of it is here.
    pub(super) fn next_frame(&mut self) -> Result<Option<Range<usize>>, FrameError> {
        let rest = self.buffer.get(self.unopened..).unwrap_or_default();
        let Some((prefix, rest)) = rest.split_first_chunk::<LENGTH_LEN>() else { return Ok(None) };
        let length = ciphertext_len(*prefix)?;
        if rest.len() < length {
            return Ok(None);
        }
        let begin = self.unopened + LENGTH_LEN;
        self.unopened = begin + length;
        Ok(Some(begin..self.unopened))
    }

    pub(super) fn ciphertext(&mut self, at: &Range<usize>) -> &mut [u8] {
        self.buffer.get_mut(at.clone()).unwrap_or_default()
    }

    /// The frame at `at` was opened and has a body of `length` bytes, which follow its type.
    pub(super) fn set_plaintext(&mut self, at: &Range<usize>, length: usize) {
        self.plaintext = at.start + 1..at.start + 1 + length;
    }

    /// Moves plaintext into `to`; says how much.
    pub(super) fn take(&mut self, to: &mut [u8]) -> usize {
        let plaintext = self.buffer.get(self.plaintext.clone()).unwrap_or_default();
        let length = plaintext.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..length), plaintext.get(..length)) {
            to.copy_from_slice(from);
        }
        self.plaintext.start += length;
        length
    }

    /// Reads once from the socket; 0 is its end. There must be no plaintext left.
    pub(super) fn poll_read_more(&mut self, socket: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let room = self.buffer.capacity() - self.buffer.len();
        let read = pin!(socket.read_buf(&mut self.buffer)).poll(cx);
        // A read that filled the buffer could have taken more: the next one may.
        if let Poll::Ready(Ok(read)) = read
            && read == room
            && self.buffer.capacity() < MOST
        {
            self.buffer.reserve(self.buffer.capacity());
        }
        read
    }

    /// Moves an unfinished frame to the front, and makes room for the whole of it.
    fn make_room(&mut self) {
        self.buffer.drain(..self.unopened);
        self.plaintext = 0..0;
        self.unopened = 0;
        let whole = match self.buffer.first_chunk::<LENGTH_LEN>() {
            Some(prefix) => LENGTH_LEN + usize::from(u16::from_be_bytes(*prefix)),
            None => LENGTH_LEN + MIN_CIPHERTEXT,
        };
        self.buffer.reserve(whole.max(LEAST).saturating_sub(self.buffer.len()));
    }

    /// Gives back what a busy time has left behind.
    pub(super) fn release(&mut self) {
        if self.unopened == self.buffer.len() && !self.has_plaintext() {
            self.buffer = Vec::new();
            self.plaintext = 0..0;
            self.unopened = 0;
        }
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads to the end and forgets it.
    pub(super) async fn discard(&mut self, socket: &mut (impl AsyncRead + Unpin)) -> Result<(), super::TransportError> {
        loop {
            self.buffer.clear();
            self.buffer.reserve(LEAST);
            if socket.read_buf(&mut self.buffer).await? == 0 {
                return Ok(());
            }
        }
    }
}
