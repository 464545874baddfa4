//! The name of a file that is there: typed, completed, or found by walking through folders. It reads no folder itself; it says which one it wants.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fuzzy::{How, matching};
use super::line_field::LineField;
use super::text::{cut, line, span};
use crate::file::{Entry, typed};
use crate::keymap::{ENTER, Key};
use crate::theme::{Role, Theme};

/// The field and what is in the folder that it names.
#[derive(Debug, Default)]
pub(crate) struct PathField {
    field: LineField,
    /// The folder that was read, as it was typed, and what is in it.
    read: Option<(String, Vec<Entry>)>,
    /// Entries that match what was typed after the last `/`.
    shown: Vec<usize>,
    /// The chosen one among those; `None`: what was typed counts.
    at: Option<usize>,
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// Nothing more is to be done.
    Here,
    /// This folder is to be read.
    Read(PathBuf),
    /// This file is meant.
    Take(PathBuf),
}

impl PathField {
    /// The folder in which to begin.
    pub(crate) fn begin(&self) -> PathBuf {
        typed(self.folder())
    }

    /// Puts a path in.
    pub(crate) fn set(&mut self, text: &str) -> Walked {
        self.field = LineField::with(text);
        self.settle()
    }

    /// Takes in what is in a folder, if it is the one that is typed.
    pub(crate) fn fill(&mut self, folder: &std::path::Path, entries: Vec<Entry>) {
        if typed(self.folder()) == folder {
            self.read = Some((self.folder().to_owned(), entries));
            self.filter();
        }
    }

    /// Takes in a key.
    pub(crate) fn key(&mut self, key: Key) -> Walked {
        match (key.code, self.at) {
            (KeyCode::Up, at) => self.at = at.and_then(|at| at.checked_sub(1)),
            (KeyCode::Down, None) if !self.shown.is_empty() => self.at = Some(0),
            (KeyCode::Down, Some(at)) => self.at = Some((at + 1).min(self.shown.len().saturating_sub(1))),
            (KeyCode::Tab, at) => return self.complete(at.unwrap_or(0)),
            _ if key == ENTER => return self.enter(),
            (_, _) => {
                let before = self.field.text().to_owned();
                self.field.key(key);
                if self.field.text() != before {
                    return self.settle();
                }
            }
        }
        Walked::Here
    }

    fn enter(&mut self) -> Walked {
        match self.at.and_then(|at| self.entry(at)).map(|entry| entry.folder) {
            Some(true) => self.complete(self.at.unwrap_or(0)),
            Some(false) => {
                self.complete(self.at.unwrap_or(0));
                Walked::Take(typed(self.field.text()))
            }
            None if self.field.is_empty() => Walked::Here,
            None => Walked::Take(typed(self.field.text())),
        }
    }

    /// Puts an entry's name in the place of what was typed of it.
    fn complete(&mut self, at: usize) -> Walked {
        let Some(entry) = self.entry(at) else { return Walked::Here };
        let path = format!("{}{}{}", self.folder(), entry.name, if entry.folder { "/" } else { "" });
        self.set(&path)
    }

    fn entry(&self, at: usize) -> Option<&Entry> {
        self.read.as_ref().and_then(|(_, entries)| entries.get(*self.shown.get(at)?))
    }

    /// What was typed up to the last `/`.
    fn folder(&self) -> &str {
        let text = self.field.text();
        text.rfind('/').and_then(|at| text.get(..=at)).unwrap_or_default()
    }

    fn settle(&mut self) -> Walked {
        self.at = None;
        if self.read.as_ref().is_some_and(|(folder, _)| folder == self.folder()) {
            self.filter();
            return Walked::Here;
        }
        self.shown.clear();
        Walked::Read(typed(self.folder()))
    }

