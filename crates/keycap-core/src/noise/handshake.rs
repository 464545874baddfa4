//! The interactive handshakes: NKpsk2, XKpsk3, IKpsk2 and KKpsk2, between the connector's [`Initiator`] and the service's [`Responder`].
//!
//! ```text
//! connector → service   hello, with message 1; its payload is the padded chain (KK: empty, the chain is in the locator)
//! service → connector   u16 length || message 2, payload empty
//! connector → service   XK: u16 length || message 3, payload empty; others: the first frame, an empty keep-alive
//! ```
//!
//! *Adversary*: the network, and whoever holds other capabilities, ancestors or descendants of this one. *Invariants*: nothing but the tag
//! of a hello is computed for whoever does not know the service's key; a [`Confirmed`] exists only when the peer has shown, for this
//! handshake, that it knows the psk at the end of exactly this chain and, but for NK, the private half of `remote_static`; every error
//! consumes the handshake, and says nothing to the peer. *Not prevented*: a replayed message 1 makes the service derive a chain and answer,
//! which is why nothing may be done before [`Confirmed`]; and message 1 has no forward secrecy: the chain in it can be read by whoever gets
//! the service's private key later.
//!
//! Nothing here clears a chain: holder, caveats, tickets and revocations are looked at by [`DerivedChain::clear`] after the confirmation, and
//! answered where only the peer can read it.

use sha2::{Digest, Sha256};
use snow::HandshakeState;
use zeroize::Zeroizing;

use super::frame::{FrameError, FrameReceiver, FrameSender, FrameType};
use super::hello::{self, HelloError};
use super::oneway::OneWayError;
use super::padding::PaddingError;
use super::pattern::{Pattern, Suite};
use crate::chain::{ChainError, DerivedChain};
use crate::key::{KeyError, PublicKey};
use crate::label;
use crate::secret::Secret;

mod initiator;
mod responder;

pub use initiator::Initiator;
pub use responder::Responder;

/// Bytes of message 2, without the length before it, in all four patterns: an ephemeral key and a tag.
pub const MESSAGE_2_LEN: usize = 48;
/// Bytes of message 3 of XKpsk3, without the length before it: a sealed static key and a tag.
pub const MESSAGE_3_LEN: usize = 64;

