//! The thread at the vault's desk: it alone reads and writes the ledger, and no session waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use keycap_core::chain::{Rid, VerifiedChain};
use keycap_vault::{DeskNews, GatewayDesk, SessionStart, VaultError};
use tokio::sync::{mpsc, oneshot};

use super::{GatewayError, GatewayEvent, Shared};

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often the ledger is told that the gateway is alive, and what its sessions do.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After so long without a look at the ledger nobody is let in: what is revoked is not known.
const STALE: Duration = Duration::from_secs(10);
/// Errands that wait, at most. More, and new sessions wait until the ledger has caught up.
const ERRANDS: usize = 1024;

/// What the ledger is to be told.
pub(super) enum Errand {
    Opened {
        session: u64,
        verified: Box<VerifiedChain>,
        start: SessionStart,
    },
    Closed {
        session: u64,
        why: String,
    },
    /// `rid` and `code` say what is the same again.
    Refused {
        rid: Option<Rid>,
        code: u64,
        from: String,
        why: String,
    },
}

/// Where errands are handed in.
pub(super) type Errands = mpsc::Sender<Errand>;

pub(super) fn errands() -> (Errands, mpsc::Receiver<Errand>) {
    mpsc::channel(ERRANDS)
}

/// The running thread.
pub(super) struct Desk {
    thread: Thread,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<Result<(), VaultError>>,
}

impl Desk {
    pub(super) fn start(desk: GatewayDesk, shared: Arc<Shared>, errands: mpsc::Receiver<Errand>) -> std::io::Result<Self> {
        let (stop, stopping) = oneshot::channel();
        let clerk = Clerk {
            desk,
            shared,
            errands,
            numbers: HashMap::new(),
            owed: Vec::new(),
            refusals: Refusals::default(),
            trouble: None,
            read: Instant::now(),
        };
        let stopped = thread::Builder::new().name("keycap-ledger".into()).spawn(move || clerk.work(stopping))?;
        Ok(Self { thread: stopped.thread().clone(), stop, stopped })
    }

    /// Has the last errands done, and tells the ledger that the gateway has stopped.
    pub(super) async fn stop(self) -> Result<(), GatewayError> {
        // If the thread is gone, joining says why.
        let _ = self.stop.send(());
        self.thread.unpark();
        let panicked = |what: &str| GatewayError::Thread { what: "the thread of the ledger", source: std::io::Error::other(what.to_owned()) };
        let joined = tokio::task::spawn_blocking(move || self.stopped.join()).await.map_err(|_| panicked("it was not joined"))?;
        Ok(joined.map_err(|_| panicked("it has panicked"))??)
    }
}

/// Who does the work.
struct Clerk {
    desk: GatewayDesk,
    shared: Arc<Shared>,
    errands: mpsc::Receiver<Errand>,
    /// The ledger's numbers of live sessions.
    numbers: HashMap<u64, u64>,
    /// Receipts that wait until the sessions they count are out.
    owed: Vec<Owed>,
    refusals: Refusals,
    /// What was last wrong with the ledger, so that it is told once.
    trouble: Option<String>,
    /// When the ledger was last read.
    read: Instant,
}

struct Owed {
    rid: Rid,
    cut: u64,
    waiting: Vec<u64>,
}

impl Clerk {
    fn work(mut self, mut stop: oneshot::Receiver<()>) -> Result<(), VaultError> {
        let mut heartbeat = Instant::now();
        while matches!(stop.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            let begun = Instant::now();
            self.look();
            self.shared.register.expire();
            self.give_receipts();
            self.run_errands(begun + LOOK);
            if heartbeat.elapsed() >= HEARTBEAT {
                heartbeat = Instant::now();
                self.beat();
            }
            if self.errands.is_empty() {
                thread::park_timeout(LOOK.saturating_sub(begun.elapsed()));
            }
        }
        self.run_errands(Instant::now() + HEARTBEAT);
        self.give_receipts();
        self.desk.stop()
    }

    /// Learns what was revoked, and has it cut.
    fn look(&mut self) {
        match self.desk.poll() {
            Ok(news) => {
                self.read = Instant::now();
                self.trouble = None;
                self.shared.register.set_current(true);
                if let Some(news) = news {
                    self.apply(&news);
                }
            }
            Err(error) => {
                if self.read.elapsed() >= STALE {
                    self.shared.register.set_current(false);
                }
                self.complain(&error);
            }
        }
    }

