//! Keys and key cards.

use keycap_vault::view::KeyView;

use crate::error::UiError;
use crate::host::Host;

/// All of them, one's own first.
pub(crate) async fn keys(host: &Host) -> Result<Vec<KeyView>, UiError> {
    host.desk.read(|vault| Ok(vault.keys(None)?)).await
}

/// Makes a key.
pub(crate) async fn key_new(host: &Host, name: String, note: String) -> Result<KeyView, UiError> {
    host.desk.keep(move |vault| Ok(vault.new_key(&name, &note)?)).await
}

/// Gives it another name.
pub(crate) async fn key_rename(host: &Host, name: String, to: String) -> Result<KeyView, UiError> {
    host.desk.keep(move |vault| Ok(vault.rename_key(&name, &to)?)).await
}

/// Notes that its fingerprint was compared with its owner, or takes that back.
pub(crate) async fn key_verify(host: &Host, name: String, verified: bool) -> Result<KeyView, UiError> {
    host.desk.keep(move |vault| Ok(vault.set_card_verified(&name, verified)?)).await
}

/// Deletes a key or forgets a card, if it still has this fingerprint and its name was typed.
pub(crate) async fn key_remove(host: &Host, name: String, fingerprint: String, typed: String) -> Result<(), UiError> {
    if typed != name {
        return Err(UiError::not_confirmed(&name));
    }
    host.desk
        .keep(move |vault| {
            if vault.key(&name)?.fingerprint_full != fingerprint {
                return Err(UiError::changed_meanwhile(&name));
            }
            Ok(vault.remove_key(&name)?)
        })
        .await
}
