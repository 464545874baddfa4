//! Taking in what was pasted, scanned or opened: looked at first, and stored when a person says so.

use keycap_core::capability::Capability;
use keycap_core::key::{KeyCard, ServiceCard};
use keycap_core::secret::SecretText;
use keycap_core::text::Text;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::capability::{ChainKeySource, NewCapability, Reach, Record, ServiceHint};
use keycap_store::ledger::{Reading, Tx, capability, card, key, service};
use keycap_store::secrets::SecretKind;

use crate::capabilities::{capability_label, check_free, free_name};
use crate::error::VaultError;
use crate::keys::{holder_text, holder_view};
use crate::sealing::OpenWith;
use crate::sentence;
use crate::services::insert_card;
use crate::vault::{Vault, check_name};
use crate::view::{AddedView, IncomingView};

/// A text that was pasted, scanned or opened, understood and not stored.
#[derive(Debug)]
pub struct Incoming {
    text: Text,
    view: IncomingView,
}

impl Incoming {
    /// What it is.
    #[must_use]
    pub const fn view(&self) -> &IncomingView {
        &self.view
    }
}

/// How something is taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptAs {
    /// Its name; `None`: the suggested one.
    pub name: Option<String>,
    /// Where the service is found, if not where the hints say: `host:port` or `unix:/path`.
    pub gateway: Option<String>,
    /// Whether it takes the place of what has that name.
    pub replace: bool,
}

impl Vault {
    /// Understands a text, and stores nothing.
    ///
    /// # Errors
    /// [`VaultError::Text`] that says what is wrong, and at which character where that can be known.
    pub fn inspect(&self, text: &str) -> Result<Incoming, VaultError> {
        let text = Text::parse(text)?;
        let now = self.now();
        let view = self.store.read(|reading| match &text {
            Text::Capability(capability) => inspect_capability(reading, capability, now),
            Text::KeyCard(card) => inspect_key_card(reading, card),
            Text::ServiceCard(card) => inspect_service_card(reading, card),
        })?;
        Ok(Incoming { text, view })
    }

    /// Opens an age file that was sealed to a key of this vault, and gives the text in it for [`Vault::inspect`].
    ///
    /// # Errors
    /// [`VaultError::Age`] if no key here opens it, or [`VaultError::BadInput`] if what it holds is no text.
    pub fn open_shared_file(&mut self, file: &[u8]) -> Result<SecretText, VaultError> {
        let opened = self.open_sealed(file, &OpenWith::OwnKeys)?;
        let text = std::str::from_utf8(opened.expose()).map_err(|_| VaultError::BadInput {
            what: "shared capability",
            input: "the file".into(),
            why: "it opens, but holds no text".into(),
        })?;
        Ok(SecretText::new(text.to_owned()))
    }

    /// Takes in what was inspected.
    ///
    /// # Errors
    /// [`VaultError::AlreadyHere`], [`VaultError::NameTaken`], [`VaultError::BadName`], or if the vault is locked.
    pub fn accept(&mut self, incoming: Incoming, accept: &AcceptAs) -> Result<AddedView, VaultError> {
        let Incoming { text, view } = incoming;
        if let Some(name) = view.duplicate_of {
            return Err(VaultError::AlreadyHere { what: kind_word(view.kind), name });
        }
        let name = accept.name.clone().unwrap_or(view.suggested_name);
        check_name(&name)?;
        let now = self.now();
        let replaced = match text {
            Text::Capability(held) => self.accept_capability(&held, &name, accept, now)?,
            Text::KeyCard(incoming) => self.change("card.add", &name, Vec::new(), |tx| {
                let replaced = if accept.replace { take_card(tx, &name)? } else { None };
                crate::keys::check_free(tx, &name)?;
                let KeyCard { noise, age, .. } = incoming;
                card::insert(tx, &card::NewCard { name: name.clone(), noise, age, verified: false, note: String::new(), created: now })?;
                Ok(replaced)
            })?,
            Text::ServiceCard(incoming) => self.change("service.add", &name, Vec::new(), |tx| {
                insert_card(tx, &name, &incoming, now)?;
                Ok(None)
            })?,
        };
        Ok(AddedView { kind: view.kind, name, replaced })
    }

    fn accept_capability(&mut self, held: &Capability, name: &str, accept: &AcceptAs, now: UnixSeconds) -> Result<Option<String>, VaultError> {
        let secret = Self::new_secret(SecretKind::Capability, capability_label(name), held.key().secret().expose());
        let service_name = self.store.read(|reading| Ok::<_, VaultError>(service::by_public(reading, held.service())?))?.map(|row| row.name);
        let row = NewCapability {
            name: name.to_owned(),
            service: ServiceHint { public: *held.service(), name: service_name },
            chain: held.chain().encoded().to_vec(),
            key: ChainKeySource::Secret(secret.id),
            holder: held.chain().holder().copied(),
            reach: Reach { hints: held.hints().to_vec(), gateway: accept.gateway.clone() },
            expires: held.chain().expires(),
            record: Record { added: now, note: String::new() },
        };
        self.change("capability.add", name, vec![secret], |tx| {
            let replaced = match capability::by_name(tx, name)? {
                Some(old) if accept.replace => {
                    capability::remove(tx, old.id)?;
                    Some(name.to_owned())
                }
                _ => None,
            };
            check_free(tx, name)?;
            capability::insert(tx, &row)?;
            Ok(replaced)
        })
    }
}

