//! A connector's side of the vault: a capability behind a handle, and where its service may be found.

use keycap_core::capability::Capability;
use keycap_core::key::{PublicKey, StaticKey};
use keycap_core::noise::{HandshakeError, Initiator, Pattern, Suite};
use rand::rngs::OsRng;

use crate::capabilities::held_row;
use crate::error::VaultError;
use crate::vault::Vault;
use crate::view::{CapabilityView, State};

/// Who says that a gateway is found at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSource {
    /// The user of this vault: it may be anywhere.
    User,
    /// A hint in the capability: it may not lead to loopback or private addresses.
    Hint,
}

/// Where a gateway may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayAddress {
    /// `host:port`, `unix:/path`, `dns:zone`, or something that this version does not know.
    pub text: String,
    /// Who says so.
    pub from: AddressSource,
}

/// A capability that is being used: its secrets, in memory, usable and not readable.
pub struct OpenCapability {
    capability: Capability,
    identity: Option<StaticKey>,
    view: CapabilityView,
    addresses: Vec<GatewayAddress>,
}

impl OpenCapability {
    /// What it is.
    #[must_use]
    pub const fn view(&self) -> &CapabilityView {
        &self.view
    }

    /// The service's public key.
    #[must_use]
    pub const fn service(&self) -> &PublicKey {
        self.capability.service()
    }

    /// Where the gateway may be found, in the order in which to try.
    #[must_use]
    pub fn addresses(&self) -> &[GatewayAddress] {
        &self.addresses
    }

    /// Begins a session: the initiator, and the hello to send. `None` for the pattern: `XKpsk3` if it is bound to a key, else `NKpsk2`.
    ///
    /// # Errors
    /// A [`HandshakeError`] if the pattern does not fit the capability.
    pub fn start(&self, pattern: Option<Pattern>, suite: Suite) -> Result<(Initiator, Vec<u8>), HandshakeError> {
        let usual = if self.identity.is_some() { Pattern::XKpsk3 } else { Pattern::NKpsk2 };
        Initiator::start(&self.capability, pattern.unwrap_or(usual), suite, self.identity.as_ref(), &mut OsRng)
    }
}

impl std::fmt::Debug for OpenCapability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenCapability").field("name", &self.view.name).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens a capability held, to be used. What it allows now is for the service to say; what has expired, or is bound to a key that is not
    /// here, is refused at once.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Expired`], [`VaultError::BadRequest`] without the holder's key, or if the vault is locked.
    pub fn open_capability(&mut self, name: &str) -> Result<OpenCapability, VaultError> {
        let row = self.store.read(|reading| held_row(reading, name))?;
        let view = self.capability(name)?;
        if view.state == State::Expired {
            return Err(VaultError::Expired { name: name.to_owned() });
        }
        let capability = self.held_capability(&row)?;
        let identity = match capability.chain().holder() {
            None => None,
            Some(holder) => match self.own_key_by_noise(holder)? {
                Some(key) => Some(key.derive_noise()),
                None => {
                    return Err(VaultError::BadRequest {
                        why: format!("`{name}` is bound to the key {}, which is not in this vault", holder.kid()),
                        hint: "use it where that key is, or import the key with `keycap key import`".into(),
                    });
                }
            },
        };
        let user = row.held.reach.gateway.iter().map(|text| GatewayAddress { text: text.clone(), from: AddressSource::User });
        let hints = row.held.reach.hints.iter().map(|text| GatewayAddress { text: text.clone(), from: AddressSource::Hint });
        let addresses = user.chain(hints).collect();
        Ok(OpenCapability { capability, identity, view, addresses })
    }
}
