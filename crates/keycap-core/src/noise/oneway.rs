//! Single messages to a key: locators and hand-off tickets, and what sealed files and records are made of.
//!
//! ```text
//! Noise message of N, K:  32 ephemeral key || payload || 16 tag                          48 bytes and the payload
//! Noise message of X:     32 ephemeral key || 48 sender's key || payload || 16 tag       96 bytes and the payload
//! locator = Noise_N to S, prologue "keycap-1 locator" 00, payload = padded chain         48 bytes and the padded chain
//! ticket  = Noise_Kpsk0 from the holder to S, psk = hpsk, payload empty                  48 bytes
//! ```
//!
//! Always with suite 1, ChaChaPoly. The adversary sees, drops, repeats and invents messages. A message that opens was made by someone who
//! knew the psk, if there is one, and by the sender's key, if there is one. *Not prevented*: replay; reading by whoever gets the reader's
//! private key later, since the reader adds no ephemeral key; and, with that private key, messages in a sender's name.

use rand_core::{CryptoRng, RngCore};
use snow::HandshakeState;

use super::handshake::Split;
use super::padding::{self, PaddingError};
use super::pattern::{Pattern, Suite, protocol_name};
use super::setup::Setup;
use crate::chain::{Chain, ChainError, MAX_CHAIN_BYTES};
use crate::key::{KeyError, PublicKey, StaticKey};
use crate::label;
use crate::secret::{Secret, SecretBytes};

/// Bytes of a hand-off ticket.
pub const TICKET_LEN: usize = 48;

/// The most bytes that a Noise message has.
const MAX_MESSAGE_LEN: usize = 65_535;

