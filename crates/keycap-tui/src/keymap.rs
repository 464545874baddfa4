//! Which key means what: the interface's own commands, and the registry's actions. One list, from which hints and help are made too.
//!
//! A file `keys.toml` gives commands and actions other keys. A key that would mean two things in one place is an error at start, not a
//! surprise later.

mod key;

use std::collections::BTreeMap;
use std::path::Path;

use crossterm::event::KeyCode;
use keycap_vault::action::{Place, action, actions};

pub(crate) use key::Key;

/// What the interface itself can be told to do. Everything that touches the vault is an action of the registry instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    Overview,
    Help,
    Palette,
    Filter,
    NextPane,
    PreviousPane,
    Jump,
    Back,
    Quit,
    Cancel,
    Tasks,
    Settings,
    Undo,
    Redo,
    Refresh,
    Suspend,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    Mark,
    Range,
    Copy,
    Reveal,
    ClearClipboard,
    Open,
}

/// A command's words and the keys that it has by default.
pub(crate) struct Words {
    pub(crate) command: Command,
    /// Its name in `keys.toml`.
    pub(crate) id: &'static str,
    /// What it does, in a few words, for help and hints.
    pub(crate) label: &'static str,
    keys: &'static [&'static str],
}

const fn words(command: Command, id: &'static str, label: &'static str, keys: &'static [&'static str]) -> Words {
    Words { command, id, label, keys }
}

/// Every command, in the order of the help.
pub(crate) const COMMANDS: &[Words] = &[
    words(Command::Up, "up", "one up", &["k", "Up"]),
    words(Command::Down, "down", "one down", &["j", "Down"]),
    words(Command::PageUp, "page-up", "a page up", &["PgUp", "Ctrl-u"]),
    words(Command::PageDown, "page-down", "a page down", &["PgDn", "Ctrl-d"]),
    words(Command::First, "first", "the first", &["Home"]),
    words(Command::Last, "last", "the last", &["End"]),
    words(Command::Left, "left", "fold, or back to the list", &["h", "Left"]),
    words(Command::Right, "right", "unfold, or on to the details", &["l", "Right"]),
    words(Command::Open, "enter", "open what is selected", &["Enter"]),
    words(Command::Jump, "jump", "jump to a line by its letter", &["g"]),
    words(Command::Filter, "filter", "filter the list", &["/"]),
    words(Command::Mark, "mark", "mark a line", &["Space"]),
    words(Command::Range, "range", "mark from here on", &["v"]),
    words(Command::Copy, "copy", "copy a name, an id or a card", &["y"]),
    words(Command::Reveal, "reveal", "show a secret for 20 seconds", &["V"]),
    words(Command::ClearClipboard, "clear-clipboard", "clear the clipboard now", &["C"]),
    words(Command::NextPane, "next-pane", "the next pane", &["Tab"]),
    words(Command::PreviousPane, "previous-pane", "the pane before", &["Shift-Tab"]),
    words(Command::Overview, "overview", "Overview", &["1"]),
    words(Command::Palette, "palette", "every action, by name", &["Ctrl-p", ":"]),
    words(Command::Tasks, "tasks", "what is running", &["T"]),
    words(Command::Settings, "settings", "settings", &[","]),
    words(Command::Undo, "undo", "undo the last change", &["z"]),
    words(Command::Redo, "redo", "do it again", &["Z"]),
    words(Command::Refresh, "refresh", "read everything again", &["r"]),
    words(Command::Help, "help", "keys that work here", &["?"]),
    words(Command::Back, "back", "back; never quits", &["Esc"]),
    words(Command::Cancel, "cancel", "cancel a task, or quit", &["Ctrl-c"]),
    words(Command::Suspend, "suspend", "back to the shell; `fg` returns", &["Ctrl-z"]),
    words(Command::Quit, "quit", "quit", &["q"]),
];

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Something of the interface's own.
    Command(Command),
    /// An action of the registry, by its id.
    Action(&'static str),
}

impl Meaning {
    /// What has this name in `keys.toml`.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let command = COMMANDS.iter().find(|words| words.id == id).map(|words| Self::Command(words.command));
        command.or_else(|| action(id).map(|action| Self::Action(action.id)))
    }

    fn id(self) -> &'static str {
        match self {
            Self::Command(command) => words_of(command).map_or("", |words| words.id),
            Self::Action(id) => id,
        }
    }
}

