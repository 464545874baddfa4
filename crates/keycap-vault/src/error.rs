//! What can go wrong at the vault's door: a stable code, a sentence that says what, and what to do next.

use keycap_core::capability::{CapabilityError, DelegateError};
use keycap_core::chain::{CaveatError, ChainError, Reason, Refusal};
use keycap_core::noise::HandshakeError;
use keycap_core::seal::record::RecordError;
use keycap_core::text::TextError;
use keycap_store::StoreError;
use keycap_store::ledger::LedgerError;
use keycap_store::secrets::SecretError;
use keycap_store::unlock::UnlockError;

use crate::files::FileError;

/// How a face should end: the command line exits with these, see [`ErrorClass::exit_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The request was understood and failed.
    Failed,
    /// The request makes no sense as it was put.
    Usage,
    /// A rule of a capability says no.
    Refused,
    /// The vault is locked.
    Locked,
}

impl ErrorClass {
    /// The exit code of a program that ends with it: 1, 2, 3 or 4.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Locked => 4,
        }
    }
}

/// Why a request was not carried out. Nothing of it has happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The store beneath: ledger, keyring, unlocking.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing has that name.
    #[error("there is no {what} named `{name}`")]
    NotFound {
        /// What was looked for, in the project's words.
        what: &'static str,
        /// Under which name.
        name: String,
    },
    /// A key card was given, and it is not in this vault.
    #[error("the key card {fingerprint} is not in this vault")]
    CardNotHere {
        /// Its short fingerprint.
        fingerprint: String,
    },
    /// A file was given as recipients, and holds none.
    #[error("{file} gives no recipients: {why}")]
    NoRecipients {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// The name is in use.
    #[error("there is already a {what} named `{name}`")]
    NameTaken {
        /// What has it.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// More than one thing answers to that name.
    #[error("`{name}` could be any of: {}", candidates.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// References that each name one of them.
        candidates: Vec<String>,
    },
    /// A name that cannot be one.
    #[error("`{name}` cannot be a name: {why}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A value that was typed does not say anything the place understands.
    #[error("`{input}` is no {what}: {why}")]
    BadInput {
        /// What was expected.
        what: &'static str,
        /// What was typed; never a secret.
        input: String,
        /// Why it is none.
        why: String,
    },
    /// Two parts of a request contradict each other, or a part is missing.
    #[error("{why}")]
    BadRequest {
        /// What is wrong.
        why: String,
        /// What to do next.
        hint: String,
    },
    /// The service is known by its card only: its private key is elsewhere.
    #[error("`{name}` is only known by its card; the keys to serve and mint for it are not in this vault")]
    CannotServe {
        /// The service.
        name: String,
    },
    /// The key is someone else's card.
    #[error("`{name}` is the key card of someone else; its private half is not in this vault")]
    NotOwnKey {
        /// The card.
        name: String,
    },
    /// Something still depends on what should be removed.
    #[error("{what} `{name}` is still in use: {by}")]
    InUse {
        /// What should go.
        what: &'static str,
        /// Its name.
        name: String,
        /// What uses it.
        by: String,
    },
    /// The grant, or one above it, was revoked.
    #[error("`{name}` was revoked")]
    Revoked {
        /// The grant.
        name: String,
    },
    /// A capability that has expired.
    #[error("`{name}` has expired")]
    Expired {
        /// The grant or capability.
        name: String,
    },
    /// A pasted or scanned text is no capability or card.
    #[error(transparent)]
    Text(#[from] TextError),
    /// What is to be taken in is there already.
    #[error("this {what} is already here as `{name}`")]
    AlreadyHere {
        /// What it is.
        what: &'static str,
        /// Under which name it is here.
        name: String,
    },
    /// A caveat cannot be written.
    #[error(transparent)]
    Caveat(#[from] CaveatError),
    /// A chain cannot be made or taken.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A capability or card is malformed.
    #[error(transparent)]
    Capability(#[from] CapabilityError),
    /// A capability cannot be narrowed or handed on as asked.
    #[error(transparent)]
    Delegate(#[from] DelegateError),
    /// A rule of the capability says no.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The handshake could not be begun.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// Sealing to, or opening with, an age key failed.
    #[error("{what}: {why}")]
    Age {
        /// What was being done.
        what: &'static str,
        /// What age said; never a secret.
        why: String,
    },
    /// A record or head is malformed, changed, or stands where it does not belong.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// No service of this vault opens it.
    #[error("no service of this vault opens this {what}")]
    NotForUs {
        /// What it is.
        what: &'static str,
    },
    /// A file to be sealed or opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture or QR code.
    #[error(transparent)]
    Qr(#[from] crate::qr::QrError),
    /// What the ledger holds does not fit together: it was changed by other hands.
    #[error("the ledger holds something that cannot be: {what}")]
    Inconsistent {
        /// What does not fit.
        what: String,
    },
    /// A backup is none, damaged, or of a newer keycap.
    #[error("{why}")]
    Backup {
        /// What is wrong.
        why: String,
    },
    /// The secrets are to rest under a systemd credential, and this process was given none.
    #[error("this process was given no systemd credentials")]
    NoCredential,
    /// No folder can be found for the vault: the user has no home.
    #[error("no folder for the vault can be found: {why}")]
    NoFolder {
        /// Why.
        why: String,
    },
}

impl From<LedgerError> for VaultError {
    fn from(error: LedgerError) -> Self {
        Self::Store(error.into())
    }
}

impl From<UnlockError> for VaultError {
    fn from(error: UnlockError) -> Self {
        Self::Store(error.into())
    }
}

impl VaultError {
    /// A stable name for programs, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::NotFound { .. } => "not-found",
            Self::CardNotHere { .. } => "card-not-here",
            Self::NoRecipients { .. } => "not-a-recipient",
            Self::NameTaken { .. } => "name-taken",
            Self::Ambiguous { .. } => "ambiguous",
            Self::BadName { .. } => "bad-name",
            Self::BadInput { .. } => "bad-input",
            Self::BadRequest { .. } => "bad-request",
            Self::CannotServe { .. } => "cannot-serve",
            Self::NotOwnKey { .. } => "not-own-key",
            Self::InUse { .. } => "in-use",
            Self::Revoked { .. } => "revoked",
            Self::Expired { .. } => "expired",
            Self::Text(_) => "bad-text",
            Self::AlreadyHere { .. } => "already-here",
            Self::Caveat(_) => "bad-caveat",
            Self::Chain(_) => "bad-chain",
            Self::Capability(_) => "bad-capability",
            Self::Delegate(_) => "cannot-delegate",
            Self::Refused(_) => "refused",
            Self::Handshake(_) => "handshake",
            Self::Age { .. } => "age",
            Self::Record(_) => "bad-record",
            Self::NotForUs { .. } => "not-for-us",
            Self::File(error) => error.code(),
            Self::Qr(_) => "qr",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Backup { .. } => "bad-backup",
            Self::NoCredential => "no-credential",
            Self::NoFolder { .. } => "no-folder",
        }
    }

    /// Whether something sealed is refused for no other reason than that it has expired or was revoked since: then it can be opened on request.
    #[must_use]
    pub fn is_lapsed(&self) -> bool {
        matches!(self, Self::Refused(refusal) if matches!(refusal.reason, Reason::Expired | Reason::Revoked))
    }

    /// How a program should end with it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Store(
                StoreError::Locked
                | StoreError::Secret(SecretError::KeyringLocked | SecretError::PromptDismissed | SecretError::PromptUnanswered { .. })
                | StoreError::Unlock(UnlockError::WrongPassphrase | UnlockError::NoIdentityMatches),
            ) => ErrorClass::Locked,
            Self::BadName { .. } | Self::BadInput { .. } | Self::BadRequest { .. } | Self::Ambiguous { .. } => ErrorClass::Usage,
            Self::File(error) => error.class(),
            Self::Refused(_) | Self::Revoked { .. } | Self::Expired { .. } | Self::Delegate(_) => ErrorClass::Refused,
            Self::Store(_)
            | Self::NotFound { .. }
            | Self::CardNotHere { .. }
            | Self::NoRecipients { .. }
            | Self::NameTaken { .. }
            | Self::CannotServe { .. }
            | Self::NotOwnKey { .. }
            | Self::InUse { .. }
            | Self::Text(_)
            | Self::AlreadyHere { .. }
            | Self::Caveat(_)
            | Self::Chain(_)
            | Self::Capability(_)
            | Self::Handshake(_)
            | Self::Age { .. }
            | Self::Record(_)
            | Self::NotForUs { .. }
            | Self::Qr(_)
            | Self::Inconsistent { .. }
            | Self::Backup { .. }
            | Self::NoCredential
            | Self::NoFolder { .. } => ErrorClass::Failed,
        }
    }

    /// What to do next, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => error.hint(),
            Self::File(error) => return error.hint().map(str::to_owned),
            Self::NotFound { what, .. } => match *what {
                "grant" => "see `keycap grants` for those there are".into(),
                "service" => "see `keycap service list` for those there are".into(),
                "group" | "member" => "see `keycap group list` for those there are".into(),
                "capability" => "see `keycap caps` for those there are".into(),
                "conflict" => "see `keycap vault restore FILE --dry-run` for those there are".into(),
                _ => "see `keycap key list` for those there are".into(),
            },
            Self::CardNotHere { .. } => "take it in with `keycap add`, and compare its fingerprint with its owner".into(),
            Self::NoRecipients { .. } => "name a file with an age recipient, a key card or an SSH public key in each line".into(),
            Self::NameTaken { .. } => "choose another name, or rename the other one".into(),
            Self::Ambiguous { .. } => "name one of them".into(),
            Self::BadName { .. } => "a name has 1 to 64 characters: letters, digits and any of `. _ - @ +`, and begins with a letter or digit".into(),
            Self::BadRequest { hint, .. } => hint.clone(),
            Self::CannotServe { .. } => "take in its keys with `keycap service import`, or mint where they are".into(),
            Self::NotOwnKey { .. } => "use a key of your own: `keycap key list`".into(),
            Self::Revoked { .. } => "mint a new grant: what is revoked stays revoked".into(),
            Self::Expired { .. } => "ask whoever gave it to you for a new one, or mint one".into(),
            Self::Text(TextError::Mistyped { .. } | TextError::Character { .. } | TextError::MixedCase { .. } | TextError::Checksum) => {
                "compare it with the original, or copy it again".into()
            }
            Self::Text(_) => "paste the whole text, from `KEYCAP-SECRET-1`, `keycap1` or `keycap-service1` to its end".into(),
            Self::Delegate(DelegateError::Bound | DelegateError::WrongHolder) => "see `keycap caps NAME` for the key that it is bound to".into(),
            Self::Refused(_) => "see what it allows with `keycap explain`".into(),
            Self::Inconsistent { .. } => "check the log with `keycap log --verify`, and restore a backup if it does not verify".into(),
            Self::Backup { .. } => "use another copy of it, or an earlier backup; nothing was changed".into(),
            Self::Record(RecordError::Moved | RecordError::Unauthentic) => {
                "compare it with a copy, and see that it stands where it was sealed".into()
            }
            Self::NotForUs { .. } => "open it where the service is that the capability was for".into(),
            Self::NoCredential => "run it in a unit with LoadCredentialEncrypted=keycap-vault-key:…".into(),
            Self::NoFolder { .. } => "name one with --vault, or in KEYCAP_VAULT".into(),
            Self::BadInput { .. }
            | Self::InUse { .. }
            | Self::AlreadyHere { .. }
            | Self::Caveat(_)
            | Self::Chain(_)
            | Self::Capability(_)
            | Self::Delegate(_)
            | Self::Handshake(_)
            | Self::Age { .. }
            | Self::Record(_)
            | Self::Qr(_) => return None,
        })
    }
}
