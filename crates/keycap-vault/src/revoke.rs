//! Revoking: what would end, ending it, and the receipt.

use keycap_core::time::UnixSeconds;
use keycap_store::ledger::Reading;
use keycap_store::ledger::grant::Grant;
use keycap_store::ledger::revocation::NewRevocation;
use keycap_store::ledger::{Page, grant, receipt, revocation, service, session};

use crate::error::VaultError;
use crate::grants::{Viewer, grant_row};
use crate::live::{gateway_view, running_gateways, session_view};
use crate::vault::Vault;
use crate::view::{ReceiptLine, RevokePreview, RevokeReceipt};

/// Why something is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody has it who should not.
    Leaked,
    /// Its holder has gone.
    Left,
    /// Another grant takes its place.
    Superseded,
    /// It was for trying out.
    Test,
    /// Another reason; the note says which.
    Other,
}

impl Reason {
    /// Every reason, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Leaked, Self::Left, Self::Superseded, Self::Test, Self::Other];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leaked => "leaked",
            Self::Left => "left",
            Self::Superseded => "superseded",
            Self::Test => "test",
            Self::Other => "other",
        }
    }
}

/// Why something is revoked, with a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeReason {
    /// The reason.
    pub reason: Reason,
    /// A note; may be empty.
    pub note: String,
}

impl Vault {
    /// What would die with a grant.
    ///
    /// # Errors
    /// As [`Vault::grant`].
    pub fn revoke_preview(&self, reference: &str) -> Result<RevokePreview, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let row = grant_row(reading, reference)?;
            let mut viewer = Viewer::new(reading, now);
            let shown = Page { offset: 0, limit: RevokePreview::SHOWN };
            let below = grant::subtree(reading, &row.rid, shown)?.into_iter().map(|below| (below.depth, below.grant)).collect();
            let gateways = running_gateways(reading, row.service, now)?;
            let mut live = session::live_under(reading, &row.rid)?;
            live.retain(|session| gateways.iter().any(|gateway| gateway.id == session.gateway));
            Ok(RevokePreview {
                dies: viewer.rows(below)?,
                dies_total: grant::subtree_size(reading, &row.rid)?,
                live_sessions: live.iter().map(|session| session_view(reading, session)).collect::<Result<_, _>>()?,
                gateways: gateways.iter().map(|gateway| gateway_view(reading, gateway, now)).collect::<Result<_, _>>()?,
                not_undone: not_undone(reading, &row)?,
                target: viewer.view(row)?,
            })
        })
    }

    /// Revokes a grant and with it everything below. Gateways of this vault that run apply it within a second; see [`Vault::revoke_receipt`].
    ///
    /// # Errors
    /// As [`Vault::grant`]; [`VaultError::Revoked`] if it is revoked already; or if the vault is locked.
    pub fn revoke(&mut self, reference: &str, why: &RevokeReason) -> Result<RevokeReceipt, VaultError> {
        let now = self.now();
        let row = self.store.read(|reading| grant_row(reading, reference))?;
        let entry = NewRevocation {
            rid: row.rid,
            service: row.service,
            // Once the chain has expired, it is refused for that. A grant always has an expiry.
            drop_after: row.link.expires.unwrap_or(UnixSeconds::new(u64::from(u32::MAX))),
            at: now,
            reason: why.reason.word().into(),
            note: why.note.clone(),
        };
        let detail = serde_json::json!({ "rid": row.rid.to_string(), "reason": why.reason.word(), "note": why.note });
        self.change_with("grant.revoke", &row.name, detail, Vec::new(), |tx| {
            if revocation::insert(tx, &entry)? { Ok(()) } else { Err(VaultError::Revoked { name: row.name.clone() }) }
        })?;
        self.revoke_receipt(&row.rid.to_string())
    }

    /// What has become of a revocation: ask again until nothing is pending.
    ///
    /// # Errors
    /// As [`Vault::grant`]; [`VaultError::NotFound`] if it was not revoked itself.
    pub fn revoke_receipt(&self, reference: &str) -> Result<RevokeReceipt, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let row = grant_row(reading, reference)?;
            let at = row.revoked.as_ref().map(|revoked| revoked.at);
            let at = at.ok_or_else(|| VaultError::NotFound { what: "revocation", name: reference.into() })?;
            let gateways = receipt_lines(reading, &row, now)?;
            let pending = gateways.iter().filter(|line| line.applied.is_none() && line.gateway.alive).count();
            Ok(RevokeReceipt {
                refused: grant::subtree_size(reading, &row.rid)?,
                at: at.as_u64(),
                pending: u64::try_from(pending).unwrap_or(u64::MAX),
                gateways,
                grant: Viewer::new(reading, now).view(row)?,
            })
        })
    }
}

fn receipt_lines(reading: &Reading<'_>, row: &Grant, now: UnixSeconds) -> Result<Vec<ReceiptLine>, VaultError> {
    let receipts = receipt::of(reading, &row.rid)?;
    // One that is not listed any more has expired as well.
    let place = revocation::by_rid(reading, &row.rid)?.map_or(0, |revocation| revocation.seq);
    let mut lines = Vec::new();
    for gateway in running_gateways(reading, row.service, now)? {
        let receipt = receipts.iter().find(|receipt| receipt.gateway == gateway.id);
        lines.push(ReceiptLine {
            gateway: gateway_view(reading, &gateway, now)?,
            applied: receipt.map(|receipt| receipt.applied).or((place <= gateway.known).then_some(gateway.run.started)).map(UnixSeconds::as_u64),
            sessions_cut: receipt.map_or(0, |receipt| receipt.sessions_cut),
        });
    }
    Ok(lines)
}

/// What a revocation leaves as it is, said before it is made.
fn not_undone(reading: &Reading<'_>, row: &Grant) -> Result<Vec<String>, VaultError> {
    let mut sentences = vec!["What was read or copied through it stays read.".to_owned()];
    if let Some(holder) = &row.link.holder {
        let others = grant::by_holder(reading, holder, Page { offset: 0, limit: 20 })?;
        for other in others.iter().filter(|other| other.service != row.service && other.revoked.is_none()) {
            let name = service::by_id(reading, other.service)?.map(|service| service.name).unwrap_or_default();
            sentences.push(format!("The same key still reaches {name} with the grant `{}`.", other.name));
        }
    }
    Ok(sentences)
}
