//! A line of text that is edited.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthStr;

use crate::keymap::Key;
use crate::theme::{Role, Theme};

/// A line of text that is edited.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineField {
    input: Input,
}

impl LineField {
    /// With this in it, the cursor at its end.
    pub(crate) fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }

    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.input.reset();
    }

    /// Takes in a key; whether it meant something to the field.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        let request = match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(character), false, false) => InputRequest::InsertChar(character),
            (KeyCode::Char('a'), true, false) | (KeyCode::Home, ..) => InputRequest::GoToStart,
            (KeyCode::Char('e'), true, false) | (KeyCode::End, ..) => InputRequest::GoToEnd,
            (KeyCode::Char('u'), true, false) => InputRequest::DeleteLine,
            (KeyCode::Char('k'), true, false) => InputRequest::DeleteTillEnd,
            (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, false, true) => InputRequest::DeletePrevWord,
            (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, false) => InputRequest::DeletePrevChar,
            (KeyCode::Delete, ..) => InputRequest::DeleteNextChar,
            (KeyCode::Left, true, _) | (KeyCode::Left, _, true) => InputRequest::GoToPrevWord,
            (KeyCode::Right, true, _) | (KeyCode::Right, _, true) => InputRequest::GoToNextWord,
            (KeyCode::Left, ..) => InputRequest::GoToPrevChar,
            (KeyCode::Right, ..) => InputRequest::GoToNextChar,
            (_, _, _) => return false,
        };
        self.input.handle(request);
        true
    }

    /// Takes in what was pasted: its first line.
    pub(crate) fn paste(&mut self, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        for character in first.chars().filter(|character| !character.is_control()) {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    /// Draws it in one line, scrolled so that the cursor is in sight, and puts the terminal's cursor there if it has the focus.
    pub(crate) fn view(&self, frame: &mut Frame<'_>, area: Rect, placeholder: &str, focused: bool, theme: Theme) {
        let width = usize::from(area.width.saturating_sub(1));
        let scroll = self.input.visual_scroll(width);
        let (text, role) = if self.is_empty() { (placeholder, Role::Quiet) } else { (self.text(), Role::Plain) };
        let shown = after_columns(text, if self.is_empty() { 0 } else { scroll });
        let line = Line::from(Span::styled(keycap_vault::words::harmless(shown), theme.style(role)));
        frame.render_widget(line, area);
        if focused && area.width > 0 {
            let column = self.input.visual_cursor().saturating_sub(scroll).min(width);
            frame.set_cursor_position((area.x + u16::try_from(column).unwrap_or(0), area.y));
        }
    }
}

/// What is left of a text after so many columns.
fn after_columns(text: &str, columns: usize) -> &str {
    let mut passed = 0;
    for (at, character) in text.char_indices() {
        if passed >= columns {
            return text.get(at..).unwrap_or_default();
        }
        passed += character.encode_utf8(&mut [0; 4]).width();
    }
    if passed >= columns && columns == 0 { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_the_line_and_others_are_left_to_the_screen() {
        let mut field = LineField::with("two");
        assert!(field.key(Key::parse("Home").unwrap()));
        assert!("one ".chars().all(|character| field.key(Key::char(character))));
        assert_eq!(field.text(), "one two");
        field.key(Key::parse("End").unwrap());
        field.key(Key::parse("Ctrl-w").unwrap());
        assert_eq!(field.text(), "one ");
        assert!(!field.key(Key::parse("Enter").unwrap()));
        assert!(!field.key(Key::parse("Ctrl-n").unwrap()));
        field.paste("ab\u{1b}c\nsecond line");
        assert_eq!(field.text(), "one abc");
    }
}