/// The words of a command.
pub(crate) fn words_of(command: Command) -> Option<&'static Words> {
    COMMANDS.iter().find(|words| words.command == command)
}

/// Which keys there are.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    bindings: Vec<(Key, Place, Meaning)>,
}

/// Why the keys cannot be as `keys.toml` wants them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeymapError {
    /// The file cannot be read.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// Nothing can be given a key by that name.
    #[error("{file}: there is no command or action named `{name}`; `keycap` shows those there are when you press ?")]
    NoSuchCommand {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// That is no key.
    #[error("{file}: `{key}` is no key; write one like m, L, Ctrl-p, Alt-x, PgDn or F5")]
    NoSuchKey {
        /// The file.
        file: String,
        /// What was written.
        key: String,
    },
    /// One key for two things in one place.
    #[error("{file}: the key {key} would mean both {one} and {other}; give one of them another")]
    Conflict {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// What it means.
        one: &'static str,
        /// What it would mean too.
        other: &'static str,
    },
    /// Something without which there is no way out has no key.
    #[error("{file}: {name} must have a key")]
    Keyless {
        /// The file.
        file: String,
        /// The command.
        name: &'static str,
    },
}

/// Keys as `keys.toml` gives them: one, or several.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Given {
    One(String),
    Several(Vec<String>),
}

/// Commands that nobody can do without.
const NEEDED: [Command; 3] = [Command::Help, Command::Back, Command::Quit];

impl Keymap {
    /// As it is without a file.
    pub(crate) fn new() -> Self {
        let commands = COMMANDS.iter().flat_map(|words| {
            let keys = words.keys.iter().filter_map(|key| Key::parse(key));
            keys.map(|key| (key, Place::Everywhere, Meaning::Command(words.command)))
        });
        let actions = actions().iter().filter_map(|action| {
            let binding = action.key?;
            Some((Key::parse(binding.key)?, binding.place, Meaning::Action(action.id)))
        });
        Self { bindings: commands.chain(actions).collect() }
    }

    /// With what a file changes, if it is there.
    ///
    /// # Errors
    /// A [`KeymapError`].
    pub(crate) fn with_file(file: &Path) -> Result<Self, KeymapError> {
        let name = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::new().changed_by(&text, &name),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::new()),
            Err(error) => Err(KeymapError::Unreadable { file: name, why: error.to_string() }),
        }
    }

    fn changed_by(mut self, text: &str, file: &str) -> Result<Self, KeymapError> {
        let given: BTreeMap<String, Given> =
            toml::from_str(text).map_err(|error| KeymapError::Unreadable { file: file.to_owned(), why: error.message().to_owned() })?;
        for (name, keys) in given {
            let meaning = Meaning::of(&name).ok_or_else(|| KeymapError::NoSuchCommand { file: file.to_owned(), name: name.clone() })?;
            let place = self.bindings.iter().find(|(_, _, bound)| *bound == meaning).map_or(Place::Everywhere, |(_, place, _)| *place);
            self.bindings.retain(|(_, _, bound)| *bound != meaning);
            let keys = match keys {
                Given::One(key) => vec![key],
                Given::Several(keys) => keys,
            };
            for text in keys {
                let key = Key::parse(&text).ok_or_else(|| KeymapError::NoSuchKey { file: file.to_owned(), key: text.clone() })?;
                self.bindings.push((key, place, meaning));
            }
        }
        self.checked(file)
    }

    /// Finds what contradicts itself. A list's own meaning of Enter goes before the common one: that is how things are opened.
    fn checked(self, file: &str) -> Result<Self, KeymapError> {
        for (at, (key, place, one)) in self.bindings.iter().enumerate() {
            let later = self.bindings.iter().skip(at + 1).filter(|(other_key, other_place, _)| other_key == key && place.overlaps(*other_place));
            for (_, _, other) in later {
                if one != other && ![*one, *other].contains(&Meaning::Command(Command::Open)) {
                    return Err(KeymapError::Conflict { file: file.to_owned(), key: key.to_string(), one: one.id(), other: other.id() });
                }
            }
        }
        for command in NEEDED {
            if self.key_of(Meaning::Command(command)).is_none() {
                return Err(KeymapError::Keyless { file: file.to_owned(), name: Meaning::Command(command).id() });
            }
        }
        Ok(self)
    }

    /// What a key means in a place.
    pub(crate) fn meaning(&self, key: Key, place: Option<Place>) -> Option<Meaning> {
        let here = |wanted: Place| self.bindings.iter().find(|(bound, place, _)| *bound == key && *place == wanted).map(|(_, _, meaning)| *meaning);
        place.and_then(here).or_else(|| here(Place::Everywhere))
    }

    /// The first key of a command or action.
    pub(crate) fn key_of(&self, meaning: Meaning) -> Option<Key> {
        self.bindings.iter().find(|(_, _, bound)| *bound == meaning).map(|(key, _, _)| *key)
    }

    /// Every key of a command or action, as it is written in help.
    pub(crate) fn keys_of(&self, meaning: Meaning) -> String {
        let keys: Vec<String> = self.bindings.iter().filter(|(_, _, bound)| *bound == meaning).map(|(key, _, _)| key.to_string()).collect();
        keys.join(" ")
    }

    /// What can be pressed in a place, the place's own keys first.
    pub(crate) fn here(&self, place: Option<Place>) -> impl Iterator<Item = (Key, Meaning)> + '_ {
        let own = self.bindings.iter().filter(move |(_, bound, _)| place == Some(*bound) && *bound != Place::Everywhere);
        let common = self.bindings.iter().filter(|(_, bound, _)| *bound == Place::Everywhere);
        own.chain(common).map(|(key, _, meaning)| (*key, *meaning))
    }
}

