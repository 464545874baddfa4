//! A gateway's side of the vault: the service's keys behind a handle, and a desk at which revocations, sessions and receipts change hands.

use std::collections::HashSet;
use std::sync::Arc;

use keycap_core::chain::{Block, Clearing, Purpose, Refusal, RevocationCheck, Rid, VerifiedChain};
use keycap_core::key::PublicKey;
use keycap_core::noise::{Confirmed, HandshakeError, Pattern, Responder, Suite};
use keycap_core::service::ServiceKeys;
use keycap_core::time::{Clock, UnixSeconds};
use keycap_store::ledger::Tx;
use keycap_store::ledger::audit::AuditKey;
use keycap_store::ledger::gateway::NewGateway;
use keycap_store::ledger::grant::{Link, NewGrant, Origin, Use};
use keycap_store::ledger::id::{GatewayId, ServiceId};
use keycap_store::ledger::receipt::Receipt;
use keycap_store::ledger::session::{Activity, End, Handshake, Peer, Session};
use keycap_store::ledger::{gateway, grant, receipt, revocation, service, session};
use rand::rngs::OsRng;

use crate::environment::system_clock;
use crate::error::VaultError;
use crate::services::served_row;
use crate::vault::Vault;

/// Seconds for which ended sessions stay listed: 90 days. The log keeps them for good.
const KEPT_S: u64 = 90 * 86_400;

/// Where a gateway stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPlace {
    /// Where it listens.
    pub listen: String,
    /// What it puts its sessions through to, as `NAME=ADDRESS`.
    pub upstreams: Vec<String>,
}

/// A service that is being served: its keys, in memory, usable and not readable.
pub struct OpenService {
    name: String,
    keys: ServiceKeys,
    clock: Box<dyn Fn() -> Clock + Send + Sync>,
}

impl OpenService {
    /// The service's name in this vault.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service's public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        self.keys.public()
    }

    /// What the service's clock says.
    #[must_use]
    pub fn clock(&self) -> Clock {
        (self.clock)()
    }

    /// Answers a hello: the responder, and message 2 with its length in front.
    ///
    /// # Errors
    /// A [`HandshakeError`]: close without a word.
    pub fn read_hello(&self, hello: &[u8]) -> Result<(Responder, Vec<u8>), HandshakeError> {
        Responder::read_hello(&self.keys, hello, &mut OsRng)
    }

    /// Clears the chain of a session that has confirmed its key, by the service's clock.
    ///
    /// # Errors
    /// A [`Refusal`], for the first status frame.
    pub fn clear(&self, confirmed: &Confirmed, revocations: &RevocationSet, purpose: Purpose) -> Result<VerifiedChain, Refusal> {
        let clearing = Clearing {
            clock: self.clock(),
            purpose,
            pattern: confirmed.pattern,
            remote_static: confirmed.remote_static.as_ref(),
            realm: self.keys.realm(),
            // This gateway knows no application's caveats, and what is not known is refused.
            app: &|_, _| false,
        };
        confirmed.chain.clear(self.keys.static_key(), revocations, &clearing)
    }
}

impl std::fmt::Debug for OpenService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenService").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is revoked, as of the last look at the ledger. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct RevocationSet {
    rids: Arc<HashSet<Rid>>,
    min_epoch: u32,
}

impl RevocationSet {
    /// The set of these.
    pub(crate) fn of(rids: impl IntoIterator<Item = Rid>, min_epoch: u32) -> Self {
        Self { rids: Arc::new(rids.into_iter().collect()), min_epoch }
    }
}

impl RevocationCheck for RevocationSet {
    fn is_revoked(&self, rid: &Rid) -> bool {
        self.rids.contains(rid)
    }

    fn min_epoch(&self) -> u32 {
        self.min_epoch
    }
}

/// What has changed in the ledger since the last look.
#[derive(Debug)]
pub struct DeskNews {
    /// Everything that is revoked now.
    pub revocations: RevocationSet,
    /// What has been revoked since: sessions under these must end, and each is to be [`GatewayDesk::applied`].
    pub newly_revoked: Vec<Rid>,
    /// If grants of earlier epochs have been revoked since: the first epoch that is not.
    pub min_epoch_raised: Option<u32>,
    /// If the service's keys have changed: the service with its new keys.
    pub service: Option<Arc<OpenService>>,
}

