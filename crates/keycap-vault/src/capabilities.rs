//! The holder's side: capabilities looked at, narrowed and handed on.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockId, BlockKind, Chain, ChainKey};
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::capability::{ChainKeySource, HeldCapability, NewCapability, Record};
use keycap_store::ledger::{Page, Reading, capability, key, service};

use crate::error::VaultError;
use crate::grants::SOON_S;
use crate::keys::{holder_key, holder_text, holder_view};
use crate::limits::{Limits, quote};
use crate::sentence;
use crate::vault::{Vault, check_name};
use crate::view::{BlockView, CapabilityView, DelegatePreview, State};

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

pub(crate) fn check_free(reading: &Reading<'_>, name: &str) -> Result<(), VaultError> {
    match capability::by_name(reading, name)? {
        Some(_) => Err(VaultError::NameTaken { what: "capability", name: name.into() }),
        None => Ok(()),
    }
}

pub(crate) fn capability_label(name: &str) -> String {
    format!("keycap: capability {name}")
}
