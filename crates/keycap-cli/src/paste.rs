//! Pasting something secret at the terminal: taken in whole, line breaks and all, and not shown.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{Clear, ClearType, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};

use crate::error::CliError;
use keycap_vault::SecretText;

/// Much more than the longest capability, 16 links of which have some 4,000 characters.
const MOST: usize = 64 * 1024;
/// A terminal that does not tell pastes apart sends them as keys, faster than anyone types: what follows a line's end within this time
/// belongs to the same paste.
const SAME_PASTE: Duration = Duration::from_millis(80);

/// Asks for a paste, ended by Enter.
///
/// # Errors
/// If the person cancels by Escape or Ctrl-C, or the terminal fails.
pub(crate) fn paste(question: &str) -> Result<SecretText, CliError> {
    let fail = |error: io::Error| CliError::failed("terminal", format!("the terminal could not be used: {error}"));
    let raw = Raw::enter().map_err(fail)?;
    let mut text = String::with_capacity(MOST);
    let outcome = loop {
        show(question, text.chars().count()).map_err(fail)?;
        match step(&read().map_err(fail)?, &mut text) {
            Step::More => {}
            Step::LineEnd if poll(SAME_PASTE).map_err(fail)? => {}
            Step::LineEnd if text.trim().is_empty() => {}
            Step::LineEnd | Step::End => break Ok(SecretText::new(text)),
            Step::Cancel => break Err(CliError::cancelled()),
            Step::TooLong => break Err(CliError::failed("paste-long", format!("that is more than the {MOST} bytes that this could be"))),
        }
    };
    drop(raw);
    outcome
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    More,
    LineEnd,
    End,
    Cancel,
    TooLong,
}

/// What an event does to the text.
fn step(event: &Event, text: &mut String) -> Step {
    match event {
        Event::Paste(pasted) if text.len() + pasted.len() > MOST => Step::TooLong,
        Event::Paste(pasted) => {
            text.push_str(pasted);
            Step::More
        }
        Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. }) => key(*code, *modifiers, text),
        Event::Key(_) | Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Resize(..) => Step::More,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever other keys there are, they do nothing")]
fn key(code: KeyCode, modifiers: KeyModifiers, text: &mut String) -> Step {
    if modifiers.contains(KeyModifiers::CONTROL) {
        let KeyCode::Char(letter) = code else { return Step::More };
        return match letter {
            'c' => Step::Cancel,
            'd' => Step::End,
            'u' => {
                text.clear();
                Step::More
            }
            // A line feed in a paste arrives as Ctrl-J.
            'j' => Step::LineEnd,
            _ => Step::More,
        };
    }
    match code {
        KeyCode::Esc => Step::Cancel,
        KeyCode::Enter => Step::LineEnd,
        KeyCode::Backspace => {
            text.pop();
            Step::More
        }
        KeyCode::Char(_) if text.len() >= MOST => Step::TooLong,
        KeyCode::Char(character) => {
            text.push(character);
            Step::More
        }
        // Moving about in what does not show makes no sense.
        _ => Step::More,
    }
}

/// The question and how much has come: something moves, and nothing of the secret shows.
fn show(question: &str, characters: usize) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    queue!(stderr, cursor::MoveToColumn(0), Clear(ClearType::CurrentLine))?;
    match characters {
        0 => write!(stderr, "{question} ")?,
        1 => write!(stderr, "{question} 1 character ")?,
        more => write!(stderr, "{question} {more} characters ")?,
    }
    stderr.flush()
}

/// The terminal without echo, until this is dropped.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        let raw = Self;
        queue!(io::stderr(), EnableBracketedPaste)?;
        io::stderr().flush()?;
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that does not take these.
        let _ = queue!(io::stderr(), DisableBracketedPaste);
        let _ = disable_raw_mode();
        let _ = writeln!(io::stderr());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_paste_of_many_lines_is_one_text() {
        let mut text = String::new();
        assert_eq!(step(&Event::Paste("KEYCAP-SECRET-\n1QQ".into()), &mut text), Step::More);
        assert_eq!(step(&press(KeyCode::Char('Q'), KeyModifiers::SHIFT), &mut text), Step::More);
        assert_eq!(step(&press(KeyCode::Enter, KeyModifiers::NONE), &mut text), Step::LineEnd);
        assert_eq!(text, "KEYCAP-SECRET-\n1QQQ");
    }

    #[test]
    fn escape_and_ctrl_c_cancel_and_a_flood_is_refused() {
        let mut text = String::new();
        assert_eq!(step(&press(KeyCode::Esc, KeyModifiers::NONE), &mut text), Step::Cancel);
        assert_eq!(step(&press(KeyCode::Char('c'), KeyModifiers::CONTROL), &mut text), Step::Cancel);
        assert_eq!(step(&Event::Paste("x".repeat(MOST + 1)), &mut text), Step::TooLong);
        assert!(text.is_empty());
    }
}
