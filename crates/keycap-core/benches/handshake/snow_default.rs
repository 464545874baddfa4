//! snow as it comes: the same patterns with its own primitives, a payload as long as a padded chain, and the psk known beforehand.

use std::hint::black_box;

use keycap_core::noise::{Pattern, Suite, protocol_name};
use snow::{Builder, Keypair};

const PSK: [u8; 32] = [5; 32];

pub(crate) struct Peers {
    pattern: Pattern,
    protocol: &'static str,
    slot: u8,
    client: Keypair,
    server: Keypair,
}

impl Peers {
    pub(crate) fn new(pattern: Pattern) -> Self {
        let protocol = protocol_name(pattern, Suite::ChaChaPoly);
        let builder = Builder::new(protocol.parse().unwrap());
        let slot = if pattern == Pattern::XKpsk3 { 3 } else { 2 };
        Self { pattern, protocol, slot, client: builder.generate_keypair().unwrap(), server: builder.generate_keypair().unwrap() }
    }

    pub(crate) fn meet(&self) {
        let builder = || Builder::new(self.protocol.parse().unwrap()).psk(self.slot, &PSK).unwrap();
        let mut client = builder().remote_public_key(&self.server.public).unwrap();
        if self.pattern.proves_initiator() {
            client = client.local_private_key(&self.client.private).unwrap();
        }
        let mut server = builder().local_private_key(&self.server.private).unwrap();
        if self.pattern == Pattern::KKpsk2 {
            server = server.remote_public_key(&self.client.public).unwrap();
        }
        let (mut client, mut server) = (client.build_initiator().unwrap(), server.build_responder().unwrap());
        let (mut message, mut payload) = ([0; 1_024], [0; 1_024]);
        let chain: &[u8] = if self.pattern == Pattern::KKpsk2 { &[] } else { &[0; 128] };
        let length = client.write_message(chain, &mut message).unwrap();
        server.read_message(&message[..length], &mut payload).unwrap();
        let length = server.write_message(&[], &mut message).unwrap();
        client.read_message(&message[..length], &mut payload).unwrap();
        if self.pattern == Pattern::XKpsk3 {
            let length = client.write_message(&[], &mut message).unwrap();
            server.read_message(&message[..length], &mut payload).unwrap();
        }
        let (mut client, mut server) = (client.into_transport_mode().unwrap(), server.into_transport_mode().unwrap());
        if self.pattern != Pattern::XKpsk3 {
            let length = client.write_message(&[4], &mut message).unwrap();
            server.read_message(&message[..length], &mut payload).unwrap();
        }
        black_box((client, server));
    }
}
