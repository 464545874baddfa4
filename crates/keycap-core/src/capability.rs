//! Capabilities: what lets a holder in. A service's public key, a chain, the key at the chain's end, and hints where the service may be.
//!
//! ```text
//! capability   = [1, S(32), ck_n(32), chain, hints?]      hints: 1 to 8 texts of at most 255 bytes, absent if there are none
//! key card     = [1, noise key(32), age key(32), name?]
//! service card = [1, S(32), hints?]
//! ```

use rand_core::{CryptoRng, RngCore};

use crate::cbor::{CborError, Reader, Sink, Writer};
use crate::chain::{Block, BlockId, Caveats, Chain, ChainError, ChainKey};
use crate::key::{KeyCard, KeyError, PublicKey, ServiceCard, StaticKey};
use crate::noise;
use crate::secret::{Secret, SecretBytes};

/// Hints in a capability or service card, at most.
pub const MAX_HINTS: usize = 8;
/// Bytes of a hint or of a card's name, at most.
pub const MAX_HINT_BYTES: usize = 255;

/// Why bytes are no capability or card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapabilityError {
    /// Not CBOR of the strict subset.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// A version other than 1.
    #[error("made by a newer keycap (version {version}); this one reads version 1")]
    Version {
        /// The version that it names.
        version: u64,
    },
    /// A public key is none.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The chain is malformed.
    #[error("{0}")]
    Chain(#[from] ChainError),
    /// There are more than 8 hints, an empty list of them, or a hint or name of more than 255 bytes.
    #[error("there are too many hints, or one is too long")]
    Hints,
}

/// Why a capability cannot be narrowed or handed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegateError {
    /// The chain cannot take the block.
    #[error("{0}")]
    Chain(#[from] ChainError),
    /// The capability is bound to a holder and the link names another: only a hand-off can do that.
    #[error("the capability is bound to a holder; only that holder can hand it on to another key")]
    Bound,
    /// A hand-off of a capability that names no holder.
    #[error("the capability is bound to nobody, so there is nothing to hand off; name the holder in a link")]
    NotBound,
    /// The key given is not the holder that the capability names.
    #[error("the capability is bound to another key than the one that would hand it on")]
    WrongHolder,
    /// The ticket could not be made.
    #[error("the hand-off ticket could not be made")]
    Ticket,
}

/// What lets a holder in. Whoever has it can use it, narrow it and hand it on.
#[derive(Debug)]
pub struct Capability {
    service: PublicKey,
    chain: Chain,
    key: ChainKey,
    hints: Vec<String>,
}

impl Capability {
    /// Joins a chain and the key at its end. Nothing shows that they belong together until a service has confirmed it.
    #[must_use]
    pub const fn from_parts(service: PublicKey, chain: Chain, key: ChainKey, hints: Vec<String>) -> Self {
        Self { service, chain, key, hints }
    }

    /// The service's public key, S.
    #[must_use]
    pub const fn service(&self) -> &PublicKey {
        &self.service
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The key at the chain's end, `ck_n`.
    #[must_use]
    pub const fn key(&self) -> &ChainKey {
        &self.key
    }

    /// Where the service may be: `host:port`, `unix:/path`, `dns:zone`. Never trusted; unknown schemes are passed over.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Adds a link: offline, with nobody's leave. It allows no more than this capability does.
    ///
    /// # Errors
    /// [`DelegateError::Bound`] if a holder is named already and the link names one; [`DelegateError::Chain`] if the chain is full.
    pub fn delegate(&self, id: BlockId, caveats: Caveats) -> Result<Self, DelegateError> {
        if self.chain.holder().is_some() && caveats.holder().is_some() {
            return Err(DelegateError::Bound);
        }
        self.with(Block::link(id, caveats))
    }

    /// Hands a bound capability on to the holder that `caveats` names; `holder` is the key that it is bound to now.
    ///
    /// # Errors
    /// [`DelegateError::NotBound`] if it is bound to nobody, [`DelegateError::WrongHolder`] if `holder` is not the key, and
    /// [`DelegateError::Chain`] if the chain is full or `caveats` name no holder.
    pub fn hand_off(&self, id: BlockId, caveats: Caveats, holder: &StaticKey, rng: &mut (impl CryptoRng + RngCore)) -> Result<Self, DelegateError> {
        let bound_to = self.chain.holder().ok_or(DelegateError::NotBound)?;
        if bound_to != holder.public() {
            return Err(DelegateError::WrongHolder);
        }
        let psk = self.key.handoff_psk();
        let block = Block::handoff(&self.chain, id, caveats, |prologue| {
            noise::write_ticket(holder, &self.service, &psk, prologue, rng).map_err(|_| DelegateError::Ticket)
        })?;
        self.with(block)
    }

    /// Adds a block that was made before, from its exact bytes.
    ///
    /// # Errors
    /// [`DelegateError::Chain`] if the bytes are no link or hand-off, or the chain is full.
    pub fn with_block(&self, block: &[u8]) -> Result<Self, DelegateError> {
        self.with(Block::parse_link(block)?)
    }

    fn with(&self, block: Block) -> Result<Self, DelegateError> {
        let key = self.key.next(block.bytes());
        Ok(Self { service: self.service, chain: self.chain.with(block)?, key, hints: self.hints.clone() })
    }

    /// The same capability with other hints.
    #[must_use]
    pub fn with_hints(self, hints: Vec<String>) -> Self {
        Self { hints, ..self }
    }

    /// The encoding, with the secret in it.
    ///
    /// # Errors
    /// [`CapabilityError::Hints`] for more than 8 hints or one of more than 255 bytes.
    pub fn encode(&self) -> Result<SecretBytes, CapabilityError> {
        check_hints(&self.hints)?;
        let mut bytes = SecretBytes::with_capacity(128 + self.chain.encoded().len() + self.hints.iter().map(|hint| hint.len() + 3).sum::<usize>());
        let mut writer = Writer::new(&mut bytes);
        writer.array(if self.hints.is_empty() { 4 } else { 5 }).unsigned(1);
        writer.bytes(self.service.as_bytes()).bytes(self.key.secret().expose());
        writer.array(self.chain.blocks().len());
        for block in self.chain.blocks() {
            writer.bytes(block.bytes());
        }
        write_hints(&mut writer, &self.hints);
        Ok(bytes)
    }

    /// Reads an encoding, strictly.
    ///
    /// # Errors
    /// A [`CapabilityError`] that says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CapabilityError> {
        let mut reader = Reader::new(bytes);
        let items = reader.array()?;
        check_version(&mut reader)?;
        if !matches!(items, 4 | 5) {
            return Err(CborError::OutOfRange.into());
        }
        let service = PublicKey::parse(reader.byte_array()?)?;
        let key = Secret::from_slice(reader.bytes()?).ok_or(CborError::OutOfRange)?;
        let before = reader.rest();
        reader.skip(1)?;
        let chain = before.get(..before.len() - reader.rest().len()).unwrap_or_default();
        let chain = Chain::parse(chain)?;
        let hints = if items == 5 { parse_hints(&mut reader)? } else { Vec::new() };
        reader.end()?;
        Ok(Self { service, chain, key: ChainKey::from_secret(key), hints })
    }
}

