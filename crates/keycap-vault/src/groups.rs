//! Groups: named sets of recipients, so that files go to all of a team by one name.
//!
//! A group holds keys and key cards by their public keys, so that a card that is renamed stays a member, and other recipients as they are
//! written. It rests in the ledger as a setting, `group.NAME`: `{"keys": [64 hex digits…], "others": [text…]}`, and travels with backups.

use keycap_core::key::PublicKey;
use keycap_store::ledger::{Reading, capability, card, key, meta};
use serde_json::{Value, json};

use crate::error::VaultError;
use crate::keys::{holder_key, holder_view};
use crate::vault::{Vault, check_name};
use crate::view::{GroupView, MemberView};

/// What the names of settings begin with that are groups.
const PREFIX: &str = "group.";

/// The members of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Noise keys of keys and key cards.
    pub(crate) keys: Vec<PublicKey>,
    /// Recipients that are written out.
    pub(crate) others: Vec<String>,
}

impl Vault {
    /// All groups, by name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn groups(&self) -> Result<Vec<GroupView>, VaultError> {
        self.store.read(|reading| {
            let settings = meta::all(reading)?;
            let groups = settings.iter().filter_map(|(name, value)| Some((name_of_setting(name)?, value)));
            groups.map(|(name, value)| view(reading, name, &Group::parse(name, value)?)).collect()
        })
    }

    /// One group.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or if the ledger cannot be read.
    pub fn group(&self, name: &str) -> Result<GroupView, VaultError> {
        self.store.read(|reading| view(reading, name, &existing(reading, name)?))
    }

    /// Makes a group of these: names of keys and key cards, and recipients that are written out.
    ///
    /// # Errors
    /// [`VaultError::NameTaken`] by a group, key, card or capability; [`VaultError::BadName`]; [`VaultError::NotFound`] for a member.
    pub fn new_group(&mut self, name: &str, members: &[String]) -> Result<GroupView, VaultError> {
        check_name(name)?;
        self.change("group.new", name, Vec::new(), |tx| {
            refuse_taken(tx, name)?;
            let mut group = Group::default();
            group.add(tx, members)?;
            Ok(meta::set_text(tx, &setting(name), Some(&group.text()))?)
        })?;
        self.group(name)
    }

    /// Adds members; those that are in it already stay once.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for the group or a member.
    pub fn add_to_group(&mut self, name: &str, members: &[String]) -> Result<GroupView, VaultError> {
        self.change_with("group.add", name, json!(members), Vec::new(), |tx| {
            let mut group = existing(tx, name)?;
            group.add(tx, members)?;
            Ok(meta::set_text(tx, &setting(name), Some(&group.text()))?)
        })?;
        self.group(name)
    }

    /// Takes members out; one whose card is not here any more is named by its fingerprint. What is sealed already stays open to them.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for the group, or for what is no member of it.
    pub fn remove_from_group(&mut self, name: &str, members: &[String]) -> Result<GroupView, VaultError> {
        self.change_with("group.remove", name, json!(members), Vec::new(), |tx| {
            let mut group = existing(tx, name)?;
            for member in members {
                group.remove(tx, member)?;
            }
            Ok(meta::set_text(tx, &setting(name), Some(&group.text()))?)
        })?;
        self.group(name)
    }

    /// Forgets a group; its members stay in the vault.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn remove_group(&mut self, name: &str) -> Result<(), VaultError> {
        self.change("group.remove", name, Vec::new(), |tx| {
            existing(tx, name)?;
            Ok(meta::set_text(tx, &setting(name), None)?)
        })
    }
}

impl Group {
    /// The group with this name, if there is one.
    pub(crate) fn by_name(reading: &Reading<'_>, name: &str) -> Result<Option<Self>, VaultError> {
        meta::text(reading, &setting(name))?.map(|text| Self::parse(name, &text)).transpose()
    }

