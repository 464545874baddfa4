//! Standard input and output as files: without the buffers and lines that Rust puts around them, which large files do not need.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use crate::error::CliError;

/// Standard input.
///
/// # Errors
/// If it is a terminal, or closed.
pub(super) fn input() -> Result<Box<dyn Read + Send>, CliError> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(CliError::usage("stdin-terminal", "nothing comes in on standard input").hint("pipe or redirect something into it"));
    }
    Ok(Box::new(duplicate(&stdin).map_err(|error| CliError::failed("stdin", format!("standard input could not be read: {error}")))?))
}

/// Standard output; what would steer a terminal is refused if it is one.
///
/// # Errors
/// If it is closed.
pub(super) fn output() -> Result<Box<dyn Write + Send>, CliError> {
    let stdout = io::stdout();
    let file = duplicate(&stdout)?;
    Ok(if stdout.is_terminal() { Box::new(TextOnly(file)) } else { Box::new(file) })
}

/// A device or pipe that was named as the place to write to; what would steer a terminal is refused if it is one.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn device(path: &Path) -> Result<Box<dyn Write + Send>, CliError> {
    let file = File::options().write(true).open(path).map_err(|error| {
        CliError::failed("file-write", format!("it could not be written to: {error}")).with(path.display()).hint("see whether you may write to it")
    })?;
    Ok(if file.is_terminal() { Box::new(TextOnly(file)) } else { Box::new(file) })
}

#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn duplicate(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}

/// A terminal, which is given text and nothing else.
struct TextOnly<W>(W);

impl<W: Write> Write for TextOnly<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t');
        if bytes.iter().all(is_text) {
            return self.0.write(bytes);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "it is no text, and standard output is a terminal; name a file with --output, or pipe it"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_text_and_nothing_that_steers_it() {
        let mut out = Vec::new();
        let mut terminal = TextOnly(&mut out);
        terminal.write_all("grüße\n\tyou\r\n".as_bytes()).unwrap();
        for steering in [&b"\x1b[2J"[..], b"\0", b"\x07", b"\x7f"] {
            assert!(terminal.write_all(steering).is_err());
        }
        assert_eq!(out, "grüße\n\tyou\r\n".as_bytes());
    }
}
