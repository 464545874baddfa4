//! Where the secrets rest and what unlocks them: chosen again. Passphrases and files are asked for outside the page.

use std::sync::Arc;

use keycap_vault::view::VaultStatus;
use keycap_vault::{NoPrompts, SecretsPlace};
use serde::Deserialize;
use ts_rs::TS;

use super::vault::{ask_new_passphrase, status};
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
    host.desk.keep(move |vault| place.with_method(Arc::new(NoPrompts), |method| Ok(vault.change_unlocking(&method)?))).await?;
    status(host).await
}

/// Moves the secrets between keyring and ledger.
pub(crate) async fn convert(host: &Host, to: RestForm) -> Result<VaultStatus, UiError> {
    let place = chosen(host, to).await?;
    host.desk.keep(move |vault| place.with_choice(Arc::new(NoPrompts), |choice| Ok(vault.convert(&choice, &mut |_, _| {})?))).await?;
    status(host).await
}

async fn chosen(host: &Host, to: RestForm) -> Result<SecretsPlace, UiError> {
    Ok(match to {
        RestForm::Keyring => SecretsPlace::Keyring,
        RestForm::Passphrase => SecretsPlace::Passphrase(ask_new_passphrase(host).await?),
        RestForm::KeyringKey => SecretsPlace::KeyringKey,
        RestForm::Recipients { recipients } if recipients.is_empty() => {
            return Err(UiError::new("bad-input", "Nobody could unlock the vault.").hint("Say whose identity unlocks it."));
        }
        RestForm::Recipients { recipients } => SecretsPlace::Recipients(recipients),
        RestForm::NewKeyFile => {
            SecretsPlace::NewKeyFile(host.ask_file("A new key file, outside of the vault's folder", Files::New("keycap-vault-key".to_owned())).await?)
        }
        RestForm::KeyFile => SecretsPlace::KeyFile(host.ask_file("The key file", Files::One).await?),
        RestForm::Credential => SecretsPlace::Credential,
    })
}