    fn filter(&mut self) {
        let wanted = self.field.text().get(self.folder().len()..).unwrap_or_default().to_owned();
        let Some((_, entries)) = &self.read else { return };
        // Hidden files are shown to who begins with a dot.
        let hidden = wanted.starts_with('.');
        let found = matching(&wanted, if wanted.is_empty() { How::Together } else { How::Fuzzy }, entries.iter().map(|entry| &entry.name));
        self.shown = found.into_iter().filter(|at| entries.get(*at).is_some_and(|entry| hidden || !entry.name.starts_with('.'))).collect();
    }

    /// Draws the field, and below it what is there.
    pub(crate) fn view(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        self.field.view(frame, Rect { height: 1.min(area.height), ..area }, "a file; Tab completes, ↑↓ choose", true, theme);
        let rows = usize::from(area.height.saturating_sub(1));
        let top = self.at.map_or(0, |at| at.saturating_sub(rows / 2).min(self.shown.len().saturating_sub(rows)));
        for (at, y) in (top..self.shown.len()).zip(area.y + 1..area.bottom()) {
            let Some(entry) = self.entry(at) else { break };
            let place = Rect { y, height: 1, ..area };
            let chosen = self.at == Some(at);
            let name = format!("{}{}", entry.name, if entry.folder { "/" } else { "" });
            let text = Line::from(vec![
                span(theme, Role::Accent, if chosen { "▸ " } else { "  " }),
                span(theme, if entry.folder { Role::Name } else { Role::Plain }, name),
            ]);
            if chosen {
                frame.buffer_mut().set_style(place, theme.selection());
            }
            frame.render_widget(cut(text, usize::from(area.width)), place);
        }
        if self.read.is_some() && self.shown.is_empty() && rows > 0 {
            let place = Rect { y: area.y + 1, height: 1, ..area };
            frame.render_widget(line(theme, Role::Quiet, "  nothing of that name in this folder"), place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, folder: bool) -> Entry {
        Entry { name: name.to_owned(), folder, bytes: 0 }
    }

    fn press(field: &mut PathField, keys: &[&str]) -> Walked {
        keys.iter().map(|key| field.key(Key::parse(key).unwrap())).last().unwrap()
    }

    #[test]
    fn one_walks_into_folders_and_takes_a_file() {
        let mut field = PathField::default();
        assert_eq!(field.begin(), PathBuf::new());
        field.fill(&PathBuf::new(), vec![entry("keys", true), entry("a.age", false), entry(".hidden", false)]);
        assert_eq!(press(&mut field, &["k", "Tab"]), Walked::Read("keys/".into()));
        field.fill(&PathBuf::from("keys/"), vec![entry("alice.keycap", false), entry("bob.keycap", false)]);
        assert_eq!(press(&mut field, &["b", "o", "Down", "Enter"]), Walked::Take("keys/bob.keycap".into()));
    }

    #[test]
    fn what_is_typed_counts_unless_something_is_chosen_and_an_answer_to_an_older_folder_does_not() {
        let mut field = PathField::default();
        field.fill(&PathBuf::new(), vec![entry("a.age", false)]);
        assert_eq!(press(&mut field, &["z", "z", "Enter"]), Walked::Take("zz".into()));
        assert_eq!(field.set("/tmp/"), Walked::Read("/tmp/".into()));
        field.fill(&PathBuf::from("/etc/"), vec![entry("passwd", false)]);
        assert_eq!(press(&mut field, &["Down", "Enter"]), Walked::Take("/tmp/".into()));
        assert_eq!(press(&mut field, &["Ctrl-u", "Enter"]), Walked::Here);
    }

    #[test]
    fn hidden_files_show_when_a_dot_is_typed() {
        let mut field = PathField::default();
        field.fill(&PathBuf::new(), vec![entry(".hidden", false), entry("seen", false)]);
        assert_eq!(field.shown.len(), 1);
        press(&mut field, &["."]);
        assert_eq!(press(&mut field, &["Down", "Enter"]), Walked::Take(".hidden".into()));
    }
}
