//! The register of live sessions: who is let in, and who is cut off when something is revoked.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keycap_core::chain::{Purpose, RevocationCheck, Rid, VerifiedChain};
use keycap_core::noise::{Confirmed, Status, StatusCode};
use keycap_core::time::{Clock, UnixSeconds};
use keycap_vault::{DeskNews, OpenService, RevocationSet};
use tokio::sync::oneshot;

/// Why a session is cut from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// A block of its chain was revoked, or everything of its epoch.
    Revoked,
    /// Its chain has expired.
    Expired,
    /// The gateway stops.
    Stopping,
}

impl Cut {
    /// What the peer is told; `None`: that the session is over, in order.
    pub(super) fn status(self) -> Option<Status> {
        match self {
            Self::Revoked => Some(Status::new(StatusCode::Revoked, "revoked")),
            Self::Expired => Some(Status::new(StatusCode::Expired, "expired")),
            Self::Stopping => None,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Stopping => "gateway stopped",
        }
    }
}

/// What a session has been doing, since the ledger was last told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Activity {
    /// Streams opened, all together.
    pub(super) streams: u64,
    /// Where the last one went.
    pub(super) target: Option<String>,
    told: bool,
}

/// A session that was let in.
pub(super) struct Admitted {
    pub(super) session: u64,
    pub(super) verified: VerifiedChain,
    /// Fires when the session is to be cut.
    pub(super) cut: oneshot::Receiver<Cut>,
}

/// Why a session was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// For a reason that the peer is told.
    Told(Status),
    /// The service's keys changed during the handshake: closed without a word, so that the peer begins anew.
    Silently,
}

pub(super) struct Register {
    inner: Mutex<Inner>,
    max_sessions: usize,
}

struct Inner {
    service: Arc<OpenService>,
    revocations: RevocationSet,
    /// Whether the ledger was lately read.
    current: bool,
    stopping: bool,
    next: u64,
    live: HashMap<u64, Live>,
    /// Sessions by each rid of their chains.
    under: BTreeSet<(Rid, u64)>,
    /// Sessions by the second at which they expire.
    expiring: BTreeSet<(UnixSeconds, u64)>,
}

struct Live {
    rids: Box<[Rid]>,
    epoch: u32,
    expires: Option<UnixSeconds>,
    cut: Option<oneshot::Sender<Cut>>,
    activity: Activity,
}

impl Register {
    pub(super) fn new(service: Arc<OpenService>, revocations: RevocationSet, max_sessions: usize) -> Self {
        let inner = Inner {
            service,
            revocations,
            current: true,
            stopping: false,
            next: 1,
            live: HashMap::new(),
            under: BTreeSet::new(),
            expiring: BTreeSet::new(),
        };
        Self { inner: Mutex::new(inner), max_sessions }
    }

    /// The service with its present keys.
    pub(super) fn service(&self) -> Arc<OpenService> {
        Arc::clone(&self.lock().service)
    }

    /// Clears the chain of a peer that has confirmed its key to `service`, and enters the session.
    pub(super) fn admit(&self, service: &Arc<OpenService>, confirmed: &Confirmed) -> Result<Admitted, Denied> {
        let told = |code, text: &str| Denied::Told(Status::new(code, text));
        let revocations = self.lock().revocations.clone();
        let verified =
            service.clear(confirmed, &revocations, Purpose::Session).map_err(|refusal| told(refusal.reason.status(), &refusal.to_string()))?;
        // Clearing takes time and is done without the lock; what may have changed since is looked at again under it.
        let mut inner = self.lock();
        if inner.stopping || !Arc::ptr_eq(service, &inner.service) {
            return Err(Denied::Silently);
        }
        if inner.is_revoked(&verified) {
            return Err(told(StatusCode::Revoked, "revoked"));
        }
        if !inner.current {
            return Err(told(StatusCode::NotAllowed, "the gateway cannot read its ledger now, and so not what is revoked"));
        }
        if inner.live.len() >= self.max_sessions {
            return Err(told(StatusCode::TooManySessions, "the gateway has too many sessions"));
        }
        for (rid, most) in verified.max_concurrent() {
            if u64::try_from(inner.under(rid).count()).unwrap_or(u64::MAX) >= *most {
                return Err(told(StatusCode::TooManySessions, &format!("no more than {most} at a time")));
            }
        }
        let (cut_sender, cut) = oneshot::channel();
        let session = inner.enter(&verified, cut_sender);
        Ok(Admitted { session, verified, cut })
    }

