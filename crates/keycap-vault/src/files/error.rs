//! What can go wrong with one file.

use std::io;

use keycap_core::chain::Refusal;
use keycap_core::seal::file::{HeaderError, PayloadError};

use crate::error::ErrorClass;

/// Why a file was not sealed, opened or looked into. Nothing of it was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The header is none, malformed, or was changed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// None of the keys, passphrases and identities at hand opens it.
    #[error("it is sealed to others: nothing at hand opens it")]
    NoMatch,
    /// A capability was to let somebody seal it, and its rules say no.
    #[error("the capability that it was sealed with does not allow it{}: {refusal}", if *lapsed { " any more" } else { "" })]
    Refused {
        /// What says no.
        refusal: Refusal,
        /// Whether it would have allowed it, had it not expired or been revoked since.
        lapsed: bool,
    },
    /// A recipient or identity was the right one and failed all the same: a wrong passphrase, a plugin, too much work.
    #[error("{why}")]
    Age {
        /// What age or the plugin said; never a secret.
        why: String,
    },
    /// It is sealed under another passphrase.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// An identity file that is itself sealed, or an SSH key, was not opened.
    #[error("an identity file stays locked: its passphrase is wrong, or nobody was asked for it")]
    IdentityLocked,
    /// Its passphrase was made to cost more work than this machine does in some seconds.
    #[error("its passphrase was made to take 2^{required} units of work, and this machine does 2^{target} in a second")]
    TooMuchWork {
        /// The base-2 logarithm of the work.
        required: u8,
        /// That of what this machine does in a second.
        target: u8,
    },
    /// Recipients that cannot stand beside each other.
    #[error("these recipients cannot stand beside each other in one file: {why}")]
    Incompatible {
        /// Why not.
        why: &'static str,
    },
    /// The text around a file in armor is malformed.
    #[error("its armor is malformed: {why}")]
    Armor {
        /// What is wrong with it.
        why: String,
    },
    /// The payload is not authentic, or cut off. What was authentic before it may have gone to standard output, never into a file.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A file could not be read.
    #[error("it could not be read: {0}")]
    Read(#[source] io::Error),
    /// The output could not be written.
    #[error("{} could not be written: {error}", path.as_deref().unwrap_or("the output"))]
    Write {
        /// Which file; `None` for standard output.
        path: Option<String>,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The file grew, shrank or was written to while it was read.
    #[error("it was changed while it was read")]
    Changed,
    /// There is such a file already.
    #[error("{path} exists already")]
    Exists {
        /// The file.
        path: String,
    },
    /// It is nothing that has contents to seal: a socket, a pipe, a device.
    #[error("it is neither a file nor a folder")]
    NoFile,
    /// It comes from a stream and has no name, and none was given for what is made of it.
    #[error("it has no name, and so no place to be written to")]
    NoPlace,
    /// There is one place, and more than one file for it.
    #[error("{files} files cannot go to one place")]
    OnePlace {
        /// How many there are.
        files: usize,
    },
    /// A stream among files that are to be one.
    #[error("standard input has no name among files that are sealed together")]
    StreamAmongFiles,
    /// A folder in a file cannot be unpacked.
    #[error("the folder in it cannot be unpacked: {why}")]
    Archive {
        /// Why not.
        why: String,
    },
    /// The person who asked for it took it back.
    #[error("cancelled")]
    Cancelled,
}

impl FileError {
    /// A stable name for programs, in kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Header(HeaderError::NotAge) => "not-age",
            Self::Header(HeaderError::Mac) => "header-changed",
            Self::Header(_) => "bad-header",
            Self::NoMatch => "no-match",
            Self::Refused { .. } => "refused",
            Self::Age { .. } => "age",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::IdentityLocked => "identity-locked",
            Self::TooMuchWork { .. } => "too-much-work",
            Self::Incompatible { .. } => "recipients-incompatible",
            Self::Armor { .. } => "bad-armor",
            Self::Payload(_) => "bad-payload",
            Self::Read(error) | Self::Write { error, .. } => io_code(error),
            Self::Changed => "file-changed",
            Self::Exists { .. } => "file-exists",
            Self::NoFile => "no-file",
            Self::NoPlace => "no-place",
            Self::OnePlace { .. } => "one-place",
            Self::StreamAmongFiles => "stream-among-files",
            Self::Archive { .. } => "bad-archive",
            Self::Cancelled => "cancelled",
        }
    }

    /// How a program should end with it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Refused { .. } => ErrorClass::Refused,
            Self::NoPlace | Self::OnePlace { .. } | Self::StreamAmongFiles => ErrorClass::Usage,
            Self::Header(_)
            | Self::NoMatch
            | Self::Age { .. }
            | Self::WrongPassphrase
            | Self::IdentityLocked
            | Self::TooMuchWork { .. }
            | Self::Incompatible { .. }
            | Self::Armor { .. }
            | Self::Payload(_)
            | Self::Read(_)
            | Self::Write { .. }
            | Self::Changed
            | Self::Exists { .. }
            | Self::NoFile
            | Self::Archive { .. }
            | Self::Cancelled => ErrorClass::Failed,
        }
    }

    /// What to do next, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Header(HeaderError::NotAge) => Some("only age files can be opened: look whether this is the right one"),
            Self::Header(_) | Self::Payload(_) | Self::Armor { .. } => Some("take another copy of it: what was changed cannot be opened"),
            Self::NoMatch => Some("see with `keycap inspect` to whom it is sealed, and name what opens it: --with-identity, --file-passphrase"),
            Self::Changed => Some("seal a copy of it, or pipe it into `keycap seal -`, which takes what comes until it ends"),
            Self::Exists { .. } => Some("name another one, or add --force to replace it"),
            Self::NoFile => Some("pipe its contents into `keycap seal -`"),
            Self::NoPlace => Some("name a file with --output"),
            Self::OnePlace { .. } => Some("name a folder with --output, or put them into one file with --tar"),
            Self::StreamAmongFiles => Some("seal it by itself"),
            Self::WrongPassphrase | Self::IdentityLocked => Some("try again; mind the keyboard's layout and the shift lock"),
            Self::TooMuchWork { .. } => Some("open it on a faster machine, and seal it there with less work"),
            Self::Incompatible { .. } => Some("seal it once for each of them; with --no-self your own key is not among them"),
            Self::Refused { lapsed: true, .. } => Some("open it all the same with --lapsed, as something that nobody stands for"),
            Self::Read(error) | Self::Write { error, .. } => io_hint(error),
            Self::Refused { .. } | Self::Age { .. } | Self::Archive { .. } | Self::Cancelled => None,
        }
    }

    /// An error of a writer that may itself be one of ours, passed through the standard library.
    pub(super) fn of_writer(error: io::Error) -> Self {
        Self::inner(error).unwrap_or_else(|error| Self::Write { path: None, error })
    }

    /// An error of a reader, likewise.
    pub(super) fn of_reader(error: io::Error) -> Self {
        Self::inner(error).unwrap_or_else(Self::Read)
    }

    /// As an error of input and output, for readers and writers between; comes back by the two above.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// Names the file that could not be written.
    pub(super) fn at(self, written: &std::path::Path) -> Self {
        if let Self::Write { path: None, error } = self { Self::Write { path: Some(written.display().to_string()), error } } else { self }
    }

    fn inner(error: io::Error) -> Result<Self, io::Error> {
        let error = error.downcast::<Self>()?;
        Ok(error)
    }
}

fn io_code(error: &io::Error) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; the others have no name of their own")]
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "disk-full",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "no-permission",
        io::ErrorKind::NotFound => "file-not-found",
        io::ErrorKind::BrokenPipe => "broken-pipe",
        _ => "file-io",
    }
}

fn io_hint(error: &io::Error) -> Option<&'static str> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; nothing can be said about the others")]
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("make room, or write elsewhere with --output"),
        io::ErrorKind::PermissionDenied => Some("see whether you may read the file and write into the folder, or write elsewhere with --output"),
        io::ErrorKind::NotFound => Some("see whether the name is right"),
        _ => None,
    }
}
