//! One key or chord, as terminals report it and as people write it.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, with what was held down besides. Shift is part of the character that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) code: KeyCode,
    pub(crate) ctrl: bool,
    pub(crate) alt: bool,
}

/// Keys that have a name, and which.
const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
];

impl Key {
    /// A key by itself.
    pub(crate) const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// A letter, digit or sign.
    pub(crate) const fn char(character: char) -> Self {
        Self::plain(KeyCode::Char(character))
    }

    /// As the terminal reports it.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        let code = match (event.code, ctrl) {
            // Some terminals send capitals with Ctrl, some do not.
            (KeyCode::Char(character), true) => KeyCode::Char(character.to_ascii_lowercase()),
            (code, _) => code,
        };
        Self { code, ctrl, alt }
    }

    /// As it is written in help and in `keys.toml`: `m`, `L`, `Ctrl-p`, `PgDn`, `F5`. `None` if it is no key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            if let Some(after) = rest.strip_prefix("Ctrl-").filter(|after| !after.is_empty()) {
                (ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("Alt-").filter(|after| !after.is_empty()) {
                (alt, rest) = (true, after);
            } else {
                break;
            }
        }
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(character), None) => KeyCode::Char(if ctrl { character.to_ascii_lowercase() } else { character }),
            (Some('F'), Some(_)) => KeyCode::F(rest.get(1..)?.parse().ok().filter(|number| (1..=24).contains(number))?),
            _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
        };
        Some(Self { code, ctrl, alt })
    }

    /// The character that it types into a field, if it types one.
    pub(crate) fn typed(self) -> Option<char> {
        match self {
            Self { code: KeyCode::Char(character), ctrl: false, alt: false } => Some(character),
            Self { .. } => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other key shows as crossterm names it")]
        match self.code {
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_it_is_read() {
        for text in ["m", "L", "Ctrl-p", ":", "?", "/", "Space", "PgDn", "Esc", "Alt-x", "Ctrl-Alt-x", "F5", "F24", "Shift-Tab", "-", "Ctrl--"] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()).as_deref(), Some(text));
        }
        for text in ["", "Hyper-x", "ab", "F0", "F25", "Ctrl-", "Ctrl-Nope"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_terminal_reports_finds_the_key_that_help_names() {
        let reported = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers));
        assert_eq!(Some(reported(KeyCode::Char('L'), KeyModifiers::SHIFT)), Key::parse("L"));
        assert_eq!(Some(reported(KeyCode::Char('P'), KeyModifiers::CONTROL)), Key::parse("Ctrl-p"));
        assert_eq!(Some(reported(KeyCode::BackTab, KeyModifiers::SHIFT)), Key::parse("Shift-Tab"));
    }
}
