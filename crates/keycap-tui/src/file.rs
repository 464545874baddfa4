//! Files that people name: written whole or not at all and never over another, read up to a size, and found in their folders.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use keycap_vault::{ErrorClass, SecretBytes};

use crate::request::Failure;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Only its owner: mode 0600.
    Owner,
    /// Whoever may read new files on this system.
    Usual,
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) folder: bool,
    /// Bytes in a file; 0 for a folder.
    pub(crate) bytes: u64,
}

/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// Refuses a name that is taken: nothing is ever written over.
///
/// # Errors
/// If something has that name.
pub(crate) fn refuse_taken(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_err() { Ok(()) } else { Err(taken(path)) }
}

/// Writes a whole file, or none.
///
/// # Errors
/// If something has that name, or it cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let failed = |error: &io::Error| {
        let hint = Some("see whether the folder exists and may be written".to_owned());
        Failure { code: "file-write", class: ErrorClass::Failed, message: format!("{} cannot be written: {error}", path.display()), hint }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keycap-");
    #[cfg(unix)]
    if readers == Readers::Usual {
        use std::os::unix::fs::PermissionsExt as _;
        // What new files get: the system takes away from it what its owner does not want to give.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(folder).map_err(|error| failed(&error))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    file.persist_noclobber(path)
        .map_err(|error| if error.error.kind() == io::ErrorKind::AlreadyExists { taken(path) } else { failed(&error.error) })?;
    Ok(())
}

/// Reads a file of at most so many bytes, which may be secret.
///
/// # Errors
/// If it cannot be read, or is longer.
pub(crate) fn read(path: &Path, most: u64) -> Result<SecretBytes, Failure> {
    let failure = |code, message: String, hint: Option<String>| Failure { code, class: ErrorClass::Failed, message, hint };
    let unreadable = |error: io::Error| failure("file-read", format!("{} cannot be read: {error}", path.display()), None);
    if path.is_dir() {
        return Err(failure("file-read", format!("{} is a folder", path.display()), Some("name a file in it".to_owned())));
    }
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(most);
    // Room for all of it at once: what outgrows its room is copied.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    let bytes = SecretBytes::new(bytes);
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(failure("file-large", format!("{} is longer than the {most} bytes that this could be", path.display()), None));
    }
    Ok(bytes)
}

/// What is in a folder: folders first, each kind by name.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn entries(folder: &Path) -> Result<Vec<Entry>, Failure> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let reading = fs::read_dir(listed).map_err(|error| Failure {
        code: "folder-read",
        class: ErrorClass::Failed,
        message: format!("{} cannot be read: {error}", listed.display()),
        hint: None,
    })?;
    let mut entries: Vec<Entry> = reading
        .flatten()
        .take(MOST_ENTRIES)
        .filter_map(|entry| {
            let metadata = entry.path().metadata().ok();
            let bytes = metadata.as_ref().filter(|metadata| metadata.is_file()).map_or(0, fs::Metadata::len);
            Some(Entry { folder: metadata.is_some_and(|metadata| metadata.is_dir()), bytes, name: entry.file_name().into_string().ok()? })
        })
        .collect();
    entries.sort_by(|one, other| other.folder.cmp(&one.folder).then_with(|| one.name.cmp(&other.name)));
    Ok(entries)
}

/// A path as people type it: `~/` is their home.
pub(crate) fn typed(text: &str) -> PathBuf {
    match text.trim().strip_prefix("~/") {
        Some(rest) => etcetera::home_dir().map_or_else(|_| PathBuf::from(text.trim()), |home| home.join(rest)),
        None => PathBuf::from(text.trim()),
    }
}

fn taken(path: &Path) -> Failure {
    Failure {
        code: "file-exists",
        class: ErrorClass::Failed,
        message: format!("{} is there already", path.display()),
        hint: Some("choose another name: nothing is written over".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"one", Readers::Owner).unwrap();
        assert_eq!(write(&path, b"two", Readers::Owner).unwrap_err().code, "file-exists");
        assert_eq!(refuse_taken(&path).unwrap_err().code, "file-exists");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_secret_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for (name, readers, closed) in [("secret", Readers::Owner, true), ("card", Readers::Usual, false)] {
            let path = folder.path().join(name);
            write(&path, b"x", readers).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode == 0o600, closed, "{name}: {mode:o}");
        }
    }

    #[test]
    fn a_folder_lists_its_folders_first_and_a_file_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("b.age"), b"12345").unwrap();
        fs::write(folder.path().join("a.age"), b"").unwrap();
        let names: Vec<String> = entries(folder.path()).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["sub", "a.age", "b.age"]);
        assert_eq!(read(&folder.path().join("b.age"), 5).unwrap().expose(), b"12345");
        assert_eq!(read(&folder.path().join("b.age"), 4).unwrap_err().code, "file-large");
        assert_eq!(read(folder.path(), 4).unwrap_err().message, format!("{} is a folder", folder.path().display()));
        assert_eq!(entries(&folder.path().join("none")).unwrap_err().code, "folder-read");
    }
}
