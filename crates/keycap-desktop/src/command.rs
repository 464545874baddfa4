//! What the window can ask for: one function a command, in a file for each screen. Nothing else of this program can be reached from the page.

pub(crate) mod activity;
pub(crate) mod capabilities;
pub(crate) mod exchange;
pub(crate) mod files;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod mint;
pub(crate) mod overview;
pub(crate) mod protection;
pub(crate) mod revoke;
pub(crate) mod services;
pub(crate) mod share;
pub(crate) mod upkeep;
pub(crate) mod vault;

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Only its owner: mode 0600.
    Owner,
    /// As the system has it for new files.
    Usual,
}

impl Readers {
    /// Those of something secret, or not.
    const fn of(secret: bool) -> Self {
        if secret { Self::Owner } else { Self::Usual }
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// If it cannot be written.
fn write_file(path: &std::path::Path, bytes: &[u8], readers: Readers) -> Result<(), crate::error::UiError> {
    use std::io::Write;

    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes to set"))]
    let mut options = atomic_write_file::AtomicWriteFile::options();
    #[cfg(unix)]
    if readers == Readers::Owner {
        use atomic_write_file::unix::OpenOptionsExt as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        // Not the mode of the file that is replaced, either.
        options.preserve_mode(false).mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.commit()
    });
    written.map_err(|error| crate::error::UiError::new("not-written", format!("{} cannot be written: {error}.", path.display())))
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// If it cannot be read, or is larger.
pub(crate) fn read_file(path: &std::path::Path, most: u64) -> Result<Vec<u8>, crate::error::UiError> {
    use std::io::Read;

    let unread = |why: String| crate::error::UiError::new("not-read", format!("{} cannot be read: {why}.", path.display()));
    // Looked at first: opening a pipe would wait for somebody to write into it.
    let metadata = std::fs::metadata(path).map_err(|error| unread(error.to_string()))?;
    if !metadata.is_file() {
        return Err(unread("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unread(error.to_string()))?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unread(error.to_string()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(unread(format!("it has more than {} MiB", most >> 20)));
    }
    Ok(bytes)
}
