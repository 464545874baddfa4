//! One session, from accept to its end.

use std::sync::Arc;

use keycap_core::chain::VerifiedChain;
use keycap_core::noise::{Confirmed, Status, StatusCode};
use keycap_core::time::Clock;
use keycap_vault::{OpenService, SessionStart};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::desk::Errand;
use super::half_open::Place;
use super::register::{Admitted, Cut, Denied};
use super::{GatewayEvent, Shared, stream};
use crate::handshake;
use crate::mux::{Driver, Event, Over};
use crate::socket::{Socket, Source};
use crate::transport::{End, Receiving, Sending};

/// The longest that a session lasts.
const LONGEST: Duration = Duration::from_secs(3600);
/// How long streams that were complete may take to hand on what is left when a peer has ended the session.
const HAND_ON: Duration = Duration::from_secs(30);

/// Why a session is over.
enum Ending {
    Cut(Cut),
    /// It has lasted as long as it may.
    Deadline,
    Over(Over),
}

/// Lets a connection in, if it may come in, and serves it until its end.
pub(super) async fn run(shared: Arc<Shared>, socket: Socket, source: Source, place: Place) {
    // The handshake is on the heap and gone afterwards: an idle session does not keep room for it.
    let Some(met) = Box::pin(meet(&shared, socket, source, place)).await else { return };
    match met {
        Ok(session) => session.serve(shared).await,
        Err((driver, status)) => driver.finish(Some(&status)).await,
    }
}

/// The handshake and what follows from it: a session, a refusal to be told, or silence.
async fn meet(shared: &Arc<Shared>, mut socket: Socket, source: Source, place: Place) -> Option<Result<Session, (Driver, Status)>> {
    let service = shared.register.service();
    let (confirmed, round_trip) = handshake::accept(&mut socket, |hello| service.read_hello(hello)).await?;
    drop(place);
    let admitted = shared.register.admit(&service, &confirmed);
    let Confirmed { chain, pattern, suite, sender, receiver, .. } = confirmed;
    let (read, write) = socket.into_split();
    let receiving = Receiving::new(read, receiver, End::Service);
    let driver = Driver::new(receiving, Sending::new(write, sender), End::Service, shared.limits.streams, round_trip);
    match admitted {
        Ok(admitted) => {
            let start = SessionStart { from: source.to_string(), pattern, suite };
            let holder = admitted.verified.holder().map(|holder| holder.kid().short());
            let session = admitted.session;
            let opened = Errand::Opened { session, verified: Box::new(admitted.verified.clone()), start };
            // Sent before the first stream, so that the ledger has a session before what happens in it; waits only if the ledger is far behind.
            let _ = shared.errands.send(opened).await;
            shared.tell(GatewayEvent::Opened { session, from: source, holder, pattern, suite });
            Some(Ok(Session::new(driver, admitted, &service)))
        }
        Err(Denied::Told(status)) => {
            let (code, why) = (status.code(), status.text().to_owned());
            // A holder who is refused and comes again and again must not fill the queue, so this does not wait.
            let rid = chain.rids().last().copied();
            let _ = shared.errands.try_send(Errand::Refused { rid, code: code.number(), from: source.to_string(), why: why.clone() });
            shared.tell(GatewayEvent::Refused { from: source, code, why });
            Some(Err((driver, status)))
        }
        Err(Denied::Silently) => None,
    }
}

/// A session that was let in.
struct Session {
    number: u64,
    driver: Driver,
    verified: Arc<VerifiedChain>,
    cut: oneshot::Receiver<Cut>,
    deadline: Instant,
    streams: JoinSet<()>,
}

impl Session {
    fn new(driver: Driver, admitted: Admitted, service: &OpenService) -> Self {
        let Admitted { session, verified, cut } = admitted;
        // The register cuts what expires to the second; this holds too if its thread is held up.
        let left = match (verified.expires(), service.clock()) {
            (Some(expires), Clock::Sure(now)) => Duration::from_secs(expires.since(now)),
            (None, _) | (_, Clock::Unsure) => LONGEST,
        };
        let allowed = verified.max_session_s().map_or(LONGEST, Duration::from_secs);
        let deadline = Instant::now() + LONGEST.min(left).min(allowed);
        Self { number: session, driver, verified: Arc::new(verified), cut, deadline, streams: JoinSet::new() }
    }

    async fn serve(mut self, shared: Arc<Shared>) {
        let ending = match self.driver.say(&Status::new(StatusCode::Ok, "")) {
            Ok(()) => self.drive(&shared).await,
            Err(error) => Ending::Over(error.into()),
        };
        let why = ending.to_string();
        let Self { number, driver, cut, mut streams, .. } = self;
        match ending {
            Ending::Cut(why) => {
                driver.end_streams();
                streams.shutdown().await;
                shared.register.leave(number);
                driver.finish(why.status().as_ref()).await;
            }
            Ending::Deadline => {
                driver.end_streams();
                streams.shutdown().await;
                shared.register.leave(number);
                driver.finish(Some(&Status::new(StatusCode::Expired, "the session has lasted as long as it may"))).await;
            }
            Ending::Over(Over::Ended) => {
                tokio::join!(hand_on(&mut streams, cut), driver.finish(None));
                shared.register.leave(number);
            }
            Ending::Over(Over::Refused(_) | Over::Transport(_) | Over::Mux(_)) => {
                drop(driver);
                streams.shutdown().await;
                shared.register.leave(number);
            }
        }
        // The session is over; that its end waits for the ledger holds up nobody.
        let _ = shared.errands.send(Errand::Closed { session: number, why: why.clone() }).await;
        shared.tell(GatewayEvent::Closed { session: number, why });
    }

    async fn drive(&mut self, shared: &Arc<Shared>) -> Ending {
        loop {
            tokio::select! {
                biased;
                cut = &mut self.cut => return Ending::Cut(cut.unwrap_or(Cut::Stopping)),
                () = sleep_until(self.deadline) => return Ending::Deadline,
                event = self.driver.next() => match event {
                    Event::Stream(stream) => {
                        self.streams.spawn(stream::serve(Arc::clone(shared), self.number, Arc::clone(&self.verified), stream));
                    }
                    Event::Over(over) => return Ending::Over(over),
                },
                Some(_) = self.streams.join_next(), if !self.streams.is_empty() => {}
            }
        }
    }
}

/// Lets streams that have received their end hand on what is left; the others end by themselves.
async fn hand_on(streams: &mut JoinSet<()>, cut: oneshot::Receiver<Cut>) {
    tokio::select! {
        biased;
        _ = cut => {}
        _ = timeout(HAND_ON, async { while streams.join_next().await.is_some() {} }) => {}
    }
    streams.shutdown().await;
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut(cut) => f.write_str(cut.reason()),
            Self::Deadline => f.write_str("lasted as long as it may"),
            Self::Over(over) => over.fmt(f),
        }
    }
}