    /// Takes a session out.
    pub(super) fn leave(&self, session: u64) {
        let mut inner = self.lock();
        let Some(live) = inner.live.remove(&session) else { return };
        for rid in live.rids {
            inner.under.remove(&(rid, session));
        }
        if let Some(expires) = live.expires {
            inner.expiring.remove(&(expires, session));
        }
    }

    /// Whether a session is still in.
    pub(super) fn has(&self, session: u64) -> bool {
        self.lock().live.contains_key(&session)
    }

    /// A stream was opened.
    pub(super) fn opened_stream(&self, session: u64, target: &str) {
        if let Some(live) = self.lock().live.get_mut(&session) {
            live.activity.streams += 1;
            live.activity.target = Some(target.to_owned());
            live.activity.told = false;
        }
    }

    /// What sessions have been doing, of those that have been doing something since the last call.
    pub(super) fn activity(&self) -> Vec<(u64, u64, Option<String>)> {
        let mut inner = self.lock();
        let fresh = inner.live.iter_mut().filter(|(_, live)| live.activity.streams > 0 && !live.activity.told);
        let told = fresh.map(|(session, live)| {
            live.activity.told = true;
            (*session, live.activity.streams, live.activity.target.clone())
        });
        told.collect()
    }

    /// Takes over what has changed in the ledger, and cuts what is revoked now: for each new rid the sessions that it cut.
    pub(super) fn apply(&self, news: &DeskNews) -> Vec<(Rid, Vec<u64>)> {
        let mut inner = self.lock();
        inner.revocations = news.revocations.clone();
        if let Some(service) = &news.service {
            inner.service = Arc::clone(service);
        }
        if let Some(epoch) = news.min_epoch_raised {
            let earlier: Vec<u64> = inner.live.iter().filter(|(_, live)| live.epoch < epoch).map(|(session, _)| *session).collect();
            inner.cut(&earlier, Cut::Revoked);
        }
        let mut applied = Vec::with_capacity(news.newly_revoked.len());
        for rid in &news.newly_revoked {
            let under: Vec<u64> = inner.under(rid).collect();
            inner.cut(&under, Cut::Revoked);
            applied.push((*rid, under));
        }
        applied
    }

    /// Cuts what has expired.
    pub(super) fn expire(&self) {
        let mut inner = self.lock();
        let Clock::Sure(now) = inner.service.clock() else { return };
        let mut expired = Vec::new();
        while let Some((_, session)) = inner.expiring.first().copied().filter(|(at, _)| *at <= now) {
            inner.expiring.pop_first();
            expired.push(session);
        }
        inner.cut(&expired, Cut::Expired);
    }

    /// Whether the ledger can be read: without it nobody is let in.
    pub(super) fn set_current(&self, current: bool) {
        self.lock().current = current;
    }

    /// Lets nobody in any more and ends every session.
    pub(super) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopping = true;
        let all: Vec<u64> = inner.live.keys().copied().collect();
        inner.cut(&all, Cut::Stopping);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that panics is done under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn is_revoked(&self, verified: &VerifiedChain) -> bool {
        verified.chain().epoch() < self.revocations.min_epoch() || verified.rids().iter().any(|rid| self.revocations.is_revoked(rid))
    }

    fn under(&self, rid: &Rid) -> impl Iterator<Item = u64> {
        self.under.range((*rid, 0)..=(*rid, u64::MAX)).map(|(_, session)| *session)
    }

    fn enter(&mut self, verified: &VerifiedChain, cut: oneshot::Sender<Cut>) -> u64 {
        let session = self.next;
        self.next += 1;
        let rids: Box<[Rid]> = verified.rids().into();
        self.under.extend(rids.iter().map(|rid| (*rid, session)));
        let expires = verified.expires();
        self.expiring.extend(expires.map(|at| (at, session)));
        let live = Live { rids, epoch: verified.chain().epoch(), expires, cut: Some(cut), activity: Activity::default() };
        self.live.insert(session, live);
        session
    }

    fn cut(&mut self, sessions: &[u64], why: Cut) {
        for session in sessions {
            if let Some(cut) = self.live.get_mut(session).and_then(|live| live.cut.take()) {
                // A session that no longer listens is ending already.
                let _ = cut.send(why);
            }
        }
    }
}
