//! The direction that comes in: ciphertext that is not whole yet, opened where it stands.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use keycap_core::noise::frame::{FrameError, FrameReceiver, FrameType, LENGTH_LEN, MIN_CIPHERTEXT, ciphertext_len};
use keycap_core::noise::{Status, StatusCode};
use tokio::io::AsyncReadExt;

use super::{ReadHalf, TransportError};

/// The buffer of a session that has been idle.
const LEAST: usize = 1024;
/// The most that one read takes: four of the largest frames.
const MOST: usize = 256 * 1024;

/// Which end of a session this is: only the service says what it thinks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Connector,
    Service,
}

/// What has come in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    /// The next bytes; at least one.
    Data(&'a [u8]),
    /// The direction has ended in order; a refusal, if the service has given one.
    End(Option<Status>),
}

/// What a look at the next frame gives.
enum Opened {
    Data(Range<usize>),
    Other,
}

pub(crate) struct Receiving {
    socket: ReadHalf,
    receiver: FrameReceiver,
    end: End,
    /// `[opened | ciphertext | room]`
    buffer: Vec<u8>,
    /// Where the ciphertext begins that was not opened.
    unopened: usize,
    verdict: Option<Status>,
}

impl Receiving {
    pub(crate) fn new(socket: ReadHalf, receiver: FrameReceiver, end: End) -> Self {
        Self { socket, receiver, end, buffer: Vec::new(), unopened: 0, verdict: None }
    }

    /// The next bytes that are here already, without reading from the socket.
    pub(crate) fn next(&mut self) -> Result<Option<Received<'_>>, TransportError> {
        loop {
            if self.receiver.has_ended() {
                return Ok(Some(Received::End(self.verdict.take())));
            }
            let Some(frame) = self.next_frame()? else { return Ok(None) };
            if let Opened::Data(body) = self.open(frame)? {
                return Ok(Some(Received::Data(self.buffer.get(body).unwrap_or_default())));
            }
        }
    }

    /// Reads once from the socket.
    ///
    /// # Errors
    /// [`FrameError::Cut`] at its end: the end frame must come before.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.make_room();
        let room = self.buffer.capacity() - self.buffer.len();
        let read = ready!(pin!(self.socket.read_buf(&mut self.buffer)).poll(cx))?;
        // A read that filled the buffer could have taken more: the next one may.
        if read == room && self.buffer.capacity() < MOST {
            self.buffer.reserve(self.buffer.capacity());
        }
        Poll::Ready(if read == 0 { Err(FrameError::Cut.into()) } else { Ok(()) })
    }

    /// Reads to the end of the connection and forgets it.
    pub(crate) async fn discard(&mut self) -> io::Result<()> {
        loop {
            self.buffer.clear();
            self.buffer.reserve(LEAST);
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Gives back what a busy time has left behind.
    pub(crate) fn release(&mut self) {
        if self.unopened == self.buffer.len() {
            self.buffer = Vec::new();
            self.unopened = 0;
        }
    }

    /// The next frame's ciphertext, if the whole of it is here.
    fn next_frame(&mut self) -> Result<Option<Range<usize>>, FrameError> {
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

    fn open(&mut self, at: Range<usize>) -> Result<Opened, TransportError> {
        let begin = at.start + 1;
        let frame = self.receiver.open(self.buffer.get_mut(at).unwrap_or_default())?;
        match frame.kind {
            FrameType::Data if !frame.body.is_empty() => return Ok(Opened::Data(begin..begin + frame.body.len())),
            FrameType::Status => {
                let status = Status::parse(frame.body)?;
                if self.end == End::Service || status.code() == StatusCode::Ok || self.verdict.is_some() {
                    return Err(TransportError::UnexpectedStatus);
                }
                self.verdict = Some(status);
            }
            FrameType::Data | FrameType::End | FrameType::Rekey | FrameType::KeepAlive => {}
        }
        Ok(Opened::Other)
    }

    /// Moves an unfinished frame to the front, and makes room for the whole of it.
    fn make_room(&mut self) {
        self.buffer.drain(..self.unopened);
        self.unopened = 0;
        let whole = match self.buffer.first_chunk::<LENGTH_LEN>() {
            Some(prefix) => LENGTH_LEN + usize::from(u16::from_be_bytes(*prefix)),
            None => LENGTH_LEN + MIN_CIPHERTEXT,
        };
        self.buffer.reserve(whole.max(LEAST).saturating_sub(self.buffer.len()));
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}
