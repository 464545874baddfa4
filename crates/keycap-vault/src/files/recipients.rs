//! To whom files are sealed, as people name them.

use std::fmt;
use std::sync::Arc;

use age::Recipient;
use age::secrecy::SecretString;
use keycap_core::secret::SecretText;
use keycap_store::ledger::{Page, Reading, capability, card, key};
use keycap_store::unlock::Prompts;

use crate::error::VaultError;
use crate::seal_to::{KeycapRecipient, SealFrom};
use crate::sealing::{age_recipient, parse_recipient};
use crate::vault::Vault;
use crate::view::RecipientView;

/// To whom files are to be sealed.
pub struct SealTo {
    /// Names of keys, key cards and held capabilities, with `key:` or `cap:` where both have the name; `age1…` recipients, those of plugins
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
    pub(super) list: Vec<Box<dyn Recipient>>,
    views: Vec<RecipientView>,
    notes: Vec<String>,
}

impl Recipients {
    /// Those of the age crate, for what is sealed without keycap's names.
    #[must_use]
    pub fn of(list: Vec<Box<dyn Recipient>>) -> Self {
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

    fn add(&mut self, recipient: Box<dyn Recipient>, kind: &'static str, name: &str, stanza: Option<&'static str>) {
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
                Named::Capability { name } => {
                    alone = true;
                    found.add_keycap(self.seal_to_capability(&name, &to.from)?, "capability", &name);
                }
                Named::WrittenOut { text } => {
                    post_quantum |= text.starts_with("age1pq1") || text.starts_with("age1tagpq1");
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

fn named(reading: &Reading<'_>, given: &str) -> Result<Named, VaultError> {
    let (kind, name) = match given.split_once(':') {
        Some((kind @ ("key" | "cap"), name)) => (Some(kind), name.to_owned()),
        _ => (None, given.to_owned()),
    };
    let is_key = kind != Some("cap") && (key::by_name(reading, &name)?.is_some() || card::by_name(reading, &name)?.is_some());
    let is_capability = kind != Some("key") && capability::by_name(reading, &name)?.is_some();
    match (is_key, is_capability) {
        (true, true) => Err(VaultError::Ambiguous { candidates: vec![format!("key:{name}"), format!("cap:{name}")], name }),
        (true, false) => Ok(Named::Key { name }),
        (false, true) => Ok(Named::Capability { name }),
        (false, false) if kind.is_none() && is_written_out(&name) => Ok(Named::WrittenOut { text: name }),
        (false, false) => Err(VaultError::NotFound { what: if kind == Some("cap") { "capability" } else { "key, key card or capability" }, name }),
    }
}

/// Whether it is a recipient itself and no name: what age and its plugins write, and SSH.
fn is_written_out(text: &str) -> bool {
    let text = text.to_lowercase();
    text.starts_with("age1") || ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|prefix| text.starts_with(prefix))
}
