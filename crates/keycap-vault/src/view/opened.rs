//! Views of what was opened: by which key or service, from whom, by whose leave.

use serde::Serialize;

use super::grant::HolderView;

/// What the vault says of a sealed file that it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenedView {
    /// The stanza of the header that opened: `X25519`, `keycap1-N` and so on.
    pub stanza: String,
    /// `key` or `service`: what of this vault opened it.
    pub opened_with: &'static str,
    /// The name of that key or service.
    pub name: String,
    /// Who sealed it, where that is proven and the file has no other recipient.
    pub sender: Option<HolderView>,
    /// The grant with which it was sealed, if it was sealed to a service's capability.
    pub grant: Option<OpenedGrant>,
    /// Whether that capability allowed it, now and alone; `None`: it was sealed to a key.
    pub authorised: Option<bool>,
    /// All of it in a sentence.
    pub sentence: String,
    /// What to know besides: why a sender is not shown, why it is not authorised.
    pub notes: Vec<String>,
}

/// The grant with which something was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenedGrant {
    /// The revocation id of the capability's last block, 32 hex digits.
    pub rid: String,
    /// The name of the grant, or of the nearest above it that this vault knows.
    pub name: Option<String>,
}

/// What age and rage are given so that they seal or open by `age-plugin-keycap`. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AgeHandleView {
    /// `recipient` or `identity`.
    pub kind: &'static str,
    /// The name of the key, capability or service that it stands for.
    pub name: String,
    /// `age1keycap1…` or `AGE-PLUGIN-KEYCAP-1…`.
    pub text: String,
    /// The stanza that a recipient writes, such as `keycap1-N`.
    pub stanza: Option<&'static str>,
    /// What it is good for, in a sentence.
    pub sentence: String,
    /// What to know besides.
    pub notes: Vec<String>,
}