/// Enter, whatever the file says: in dialogs and fields.
pub(crate) const ENTER: Key = Key::plain(KeyCode::Enter);
/// Esc, whatever the file says: in dialogs and fields.
pub(crate) const ESC: Key = Key::plain(KeyCode::Esc);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_key_is_one_and_none_means_two_things() {
        for words in COMMANDS {
            for key in words.keys {
                assert!(Key::parse(key).is_some(), "{key} of {}", words.id);
            }
        }
        for action in actions() {
            assert!(action.key.is_none_or(|binding| Key::parse(binding.key).is_some()), "{}", action.id);
        }
        Keymap::new().checked("the defaults").unwrap();
    }

    #[test]
    fn names_of_commands_and_actions_are_distinct() {
        for words in COMMANDS {
            assert!(action(words.id).is_none(), "{}", words.id);
        }
    }

    #[test]
    fn a_key_means_what_its_place_says_before_what_it_means_everywhere() {
        let keymap = Keymap::new();
        assert_eq!(keymap.meaning(ENTER, Some(Place::Keys)), Some(Meaning::Action("key.show")));
        assert_eq!(keymap.meaning(ENTER, Some(Place::Grants)), Some(Meaning::Command(Command::Open)));
        assert_eq!(keymap.meaning(Key::char('x'), Some(Place::Grants)), Some(Meaning::Action("revoke")));
        assert_eq!(keymap.meaning(Key::char('x'), None), None);
        assert_eq!(keymap.meaning(Key::char('d'), Some(Place::Grants)), None);
    }

    #[test]
    fn a_file_gives_other_keys_and_takes_the_old_ones_away() {
        let keymap = Keymap::new().changed_by("mint = \"M\"\npalette = [\"Ctrl-k\", \"F1\"]\n", "keys.toml").unwrap();
        assert_eq!(keymap.meaning(Key::char('M'), None), Some(Meaning::Action("mint")));
        assert_eq!(keymap.meaning(Key::char('m'), None), None);
        assert_eq!(keymap.meaning(Key::parse("F1").unwrap(), None), Some(Meaning::Command(Command::Palette)));
        assert_eq!(keymap.meaning(Key::char(':'), None), None);
    }

    #[test]
    fn a_file_that_contradicts_itself_is_refused_and_says_where() {
        let refused = |text: &str| Keymap::new().changed_by(text, "keys.toml").unwrap_err().to_string();
        assert_eq!(refused("mint = \"j\""), "keys.toml: the key j would mean both down and mint; give one of them another");
        assert_eq!(refused("revoke = \"D\""), "keys.toml: the key D would mean both delegate and revoke; give one of them another");
        assert_eq!(refused("mnt = \"j\""), "keys.toml: there is no command or action named `mnt`; `keycap` shows those there are when you press ?");
        assert_eq!(refused("mint = \"Hyper-m\""), "keys.toml: `Hyper-m` is no key; write one like m, L, Ctrl-p, Alt-x, PgDn or F5");
        assert_eq!(refused("quit = []"), "keys.toml: quit must have a key");
        assert!(refused("mint = 7").starts_with("keys.toml cannot be read: "));
    }
}
