//! What can go wrong with locking and unlocking.

use std::borrow::Cow;
use std::path::PathBuf;

use super::UnlockKind;
use crate::secrets::SecretError;

/// Why a vault key could not be wrapped or got back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// The vault is unlocked by another method.
    #[error("this vault is unlocked by another method: {}", needs.as_str())]
    OtherMethod {
        /// The method.
        needs: UnlockKind,
    },
    /// The passphrase is not the right one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// scrypt's cost is far above what this machine does in some seconds.
    #[error("the passphrase takes too much work to check here: 2^{required}, this machine does 2^{target} in a second")]
    TooMuchWork {
        /// The base-2 logarithm of the cost.
        required: u8,
        /// What this machine does in about a second.
        target: u8,
    },
    /// A work factor outside of 1 to 63.
    #[error("a work factor is 1 to 63, not {factor}")]
    WorkFactor {
        /// The factor.
        factor: u8,
    },
    /// None of the identities belongs to one of the vault's recipients.
    #[error("none of the identities opens this vault")]
    NoIdentityMatches,
    /// An identity file cannot be read, or holds something else.
    #[error("{}: {reason}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A recipient is none that age or one of its plugins knows.
    #[error("{:?} is no age recipient: {reason}", shortened(recipient))]
    Recipient {
        /// What was given.
        recipient: String,
        /// Why not.
        reason: String,
    },
    /// No recipient was given.
    #[error("at least one recipient is needed")]
    NoRecipients,
    /// age, or one of its plugins, failed.
    #[error("age: {reason}")]
    Age {
        /// What it said.
        reason: String,
    },
    /// The file with the wrapping key cannot be read.
    #[error("{}: {error}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file holds neither 32 bytes nor their base64.
    #[error("{} holds no key: neither 32 bytes nor their base64", path.display())]
    NoKeyInFile {
        /// The file.
        path: PathBuf,
    },
    /// The file can be read by others.
    #[error("{} is open to other users (mode {mode:o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key is there but belongs to another vault, or to an earlier state of this one.
    #[error("{place} holds another key than this vault's")]
    WrongKey {
        /// Where the key is.
        place: String,
    },
    /// What the ledger keeps of the vault key is damaged.
    #[error("the vault key in the ledger is damaged")]
    Damaged,
    /// The keyring failed.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl UnlockError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherMethod { .. } => "unlock-other-method",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::TooMuchWork { .. } => "unlock-too-much-work",
            Self::WorkFactor { .. } => "unlock-work-factor",
            Self::NoIdentityMatches => "no-identity-matches",
            Self::Identity { .. } => "identity-file",
            Self::Recipient { .. } => "not-a-recipient",
            Self::NoRecipients => "no-recipients",
            Self::Age { .. } => "age-failed",
            Self::KeyFile { .. } => "key-file-unreadable",
            Self::NoKeyInFile { .. } => "key-file-without-key",
            Self::Exposed { .. } => "key-file-exposed",
            Self::WrongKey { .. } => "wrong-vault-key",
            Self::Damaged => "vault-key-damaged",
            Self::Secret(error) => error.code(),
        }
    }

    /// The way out, one sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::OtherMethod { needs } => match needs {
                UnlockKind::Keyring => "Unlock it with the keyring of the desktop session.".into(),
                UnlockKind::Passphrase => "Unlock it with its passphrase.".into(),
                UnlockKind::Recipients => "Unlock it with the identity file of one of its recipients.".into(),
                UnlockKind::Credential => {
                    format!("Run keycap from a systemd unit with LoadCredentialEncrypted={}:…", super::CREDENTIAL)
                }
                UnlockKind::File(path) => format!("Unlock it with the key file {}.", path.display()),
            },
            Self::WrongPassphrase => "Try again; mind the keyboard's layout and the shift lock.".into(),
            Self::TooMuchWork { .. } => "Unlock it on a faster machine, and set a passphrase with a lower work factor there.".into(),
            Self::WorkFactor { .. } => "Leave it out; age chooses one that takes about a second.".into(),
            Self::NoIdentityMatches => "Name the identity file of one of the recipients that the vault was sealed to.".into(),
            Self::Identity { .. } => "Name a file that `age-keygen` wrote, a plugin's identity file, or an SSH private key.".into(),
            Self::Recipient { .. } => "Give an age1… recipient, whose plugin is installed if it has one, or an SSH public key.".into(),
            Self::NoRecipients => "Name one or more recipients.".into(),
            Self::Age { .. } => "See that the plugin works with `age` alone, then try again.".into(),
            Self::KeyFile { path, .. } => format!("See that {} is there and that you may read it.", path.display()),
            Self::NoKeyInFile { .. } => "Put 32 random bytes, or their base64, into it.".into(),
            Self::Exposed { path, mode } => format!("Close it with `chmod {:o} '{}'`.", mode & 0o700, path.display()),
            Self::WrongKey { .. } => "Put back the key that this vault was last sealed with.".into(),
            Self::Damaged => "Restore the vault from a backup with `keycap vault restore`.".into(),
            Self::Secret(error) => error.hint(),
        }
    }
}

/// A post-quantum recipient has 1,959 characters, which nobody compares by eye: the ends are enough to tell which one it was.
fn shortened(recipient: &str) -> Cow<'_, str> {
    const LONGEST: usize = 200;
    const SHOWN: usize = 24;
    match (recipient.get(..SHOWN), recipient.len().checked_sub(SHOWN).and_then(|at| recipient.get(at..))) {
        (Some(first), Some(last)) if recipient.len() > LONGEST => Cow::Owned(format!("{first}…{last}")),
        _ => Cow::Borrowed(recipient),
    }
}
