//! The connector's side.

use rand_core::{CryptoRng, RngCore};
use snow::HandshakeState;

use super::{Established, HandshakeError, MESSAGE_2_LEN, MESSAGE_3_LEN, Split, prologue, read_empty, write_empty};
use crate::capability::Capability;
use crate::chain::Chain;
use crate::key::StaticKey;
use crate::noise::frame::{FrameReceiver, FrameSender, FrameType};
use crate::noise::hello::{self, Hello, HelloTagKey};
use crate::noise::pattern::{Pattern, Suite, protocol_name};
use crate::noise::setup::Setup;
use crate::noise::{oneway, padding};
use crate::secret::Secret;

/// A connector's handshake that waits for message 2.
#[derive(Debug)]
pub struct Initiator {
    state: Box<HandshakeState>,
    pattern: Pattern,
    suite: Suite,
}

impl Initiator {
    /// Begins a handshake; gives the whole hello to send. `identity` is the key that the capability is bound to; NKpsk2 takes no notice of it.
    ///
    /// # Errors
    /// [`HandshakeError::NotInteractive`], [`HandshakeError::HolderNotProven`], [`HandshakeError::NoHolder`],
    /// [`HandshakeError::NoIdentity`] and [`HandshakeError::WrongIdentity`] where pattern, capability and identity do not go together;
    /// [`HandshakeError::Failed`].
    pub fn start(
        capability: &Capability,
        pattern: Pattern,
        suite: Suite,
        identity: Option<&StaticKey>,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let identity = check_identity(capability.chain(), pattern, identity)?;
        let failed = |_| HandshakeError::Failed { message: 1 };
        let locator = if pattern == Pattern::KKpsk2 {
            Some(oneway::seal_locator(capability.service(), capability.chain(), rng).map_err(HandshakeError::Locator)?)
        } else {
            None
        };
        let payload = if locator.is_some() { Vec::new() } else { padding::pad(capability.chain().encoded())? };
        let protocol = protocol_name(pattern, suite);
        let psk = capability.key().psk(protocol);
        let setup = Setup {
            protocol,
            local: identity,
            remote: Some(capability.service()),
            psk: Some((pattern.psk_slot(), &psk)),
            prologue: &prologue(pattern, suite, locator.as_deref()),
            ephemeral: Some(Secret::generate(rng)),
        };
        let mut state = setup.initiator().map_err(failed)?;
        let mut message = vec![0; hello::MAX_LEN];
        let length = state.write_message(&payload, &mut message).map_err(failed)?;
        message.truncate(length);
        let hello = Hello { pattern, suite, locator: locator.as_deref(), message: &message };
        let hello = hello.encode(&HelloTagKey::of(capability.service()))?;
        Ok((Self { state, pattern, suite }, hello))
    }

    /// Reads message 2, without the length before it; gives the bytes to send at once (XK: message 3, otherwise the confirmation, a
    /// keep-alive frame, either with its length before it) and the established session.
    ///
    /// # Errors
    /// [`HandshakeError::Length`] and [`HandshakeError::Unauthentic`]: the service does not have the key, does not accept the chain, or
    /// somebody is in between. [`HandshakeError::Failed`].
    pub fn read_message_2(self, body: &[u8]) -> Result<(Vec<u8>, Established), HandshakeError> {
        let Self { mut state, pattern, suite } = self;
        read_empty(&mut state, 2, MESSAGE_2_LEN, body)?;
        let mut reply = Vec::new();
        if pattern == Pattern::XKpsk3 {
            reply = write_empty::<MESSAGE_3_LEN>(&mut state, 3)?;
        }
        let failed = HandshakeError::Failed { message: 3 };
        let split = Split::of(state);
        let mut sender = FrameSender::new(suite, &split.from_initiator).ok_or_else(|| failed.clone())?;
        let receiver = FrameReceiver::new(suite, &split.from_responder).ok_or(failed)?;
        if pattern != Pattern::XKpsk3 {
            sender.seal(FrameType::KeepAlive, &[], &mut reply)?;
        }
        Ok((reply, Established { sender, receiver, handshake_hash: split.handshake_hash }))
    }
}

/// The identity that the pattern is to prove, if it proves one.
fn check_identity<'a>(chain: &Chain, pattern: Pattern, identity: Option<&'a StaticKey>) -> Result<Option<&'a StaticKey>, HandshakeError> {
    if !pattern.is_interactive() {
        return Err(HandshakeError::NotInteractive { pattern });
    }
    match (pattern.proves_initiator(), chain.holder(), identity) {
        (false, None, _) => Ok(None),
        (false, Some(_), _) => Err(HandshakeError::HolderNotProven { pattern }),
        (true, None, _) => Err(HandshakeError::NoHolder { pattern }),
        (true, Some(_), None) => Err(HandshakeError::NoIdentity { pattern }),
        (true, Some(holder), Some(identity)) if holder != identity.public() => Err(HandshakeError::WrongIdentity),
        (true, Some(_), Some(_)) => Ok(identity),
    }
}
