//! How a person wants the interface: its look, the mouse, and how soon it lets go of what is secret. Kept in a file of lines, beside the one that
//! gives keys other meanings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::theme::{Depth, Ground, Theme};

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) look: Look,
    pub(crate) mouse: bool,
    /// Minutes without a key after which this process lets go of the secrets, 1 to 1,440.
    pub(crate) lock_after_min: u64,
    /// Seconds that a secret stays on the clipboard, 5 to 600.
    pub(crate) clipboard_s: u64,
}

/// Colours and what they stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Look {
    /// As the terminal says itself.
    Terminal,
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
    /// Without colours.
    Mono,
}

/// Why the settings cannot be as the file wants them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read, or says what cannot be set.
    #[error("{file} cannot be used: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// A number beyond its range.
    #[error("{file}: {name} is {value}, and goes from {least} to {most}")]
    Range {
        /// The file.
        file: String,
        /// What is set.
        name: &'static str,
        /// To what.
        value: u64,
        /// The least that it can be.
        least: u64,
        /// The most.
        most: u64,
    },
}

/// What [`Settings::lock_after_min`] can be.
pub(crate) const LOCK_AFTER_MIN: (u64, u64) = (1, 1_440);
/// What [`Settings::clipboard_s`] can be.
pub(crate) const CLIPBOARD_S: (u64, u64) = (5, 600);

impl Default for Settings {
    fn default() -> Self {
        Self { look: Look::Terminal, mouse: true, lock_after_min: 15, clipboard_s: keycap_vault::clipboard::CLEAR_AFTER.as_secs() }
    }
}

impl Look {
    pub(crate) const ALL: [Self; 4] = [Self::Terminal, Self::Dark, Self::Light, Self::Mono];

    /// Its word in the file.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// What comes of it in a terminal that is like this by itself. Colours that it does not have, or that somebody does not want, stay away.
    pub(crate) const fn theme(self, terminal: Theme) -> Theme {
        match self {
            Self::Terminal => terminal,
            Self::Dark => Theme { ground: Ground::Dark, ..terminal },
            Self::Light => Theme { ground: Ground::Light, ..terminal },
            Self::Mono => Theme { depth: Depth::Mono, ..terminal },
        }
    }
}

impl Settings {
    /// Those of a file, if it is there.
    ///
    /// # Errors
    /// A [`SettingsError`].
    pub(crate) fn of_file(file: &Path) -> Result<Self, SettingsError> {
        let name = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, &name),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(SettingsError::Unreadable { file: name, why: error.to_string() }),
        }
    }

    fn parse(text: &str, file: &str) -> Result<Self, SettingsError> {
        let settings: Self =
            toml::from_str(text).map_err(|error| SettingsError::Unreadable { file: file.to_owned(), why: error.message().to_owned() })?;
        for (name, value, (least, most)) in
            [("lock_after_min", settings.lock_after_min, LOCK_AFTER_MIN), ("clipboard_s", settings.clipboard_s, CLIPBOARD_S)]
        {
            if !(least..=most).contains(&value) {
                return Err(SettingsError::Range { file: file.to_owned(), name, value, least, most });
            }
        }
        Ok(settings)
    }

    /// Writes them into a file, in the place of what it said before.
    ///
    /// # Errors
    /// If the file or its folder cannot be written.
    pub(crate) fn keep(self, file: &Path) -> std::io::Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut whole = tempfile::NamedTempFile::new_in(folder)?;
        whole.write_all(self.text().as_bytes())?;
        whole.persist(file)?;
        Ok(())
    }

    fn text(self) -> String {
        let Self { look, mouse, lock_after_min, clipboard_s } = self;
        format!("look = \"{}\"\nmouse = {mouse}\nlock_after_min = {lock_after_min}\nclipboard_s = {clipboard_s}\n", look.word())
    }

    /// How long nothing is pressed before the secrets are let go.
    pub(crate) const fn lock_after(self) -> Duration {
        Duration::from_mins(self.lock_after_min)
    }
}

/// Where the settings rest: `keycap/tui.toml` where the system keeps settings, `~/.config` on Linux. `None` without a home.
#[must_use]
pub fn settings_file() -> Option<PathBuf> {
    crate::driver::settings_folder().map(|folder| folder.join("tui.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_a_file_that_is_not_there_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("tui.toml");
        assert_eq!(Settings::of_file(&file).unwrap(), Settings::default());
        for look in Look::ALL {
            let settings = Settings { look, mouse: false, lock_after_min: 3, clipboard_s: 40 };
            settings.keep(&file).unwrap();
            assert_eq!(Settings::of_file(&file).unwrap(), settings);
        }
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing partial is left");
    }

    #[test]
    fn a_file_says_only_what_it_changes_and_what_cannot_be_set_is_refused() {
        assert_eq!(Settings::parse("mouse = false", "f").unwrap(), Settings { mouse: false, ..Settings::default() });
        let refused = |text: &str| Settings::parse(text, "tui.toml").unwrap_err().to_string();
        assert_eq!(refused("lock_after_min = 0"), "tui.toml: lock_after_min is 0, and goes from 1 to 1440");
        assert_eq!(refused("clipboard_s = 601"), "tui.toml: clipboard_s is 601, and goes from 5 to 600");
        assert!(refused("look = \"pink\"").starts_with("tui.toml cannot be used: "));
        assert!(refused("lok = \"dark\"").starts_with("tui.toml cannot be used: "));
    }

    #[test]
    fn a_look_brings_no_colours_back_that_are_not_wanted() {
        let mono = Theme { depth: Depth::Mono, ground: Ground::Dark };
        for look in Look::ALL {
            assert_eq!(look.theme(mono).depth, Depth::Mono);
        }
    }
}
