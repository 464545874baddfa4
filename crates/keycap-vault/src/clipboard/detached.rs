//! A process that stays behind to keep a secret on the clipboard, for commands that end at once.
//!
//! The secret goes to it through a pipe: neither its arguments nor its environment, which others can see, hold any of it.
//!
//! ```text
//! order  = time in milliseconds (8 bytes, big-endian) || text (UTF-8) || end of file
//! answer = 0x00                                                 the text is on the clipboard
//!        | code (1 byte, not 0) || length (1 byte) || reason    it is not
//! ```

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use keycap_core::secret::{SecretBytes, SecretText};
use zeroize::Zeroizing;

use super::{ClipboardError, Ending, copy_secret};

/// Puts `text` on the clipboard and leaves a process behind, which clears it after `clear_after`. Returns once it can be pasted.
///
/// `holder` is a program that calls [`hold_for_parent`] with its standard input and output: the same program, with an argument that says so.
/// It gets no terminal of ours: it is not stopped by Ctrl-C, and outlives the terminal's window.
///
/// # Errors
/// [`ClipboardError::Holder`] when the process does not start or dies, and those of [`copy_secret`].
pub fn copy_secret_detached(mut holder: Command, text: &SecretText, clear_after: Duration) -> Result<(), ClipboardError> {
    holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    detach(&mut holder);
    let mut child = holder.spawn().map_err(died)?;
    let (Some(order), Some(mut answer)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ClipboardError::Holder { reason: "no pipes".into() });
    };
    let outcome = write_order(order, text, clear_after).and_then(|()| read_answer(&mut answer).map_err(died)).and_then(|answer| answer);
    if outcome.is_err() {
        // It has nothing left to do, and should not stay behind as a zombie of a program that goes on.
        drop(child.kill());
        drop(child.wait());
    }
    outcome
}

/// The process that [`copy_secret_detached`] starts: takes the secret from `order`, reports to `answer` once it is on the clipboard, and
/// returns when it has been cleared or replaced.
///
/// # Errors
/// Those of [`copy_secret`], which the parent has been told of, and [`ClipboardError::Holder`] when the parent sends no order.
pub fn hold_for_parent(order: impl Read, mut answer: impl Write) -> Result<Ending, ClipboardError> {
    let (clear_after, text) = read_order(order).map_err(died)?;
    let held = copy_secret(text, clear_after);
    // A parent that has died in between learns nothing; the secret is cleared in time all the same.
    drop(write_answer(&mut answer, held.as_ref().map(|_| ())));
    held?.wait()
}

/// Out of reach of the terminal's signals.
#[cfg(unix)]
fn detach(holder: &mut Command) {
    std::os::unix::process::CommandExt::process_group(holder, 0);
}

