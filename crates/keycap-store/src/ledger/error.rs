//! What can go wrong with the ledger's file and its rows.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Why the ledger could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no such file.
    #[error("there is no ledger at {}", path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file is something else: another program's database, or no database.
    #[error("{} is not a keycap ledger", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// A newer keycap has written the ledger.
    #[error("{} has format {found}; this keycap knows formats up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is damaged, or a row holds what keycap never writes.
    #[error("{} is damaged: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where the damage showed.
        what: String,
    },
    /// The disk, or the quota, is full. Nothing was changed.
    #[error("the disk is full: {} could not be written", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder is read-only.
    #[error("{} is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The system does not let this user at the file or its folder.
    #[error("permission denied: {}", path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
    },
    /// Other users of the machine could read the file or folder.
    #[error("{} is open to other users (mode {mode:o})", path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another process kept the ledger locked for longer than this one was to wait. Nothing was changed.
    #[error("{} is locked by another keycap process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system could not read or write the file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Another row has this value already.
    #[error("{what} is taken")]
    Taken {
        /// Table and column, such as `key.name`.
        what: String,
    },
    /// Other rows still point at this one, or it points at one that is not there.
    #[error("{what} is still referred to, or refers to what does not exist")]
    StillUsed {
        /// What was done.
        what: &'static str,
    },
    /// There is no such row.
    #[error("there is no such {what}")]
    NoSuchRow {
        /// What was looked for, such as `key`.
        what: &'static str,
    },
    /// A setting's name that belongs to this crate.
    #[error("the name {name:?} is reserved")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// The audit log does not end as its head says: it was changed by something else than keycap.
    #[error("the audit log was changed by something else than keycap")]
    AuditBroken,
    /// Any other answer of SQLite.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl LedgerError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "ledger-missing",
            Self::NotALedger { .. } => "ledger-not-keycap",
            Self::Newer { .. } => "ledger-newer",
            Self::Corrupt { .. } => "ledger-corrupt",
            Self::DiskFull { .. } => "disk-full",
            Self::ReadOnly { .. } => "ledger-read-only",
            Self::Denied { .. } => "permission-denied",
            Self::Exposed { .. } => "ledger-exposed",
            Self::Busy { .. } => "ledger-busy",
            Self::Io { .. } => "ledger-io",
            Self::Taken { .. } => "taken",
            Self::StillUsed { .. } => "still-used",
            Self::NoSuchRow { .. } => "not-found",
            Self::ReservedName { .. } => "reserved-name",
            Self::AuditBroken => "audit-broken",
            Self::Sqlite { .. } => "ledger-error",
        }
    }

    /// The way out, one sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { .. } => "Create a vault with `keycap vault init`, or name another folder.".into(),
            Self::NotALedger { .. } => "Name the folder of a keycap vault; this file is left as it is.".into(),
            Self::Newer { .. } => "Update keycap on this machine.".into(),
            Self::Corrupt { path, .. } => {
                format!("Keep a copy of {} and restore the vault from its last backup with `keycap vault restore`.", path.display())
            }
            Self::DiskFull { path } => format!("Free some space on the disk of {} and try again.", path.display()),
            Self::ReadOnly { path } => format!("Make {} and its folder writable for you, or mount the disk for writing.", path.display()),
            Self::Denied { path } => format!("Run keycap as the user who owns {}.", path.display()),
            Self::Exposed { path, mode } => {
                // A folder needs its x bit to be entered; taking away the bits of group and others is right for both.
                format!("Close it with `chmod {:o} '{}'`.", mode & 0o700, path.display())
            }
            Self::Busy { .. } => "Wait until the other keycap has finished, or end it, and try again.".into(),
            Self::Io { .. } => "Check the disk and its cabling or network, then try again.".into(),
            Self::Taken { .. } => "Choose another name, or rename the other one first.".into(),
            Self::StillUsed { .. } => "Remove what refers to it first.".into(),
            Self::NoSuchRow { .. } => "List what there is and check the name.".into(),
            Self::ReservedName { .. } => "Choose a name that does not begin with \"store.\".".into(),
            Self::AuditBroken => "See what is wrong with `keycap log --verify`.".into(),
            Self::Sqlite { .. } => "Run `keycap doctor`.".into(),
        }
    }

    /// Sorts SQLite's answers by what a person can do about them.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let rusqlite::Error::SqliteFailure(error, message) = &source else {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the others are about the program's own SQL, and end in the last variant")]
            return match source {
                rusqlite::Error::FromSqlConversionFailure(_, _, error) => Self::Corrupt { path, what: error.to_string() },
                rusqlite::Error::InvalidColumnType(_, column, kind) => Self::Corrupt { path, what: format!("column {column} holds {kind}") },
                rusqlite::Error::IntegralValueOutOfRange(_, value) => Self::Corrupt { path, what: format!("number {value} is out of range") },
                other => Self::Sqlite { path, source: other },
            };
        };
        let message = message.clone().unwrap_or_default();
        let extended = error.extended_code;
        #[expect(clippy::wildcard_enum_match_arm, reason = "SQLite has many more codes, all of which end in the last variant")]
        match error.code {
            ErrorCode::DiskFull => Self::DiskFull { path },
            ErrorCode::ReadOnly => Self::ReadOnly { path },
            ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => Self::Denied { path },
            ErrorCode::CannotOpen => Self::cannot_open(path),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { path },
            ErrorCode::DatabaseCorrupt => Self::Corrupt { path, what: message },
            ErrorCode::NotADatabase => Self::NotALedger { path },
            ErrorCode::SystemIoFailure => Self::Io { path, error: std::io::Error::other(message) },
            ErrorCode::ConstraintViolation if is_unique(extended) => {
                // "UNIQUE constraint failed: key.name" or "…: service_root.service, service_root.epoch"
                Self::Taken { what: message.rsplit_once(": ").map_or(message.clone(), |(_, columns)| columns.to_owned()) }
            }
            ErrorCode::ConstraintViolation if extended == ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Self::StillUsed { what: "what was changed" },
            _ => Self::Sqlite { path, source },
        }
    }

    /// A file operation's failure.
    pub(crate) fn of_io(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_owned();
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other kind keeps the system's own words")]
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            std::io::ErrorKind::PermissionDenied => Self::Denied { path },
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, error },
        }
    }

    /// SQLite says only that it cannot open a file; the file system knows why.
    fn cannot_open(path: PathBuf) -> Self {
        match std::fs::OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) => Self::of_io(&path, error),
            // The file is there and writable: then its folder is not, where SQLite keeps the log beside it.
            Ok(_) => Self::ReadOnly { path: path.parent().map_or(path.clone(), Path::to_owned) },
        }
    }
}

fn is_unique(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_code(code: i32) -> LedgerError {
        LedgerError::of(Path::new("/vault/ledger.sqlite"), rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("said: key.name".into())))
    }

    #[test]
    fn each_failure_of_the_disk_has_a_code_of_its_own() {
        let codes = [
            (ffi::SQLITE_FULL, "disk-full"),
            (ffi::SQLITE_READONLY, "ledger-read-only"),
            (ffi::SQLITE_PERM, "permission-denied"),
            (ffi::SQLITE_BUSY, "ledger-busy"),
            (ffi::SQLITE_CORRUPT, "ledger-corrupt"),
            (ffi::SQLITE_NOTADB, "ledger-not-keycap"),
            (ffi::SQLITE_IOERR, "ledger-io"),
            (ffi::SQLITE_CANTOPEN, "ledger-missing"),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "taken"),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "still-used"),
        ];
        for (code, name) in codes {
            assert_eq!(of_code(code).code(), name);
        }
    }

    #[test]
    fn a_taken_value_is_named_by_its_column() {
        assert_eq!(of_code(ffi::SQLITE_CONSTRAINT_UNIQUE).to_string(), "key.name is taken");
    }
}
