//! A small dialog: a form, and below it what one should know, that the vault is at it, or what is wrong. Its box is as high as what is in it.

use keycap_vault::SecretText;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ENTER, ESC};
use crate::request::Failure;
use crate::screen::{Hint, Input, Shape};
use crate::theme::{Role, Theme};
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pressed, Row};
use crate::world::World;

/// The form, and what is said below it.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) form: Form,
    note: String,
    /// A passphrase that was made.
    words: Option<SecretText>,
    wrong: Option<String>,
    /// What to do about it.
    hint: Option<String>,
    /// Whether the vault is at it: then nothing is typed, and Esc still leaves.
    busy: bool,
}

/// What an input came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// What the rows say is to be done.
    Do,
    /// What is in the rows has changed.
    Changed,
    /// It is to be closed.
    Close,
    /// It was taken, and nothing follows.
    Done,
    /// It means nothing here.
    No,
}

/// Columns of the box, frame included, if the terminal has so many.
const COLUMNS: u16 = 76;
/// The frame, and a blank on both sides.
const AROUND: u16 = 4;

impl Sheet {
    /// With these rows, and a button that is called so.
    pub(crate) fn new(mut rows: Vec<Row>, button: &'static str, note: impl Into<String>) -> Self {
        rows.push(Row::button("do", button));
        Self { form: Form::new(rows), note: note.into(), words: None, wrong: None, hint: None, busy: false }
    }

    /// Whether the vault is at it.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// The vault is at it from now on.
    pub(crate) fn begin(&mut self) {
        (self.busy, self.wrong) = (true, None);
    }

    /// It was not done, for that reason.
    pub(crate) fn refuse(&mut self, why: impl Into<String>) {
        (self.busy, self.wrong, self.hint) = (false, Some(why.into()), None);
    }

    /// It failed: with the way out, if there is one.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.refuse(failure.message);
        self.hint = failure.hint;
    }

    /// The same, and the row to blame has the focus.
    pub(crate) fn refuse_row(&mut self, row: &str, why: impl Into<String>) {
        self.form.go_to(row);
        self.refuse(why);
    }

    /// Shows a passphrase that was made, to be written down.
    pub(crate) fn show_words(&mut self, words: SecretText) {
        self.words = Some(words);
        self.wrong = None;
    }

    /// Takes in what happens. Enter at the end of the last line does what the button does.
    pub(crate) fn input(&mut self, input: &Input<'_>) -> Turn {
        let pressed = match input {
            Input::Key(key) if *key == ESC => return Turn::Close,
            Input::Locked => return Turn::Close,
            Input::Key(_) | Input::Paste(_) | Input::Mouse { .. } if self.busy => return Turn::Done,
            Input::Key(key) if *key == ENTER && self.form.is_at_last_line() => return Turn::Do,
            Input::Key(key) => self.form.key(*key),
            Input::Paste(text) => self.form.paste(text),
            Input::Mouse { at, what } => self.form.mouse(*at, *what),
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Tick | Input::Answered { .. } => return Turn::No,
        };
        match pressed {
            Pressed::Button(_) => Turn::Do,
            Pressed::Changed => {
                self.wrong = None;
                Turn::Changed
            }
            Pressed::Moved => Turn::Done,
        }
    }

    /// The box that it fits into.
    pub(crate) fn shape(&self, world: &World) -> Shape {
        let width = COLUMNS.min(world.size.columns).saturating_sub(AROUND);
        let rows = self.form.height(width).saturating_add(self.below(world.theme).height(width)).saturating_add(3);
        Shape::Box { columns: COLUMNS, rows }
    }

    /// What the keys do, if the last of its own is called so.
    pub(crate) fn hints(&self, does: &str) -> Vec<Hint> {
        let enter = if self.form.is_at_last_line() || self.form.is_at_button() { does } else { "next" };
        vec![Hint::new("Enter", enter), Hint::new("Tab", "next"), Hint::new("Esc", "leave it")]
    }

    /// Draws it into its box.
    pub(crate) fn view(&mut self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let below = self.below(theme);
        let said = below.height(area.width).min(area.height.saturating_sub(2));
        let form = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + said), ..area };
        self.form.view(frame, form, theme);
        below.view(frame, Rect { y: area.bottom() - said, height: said, ..area }, &mut Scroll::default());
    }

    fn below(&self, theme: Theme) -> Fields {
        let mut fields = Fields::new(theme);
        if self.busy {
            fields.blank().text(Role::Accent, "working…");
        } else if !self.note.is_empty() {
            fields.blank().text(Role::Quiet, &self.note);
        }
        if let Some(words) = &self.words {
            fields.blank().text(Role::Plain, "Write this down, then type it again:").text(Role::Strong, words.expose());
        }
        if let Some(wrong) = &self.wrong {
            fields.blank().text(Role::Bad, format!("✗ {wrong}"));
            if let Some(hint) = &self.hint {
                fields.text(Role::Quiet, hint);
            }
        }
        fields
    }
}
