//! What is said of a file that was opened: with what, from whom, by whose leave.

use keycap_core::chain::{Refusal, Rid};
use keycap_core::seal::Attribution;
use keycap_store::ledger::{Reading, grant};

use crate::error::VaultError;
use crate::keys::{holder_text, holder_view};
use crate::vault::Vault;
use crate::view::{OpenedGrant, OpenedView};

/// What of this vault opened a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenedWith {
    /// A key of one's own.
    Key {
        /// Its name.
        name: String,
    },
    /// A service's keys.
    Service {
        /// Its name.
        name: String,
    },
}

/// Whether a capability allowed what was sealed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// It did.
    Given,
    /// It did, and any other recipient of the file could have written it instead: not shown as authorised.
    Withheld {
        /// How many stanzas the header has.
        stanzas: usize,
    },
    /// It did once, and has expired or was revoked since.
    Lapsed {
        /// What says no now.
        refusal: Refusal,
    },
    /// It did not.
    Refused {
        /// What says no.
        refusal: Refusal,
    },
}

/// What the vault says of a file's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// With what it opened.
    pub with: OpenedWith,
    /// By which stanza.
    pub stanza: String,
    /// Who sealed it, where that is proven and may be shown.
    pub attribution: Attribution,
    /// Sealed to a capability: the revocation ids of its blocks, and whether it allowed that.
    pub leave: Option<(Vec<Rid>, Leave)>,
}

impl Vault {
    /// What is said of a file that was opened, with the names that this vault has for it all.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn describe_opened(&self, outcome: &Outcome) -> Result<OpenedView, VaultError> {
        self.store.read(|reading| describe(reading, outcome))
    }
}

fn describe(reading: &Reading<'_>, outcome: &Outcome) -> Result<OpenedView, VaultError> {
    let (kind, with) = match &outcome.with {
        OpenedWith::Key { name } => ("key", name.clone()),
        OpenedWith::Service { name } => ("service", name.clone()),
    };
    let sender = match outcome.attribution {
        Attribution::Sender(key) => Some(holder_view(reading, &key)?),
        Attribution::Anonymous | Attribution::Withheld { .. } => None,
    };
    let mut notes = Vec::new();
    if let Attribution::Withheld { stanzas } = outcome.attribution {
        notes.push(format!("its sender is not shown: its header has {stanzas} stanzas, and whoever one of them is for could have written it"));
    }
    let (mut grant, mut authorised) = (None, None);
    let mut says = match &sender {
        Some(sender) => format!("sealed by {}", holder_text(sender)),
        None => "sealed by somebody who does not show who".to_owned(),
    };
    if let Some((rids, leave)) = &outcome.leave {
        let named = rids.iter().rev().find_map(|rid| grant::by_rid(reading, rid).transpose()).transpose()?;
        let last = rids.last().map(Rid::to_string).unwrap_or_default();
        let name = named.as_ref().map(|row| row.name.clone()).filter(|name| !name.is_empty());
        let what = name.as_ref().map_or_else(|| format!("a capability of {with}"), |name| format!("the grant {name} of {with}"));
        grant = Some(OpenedGrant { rid: last, name });
        authorised = Some(*leave == Leave::Given);
        match leave {
            Leave::Given => says = format!("{says}, with {what}"),
            Leave::Withheld { stanzas } => {
                says = format!("{says}, with {what}");
                notes.push(format!(
                    "it is not shown as authorised: its header has {stanzas} stanzas, and whoever one of them is for could have written it"
                ));
            }
            Leave::Lapsed { refusal } => {
                says = format!("{says}, with {what}, which does not allow it any more");
                notes.push(format!("not authorised: {refusal}"));
            }
            Leave::Refused { refusal } => {
                says = format!("{says}, with {what}, which does not allow it");
                notes.push(format!("not authorised: {refusal}"));
            }
        }
    }
    Ok(OpenedView { stanza: outcome.stanza.clone(), opened_with: kind, name: with, sender, grant, authorised, sentence: says, notes })
}
