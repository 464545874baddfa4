//! Services.

use keycap_vault::view::ServiceView;
use keycap_vault::{NewService, Rotation};
use serde::Deserialize;
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;

/// What becomes of what came from earlier root secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Earlier {
    /// It goes on working.
    Keep,
    /// All of it is revoked.
    Revoke,
}

/// All of them.
pub(crate) async fn services(host: &Host) -> Result<Vec<ServiceView>, UiError> {
    host.desk.read(|vault| Ok(vault.services(None)?)).await
}

/// Makes a service.
pub(crate) async fn service_new(host: &Host, name: String, hints: Vec<String>, note: String) -> Result<ServiceView, UiError> {
    host.desk.keep(move |vault| Ok(vault.new_service(&NewService { name, hints, note, ..NewService::default() })?)).await
}

/// Gives it another name.
pub(crate) async fn service_rename(host: &Host, name: String, to: String) -> Result<ServiceView, UiError> {
    host.desk.keep(move |vault| Ok(vault.rename_service(&name, &to)?)).await
}

/// Says where it may be found.
pub(crate) async fn service_hints(host: &Host, name: String, hints: Vec<String>) -> Result<ServiceView, UiError> {
    host.desk.keep(move |vault| Ok(vault.set_service_hints(&name, hints)?)).await
}

/// Deletes a service or forgets its card, if it still has this fingerprint and its name was typed.
pub(crate) async fn service_remove(host: &Host, name: String, fingerprint: String, typed: String) -> Result<(), UiError> {
    if typed != name {
        return Err(UiError::not_confirmed(&name));
    }
    host.desk
        .keep(move |vault| {
            if vault.service(&name)?.fingerprint_full != fingerprint {
                return Err(UiError::changed_meanwhile(&name));
            }
            Ok(vault.remove_service(&name)?)
        })
        .await
}

/// Mints from a new root secret from now on, if the name was typed.
pub(crate) async fn service_rotate(host: &Host, name: String, earlier: Earlier, typed: String) -> Result<ServiceView, UiError> {
    if typed != name {
        return Err(UiError::not_confirmed(&name));
    }
    let rotation = match earlier {
        Earlier::Keep => Rotation::KeepEarlier,
        Earlier::Revoke => Rotation::RevokeEarlier,
    };
    host.desk.keep(move |vault| Ok(vault.rotate_service(&name, rotation)?)).await
}
