//! Where the gateway may be, and the way there.

use keycap_core::noise::{Pattern, Suite};
use keycap_vault::{AddressSource, OpenCapability};
use tokio::time::Duration;

use super::{ConnectorError, ConnectorOptions};
use crate::address::{Address, AddressError};
use crate::dial::{Trust, dial};
use crate::handshake::{self, ConnectError, describe};
use crate::mux::Driver;
use crate::transport::{End, Receiving, Sending};

/// How long one address may take to answer.
const DIAL: Duration = Duration::from_secs(10);

pub(super) struct Reach {
    capability: OpenCapability,
    places: Vec<(Address, Trust)>,
    pub(super) pattern: Option<Pattern>,
    pub(super) suite: Suite,
}

impl Reach {
    /// What the user says goes before what the capability says.
    pub(super) fn new(capability: OpenCapability, options: &ConnectorOptions) -> Result<Self, ConnectorError> {
        let mut places = options.at.iter().map(|text| Ok((text.parse()?, Trust::User))).collect::<Result<Vec<_>, AddressError>>()?;
        if places.is_empty() {
            for address in capability.addresses() {
                match address.from {
                    AddressSource::User => places.push((address.text.parse()?, Trust::User)),
                    // Hints of a kind that this version does not know are passed over.
                    AddressSource::Hint => places.extend(address.text.parse().ok().map(|place| (place, Trust::Hint))),
                }
            }
        }
        if places.is_empty() {
            return Err(ConnectorError::NoAddress);
        }
        Ok(Self { capability, places, pattern: options.pattern, suite: options.suite.unwrap_or_else(fastest_suite) })
    }

    /// A session with the first gateway that answers.
    pub(super) async fn connect(&self) -> Result<(Driver, &Address), ConnectorError> {
        let mut attempts = Vec::new();
        for (address, trust) in &self.places {
            let mut socket = match dial(address, *trust, DIAL).await {
                Ok(socket) => socket,
                Err(error) => {
                    attempts.push(error.to_string());
                    continue;
                }
            };
            let (initiator, hello) = self.capability.start(self.pattern, self.suite)?;
            match handshake::connect(&mut socket, initiator, &hello).await {
                Ok((established, round_trip)) => {
                    let (read, write) = socket.into_split();
                    let receiving = Receiving::new(read, established.receiver, End::Connector);
                    let sending = Sending::new(write, established.sender);
                    return Ok((Driver::new(receiving, sending, End::Connector, 0, round_trip), address));
                }
                Err(ConnectError::Refused(status)) => {
                    return Err(ConnectorError::Refused { code: status.code(), why: describe(&status) });
                }
                Err(error) => attempts.push(format!("{address}: {error}")),
            }
        }
        Err(ConnectorError::Unreachable { attempts })
    }
}

/// AES-GCM where the processor has instructions for it: several times as fast there, and slower elsewhere.
fn fastest_suite() -> Suite {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let has_aes = std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    let has_aes = std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    let has_aes = false;
    if has_aes { Suite::AesGcm } else { Suite::ChaChaPoly }
}
