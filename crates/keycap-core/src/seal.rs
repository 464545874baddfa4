//! Sealing: what protects data at rest, with the same keys and capabilities that open sessions.
//!
//! To a key card, data is sealed for whoever has the key. To a capability, it is sealed *for the service*, and proves that its writer held the
//! capability: [`Proven::clear`] says what that is worth at the moment of opening. All of it is one message from writer to reader, so that none
//! of it has forward secrecy, and each can be presented again.

use std::fmt;

use crate::capability::Capability;
use crate::key::PublicKey;
use crate::noise::oneway::Expected;
use crate::noise::{Pattern, Sender, Suite, protocol_name};
use crate::secret::Secret;

mod clear;
pub mod file;
pub mod record;
pub mod stanza;

pub use clear::{Lapsed, Proven, Reading, Verdict};

/// Why somebody cannot seal to a capability in the way asked for. A service would refuse what is refused here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SenderError {
    /// The capability is bound to a holder, and the sender proves no key.
    #[error("the capability is bound to the key {holder}; seal with that key as the sender", holder = .holder.kid())]
    HolderNotProven {
        /// The key that it is bound to.
        holder: PublicKey,
    },
    /// The capability is bound to another key than the sender's.
    #[error("the capability is bound to the key {holder}, which is not the sender's", holder = .holder.kid())]
    WrongHolder {
        /// The key that it is bound to.
        holder: PublicKey,
    },
    /// The reader is to know the sender beforehand, and the capability names none.
    #[error("the capability is bound to nobody, so that its service knows no sender beforehand; show the sender's key instead")]
    NoHolder,
}

/// A sender and a capability that fit each other.
struct Fitting {
    pattern: Pattern,
    psk: Secret<32>,
}

impl Fitting {
    /// The rules of a chain's holder, from the writer's side (SPEC.md §6).
    fn of(capability: &Capability, sender: Sender<'_>) -> Result<Self, SenderError> {
        let (pattern, key) = match sender {
            Sender::Anonymous => (Pattern::Npsk0, None),
            Sender::Shown(key) => (Pattern::Xpsk1, Some(key)),
            Sender::Known(key) => (Pattern::Kpsk0, Some(key)),
        };
        match (capability.chain().holder(), key) {
            (Some(holder), None) => return Err(SenderError::HolderNotProven { holder: *holder }),
            (Some(holder), Some(key)) if holder != key.public() => return Err(SenderError::WrongHolder { holder: *holder }),
            (None, _) if pattern.needs_holder() => return Err(SenderError::NoHolder),
            _ => {}
        }
        Ok(Self { pattern, psk: capability.key().psk(protocol_name(pattern, Suite::ChaChaPoly)) })
    }
}

/// What the reader of a message in this pattern expects of its sender. `None`: the pattern knows the sender by a chain's holder, and there is
/// none, or it makes no single messages.
fn expected(pattern: Pattern, holder: Option<&PublicKey>) -> Option<Expected<'_>> {
    match pattern {
        Pattern::Npsk0 => Some(Expected::Anonymous),
        Pattern::Xpsk1 => Some(Expected::Shown),
        Pattern::Kpsk0 => holder.map(Expected::Known),
        Pattern::NKpsk2 | Pattern::XKpsk3 | Pattern::IKpsk2 | Pattern::KKpsk2 => None,
    }
}

/// Who wrote a file, as far as a reader may say so.
///
/// Everyone to whom a file is sealed knows its file key, and with it could have written the file's body anew. So a sender is shown only if
/// there is exactly one stanza in the header, unknown ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// The stanza proves no key.
    Anonymous,
    /// This key, and nobody else, can have written it: nobody but the reader.
    Sender(PublicKey),
    /// A key is proven for the stanza, and not shown: any of the file's other recipients could have written the rest.
    Withheld {
        /// How many stanzas the header has.
        stanzas: usize,
    },
}

impl Attribution {
    /// What to say of `sender`, whose key a stanza proves, in a header of so many stanzas. It holds once the header's MAC has been verified.
    #[must_use]
    pub const fn of(sender: Option<PublicKey>, stanzas: usize) -> Self {
        match sender {
            None => Self::Anonymous,
            Some(sender) if stanzas == 1 => Self::Sender(sender),
            Some(_) => Self::Withheld { stanzas },
        }
    }
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("its sender is anonymous"),
            Self::Sender(key) => write!(f, "sealed by the key {}", key.kid()),
            Self::Withheld { stanzas } => {
                write!(f, "its sender cannot be told: its header has {stanzas} stanzas, and whoever one of them is for could have written it")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::fixtures::{capability, static_key};

    fn pattern(bound_to: Option<u8>, sender: Sender<'_>) -> Result<Pattern, SenderError> {
        let holder = bound_to.map(|byte| *static_key(byte).public());
        Fitting::of(&capability(holder.as_ref()), sender).map(|fitting| fitting.pattern)
    }

    #[test]
    fn a_writer_is_told_at_once_what_a_service_would_refuse() {
        let (a, b) = (static_key(1), static_key(2));
        let holder = *a.public();
        assert_eq!(pattern(None, Sender::Anonymous), Ok(Pattern::Npsk0));
        assert_eq!(pattern(None, Sender::Shown(&a)), Ok(Pattern::Xpsk1));
        assert_eq!(pattern(None, Sender::Known(&a)), Err(SenderError::NoHolder));
        assert_eq!(pattern(Some(1), Sender::Anonymous), Err(SenderError::HolderNotProven { holder }));
        assert_eq!(pattern(Some(1), Sender::Shown(&a)), Ok(Pattern::Xpsk1));
        assert_eq!(pattern(Some(1), Sender::Known(&a)), Ok(Pattern::Kpsk0));
        assert_eq!(pattern(Some(1), Sender::Shown(&b)), Err(SenderError::WrongHolder { holder }));
        assert_eq!(pattern(Some(1), Sender::Known(&b)), Err(SenderError::WrongHolder { holder }));
    }

    #[test]
    fn a_sender_is_told_only_of_a_header_with_one_stanza() {
        let key = *static_key(1).public();
        assert_eq!(Attribution::of(Some(key), 1), Attribution::Sender(key));
        for stanzas in [0, 2, 100] {
            assert_eq!(Attribution::of(Some(key), stanzas), Attribution::Withheld { stanzas });
        }
        assert_eq!(Attribution::of(None, 1), Attribution::Anonymous);
    }
}
