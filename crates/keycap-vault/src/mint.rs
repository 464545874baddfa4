//! Minting: the first block of a chain, and the grant that records it.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockId, Caveat, Caveats, Rule};
use keycap_core::key::PublicKey;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::grant;
use keycap_store::ledger::grant::{Link, NewGrant, Origin};
use keycap_store::ledger::service::Service;

use crate::error::VaultError;
use crate::keys::{holder_key, holder_text, holder_view};
use crate::limits::{Limits, quote};
use crate::preset::{Preset, presets};
use crate::sentence;
use crate::services::served_row;
use crate::vault::{Vault, check_name};
use crate::view::{GrantView, MintPreview};

/// A capability to be minted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MintRequest {
    /// The service's name.
    pub service: String,
    /// For whom it is: the grant's name. More than one grant may have it.
    pub name: String,
    /// The preset that fills in what `limits` leaves open; `None`: the first one's expiry, and nothing else.
    pub preset: Option<String>,
    /// The limits.
    pub limits: Limits,
}

/// Of how many grants minted at once the log names the rids.
const LOGGED_RIDS: usize = 16;
/// Bytes beyond which a capability's QR code does not fit a terminal of 80×24: version 6 at level L holds 195 characters.
const EASY_QR_CHARACTERS: usize = 195;

impl Vault {
    /// What a request would mint, before it exists.
    ///
    /// # Errors
    /// If the service, preset or holder is unknown, or a limit makes no sense.
    pub fn mint_preview(&self, request: &MintRequest) -> Result<MintPreview, VaultError> {
        let now = self.now();
        let prepared = self.store.read(|reading| {
            let service = served_row(reading, &request.service)?;
            self.prepare(request, service, now, |holder| holder_key(reading, holder))
        })?;
        let block = Block::grant(prepared.service.terms.epoch, BlockId::new([0; 8]), prepared.caveats.clone())?;
        let holder = prepared.holder.map(|key| self.store.read(|reading| holder_view(reading, &key))).transpose()?;
        let sentence = sentence::sentence(&request.service, std::slice::from_ref(&block), holder.as_ref().map(holder_text).as_deref());
        let warnings = warnings(&prepared, now, holder.as_ref().is_some_and(|holder| !holder.verified));
        let expires = prepared.caveats.expires().map_or(0, UnixSeconds::as_u64);
        let preset = request.preset.as_ref().map(|preset| format!(" --preset {}", quote(preset))).unwrap_or_default();
        let options = request.limits.options();
        let options = if options.is_empty() { options } else { format!(" {options}") };
        let command = format!("keycap mint {} --for {}{preset}{options}", quote(&request.service), quote(&request.name));
        Ok(MintPreview { sentence, warnings, expires, holder, command })
    }

    /// Mints a capability. Its text is had by sharing it.
    ///
    /// # Errors
    /// As [`Vault::mint_preview`], and if the vault is locked.
    pub fn mint(&mut self, request: &MintRequest) -> Result<GrantView, VaultError> {
        let mut minted = self.mint_many(std::slice::from_ref(request))?;
        minted.pop().ok_or_else(|| VaultError::Inconsistent { what: "nothing was minted".into() })
    }

    /// Mints many capabilities in one transaction: all of them, or none.
    ///
    /// # Errors
    /// The first error of any of them.
    pub fn mint_many(&mut self, requests: &[MintRequest]) -> Result<Vec<GrantView>, VaultError> {
        let now = self.now();
        let mut keys: Vec<(Service, ServiceKeys)> = Vec::new();
        let mut minted: Vec<(Service, String, Capability)> = Vec::with_capacity(requests.len());
        for request in requests {
            let at = match keys.iter().position(|(row, _)| row.name == request.service) {
                Some(at) => at,
                None => {
                    let row = self.store.read(|reading| served_row(reading, &request.service))?;
                    let service_keys = self.service_keys(&row)?;
                    keys.push((row, service_keys));
                    keys.len() - 1
                }
            };
            let Some((row, service_keys)) = keys.get(at) else { continue };
            let id = BlockId::new(self.environment.random());
            let prepared = self.store.read(|reading| self.prepare(request, row.clone(), now, |holder| holder_key(reading, holder)))?;
            let capability = service_keys.mint(row.terms.epoch, id, prepared.caveats, row.terms.hints.clone())?;
            minted.push((row.clone(), request.name.clone(), capability));
        }
        let rows: Vec<NewGrant> = minted.iter().map(|(service, name, capability)| minted_row(service, name, capability, now)).collect();
        let target = match minted.as_slice() {
            [(service, name, _)] => format!("{}/{name}", service.name),
            many => format!("{} grants", many.len()),
        };
        // Each grant has a row of its own in the ledger; one line of the log need not repeat thousands of them.
        let rids: Vec<_> = rows.iter().take(LOGGED_RIDS).map(|row| row.rid.to_string()).collect();
        let detail = match rows.len() {
            0..=LOGGED_RIDS => serde_json::json!({ "rids": rids }),
            many => serde_json::json!({ "grants": many, "rids_begin": rids }),
        };
        self.change_with("grant.mint", &target, detail, Vec::new(), |tx| rows.iter().try_for_each(|row| Ok(grant::insert(tx, row)?)))?;
        rows.iter().map(|row| self.grant_view_by_rid(&row.rid)).collect()
    }

