//! A session's byte stream: what yamux writes goes out as data frames, and the bodies of data frames are what it reads.
//!
//! *Adversary*: the network, and a peer that holds a capability and does not keep to the protocol. *Invariants*: no byte is handed on that
//! did not open as the next of its direction; the end of a direction is its end frame, and a connection that closes without one is an
//! error, never an end. *Not prevented*: that the length and time of frames are seen.
//!
//! Frames are collected and go out together: a flush only marks that there is something to send, and it is sent when there is nothing
//! left to read. yamux flushes after every one of its frames and reads when it has no more to write, so each turn of it ends in one write.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead as FuturesRead, AsyncWrite as FuturesWrite};
use keycap_core::noise::frame::{FrameError, FrameReceiver, FrameSender, FrameType};
use keycap_core::noise::{Status, StatusCode, StatusError};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Duration, timeout};

mod incoming;
mod outgoing;
mod pulse;

use incoming::Incoming;
use outgoing::Outgoing;
use pulse::{Beat, Pulse};
pub(crate) use pulse::{KEEP_ALIVE, SILENCE};

/// How long the last frames of a session may take to reach the peer.
const LINGER: Duration = Duration::from_secs(1);

/// Why a session's connection failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A frame does not open, or does not belong there.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A status that cannot be read.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// A status where none belongs: from a connector, or a second "go on".
    #[error("the peer sent a status where none belongs")]
    UnexpectedStatus,
    /// Nothing came from the peer for so long that it must be gone: it would at least have sent keep-alives.
    #[error("nothing was heard from the peer for {} seconds", SILENCE.as_secs())]
    Silent,
    /// The socket below failed.
    #[error("{0}")]
    Socket(#[from] io::Error),
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Socket(error) => error,
            TransportError::Frame(FrameError::Cut) => Self::new(io::ErrorKind::UnexpectedEof, error),
            TransportError::Silent => Self::new(io::ErrorKind::TimedOut, error),
            TransportError::Frame(_) | TransportError::Status(_) | TransportError::UnexpectedStatus => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Which end of a session this is: only the service says what it thinks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Connector,
    Service,
}

/// One end of an established session.
pub(crate) struct Transport<S> {
    socket: S,
    end: End,
    sender: FrameSender,
    receiver: FrameReceiver,
    incoming: Incoming,
    outgoing: Outgoing,
    pulse: Pulse,
    verdict: Option<Status>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// Both directions stand after the handshake and the service's first status.
    pub(crate) fn new(socket: S, end: End, sender: FrameSender, receiver: FrameReceiver) -> Self {
        Self { socket, end, sender, receiver, incoming: Incoming::new(), outgoing: Outgoing::new(), pulse: Pulse::new(), verdict: None }
    }

    /// Why the service ended the session, if it has said so.
    pub(crate) fn verdict(&self) -> Option<&Status> {
        self.verdict.as_ref()
    }

    /// Ends this side: what was sealed still goes out, then `status` if there is one, then the end frame. Waits for at most a second, so
    /// that the peer gets to read it.
    pub(crate) async fn finish(mut self, status: Option<&Status>) {
        self.outgoing.forget_unsealed();
        let sealed = status.map_or(Ok(()), |status| self.outgoing.seal(&mut self.sender, FrameType::Status, &status.encode()));
        // The end may have been sealed already, when yamux closed; then there is nothing to add.
        let _ = sealed.and_then(|()| self.outgoing.end(&mut self.sender));
        // Whatever fails here fails a session that is over.
        let _ = timeout(LINGER, async {
            std::future::poll_fn(|cx| self.poll_send(cx)).await?;
            self.socket.shutdown().await?;
            // A socket that closes with unread bytes resets the connection, and the status would be lost with it.
            self.incoming.discard(&mut self.socket).await
        })
        .await;
    }

    /// Sends everything there is. Pending until all of it has gone.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outgoing.seal_staged(&mut self.sender)?;
        self.outgoing.poll_write_out(&mut self.socket, &mut self.pulse, cx)
    }

    /// Keeps the connection alive, and finds out when it no longer is.
    fn poll_pulse(&mut self, cx: &mut Context<'_>) -> Result<(), TransportError> {
        while let Poll::Ready(beat) = self.pulse.poll(cx) {
            match beat {
                Beat::KeepAlive => {
                    self.incoming.release();
                    self.outgoing.release();
                    self.outgoing.seal(&mut self.sender, FrameType::KeepAlive, &[])?;
                    // What cannot be sent now goes when there is room; the socket has the waker.
                    if let Poll::Ready(sent) = self.poll_send(cx) {
                        sent?;
                    }
                }
                Beat::Silent => return Err(TransportError::Silent),
            }
        }
        Ok(())
    }

    /// Reads until there is plaintext or the direction has ended, which gives an empty range.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            if self.incoming.has_plaintext() || self.receiver.has_ended() {
                return Poll::Ready(Ok(()));
            }
            if let Some(frame) = self.incoming.next_frame()? {
                self.open(frame)?;
                continue;
            }
            if let Poll::Ready(sent) = self.poll_send(cx) {
                sent?;
            }
            self.poll_pulse(cx)?;
            match ready!(self.incoming.poll_read_more(&mut self.socket, cx))? {
                0 => return Poll::Ready(Err(FrameError::Cut.into())),
                _ => self.pulse.heard(),
            }
        }
    }

    fn open(&mut self, at: Range<usize>) -> Result<(), TransportError> {
        let frame = self.receiver.open(self.incoming.ciphertext(&at))?;
        match frame.kind {
            FrameType::Data => {
                let length = frame.body.len();
                self.incoming.set_plaintext(&at, length);
            }
            FrameType::Status => {
                let status = Status::parse(frame.body)?;
                if self.end == End::Service || status.code() == StatusCode::Ok || self.verdict.is_some() {
                    return Err(TransportError::UnexpectedStatus);
                }
                self.verdict = Some(status);
            }
            FrameType::End | FrameType::Rekey | FrameType::KeepAlive => {}
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FuturesRead for Transport<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_fill(cx))?;
        Poll::Ready(Ok(this.incoming.take(to)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FuturesWrite for Transport<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.outgoing.is_full() {
            let sent = this.outgoing.poll_write_out(&mut this.socket, &mut this.pulse, cx);
            match sent {
                Poll::Ready(sent) => sent?,
                Poll::Pending if this.outgoing.is_full() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        Poll::Ready(Ok(this.outgoing.take(&mut this.sender, from).map_err(TransportError::Frame)?))
    }

    /// Sends nothing by itself: see the module.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.end(&mut this.sender).map_err(TransportError::Frame)?;
        ready!(this.outgoing.poll_write_out(&mut this.socket, &mut this.pulse, cx))?;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
