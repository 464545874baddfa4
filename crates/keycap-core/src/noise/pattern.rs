//! The Noise patterns and suites of keycap-1, their numbers on the wire and their names.

use std::fmt;

/// A handshake pattern of the Noise Protocol Framework (revision 34, §7 and §9.4) in the one form in which keycap uses it.
///
/// The numbers stand in hellos, in `patterns` caveats and before records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// 1, interactive: the initiator shows no key.
    NKpsk2,
    /// 2, interactive: the initiator proves its key in a third message, with forward secrecy.
    XKpsk3,
    /// 3, interactive: the initiator proves its key in the first message.
    IKpsk2,
    /// 4, interactive: both know each other's key beforehand.
    KKpsk2,
    /// 5, one message: the sender shows no key.
    Npsk0,
    /// 6, one message: the sender's key comes with it.
    Xpsk1,
    /// 7, one message: the reader knows the sender's key beforehand.
    Kpsk0,
}

impl Pattern {
    /// All seven, in the order of their numbers.
    pub const ALL: [Self; 7] = [Self::NKpsk2, Self::XKpsk3, Self::IKpsk2, Self::KKpsk2, Self::Npsk0, Self::Xpsk1, Self::Kpsk0];

    /// Its number, 1 to 7.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::NKpsk2 => 1,
            Self::XKpsk3 => 2,
            Self::IKpsk2 => 3,
            Self::KKpsk2 => 4,
            Self::Npsk0 => 5,
            Self::Xpsk1 => 6,
            Self::Kpsk0 => 7,
        }
    }

    /// The pattern of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.number() == number)
    }

    /// Its bit in a `patterns` caveat, `1 << number`.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self.number()
    }

    /// Whether it makes a session; the others make one message each and never stand in a hello.
    #[must_use]
    pub const fn is_interactive(self) -> bool {
        matches!(self, Self::NKpsk2 | Self::XKpsk3 | Self::IKpsk2 | Self::KKpsk2)
    }

    /// Whether the initiator proves a static key of its own. The others are the N patterns: a chain that names a holder refuses them.
    #[must_use]
    pub const fn proves_initiator(self) -> bool {
        !matches!(self, Self::NKpsk2 | Self::Npsk0)
    }

    /// Whether it is refused when the chain names no holder: it proves a key, and there is none to compare it with. Xpsk1 is the exception,
    /// where the key is shown to the reader but bound to nothing.
    #[must_use]
    pub const fn needs_holder(self) -> bool {
        self.proves_initiator() && !matches!(self, Self::Xpsk1)
    }

    /// Its name with the psk modifier, as in a Noise protocol name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NKpsk2 => "NKpsk2",
            Self::XKpsk3 => "XKpsk3",
            Self::IKpsk2 => "IKpsk2",
            Self::KKpsk2 => "KKpsk2",
            Self::Npsk0 => "Npsk0",
            Self::Xpsk1 => "Xpsk1",
            Self::Kpsk0 => "Kpsk0",
        }
    }

    /// The slot that the psk goes into. snow accepts a psk in a wrong slot without a word, so this is the only place that says which it is.
    pub(crate) const fn psk_slot(self) -> u8 {
        match self {
            Self::NKpsk2 | Self::IKpsk2 | Self::KKpsk2 => 2,
            Self::XKpsk3 => 3,
            Self::Xpsk1 => 1,
            Self::Npsk0 | Self::Kpsk0 => 0,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The primitives of a handshake: X25519 and SHA-256 always, and one of two AEADs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suite {
    /// 1: ChaCha20-Poly1305 (RFC 8439). Everyone has it; locators, tickets, stanzas and records use no other.
    ChaChaPoly,
    /// 2: AES-256-GCM, several times faster in bulk where the CPU has instructions for it.
    AesGcm,
}

impl Suite {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::ChaChaPoly, Self::AesGcm];

    /// Its number, 1 or 2.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::ChaChaPoly => 1,
            Self::AesGcm => 2,
        }
    }

    /// The suite of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.number() == number)
    }

    /// Its name as in a Noise protocol name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChaChaPoly => "25519_ChaChaPoly_SHA256",
            Self::AesGcm => "25519_AESGCM_SHA256",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The full Noise protocol name, for which a psk is derived: `Noise_NKpsk2_25519_ChaChaPoly_SHA256`.
