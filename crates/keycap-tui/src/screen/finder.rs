//! A list below a field: what is typed says which of its lines are shown, arrows move, Enter chooses.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ENTER, ESC};
use crate::screen::{Click, Input};
use crate::theme::Theme;
use crate::widget::line_field::LineField;
use crate::widget::list::{List, arrow};
use crate::widget::table::{Column, Table};

/// The field and the list.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    field: LineField,
    /// The lines that are shown, as places in the whole.
    shown: Vec<usize>,
    list: List,
}

/// What an input came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// What is typed has changed: other lines are to be shown.
    Typed,
    /// This one of the whole was chosen; `None`: nothing is shown that could be.
    Chosen(Option<usize>),
    /// It is to be closed.
    Closed,
    /// It was taken, and nothing follows.
    Done,
    /// It means nothing here.
    No,
}

impl Finder {
    /// What is typed.
    pub(crate) fn text(&self) -> &str {
        self.field.text()
    }

    /// Shows these of the whole, and begins with the first.
    pub(crate) fn show(&mut self, shown: Vec<usize>) {
        self.shown = shown;
        self.list.cursor = 0;
    }

    /// Whether nothing is shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    fn chosen(&self) -> Finding {
        Finding::Chosen(self.shown.get(self.list.cursor).copied())
    }

    /// Takes in what happens.
    pub(crate) fn input(&mut self, input: &Input<'_>) -> Finding {
        match input {
            Input::Key(key) if *key == ESC => return Finding::Closed,
            Input::Key(key) if *key == ENTER => return self.chosen(),
            Input::Key(key) => {
                if let Some(command) = arrow(*key) {
                    self.list.command(command, self.shown.len());
                } else if self.field.key(*key) {
                    return Finding::Typed;
                }
            }
            Input::Paste(text) => {
                self.field.paste(text.expose());
                return Finding::Typed;
            }
            Input::Mouse { what: what @ (Click::WheelUp | Click::WheelDown), .. } => self.list.wheel(*what == Click::WheelUp, self.shown.len()),
            Input::Mouse { at, what } => {
                if let Some(line) = self.list.line_at(*at, self.shown.len()) {
                    self.list.cursor = line;
                    if *what == Click::Twice {
                        return self.chosen();
                    }
                }
            }
            Input::Locked => return Finding::Closed,
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Tick | Input::Answered { .. } => return Finding::No,
        }
        Finding::Done
    }

    /// Draws both; `row` makes the cells of one of the whole.
    pub(crate) fn view(
        &mut self,
        frame: &mut Frame<'_>,
        area: Rect,
        placeholder: &str,
        columns: &[Column],
        row: impl Fn(usize) -> Vec<Line<'static>>,
        theme: Theme,
    ) {
        self.field.view(frame, Rect { height: 1, ..area }, placeholder, true, theme);
        let body = below_field(area);
        let shown = &self.shown;
        let row = |at: usize| shown.get(at).map(|at| row(*at)).unwrap_or_default();
        Table { columns, len: shown.len(), row, focused: true }.view(frame, body, &mut self.list, theme);
    }
}

/// Where the list is.
pub(crate) fn below_field(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}
