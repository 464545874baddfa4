//! To whom files are sealed, as people name them.

use std::fmt;
use std::sync::Arc;

use age::Recipient;
use age::secrecy::SecretString;
use keycap_core::secret::SecretText;
use keycap_store::ledger::{Page, Reading, capability, card, key};
use keycap_store::unlock::Prompts;

use crate::error::VaultError;
use crate::groups::{Group, is_written_out};
use crate::seal_to::{KeycapRecipient, SealFrom};
use crate::sealing::{age_recipient, parse_recipient};
use crate::vault::Vault;
use crate::view::RecipientView;

/// To whom files are to be sealed.
pub struct SealTo {
    /// Names of keys, key cards, groups and held capabilities, with `key:`, `group:` or `cap:` where several have the name; `age1…` recipients, those of plugins
    /// included; SSH public keys.
    pub recipients: Vec<String>,
    /// Whoever knows this passphrase, who has to be alone.
    pub passphrase: Option<SecretText>,
    /// Who seals, where the reader is to know it.
    pub from: SealFrom,
    /// Whether whoever seals can open it too, by the oldest key of this vault.
    pub with_self: bool,
    /// Where plugins ask.
    pub prompts: Arc<dyn Prompts>,
}

impl fmt::Debug for SealTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealTo").field("recipients", &self.recipients).field("from", &self.from).finish_non_exhaustive()
    }
}

/// Recipients that were found, ready to be sealed to.
pub struct Recipients {
    pub(super) list: Vec<Box<dyn Recipient + Send>>,
    views: Vec<RecipientView>,
    notes: Vec<String>,
}

impl Recipients {
    /// Those of the age crate, for what is sealed without keycap's names.
    #[must_use]
    pub fn of(list: Vec<Box<dyn Recipient + Send>>) -> Self {
        Self { list, views: Vec::new(), notes: Vec::new() }
    }

    /// Recipients that need no vault: a passphrase, and those that are written out.
    ///
    /// # Errors
    /// [`VaultError::BadRequest`] if there are none, or a passphrase is not alone; or if one is malformed or its plugin missing.
    pub fn written_out(to: &SealTo) -> Result<Self, VaultError> {
        let mut found = Self::of(Vec::new());
        if let Some(passphrase) = &to.passphrase {
            if !to.recipients.is_empty() || to.from != SealFrom::default() {
                return Err(VaultError::BadRequest {
                    why: "a passphrase has to be alone in a file: whoever knows it could write the file anew".into(),
                    hint: "seal it once under the passphrase and once to the others".into(),
                });
            }
            let recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
            found.add(Box::new(recipient), "passphrase", "a passphrase", None);
            return Ok(found);
        }
        for text in &to.recipients {
            found.add_written_out(text, to)?;
        }
        found.or_nobody()
    }

    /// The recipients, for people.
    #[must_use]
    pub fn views(&self) -> &[RecipientView] {
        &self.views
    }

    /// What to know of them: who cannot be added, what may keep a service from taking it. Sentences.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn add(&mut self, recipient: Box<dyn Recipient + Send>, kind: &'static str, name: &str, stanza: Option<&'static str>) {
        // Named twice, or in a group as well: one stanza is enough.
        if self.views.iter().any(|view| view.kind == kind && view.name == name) {
            return;
        }
        self.list.push(recipient);
        self.views.push(RecipientView { kind, name: name.to_owned(), stanza, me: false });
    }

    fn add_written_out(&mut self, text: &str, to: &SealTo) -> Result<(), VaultError> {
        let kind = if text.starts_with("ssh-") { "ssh" } else { "age" };
        for recipient in keycap_store::unlock::recipients(&[text.to_owned()], Arc::clone(&to.prompts))? {
            self.add(recipient, kind, text, None);
        }
        Ok(())
    }

    fn add_keycap(&mut self, recipient: KeycapRecipient, kind: &'static str, name: &str) {
        self.notes.extend(recipient.doubts().iter().map(|doubt| format!("the service may refuse it: {doubt}")));
        let stanza = recipient.stanza();
        self.add(Box::new(recipient), kind, name, Some(stanza));
    }

    fn or_nobody(self) -> Result<Self, VaultError> {
        if self.list.is_empty() {
            return Err(VaultError::BadRequest {
                why: "it is not said to whom to seal".into(),
                hint: "name somebody with -r, or ask for a passphrase with -p".into(),
            });
        }
        Ok(self)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipients").field("views", &self.views).finish_non_exhaustive()
    }
}

/// What a name stands for.
enum Named {
    Key { name: String },
    Group { name: String, group: Group },
    Capability { name: String },
    WrittenOut { text: String },
}

