//! What the tests stand on: a service, capabilities for it, and sessions of both.

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::frame::{FrameReceiver, FrameSender};
use keycap_core::noise::{Initiator, Pattern, Responder, Suite};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use rand::rngs::OsRng;
use tokio::io::{DuplexStream, duplex, split};
use tokio::time::Duration;

use crate::mux::Driver;
use crate::transport::{End, Receiving, Sending};

pub(crate) fn service_keys() -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([1; 32])));
    ServiceKeys::new(StaticKey::from_private(Secret::new([2; 32])), roots, None)
}

pub(crate) fn capability(service: &ServiceKeys) -> Capability {
    let caveats = Caveats::of([Caveat::Expires(UnixSeconds::new(u32::MAX.into())), Caveat::Allow(vec![Rule::default()])]).unwrap();
    service.mint(0, BlockId::new([3; 8]), caveats, Vec::new()).unwrap()
}

/// Both halves of a connector's and of a service's end of one session.
pub(crate) fn established() -> ((FrameSender, FrameReceiver), (FrameSender, FrameReceiver)) {
    let service = service_keys();
    let (initiator, hello) = Initiator::start(&capability(&service), Pattern::NKpsk2, Suite::AesGcm, None, &mut OsRng).unwrap();
    let (responder, reply) = Responder::read_hello(&service, &hello, &mut OsRng).unwrap();
    let (mut confirmation, connector) = initiator.read_message_2(&reply[2..]).unwrap();
    let confirmed = responder.read_confirmation(&mut confirmation[2..]).unwrap();
    ((connector.sender, connector.receiver), (confirmed.sender, confirmed.receiver))
}

/// A driver on one end of a pipe.
pub(crate) fn driver(pipe: DuplexStream, halves: (FrameSender, FrameReceiver), end: End, max_streams: usize) -> Driver {
    let (read, write) = split(pipe);
    let receiving = Receiving::new(Box::new(read), halves.1, end);
    Driver::new(receiving, Sending::new(Box::new(write), halves.0), end, max_streams, Duration::from_millis(1))
}

/// A connector's and a service's driver, with a pipe of that size between them.
pub(crate) fn drivers(pipe: usize) -> (Driver, Driver) {
    let (connector, service) = established();
    let (near, far) = duplex(pipe);
    (driver(near, connector, End::Connector, 0), driver(far, service, End::Service, 1024))
}
