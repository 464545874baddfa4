//! Changes that can be taken back: each knows what undoes it.

use keycap_vault::view::GroupView;
use keycap_vault::{Vault, VaultError};

/// A change that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Another name for a key or key card.
    RenameKey { name: String, to: String },
    /// Another name for a service.
    RenameService { name: String, to: String },
    /// Another name for a capability.
    RenameCapability { name: String, to: String },
    /// Whether a key card was compared with its owner.
    Verified { name: String, verified: bool },
    /// Where a service may be found.
    Hints { name: String, hints: Vec<String> },
    /// Where a capability's service is found.
    Gateway { name: String, gateway: Option<String> },
    /// A group of these.
    NewGroup { name: String, members: Vec<String> },
    /// No such group any more.
    ForgetGroup { name: String },
    /// More members of a group.
    Join { name: String, members: Vec<String> },
    /// Fewer members of a group.
    Leave { name: String, members: Vec<String> },
}

impl Change {
    /// Does it, and gives what takes it back.
    ///
    /// # Errors
    /// Whatever the vault says.
    pub(super) fn run(&self, vault: &mut Vault) -> Result<Self, VaultError> {
        Ok(match self {
            Self::RenameKey { name, to } => {
                vault.rename_key(name, to)?;
                Self::RenameKey { name: to.clone(), to: name.clone() }
            }
            Self::RenameService { name, to } => {
                vault.rename_service(name, to)?;
                Self::RenameService { name: to.clone(), to: name.clone() }
            }
            Self::RenameCapability { name, to } => {
                vault.rename_capability(name, to)?;
                Self::RenameCapability { name: to.clone(), to: name.clone() }
            }
            Self::Verified { name, verified } => {
                let before = vault.key(name)?.verified;
                vault.set_card_verified(name, *verified)?;
                Self::Verified { name: name.clone(), verified: before }
            }
            Self::Hints { name, hints } => {
                let before = vault.service(name)?.hints;
                vault.set_service_hints(name, hints.clone())?;
                Self::Hints { name: name.clone(), hints: before }
            }
            Self::Gateway { name, gateway } => {
                let before = vault.capability(name)?.gateway;
                vault.set_gateway(name, gateway.as_deref())?;
                Self::Gateway { name: name.clone(), gateway: before }
            }
            Self::NewGroup { name, members } => {
                vault.new_group(name, members)?;
                Self::ForgetGroup { name: name.clone() }
            }
            Self::ForgetGroup { name } => {
                let before = named(&vault.group(name)?);
                vault.remove_group(name)?;
                Self::NewGroup { name: name.clone(), members: before }
            }
            Self::Join { name, members } => {
                let before = named(&vault.group(name)?);
                let after = named(&vault.add_to_group(name, members)?);
                Self::Leave { name: name.clone(), members: without(after, &before) }
            }
            Self::Leave { name, members } => {
                let before = named(&vault.group(name)?);
                let after = named(&vault.remove_from_group(name, members)?);
                Self::Join { name: name.clone(), members: without(before, &after) }
            }
        })
    }

    /// What was done, in a sentence.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::RenameKey { name, to } | Self::RenameService { name, to } | Self::RenameCapability { name, to } => {
                format!("{name} is called {to} now")
            }
            Self::Verified { name, verified: true } => format!("{name} is marked as verified"),
            Self::Verified { name, verified: false } => format!("{name} is not marked as verified any more"),
            Self::Hints { name, hints } if hints.is_empty() => format!("{name} says nowhere where it is found"),
            Self::Hints { name, hints } => format!("{name} may be found at {}", hints.join(", ")),
            Self::Gateway { name, gateway: Some(gateway) } => format!("the gateway of {name} is at {gateway}"),
            Self::Gateway { name, gateway: None } => format!("{name} is found where it says itself"),
            Self::NewGroup { name, members } if members.is_empty() => format!("the group {name} is there, with nobody in it"),
            Self::NewGroup { name, members } => format!("the group {name} is {}", members.join(", ")),
            Self::ForgetGroup { name } => format!("the group {name} is forgotten; its members stay"),
            Self::Join { name, members } => format!("in {name} now: {}", members.join(", ")),
            Self::Leave { name, members } => format!("not in {name} any more: {}", members.join(", ")),
        }
    }
}

/// The members that can be named. One whose card is not here any more cannot: nothing could be sealed to it, and nothing brings it back.
fn named(group: &GroupView) -> Vec<String> {
    group.members.iter().filter_map(|member| member.name.clone()).collect()
}

fn without(mut members: Vec<String>, others: &[String]) -> Vec<String> {
    members.retain(|member| !others.contains(member));
    members
}