/// Without a console, and out of reach of ours.
#[cfg(windows)]
fn detach(holder: &mut Command) {
    const DETACHED_PROCESS: u32 = 0x0000_0008;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    std::os::windows::process::CommandExt::creation_flags(holder, DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

fn died(error: io::Error) -> ClipboardError {
    ClipboardError::Holder { reason: error.to_string() }
}

fn write_order(mut order: impl Write, text: &SecretText, clear_after: Duration) -> Result<(), ClipboardError> {
    let millis = u64::try_from(clear_after.as_millis()).unwrap_or(u64::MAX);
    let written = order.write_all(&millis.to_be_bytes()).and_then(|()| order.write_all(text.expose().as_bytes()));
    match written {
        // It stopped reading because it has failed, and its answer says why.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(died),
    }
}

fn read_order(mut order: impl Read) -> io::Result<(Duration, SecretText)> {
    let mut millis = [0; 8];
    order.read_exact(&mut millis)?;
    let mut text = SecretBytes::with_capacity(1024);
    let mut piece = Zeroizing::new([0; 1024]);
    loop {
        match order.read(piece.as_mut_slice())? {
            0 => break,
            length => text.push_slice(piece.get(..length).unwrap_or_default()),
        }
    }
    let text = std::str::from_utf8(text.expose()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((Duration::from_millis(u64::from_be_bytes(millis)), SecretText::new(text.to_owned())))
}

fn write_answer(answer: &mut impl Write, outcome: Result<(), &ClipboardError>) -> io::Result<()> {
    match outcome {
        Ok(()) => answer.write_all(&[0])?,
        Err(error) => {
            let (code, reason) = encode_error(error);
            let mut reason = reason.into_bytes();
            reason.truncate(usize::from(u8::MAX));
            answer.write_all(&[code, u8::try_from(reason.len()).unwrap_or(u8::MAX)])?;
            answer.write_all(&reason)?;
        }
    }
    answer.flush()
}

fn read_answer(answer: &mut impl Read) -> io::Result<Result<(), ClipboardError>> {
    let mut code = [0];
    answer.read_exact(&mut code)?;
    let [code] = code;
    if code == 0 {
        return Ok(Ok(()));
    }
    let mut length = [0];
    answer.read_exact(&mut length)?;
    let mut reason = vec![0; usize::from(length[0])];
    answer.read_exact(&mut reason)?;
    Ok(Err(decode_error(code, String::from_utf8_lossy(&reason).into_owned())))
}

const NO_DISPLAY: u8 = 1;
const UNREACHABLE: u8 = 2;
const OCCUPIED: u8 = 3;
const UNANSWERED: u8 = 4;
const OTHER: u8 = 5;

fn encode_error(error: &ClipboardError) -> (u8, String) {
    match error {
        ClipboardError::NoDisplay => (NO_DISPLAY, String::new()),
        ClipboardError::Unreachable { reason } => (UNREACHABLE, reason.clone()),
        ClipboardError::Occupied => (OCCUPIED, String::new()),
        ClipboardError::Unanswered => (UNANSWERED, String::new()),
        ClipboardError::Other { reason } => (OTHER, reason.clone()),
        // Copying does not end in these.
        ClipboardError::NoText | ClipboardError::NoPicture | ClipboardError::Picture(_) | ClipboardError::Holder { .. } => (OTHER, error.to_string()),
    }
}

fn decode_error(code: u8, reason: String) -> ClipboardError {
    match code {
        NO_DISPLAY => ClipboardError::NoDisplay,
        UNREACHABLE => ClipboardError::Unreachable { reason },
        OCCUPIED => ClipboardError::Occupied,
        UNANSWERED => ClipboardError::Unanswered,
        _ => ClipboardError::Other { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_was_written() {
        for text in [String::new(), "KEYCAP-SECRET-1Q".into(), "ü".repeat(5000)] {
            let mut order = Vec::new();
            write_order(&mut order, &SecretText::new(text.clone()), Duration::from_millis(25_123)).unwrap();
            let (clear_after, read) = read_order(order.as_slice()).unwrap();
            assert_eq!((clear_after, read.expose()), (Duration::from_millis(25_123), text.as_str()));
        }
    }

    #[test]
    fn a_broken_order_is_refused() {
        assert!(read_order(&[0; 7][..]).is_err());
        assert!(read_order(&[0, 0, 0, 0, 0, 0, 0, 9, 0xff][..]).is_err());
        assert!(matches!(hold_for_parent(&[][..], Vec::new()), Err(ClipboardError::Holder { .. })));
    }

    #[test]
    fn every_error_of_copying_crosses_the_pipe() {
        let reason = || "so it is".to_owned();
        let errors = [
            ClipboardError::NoDisplay,
            ClipboardError::Unreachable { reason: reason() },
            ClipboardError::Occupied,
            ClipboardError::Unanswered,
            ClipboardError::Other { reason: reason() },
        ];
        for error in errors {
            let mut answer = Vec::new();
            write_answer(&mut answer, Err(&error)).unwrap();
            assert_eq!(read_answer(&mut answer.as_slice()).unwrap().unwrap_err().to_string(), error.to_string());
        }
    }

    #[test]
    fn success_and_overlong_reasons_cross_the_pipe() {
        let mut answer = Vec::new();
        write_answer(&mut answer, Ok(())).unwrap();
        assert!(read_answer(&mut answer.as_slice()).unwrap().is_ok());

        let mut answer = Vec::new();
        write_answer(&mut answer, Err(&ClipboardError::Other { reason: "é".repeat(200) })).unwrap();
        assert!(matches!(read_answer(&mut answer.as_slice()), Ok(Err(ClipboardError::Other { reason })) if reason.starts_with('é')));
    }

    #[test]
    fn a_holder_that_is_missing_or_dies_is_an_error() {
        let copy = |program: &str| copy_secret_detached(Command::new(program), &SecretText::new("secret".into()), Duration::from_secs(1));
        assert!(matches!(copy("/no/such/program"), Err(ClipboardError::Holder { .. })));
        assert!(matches!(copy("false"), Err(ClipboardError::Holder { .. })));
    }
}
