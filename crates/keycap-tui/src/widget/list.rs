//! Where one is in a list, and which part of it is in sight.

use crossterm::event::KeyCode;
use ratatui::layout::{Position, Rect};

use crate::keymap::{Command, Key};

/// A place in a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    /// The selected line, from 0.
    pub(crate) cursor: usize,
    /// The first line in sight.
    pub(crate) top: usize,
    /// Where its lines were drawn last.
    pub(crate) drawn: Rect,
    /// Widths that columns have had, so that they do not jump while one scrolls.
    pub(super) widths: Vec<u16>,
}

impl List {
    /// Lines in sight.
    pub(crate) fn height(&self) -> usize {
        usize::from(self.drawn.height).max(1)
    }

    /// Moves by a command; whether it was one that moves.
    pub(crate) fn command(&mut self, command: Command, len: usize) -> bool {
        let last = len.saturating_sub(1);
        let page = self.height().saturating_sub(1).max(1);
        let to = if command == Command::Up {
            self.cursor.saturating_sub(1)
        } else if command == Command::Down {
            self.cursor + 1
        } else if command == Command::PageUp {
            self.cursor.saturating_sub(page)
        } else if command == Command::PageDown {
            self.cursor + page
        } else if command == Command::First {
            0
        } else if command == Command::Last {
            last
        } else {
            return false;
        };
        self.cursor = to.min(last);
        true
    }

    /// Moves by the mouse's wheel.
    pub(crate) fn wheel(&mut self, up: bool, len: usize) {
        for _ in 0..3 {
            self.command(if up { Command::Up } else { Command::Down }, len);
        }
    }

    /// The line at a place of the terminal.
    pub(crate) fn line_at(&self, at: (u16, u16), len: usize) -> Option<usize> {
        let line = self.top + usize::from(at.1.checked_sub(self.drawn.y)?);
        (self.drawn.contains(Position::from(at)) && line < len).then_some(line)
    }

    /// Brings the cursor within the list, and the part in sight to the cursor.
    pub(crate) fn settle(&mut self, area: Rect, len: usize) {
        if area.width != self.drawn.width {
            self.widths.clear();
        }
        self.drawn = area;
        let height = self.height();
        self.cursor = self.cursor.min(len.saturating_sub(1));
        self.top = self.top.min(self.cursor).min(len.saturating_sub(height));
        if self.cursor >= self.top + height {
            self.top = self.cursor + 1 - height;
        }
    }

    /// Lines in sight.
    pub(crate) fn visible(&self, len: usize) -> std::ops::Range<usize> {
        self.top..len.min(self.top + self.height())
    }
}

/// The command of a key that moves, in a list below a field.
pub(crate) fn arrow(key: Key) -> Option<Command> {
    match (key.code, key.ctrl) {
        (KeyCode::Up, _) | (KeyCode::Char('p'), true) => Some(Command::Up),
        (KeyCode::Down, _) | (KeyCode::Char('n'), true) => Some(Command::Down),
        (KeyCode::PageUp, _) => Some(Command::PageUp),
        (KeyCode::PageDown, _) => Some(Command::PageDown),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_on_a_line_and_in_sight() {
        let mut list = List::default();
        let area = Rect::new(0, 2, 20, 5);
        for (command, len, cursor, top) in [
            (Command::Down, 12, 1, 0),
            (Command::PageDown, 12, 5, 1),
            (Command::Last, 12, 11, 7),
            (Command::Down, 12, 11, 7),
            (Command::PageUp, 12, 7, 7),
            (Command::Up, 12, 6, 6),
            (Command::Last, 3, 2, 0),
            (Command::First, 0, 0, 0),
        ] {
            assert!(list.command(command, len));
            list.settle(area, len);
            assert_eq!((list.cursor, list.top), (cursor, top), "{command:?} of {len}");
        }
        assert!(!list.command(Command::Open, 3));
        list.settle(area, 12);
        assert_eq!(list.line_at((3, 4), 12), Some(2));
        assert_eq!(list.line_at((3, 4), 2), None);
        assert_eq!(list.line_at((3, 1), 12), None);
    }
}
