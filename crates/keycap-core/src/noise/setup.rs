//! What one run of a Noise handshake starts from: the only place that builds snow's state machine.

use snow::{Builder, HandshakeState};

use super::resolver::Resolver;
use crate::key::{PublicKey, StaticKey};
use crate::secret::Secret;

/// The parameters of one handshake.
///
/// The machine is built on the heap and stays there, because snow does not wipe it (its issue 99): dropped at once after use, it is wiped
/// by the zeroizing allocator of keycap's binaries.
pub(super) struct Setup<'a> {
    /// The full Noise protocol name.
    pub(super) protocol: &'a str,
    /// Our own static key, where the pattern has one.
    pub(super) local: Option<&'a StaticKey>,
    /// The peer's static key, where it is known beforehand.
    pub(super) remote: Option<&'a PublicKey>,
    /// The psk and its slot, where it is known beforehand.
    pub(super) psk: Option<(u8, &'a Secret<32>)>,
    /// What both sides must agree on besides.
    pub(super) prologue: &'a [u8],
    /// The private half of the ephemeral key, where this side sends one.
    pub(super) ephemeral: Option<Secret<32>>,
}

impl<'a> Setup<'a> {
    /// The side that sends the first message.
    pub(super) fn initiator(self) -> Result<Box<HandshakeState>, snow::Error> {
        self.builder()?.build_initiator().map(Box::new)
    }

    /// The side that reads the first message.
    pub(super) fn responder(self) -> Result<Box<HandshakeState>, snow::Error> {
        self.builder()?.build_responder().map(Box::new)
    }

    fn builder(self) -> Result<Builder<'a>, snow::Error> {
        let resolver = Resolver::new(self.ephemeral, self.local);
        let mut builder = Builder::with_resolver(self.protocol.parse()?, Box::new(resolver)).prologue(self.prologue)?;
        if let Some(local) = self.local {
            builder = builder.local_private_key(local.private().expose())?;
        }
        if let Some(remote) = self.remote {
            builder = builder.remote_public_key(remote.as_bytes())?;
        }
        if let Some((slot, psk)) = self.psk {
            builder = builder.psk(slot, psk.expose())?;
        }
        Ok(builder)
    }
}
