//! The holder's side: capabilities taken in, looked at, narrowed and handed on.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockId, BlockKind, Chain, ChainKey};
use keycap_core::key::{KeyCard, PublicKey, ServiceCard};
use keycap_core::secret::SecretText;
use keycap_core::text::Text;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::capability::{ChainKeySource, HeldCapability, NewCapability, Reach, Record, ServiceHint};
use keycap_store::ledger::{Page, capability, card, key, service};
use keycap_store::ledger::{Reading, Tx};
use keycap_store::secrets::SecretKind;

use crate::error::VaultError;
use crate::grants::SOON_S;
use crate::keys::{holder_key, holder_text, holder_view};
use crate::limits::{Limits, quote};
use crate::sealing::OpenWith;
use crate::sentence;
use crate::services::insert_card;
use crate::vault::{Vault, check_name};
use crate::view::{AddedView, BlockView, CapabilityView, DelegatePreview, IncomingView, State};

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

/// A capability to be narrowed or handed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DelegateRequest {
    /// The capability's name.
    pub capability: String,
    /// For whom it is: the new capability's name.
    pub name: String,
    /// What it is narrowed to. A holder where one is named already makes it a hand-off.
    pub limits: Limits,
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

    /// Capabilities held, by name; only those whose name, or service's name, holds `search`, if there is one.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn capabilities(&self, search: Option<&str>) -> Result<Vec<CapabilityView>, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let rows = capability::page(reading, search, Page { offset: 0, limit: u32::MAX })?;
            rows.iter().map(|row| view(reading, row, now)).collect()
        })
    }

    /// A capability held.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn capability(&self, name: &str) -> Result<CapabilityView, VaultError> {
        let now = self.now();
        self.store.read(|reading| view(reading, &held_row(reading, name)?, now))
    }

    /// Gives a capability another name.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or if the new name is taken or cannot be one.
    pub fn rename_capability(&mut self, name: &str, to: &str) -> Result<CapabilityView, VaultError> {
        check_name(to)?;
        let key = self.change("capability.rename", &format!("{name} -> {to}"), Vec::new(), |tx| {
            let row = held_row(tx, name)?;
            check_free(tx, to)?;
            capability::rename(tx, row.id, to)?;
            Ok(row.held.key)
        })?;
        if let ChainKeySource::Secret(secret) = key {
            let now = self.now();
            self.store.relabel(secret, &capability_label(to), now)?;
        }
        self.capability(to)
    }

    /// Says where the service of a capability is found, before its hints; `None` takes that back.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn set_gateway(&mut self, name: &str, gateway: Option<&str>) -> Result<CapabilityView, VaultError> {
        self.change("capability.gateway", name, Vec::new(), |tx| Ok(capability::set_gateway(tx, held_row(tx, name)?.id, gateway)?))?;
        self.capability(name)
    }

    /// Removes a capability from this vault. It goes on working for whoever else has it: only its service can revoke it.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or [`VaultError::InUse`] if others here were delegated from it.
    pub fn remove_capability(&mut self, name: &str) -> Result<(), VaultError> {
        self.change("capability.remove", name, Vec::new(), |tx| {
            let row = held_row(tx, name)?;
            if let Some(child) = capability::children(tx, row.id)?.first() {
                let by = format!("`{}` was delegated from it", child.held.name);
                return Err(VaultError::InUse { what: "the capability", name: name.into(), by });
            }
            Ok(capability::remove(tx, row.id)?)
        })
    }

    /// What a delegation would allow, before it exists.
    ///
    /// # Errors
    /// As [`Vault::delegate`].
    pub fn delegate_preview(&self, request: &DelegateRequest) -> Result<DelegatePreview, VaultError> {
        let now = self.now();
        self.store.read(|reading| {
            let row = held_row(reading, &request.capability)?;
            let chain = Chain::parse(&row.held.chain)?;
            let holder = request.limits.holder.as_deref().map(|holder| holder_key(reading, holder)).transpose()?;
            let caveats = request.limits.caveats(now, holder)?;
            let hand_off = holder.is_some() && chain.holder().is_some();
            let mut blocks = chain.blocks().to_vec();
            blocks.push(Block::link(BlockId::new([0; 8]), caveats.clone()));
            let effective = holder.or(chain.holder().copied());
            let holder_text = effective.as_ref().map(|key| holder_view(reading, key)).transpose()?.map(|view| holder_text(&view));
            let mut warnings = Vec::new();
            if let (Some(parent), Some(asked)) = (chain.expires(), caveats.expires())
                && asked > parent
            {
                warnings.push("It asks for more time than the capability it comes from has: the earlier expiry counts.".to_owned());
            }
            if sentence::links_left(&chain) == Some(0) {
                warnings.push("The capability says that it is not to be handed on: the service will refuse what is below it.".to_owned());
            }
            if chain.expires().is_some_and(|at| at <= now) {
                return Err(VaultError::Expired { name: request.capability.clone() });
            }
            let options = request.limits.options();
            let options = if options.is_empty() { options } else { format!(" {options}") };
            Ok(DelegatePreview {
                sentence: sentence::sentence(&service_name(reading, &row.held)?, &blocks, holder_text.as_deref()),
                warnings,
                hand_off,
                command: format!("keycap delegate {} --for {}{options}", quote(&request.capability), quote(&request.name)),
            })
        })
    }

    /// Narrows a capability, or hands it on: offline, with nobody's leave. The new one is kept here under its own name, to be shared.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::NameTaken`], [`VaultError::Delegate`] if it is bound to a key that is not here,
    /// [`VaultError::Chain`] if the chain is full, or if the vault is locked.
    pub fn delegate(&mut self, request: &DelegateRequest) -> Result<CapabilityView, VaultError> {
        self.delegate_preview(request)?;
        let now = self.now();
        let (row, holder) = self.store.read(|reading| {
            let holder = request.limits.holder.as_deref().map(|holder| holder_key(reading, holder)).transpose()?;
            Ok::<_, VaultError>((held_row(reading, &request.capability)?, holder))
        })?;
        let caveats = request.limits.caveats(now, holder)?;
        let parent = self.held_capability(&row)?;
        let id = BlockId::new(self.environment.random());
        let child = match (parent.chain().holder(), holder) {
            (Some(bound_to), Some(_)) => {
                let key = self.own_key_by_noise(bound_to)?.ok_or(keycap_core::capability::DelegateError::Bound)?;
                parent.hand_off(id, caveats, &key.derive_noise(), &mut self.environment.rng())?
            }
            _ => parent.delegate(id, caveats)?,
        };
        self.keep_delegated(&row, &child, &request.name, now, "capability.delegate")?;
        self.capability(&request.name)
    }

    /// Keeps a capability that was made from one held here. Its key follows from its parent's, so that no secret is stored for it.
    pub(crate) fn keep_delegated(
        &mut self,
        parent: &HeldCapability,
        child: &Capability,
        name: &str,
        now: UnixSeconds,
        action: &str,
    ) -> Result<(), VaultError> {
        check_name(name)?;
        let row = NewCapability {
            name: name.to_owned(),
            service: parent.held.service.clone(),
            chain: child.chain().encoded().to_vec(),
            key: ChainKeySource::DerivedFrom(parent.id),
            holder: child.chain().holder().copied(),
            reach: parent.held.reach.clone(),
            expires: child.chain().expires(),
            record: Record { added: now, note: String::new() },
        };
        self.change(action, &format!("{} -> {name}", parent.held.name), Vec::new(), |tx| {
            check_free(tx, name)?;
            capability::insert(tx, &row)?;
            Ok(())
        })
    }

    /// A capability held, with its secret: its own, or derived from its parent's.
    pub(crate) fn held_capability(&self, row: &HeldCapability) -> Result<Capability, VaultError> {
        let chain = Chain::parse(&row.held.chain)?;
        let key = match row.held.key {
            ChainKeySource::Secret(secret) => ChainKey::from_secret(self.secret_32(secret)?),
            ChainKeySource::DerivedFrom(parent) => {
                let parent = self.store.read(|reading| Ok::<_, VaultError>(capability::by_id(reading, parent)?))?;
                let parent =
                    parent.ok_or_else(|| VaultError::Inconsistent { what: format!("what `{}` was delegated from is gone", row.held.name) })?;
                let parent = self.held_capability(&parent)?;
                if !chain.descends_from(parent.chain()) {
                    return Err(VaultError::Inconsistent { what: format!("`{}` does not follow from its parent", row.held.name) });
                }
                let added = chain.blocks().iter().skip(parent.chain().blocks().len());
                added.fold(parent.key().duplicate(), |key, block| key.next(block.bytes()))
            }
        };
        Ok(Capability::from_parts(row.held.service.public, chain, key, row.held.reach.hints.clone()))
    }
}

