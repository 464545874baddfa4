//! keycap's stanzas in the header of an age file: each wraps the file's 16-byte key for one reader.
//!
//! ```text
//! -> keycap1-Npsk0 LOCATOR      body  64 bytes    to a capability, the sender anonymous
//! -> keycap1-Xpsk1 LOCATOR      body 112 bytes    to a capability, the sender's key comes with it
//! -> keycap1-Kpsk0 LOCATOR      body  64 bytes    to a capability that is bound to the sender
//! -> keycap1-N                  body  64 bytes    to a key card, the sender anonymous
//! -> keycap1-X                  body 112 bytes    to a key card, the sender's key comes with it
//! -> keycap1-K                  body  64 bytes    to a key card, from a sender whose card the reader has
//!
//! body     = Noise message of that pattern, suite 1, payload = the file key
//! prologue = "keycap-1 age" 00 || stanza name || H(locator, or the empty string)
//! LOCATOR  = the locator in base64 (RFC 4648 §4), canonical, without padding
//! ```
//!
//! *Adversary*: whoever gives the reader a file, its other recipients included. *Invariants*: the number of arguments, the argument's form and
//! the body's length are checked before anything is decrypted; the file key of a capability's stanza leaves only through
//! [`Proven::clear`]. *Not prevented*: a file can be presented again; who has the reader's private key can make X and K stanzas in anyone's
//! name; and whoever knows the file key, as every recipient of the file does, can write another body under the same stanza. That is why a
//! writer who shows a key writes one stanza and no other, and a reader shows one only as [`super::Attribution`] says.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use super::{Fitting, Proven, SenderError, expected};
use crate::capability::Capability;
use crate::chain::{ChainError, DerivedChain, Purpose};
use crate::key::{KeyError, PublicKey, StaticKey};
use crate::label;
use crate::noise::oneway::{self, Expected, OneWayError, Opened};
use crate::noise::{Pattern, Sender, Suite, protocol_name};
use crate::secret::Secret;
use crate::service::ServiceKeys;

/// Key cards that a reader tries as the sender of a `keycap1-K` stanza, at most.
pub const MAX_KNOWN_SENDERS: usize = 64;

/// The key of an age file: 16 bytes.
pub type FileKey = Secret<16>;

/// Why a stanza cannot be written, or why one that bears keycap's name cannot be read. Not for this reader is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StanzaError {
    /// The stanza has another number of arguments than its name asks for.
    #[error("a {} stanza has {} arguments, this one {actual}", .kind.name(), .kind.arguments())]
    Arguments {
        /// The stanza.
        kind: StanzaKind,
        /// How many there are.
        actual: usize,
    },
    /// The argument is not canonical base64 without padding, or no locator has its length.
    #[error("the argument of a {} stanza is no locator", .kind.name())]
    Locator {
        /// The stanza.
        kind: StanzaKind,
    },
    /// The body has another length than its name asks for.
    #[error("the body of a {} stanza has {} bytes, this one {actual}", .kind.name(), .kind.body_len())]
    Body {
        /// The stanza.
        kind: StanzaKind,
        /// How many bytes there are.
        actual: usize,
    },
    /// The locator opens with this service's key, and holds no chain.
    #[error("the stanza is to this service, but its locator is malformed: {0}")]
    Located(OneWayError),
    /// The chain is of an epoch whose root secret the service no longer has.
    #[error("the stanza is to this service: {0}")]
    Chain(#[from] ChainError),
    /// The locator is for this service, and the message was not made by a holder of the chain in it.
    #[error("the stanza is to this service, but was not made by a holder of the capability that it names")]
    Forged,
    /// The stanza is for this reader, and its sender's key is none that keycap accepts.
    #[error("the sender's key: {0}")]
    Sender(KeyError),
    /// The sender and the capability do not fit each other.
    #[error(transparent)]
    Unfitting(#[from] SenderError),
    /// The stanza could not be made: the library below is out of memory.
    #[error("the stanza could not be made")]
    Seal,
}

/// Which of the six stanzas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StanzaKind {
    /// To a capability, the sender anonymous.
    Npsk0,
    /// To a capability, the sender's key comes with it.
    Xpsk1,
    /// To a capability that is bound to the sender.
    Kpsk0,
    /// To a key card, the sender anonymous.
    N,
    /// To a key card, the sender's key comes with it.
    X,
    /// To a key card, from a sender whose card the reader has.
    K,
}