impl Vault {
    /// Finds recipients by their names. Only a capability and a sender need the vault to be unlocked.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`]; [`VaultError::BadRequest`] for recipients that cannot stand beside each other; those
    /// of [`Vault::seal_to_capability`] and [`Vault::seal_to_key`]; or if one is malformed or its plugin missing.
    pub fn file_recipients(&mut self, to: &SealTo) -> Result<Recipients, VaultError> {
        if to.passphrase.is_some() {
            return Recipients::written_out(to);
        }
        let mut found = Recipients::of(Vec::new());
        let mut alone = to.from.key.is_some();
        let mut post_quantum = false;
        for name in &to.recipients {
            match self.store.read(|reading| named(reading, name))? {
                Named::Key { name } if to.from.key.is_some() => found.add_keycap(self.seal_to_key(&name, &to.from)?, "key", &name),
                Named::Key { name } => {
                    let public = self.store.read(|reading| age_key(reading, &name))?;
                    found.add(Box::new(parse_recipient(&age_recipient(&public))?), "key", &name, None);
                }
                Named::Group { name, group } => {
                    let keys = self.store.read(|reading| members(reading, &name, &group))?;
                    for (name, public) in keys {
                        found.add(Box::new(parse_recipient(&age_recipient(&public))?), "key", &name, None);
                    }
                    for text in &group.others {
                        post_quantum |= is_post_quantum(text);
                        found.add_written_out(text, to)?;
                    }
                }
                Named::Capability { name } => {
                    alone = true;
                    found.add_keycap(self.seal_to_capability(&name, &to.from)?, "capability", &name);
                }
                Named::WrittenOut { text } => {
                    post_quantum |= is_post_quantum(&text);
                    found.add_written_out(&text, to)?;
                }
            }
        }
        if alone && found.list.len() > 1 {
            return Err(VaultError::BadRequest {
                why: "what shows its sender or a capability goes to one recipient: any other could have written it".into(),
                hint: "seal it once for each of them".into(),
            });
        }
        if to.from.key.is_none() && to.from.mutual && !alone {
            return Err(VaultError::BadRequest {
                why: "a reader can know the sender beforehand only if there is one".into(),
                hint: "name a key of your own with --from, or leave out --mutual".into(),
            });
        }
        if to.with_self && !found.list.is_empty() {
            if post_quantum {
                found
                    .notes
                    .push("you are not among the recipients: your key does not resist a quantum computer, and would undo that theirs do".into());
            } else if !alone {
                self.add_self(&mut found)?;
            }
        }
        found.or_nobody()
    }

    /// Adds the oldest key of this vault, unless a key of this vault is there already.
    fn add_self(&self, found: &mut Recipients) -> Result<(), VaultError> {
        let own = self.store.read(|reading| Ok::<_, VaultError>(key::page(reading, None, Page { offset: 0, limit: u32::MAX })?))?;
        let mut there = false;
        for view in found.views.iter_mut().filter(|view| view.kind == "key" && own.iter().any(|row| row.name == view.name)) {
            view.me = true;
            there = true;
        }
        if let (false, Some(row)) = (there, own.iter().min_by_key(|row| row.id)) {
            found.list.push(Box::new(parse_recipient(&age_recipient(&row.age))?));
            found.views.push(RecipientView { kind: "key", name: row.name.clone(), stanza: None, me: true });
        }
        Ok(())
    }
}

fn age_key(reading: &Reading<'_>, name: &str) -> Result<keycap_core::key::PublicKey, VaultError> {
    match (key::by_name(reading, name)?, card::by_name(reading, name)?) {
        (Some(row), _) => Ok(row.age),
        (None, Some(row)) => Ok(row.age),
        (None, None) => Err(VaultError::NotFound { what: "key or key card", name: name.to_owned() }),
    }
}

/// The names and age keys of a group's keys. One whose card is gone is an error: leaving it out unsaid would be a surprise to it.
fn members(reading: &Reading<'_>, group: &str, members: &Group) -> Result<Vec<(String, keycap_core::key::PublicKey)>, VaultError> {
    let mut found = Vec::with_capacity(members.keys.len());
    for noise in &members.keys {
        found.push(match (key::by_noise(reading, noise)?, card::by_noise(reading, noise)?) {
            (Some(row), _) => (row.name, row.age),
            (None, Some(row)) => (row.name, row.age),
            (None, None) => {
                let fingerprint = noise.kid().short();
                return Err(VaultError::BadRequest {
                    why: format!("the group {group} has a member whose card is not in this vault any more: {fingerprint}"),
                    hint: format!("take its card in again with `keycap add`, or take it out with `keycap group remove {group} {fingerprint}`"),
                });
            }
        });
    }
    Ok(found)
}

fn is_post_quantum(text: &str) -> bool {
    text.starts_with("age1pq1") || text.starts_with("age1tagpq1")
}

fn named(reading: &Reading<'_>, given: &str) -> Result<Named, VaultError> {
    let (kind, name) = match given.split_once(':') {
        Some((kind @ ("key" | "cap" | "group"), name)) => (Some(kind), name.to_owned()),
        _ => (None, given.to_owned()),
    };
    let wanted = |this| kind.is_none_or(|kind| kind == this);
    let group = if wanted("group") { Group::by_name(reading, &name)? } else { None };
    let is_key = wanted("key") && (key::by_name(reading, &name)?.is_some() || card::by_name(reading, &name)?.is_some());
    let is_capability = wanted("cap") && capability::by_name(reading, &name)?.is_some();
    let candidates = [("key", is_key), ("cap", is_capability), ("group", group.is_some())];
    let candidates: Vec<String> = candidates.iter().filter(|(_, is)| *is).map(|(kind, _)| format!("{kind}:{name}")).collect();
    match (is_key, is_capability, group) {
        _ if candidates.len() > 1 => Err(VaultError::Ambiguous { candidates, name }),
        (true, _, _) => Ok(Named::Key { name }),
        (_, true, _) => Ok(Named::Capability { name }),
        (_, _, Some(group)) => Ok(Named::Group { name, group }),
        (false, false, None) if kind.is_none() && is_written_out(&name) => Ok(Named::WrittenOut { text: name }),
        (false, false, None) => {
            let what = match kind {
                Some("cap") => "capability",
                Some("group") => "group",
                _ => "key, key card, group or capability",
            };
            Err(VaultError::NotFound { what, name })
        }
    }
}
