//! The two directions of a session: plaintext that goes out as data frames, and the bodies of data frames that come in.
//!
//! *Adversary*: the network, and a peer that holds a capability and does not keep to the protocol. *Invariants*: no byte is handed on that
//! did not open as the next of its direction; the end of a direction is its end frame, and a connection that closes without one is an
//! error, never an end. *Not prevented*: that the length and time of frames are seen.

use std::io;

use keycap_core::noise::StatusError;
use keycap_core::noise::frame::FrameError;
use tokio::io::{AsyncRead, AsyncWrite};

mod pulse;
mod receiving;
mod sending;

pub(crate) use pulse::{Beat, Pulse, SILENCE};
pub(crate) use receiving::{End, Received, Receiving};
pub(crate) use sending::{MAX_PUSH, Sending};

/// The half of a socket that is read.
pub(crate) type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The half of a socket that is written.
pub(crate) type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

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
    /// The peer asks and asks, and does not read the answers.
    #[error("the peer does not read")]
    NotReading,
    /// The socket below failed.
    #[error("{0}")]
    Socket(#[from] io::Error),
}

#[cfg(test)]
mod tests;
