//! The service's side.

use rand_core::{CryptoRng, RngCore};
use snow::HandshakeState;

use super::{Confirmed, HandshakeError, MESSAGE_2_LEN, MESSAGE_3_LEN, Split, prologue, read_empty, write_empty};
use crate::chain::{Chain, DerivedChain};
use crate::key::PublicKey;
use crate::noise::frame::{FrameReceiver, FrameSender, FrameType, MIN_CIPHERTEXT};
use crate::noise::hello::Hello;
use crate::noise::pattern::{Pattern, Suite, protocol_name};
use crate::noise::setup::Setup;
use crate::noise::{oneway, padding};
use crate::secret::Secret;
use crate::service::ServiceKeys;

/// A service's handshake that waits for the key confirmation. Until it has come, nothing may be done, logged or counted in the peer's name.
#[derive(Debug)]
pub struct Responder {
    chain: DerivedChain,
    pattern: Pattern,
    suite: Suite,
    awaiting: Awaiting,
}

/// What the confirmation is.
#[derive(Debug)]
enum Awaiting {
    /// Message 3, with XKpsk3.
    Message3(Box<HandshakeState>),
    /// The first frame; the handshake itself is done.
    KeepAlive { sender: FrameSender, receiver: FrameReceiver, handshake_hash: [u8; 32], remote_static: Option<PublicKey> },
}

impl Responder {
    /// Reads a whole hello and gives message 2 to send, with its length before it. The tag is checked before anything else; the psk is set
    /// when the chain in message 1 has been read and derived.
    ///
    /// # Errors
    /// A [`HandshakeError`], each of which means to close without a word.
    pub fn read_hello(service: &ServiceKeys, hello: &[u8], rng: &mut (impl CryptoRng + RngCore)) -> Result<(Self, Vec<u8>), HandshakeError> {
        let hello = Hello::parse(hello, service.hello_tag_key())?;
        let (pattern, suite) = (hello.pattern, hello.suite);
        let located = match hello.locator {
            Some(locator) => Some(oneway::open_locator(service.static_key(), locator).map_err(HandshakeError::Locator)?),
            None => None,
        };
        // KK is built with the key that the chain names; with the other patterns the key comes later or never.
        let holder = match &located {
            Some(chain) => Some(*chain.holder().ok_or(HandshakeError::NoHolder { pattern })?),
            None => None,
        };
        let protocol = protocol_name(pattern, suite);
        let setup = Setup {
            protocol,
            local: Some(service.static_key()),
            remote: holder.as_ref(),
            psk: None,
            prologue: &prologue(pattern, suite, hello.locator),
            ephemeral: Some(Secret::generate(rng)),
        };
        let failed = |_| HandshakeError::Failed { message: 2 };
        let mut state = setup.responder().map_err(failed)?;
        let chain = read_message_1(&mut state, hello.message, located)?;
        // In IK the key came with message 1, which is authenticated by now; in KK it is the holder.
        let known = matches!(pattern, Pattern::IKpsk2 | Pattern::KKpsk2);
        let remote_static = if known { Some(remote_static(&state)?) } else { None };
        let chain = DerivedChain::derive(chain, service.roots())?;
        state.set_psk(pattern.psk_slot().into(), chain.last().psk(protocol).expose()).map_err(failed)?;
        let reply = write_empty::<MESSAGE_2_LEN>(&mut state, 2)?;
        let awaiting = if pattern == Pattern::XKpsk3 {
            Awaiting::Message3(state)
        } else {
            let (sender, receiver, handshake_hash) = split(state, suite)?;
            Awaiting::KeepAlive { sender, receiver, handshake_hash, remote_static }
        };
        Ok((Self { chain, pattern, suite, awaiting }, reply))
    }

    /// How many bytes the confirmation has, without the length before it.
    #[must_use]
    pub const fn confirmation_len(&self) -> usize {
        match self.awaiting {
            Awaiting::Message3(_) => MESSAGE_3_LEN,
            Awaiting::KeepAlive { .. } => MIN_CIPHERTEXT,
        }
    }

    /// Reads the confirmation, without the length before it: XK's message 3, otherwise the first frame.
    ///
    /// # Errors
    /// A [`HandshakeError`], each of which means to close without a word.
    pub fn read_confirmation(self, body: &mut [u8]) -> Result<Confirmed, HandshakeError> {
        let Self { chain, pattern, suite, awaiting } = self;
        let (sender, receiver, handshake_hash, remote_static) = match awaiting {
            Awaiting::Message3(mut state) => {
                read_empty(&mut state, 3, MESSAGE_3_LEN, body)?;
                let remote_static = remote_static(&state)?;
                let (sender, receiver, handshake_hash) = split(state, suite)?;
                (sender, receiver, handshake_hash, Some(remote_static))
            }
            Awaiting::KeepAlive { sender, mut receiver, handshake_hash, remote_static } => {
                let kind = receiver.open(body)?.kind;
                if kind != FrameType::KeepAlive {
                    return Err(HandshakeError::Confirmation { kind });
                }
                (sender, receiver, handshake_hash, remote_static)
            }
        };
        Ok(Confirmed { chain, pattern, suite, remote_static, sender, receiver, handshake_hash })
    }
}

/// Reads message 1 and the chain in it, unless it was in the locator: then the payload must be empty.
fn read_message_1(state: &mut HandshakeState, message: &[u8], located: Option<Chain>) -> Result<Chain, HandshakeError> {
    /// Message 1 of KKpsk2: an ephemeral key and a tag.
    const EMPTY_LEN: usize = 48;
    if let Some(chain) = located {
        read_empty(state, 1, EMPTY_LEN, message)?;
        return Ok(chain);
    }
    // Room for more than any payload, since snow takes too small a buffer for a wrong tag.
    let mut payload = vec![0; message.len()];
    let length = state.read_message(message, &mut payload).map_err(|_| HandshakeError::Unauthentic { message: 1 })?;
    let padded = payload.get(..length).unwrap_or_default();
    Ok(Chain::parse(padding::unpad(padded)?)?)
}

fn remote_static(state: &HandshakeState) -> Result<PublicKey, HandshakeError> {
    PublicKey::parse_slice(state.get_remote_static().unwrap_or_default()).map_err(HandshakeError::RemoteStatic)
}

fn split(state: Box<HandshakeState>, suite: Suite) -> Result<(FrameSender, FrameReceiver, [u8; 32]), HandshakeError> {
    let failed = || HandshakeError::Failed { message: 3 };
    let split = Split::of(state);
    let sender = FrameSender::new(suite, &split.from_responder).ok_or_else(failed)?;
    let receiver = FrameReceiver::new(suite, &split.from_initiator).ok_or_else(failed)?;
    Ok((sender, receiver, split.handshake_hash))
}
