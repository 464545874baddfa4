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

use hmac::{Hmac, Mac};
use rand_core::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{Chain, ChainError};
use crate::label;
use crate::secret::Secret;

/// HMAC-SHA256 with its key absorbed: each further use of the same key costs two compressions less.
#[derive(Clone)]
struct Keyed(Hmac<Sha256>);

impl Keyed {
    fn new(key: &Secret<32>) -> Self {
        // HMAC pads a key shorter than its block of 64 bytes with zeros (RFC 2104 §2), so this is the key itself.
        let mut padded = Zeroizing::new([0; 64]);
        for (to, from) in padded.iter_mut().zip(key.expose()) {
            *to = *from;
        }
        Self(Hmac::new((&*padded).into()))
    }

    fn mac(&self, label: &[u8], data: &[u8]) -> Secret<32> {
        let mut bytes = self.0.clone().chain_update(label).chain_update(data).finalize().into_bytes();
        let secret = Secret::filled_by(|out| out.copy_from_slice(&bytes));
        bytes.as_mut_slice().zeroize();
        secret
    }

    fn rid(&self) -> Rid {
        let mut rid = [0; 16];
        rid.copy_from_slice(self.mac(label::RID, &[]).expose().split_at(16).0);
        Rid(rid)
    }
}

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
        Self(Keyed::new(&self.0).mac(label::LINK, block))
    }

    /// The psk of the Noise protocol with this full name.
    #[must_use]
    pub fn psk(&self, protocol_name: &str) -> Secret<32> {
        Keyed::new(&self.0).mac(label::PSK, protocol_name.as_bytes())
    }

    /// The psk of a hand-off ticket that follows this block.
    #[must_use]
    pub fn handoff_psk(&self) -> Secret<32> {
        Keyed::new(&self.0).mac(label::HANDOFF, &[])
    }

    /// This block's revocation id.
    #[must_use]
    pub fn rid(&self) -> Rid {
        Keyed::new(&self.0).rid()
    }

    /// A key for the application, under a label of its own.
    #[must_use]
    pub fn export(&self, label: &[u8]) -> Secret<32> {
        Keyed::new(&self.0).mac(label::EXPORT, label)
    }

    /// A second copy, as secret as the first.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

/// A service's root secret of one epoch: 32 random bytes, never from a passphrase, from which all its capabilities are derived.
#[derive(Debug)]
pub struct RootSecret(Secret<32>);

impl RootSecret {
    /// Draws a new root secret.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self(Secret::generate(rng))
    }

    /// Takes a root secret.
    #[must_use]
    pub const fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// The chain key `ck_0` of a grant, from its exact bytes.
    #[must_use]
    pub fn mint(&self, grant: &[u8]) -> ChainKey {
        ChainKey(Keyed::new(&self.0).mac(label::MINT, grant))
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
    chain: Chain,
    last: ChainKey,
    rids: Vec<Rid>,
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
        let mut key: Option<(Secret<32>, Keyed)> = None;
        for block in chain.blocks() {
            let next = match &key {
                None => root.mint(block.bytes()).0,
                Some((_, keyed)) => {
                    if block.ticket().is_some() {
                        handoff_psks.push(keyed.mac(label::HANDOFF, &[]));
                    }
                    keyed.mac(label::LINK, block.bytes())
                }
            };
            let keyed = Keyed::new(&next);
            rids.push(keyed.rid());
            key = Some((next, keyed));
        }
        // A parsed chain has at least one block.
        let (last, _) = key.ok_or(ChainError::Blocks { count: 0 })?;
        Ok(Self { chain, last: ChainKey(last), rids, handoff_psks })
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
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

    pub(super) fn handoff_psks(&self) -> &[Secret<32>] {
        &self.handoff_psks
    }
}
