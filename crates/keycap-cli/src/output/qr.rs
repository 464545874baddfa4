//! A QR code on the terminal, with a caption beside it where there is room: above or below it would push the code off a small screen.

use std::io;

use keycap_vault::qr::{Qr, QrError, Room};

use super::Output;
use super::line::Line;
use crate::error::CliError;
use crate::prompt::Prompt;
use keycap_vault::SecretText;

/// Columns between a code and its caption: more than the code's own quiet zone needs.
const GAP: usize = 3;
/// Columns that a caption needs at least.
const CAPTION: usize = 22;

/// Shows a code. On a terminal that is too small the person may enlarge it and try again.
///
/// # Errors
/// If it does not fit, or cannot be written.
pub(crate) fn show(payload: &SecretText, caption: &[Line], output: &mut Output, prompt: Prompt) -> Result<(), CliError> {
    let code = Qr::for_terminal(payload.expose()).map_err(|error| too_large(&error))?;
    loop {
        let room = room(output);
        match code.terminal(room) {
            Ok(drawn) => {
                let captioned = beside(drawn.expose(), caption, room, output.is_coloured())?;
                return output.raw(captioned.expose().as_bytes());
            }
            Err(error @ QrError::TooLarge { .. }) if prompt.is_interactive() && output.is_terminal() => {
                prompt.say(&error.to_string());
                if !prompt.agree("Is it larger now? Try again")? {
                    return Err(too_large(&error));
                }
            }
            Err(error) => return Err(too_large(&error)),
        }
    }
}

fn too_large(error: &QrError) -> CliError {
    CliError::failed("qr-too-large", error.to_string()).hint("save it as a picture with --png FILE, or seal it to its recipient with --to KEY")
}

/// The cells for a code: those of the terminal but for the line of the next prompt, or as many as it likes.
fn room(output: &Output) -> Room {
    let size = output.is_terminal().then(|| crossterm::terminal::size().ok()).flatten();
    size.map_or(Room { columns: u16::MAX, rows: u16::MAX }, |(columns, rows)| Room { columns, rows: rows.saturating_sub(1) })
}

/// The code's lines, each with its part of the caption, which is centred on the code; none of it where it does not fit.
fn beside(code: &str, caption: &[Line], room: Room, colour: bool) -> Result<SecretText, io::Error> {
    let columns = code.lines().next().map_or(0, cells);
    let left = usize::from(room.columns).saturating_sub(columns + GAP);
    let lines: Vec<Line> = if left < CAPTION { Vec::new() } else { caption.iter().flat_map(|line| line.wrapped(left.min(60), 0)).collect() };
    let rows = code.lines().count();
    let first = rows.saturating_sub(lines.len()) / 2;
    // Room for everything at once: what outgrows its room leaves a copy behind until the allocator has wiped it.
    let mut text = Vec::with_capacity(code.len() + lines.len() * 256);
    for (row, line) in code.lines().enumerate() {
        text.extend_from_slice(line.as_bytes());
        if let Some(caption) = row.checked_sub(first).and_then(|row| lines.get(row)) {
            text.extend(std::iter::repeat_n(b' ', GAP));
            caption.write(&mut text, colour)?;
        }
        text.push(b'\n');
    }
    String::from_utf8(text).map(SecretText::new).map_err(io::Error::other)
}

/// How many cells a line takes: its characters without escape sequences.
fn cells(line: &str) -> usize {
    let mut inside = false;
    let mut count = 0;
    for character in line.chars() {
        match (inside, character) {
            (false, '\x1b') => inside = true,
            (true, 'm') => inside = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\x1b[48;5;231m    \x1b[0m\n\x1b[48;5;231m ▀▀ \x1b[0m\n\x1b[48;5;231m    \x1b[0m\n";

    fn drawn(caption: &[Line], columns: u16) -> String {
        beside(CODE, caption, Room { columns, rows: 10 }, false).unwrap().expose().to_owned()
    }

    #[test]
    fn a_caption_stands_beside_the_middle_of_its_code() {
        let text = drawn(&["for alice".into()], 80);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "the code takes no line more than without");
        assert_eq!(lines[1], "\x1b[48;5;231m ▀▀ \x1b[0m   for alice");
        assert!(lines[0].ends_with("\x1b[0m") && lines[2].ends_with("\x1b[0m"));
    }

    #[test]
    fn a_caption_without_room_is_left_out_and_the_code_stays_whole() {
        assert_eq!(drawn(&["for alice".into()], 20), CODE);
    }
}