/// The row of a capability held.
pub(crate) fn held_row(reading: &Reading<'_>, name: &str) -> Result<HeldCapability, VaultError> {
    capability::by_name(reading, name)?.ok_or_else(|| VaultError::NotFound { what: "capability", name: name.into() })
}

/// The service's name as this vault knows it, or its fingerprint.
pub(crate) fn service_name(reading: &Reading<'_>, held: &NewCapability) -> Result<String, VaultError> {
    let known = service::by_public(reading, &held.service.public)?.map(|row| row.name).or_else(|| held.service.name.clone());
    Ok(known.unwrap_or_else(|| held.service.public.kid().short()))
}

/// A block, as people read it.
pub(crate) fn block_view(reading: &Reading<'_>, block: &Block) -> BlockView {
    let holder = |key: &PublicKey| holder_view(reading, key).map_or_else(|_| key.kid().short(), |view| holder_text(&view));
    BlockView {
        kind: kind_name(block),
        id: block.id().to_string(),
        caveats: block.caveats().iter().map(|caveat| (caveat.name(), sentence::caveat_value(caveat, holder))).collect(),
    }
}

/// The word for a block's kind.
pub(crate) const fn kind_name(block: &Block) -> &'static str {
    match block.kind() {
        BlockKind::Grant { .. } => "grant",
        BlockKind::Link => "link",
        BlockKind::Handoff => "hand-off",
    }
}

