//! The registry of actions: everything that keycap can be asked to do, with its words, its danger, its key, and why it cannot be done now.
//!
//! Help, hints, palettes, menus and shortcut sheets are made from this one list, so that an action has the same name and the same description
//! wherever it shows, and an action that cannot be done now says why instead of hiding.

mod registry;

use registry::REGISTRY;

/// Something keycap can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// A stable name for programs, such as `key.new`.
    pub id: &'static str,
    /// What a button or a menu says, such as `New key`.
    pub label: &'static str,
    /// What it does: one sentence.
    pub description: &'static str,
    /// The most that can come of it.
    pub danger: Danger,
    /// The key that starts it in the terminal interface, if it has one of its own.
    pub key: Option<Binding>,
    /// The words after `keycap` on the command line, such as `["key", "new"]`.
    pub verb: &'static [&'static str],
    /// A command line that does it, as a person would type it.
    pub example: &'static str,
    /// What has to be there first, in the order in which it is asked for.
    needs: &'static [Need],
}

/// How much an action asks of the person before it is done.
///
/// This is the most that an action can come to. Where less is at stake (a grant with nothing below it, a capability shared sealed to its
/// recipient), a face asks for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Nothing is lost by it.
    None,
    /// It changes something that can be changed back: done at once, and told.
    Mild,
    /// It is asked first, with No as the answer that comes by itself.
    Moderate,
    /// It cannot be taken back: the name of what it concerns has to be typed.
    Severe,
}

/// A key on the keyboard, and where it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The key, as it is written in help: `m`, `L`, `Enter`.
    pub key: &'static str,
    /// Where it works.
    pub place: Place,
}

/// A part of the screen, for keys that mean different things in different parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Wherever one is.
    Everywhere,
    /// In lists of keys and key cards.
    Keys,
    /// In lists of groups of recipients.
    Groups,
    /// In lists of services.
    Services,
    /// In trees of grants.
    Grants,
    /// In lists of held capabilities.
    Capabilities,
    /// Where files are chosen.
    Files,
}

impl Place {
    /// Whether a key here and the same key there could both be meant by one keystroke.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self == other || self == Self::Everywhere || other == Self::Everywhere
    }
}

/// What there is, as far as it decides which actions can be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActionContext {
    /// Whether there is a vault.
    pub has_vault: bool,
    /// Whether the vault was locked for all processes.
    pub locked: bool,
    /// Whether the secrets are sealed in the ledger; otherwise each is an item in the keyring.
    pub sealed: bool,
    /// Keys of one's own and key cards of others.
    pub keys: u64,
    /// Services, those known by their card only included.
    pub services: u64,
    /// Grants of those services.
    pub grants: u64,
    /// Capabilities held.
    pub capabilities: u64,
}

/// Keys that belong to the terminal interface itself, so that no action may have one.
pub const RESERVED_KEYS: &[&str] = &[
    "?",
    "Ctrl-p",
    ":",
    "/",
    "Tab",
    "g",
    "Esc",
    "q",
    "Ctrl-c",
    "T",
    "z",
    "Z",
    "r",
    "Ctrl-z",
    "j",
    "k",
    "Up",
    "Down",
    "PgUp",
    "PgDn",
    "Home",
    "End",
    "Space",
    "v",
    "y",
    "d",
    "Ctrl-d",
    "Backspace",
    "Delete",
];

/// Every action, in the order of the command line's help.
#[must_use]
pub fn actions() -> &'static [Action] {
    &REGISTRY
}

/// The action with this id.
#[must_use]
pub fn action(id: &str) -> Option<&'static Action> {
    REGISTRY.iter().find(|action| action.id == id)
}

/// The action that these words after `keycap` do.
#[must_use]
pub fn action_of_verb(verb: &[&str]) -> Option<&'static Action> {
    REGISTRY.iter().find(|action| action.verb == verb)
}

impl Action {
    /// Why it cannot be done now, in a sentence that says what to do about it; `None` if it can.
    #[must_use]
    pub fn disabled(&self, context: &ActionContext) -> Option<String> {
        self.needs.iter().find(|need| !need.met(context)).map(|need| need.missing().to_owned())
    }

    /// Whether it needs a vault at all; the others can be done on any machine.
    #[must_use]
    pub fn needs_vault(&self) -> bool {
        self.needs.contains(&Need::Vault)
    }
}

/// What an action needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Vault,
    NoVault,
    Open,
    Locked,
    Sealed,
    Key,
    Service,
    Grant,
    Capability,
    Shareable,
    Explainable,
}

impl Need {
    fn met(self, context: &ActionContext) -> bool {
        match self {
            Self::Vault => context.has_vault,
            Self::NoVault => !context.has_vault,
            Self::Open => !context.locked,
            Self::Locked => context.locked,
            Self::Sealed => context.sealed,
            Self::Key => context.keys > 0,
            Self::Service => context.services > 0,
            Self::Grant => context.grants > 0,
            Self::Capability => context.capabilities > 0,
            Self::Shareable => context.keys + context.services + context.grants + context.capabilities > 0,
            Self::Explainable => context.grants + context.capabilities > 0,
        }
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Vault => "There is no vault yet; create one with `keycap vault init`.",
            Self::NoVault => "There is a vault already; name another folder with --vault to create a second one.",
            Self::Open => "The vault is locked; unlock it with `keycap vault unlock`.",
            Self::Locked => "The vault is not locked.",
            Self::Sealed => "Each secret is an item of its own in the keyring, whose password is the system's to change.",
            Self::Key => "There are no keys and key cards yet; make a key with `keycap key new`, or take in a card with `keycap add`.",
            Self::Service => "There are no services yet; make one with `keycap service new`.",
            Self::Grant => "Nothing was granted yet; mint a capability with `keycap mint`.",
            Self::Capability => "You hold no capabilities yet; take one in with `keycap add`.",
            Self::Shareable => "There is nothing to share yet; mint a capability with `keycap mint`, or take one in with `keycap add`.",
            Self::Explainable => "There is nothing to explain yet; mint a capability with `keycap mint`, or take one in with `keycap add`.",
        }
    }
}

#[cfg(test)]
mod tests;
