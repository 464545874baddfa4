//! What is asked of nobody's vault: where secrets could rest, to make a vault, and how the interface is to be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_vault::passphrase::generate_words;
use keycap_vault::{Backup, Environment, KeyringState, NoPrompts, OpenWith, SecretText, SecretsPlace, Vault, keyring_state};
use tempfile::TempDir;

use super::{Answer, Failure};
use crate::keymap::Keymap;
use crate::settings::Settings;
use crate::{demo, file};

/// Something for which no vault is needed.
#[derive(Debug)]
pub(crate) enum Setup {
    /// Whether the system has a keyring that answers.
    Keyring,
    /// A passphrase that nobody had to think of.
    Words,
    /// A vault.
    Create(SecretsPlace),
    /// A vault that is what a backup holds.
    Restore { file: PathBuf, passphrase: SecretText, place: SecretsPlace },
    /// Whether this passphrase opens that backup.
    Prove { file: PathBuf, passphrase: SecretText },
    /// A vault with something of everything, which is thrown away.
    Demo,
    /// Keeps the settings.
    Keep { settings: Settings, file: PathBuf },
    /// Whether the file that gives keys other meanings contradicts itself now.
    Keys(PathBuf),
}

/// What is answered.
#[derive(Debug)]
pub(crate) enum SetUp {
    Keyring(KeyringState),
    Words(SecretText),
    /// The vault is there.
    Made,
    /// The vault is there, and holds so many things.
    Restored(usize),
    /// The backup opens, and holds together.
    Proven,
    /// The folder of the vault that is thrown away.
    Demo(Arc<TempDir>),
    /// The settings are kept.
    Kept,
    /// What is wrong with the file of keys, if anything.
    Keys(Option<String>),
}

impl Setup {
    /// Does it; the vault that it made, unlocked, if it made one in `folder`.
    ///
    /// # Errors
    /// Whatever the vault, the keyring or a file says.
    pub(crate) fn run(&self, folder: &Path) -> Result<(Answer, Option<Vault>), Failure> {
        let (done, made) = match self {
            Self::Keyring => (SetUp::Keyring(keyring_state()), None),
            Self::Words => (SetUp::Words(generate_words(&mut Environment::system())), None),
            Self::Create(place) => {
                (SetUp::Made, Some(place.with_choice(Arc::new(NoPrompts), |choice| Vault::create(folder, choice, Environment::system()))?))
            }
            Self::Restore { file, passphrase, place } => {
                let backup = read(file, passphrase)?;
                let (vault, diff) =
                    place.with_choice(Arc::new(NoPrompts), |choice| Vault::restore_new(folder, choice, Environment::system(), backup))?;
                (SetUp::Restored(diff.add.len()), Some(vault))
            }
            Self::Prove { file, passphrase } => {
                read(file, passphrase)?;
                (SetUp::Proven, None)
            }
            Self::Demo => (SetUp::Demo(Arc::new(demo::make()?)), None),
            Self::Keep { settings, file } => {
                settings.keep(file).map_err(|error| Failure {
                    code: "settings",
                    class: keycap_vault::ErrorClass::Failed,
                    message: format!("{} cannot be written: {error}", file.display()),
                    hint: None,
                })?;
                (SetUp::Kept, None)
            }
            Self::Keys(file) => (SetUp::Keys(Keymap::with_file(file).err().map(|error| error.to_string())), None),
        };
        Ok((Answer::SetUp(done), made))
    }
}

/// Bytes of a backup, at most: one of a million grants has some 600 MB.
pub(super) const MOST_BACKUP: u64 = 2 << 30;

fn read(file: &Path, passphrase: &SecretText) -> Result<Backup, Failure> {
    let sealed = file::read(file, MOST_BACKUP)?;
    let with = OpenWith::Passphrase(SecretText::new(passphrase.expose().to_owned()));
    Ok(Backup::read(sealed.expose(), &with)?)
}