fn view(reading: &Reading<'_>, row: &HeldCapability, now: UnixSeconds) -> Result<CapabilityView, VaultError> {
    let held = &row.held;
    let chain = Chain::parse(&held.chain)?;
    let holder = held.holder.as_ref().map(|key| holder_view(reading, key)).transpose()?;
    let foreign_holder = match &held.holder {
        Some(key) => key::by_noise(reading, key)?.is_none(),
        None => false,
    };
    let parent = match held.key {
        ChainKeySource::Secret(_) => None,
        ChainKeySource::DerivedFrom(parent) => capability::by_id(reading, parent)?.map(|parent| parent.held.name),
    };
    let service = service::by_public(reading, &held.service.public)?.map(|row| row.name).or_else(|| held.service.name.clone());
    Ok(CapabilityView {
        name: held.name.clone(),
        service,
        service_fingerprint: held.service.public.kid().short(),
        state: state(held.expires, now),
        allows: sentence::sentence(&service_name(reading, held)?, chain.blocks(), holder.as_ref().map(holder_text).as_deref()),
        holder,
        foreign_holder,
        expires: held.expires.map(UnixSeconds::as_u64),
        parent,
        hints: held.reach.hints.clone(),
        gateway: held.reach.gateway.clone(),
        added: held.record.added.as_u64(),
        note: held.record.note.clone(),
        blocks: chain.blocks().iter().map(|block| block_view(reading, block)).collect(),
    })
}

fn state(expires: Option<UnixSeconds>, now: UnixSeconds) -> State {
    match expires {
        Some(at) if at <= now => State::Expired,
        Some(at) if at.since(now) <= SOON_S => State::Soon,
        Some(_) | None => State::Active,
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

/// `base`, or `base-2`, `base-3`, … if that is taken.
pub(crate) fn free_name(base: &str, taken: impl Fn(&str) -> Result<bool, VaultError>) -> Result<String, VaultError> {
    let mut name = base.to_owned();
    let mut number = 2_u64;
    while taken(&name)? {
        name = format!("{base}-{number}");
        number += 1;
    }
    Ok(name)
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

fn check_free(reading: &Reading<'_>, name: &str) -> Result<(), VaultError> {
    match capability::by_name(reading, name)? {
        Some(_) => Err(VaultError::NameTaken { what: "capability", name: name.into() }),
        None => Ok(()),
    }
}

pub(crate) fn capability_label(name: &str) -> String {
    format!("keycap: capability {name}")
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "capability" => "capability",
        "key-card" => "key card",
        _ => "service card",
    }
}
