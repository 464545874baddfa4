//! Keeping a session: when one ends, the next is set up.

use std::sync::Arc;

use keycap_core::noise::StatusCode;
use tokio::sync::{oneshot, watch};
use tokio::time::{Duration, sleep};

use super::{ConnectorError, ConnectorEvent, Shared};
use crate::mux::{Driver, Event, MuxError, Over, Session};

/// The pause before the second try; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How things stand.
#[derive(Clone)]
enum State {
    Up(Arc<Session>),
    Down,
    /// The service refuses for good.
    Refused(StatusCode, String),
}

/// The way to the session that there is now.
#[derive(Clone)]
pub(super) struct Link(watch::Receiver<State>);

impl Link {
    /// Waits until there is a session.
    pub(super) async fn session(&mut self) -> Result<Arc<Session>, ConnectorError> {
        let settled = |state: &State| match state {
            // A session is over a moment before its keeper learns of it.
            State::Up(session) => !session.is_over(),
            State::Down => false,
            State::Refused(..) => true,
        };
        match self.0.wait_for(settled).await.as_deref() {
            Ok(State::Up(session)) => Ok(Arc::clone(session)),
            Ok(State::Refused(code, why)) => Err(ConnectorError::Refused { code: *code, why: why.clone() }),
            Ok(State::Down) | Err(_) => Err(ConnectorError::Broken { why: "the connector has stopped".into() }),
        }
    }

    /// Waits until the service refuses for good.
    pub(super) async fn refused(&mut self) -> ConnectorError {
        match self.0.wait_for(|state| matches!(state, State::Refused(..))).await.as_deref() {
            Ok(State::Refused(code, why)) => ConnectorError::Refused { code: *code, why: why.clone() },
            Ok(State::Up(_) | State::Down) | Err(_) => ConnectorError::Broken { why: "the connector has stopped".into() },
        }
    }
}

/// A session with the first gateway that answers, and the news of it.
pub(super) async fn connect(shared: &Shared) -> Result<Driver, ConnectorError> {
    let (driver, at) = Box::pin(shared.reach.connect()).await?;
    shared.tell(ConnectorEvent::Connected { at: at.clone(), pattern: shared.reach.pattern, suite: shared.reach.suite });
    Ok(driver)
}

/// Who keeps the session.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    state: watch::Sender<State>,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, driver: &Driver) -> (Link, Self) {
        let (state, link) = watch::channel(State::Up(Arc::clone(driver.session())));
        (Link(link), Self { shared, state })
    }

    /// Drives the session, and its successors, until `stop` or a refusal for good.
    pub(super) async fn keep(self, mut driver: Driver, mut stop: oneshot::Receiver<()>) {
        loop {
            let over = tokio::select! {
                biased;
                _ = &mut stop => return driver.finish(None).await,
                over = drive(&mut driver) => over,
            };
            self.state.send_replace(State::Down);
            self.shared.tell(ConnectorEvent::Lost { why: over.to_string() });
            match over {
                // The other side is still there, and waits for this side's end.
                Over::Ended | Over::Refused(_) => drop(tokio::spawn(driver.finish(None))),
                Over::Transport(_) | Over::Mux(_) => drop(driver),
            }
            let renewed = tokio::select! {
                biased;
                _ = &mut stop => return,
                renewed = self.renew() => renewed,
            };
            match renewed {
                Ok(next) => {
                    self.state.send_replace(State::Up(Arc::clone(next.session())));
                    driver = next;
                }
                Err((code, why)) => {
                    self.shared.tell(ConnectorEvent::Refused { code, why: why.clone() });
                    self.state.send_replace(State::Refused(code, why));
                    let _ = stop.await;
                    return;
                }
            }
        }
    }

    /// Tries until there is a session, or the service refuses for good.
    async fn renew(&self) -> Result<Driver, (StatusCode, String)> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match connect(&self.shared).await {
                Ok(driver) => return Ok(driver),
                Err(ConnectorError::Refused { code, why }) if is_final(code) => return Err((code, why)),
                Err(error) => error,
            };
            self.shared.tell(ConnectorEvent::Retrying { why: error.to_string(), after: pause });
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether trying again is in vain.
const fn is_final(code: StatusCode) -> bool {
    match code {
        StatusCode::Expired | StatusCode::Revoked | StatusCode::NotAllowed | StatusCode::UnknownCaveat | StatusCode::Other(_) => true,
        StatusCode::Ok | StatusCode::TooManySessions | StatusCode::ClockUnsure => false,
    }
}

/// Drives a session to its end.
async fn drive(driver: &mut Driver) -> Over {
    match driver.next().await {
        Event::Over(over) => over,
        // The driver of a connector has refused it already.
        Event::Stream(_) => MuxError::Open.into(),
    }
}
