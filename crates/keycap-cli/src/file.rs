//! Files that commands read and write: whole or not at all, never over another file unasked, and closed to others where they hold secrets.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::error::CliError;

/// Where a result goes that a program reads.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Target {
    /// Write to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// Whether others may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Only its owner: mode 0600.
    Private,
    /// As the system has it for new files.
    Usual,
}

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

impl From<bool> for Existing {
    /// What `--force` says.
    fn from(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }
}

/// Writes a whole file, or none.
///
/// # Errors
/// If there is one already that is to stay, or it cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8], access: Access, existing: Existing) -> Result<(), CliError> {
    check(path, existing)?;
    write_whole(path, bytes, access).map_err(|error| {
        CliError::failed("file-write", format!("the file could not be written: {error}"))
            .with(path.display())
            .hint("see whether the folder exists and may be written")
    })
}

/// A file that is being written, and appears when it is whole. If it never is, nothing is left of it.
pub(crate) struct Begun {
    file: AtomicWriteFile,
    path: PathBuf,
    existing: Existing,
}

/// Begins to write a file piece by piece.
///
/// # Errors
/// If there is one already that is to stay, or it cannot be written.
pub(crate) fn begin(path: &Path, existing: Existing) -> Result<Begun, CliError> {
    check(path, existing)?;
    let file = AtomicWriteFile::open(path).map_err(|error| {
        CliError::failed("file-write", format!("the file could not be written: {error}"))
            .with(path.display())
            .hint("see whether the folder exists and may be written")
    })?;
    Ok(Begun { file, path: path.to_owned(), existing })
}

impl Begun {
    /// Puts it in its place.
    ///
    /// # Errors
    /// If it cannot be written, or another file has come there meanwhile that is to stay.
    pub(crate) fn commit(self) -> io::Result<()> {
        check(&self.path, self.existing).map_err(|error| io::Error::new(io::ErrorKind::AlreadyExists, error))?;
        self.file.commit()
    }
}

impl Write for Begun {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Refuses to go on if there is a file that is to stay.
///
/// # Errors
/// If there is one.
pub(crate) fn check(path: &Path, existing: Existing) -> Result<(), CliError> {
    if is_device(path) {
        let error = CliError::failed("file-no-file", "it is a device, pipe or socket, not a file that could be replaced");
        return Err(error.with(path.display()).hint("name a file, or write to standard output with `-`"));
    }
    if existing == Existing::Replace || path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(CliError::failed("file-exists", "the file exists already").with(path.display()).hint("name another one, or add --force to replace it"))
}

/// Whether something is there that is neither a file nor a folder: a device, a pipe, a socket.
pub(crate) fn is_device(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir())
}

fn write_whole(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut options = AtomicWriteFile::options();
    #[cfg(unix)]
    {
        use atomic_write_file::unix::OpenOptionsExt as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        if access == Access::Private {
            // Not the mode of the file that is replaced, either.
            options.preserve_mode(false).mode(0o600);
        }
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Reads a file, or standard input for `-`, of at most `limit` bytes.
///
/// # Errors
/// If it cannot be read, or is larger.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, CliError> {
    let fail = |error: io::Error| {
        let error = CliError::failed("file-read", format!("the file could not be read: {error}")).with(path.display());
        error.hint("see whether the name is right and you may read it")
    };
    let bytes = if is_standard(path) {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(CliError::usage("stdin-terminal", "nothing comes in on standard input").hint("pipe or redirect something into it"));
        }
        limited(stdin.lock(), limit).map_err(fail)?
    } else {
        let file = File::open(path).map_err(fail)?;
        // Room for all of it at once: what outgrows its room is copied.
        let size = fs::metadata(path).map_or(0, |metadata| metadata.len()).min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
        bytes
    };
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(CliError::failed("file-large", format!("there is more in it than the {limit} bytes that this could be")).with(path.display()));
    }
    Ok(bytes)
}

/// Whether a path stands for standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn limited(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4_096);
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"one", Access::Usual, Existing::Keep).unwrap();
        assert_eq!(write(&path, b"two", Access::Usual, Existing::Keep).unwrap_err().code, "file-exists");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", Access::Usual, Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_secret_is_closed_to_others_even_where_an_open_file_was() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, b"open").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"secret", Access::Private, Existing::Replace).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_rather_than_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().code, "file-large");
    }
}
