//! Views of the vault, of keys and cards, and of services.

use serde::Serialize;

/// The vault as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct VaultStatus {
    /// The vault's folder.
    pub folder: String,
    /// Where secrets rest, in a few words.
    pub protection: String,
    /// The same in a sentence.
    pub protection_text: String,
    /// Whether the vault was locked for all processes.
    pub locked: bool,
    /// Whether this process gets at the secrets.
    pub unlocked: bool,
    /// Keys of one's own.
    pub keys: u64,
    /// Key cards of others.
    pub cards: u64,
    /// Services, served here or known by their card.
    pub services: u64,
    /// Grants, revoked and expired ones included.
    pub grants: u64,
    /// Capabilities held.
    pub capabilities: u64,
}

/// A key of one's own, or the key card of someone else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct KeyView {
    /// Its name in this vault.
    pub name: String,
    /// Whether the private half is here.
    pub own: bool,
    /// The fingerprint of the Noise key, `ab12-cd34-ef56-7890`.
    pub fingerprint: String,
    /// The fingerprint in full: 64 hex digits in groups of four.
    pub fingerprint_full: String,
    /// The key card's text, `keycap1…`, to give to others.
    pub card: String,
    /// The age recipient, `age1…`.
    pub age_recipient: String,
    /// Whether someone compared the fingerprint with its owner; own keys are verified.
    pub verified: bool,
    /// A note.
    pub note: String,
    /// When it came into the vault.
    pub created: u64,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServiceView {
    /// Its name in this vault.
    pub name: String,
    /// The fingerprint of its public key.
    pub fingerprint: String,
    /// The fingerprint in full.
    pub fingerprint_full: String,
    /// The label under which DNS may give its address.
    pub dns_label: String,
    /// The service card's text, `keycap-service1…`.
    pub card: String,
    /// Whether it can be served and minted for from here.
    pub can_serve: bool,
    /// Its realm, if it has one.
    pub realm: Option<String>,
    /// The epoch in which it mints.
    pub epoch: u32,
    /// Grants of earlier epochs than this are revoked.
    pub min_epoch: u32,
    /// Where it may be found.
    pub hints: Vec<String>,
    /// What was granted.
    pub grants: GrantCounts,
    /// A note.
    pub note: String,
    /// When it came into the vault.
    pub created: u64,
}

/// How many grants a service has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GrantCounts {
    /// All of them.
    pub all: u64,
    /// Those that the service minted itself.
    pub minted: u64,
    /// Those that were revoked themselves.
    pub revoked: u64,
}