/// Why a handshake does not come about. Towards the peer all of them are the same: the connection closes without a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The pattern makes single messages, not sessions.
    #[error("{pattern} makes no session")]
    NotInteractive {
        /// The pattern.
        pattern: Pattern,
    },
    /// The pattern proves the initiator's key, and none was given.
    #[error("{pattern} needs a key of one's own")]
    NoIdentity {
        /// The pattern.
        pattern: Pattern,
    },
    /// The pattern proves a key, and the chain names no holder to compare it with.
    #[error("{pattern} needs a capability that is bound to a holder")]
    NoHolder {
        /// The pattern.
        pattern: Pattern,
    },
    /// The chain names a holder, and the pattern proves no key.
    #[error("the capability is bound to a holder, which {pattern} does not prove")]
    HolderNotProven {
        /// The pattern.
        pattern: Pattern,
    },
    /// The key given is not the one that the chain names as its holder.
    #[error("the capability is bound to another key")]
    WrongIdentity,
    /// The hello is not for this service, or malformed.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The locator of a KK hello does not open.
    #[error("locator: {0}")]
    Locator(OneWayError),
    /// The payload of message 1 is no padded chain.
    #[error(transparent)]
    Padding(#[from] PaddingError),
    /// The chain is malformed, or its epoch is closed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A message has not the length that its pattern gives it.
    #[error("message {message} of a handshake cannot have {actual} bytes")]
    Length {
        /// The message's number, from 1.
        message: u8,
        /// How many bytes it has.
        actual: usize,
    },
    /// A message is not authentic: changed, replayed, or made with another key, psk or prologue.
    #[error("message {message} of the handshake is not authentic")]
    Unauthentic {
        /// The message's number, from 1.
        message: u8,
    },
    /// The peer's static key is none that keycap accepts.
    #[error("the peer's key: {0}")]
    RemoteStatic(KeyError),
    /// The first frame does not open.
    #[error("confirmation: {0}")]
    Frame(#[from] FrameError),
    /// The first frame is not an empty keep-alive.
    #[error("the first frame is of type {}, not a keep-alive", .kind.number())]
    Confirmation {
        /// Its type.
        kind: FrameType,
    },
    /// A message could not be made: the library below is out of memory.
    #[error("message {message} of the handshake could not be made")]
    Failed {
        /// The message's number, from 1.
        message: u8,
    },
}

/// What the connector has when its handshake is done. The service has still to answer with a status.
#[derive(Debug)]
pub struct Established {
    /// Seals what goes to the service. The key confirmation was its first frame, except with XK.
    pub sender: FrameSender,
    /// Opens what comes from the service.
    pub receiver: FrameReceiver,
    /// The handshake hash (Noise §11.2), the same on both sides, for channel binding.
    pub handshake_hash: [u8; 32],
}

/// What the service has when the peer has confirmed the psk: proof of the chain and of `remote_static`, and of nothing that the chain says.
#[derive(Debug)]
pub struct Confirmed {
    /// The chain, derived but not cleared.
    pub chain: DerivedChain,
    /// The pattern of the handshake.
    pub pattern: Pattern,
    /// The suite of the handshake and of the frames.
    pub suite: Suite,
    /// The peer's static key, proven; `None` with NKpsk2.
    pub remote_static: Option<PublicKey>,
    /// Seals what goes to the connector: a status first.
    pub sender: FrameSender,
    /// Opens what comes from the connector.
    pub receiver: FrameReceiver,
    /// The handshake hash (Noise §11.2), the same on both sides, for channel binding.
    pub handshake_hash: [u8; 32],
}

/// `"keycap-1 session" 00 || hello[0..8] || H(locator, or the empty string)`.
fn prologue(pattern: Pattern, suite: Suite, locator: Option<&[u8]>) -> Vec<u8> {
    let locator_hash = Sha256::digest(locator.unwrap_or_default());
    [label::SESSION, &hello::encode_prefix(pattern, suite), &locator_hash].concat()
}

/// Reads a message of known length with an empty payload.
fn read_empty(state: &mut HandshakeState, number: u8, length: usize, body: &[u8]) -> Result<(), HandshakeError> {
    if body.len() != length {
        return Err(HandshakeError::Length { message: number, actual: body.len() });
    }
    // No room for a payload, so that none is accepted.
    state.read_message(body, &mut []).map(drop).map_err(|_| HandshakeError::Unauthentic { message: number })
}

/// Writes a message of known length with an empty payload, with its length before it.
fn write_empty<const LENGTH: usize>(state: &mut HandshakeState, number: u8) -> Result<Vec<u8>, HandshakeError> {
    let failed = HandshakeError::Failed { message: number };
    let mut body = [0; LENGTH];
    if state.write_message(&[], &mut body) != Ok(LENGTH) {
        return Err(failed);
    }
    let length = u16::try_from(LENGTH).map_err(|_| failed)?;
    Ok([&length.to_be_bytes()[..], &body].concat())
}

/// The keys of both directions (Noise §5.2, Split), first the initiator's, and the handshake hash. The handshake is over and dropped with it.
pub(super) struct Split {
    pub(super) from_initiator: Secret<32>,
    from_responder: Secret<32>,
    handshake_hash: [u8; 32],
}

impl Split {
    pub(super) fn of(mut state: Box<HandshakeState>) -> Self {
        let handshake_hash = state.get_handshake_hash().first_chunk().copied().unwrap_or_default();
        let keys = Zeroizing::new(state.dangerously_get_raw_split());
        let (from_initiator, from_responder) = &*keys;
        Self {
            from_initiator: Secret::filled_by(|key| *key = *from_initiator),
            from_responder: Secret::filled_by(|key| *key = *from_responder),
            handshake_hash,
        }
    }
}

#[cfg(test)]
mod tests;
