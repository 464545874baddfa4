//! Views of the holder's side: capabilities held, taken in, narrowed, shared and explained.

use serde::Serialize;

use super::grant::{HolderView, State};

/// A capability held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CapabilityView {
    /// Its name in this vault.
    pub name: String,
    /// The service's name, if this vault knows it.
    pub service: Option<String>,
    /// The fingerprint of the service's key.
    pub service_fingerprint: String,
    /// What becomes of it now, as far as a holder can tell: only the service knows what it revoked.
    pub state: State,
    /// What it allows, in a sentence.
    pub allows: String,
    /// The key it is bound to; `None`: whoever has it can use it.
    pub holder: Option<HolderView>,
    /// Whether it is bound to a key that is not in this vault: it can be looked at, not used.
    pub foreign_holder: bool,
    /// The least expiry of its chain.
    pub expires: Option<u64>,
    /// The name of the capability that it was delegated from, in this vault.
    pub parent: Option<String>,
    /// Where the service may be found, as the capability says.
    pub hints: Vec<String>,
    /// Where the user said it is found.
    pub gateway: Option<String>,
    /// When it came into the vault.
    pub added: u64,
    /// A note.
    pub note: String,
    /// Its chain, the grant first.
    pub blocks: Vec<BlockView>,
}

/// One block of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BlockView {
    /// `grant`, `link` or `hand-off`.
    pub kind: &'static str,
    /// Its 8 random bytes in hex.
    pub id: String,
    /// Its caveats: name and value, as people read them.
    pub caveats: Vec<(String, String)>,
}

/// What a pasted, scanned or opened text holds, before anything is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IncomingView {
    /// `capability`, `key-card` or `service-card`.
    pub kind: &'static str,
    /// What it is, in a sentence.
    pub title: String,
    /// The fingerprint of the key in it: the service's, or the card's.
    pub fingerprint: String,
    /// The name under which this vault knows that key.
    pub known_as: Option<String>,
    /// What it allows, in a sentence; empty for cards.
    pub allows: String,
    /// The key that a capability is bound to.
    pub holder: Option<HolderView>,
    /// When a capability expires.
    pub expires: Option<u64>,
    /// The name it would get.
    pub suggested_name: String,
    /// The name under which the same is here already.
    pub duplicate_of: Option<String>,
    /// What one should know before taking it in.
    pub warnings: Vec<String>,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AddedView {
    /// `capability`, `key-card` or `service-card`.
    pub kind: &'static str,
    /// Its name in this vault.
    pub name: String,
    /// The name of what it replaced.
    pub replaced: Option<String>,
}

/// What would be delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DelegatePreview {
    /// What it would allow, in a sentence.
    pub sentence: String,
    /// What the holder should know before it exists.
    pub warnings: Vec<String>,
    /// Whether it is a hand-off: bound to one key before, to another afterwards.
    pub hand_off: bool,
    /// The command line that delegates the same.
    pub command: String,
}

/// What is being shared. The text itself is not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SharedView {
    /// `capability`, `key-card` or `service-card`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What whoever receives it can do, in a sentence.
    pub sentence: String,
    /// Whether the text is secret.
    pub secret: bool,
    /// Whether a link was added, so that this share can be revoked without those before.
    pub reissued: bool,
    /// The revocation id of a share of a grant.
    pub rid: Option<String>,
}

/// What a chain says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExplainView {
    /// The capability or grant that was asked about.
    pub name: String,
    /// Whether nothing says no.
    pub allowed: bool,
    /// The answer in a sentence.
    pub summary: String,
    /// One finding a caveat, in the order of the chain.
    pub findings: Vec<FindingView>,
}

/// What one caveat says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FindingView {
    /// The block's place in the chain, from 0.
    pub block: u64,
    /// `grant`, `link` or `hand-off`.
    pub kind: &'static str,
    /// The caveat's name; `None` for what the chain as a whole says.
    pub caveat: Option<String>,
    /// The caveat's value, as people read it.
    pub value: String,
    /// Whether it holds.
    pub holds: bool,
    /// Why not.
    pub reason: Option<String>,
}
