//! A service's keys: what a gateway needs to answer hellos, and nothing that it stores about a capability.

use crate::capability::Capability;
use crate::chain::{Block, BlockId, Caveats, Chain, ChainError, RootSecrets};
use crate::key::{PublicKey, StaticKey};
use crate::noise::HelloTagKey;

/// A service that can be served: its static key, its root secrets by epoch, and its realm.
#[derive(Debug)]
pub struct ServiceKeys {
    static_key: StaticKey,
    roots: RootSecrets,
    realm: Option<String>,
    hello_tag_key: HelloTagKey,
}

impl ServiceKeys {
    /// Joins a service's secrets. `realm` is what `realm` caveats are compared with; without one, every chain that names a realm is refused.
    #[must_use]
    pub fn new(static_key: StaticKey, roots: RootSecrets, realm: Option<String>) -> Self {
        let hello_tag_key = HelloTagKey::of(static_key.public());
        Self { static_key, roots, realm, hello_tag_key }
    }

    /// The service's public key, S.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        self.static_key.public()
    }

    /// The static key pair (s, S).
    #[must_use]
    pub const fn static_key(&self) -> &StaticKey {
        &self.static_key
    }

    /// The root secrets, by epoch.
    #[must_use]
    pub const fn roots(&self) -> &RootSecrets {
        &self.roots
    }

    /// The realm, if the service has one.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// The key of hello tags, `H("keycap-1 hello" 00 || S)`.
    #[must_use]
    pub const fn hello_tag_key(&self) -> &HelloTagKey {
        &self.hello_tag_key
    }

    /// Mints a capability: a grant of `epoch` under 8 random bytes, and its chain key.
    ///
    /// # Errors
    /// [`ChainError::UnknownEpoch`] without a root of that epoch, [`ChainError::Unlimited`] without `exp` or `allow`, and
    /// [`ChainError::TooLong`] for more than 2,048 bytes.
    pub fn mint(&self, epoch: u32, id: BlockId, caveats: Caveats, hints: Vec<String>) -> Result<Capability, ChainError> {
        let root = self.roots.root(epoch).ok_or(ChainError::UnknownEpoch { epoch })?;
        let grant = Block::grant(epoch, id, caveats)?;
        let key = root.mint(grant.bytes());
        Ok(Capability::from_parts(*self.public(), Chain::of_grant(grant)?, key, hints))
    }

    /// Makes an earlier grant's capability again from its exact bytes: nothing of it needs to be stored but those.
    ///
    /// # Errors
    /// A [`ChainError`] if the bytes are no grant, or of an epoch whose root is gone.
    pub fn remint(&self, grant: &[u8], hints: Vec<String>) -> Result<Capability, ChainError> {
        let grant = Block::parse_grant(grant)?;
        let chain = Chain::of_grant(grant)?;
        let epoch = chain.epoch();
        let root = self.roots.root(epoch).ok_or(ChainError::UnknownEpoch { epoch })?;
        let key = root.mint(chain.blocks().first().map(Block::bytes).unwrap_or_default());
        Ok(Capability::from_parts(*self.public(), chain, key, hints))
    }
}
