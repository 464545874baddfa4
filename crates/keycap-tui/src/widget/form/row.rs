//! The rows of a form, and what is entered in them.

use crate::widget::fuzzy::{How, matching};
use crate::widget::line_field::LineField;
use crate::widget::secret_field::SecretField;

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(super) label: &'static str,
    pub(super) entry: Entry,
    /// What one should know while one is in it.
    pub(super) note: String,
    /// What is wrong or dangerous about it; shown wherever one is.
    pub(super) warning: String,
    pub(super) hidden: bool,
}

/// What is entered.
#[derive(Debug)]
pub(super) enum Entry {
    Line { field: LineField, placeholder: &'static str },
    Secret(SecretField),
    Choice { options: Vec<String>, at: usize },
    Pick(Pick),
    Button,
}

/// One of many, found by some letters.
#[derive(Debug, Default)]
pub(super) struct Pick {
    pub(super) field: LineField,
    pub(super) options: Vec<Pickable>,
    /// Those that match what was typed.
    pub(super) shown: Vec<usize>,
    /// The chosen one among those.
    pub(super) at: usize,
}

/// Something to be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pickable {
    /// What it is to the program.
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) detail: String,
}

impl Row {
    /// A line of text.
    pub(crate) fn line(id: &'static str, label: &'static str, placeholder: &'static str) -> Self {
        Self::new(id, label, Entry::Line { field: LineField::default(), placeholder })
    }

    /// A line of text that is not shown.
    pub(crate) fn secret(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Entry::Secret(SecretField::default()))
    }

    /// One of a few, the first to begin with.
    pub(crate) fn choice(id: &'static str, label: &'static str, options: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(id, label, Entry::Choice { options: options.into_iter().map(Into::into).collect(), at: 0 })
    }

    /// One of many.
    pub(crate) fn pick(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Entry::Pick(Pick::default()))
    }

    /// What does it.
    pub(crate) fn button(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Entry::Button)
    }

    /// With what one should know while one is in it.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// With this in it, if it is a line.
    pub(crate) fn with(mut self, text: &str) -> Self {
        if let Entry::Line { field, .. } = &mut self.entry {
            *field = LineField::with(text);
        }
        self
    }

    /// Not to be seen for now.
    pub(crate) fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    fn new(id: &'static str, label: &'static str, entry: Entry) -> Self {
        Self { id, label, entry, note: String::new(), warning: String::new(), hidden: false }
    }
}

impl Pick {
    /// Shows the options that match what is typed, and chooses the first.
    pub(super) fn filter(&mut self) {
        let how = if self.field.is_empty() { How::Together } else { How::Fuzzy };
        self.shown = matching(self.field.text(), how, self.options.iter().map(|option| format!("{} {}", option.text, option.detail)));
        self.at = 0;
    }

    /// Chooses by value; whether it is shown.
    pub(super) fn choose(&mut self, value: &str) -> bool {
        let at = self.shown.iter().position(|at| self.options.get(*at).is_some_and(|option| option.value == value));
        self.at = at.unwrap_or(self.at.min(self.shown.len().saturating_sub(1)));
        at.is_some()
    }

    /// The chosen one, if anything is shown.
    pub(super) fn chosen(&self) -> Option<&Pickable> {
        self.shown.get(self.at).and_then(|at| self.options.get(*at))
    }
}