impl StanzaKind {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Npsk0, Self::Xpsk1, Self::Kpsk0, Self::N, Self::X, Self::K];

    /// Its name in the header, such as `keycap1-Npsk0`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npsk0 => label::STANZA_NPSK0,
            Self::Xpsk1 => label::STANZA_XPSK1,
            Self::Kpsk0 => label::STANZA_KPSK0,
            Self::N => label::STANZA_N,
            Self::X => label::STANZA_X,
            Self::K => label::STANZA_K,
        }
    }

    /// The stanza of that name; `None` if it is not keycap's.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The pattern of a stanza to a capability; `None` for one to a key card.
    #[must_use]
    pub const fn pattern(self) -> Option<Pattern> {
        match self {
            Self::Npsk0 => Some(Pattern::Npsk0),
            Self::Xpsk1 => Some(Pattern::Xpsk1),
            Self::Kpsk0 => Some(Pattern::Kpsk0),
            Self::N | Self::X | Self::K => None,
        }
    }

    /// Whether it proves the key of its sender: a writer puts it into a header alone.
    #[must_use]
    pub const fn proves_sender(self) -> bool {
        !matches!(self, Self::Npsk0 | Self::N)
    }

    /// How many arguments it has.
    const fn arguments(self) -> usize {
        if self.pattern().is_some() { 1 } else { 0 }
    }

    /// Bytes of its body: the message's overhead and the file key.
    #[must_use]
    pub const fn body_len(self) -> usize {
        match self {
            Self::Npsk0 | Self::Kpsk0 | Self::N | Self::K => 64,
            Self::Xpsk1 | Self::X => 112,
        }
    }

    const fn of_pattern(pattern: Pattern) -> Option<Self> {
        match pattern {
            Pattern::Npsk0 => Some(Self::Npsk0),
            Pattern::Xpsk1 => Some(Self::Xpsk1),
            Pattern::Kpsk0 => Some(Self::Kpsk0),
            Pattern::NKpsk2 | Pattern::XKpsk3 | Pattern::IKpsk2 | Pattern::KKpsk2 => None,
        }
    }

    fn prologue(self, locator: Option<&[u8]>) -> Vec<u8> {
        [label::AGE, self.name().as_bytes(), &Sha256::digest(locator.unwrap_or_default())].concat()
    }
}

/// A stanza whose form is right: nothing is decrypted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    kind: StanzaKind,
    /// There if, and only if, the stanza is to a capability.
    locator: Option<Vec<u8>>,
    body: Vec<u8>,
}

/// What was inside a stanza to a key.
#[derive(Debug)]
pub struct ToKey {
    /// The file's key.
    pub file_key: FileKey,
    /// The key that the sender has proven; `None` if it is anonymous. It may be shown as [`super::Attribution`] says.
    pub sender: Option<PublicKey>,
}

impl Stanza {
    /// Reads a stanza of a header, its body decoded. `None`: not one of keycap's.
    ///
    /// # Errors
    /// [`StanzaError::Arguments`], [`StanzaError::Locator`], [`StanzaError::Body`].
    pub fn parse(name: &str, arguments: &[impl AsRef<str>], body: &[u8]) -> Result<Option<Self>, StanzaError> {
        let Some(kind) = StanzaKind::from_name(name) else { return Ok(None) };
        let locator = match (arguments, kind.pattern()) {
            ([], None) => None,
            ([argument], Some(_)) => Some(parse_locator(argument.as_ref()).ok_or(StanzaError::Locator { kind })?),
            _ => return Err(StanzaError::Arguments { kind, actual: arguments.len() }),
        };
        if body.len() != kind.body_len() {
            return Err(StanzaError::Body { kind, actual: body.len() });
        }
        Ok(Some(Self { kind, locator, body: body.to_vec() }))
    }

    /// Which of the six it is.
    #[must_use]
    pub const fn kind(&self) -> StanzaKind {
        self.kind
    }

