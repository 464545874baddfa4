//! Secrets on their way in: never on the command line, where every process of the machine can read them and the shell keeps them; from a
//! prompt, a file, standard input or a file descriptor.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use keycap_vault::SecretText;

use crate::error::CliError;
use crate::file;

/// What secrets begin with, in lower case.
const SECRET_PREFIXES: [&str; 2] = ["keycap-secret-1", "age-secret-key-"];
/// More than any passphrase has.
const MAX_PASSPHRASE_BYTES: u64 = 4_096;

/// Refuses a command line with a secret in it, without repeating it.
///
/// # Errors
/// If there is one.
pub(crate) fn refuse_in_arguments(arguments: &[OsString]) -> Result<(), CliError> {
    let secret = arguments.iter().position(|argument| {
        let argument = argument.to_string_lossy().to_lowercase();
        SECRET_PREFIXES.iter().any(|prefix| argument.contains(prefix))
    });
    let Some(place) = secret else { return Ok(()) };
    Err(CliError::usage("secret-in-arguments", "a secret was given on the command line, where other processes and the shell's history see it")
        .with(format!("argument {place}, which is not repeated here"))
        .hint("run `keycap add` and paste it there, pipe it into `keycap add -`, or name a file that holds it; then remove it from the history"))
}

/// A passphrase from a file: its first line.
///
/// # Errors
/// If it cannot be read or is empty.
pub(crate) fn passphrase_from_file(path: &Path) -> Result<SecretText, CliError> {
    first_line(file::read(path, MAX_PASSPHRASE_BYTES)?, &path.display().to_string())
}

/// A passphrase from a file descriptor that the parent process has opened: its first line.
///
/// # Errors
/// If it cannot be read or is empty.
#[cfg(unix)]
pub(crate) fn passphrase_from_descriptor(descriptor: u32) -> Result<SecretText, CliError> {
    // Opened by its name rather than taken over by its number, which Rust counts as unsafe.
    let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
    let fail = |error: std::io::Error| {
        CliError::failed("passphrase-descriptor", format!("the file descriptor could not be read: {error}"))
            .with(format!("descriptor {descriptor}"))
            .hint("let the program that starts keycap open it: --passphrase-fd 3 3<FILE")
    };
    let mut bytes = Vec::with_capacity(usize::try_from(MAX_PASSPHRASE_BYTES).unwrap_or_default() + 1);
    let file = File::open(path).map_err(fail)?;
    file.take(MAX_PASSPHRASE_BYTES).read_to_end(&mut bytes).map_err(fail)?;
    first_line(bytes, &format!("descriptor {descriptor}"))
}

fn first_line(mut bytes: Vec<u8>, from: &str) -> Result<SecretText, CliError> {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    bytes.truncate(end);
    let text = String::from_utf8(bytes).map_err(|_| CliError::failed("passphrase-text", "the passphrase is no text in UTF-8").with(from))?;
    if text.is_empty() {
        return Err(CliError::failed("passphrase-empty", "the passphrase is empty").with(from).hint("write it into the first line"));
    }
    Ok(SecretText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> Option<CliError> {
        refuse_in_arguments(&arguments.iter().map(OsString::from).collect::<Vec<_>>()).err()
    }

    #[test]
    fn a_secret_among_the_arguments_is_refused_and_not_repeated() {
        for secret in ["KEYCAP-SECRET-1QQQSECRET", "keycap:KEYCAP-SECRET-1QQQSECRET", "--name=keycap-secret-1qqqsecret", "AGE-SECRET-KEY-1QQQSECRET"]
        {
            let error = refused(&["keycap", "add", secret]).unwrap();
            assert_eq!(error.code, "secret-in-arguments");
            let said = format!("{error:?}").to_lowercase();
            assert!(!said.contains("qqqsecret"), "{said}");
        }
        assert!(refused(&["keycap", "add", "keycap1abc", "keycap-service1abc"]).is_none());
    }

    #[test]
    fn a_passphrase_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, "correct horse\r\nbattery\n").unwrap();
        assert_eq!(passphrase_from_file(&path).unwrap().expose(), "correct horse");
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(passphrase_from_file(&path).unwrap_err().code, "passphrase-empty");
    }
}
