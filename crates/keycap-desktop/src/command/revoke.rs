//! Revoking, after a look at what dies with it.

use keycap_vault::view::{RevokePreview, RevokeReceipt};
use keycap_vault::{Reason, RevokeReason};
use serde::Deserialize;
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;

/// Why a grant is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// It got into other hands.
    Leaked,
    /// Its holder left.
    Left,
    /// Another one takes its place.
    Superseded,
    /// It was made to try something.
    Test,
    /// Something else.
    Other,
}

/// What it would end.
pub(crate) async fn revoke_preview(host: &Host, rid: String) -> Result<RevokePreview, UiError> {
    host.desk.read(move |vault| Ok(vault.revoke_preview(&rid)?)).await
}

/// Revokes it, if its name was typed.
pub(crate) async fn revoke(host: &Host, rid: String, typed: String, why: Why, note: String) -> Result<RevokeReceipt, UiError> {
    let reason = match why {
        Why::Leaked => Reason::Leaked,
        Why::Left => Reason::Left,
        Why::Superseded => Reason::Superseded,
        Why::Test => Reason::Test,
        Why::Other => Reason::Other,
    };
    host.desk
        .keep(move |vault| {
            let target = vault.grant(&rid)?;
            if target.rid != rid {
                return Err(UiError::changed_meanwhile(&target.name));
            }
            if target.name != typed {
                return Err(UiError::not_confirmed(&target.name));
            }
            Ok(vault.revoke(&rid, &RevokeReason { reason, note })?)
        })
        .await
}

/// What has become of it.
pub(crate) async fn receipt(host: &Host, rid: String) -> Result<RevokeReceipt, UiError> {
    host.desk.read(move |vault| Ok(vault.revoke_receipt(&rid)?)).await
}
