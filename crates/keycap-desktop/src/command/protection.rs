//! Where the secrets rest and what unlocks them: chosen again. Passphrases and files are asked for outside the page.

use std::path::PathBuf;

use keycap_vault::view::VaultStatus;
use keycap_vault::{VaultError, key_file};
use serde::Deserialize;
use ts_rs::TS;

use super::vault::{ask_new_passphrase, status};
use crate::desk::Place;
use crate::error::UiError;
use crate::host::Host;
use crate::person::Files;

/// Where secrets are to rest, as a form says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum RestForm {
    /// Each as an item of its own in the keyring.
    Keyring,
    /// Sealed in the ledger, under a passphrase.
    Passphrase,
    /// Sealed in the ledger, under one key in the keyring.
    KeyringKey,
    /// Sealed in the ledger, to whoever has one of these age identities.
    Recipients {
        /// `age1…`, those of plugins included; SSH public keys.
        recipients: Vec<String>,
    },
    /// Sealed in the ledger, under a key in a file of its own, which is made now.
    NewKeyFile,
    /// The same, under a key file that is there.
    KeyFile,
    /// Sealed in the ledger, under a systemd credential.
    Credential,
}

/// Changes what unlocks sealed secrets.
pub(crate) async fn change_unlocking(host: &Host, to: RestForm) -> Result<VaultStatus, UiError> {
    let place = chosen(host, to).await?;
    host.desk.keep(move |vault| place.place.with_method(|method| vault.change_unlocking(&method)).map_err(|error| place.undone(error))).await?;
    status(host).await
}

/// Moves the secrets between keyring and ledger.
pub(crate) async fn convert(host: &Host, to: RestForm) -> Result<VaultStatus, UiError> {
    let place = chosen(host, to).await?;
    host.desk
        .keep(move |vault| place.place.with_choice(|choice| vault.convert(&choice, &mut |_, _| {})).map_err(|error| place.undone(error)))
        .await?;
    status(host).await
}

/// A place, with what was made for it.
struct ChosenPlace {
    place: Place,
    made: Option<PathBuf>,
}

impl ChosenPlace {
    /// A key file that nothing stands under is of no use.
    fn undone(&self, error: UiError) -> UiError {
        if let Some(made) = &self.made {
            drop(std::fs::remove_file(made));
        }
        error
    }
}

async fn chosen(host: &Host, to: RestForm) -> Result<ChosenPlace, UiError> {
    let mut made = None;
    let place = match to {
        RestForm::Keyring => Place::Keyring,
        RestForm::Passphrase => Place::Passphrase(ask_new_passphrase(host).await?),
        RestForm::KeyringKey => Place::KeyringKey,
        RestForm::Recipients { recipients } if recipients.is_empty() => {
            return Err(UiError::new("bad-input", "Nobody could unlock the vault.").hint("Say whose identity unlocks it."));
        }
        RestForm::Recipients { recipients } => Place::Recipients(recipients),
        RestForm::NewKeyFile => {
            let path = host.ask_file("A new key file, outside of the vault's folder", Files::New("keycap-vault-key".to_owned())).await?;
            key_file::create(&path).map_err(VaultError::from)?;
            made = Some(path.clone());
            Place::KeyFile(path)
        }
        RestForm::KeyFile => Place::KeyFile(host.ask_file("The key file", Files::One).await?),
        RestForm::Credential => Place::Credential,
    };
    Ok(ChosenPlace { place, made })
}