    /// Its arguments: the locator in base64, or nothing.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        self.locator.iter().map(|locator| STANDARD_NO_PAD.encode(locator)).collect()
    }

    /// Its body, not encoded.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Wraps a file key for the key with this Noise public key: `keycap1-N`, `-X` or `-K`, as `sender` says.
    ///
    /// # Errors
    /// [`StanzaError::Seal`].
    pub fn seal_to_key(
        file_key: &FileKey,
        reader: &PublicKey,
        sender: Sender<'_>,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, StanzaError> {
        let kind = match sender {
            Sender::Anonymous => StanzaKind::N,
            Sender::Shown(_) => StanzaKind::X,
            Sender::Known(_) => StanzaKind::K,
        };
        let body = oneway::seal(sender, reader, None, &kind.prologue(None), file_key.expose(), rng).map_err(|_| StanzaError::Seal)?;
        Ok(Self { kind, locator: None, body })
    }

    /// Wraps a file key for the service of a capability: `keycap1-Npsk0`, `-Xpsk1` or `-Kpsk0`, as `sender` says. Each call makes a locator of
    /// its own.
    ///
    /// # Errors
    /// [`StanzaError::Unfitting`] for a sender that the service would refuse; [`StanzaError::Seal`].
    pub fn seal_to_capability(
        file_key: &FileKey,
        capability: &Capability,
        sender: Sender<'_>,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, StanzaError> {
        let Fitting { pattern, psk } = Fitting::of(capability, sender)?;
        let kind = StanzaKind::of_pattern(pattern).ok_or(StanzaError::Seal)?;
        let locator = oneway::seal_locator(capability.service(), capability.chain(), rng).map_err(|_| StanzaError::Seal)?;
        let prologue = kind.prologue(Some(&locator));
        let body = oneway::seal(sender, capability.service(), Some(&psk), &prologue, file_key.expose(), rng).map_err(|_| StanzaError::Seal)?;
        Ok(Self { kind, locator: Some(locator), body })
    }

    /// Opens a stanza to a key with that key. Of `known`, the Noise keys of cards, at most [`MAX_KNOWN_SENDERS`] are tried as the sender of a
    /// `keycap1-K`. `None`: it is not to this key, or from none of these.
    ///
    /// # Errors
    /// [`StanzaError::Sender`] for a `keycap1-X` from a key that is none.
    pub fn open_as_key(&self, reader: &StaticKey, known: &[PublicKey]) -> Result<Option<ToKey>, StanzaError> {
        let prologue = self.kind.prologue(None);
        let open = |expected| match oneway::open(expected, reader, None, &prologue, &self.body) {
            Ok(opened) => Ok(to_key(&opened)),
            Err(OneWayError::Sender(error)) => Err(StanzaError::Sender(error)),
            Err(_) => Ok(None),
        };
        match self.kind {
            StanzaKind::N => open(Expected::Anonymous),
            StanzaKind::X => open(Expected::Shown),
            StanzaKind::K => known.iter().take(MAX_KNOWN_SENDERS).find_map(|key| open(Expected::Known(key)).transpose()).transpose(),
            StanzaKind::Npsk0 | StanzaKind::Xpsk1 | StanzaKind::Kpsk0 => Ok(None),
        }
    }

    /// Opens a stanza to a capability with the keys of its service. `None`: it is not to this service.
    ///
    /// # Errors
    /// [`StanzaError::Located`], [`StanzaError::Chain`], [`StanzaError::Forged`], [`StanzaError::Sender`]: it is to this service, and worth
    /// nothing.
    pub fn open_as_service(&self, service: &ServiceKeys) -> Result<Option<Proven<FileKey>>, StanzaError> {
        let (Some(locator), Some(pattern)) = (&self.locator, self.kind.pattern()) else { return Ok(None) };
        let chain = match oneway::open_locator(service.static_key(), locator) {
            Ok(chain) => chain,
            Err(OneWayError::Unauthentic) => return Ok(None),
            Err(error) => return Err(StanzaError::Located(error)),
        };
        let chain = DerivedChain::derive(chain, service.roots())?;
        let psk = chain.last().psk(protocol_name(pattern, Suite::ChaChaPoly));
        let expected = expected(pattern, chain.chain().holder()).ok_or(StanzaError::Forged)?;
        let opened = match oneway::open(expected, service.static_key(), Some(&psk), &self.kind.prologue(Some(locator)), &self.body) {
            Ok(opened) => opened,
            Err(OneWayError::Sender(error)) => return Err(StanzaError::Sender(error)),
            Err(_) => return Err(StanzaError::Forged),
        };
        let ToKey { file_key, sender } = to_key(&opened).ok_or(StanzaError::Forged)?;
        Ok(Some(Proven { chain: Arc::new(chain), pattern, sender, purpose: Purpose::File, content: file_key }))
    }
}

/// The file key in an opened message. It is there, since the body's length was right.
fn to_key(opened: &Opened) -> Option<ToKey> {
    FileKey::from_slice(opened.payload.expose()).map(|file_key| ToKey { file_key, sender: opened.sender })
}

/// A locator in an argument. What is too long for one is refused before it is decoded.
fn parse_locator(argument: &str) -> Option<Vec<u8>> {
    const MAX_CHARACTERS: usize = 2_880;
    if argument.len() > MAX_CHARACTERS {
        return None;
    }
    let locator = STANDARD_NO_PAD.decode(argument).ok()?;
    oneway::check_locator_len(&locator).is_ok().then_some(locator)
}

#[cfg(test)]
mod tests;
