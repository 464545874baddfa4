//! Frames: what a session consists of once the handshake is done, each direction for itself.
//!
//! ```text
//! frame      = u16 length || ciphertext              length counts the ciphertext with its 16-byte tag: 17 to 65,535
//! plaintext  = u8 type || body                       body: 0 to 65,518 bytes; empty in end, rekey and keep-alive
//! ciphertext = AEAD under the direction's key, no associated data, nonce = frames since the handshake
//! ```
//!
//! The adversary reads, changes, drops, repeats and cuts off bytes. A frame that opens is the next one that the peer sent; a direction is
//! complete only if it closed after an end frame. *Not prevented*: that the length and time of frames are seen.
//!
//! The keys come from snow's raw split, not from its transport state, for three reasons: one task seals while another opens, so the two
//! directions are two values without a lock between them; frames are sealed and opened where they stand, without a copy; and keys are
//! wiped when they are dropped or replaced, which snow does not do.

use std::fmt;

use super::pattern::Suite;
use super::primitives::{Aead, TAG_LEN};
use crate::secret::Secret;

/// Bytes of the length before each frame.
pub const LENGTH_LEN: usize = 2;
/// The least length of a ciphertext: a type and a tag.
pub const MIN_CIPHERTEXT: usize = 1 + TAG_LEN;
/// The greatest length of a ciphertext.
pub const MAX_CIPHERTEXT: usize = 65_535;
/// The most bytes in the body of one frame.
pub const MAX_DATA_BODY: usize = MAX_CIPHERTEXT - MIN_CIPHERTEXT;
/// The most frames under one key, the rekey frame included.
pub const MAX_FRAMES: u64 = 1 << 16;
/// The most bytes of ciphertext under one key, tags and the rekey frame included: 1 GiB.
pub const MAX_CIPHERTEXT_BYTES: u64 = 1 << 30;

/// Why a frame cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The ciphertext has not 17 to 65,535 bytes.
    #[error("a frame of {actual} bytes has a wrong length")]
    Length {
        /// How many bytes it has, or would have.
        actual: usize,
    },
    /// The frame was not sealed by the peer for this place in this direction.
    #[error("the frame is not authentic")]
    Unauthentic,
    /// The type is unknown.
    #[error("frames of type {number} are unknown")]
    Type {
        /// The type's number.
        number: u8,
    },
    /// An end, rekey or keep-alive frame has a body.
    #[error("a frame of type {} has no body, this one has {length} bytes", .kind.number())]
    Body {
        /// The type.
        kind: FrameType,
        /// Bytes of the body.
        length: usize,
    },
    /// The peer went on under a key for more frames or bytes than one key may seal.
    #[error("the peer did not change its key in time")]
    RekeyOverdue,
    /// There is a frame after the end frame.
    #[error("there is a frame after the end")]
    AfterEnd,
    /// The connection closed before the end frame: what was received is not complete.
    #[error("the connection was cut before its end")]
    Cut,
    /// An error came before, or the library below is out of memory: the direction is dead.
    #[error("the direction has failed")]
    Failed,
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// 0: the next bytes of the stream.
    Data,
    /// 1: the direction ends here; no body.
    End,
    /// 2: the last frame under this key; no body.
    Rekey,
    /// 3: a status.
    Status,
    /// 4: still here, and as the first frame the confirmation of the key; no body.
    KeepAlive,
}

impl FrameType {
    /// All five, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Data, Self::End, Self::Rekey, Self::Status, Self::KeepAlive];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::End => 1,
            Self::Rekey => 2,
            Self::Status => 3,
            Self::KeepAlive => 4,
        }
    }

    /// The type of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    fn check_body(self, length: usize) -> Result<(), FrameError> {
        match self {
            Self::Data | Self::Status => Ok(()),
            Self::End | Self::Rekey | Self::KeepAlive if length == 0 => Ok(()),
            Self::End | Self::Rekey | Self::KeepAlive => Err(FrameError::Body { kind: self, length }),
        }
    }
}

/// The length of a ciphertext, from the two bytes before it.
///
/// # Errors
/// [`FrameError::Length`] below 17.
pub fn ciphertext_len(prefix: [u8; LENGTH_LEN]) -> Result<usize, FrameError> {
    let length = usize::from(u16::from_be_bytes(prefix));
    if length < MIN_CIPHERTEXT { Err(FrameError::Length { actual: length }) } else { Ok(length) }
}

/// The sending half of a session.
#[derive(Debug)]
pub struct FrameSender(Direction);

impl FrameSender {
    /// `None` if the library below is out of memory.
    pub(super) fn new(suite: Suite, key: &Secret<32>) -> Option<Self> {
        Direction::new(suite, key).map(Self)
    }

    /// Appends a frame to `out`, with its length before it; and before that a rekey frame, if the key would otherwise seal more than 2^16
    /// frames or 1 GiB. To send [`FrameType::Rekey`] earlier is allowed.
    ///
    /// # Errors
    /// [`FrameError::Length`] for a body of more than [`MAX_DATA_BODY`] bytes and [`FrameError::Body`] for one where none belongs; both
    /// leave everything as it was. [`FrameError::AfterEnd`]; [`FrameError::Failed`].
    pub fn seal(&mut self, kind: FrameType, body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.0.check_open()?;
        kind.check_body(body.len())?;
        let length = MIN_CIPHERTEXT + body.len();
        let prefix = u16::try_from(length).map_err(|_| FrameError::Length { actual: length })?;
        if kind != FrameType::Rekey && !self.0.has_room(2, length + MIN_CIPHERTEXT) {
            self.append(FrameType::Rekey, 17, &[], out)?;
        }
        self.append(kind, prefix, body, out)
    }