/// How a session began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStart {
    /// The peer's address.
    pub from: String,
    /// Its Noise pattern.
    pub pattern: Pattern,
    /// Its suite.
    pub suite: Suite,
}

/// A gateway's desk in the vault. Its calls block: it lives on a thread of its own.
pub struct GatewayDesk {
    vault: Vault,
    audit_key: AuditKey,
    id: GatewayId,
    service: ServiceId,
    revocations: RevocationSet,
    last_seq: u64,
    key_epochs: Vec<u32>,
    counter: u64,
    next_session: u64,
}

impl Vault {
    /// Opens a service to be served from here, and a desk for the gateway. Takes the vault: a gateway has one of its own.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::CannotServe`], or if the vault is locked.
    pub fn open_gateway(mut self, name: &str, place: &GatewayPlace) -> Result<(Arc<OpenService>, GatewayDesk), VaultError> {
        let now = self.now();
        let row = self.store.read(|reading| served_row(reading, name))?;
        let opened = Arc::new(self.open_service(name)?);
        let run = NewGateway {
            service: row.id,
            pid: std::process::id(),
            host: host_name(),
            listen: place.listen.clone(),
            upstreams: place.upstreams.clone(),
            started: now,
        };
        let id = self.change("gateway.start", name, Vec::new(), |tx| {
            revocation::drop_expired(tx)?;
            session::drop_closed_before(tx, UnixSeconds::new(now.as_u64().saturating_sub(KEPT_S)))?;
            Ok(gateway::insert(tx, &run)?)
        })?;
        let audit_key = self.store.audit_key()?;
        let mut desk = GatewayDesk {
            vault: self,
            audit_key,
            id,
            service: row.id,
            revocations: RevocationSet::default(),
            last_seq: 0,
            key_epochs: Vec::new(),
            counter: 0,
            next_session: 1,
        };
        desk.look()?;
        desk.answer_for_the_start()?;
        Ok((opened, desk))
    }

    fn open_service(&self, name: &str) -> Result<OpenService, VaultError> {
        let row = self.store.read(|reading| served_row(reading, name))?;
        Ok(OpenService { name: row.name.clone(), keys: self.service_keys(&row)?, clock: Box::new(system_clock) })
    }
}

impl GatewayDesk {
    /// The gateway's number in the ledger.
    #[must_use]
    pub fn id(&self) -> u64 {
        u64::try_from(self.id.as_i64()).unwrap_or_default()
    }

    /// What is revoked, as of the last look.
    #[must_use]
    pub fn revocations(&self) -> RevocationSet {
        self.revocations.clone()
    }

    /// Gives the receipts for what was revoked between the gateway's entry in the ledger and its first look: what was revoked before, it
    /// is known to have found.
    fn answer_for_the_start(&mut self) -> Result<(), VaultError> {
        let (service, id, last_seq) = (self.service, self.id, self.last_seq);
        let between = self.vault.store.read(|reading| {
            let known = gateway::by_id(reading, id)?.map_or(0, |gateway| gateway.known);
            Ok::<_, VaultError>(revocation::since(reading, service, known)?)
        })?;
        for revocation in between.into_iter().filter(|revocation| revocation.seq <= last_seq) {
            self.applied(revocation.entry.rid, 0)?;
        }
        Ok(())
    }

