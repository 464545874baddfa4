//! Views of groups.

use serde::Serialize;

/// A named set of recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Who is in it: keys and key cards first.
    pub members: Vec<MemberView>,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MemberView {
    /// The name of the key or card, or the recipient as it is written out; `None`: the card is not in this vault any more.
    pub name: Option<String>,
    /// The key's fingerprint; `None`: it is written out.
    pub fingerprint: Option<String>,
    /// Whether it is a key of one's own, or a card whose fingerprint was compared with its owner.
    pub verified: bool,
}