    fn append(&mut self, kind: FrameType, prefix: u16, body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
        let before = out.len();
        // Room for the whole first, so that no plaintext is left behind where the vector moves away from.
        out.reserve(LENGTH_LEN + MIN_CIPHERTEXT + body.len());
        out.extend_from_slice(&prefix.to_be_bytes());
        out.push(kind.number());
        out.extend_from_slice(body);
        let text = out.get_mut(before + LENGTH_LEN..).unwrap_or_default();
        let Some(tag) = self.0.aead.seal_in_place(self.0.nonce, &[], text) else {
            out.truncate(before);
            self.0.state = State::Failed;
            return Err(FrameError::Failed);
        };
        out.extend_from_slice(&tag);
        self.0.advance(kind, prefix.into())
    }
}

/// The receiving half of a session.
#[derive(Debug)]
pub struct FrameReceiver(Direction);

/// A frame that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: FrameType,
    /// Its body.
    pub body: &'a [u8],
}

impl FrameReceiver {
    /// `None` if the library below is out of memory.
    pub(super) fn new(suite: Suite, key: &Secret<32>) -> Option<Self> {
        Direction::new(suite, key).map(Self)
    }

    /// Opens the next frame where it stands; `ciphertext` is what follows the length. A rekey frame has changed the key when it is returned.
    ///
    /// # Errors
    /// A [`FrameError`], after which every further call gives [`FrameError::Failed`].
    pub fn open<'a>(&mut self, ciphertext: &'a mut [u8]) -> Result<Frame<'a>, FrameError> {
        let opened = self.try_open(ciphertext);
        if opened.is_err() {
            self.0.state = State::Failed;
        }
        opened
    }

    fn try_open<'a>(&mut self, ciphertext: &'a mut [u8]) -> Result<Frame<'a>, FrameError> {
        self.0.check_open()?;
        let length = ciphertext.len();
        let wrong_length = FrameError::Length { actual: length };
        if !(MIN_CIPHERTEXT..=MAX_CIPHERTEXT).contains(&length) {
            return Err(wrong_length);
        }
        if !self.0.has_room(1, length) {
            return Err(FrameError::RekeyOverdue);
        }
        let (text, tag) = ciphertext.split_last_chunk_mut::<TAG_LEN>().ok_or(wrong_length)?;
        self.0.aead.open_in_place(self.0.nonce, &[], text, tag).ok_or(FrameError::Unauthentic)?;
        let (&number, body) = text.split_first().ok_or(wrong_length)?;
        let kind = FrameType::from_number(number).ok_or(FrameError::Type { number })?;
        kind.check_body(body.len())?;
        self.0.advance(kind, length)?;
        Ok(Frame { kind, body })
    }

    /// To be called when the connection has closed: whether the direction is complete.
    ///
    /// # Errors
    /// [`FrameError::Cut`] without an end frame, [`FrameError::Failed`] after an error.
    pub fn close(self) -> Result<(), FrameError> {
        match self.0.state {
            State::Ended => Ok(()),
            State::Open => Err(FrameError::Cut),
            State::Failed => Err(FrameError::Failed),
        }
    }

    /// Whether the end frame has come.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.state == State::Ended
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Failed,
}

/// One direction's key and what was sealed under it; the same on both sides.
struct Direction {
    aead: Aead,
    suite: Suite,
    state: State,
    /// Frames since the handshake: the next nonce. A rekey does not set it back.
    nonce: u64,
    /// Frames under this key.
    frames: u64,
    /// Bytes of ciphertext under this key.
    bytes: u64,
}

impl Direction {
    fn new(suite: Suite, key: &Secret<32>) -> Option<Self> {
        Some(Self { aead: Aead::new(suite, key.expose())?, suite, state: State::Open, nonce: 0, frames: 0, bytes: 0 })
    }

    fn check_open(&self) -> Result<(), FrameError> {
        match self.state {
            // The nonce 2^64 - 1 belongs to REKEY. A million frames a second come to it in half a million years.
            State::Open if self.nonce < u64::MAX - 1 => Ok(()),
            State::Ended => Err(FrameError::AfterEnd),
            State::Open | State::Failed => Err(FrameError::Failed),
        }
    }

    /// Whether the key may seal so many frames and bytes more.
    fn has_room(&self, frames: u64, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.frames + frames <= MAX_FRAMES && self.bytes.saturating_add(bytes) <= MAX_CIPHERTEXT_BYTES
    }

    /// Counts a frame that was sealed or opened, and does what its type asks for.
    fn advance(&mut self, kind: FrameType, length: usize) -> Result<(), FrameError> {
        self.nonce = self.nonce.saturating_add(1);
        self.frames += 1;
        self.bytes = self.bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        match kind {
            FrameType::Data | FrameType::Status | FrameType::KeepAlive => {}
            FrameType::End => self.state = State::Ended,
            FrameType::Rekey => {
                let Some(aead) = self.aead.rekeyed(self.suite) else {
                    self.state = State::Failed;
                    return Err(FrameError::Failed);
                };
                (self.aead, self.frames, self.bytes) = (aead, 0, 0);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction").field("state", &self.state).field("nonce", &self.nonce).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
