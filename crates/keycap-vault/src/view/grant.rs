//! Views of grants: what was handed out, what a revocation would end, and what it ended.

use serde::Serialize;

use super::live::{GatewayView, SessionView};

/// What becomes of a grant when it is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It works.
    Active,
    /// It works, and expires within a day.
    Soon,
    /// Its time has not come.
    NotYet,
    /// It, or one above it, has expired.
    Expired,
    /// It, one above it, or its whole epoch was revoked.
    Revoked,
}

impl State {
    /// The word that stands for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Soon => "soon",
            Self::NotYet => "not yet",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A holder as this vault knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HolderView {
    /// The name of the key or key card, if there is one.
    pub name: Option<String>,
    /// The fingerprint of its Noise key.
    pub fingerprint: String,
    /// Whether someone compared the fingerprint with its owner.
    pub verified: bool,
}

/// A grant: a capability that was minted or shared here, or a delegation that a gateway has met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GrantView {
    /// Its revocation id, 32 hex digits. Any beginning of at least 4 that is unique names it.
    pub rid: String,
    /// The service's name.
    pub service: String,
    /// For whom it is; what was met at a gateway has no name, so the first 8 digits of its block's id stand here.
    pub name: String,
    /// `minted`, `shared` or `met`.
    pub origin: &'static str,
    /// The rid of the grant above it.
    pub parent: Option<String>,
    /// The epoch of its root secret.
    pub epoch: u32,
    /// The key it is bound to by its own block; `None`: whoever has it can use it, unless one above names a holder.
    pub holder: Option<HolderView>,
    /// What becomes of it now.
    pub state: State,
    /// What it allows, in a sentence.
    pub allows: String,
    /// When it was minted, shared or met.
    pub created: u64,
    /// The least expiry of its whole chain.
    pub expires: Option<u64>,
    /// When it was first handed out from here.
    pub shared: Option<u64>,
    /// How it was used.
    pub usage: UsageView,
    /// Its own revocation, or that of the nearest revoked grant above it.
    pub revoked: Option<RevokedView>,
    /// How many grants stand directly below it.
    pub children: u64,
}

/// How a grant was used, as the gateways of this vault have seen it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct UsageView {
    /// The first session.
    pub first: Option<u64>,
    /// The last session.
    pub last: Option<u64>,
    /// The address of the last session.
    pub from: Option<String>,
    /// Sessions in all.
    pub uses: u64,
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RevokedView {
    /// When.
    pub at: u64,
    /// Why: `leaked`, `left`, `superseded`, `test`, `other`, or `epoch` if everything of its epoch was.
    pub reason: String,
    /// A note.
    pub note: String,
    /// The rid of the grant that was revoked, if it is one above.
    pub by: Option<String>,
}

/// One line of the tree of grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GrantRow {
    /// How deep it stands; 0 for what the service minted.
    pub depth: u32,
    /// For each depth up to its own, whether it, or the grant above it there, is the last of its siblings: what a tree's lines are drawn from.
    pub last: Vec<bool>,
    /// The grant.
    pub grant: GrantView,
}

/// A page of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GrantsPage {
    /// How many minted grants there are in all (with a search: how many grants match).
    pub total: u64,
    /// How many of them come before this page.
    pub offset: u64,
    /// How many of them this page shows.
    pub shown: u64,
    /// The lines, in the order of the tree.
    pub rows: Vec<GrantRow>,
}

/// What would be minted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MintPreview {
    /// What it allows, in a sentence.
    pub sentence: String,
    /// What the operator should know before it exists.
    pub warnings: Vec<String>,
    /// When it expires.
    pub expires: u64,
    /// To whom it is bound.
    pub holder: Option<HolderView>,
    /// The command line that mints the same.
    pub command: String,
}

/// What a revocation would end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RevokePreview {
    /// What would be revoked.
    pub target: GrantView,
    /// It and what dies with it, in the order of the tree; at most [`RevokePreview::SHOWN`].
    pub dies: Vec<GrantRow>,
    /// How many die in all.
    pub dies_total: u64,
    /// Sessions that would be cut.
    pub live_sessions: Vec<SessionView>,
    /// Gateways that would have to apply it.
    pub gateways: Vec<GatewayView>,
    /// What a revocation does not undo.
    pub not_undone: Vec<String>,
}

impl RevokePreview {
    /// How many of the grants that die a preview lists.
    pub const SHOWN: u32 = 200;
}

/// What a revocation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RevokeReceipt {
    /// What was revoked.
    pub grant: GrantView,
    /// When.
    pub at: u64,
    /// How many grants are refused from now on: it and those below it.
    pub refused: u64,
    /// Which gateways of the service have applied it.
    pub gateways: Vec<ReceiptLine>,
    /// How many gateways that run have not yet.
    pub pending: u64,
}

/// One gateway's part in a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ReceiptLine {
    /// The gateway.
    pub gateway: GatewayView,
    /// When it applied the revocation; `None`: not yet.
    pub applied: Option<u64>,
    /// How many live sessions it cut.
    pub sessions_cut: u64,
}