#[must_use]
pub const fn protocol_name(pattern: Pattern, suite: Suite) -> &'static str {
    match (pattern, suite) {
        (Pattern::NKpsk2, Suite::ChaChaPoly) => "Noise_NKpsk2_25519_ChaChaPoly_SHA256",
        (Pattern::NKpsk2, Suite::AesGcm) => "Noise_NKpsk2_25519_AESGCM_SHA256",
        (Pattern::XKpsk3, Suite::ChaChaPoly) => "Noise_XKpsk3_25519_ChaChaPoly_SHA256",
        (Pattern::XKpsk3, Suite::AesGcm) => "Noise_XKpsk3_25519_AESGCM_SHA256",
        (Pattern::IKpsk2, Suite::ChaChaPoly) => "Noise_IKpsk2_25519_ChaChaPoly_SHA256",
        (Pattern::IKpsk2, Suite::AesGcm) => "Noise_IKpsk2_25519_AESGCM_SHA256",
        (Pattern::KKpsk2, Suite::ChaChaPoly) => "Noise_KKpsk2_25519_ChaChaPoly_SHA256",
        (Pattern::KKpsk2, Suite::AesGcm) => "Noise_KKpsk2_25519_AESGCM_SHA256",
        (Pattern::Npsk0, Suite::ChaChaPoly) => "Noise_Npsk0_25519_ChaChaPoly_SHA256",
        (Pattern::Npsk0, Suite::AesGcm) => "Noise_Npsk0_25519_AESGCM_SHA256",
        (Pattern::Xpsk1, Suite::ChaChaPoly) => "Noise_Xpsk1_25519_ChaChaPoly_SHA256",
        (Pattern::Xpsk1, Suite::AesGcm) => "Noise_Xpsk1_25519_AESGCM_SHA256",
        (Pattern::Kpsk0, Suite::ChaChaPoly) => "Noise_Kpsk0_25519_ChaChaPoly_SHA256",
        (Pattern::Kpsk0, Suite::AesGcm) => "Noise_Kpsk0_25519_AESGCM_SHA256",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree_with_one_another() {
        for (pattern, number) in Pattern::ALL.into_iter().zip(1..) {
            assert_eq!(pattern.number(), number);
            assert_eq!(Pattern::from_number(number), Some(pattern));
            assert_eq!(pattern.bit(), 1 << number);
            for suite in Suite::ALL {
                assert_eq!(protocol_name(pattern, suite), format!("Noise_{pattern}_{suite}"));
            }
        }
        assert_eq!([0, 8, 255].map(Pattern::from_number), [None; 3]);
        assert_eq!([0, 1, 2, 3].map(Suite::from_number), [None, Some(Suite::ChaChaPoly), Some(Suite::AesGcm), None]);
    }

    #[test]
    fn the_psk_slot_is_the_one_that_the_name_says() {
        for pattern in Pattern::ALL {
            assert!(pattern.name().ends_with(&format!("psk{}", pattern.psk_slot())));
        }
    }

    #[test]
    fn only_the_first_four_make_sessions() {
        let interactive: Vec<_> = Pattern::ALL.into_iter().filter(|pattern| pattern.is_interactive()).map(Pattern::number).collect();
        assert_eq!(interactive, [1, 2, 3, 4]);
        let without_holder: Vec<_> = Pattern::ALL.into_iter().filter(|pattern| !pattern.needs_holder()).collect();
        assert_eq!(without_holder, [Pattern::NKpsk2, Pattern::Npsk0, Pattern::Xpsk1]);
    }
}
