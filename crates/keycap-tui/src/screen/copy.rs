//! What can be copied of the thing that is selected: a choice of a few, none of them secret.

use keycap_vault::SecretText;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ENTER, ESC, Key};
use crate::screen::{Click, Hint, Input, Screen, Shape, Step};
use crate::theme::Role;
use crate::widget::list::List;
use crate::widget::table::{Column, Table};
use crate::widget::text::line;
use crate::world::World;

#[derive(Debug)]
struct Copy {
    texts: Vec<(&'static str, String)>,
    list: List,
}

/// Offers texts to copy, each with what it is.
pub(crate) fn open(texts: Vec<(&'static str, String)>) -> Step {
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    Step::Open(Box::new(Copy { texts, list: List::default() }))
}

impl Copy {
    fn copy(&self, at: usize) -> Vec<Step> {
        let Some((_, text)) = self.texts.get(at) else { return Vec::new() };
        vec![Step::Close, Step::Copy { text: SecretText::new(text.clone()), secret: false }]
    }
}

impl Screen for Copy {
    fn title(&self) -> String {
        "Copy".to_owned()
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 70, rows: u16::try_from(self.texts.len()).unwrap_or(u16::MAX).saturating_add(3) }
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Enter", "copy"), Hint::new("1-9", "copy that")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Key(Key { code: crossterm::event::KeyCode::Char(digit), .. }) => {
                let at = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).and_then(|digit| digit.checked_sub(1));
                at.map(|at| self.copy(at)).unwrap_or_default()
            }
            Input::Key(key) if key == ENTER => self.copy(self.list.cursor),
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Command(crate::keymap::Command::Open) => self.copy(self.list.cursor),
            Input::Command(command) if self.list.command(command, self.texts.len()) => vec![Step::Stay],
            Input::Mouse { at, what: Click::Press | Click::Twice } => {
                self.list.line_at(at, self.texts.len()).map(|at| self.copy(at)).unwrap_or_default()
            }
            Input::Shown
            | Input::LedgerChanged
            | Input::Key(_)
            | Input::Command(_)
            | Input::Mouse { .. }
            | Input::Paste(_)
            | Input::Tick
            | Input::Answered { .. }
            | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("", 1), Column::new("WHAT", 13), Column::new("TEXT", 10)];
        let theme = world.theme;
        let texts = &self.texts;
        let row = |at: usize| {
            let (what, text) = texts.get(at).map(|(what, text)| (*what, text.as_str())).unwrap_or_default();
            vec![line(theme, Role::Accent, (at + 1).to_string()), line(theme, Role::Plain, what), line(theme, Role::Quiet, text)]
        };
        Table { columns: COLUMNS, len: texts.len(), row, focused: true }.view(frame, area, &mut self.list, theme);
    }
}
