//! A form: rows with a label each, in which one types, chooses, or picks one of many by some of its letters; and a button at its end.
//!
//! Tab, Enter and the arrows go from row to row, so that nothing but Esc and the button leaves it.

mod row;
mod view;

use crossterm::event::KeyCode;
use keycap_vault::SecretText;
use ratatui::layout::{Position, Rect};

use super::line_field::LineField;
use crate::keymap::{ENTER, Key};
use crate::screen::Click;
use row::{Entry, Pick};
pub(crate) use row::{Pickable, Row};

/// The form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    rows: Vec<Row>,
    on: usize,
    /// The first line in sight.
    top: usize,
    /// Where what was drawn: row, option, place.
    drawn: Vec<(usize, Option<usize>, Rect)>,
}

/// What a key or the mouse came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// What is entered has changed.
    Changed,
    /// Another row has the focus, or nothing happened.
    Moved,
    /// The button with this id was pressed.
    Button(&'static str),
}

impl Form {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self { rows, ..Self::default() }
    }

    /// What a line holds, without the blanks around it; of a pick what is typed; empty for everything else, and for a row that is not shown.
    pub(crate) fn text(&self, id: &str) -> &str {
        match self.row(id).filter(|row| !row.hidden).map(|row| &row.entry) {
            Some(Entry::Line { field, .. } | Entry::Pick(Pick { field, .. })) => field.text().trim(),
            Some(Entry::Secret(_) | Entry::Choice { .. } | Entry::Button) | None => "",
        }
    }

    /// Which option is chosen, from 0.
    pub(crate) fn chosen(&self, id: &str) -> usize {
        match self.row(id).map(|row| &row.entry) {
            Some(Entry::Choice { at, .. }) => *at,
            Some(Entry::Line { .. } | Entry::Secret(_) | Entry::Pick(_) | Entry::Button) | None => 0,
        }
    }

    /// What is picked, if anything matches.
    pub(crate) fn picked(&self, id: &str) -> Option<&Pickable> {
        match self.row(id).map(|row| &row.entry) {
            Some(Entry::Pick(pick)) => pick.chosen(),
            Some(Entry::Line { .. } | Entry::Secret(_) | Entry::Choice { .. } | Entry::Button) | None => None,
        }
    }

    /// What was typed into a row that does not show it; it stays there.
    pub(crate) fn secret(&self, id: &str) -> SecretText {
        match self.row(id).map(|row| &row.entry) {
            Some(Entry::Secret(field)) => field.copy(),
            Some(Entry::Line { .. } | Entry::Choice { .. } | Entry::Pick(_) | Entry::Button) | None => SecretText::new(String::new()),
        }
    }

    /// Whether there is such a row, and it is shown.
    pub(crate) fn shows(&self, id: &str) -> bool {
        self.row(id).is_some_and(|row| !row.hidden)
    }

    /// Puts something into a row that does not show it.
    pub(crate) fn set_secret(&mut self, id: &str, text: &SecretText) {
        if let Some(Entry::Secret(field)) = self.row_mut(id).map(|row| &mut row.entry) {
            field.clear();
            field.paste(text);
        }
    }

    /// The id of the row with the focus.
    pub(crate) fn focus(&self) -> &'static str {
        self.rows.get(self.on).map_or("", |row| row.id)
    }

    /// Whether the row with the focus is one that is typed, and the last before the button.
    pub(crate) fn is_at_last_line(&self) -> bool {
        let typed = self.rows.get(self.on).is_some_and(|row| matches!(row.entry, Entry::Line { .. } | Entry::Secret(_)));
        let below = self.rows.iter().skip(self.on + 1).find(|row| !row.hidden);
        typed && below.is_none_or(|row| matches!(row.entry, Entry::Button))
    }

    /// Whether the button has the focus.
    pub(crate) fn is_at_button(&self) -> bool {
        self.rows.get(self.on).is_some_and(|row| matches!(row.entry, Entry::Button))
    }

    /// Gives the focus to a row.
    pub(crate) fn go_to(&mut self, id: &str) {
        if let Some(at) = self.rows.iter().position(|row| row.id == id && !row.hidden) {
            self.on = at;
        }
    }

    /// Puts text into a line.
    pub(crate) fn set_text(&mut self, id: &str, text: &str) {
        if let Some(Entry::Line { field, .. } | Entry::Pick(Pick { field, .. })) = self.row_mut(id).map(|row| &mut row.entry) {
            *field = LineField::with(text);
        }
        if let Some(Entry::Pick(pick)) = self.row_mut(id).map(|row| &mut row.entry) {
            pick.filter();
        }
    }

    /// Chooses an option.
    pub(crate) fn choose(&mut self, id: &str, option: usize) {
        if let Some(Entry::Choice { at, options }) = self.row_mut(id).map(|row| &mut row.entry) {
            *at = option.min(options.len().saturating_sub(1));
        }
    }

    /// Says what there is to choose from; what was chosen stays, if it is among it.
    pub(crate) fn set_options(&mut self, id: &str, new: Vec<String>) {
        if let Some(Entry::Choice { at, options }) = self.row_mut(id).map(|row| &mut row.entry) {
            let chosen = options.get(*at).and_then(|chosen| new.iter().position(|option| option == chosen));
            *at = chosen.unwrap_or(0);
            *options = new;
        }
    }

    /// Says what there is to pick from; what was picked stays, if it is among it.
    pub(crate) fn set_pickables(&mut self, id: &str, options: Vec<Pickable>) {
        if let Some(Entry::Pick(pick)) = self.row_mut(id).map(|row| &mut row.entry) {
            let value = pick.chosen().map(|chosen| chosen.value.clone());
            pick.options = options;
            pick.filter();
            if let Some(value) = value {
                pick.choose(&value);
            }
        }
    }

    /// Picks by value; whether it is there.
    pub(crate) fn pick(&mut self, id: &str, value: &str) -> bool {
        match self.row_mut(id).map(|row| &mut row.entry) {
            Some(Entry::Pick(pick)) => {
                pick.field.clear();
                pick.filter();
                pick.choose(value)
            }
            Some(Entry::Line { .. } | Entry::Secret(_) | Entry::Choice { .. } | Entry::Button) | None => false,
        }
    }

    /// Says what one should know while one is in a row.
    pub(crate) fn set_note(&mut self, id: &str, note: impl Into<String>) {
        if let Some(row) = self.row_mut(id) {
            row.note = note.into();
        }
    }

    /// Says what is wrong or dangerous about a row; empty: nothing.
    pub(crate) fn set_warning(&mut self, id: &str, warning: impl Into<String>) {
        if let Some(row) = self.row_mut(id) {
            row.warning = warning.into();
        }
    }

    /// Shows a row, or does not.
    pub(crate) fn show(&mut self, id: &str, shown: bool) {
        if let Some(row) = self.row_mut(id) {
            row.hidden = !shown;
        }
        if self.rows.get(self.on).is_some_and(|row| row.hidden) {
            self.go(-1);
        }
    }

    /// Takes in a key; Esc is the screen's own.
    pub(crate) fn key(&mut self, key: Key) -> Pressed {
        let next = key.code == KeyCode::Tab || key == Key { code: KeyCode::Char('n'), ctrl: true, alt: false };
        let back = key.code == KeyCode::BackTab || key == Key { code: KeyCode::Char('b'), ctrl: true, alt: false };
        let Some(row) = self.rows.get_mut(self.on) else { return Pressed::Moved };
        if key == ENTER && matches!(row.entry, Entry::Button) {
            return Pressed::Button(row.id);
        }
        if next || key == ENTER {
            return self.go(1);
        }
        if back {
            return self.go(-1);
        }
        match (&mut row.entry, key.code) {
            (Entry::Pick(pick), KeyCode::Up) if pick.at > 0 => {
                pick.at -= 1;
                Pressed::Changed
            }
            (Entry::Pick(pick), KeyCode::Down) if pick.at + 1 < pick.shown.len() => {
                pick.at += 1;
                Pressed::Changed
            }
            (_, KeyCode::Up) => self.go(-1),
            (_, KeyCode::Down) => self.go(1),
            (Entry::Pick(pick), _) => {
                let before = pick.field.text().to_owned();
                pick.field.key(key);
                if pick.field.text() == before {
                    return Pressed::Moved;
                }
                pick.filter();
                Pressed::Changed
            }
            (Entry::Choice { options, at }, code) => {
                let (before, last) = (*at, options.len().saturating_sub(1));
                match (code, key.ctrl || key.alt) {
                    (KeyCode::Left | KeyCode::Char('h'), false) => *at = at.saturating_sub(1),
                    (KeyCode::Right | KeyCode::Char('l'), false) => *at = (*at + 1).min(last),
                    (KeyCode::Char(' '), false) => *at = if *at == last { 0 } else { *at + 1 },
                    (KeyCode::Home, _) => *at = 0,
                    (KeyCode::End, _) => *at = last,
                    (_, _) => {}
                }
                if *at == before { Pressed::Moved } else { Pressed::Changed }
            }
            (Entry::Line { field, .. }, _) => {
                let before = field.text().to_owned();
                field.key(key);
                if field.text() == before { Pressed::Moved } else { Pressed::Changed }
            }
            (Entry::Secret(field), _) => {
                field.key(key);
                Pressed::Changed
            }
            (Entry::Button, _) => Pressed::Moved,
        }
    }

    /// Takes in what was pasted.
    pub(crate) fn paste(&mut self, text: &SecretText) -> Pressed {
        match self.rows.get_mut(self.on).map(|row| &mut row.entry) {
            Some(Entry::Line { field, .. }) => field.paste(text.expose()),
            Some(Entry::Pick(pick)) => {
                pick.field.paste(text.expose());
                pick.filter();
            }
            Some(Entry::Secret(field)) => field.paste(text),
            Some(Entry::Choice { .. } | Entry::Button) | None => return Pressed::Moved,
        }
        Pressed::Changed
    }

    /// Takes in the mouse.
    pub(crate) fn mouse(&mut self, at: (u16, u16), what: Click) -> Pressed {
        if !matches!(what, Click::Press | Click::Twice) {
            return Pressed::Moved;
        }
        let Some((row_at, option, _)) = self.drawn.iter().rev().find(|(_, _, place)| place.contains(Position::from(at))).copied() else {
            return Pressed::Moved;
        };
        self.on = row_at;
        match (self.rows.get_mut(row_at), option) {
            (Some(Row { entry: Entry::Button, id, .. }), _) => Pressed::Button(id),
            (Some(Row { entry: Entry::Choice { at, .. }, .. }), Some(option)) => {
                *at = option;
                Pressed::Changed
            }
            (Some(Row { entry: Entry::Pick(pick), .. }), Some(option)) => {
                pick.at = option;
                Pressed::Changed
            }
            (Some(_) | None, _) => Pressed::Moved,
        }
    }

    fn go(&mut self, by: isize) -> Pressed {
        let mut at = self.on;
        while let Some(next) = at.checked_add_signed(by) {
            match self.rows.get(next) {
                Some(row) if row.hidden => at = next,
                Some(_) => {
                    self.on = next;
                    break;
                }
                None => break,
            }
        }
        Pressed::Moved
    }

    fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    fn row_mut(&mut self, id: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pickable(value: &str) -> Pickable {
        Pickable { value: value.to_owned(), text: value.to_owned(), detail: String::new() }
    }

    fn form() -> Form {
        let mut form = Form::new(vec![
            Row::pick("who", "For"),
            Row::line("name", "Name", "alice"),
            Row::line("date", "Date", "2027-01-31").hidden(),
            Row::choice("expires", "Expires", ["1 h", "1 d", "30 d"]),
            Row::button("go", "Do it"),
        ]);
        form.set_pickables("who", ["anyone", "alice", "bob"].map(pickable).into());
        form
    }

    fn press(form: &mut Form, keys: &[&str]) -> Pressed {
        keys.iter().map(|key| form.key(Key::parse(key).unwrap())).last().unwrap()
    }

    #[test]
    fn enter_goes_through_the_rows_that_are_shown_to_the_button() {
        let mut form = form();
        assert_eq!(press(&mut form, &["Enter", "a", "l", "Enter"]), Pressed::Moved);
        assert_eq!(form.focus(), "expires");
        assert_eq!(form.text("name"), "al");
        assert_eq!(press(&mut form, &["Right", "l", "l"]), Pressed::Moved, "there is no fourth");
        assert_eq!(form.chosen("expires"), 2);
        assert_eq!(press(&mut form, &["Enter", "Enter"]), Pressed::Button("go"));
        assert_eq!(press(&mut form, &["Shift-Tab", "Ctrl-b"]), Pressed::Moved);
        assert_eq!(form.focus(), "name");
    }

    #[test]
    fn letters_find_what_is_picked_and_arrows_leave_the_list_at_its_ends() {
        let mut form = form();
        assert_eq!(form.picked("who").unwrap().value, "anyone");
        assert_eq!(press(&mut form, &["b"]), Pressed::Changed);
        assert_eq!(form.picked("who").unwrap().value, "bob");
        press(&mut form, &["Ctrl-u", "Down", "Down"]);
        assert_eq!(form.picked("who").unwrap().value, "bob");
        form.set_pickables("who", ["anyone", "aaron", "alice", "bob"].map(pickable).into());
        assert_eq!(form.picked("who").unwrap().value, "bob", "what was picked stays");
        press(&mut form, &["Down"]);
        assert_eq!(form.focus(), "name");
        assert!(form.pick("who", "alice") && !form.pick("who", "carol"));
    }

    #[test]
    fn what_is_hidden_says_nothing_and_never_has_the_focus() {
        let mut form = form();
        form.show("date", true);
        form.set_text("date", " 2027-01-31 ");
        form.go_to("date");
        assert_eq!((form.text("date"), form.focus()), ("2027-01-31", "date"));
        form.show("date", false);
        assert_eq!((form.text("date"), form.focus()), ("", "name"));
    }
}