    fn prepare(
        &self,
        request: &MintRequest,
        service: Service,
        now: UnixSeconds,
        holder_key: impl FnOnce(&str) -> Result<PublicKey, VaultError>,
    ) -> Result<Prepared, VaultError> {
        check_name(&request.name)?;
        let preset = match &request.preset {
            None => None,
            Some(name) => Some(Preset::named(name).ok_or_else(|| VaultError::BadInput {
                what: "preset",
                input: name.clone(),
                why: format!("there are {}", presets().iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")),
            })?),
        };
        let mut limits = match preset {
            Some(preset) => request.limits.clone().or(preset.limits()),
            None => request.limits.clone(),
        };
        if limits.times.expires.is_none() {
            limits.times.expires = presets().first().and_then(|preset| preset.limits().times.expires);
        }
        let holder = limits.holder.as_deref().map(holder_key).transpose()?;
        let mut caveats: Vec<Caveat> = limits.caveats(now, holder)?.iter().cloned().collect();
        if limits.allow.is_empty() {
            caveats.push(Caveat::Allow(vec![Rule::default()]));
        }
        let caveats = Caveats::of(caveats)?;
        let times = &limits.times;
        let expires = times.expires.map(|when| when.at(now));
        if expires.is_some_and(|at| at <= now) {
            return Err(bad_times("it would have expired already", "choose a later expiry: --expires 30d"));
        }
        if let (Some(from), Some(until)) = (times.not_before.map(|when| when.at(now)), expires)
            && from >= until
        {
            return Err(bad_times("it would expire before it begins", "choose an earlier --nbf or a later --expires"));
        }
        Ok(Prepared { service, caveats, holder })
    }
}

struct Prepared {
    service: Service,
    caveats: Caveats,
    holder: Option<PublicKey>,
}

fn bad_times(why: &str, hint: &str) -> VaultError {
    VaultError::BadRequest { why: why.into(), hint: hint.into() }
}

fn minted_row(service: &Service, name: &str, capability: &Capability, now: UnixSeconds) -> NewGrant {
    let chain = capability.chain();
    NewGrant {
        rid: capability.key().rid(),
        service: service.id,
        parent: None,
        name: name.into(),
        link: Link {
            block: chain.blocks().first().map(|block| block.bytes().to_vec()).unwrap_or_default(),
            epoch: chain.epoch(),
            holder: chain.holder().copied(),
            created: now,
            expires: chain.expires(),
            origin: Origin::Minted,
            shared: None,
        },
    }
}

fn warnings(prepared: &Prepared, now: UnixSeconds, unverified: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if prepared.holder.is_none() {
        warnings.push("Whoever sees it has it. Name a holder to bind it to one key.".to_owned());
    }
    if unverified {
        warnings.push("The holder's fingerprint has not been compared with its owner.".to_owned());
    }
    let expires = prepared.caveats.expires();
    if expires.is_some_and(|at| at.since(now) > 366 * 86_400) {
        warnings.push("It lasts for more than a year: a shorter one is less to revoke.".to_owned());
    }
    for caveat in prepared.caveats.iter() {
        if matches!(caveat, Caveat::MaxLinks(_)) {
            warnings.push("How often it may be handed on is a policy, not a lock: whoever has it can share it as it is.".to_owned());
        }
        if let Caveat::Realm(realm) = caveat
            && prepared.service.terms.realm.as_ref() != Some(realm)
        {
            warnings.push(format!("The service is not of the realm {realm}, so that it will refuse it."));
        }
        if let Caveat::Allow(rules) = caveat
            && rules.iter().all(|rule| rule.methods.is_some() || rule.path.is_some())
        {
            warnings.push("Rules on methods and paths hold only at a gateway that understands HTTP; one for plain streams refuses it.".to_owned());
        }
    }
    let characters =
        120 + prepared.caveats.iter().count() * 12 + prepared.service.terms.hints.iter().map(|hint| hint.len() * 8 / 5 + 4).sum::<usize>();
    if characters > EASY_QR_CHARACTERS + 40 {
        warnings.push("Its QR code will be too large for a small terminal; share it as a picture.".to_owned());
    }
    warnings
}
