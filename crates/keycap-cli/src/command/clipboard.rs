//! The clipboard: what `share --copy` leaves on it for some seconds, and what `add --clipboard` takes from it.

use std::io::{self, IsTerminal};
use std::process::Command;

use keycap_vault::SecretText;
use keycap_vault::clipboard::{
    CLEAR_AFTER, ClipboardError, Ending, clear_if_holding, copy_secret_detached, hold_for_parent, read_picture, read_text,
};

use crate::error::CliError;
use crate::exit::{DONE, Ended};

/// The hidden verb of the process that stays behind.
pub(crate) const HOLD: &str = "hold-clipboard";

/// Puts a secret on the clipboard, and leaves a process of this program behind that clears it.
///
/// # Errors
/// If there is no clipboard, or it cannot be used.
pub(crate) fn copy(text: &SecretText) -> Result<(), CliError> {
    let program = std::env::current_exe()
        .map_err(|error| CliError::failed("clipboard", format!("the program that would keep the clipboard cannot be found: {error}")))?;
    let mut holder = Command::new(program);
    holder.arg(HOLD);
    copy_secret_detached(holder, text, CLEAR_AFTER).map_err(failed)
}

/// What the process does that stays behind: the secret comes in by standard input.
///
/// # Errors
/// If there is no clipboard, or it cannot be used; the parent has been told.
pub(crate) fn hold() -> Ended {
    if io::stdin().is_terminal() {
        return Err(CliError::usage("not-for-people", "keycap starts this by itself").hint("use `keycap share NAME --copy`"));
    }
    hold_for_parent(io::stdin().lock(), io::stdout().lock()).map_err(failed)?;
    DONE
}

/// The text on the clipboard, or the texts in the QR codes of the picture on it.
///
/// # Errors
/// If there is neither.
pub(crate) fn read() -> Result<Vec<SecretText>, CliError> {
    match read_text() {
        Ok(text) => Ok(vec![text]),
        Err(ClipboardError::NoText) => {
            let picture = read_picture().map_err(|error| {
                if matches!(error, ClipboardError::NoPicture) {
                    return CliError::failed("clipboard-empty", "there is neither text nor a picture on the clipboard");
                }
                failed(error)
            })?;
            picture.read_qr().map_err(|error| CliError::failed("qr-unreadable", error.to_string()).with("the picture on the clipboard"))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Takes a secret off the clipboard again, if it is still there, once it has been taken in. Says whether it did.
pub(crate) fn clear(text: SecretText) -> bool {
    // Whoever cannot clear it leaves it to the one who copied it.
    matches!(clear_if_holding(text), Ok(Ending::Cleared))
}

fn failed(error: ClipboardError) -> CliError {
    // Its sentences say the way out after a colon.
    let sentence = error.to_string();
    match (&error, sentence.split_once(": ")) {
        (ClipboardError::NoDisplay | ClipboardError::Occupied | ClipboardError::Unanswered, Some((what, way_out))) => {
            CliError::failed("clipboard", what).hint(way_out)
        }
        (_, _) => CliError::failed("clipboard", sentence),
    }
}
