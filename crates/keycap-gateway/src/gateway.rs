//! The gateway: lets holders of capabilities through to a service's upstreams, and nobody else.
//!
//! *Adversary*: anyone who can connect; holders of other capabilities, and of this one beyond what it allows. *Invariants*: nothing is dialled,
//! logged or counted for a peer that has not confirmed its key; an upstream is dialled only for a request that a [`VerifiedChain`] allows;
//! a session is in the register before it is told to go on, and the register and the revocations are looked at under one lock, so that no
//! session slips between a revocation and its cut. *Not prevented*: that a holder learns that an upstream does not answer.
//!
//! [`VerifiedChain`]: keycap_core::chain::VerifiedChain

use std::sync::Arc;

use keycap_core::noise::{Pattern, StatusCode, Suite};
use keycap_vault::{GatewayPlace, Vault, VaultError};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

mod desk;
mod half_open;
mod register;
mod session;
mod stream;

use crate::address::{Address, AddressError, ListenAddress, Upstreams};
use crate::listener::{ListenError, Listener};
use crate::socket::Source;
use desk::Desk;
use half_open::HalfOpen;
use register::Register;

/// How long an accept waits after the system had no descriptor or memory left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long sessions have to end when the gateway stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Why a gateway does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// An address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The vault does not open the service.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A thread cannot be started, or has panicked.
    #[error("{what}: {source}")]
    Thread {
        /// Which one.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}

/// How much a gateway takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayLimits {
    /// Sessions, at most; one more is told that there are too many.
    pub sessions: usize,
    /// Streams of one session, at most; one more is refused.
    pub streams: usize,
    /// Handshakes under way, at most; one more is closed without a word.
    pub half_open: usize,
    /// The same for one address, or IPv6 network of 64 bits.
    pub half_open_per_source: usize,
    /// How long an upstream may take to answer a dial.
    pub dial: Duration,
}

impl Default for GatewayLimits {
    /// 10,000 sessions of 1,024 streams; 1,024 handshakes, 128 of one address; 10 s for a dial.
    fn default() -> Self {
        Self { sessions: 10_000, streams: 1_024, half_open: 1_024, half_open_per_source: 128, dial: Duration::from_secs(10) }
    }
}

/// What happens at a gateway. Peers are named by what they have proven: a holder's key; otherwise by nothing but their address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayEvent {
    /// A session has begun.
    Opened {
        /// Its number, from 1.
        session: u64,
        /// Where it comes from.
        from: Source,
        /// The proven holder's key, as its fingerprint.
        holder: Option<String>,
        /// The pattern of its handshake.
        pattern: Pattern,
        /// The suite of its frames.
        suite: Suite,
    },
    /// A holder of a capability was refused and told why.
    Refused {
        /// Where it came from.
        from: Source,
        /// The code it was told.
        code: StatusCode,
        /// Why.
        why: String,
    },
    /// A stream was refused.
    StreamRefused {
        /// The session's number.
        session: u64,
        /// What was asked for.
        target: String,
        /// Why not.
        why: String,
    },
    /// An upstream was not reached.
    UpstreamFailed {
        /// Its name.
        target: String,
        /// Why.
        why: String,
    },
    /// A session has ended.
    Closed {
        /// Its number.
        session: u64,
        /// Why.
        why: String,
    },
    /// A revocation was applied, and so many sessions cut.
    Revoked {
        /// The revocation id, in hex.
        rid: String,
        /// Sessions cut.
        sessions: u64,
    },
    /// The service's keys were changed.
    KeysChanged,
    /// The ledger cannot be read or written. Nobody is let in until it can be read again.
    Ledger {
        /// Why.
        why: String,
    },
    /// No connection can be accepted.
    Accept {
        /// Why.
        why: String,
    },
}

/// Where a gateway's events go. Called from tasks and threads of the gateway: it must not block.
pub type OnGatewayEvent = Arc<dyn Fn(GatewayEvent) + Send + Sync>;

/// A gateway that listens.
pub struct Gateway {
    listener: Listener,
    shared: Arc<Shared>,
    desk: Desk,
}

/// What all sessions of a gateway share.
struct Shared {
    register: Register,
    upstreams: Upstreams,
    limits: GatewayLimits,
    half_open: HalfOpen,
    errands: desk::Errands,
    on_event: OnGatewayEvent,
}

impl Gateway {
    /// Listens, and opens the service in the vault, which must be unlocked and is the gateway's own from now on. Sessions are let in by
    /// [`Self::serve`].
    ///
    /// # Errors
    /// [`GatewayError::Listen`], [`GatewayError::Vault`], [`GatewayError::Thread`].
    pub async fn open(
        vault: Vault,
        service: &str,
        listen: &ListenAddress,
        upstreams: Upstreams,
        limits: GatewayLimits,
        on_event: OnGatewayEvent,
    ) -> Result<Self, GatewayError> {
        let listener = Listener::bind(listen).await?;
        let place = GatewayPlace { listen: listener.address().to_string(), upstreams: upstreams.iter().map(ToString::to_string).collect() };
        let service = service.to_owned();
        let opened = tokio::task::spawn_blocking(move || vault.open_gateway(&service, &place)).await;
        let (open_service, vault_desk) = opened.map_err(|panic| GatewayError::Thread { what: "the vault", source: panic.into() })??;
        let (errands, errands_in) = desk::errands();
        let register = Register::new(open_service, vault_desk.revocations(), limits.sessions);
        let half_open = HalfOpen::new(limits.half_open, limits.half_open_per_source);
        let shared = Arc::new(Shared { register, upstreams, limits, half_open, errands, on_event });
        let desk = Desk::start(vault_desk, Arc::clone(&shared), errands_in)
            .map_err(|source| GatewayError::Thread { what: "the thread of the ledger", source })?;
        Ok(Self { listener, shared, desk })
    }

    /// Where it listens, with the port that it got.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.listener.address()
    }

    /// Lets sessions in until `stop` is done; then ends them, and says so in the ledger.
    ///
    /// # Errors
    /// [`GatewayError::Vault`] if the ledger cannot be told that the gateway has stopped.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), GatewayError> {
        let Self { listener, shared, desk } = self;
        let mut sessions = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((socket, source)) => {
                        // One too many is closed without a word.
                        if let Some(place) = shared.half_open.enter(source) {
                            sessions.spawn(session::run(Arc::clone(&shared), socket, source, place));
                        }
                    }
                    Err(error) => {
                        shared.tell(GatewayEvent::Accept { why: error.to_string() });
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
        // Its socket file goes at once, so that nobody connects to what no longer answers.
        drop(listener);
        shared.register.stop();
        let _ = timeout(STOP_LIMIT, async { while sessions.join_next().await.is_some() {} }).await;
        sessions.shutdown().await;
        desk.stop().await
    }
}

impl Shared {
    fn tell(&self, event: GatewayEvent) {
        (self.on_event)(event);
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("address", self.address()).finish_non_exhaustive()
    }
}