    /// Looks whether the ledger has changed. `None`, within microseconds, if it has not.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn poll(&mut self) -> Result<Option<DeskNews>, VaultError> {
        let counter = self.vault.change_counter()?;
        if counter == self.counter {
            return Ok(None);
        }
        let (before_epoch, before_keys) = (self.revocations.min_epoch, self.key_epochs.clone());
        let newly_revoked = self.look()?;
        let min_epoch_raised = (self.revocations.min_epoch > before_epoch).then_some(self.revocations.min_epoch);
        let keys_changed = before_keys != self.key_epochs;
        if newly_revoked.is_empty() && min_epoch_raised.is_none() && !keys_changed {
            return Ok(None);
        }
        let service = if keys_changed { self.reopen()? } else { None };
        Ok(Some(DeskNews { revocations: self.revocations(), newly_revoked, min_epoch_raised, service }))
    }

    /// Reads what is new, and returns what has been revoked since the last look.
    fn look(&mut self) -> Result<Vec<Rid>, VaultError> {
        let counter = self.vault.change_counter()?;
        let (service, last_seq) = (self.service, self.last_seq);
        let (row, roots, new) = self.vault.store.read(|reading| {
            let row = service::by_id(reading, service)?.ok_or_else(|| VaultError::NotFound { what: "service", name: service.to_string() })?;
            Ok::<_, VaultError>((row, service::roots(reading, service)?, revocation::since(reading, service, last_seq)?))
        })?;
        self.counter = counter;
        self.revocations.min_epoch = row.terms.min_epoch;
        self.key_epochs = roots.iter().map(|root| root.epoch).collect();
        if let Some(newest) = new.iter().map(|revocation| revocation.seq).max() {
            self.last_seq = newest;
        }
        let rids: Vec<Rid> = new.into_iter().map(|revocation| revocation.entry.rid).collect();
        Arc::make_mut(&mut self.revocations.rids).extend(rids.iter().copied());
        Ok(rids)
    }

    /// The service with the keys it has now; `None` if the vault has been locked since: the gateway goes on with the keys that it has.
    fn reopen(&self) -> Result<Option<Arc<OpenService>>, VaultError> {
        let service = self.service;
        let row = self.vault.store.read(|reading| Ok::<_, VaultError>(service::by_id(reading, service)?))?;
        let Some(row) = row else { return Ok(None) };
        match self.vault.open_service(&row.name) {
            Ok(opened) => Ok(Some(Arc::new(opened))),
            Err(error) if error.class() == crate::error::ErrorClass::Locked => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Records a session, its last use for every grant of its chain, and the delegations met in it. Returns the session's number.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn session_opened(&mut self, verified: &VerifiedChain, start: &SessionStart) -> Result<u64, VaultError> {
        let now = self.vault.now();
        let id = self.next_session;
        self.next_session += 1;
        let row = Session {
            gateway: self.id,
            id,
            rids: verified.rids().to_vec(),
            peer: Peer { holder: verified.holder().copied(), from: start.from.clone() },
            handshake: Handshake { pattern: start.pattern.number(), suite: start.suite.number(), opened: now },
            activity: Activity::default(),
            end: None,
        };
        let met = self.met(verified, now);
        let uses: Vec<Use> = verified.rids().iter().map(|rid| Use { rid: *rid, at: now, from: Some(start.from.clone()), times: 1 }).collect();
        let (audit_key, target) = (&self.audit_key, verified.rids().last().map(Rid::to_string).unwrap_or_default());
        self.vault.store.write(now, Vec::new(), |tx| {
            for grant_row in &met {
                if grant::insert_if_new(tx, grant_row)? {
                    let rid = grant_row.rid.to_string();
                    record(tx, audit_key, now, "grant.met", &rid, &serde_json::json!({ "from": start.from }))?;
                }
            }
            grant::record_uses(tx, &uses)?;
            session::insert(tx, std::slice::from_ref(&row))?;
            record(
                tx,
                audit_key,
                now,
                "session.open",
                &target,
                &serde_json::json!({ "gateway": self.id.as_i64(), "session": id, "from": start.from }),
            )
        })?;
        Ok(id)
    }

    /// The grants of a chain, as rows: those that the ledger has already are passed over when they are written.
    fn met(&self, verified: &VerifiedChain, now: UnixSeconds) -> Vec<NewGrant> {
        let chain = verified.chain();
        let mut rows = Vec::with_capacity(chain.blocks().len());
        let mut parent = None;
        let mut expires: Option<UnixSeconds> = None;
        for (place, (block, rid)) in chain.blocks().iter().zip(verified.rids()).enumerate() {
            expires = [expires, block.caveats().expires()].into_iter().flatten().min();
            rows.push(NewGrant {
                rid: *rid,
                service: self.service,
                parent,
                name: String::new(),
                link: Link {
                    block: Block::bytes(block).to_vec(),
                    epoch: chain.epoch(),
                    holder: block.caveats().holder().copied(),
                    created: now,
                    expires,
                    // A grant that the ledger does not have was minted by another vault with the same root.
                    origin: if place == 0 { Origin::Minted } else { Origin::Met },
                    shared: None,
                },
            });
            parent = Some(*rid);
        }
        rows
    }

    /// Records how many streams sessions have opened and to which target the last one went: session, streams, target.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn session_activity(&mut self, sessions: &[(u64, u64, Option<String>)]) -> Result<(), VaultError> {
        let (now, id) = (self.vault.now(), self.id);
        self.vault.store.write(now, Vec::new(), |tx| {
            sessions.iter().try_for_each(|(session, streams, target)| {
                Ok(session::update(tx, id, *session, &Activity { streams: *streams, target: target.clone() })?)
            })
        })
    }

    /// Records the end of a session.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn session_closed(&mut self, session: u64, reason: &str) -> Result<(), VaultError> {
        let (now, id, audit_key) = (self.vault.now(), self.id, &self.audit_key);
        self.vault.store.write(now, Vec::new(), |tx| {
            session::close(tx, id, session, &End { at: now, reason: reason.to_owned() })?;
            record(tx, audit_key, now, "session.close", &session.to_string(), &serde_json::json!({ "gateway": id.as_i64(), "reason": reason }))
        })
    }

    /// Gives the receipt for a revocation: applied here, and so many sessions cut.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn applied(&mut self, rid: Rid, sessions_cut: u64) -> Result<(), VaultError> {
        let (now, gateway, audit_key) = (self.vault.now(), self.id, &self.audit_key);
        self.vault.store.write(now, Vec::new(), |tx| {
            receipt::insert(tx, &Receipt { rid, gateway, applied: now, sessions_cut })?;
            let detail = serde_json::json!({ "gateway": gateway.as_i64(), "sessions_cut": sessions_cut });
            record(tx, audit_key, now, "revocation.applied", &rid.to_string(), &detail)
        })
    }

    /// Records a refusal that was told to a peer.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn refused(&mut self, from: &str, why: &str) -> Result<(), VaultError> {
        let (now, id, audit_key) = (self.vault.now(), self.id, &self.audit_key);
        self.vault.store.write(now, Vec::new(), |tx| {
            record(tx, audit_key, now, "session.refused", from, &serde_json::json!({ "gateway": id.as_i64(), "reason": why }))
        })
    }

    /// Says that the gateway is alive; to be called every second or two.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn heartbeat(&mut self) -> Result<(), VaultError> {
        let (now, id) = (self.vault.now(), self.id);
        self.vault.store.write(now, Vec::new(), |tx| Ok(gateway::heartbeat(tx, id, now)?))
    }

    /// Says that the gateway has stopped; sessions still recorded as live end with it.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn stop(mut self) -> Result<(), VaultError> {
        let (now, id, audit_key) = (self.vault.now(), self.id, &self.audit_key);
        self.vault.store.write(now, Vec::new(), |tx| {
            session::close_all(tx, id, &End { at: now, reason: "gateway stopped".to_owned() })?;
            gateway::stop(tx, id, now)?;
            record(tx, audit_key, now, "gateway.stop", &id.to_string(), &serde_json::Value::Null)
        })
    }
}

impl std::fmt::Debug for GatewayDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayDesk").field("id", &self.id).field("service", &self.service).finish_non_exhaustive()
    }
}

fn record(tx: &Tx<'_>, key: &AuditKey, time: UnixSeconds, action: &str, target: &str, detail: &serde_json::Value) -> Result<(), VaultError> {
    let detail = if detail.is_null() { String::new() } else { detail.to_string() };
    let entry = keycap_store::ledger::audit::Entry { time, action: action.into(), target: target.into(), result: "done".into(), detail };
    keycap_store::ledger::audit::append(tx, key, &entry)?;
    Ok(())
}

/// The name of this machine, which tells gateways of different machines apart that share a ledger's backup.
pub(crate) fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}
