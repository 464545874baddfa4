//! A field for what nobody should see: it shows how much was typed and nothing else.

use crossterm::event::KeyCode;
use keycap_vault::SecretText;

use crate::keymap::Key;

/// What was typed, character by character, each in memory that is wiped: nothing is moved while it grows, as that would leave copies.
#[derive(Debug, Default)]
pub(crate) struct SecretField {
    typed: Vec<SecretText>,
}

/// More than anybody types; what is pasted beyond is left out.
const LONGEST: usize = 4_096;

impl SecretField {
    pub(crate) fn is_empty(&self) -> bool {
        self.typed.is_empty()
    }

    /// How many characters were typed.
    pub(crate) fn count(&self) -> usize {
        self.typed.len()
    }

    pub(crate) fn clear(&mut self) {
        self.typed.clear();
    }

    /// Takes in a key.
    pub(crate) fn key(&mut self, key: Key) {
        match key {
            Key { code: KeyCode::Backspace, .. } => drop(self.typed.pop()),
            Key { code: KeyCode::Char('u'), ctrl: true, .. } => self.clear(),
            key => {
                if let Some(character) = key.typed() {
                    self.push(character);
                }
            }
        }
    }

    /// Takes in what was pasted, without the line end that may come with it.
    pub(crate) fn paste(&mut self, text: &SecretText) {
        text.expose().trim_end_matches(['\r', '\n']).chars().filter(|character| !character.is_control()).for_each(|character| self.push(character));
    }

    /// What was typed, for a field whose content is no secret after all, such as a file's name.
    pub(crate) fn shown(&self) -> String {
        self.typed.iter().map(SecretText::expose).collect()
    }

    /// Hands over what was typed, and is empty again.
    pub(crate) fn take(&mut self) -> SecretText {
        let text = self.copy();
        self.typed.clear();
        text
    }

    /// What was typed, which stays.
    pub(crate) fn copy(&self) -> SecretText {
        let mut text = String::with_capacity(self.typed.iter().map(|character| character.expose().len()).sum());
        self.typed.iter().for_each(|character| text.push_str(character.expose()));
        SecretText::new(text)
    }

    fn push(&mut self, character: char) {
        if self.typed.len() < LONGEST {
            self.typed.push(SecretText::new(character.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_and_pasted_comes_out_once_and_is_shown_nowhere() {
        let mut field = SecretField::default();
        "pässx".chars().for_each(|character| field.key(Key::char(character)));
        field.key(Key::plain(KeyCode::Backspace));
        field.paste(&SecretText::new("wort\u{1b}\r\n".into()));
        assert_eq!(field.count(), 8);
        assert!(!format!("{field:?}").contains('ä'));
        assert_eq!(field.take().expose(), "pässwort");
        assert!(field.is_empty());
    }

    #[test]
    fn a_chord_types_nothing_but_clears() {
        let mut field = SecretField::default();
        field.key(Key::char('a'));
        field.key(Key::parse("Ctrl-x").unwrap());
        field.key(Key::parse("Alt-x").unwrap());
        assert_eq!(field.count(), 1);
        field.key(Key::parse("Ctrl-u").unwrap());
        assert!(field.is_empty());
    }
}
