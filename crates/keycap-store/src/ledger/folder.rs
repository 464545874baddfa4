//! The vault's folder: who may look in, and who may work in it at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::LedgerError;

/// The ledger's file in the vault's folder.
pub(crate) const LEDGER: &str = "ledger.sqlite";
/// The ledger while it is being made; it becomes [`LEDGER`] when it is whole.
pub(crate) const UNFINISHED: &str = "ledger.sqlite.new";
/// The file that processes lock while they work outside of the ledger's transactions.
const LOCK: &str = "lock";

/// Makes the folder, and those above it, for its owner only. A folder that is there must be closed to others already.
pub(crate) fn make(folder: &Path) -> Result<(), LedgerError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| LedgerError::of_io(folder, error))?;
    refuse_exposed(folder)
}

/// Makes an empty file for its owner only; SQLite gives its other files the same mode.
pub(crate) fn new_file(path: &Path) -> Result<(), LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| LedgerError::of_io(path, error))
}

/// Refuses a file or folder that others may read or write.
#[cfg(unix)]
pub(crate) fn refuse_exposed(path: &Path) -> Result<(), LedgerError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).map_err(|error| LedgerError::of_io(path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(LedgerError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

/// On Windows the profile's access list closes the folder; there is nothing to read it from in the standard library.
#[cfg(not(unix))]
pub(crate) fn refuse_exposed(path: &Path) -> Result<(), LedgerError> {
    std::fs::metadata(path).map(drop).map_err(|error| LedgerError::of_io(path, error))
}

/// Gives `from` the name `to`, unless something has it, and makes that last. Both are in `folder`.
pub(crate) fn publish(folder: &Path, from: &Path, to: &Path) -> Result<(), LedgerError> {
    // In one step where the system can, so that whoever is killed here leaves no second name behind.
    let unpublished = tempfile::TempPath::try_from_path(from).map_err(|error| LedgerError::of_io(from, error))?;
    unpublished.persist_noclobber(to).map_err(|refused| {
        // Kept: it says what is to be cleared away. That it cannot be kept is no news after that it cannot be published.
        drop(refused.path.keep());
        LedgerError::of_io(to, refused.error)
    })?;
    synchronise(folder)
}

/// Removes files that may not be there.
pub(crate) fn remove(paths: &[PathBuf]) -> Result<(), LedgerError> {
    for path in paths {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(LedgerError::of_io(path, error)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn synchronise(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| LedgerError::of_io(folder, error))
}

/// Windows cannot open folders as files; its file system journals names by itself.
#[cfg(not(unix))]
fn synchronise(_folder: &Path) -> Result<(), LedgerError> {
    Ok(())
}

/// A lock on the folder, held by one process (and one [`Lock`] within it) at a time. The system takes it away when the process dies, so
/// that whoever gets it knows that nobody else is in the middle of anything.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until nobody else has it.
    pub(crate) fn take(folder: &Path, wait: Duration) -> Result<Self, LedgerError> {
        let until = Instant::now() + wait;
        loop {
            if let Some(lock) = Self::try_take(folder)? {
                return Ok(lock);
            }
            if Instant::now() >= until {
                return Err(LedgerError::Busy { path: folder.join(LOCK) });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `None` if somebody else has it.
    pub(crate) fn try_take(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let path = folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| LedgerError::of_io(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(LedgerError::of_io(&path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_the_lock_and_dropping_it_frees_it() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path(), Duration::ZERO).unwrap();
        assert!(Lock::try_take(folder.path()).unwrap().is_none());
        let error = Lock::take(folder.path(), Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.code(), "ledger-busy");
        drop(lock);
        assert!(Lock::try_take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn publishing_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        std::fs::write(&new, "new").unwrap();
        std::fs::write(&old, "old").unwrap();
        assert!(publish(folder.path(), &new, &old).is_err());
        assert_eq!(std::fs::read(&old).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let error = make(folder.path()).unwrap_err();
        assert_eq!(error.code(), "ledger-exposed");
        assert!(error.hint().contains("chmod 700"), "{}", error.hint());
    }
}
