//! Wrapping keys in files: 32 bytes, or their base64 in one line.

use std::io::{Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keycap_core::secret::Secret;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::UnlockError;

/// More than any key file has: base64 of 32 bytes has 44 characters.
const MAX_BYTES: u64 = 128;

/// Makes a new file with a random key, in base64, that only its owner can read and nobody writes. It is there whole, or not at all.
///
/// # Errors
/// [`UnlockError::KeyFile`] if there is such a file already, or it cannot be written.
pub fn create(path: &Path) -> Result<(), UnlockError> {
    let fail = |error| UnlockError::KeyFile { path: path.to_owned(), error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Beside its place until it is whole; of one that a crash leaves there, nothing was ever sealed under its key.
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keycap-key-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o400));
    let key = Secret::<32>::generate(&mut OsRng);
    let mut text = Zeroizing::new(String::with_capacity(45));
    STANDARD.encode_string(key.expose(), &mut text);
    text.push('\n');
    let mut file = builder.tempfile_in(folder).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    file.persist_noclobber(path).map_err(|refused| fail(refused.error))?;
    // Nor may a power cut take its name away again: a vault will depend on it.
    #[cfg(unix)]
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    Ok(())
}

/// The key in a file.
pub(super) fn read(path: &Path) -> Result<Secret<32>, UnlockError> {
    let fail = |error| UnlockError::KeyFile { path: path.to_owned(), error };
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(usize::MAX)));
    std::fs::File::open(path).map_err(fail)?.take(MAX_BYTES).read_to_end(&mut bytes).map_err(fail)?;
    if let Some(key) = Secret::from_slice(&bytes) {
        return Ok(key);
    }
    let mut decoded = Zeroizing::new([0; 48]);
    let length = STANDARD.decode_slice(bytes.trim_ascii(), decoded.as_mut_slice()).ok();
    length.and_then(|length| Secret::from_slice(decoded.get(..length)?)).ok_or_else(|| UnlockError::NoKeyInFile { path: path.to_owned() })
}

/// Refuses a file that others may read or write.
#[cfg(unix)]
pub(super) fn refuse_exposed(path: &Path) -> Result<(), UnlockError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).map_err(|error| UnlockError::KeyFile { path: path.to_owned(), error })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(UnlockError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

/// On Windows the access list of the file's folder closes it; there is nothing to read it from in the standard library.
#[cfg(not(unix))]
pub(super) fn refuse_exposed(path: &Path) -> Result<(), UnlockError> {
    std::fs::metadata(path).map(drop).map_err(|error| UnlockError::KeyFile { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_bytes_and_from_base64_and_from_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = Secret::new([0xab; 32]);
        for good in [vec![0xab; 32], STANDARD.encode([0xab; 32]).into_bytes(), format!("{}\n", STANDARD.encode([0xab; 32])).into_bytes()] {
            std::fs::write(&path, good).unwrap();
            assert!(read(&path).unwrap().ct_eq(&key));
        }
        for bad in [vec![0xab; 31], vec![0xab; 33], Vec::new(), STANDARD.encode([0xab; 31]).into_bytes(), vec![b'A'; 4096]] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(read(&path).unwrap_err().code(), "key-file-without-key");
        }
        assert_eq!(read(&folder.path().join("none")).unwrap_err().code(), "key-file-unreadable");
    }

    #[test]
    fn a_created_file_holds_a_key_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        create(&one).unwrap();
        create(&two).unwrap();
        refuse_exposed(&one).unwrap();
        assert!(!read(&one).unwrap().ct_eq(&read(&two).unwrap()));
        assert_eq!(create(&one).unwrap_err().code(), "key-file-unreadable");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path).unwrap();
        for mode in [0o440, 0o404, 0o420, 0o644] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(refuse_exposed(&path).unwrap_err().code(), "key-file-exposed", "{mode:o}");
        }
    }
}
