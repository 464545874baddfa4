//! Chain keys: one HMAC-SHA256 a block, from a root secret to the psk.
//!
//! ```text
//! ck_0     = HMAC(root_e, "keycap-1 mint" 00 || grant)
//! ck_{i+1} = HMAC(ck_i, "keycap-1 link" 00 || block)
//! psk(P)   = HMAC(ck_n, "keycap-1 psk" 00 || P)
//! hpsk_i   = HMAC(ck_i, "keycap-1 handoff" 00)
//! rid_i    = HMAC(ck_i, "keycap-1 rid" 00)[0..16]
//! export   = HMAC(ck_n, "keycap-1 export" 00 || label)
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rand_core::{CryptoRng, RngCore};

use super::keyed::Keyed;
use super::{Chain, ChainError};
use crate::label;
use crate::secret::Secret;

/// A block's revocation id: 16 bytes that only whoever holds the block's chain key can compute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rid([u8; 16]);

impl Rid {
    /// Takes 16 bytes, as read from a ledger. A service never takes one from a peer.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rid({self})")
    }
}

/// The key at one block of a chain, `ck_i`, 32 bytes: whoever has it holds the capability.
#[derive(Debug)]
pub struct ChainKey(Secret<32>);

impl ChainKey {
    /// Takes a chain key as read from a capability.
    #[must_use]
    pub const fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// The key after one more block, from the block's exact bytes.
    #[must_use]
    pub fn next(&self, block: &[u8]) -> Self {
        Self(Keyed::new(self.0.expose()).mac(label::LINK, block))
    }

    /// The psk of the Noise protocol with this full name.
    #[must_use]
    pub fn psk(&self, protocol_name: &str) -> Secret<32> {
        Keyed::new(self.0.expose()).mac(label::PSK, protocol_name.as_bytes())
    }

    /// The psk of a hand-off ticket that follows this block.
    #[must_use]
    pub fn handoff_psk(&self) -> Secret<32> {
        Keyed::new(self.0.expose()).mac(label::HANDOFF, &[])
    }

    /// This block's revocation id.
    #[must_use]
    pub fn rid(&self) -> Rid {
        Keyed::new(self.0.expose()).rid()
    }

    /// A key for the application, under a label of its own.
    #[must_use]
    pub fn export(&self, label: &[u8]) -> Secret<32> {
        Keyed::new(self.0.expose()).mac(label::EXPORT, label)
    }

    /// A second copy, as secret as the first.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

/// A service's root secret of one epoch: 32 random bytes, never from a passphrase, from which all its capabilities are derived.
pub struct RootSecret {
    secret: Secret<32>,
    keyed: Box<Keyed>,
}

impl RootSecret {
    /// Draws a new root secret.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self::from_secret(Secret::generate(rng))
    }

    /// Takes a root secret.
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        let keyed = Box::new(Keyed::new(secret.expose()));
        Self { secret, keyed }
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    /// The chain key `ck_0` of a grant, from its exact bytes.
    #[must_use]
    pub fn mint(&self, grant: &[u8]) -> ChainKey {
        ChainKey(self.keyed.mac(label::MINT, grant))
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RootSecret").field(&self.secret).finish()
    }
}

/// A service's root secrets, one an epoch. An epoch whose root is gone is closed: its capabilities are answered with silence.
#[derive(Debug, Default)]
pub struct RootSecrets(BTreeMap<u32, RootSecret>);

impl RootSecrets {
    /// No roots.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds or replaces the root of an epoch.
    pub fn insert(&mut self, epoch: u32, root: RootSecret) {
        self.0.insert(epoch, root);
    }

    /// The root of an epoch.
    #[must_use]
    pub fn root(&self, epoch: u32) -> Option<&RootSecret> {
        self.0.get(&epoch)
    }
}

/// A chain with its keys derived: what a service knows before the handshake has confirmed that the peer knows them too.
#[derive(Debug)]
pub struct DerivedChain {
    chain: Arc<Chain>,
    last: ChainKey,
    rids: Arc<[Rid]>,
    /// For each hand-off block in turn, the psk of its ticket.
    handoff_psks: Vec<Secret<32>>,
}

impl DerivedChain {
    /// Derives the keys of a chain from the root of its epoch.
    ///
    /// # Errors
    /// [`ChainError::UnknownEpoch`] if there is no root of the grant's epoch.
    pub fn derive(chain: Chain, roots: &RootSecrets) -> Result<Self, ChainError> {
        let epoch = chain.epoch();
        let root = roots.root(epoch).ok_or(ChainError::UnknownEpoch { epoch })?;
        let mut rids = Vec::with_capacity(chain.blocks().len());
        let mut handoff_psks = Vec::new();
        // Each key is written over the one before it, which is needed no more.
        let last = Secret::filled_by(|key| {
            let mut before: Option<Keyed> = None;
            for block in chain.blocks() {
                match &before {
                    None => root.keyed.mac_into(label::MINT, block.bytes(), key),
                    Some(before) => {
                        if block.ticket().is_some() {
                            handoff_psks.push(before.mac(label::HANDOFF, &[]));
                        }
                        before.mac_into(label::LINK, block.bytes(), key);
                    }
                }
                let keyed = Keyed::new(key);
                rids.push(keyed.rid());
                before = Some(keyed);
            }
        });
        Ok(Self { chain: Arc::new(chain), last: ChainKey(last), rids: rids.into(), handoff_psks })
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The key of the last block, `ck_n`.
    #[must_use]
    pub const fn last(&self) -> &ChainKey {
        &self.last
    }

    /// The revocation ids, one a block.
    #[must_use]
    pub fn rids(&self) -> &[Rid] {
        &self.rids
    }

    /// The chain and its revocation ids, shared with what is verified of it.
    pub(super) fn share(&self) -> (Arc<Chain>, Arc<[Rid]>) {
        (Arc::clone(&self.chain), Arc::clone(&self.rids))
    }

    pub(super) fn handoff_psks(&self) -> &[Secret<32>] {
        &self.handoff_psks
    }
}