    fn apply(&mut self, news: &DeskNews) {
        for (rid, waiting) in self.shared.register.apply(news) {
            let cut = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
            self.shared.tell(GatewayEvent::Revoked { rid: rid.to_string(), sessions: cut });
            self.owed.push(Owed { rid, cut, waiting });
        }
        if news.service.is_some() {
            self.shared.tell(GatewayEvent::KeysChanged);
        }
    }

    /// Gives the receipts whose sessions are all out.
    fn give_receipts(&mut self) {
        let mut owed = std::mem::take(&mut self.owed);
        for receipt in &mut owed {
            receipt.waiting.retain(|session| self.shared.register.has(*session));
        }
        for receipt in owed {
            if !receipt.waiting.is_empty() {
                self.owed.push(receipt);
            } else if let Err(error) = self.desk.applied(receipt.rid, receipt.cut) {
                // Owed until it is given.
                self.complain(&error);
                self.owed.push(receipt);
            }
        }
    }

    /// Runs errands until there are none, or it is time to look again.
    fn run_errands(&mut self, until: Instant) {
        while let Ok(errand) = self.errands.try_recv() {
            if let Err(error) = self.run(errand) {
                self.complain(&error);
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn run(&mut self, errand: Errand) -> Result<(), VaultError> {
        match errand {
            Errand::Opened { session, verified, start } => {
                self.numbers.insert(session, self.desk.session_opened(&verified, &start)?);
                Ok(())
            }
            Errand::Closed { session, why } => match self.numbers.remove(&session) {
                Some(number) => self.desk.session_closed(number, &why),
                None => Ok(()),
            },
            Errand::Refused { rid, code, from, why } if self.refusals.is_new((rid, code), Instant::now()) => self.desk.refused(&from, &why),
            Errand::Refused { .. } => Ok(()),
        }
    }

    fn beat(&mut self) {
        let numbered = |(session, streams, target)| self.numbers.get(&session).map(|number| (*number, streams, target));
        let activity: Vec<_> = self.shared.register.activity().into_iter().filter_map(numbered).collect();
        let told = if activity.is_empty() { Ok(()) } else { self.desk.session_activity(&activity) };
        if let Err(error) = told.and_then(|()| self.desk.heartbeat()) {
            self.complain(&error);
        }
    }

    fn complain(&mut self, error: &VaultError) {
        let why = error.to_string();
        if self.trouble.as_ref() != Some(&why) {
            self.shared.tell(GatewayEvent::Ledger { why: why.clone() });
            self.trouble = Some(why);
        }
    }
}

/// Refusals that were lately written down: a holder who comes again and again is written down once a minute.
#[derive(Default)]
struct Refusals(HashMap<(Option<Rid>, u64), Instant>);

impl Refusals {
    const REMEMBERED: Duration = Duration::from_secs(60);
    const MOST: usize = 4096;

    /// Whether it is to be written down. When there are too many different ones, it is not.
    fn is_new(&mut self, refusal: (Option<Rid>, u64), now: Instant) -> bool {
        if self.0.len() >= Self::MOST {
            self.0.retain(|_, at| now - *at < Self::REMEMBERED);
        }
        match self.0.get(&refusal) {
            Some(at) if now - *at < Self::REMEMBERED => false,
            None if self.0.len() >= Self::MOST => false,
            Some(_) | None => {
                self.0.insert(refusal, now);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_written_down_once_a_minute() {
        let mut refusals = Refusals::default();
        let (rid, now) = (Some(Rid::from_bytes([1; 16])), Instant::now());
        assert!(refusals.is_new((rid, 3), now));
        assert!(!refusals.is_new((rid, 3), now + Duration::from_secs(59)));
        assert!(refusals.is_new((rid, 2), now));
        assert!(refusals.is_new((None, 3), now));
        assert!(refusals.is_new((rid, 3), now + Duration::from_secs(60)));
    }

    #[test]
    fn refusals_that_are_remembered_are_limited() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        for code in 0..5000 {
            refusals.is_new((None, code), now);
        }
        assert_eq!(refusals.0.len(), Refusals::MOST);
        assert!(refusals.is_new((None, 5000), now + Refusals::REMEMBERED));
    }
}