    /// Reads a setting's value.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, VaultError> {
        let wrong = || VaultError::Inconsistent { what: format!("the group {name}") };
        let value: Value = serde_json::from_str(text).map_err(|_| wrong())?;
        let list = |field: &str| value.get(field).and_then(Value::as_array).ok_or_else(wrong);
        let mut group = Self::default();
        for key in list("keys")? {
            let bytes = key.as_str().and_then(|key| hex::decode(key).ok()).ok_or_else(wrong)?;
            group.keys.push(PublicKey::parse_slice(&bytes).map_err(|_| wrong())?);
        }
        for other in list("others")? {
            group.others.push(other.as_str().ok_or_else(wrong)?.to_owned());
        }
        Ok(group)
    }

    fn text(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|key| hex::encode(key.as_bytes())).collect();
        json!({ "keys": keys, "others": self.others }).to_string()
    }

    fn add(&mut self, reading: &Reading<'_>, members: &[String]) -> Result<(), VaultError> {
        for member in members {
            if is_written_out(member) {
                if !self.others.contains(member) {
                    self.others.push(member.clone());
                }
                continue;
            }
            let key = own_or_card(reading, member)?;
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        Ok(())
    }

    fn remove(&mut self, reading: &Reading<'_>, member: &str) -> Result<(), VaultError> {
        let before = self.keys.len() + self.others.len();
        let named = holder_key(reading, member).ok();
        self.keys.retain(|key| Some(key) != named.as_ref() && key.kid().short() != member);
        self.others.retain(|other| other != member);
        if self.keys.len() + self.others.len() == before {
            return Err(VaultError::NotFound { what: "member", name: member.to_owned() });
        }
        Ok(())
    }
}

/// The names of all groups.
pub(crate) fn names(reading: &Reading<'_>) -> Result<Vec<String>, VaultError> {
    Ok(meta::all(reading)?.into_iter().filter_map(|(name, _)| name_of_setting(&name).map(str::to_owned)).collect())
}

/// The name of the group that a setting holds, if it holds one.
pub(crate) fn name_of_setting(setting: &str) -> Option<&str> {
    setting.strip_prefix(PREFIX)
}

fn setting(name: &str) -> String {
    format!("{PREFIX}{name}")
}

fn existing(reading: &Reading<'_>, name: &str) -> Result<Group, VaultError> {
    Group::by_name(reading, name)?.ok_or_else(|| VaultError::NotFound { what: "group", name: name.to_owned() })
}

/// Whatever can be named where recipients are.
fn refuse_taken(reading: &Reading<'_>, name: &str) -> Result<(), VaultError> {
    let taken = |what| Err(VaultError::NameTaken { what, name: name.to_owned() });
    if Group::by_name(reading, name)?.is_some() {
        return taken("group");
    }
    if key::by_name(reading, name)?.is_some() || card::by_name(reading, name)?.is_some() {
        return taken("key or key card");
    }
    if capability::by_name(reading, name)?.is_some() {
        return taken("capability");
    }
    Ok(())
}

/// A member has to be in the vault, where it can be compared with its owner.
fn own_or_card(reading: &Reading<'_>, name: &str) -> Result<PublicKey, VaultError> {
    match (key::by_name(reading, name)?, card::by_name(reading, name)?) {
        (Some(row), _) => Ok(row.noise),
        (None, Some(row)) => Ok(row.noise),
        (None, None) => Err(VaultError::NotFound { what: "key or key card", name: name.to_owned() }),
    }
}

/// Whether it is a recipient itself and no name: what age and its plugins write, and SSH.
#[must_use]
pub fn is_written_out(text: &str) -> bool {
    let text = text.to_lowercase();
    text.starts_with("age1") || ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|prefix| text.starts_with(prefix))
}

fn view(reading: &Reading<'_>, name: &str, group: &Group) -> Result<GroupView, VaultError> {
    let mut members = Vec::with_capacity(group.keys.len() + group.others.len());
    for key in &group.keys {
        let holder = holder_view(reading, key)?;
        members.push(MemberView { name: holder.name, fingerprint: Some(holder.fingerprint), verified: holder.verified });
    }
    members.extend(group.others.iter().map(|other| MemberView { name: Some(other.clone()), fingerprint: None, verified: false }));
    Ok(GroupView { name: name.to_owned(), members })
}
