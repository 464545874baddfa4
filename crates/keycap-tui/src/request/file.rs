//! Files that requests read and write: whole or not at all, and never over something that is there.

use std::io::{Read, Write};
use std::path::Path;

use keycap_vault::ErrorClass;
use keycap_vault::view::BackupView;

use super::Failure;

/// Bytes of a file that is read, at most.
const MOST: u64 = 64 << 20;

/// That nothing is there yet, before a secret is sealed for nothing.
///
/// # Errors
/// If something is.
pub(super) fn is_free(file: &Path) -> Result<(), Failure> {
    if std::fs::symlink_metadata(file).is_ok() { Err(there(file)) } else { Ok(()) }
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// If it is there already, or cannot be written.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| failed(file, "written", &error);
    let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    partial.write_all(bytes).and_then(|()| partial.as_file().sync_all()).map_err(failed)?;
    match partial.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(there(file)),
        Err(error) => Err(failed(error.error)),
    }
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read, or is larger than any such file.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| failed(file, "read", &error);
    let mut bytes = Vec::new();
    std::fs::File::open(file).map_err(failed)?.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST {
        return Err(failed(std::io::Error::other("it is larger than any such file")));
    }
    Ok(bytes)
}

/// What is to be said about a backup.
pub(super) fn told(file: &Path, view: &BackupView) -> String {
    let tested = match &view.untested_because {
        None => "opened and read again: it is whole".to_owned(),
        Some(why) => format!("not opened and read again: {why}"),
    };
    let warnings: String = view.warnings.iter().map(|warning| format!(" {warning}")).collect();
    format!("backed up to {}, {tested}.{warnings}", file.display())
}

fn there(file: &Path) -> Failure {
    let message = format!("{} is there already", file.display());
    Failure { code: "file-exists", class: ErrorClass::Failed, message, hint: Some("choose another name".to_owned()) }
}

fn failed(file: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure { code: "file", class: ErrorClass::Failed, message: format!("{} cannot be {what}: {error}", file.display()), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.age");
        is_free(&file).unwrap();
        write(&file, b"one").unwrap();
        assert_eq!(read(&file).unwrap(), b"one");
        assert_eq!(is_free(&file).unwrap_err().code, "file-exists");
        assert_eq!(write(&file, b"two").unwrap_err().code, "file-exists");
        assert_eq!(read(&file).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing partial is left");
        assert_eq!(read(&folder.path().join("none")).unwrap_err().code, "file");
    }
}