fn inspect_capability(reading: &Reading<'_>, held: &Capability, now: UnixSeconds) -> Result<IncomingView, VaultError> {
    let chain = held.chain();
    let known = service::by_public(reading, held.service())?;
    let kid = held.service().kid();
    let holder = chain.holder().map(|key| holder_view(reading, key)).transpose()?;
    let service_name = known.as_ref().map_or_else(|| kid.short(), |row| row.name.clone());
    let mut warnings = Vec::new();
    if known.is_none() {
        warnings.push(format!("This vault does not know the service {kid}: compare the fingerprint with whoever gave it to you."));
    }
    if chain.expires().is_some_and(|at| at <= now) {
        warnings.push("It has expired.".to_owned());
    }
    match chain.holder() {
        Some(key) if key::by_noise(reading, key)?.is_none() => {
            warnings.push("It is bound to a key that is not in this vault: you can look at it, not use it.".to_owned());
        }
        Some(_) => {}
        None => warnings.push("Whoever sees it has it: it is bound to no key.".to_owned()),
    }
    let base = known.as_ref().map_or_else(|| kid.short().chars().take(9).collect(), |row| row.name.clone());
    Ok(IncomingView {
        kind: "capability",
        title: format!("A capability for {service_name}"),
        fingerprint: kid.short(),
        known_as: known.map(|row| row.name),
        allows: sentence::sentence(&service_name, chain.blocks(), holder.as_ref().map(holder_text).as_deref()),
        holder,
        expires: chain.expires().map(UnixSeconds::as_u64),
        suggested_name: free_name(&base, |name| Ok(capability::by_name(reading, name)?.is_some()))?,
        duplicate_of: capability::by_chain(reading, chain.encoded())?.map(|row| row.held.name),
        warnings,
    })
}

fn inspect_key_card(reading: &Reading<'_>, incoming: &KeyCard) -> Result<IncomingView, VaultError> {
    let kid = incoming.noise.kid();
    let known = match key::by_noise(reading, &incoming.noise)? {
        Some(row) => Some(row.name),
        None => card::by_noise(reading, &incoming.noise)?.map(|row| row.name),
    };
    let base = incoming.name.clone().filter(|name| check_name(name).is_ok()).unwrap_or_else(|| kid.short().chars().take(9).collect());
    let mut warnings = vec!["Compare the fingerprint with its owner before you rely on the name.".to_owned()];
    let namesake = match key::by_name(reading, &base)? {
        Some(row) => Some(row.noise),
        None => card::by_name(reading, &base)?.map(|row| row.noise),
    };
    if let Some(other) = namesake.filter(|other| *other != incoming.noise) {
        let before = other.kid().short();
        warnings.insert(0, format!("You know {base} by another key, {before}. Ask its owner why it changed before you replace anything."));
    }
    Ok(IncomingView {
        kind: "key-card",
        title: format!("The key card of {}", incoming.name.as_ref().map_or_else(|| kid.short(), |name| name.escape_debug().to_string())),
        fingerprint: kid.short(),
        known_as: known.clone(),
        allows: String::new(),
        holder: None,
        expires: None,
        suggested_name: free_name(&base, |name| Ok(key::by_name(reading, name)?.is_some() || card::by_name(reading, name)?.is_some()))?,
        duplicate_of: known,
        warnings,
    })
}

fn inspect_service_card(reading: &Reading<'_>, incoming: &ServiceCard) -> Result<IncomingView, VaultError> {
    let kid = incoming.key.kid();
    let known = service::by_public(reading, &incoming.key)?.map(|row| row.name);
    Ok(IncomingView {
        kind: "service-card",
        title: format!("The service card of {kid}"),
        fingerprint: kid.short(),
        known_as: known.clone(),
        allows: String::new(),
        holder: None,
        expires: None,
        suggested_name: free_name(&kid.short().chars().take(9).collect::<String>(), |name| Ok(service::by_name(reading, name)?.is_some()))?,
        duplicate_of: known,
        warnings: vec!["A card lets nobody in; it makes the service known by name.".to_owned()],
    })
}

fn take_card(tx: &Tx<'_>, name: &str) -> Result<Option<String>, VaultError> {
    match card::by_name(tx, name)? {
        Some(old) => {
            card::remove(tx, old.id)?;
            Ok(Some(name.to_owned()))
        }
        None => Ok(None),
    }
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "capability" => "capability",
        "key-card" => "key card",
        _ => "service card",
    }
}