/// Why a message cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OneWayError {
    /// The message is shorter than its pattern's overhead, or would have more than 65,535 bytes.
    #[error("a sealed message cannot have {actual} bytes")]
    Length {
        /// How many bytes there are, or would be.
        actual: usize,
    },
    /// The message is not for this key, was changed, or was made with another psk, prologue or sender.
    #[error("the message does not open with this key")]
    Unauthentic,
    /// The message could not be made: the library below is out of memory.
    #[error("the message could not be sealed")]
    Seal,
    /// The sender's key in the message is no key that keycap accepts.
    #[error("the sender's key: {0}")]
    Sender(KeyError),
    /// A locator's padding is not the one form that it has.
    #[error("locator: {0}")]
    Padding(#[from] PaddingError),
    /// A locator holds no chain.
    #[error("locator: {0}")]
    Chain(#[from] ChainError),
}

/// How the writer of a message stands to its reader.
#[derive(Debug, Clone, Copy)]
pub enum Sender<'a> {
    /// N: no key; anyone may have written it.
    Anonymous,
    /// X: this key, which travels in the message.
    Shown(&'a StaticKey),
    /// K: this key, which the reader knows beforehand.
    Known(&'a StaticKey),
}

/// What the reader of a message knows of its writer.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// N: nothing.
    Anonymous,
    /// X: nothing yet; the key is in the message.
    Shown,
    /// K: the key.
    Known(&'a PublicKey),
}

/// What was inside a message.
#[derive(Debug)]
pub struct Opened {
    /// The payload.
    pub payload: SecretBytes,
    /// The sender's key: proven, with X and K; `None` with N.
    pub sender: Option<PublicKey>,
}

/// Seals `payload` to `reader`, with a psk if there is one: Noise N, X or K, or Npsk0, Xpsk1 or Kpsk0.
///
/// # Errors
/// [`OneWayError::Length`] if the message would have more than 65,535 bytes; [`OneWayError::Seal`].
pub fn seal(
    sender: Sender<'_>,
    reader: &PublicKey,
    psk: Option<&Secret<32>>,
    prologue: &[u8],
    payload: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, OneWayError> {
    seal_state(sender, reader, psk, prologue, payload, rng).map(|(message, _)| message)
}

/// As [`seal`] with an empty payload; also gives the key of what the sender writes after it, the first of Split (Noise §5.2).
pub(crate) fn seal_head(
    sender: Sender<'_>,
    reader: &PublicKey,
    psk: &Secret<32>,
    prologue: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<(Vec<u8>, Secret<32>), OneWayError> {
    let (message, state) = seal_state(sender, reader, Some(psk), prologue, &[], rng)?;
    Ok((message, Split::of(state).from_initiator))
}

fn seal_state(
    sender: Sender<'_>,
    reader: &PublicKey,
    psk: Option<&Secret<32>>,
    prologue: &[u8],
    payload: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<(Vec<u8>, Box<HandshakeState>), OneWayError> {
    let (form, local) = match sender {
        Sender::Anonymous => (Form::N, None),
        Sender::Shown(key) => (Form::X, Some(key)),
        Sender::Known(key) => (Form::K, Some(key)),
    };
    let length = form.overhead() + payload.len();
    if length > MAX_MESSAGE_LEN {
        return Err(OneWayError::Length { actual: length });
    }
    let setup = Setup {
        protocol: form.protocol(psk.is_some()),
        local,
        remote: Some(reader),
        psk: psk.map(|psk| (form.pattern().psk_slot(), psk)),
        prologue,
        ephemeral: Some(Secret::generate(rng)),
    };
    let mut message = vec![0; length];
    let mut state = setup.initiator().map_err(|_| OneWayError::Seal)?;
    let written = state.write_message(payload, &mut message);
    if written == Ok(length) { Ok((message, state)) } else { Err(OneWayError::Seal) }
}

/// Opens a message.
///
/// # Errors
/// [`OneWayError::Length`], [`OneWayError::Unauthentic`], and [`OneWayError::Sender`] for an X message from a key that is none.
pub fn open(expected: Expected<'_>, reader: &StaticKey, psk: Option<&Secret<32>>, prologue: &[u8], message: &[u8]) -> Result<Opened, OneWayError> {
    open_state(expected, reader, psk, prologue, message).map(|(opened, _)| opened)
}

/// Opens what [`seal_head`] made: the sender, and the key of what it wrote after it. A payload that is not empty is refused.
pub(crate) fn open_head(
    expected: Expected<'_>,
    reader: &StaticKey,
    psk: &Secret<32>,
    prologue: &[u8],
    message: &[u8],
) -> Result<(Option<PublicKey>, Secret<32>), OneWayError> {
    let (opened, state) = open_state(expected, reader, Some(psk), prologue, message)?;
    if !opened.payload.is_empty() {
        return Err(OneWayError::Length { actual: message.len() });
    }
    Ok((opened.sender, Split::of(state).from_initiator))
}

fn open_state(
    expected: Expected<'_>,
    reader: &StaticKey,
    psk: Option<&Secret<32>>,
    prologue: &[u8],
    message: &[u8],
) -> Result<(Opened, Box<HandshakeState>), OneWayError> {
    let (form, remote) = match expected {
        Expected::Anonymous => (Form::N, None),
        Expected::Shown => (Form::X, None),
        Expected::Known(key) => (Form::K, Some(key)),
    };
    let wrong_length = OneWayError::Length { actual: message.len() };
    let length = message.len().checked_sub(form.overhead()).ok_or_else(|| wrong_length.clone())?;
    if message.len() > MAX_MESSAGE_LEN {
        return Err(wrong_length);
    }
    let setup = Setup {
        protocol: form.protocol(psk.is_some()),
        local: Some(reader),
        remote,
        psk: psk.map(|psk| (form.pattern().psk_slot(), psk)),
        prologue,
        ephemeral: None,
    };
    let mut state = setup.responder().map_err(|_| OneWayError::Unauthentic)?;
    let mut payload = vec![0; length];
    state.read_message(message, &mut payload).map_err(|_| OneWayError::Unauthentic)?;
    let payload = SecretBytes::new(payload);
    // Only now is the key in an X message authenticated.
    let sender = state.get_remote_static().map(PublicKey::parse_slice).transpose().map_err(OneWayError::Sender)?;
    Ok((Opened { payload, sender }, state))
}

/// Seals a chain to its service, so that only the service can read which chain it is.
///
/// # Errors
/// [`OneWayError::Seal`].
pub fn seal_locator(service: &PublicKey, chain: &Chain, rng: &mut (impl CryptoRng + RngCore)) -> Result<Vec<u8>, OneWayError> {
    seal(Sender::Anonymous, service, None, label::LOCATOR, &padding::pad(chain.encoded())?, rng)
}

/// Opens a locator. It has 48 bytes and the padded form of a chain, 112 to 2,160 in all; other lengths are refused before any exchange.
///
/// # Errors
/// [`OneWayError::Length`], [`OneWayError::Unauthentic`], [`OneWayError::Padding`], [`OneWayError::Chain`].
pub fn open_locator(service: &StaticKey, locator: &[u8]) -> Result<Chain, OneWayError> {
    check_locator_len(locator)?;
    let opened = open(Expected::Anonymous, service, None, label::LOCATOR, locator)?;
    Ok(Chain::parse(padding::unpad(opened.payload.expose())?)?)
}

/// Whether a locator can have that many bytes.
///
/// # Errors
/// [`OneWayError::Length`] if not.
pub(crate) fn check_locator_len(locator: &[u8]) -> Result<(), OneWayError> {
    let padded_len = locator.len().checked_sub(Form::N.overhead()).filter(|length| length % padding::BLOCK == 0);
    if padded_len.is_some_and(|length| (padding::BLOCK..=padding::padded_len(MAX_CHAIN_BYTES)).contains(&length)) {
        Ok(())
    } else {
        Err(OneWayError::Length { actual: locator.len() })
    }
}

/// Makes a hand-off ticket: `holder` tells `service` that it hands its capability on. `hpsk` is the hand-off psk of the preceding block, and
/// `prologue` names the chain so far and the new block.
///
/// # Errors
/// [`OneWayError::Seal`].
pub fn write_ticket(
    holder: &StaticKey,
    service: &PublicKey,
    hpsk: &Secret<32>,
    prologue: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<[u8; TICKET_LEN], OneWayError> {
    let message = seal(Sender::Known(holder), service, Some(hpsk), prologue, &[], rng)?;
    message.try_into().map_err(|_| OneWayError::Seal)
}

/// Verifies a hand-off ticket of `holder`.
///
/// # Errors
/// [`OneWayError::Unauthentic`].
pub fn verify_ticket(
    service: &StaticKey,
    holder: &PublicKey,
    hpsk: &Secret<32>,
    prologue: &[u8],
    ticket: &[u8; TICKET_LEN],
) -> Result<(), OneWayError> {
    open(Expected::Known(holder), service, Some(hpsk), prologue, ticket).map(drop)
}

/// The three one-way patterns of Noise (revision 34, §7.4).
#[derive(Clone, Copy)]
enum Form {
    N,
    X,
    K,
}

impl Form {
    fn protocol(self, with_psk: bool) -> &'static str {
        match (self, with_psk) {
            (Self::N, false) => "Noise_N_25519_ChaChaPoly_SHA256",
            (Self::X, false) => "Noise_X_25519_ChaChaPoly_SHA256",
            (Self::K, false) => "Noise_K_25519_ChaChaPoly_SHA256",
            (_, true) => protocol_name(self.pattern(), Suite::ChaChaPoly),
        }
    }

    fn pattern(self) -> Pattern {
        match self {
            Self::N => Pattern::Npsk0,
            Self::X => Pattern::Xpsk1,
            Self::K => Pattern::Kpsk0,
        }
    }

    /// Bytes that a message has besides its payload.
    fn overhead(self) -> usize {
        match self {
            Self::N | Self::K => 48,
            Self::X => 96,
        }
    }
}

#[cfg(test)]
mod tests;