impl KeyCard {
    /// The encoding; nothing in it is secret.
    ///
    /// # Errors
    /// [`CapabilityError::Hints`] for a name of more than 255 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, CapabilityError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(if self.name.is_some() { 4 } else { 3 }).unsigned(1);
        writer.bytes(self.noise.as_bytes()).bytes(self.age.as_bytes());
        if let Some(name) = &self.name {
            check_text(name)?;
            writer.text(name);
        }
        Ok(bytes)
    }

    /// Reads an encoding, strictly.
    ///
    /// # Errors
    /// A [`CapabilityError`] that says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CapabilityError> {
        let mut reader = Reader::new(bytes);
        let items = reader.array()?;
        check_version(&mut reader)?;
        if !matches!(items, 3 | 4) {
            return Err(CborError::OutOfRange.into());
        }
        let noise = PublicKey::parse(reader.byte_array()?)?;
        let age = PublicKey::parse(reader.byte_array()?)?;
        let name = if items == 4 { Some(reader.text()?.to_owned()) } else { None };
        reader.end()?;
        name.as_deref().map_or(Ok(()), check_text)?;
        Ok(Self { noise, age, name })
    }
}

impl ServiceCard {
    /// The encoding; nothing in it is secret.
    ///
    /// # Errors
    /// [`CapabilityError::Hints`] for more than 8 hints or one of more than 255 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, CapabilityError> {
        check_hints(&self.hints)?;
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(if self.hints.is_empty() { 2 } else { 3 }).unsigned(1).bytes(self.key.as_bytes());
        write_hints(&mut writer, &self.hints);
        Ok(bytes)
    }

    /// Reads an encoding, strictly.
    ///
    /// # Errors
    /// A [`CapabilityError`] that says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CapabilityError> {
        let mut reader = Reader::new(bytes);
        let items = reader.array()?;
        check_version(&mut reader)?;
        if !matches!(items, 2 | 3) {
            return Err(CborError::OutOfRange.into());
        }
        let key = PublicKey::parse(reader.byte_array()?)?;
        let hints = if items == 3 { parse_hints(&mut reader)? } else { Vec::new() };
        reader.end()?;
        Ok(Self { key, hints })
    }
}

fn check_version(reader: &mut Reader<'_>) -> Result<(), CapabilityError> {
    match reader.unsigned()? {
        1 => Ok(()),
        version => Err(CapabilityError::Version { version }),
    }
}

fn check_text(text: &str) -> Result<(), CapabilityError> {
    if text.len() > MAX_HINT_BYTES { Err(CapabilityError::Hints) } else { Ok(()) }
}

fn check_hints(hints: &[String]) -> Result<(), CapabilityError> {
    if hints.len() > MAX_HINTS {
        return Err(CapabilityError::Hints);
    }
    hints.iter().try_for_each(|hint| check_text(hint))
}

fn parse_hints(reader: &mut Reader<'_>) -> Result<Vec<String>, CapabilityError> {
    let count = reader.array()?;
    if !(1..=MAX_HINTS).contains(&count) {
        return Err(CapabilityError::Hints);
    }
    let mut hints = Vec::with_capacity(count);
    for _ in 0..count {
        hints.push(reader.text()?.to_owned());
    }
    check_hints(&hints)?;
    Ok(hints)
}

fn write_hints<S: Sink>(writer: &mut Writer<'_, S>, hints: &[String]) {
    if hints.is_empty() {
        return;
    }
    writer.array(hints.len());
    for hint in hints {
        writer.text(hint);
    }
}
