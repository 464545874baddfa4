//! A stream of a session and a connection, joined: bytes go both ways until both sides have ended, and what breaks one breaks the other.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use keycap_core::noise::{Status, StatusCode, StatusError};
use tokio::io::ReadBuf;

use crate::mux::{Broken, Stream};
use crate::socket::Endpoint;

/// What one read from a connection takes.
const READ: usize = 64 * 1024;
/// From so many bytes on that wait to be written, none are taken from the stream.
const MOST_QUEUED: usize = 256 * 1024;
/// Pieces that one write takes.
const SLICES: usize = 16;

thread_local! {
    /// What is read lies here only until it is sealed, within one call: no connection needs a buffer of its own.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// Why a relay ended other than by both sides ending.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    /// The service does not open the stream.
    #[error("{}", crate::handshake::describe(.0))]
    Refused(Status),
    /// The answer to the stream's header cannot be read.
    #[error(transparent)]
    Answer(#[from] StatusError),
    /// The peer broke the stream off, or the session is over.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The connection broke.
    #[error(transparent)]
    Connection(#[from] io::Error),
}

/// Bytes both ways. Dropped before its end, it breaks both sides off.
pub(crate) struct Relay<C: Endpoint> {
    connection: C,
    stream: Stream,
    up: Up,
    down: Down,
    queue: Queue,
    ends_with_service: bool,
}

/// From the connection to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Up {
    Copying,
    Ended,
}

/// From the stream to the connection.
#[derive(Debug)]
enum Down {
    /// The answer to the stream's header comes first; what is there of it.
    Answer(Vec<u8>),
    Copying,
    /// The stream has ended, its last bytes are to be written.
    Ending,
    Ended,
}

impl<C: Endpoint> Relay<C> {
    /// For the service, which has answered; `early` came behind the stream's header.
    pub(crate) fn answered(connection: C, stream: Stream, early: Vec<u8>) -> Self {
        let mut relay = Self::new(connection, stream, Down::Copying);
        relay.queue.push(early);
        relay
    }

    /// For the connector, which has sent the stream's header and whose answer is to come: bytes go up at once, so that opening a stream costs
    /// no round trip.
    pub(crate) fn asked(connection: C, stream: Stream) -> Self {
        Self::new(connection, stream, Down::Answer(Vec::new()))
    }

    /// Whether the end of the service's side is the end of it all.
    pub(crate) fn end_with_service(&mut self, ends: bool) {
        self.ends_with_service = ends;
    }

    fn new(connection: C, stream: Stream, down: Down) -> Self {
        Self { connection, stream, up: Up::Copying, down, queue: Queue::default(), ends_with_service: false }
    }

    /// Reads as long as there is something to read, and sends it together.
    fn poll_up(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let mut pushed = false;
        while self.up == Up::Copying {
            let read = match self.poll_push(cx) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    if pushed {
                        self.stream.flush();
                    }
                    return Poll::Pending;
                }
            };
            pushed = true;
            if read == 0 {
                self.stream.finish()?;
                self.up = Up::Ended;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, and gives the stream what was read; 0 is the connection's end.
    fn poll_push(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, RelayError>> {
        let room = ready!(self.stream.poll_ready(cx))?;
        let (connection, stream) = (&mut self.connection, &self.stream);
        SCRATCH.with_borrow_mut(|scratch| {
            let room = room.min(scratch.len());
            let mut buffer = ReadBuf::new(scratch.get_mut(..room).unwrap_or_default());
            ready!(Pin::new(connection).poll_read(cx, &mut buffer))?;
            if !buffer.filled().is_empty() {
                stream.push(buffer.filled())?;
            }
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }

    fn poll_down(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        loop {
            self.gather(cx)?;
            if self.queue.bytes > 0 {
                ready!(self.queue.poll_write(&mut self.connection, &self.stream, cx))?;
                continue;
            }
            match self.down {
                // Nothing more is here now; the stream has the waker.
                Down::Answer(_) | Down::Copying => {
                    ready!(Pin::new(&mut self.connection).poll_flush(cx))?;
                    return Poll::Pending;
                }
                Down::Ending => {
                    ready!(Pin::new(&mut self.connection).poll_shutdown(cx))?;
                    self.down = Down::Ended;
                }
                Down::Ended => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Takes what the stream has, as far as there is room.
    fn gather(&mut self, cx: &mut Context<'_>) -> Result<(), RelayError> {
        while self.queue.bytes < MOST_QUEUED && matches!(self.down, Down::Answer(_) | Down::Copying) {
            match self.stream.poll_chunk(cx)? {
                Poll::Ready(Some(chunk)) => {
                    let bytes = self.answer(chunk)?;
                    self.queue.push(bytes);
                }
                Poll::Ready(None) if matches!(self.down, Down::Answer(_)) => return Err(Broken::Reset.into()),
                Poll::Ready(None) => self.down = Down::Ending,
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    /// Reads the answer, if it is still to come, and gives what follows it.
    fn answer(&mut self, chunk: Vec<u8>) -> Result<Vec<u8>, RelayError> {
        let Down::Answer(answer) = &mut self.down else { return Ok(chunk) };
        answer.extend_from_slice(&chunk);
        let Some((status, rest)) = take_answer(answer)? else { return Ok(Vec::new()) };
        if status.code() != StatusCode::Ok {
            return Err(RelayError::Refused(status));
        }
        self.down = Down::Copying;
        Ok(rest)
    }
}

/// `u16 length || status`, and what follows; `None` if it is not all there.
fn take_answer(bytes: &[u8]) -> Result<Option<(Status, Vec<u8>)>, StatusError> {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
    let Some((status, rest)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else { return Ok(None) };
    Ok(Some((Status::parse(status)?, rest.to_vec())))
}

impl<C: Endpoint> Future for Relay<C> {
    type Output = Result<(), RelayError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let up = match this.poll_up(cx) {
            // The peer has ended its side and takes no more: what it has sent is still handed on.
            Poll::Ready(Err(RelayError::Broken(_))) if this.stream.has_received_end() => {
                this.up = Up::Ended;
                Poll::Ready(())
            }
            up @ (Poll::Ready(_) | Poll::Pending) => up?,
        };
        let down = this.poll_down(cx)?;
        if down.is_ready() && (up.is_ready() || this.ends_with_service) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<C: Endpoint> Drop for Relay<C> {
    fn drop(&mut self) {
        if !matches!((self.up, &self.down), (Up::Ended, Down::Ended)) {
            self.connection.abort();
        }
    }
}

/// What was taken from a stream and waits to be written.
#[derive(Debug, Default)]
struct Queue {
    chunks: VecDeque<Vec<u8>>,
    /// How much of the first was written.
    written: usize,
    bytes: usize,
}

impl Queue {
    fn push(&mut self, chunk: Vec<u8>) {
        if !chunk.is_empty() {
            self.bytes += chunk.len();
            self.chunks.push_back(chunk);
        }
    }

    /// Writes once; what was written goes back to the stream.
    fn poll_write(&mut self, connection: &mut impl Endpoint, stream: &Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let chunks = self.chunks.iter().enumerate();
        let mut used = 0;
        for (slice, (place, chunk)) in slices.iter_mut().zip(chunks) {
            let from = if place == 0 { self.written } else { 0 };
            *slice = IoSlice::new(chunk.get(from..).unwrap_or_default());
            used += 1;
        }
        let written = match slices.get(..used).unwrap_or_default() {
            [single] => ready!(Pin::new(connection).poll_write(cx, single))?,
            several => ready!(Pin::new(connection).poll_write_vectored(cx, several))?,
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written, |chunk| stream.give_back(chunk));
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, written: usize, mut used_up: impl FnMut(Vec<u8>)) {
        self.bytes -= written;
        self.written += written;
        while let Some(first) = self.chunks.front().map(Vec::len).filter(|first| *first <= self.written) {
            self.chunks.pop_front().into_iter().for_each(&mut used_up);
            self.written -= first;
        }
    }
}

#[cfg(test)]
mod tests;
