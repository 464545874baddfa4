//! The connector: the holder's end. One session to the gateway, and in it a stream for each local connection.
//!
//! *Adversary*: whoever answers in the gateway's place; hints, which come from whoever gave the capability. *Invariants*: nothing is sent to a
//! peer that has not proven the service's key; a hint does not lead to this machine or its own network; a local connection whose stream broke
//! is broken off too, as far as its kind of socket lets the program see that. *Not prevented*: that programs of this machine use a port on
//! loopback that was opened for one of them; a Unix socket keeps other users out.

use std::sync::Arc;

use keycap_core::noise::{HandshakeError, Pattern, StatusCode, StreamKind, StreamRequest, Suite};
use keycap_vault::OpenCapability;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, timeout};

mod link;
mod reach;
mod stdio;

use crate::address::{Address, AddressError, DEFAULT_TARGET, ListenAddress};
use crate::handshake::describe;
use crate::listener::{ListenError, Listener};
use crate::relay::{Relay, RelayError};
use crate::socket::{Endpoint, Socket};
use link::{Keeper, Link};
use reach::Reach;
use stdio::Stdio;

/// Streams of one session, at most; further connections wait until one has ended. Below what gateways allow, since an end takes a while to
/// get there.
const STREAMS: usize = 512;
/// How long a local connection waits for a session while there is none.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an accept waits after the system had no descriptor or memory left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a connector has no way to the service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// An address that the user gave is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It is not known where the gateway is.
    #[error("it is not known where the gateway is: the capability has no hint that can be used, and no address was given")]
    NoAddress,
    /// No gateway was reached: each address that was tried, and why not.
    #[error("no gateway was reached: {}", .attempts.join("; "))]
    Unreachable {
        /// What was tried.
        attempts: Vec<String>,
    },
    /// The service refuses the capability, or the stream.
    #[error("refused: {why}")]
    Refused {
        /// The code.
        code: StatusCode,
        /// In words.
        why: String,
    },
    /// The handshake cannot be begun with this capability.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The stream broke off.
    #[error("{why}")]
    Broken {
        /// Why.
        why: String,
    },
}

/// How a connector connects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectorOptions {
    /// Which upstream is asked for; `None`: `default`.
    pub target: Option<String>,
    /// Where the gateway is, in place of what the capability says: the user's own word.
    pub at: Vec<String>,
    /// The pattern of the handshake; `None`: `XKpsk3` for a capability that is bound to a key, otherwise `NKpsk2`.
    pub pattern: Option<Pattern>,
    /// The suite; `None`: AES-GCM where the processor has instructions for it, otherwise ChaCha20-Poly1305.
    pub suite: Option<Suite>,
}

/// What happens at a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectorEvent {
    /// There is a session.
    Connected {
        /// The gateway's address.
        at: Address,
        /// The pattern; `None` if it is the capability's usual one.
        pattern: Option<Pattern>,
        /// The suite.
        suite: Suite,
    },
    /// The session is over.
    Lost {
        /// Why.
        why: String,
    },
    /// There is no session, and the next try is after a while.
    Retrying {
        /// Why the last one failed.
        why: String,
        /// After how long.
        after: Duration,
    },
    /// The service refuses the capability: there will be no further session.
    Refused {
        /// The code.
        code: StatusCode,
        /// In words.
        why: String,
    },
    /// The service refuses a stream.
    StreamRefused {
        /// What was asked for.
        target: String,
        /// Why not.
        why: String,
    },
    /// No local connection can be accepted.
    Accept {
        /// Why.
        why: String,
    },
}

/// Where a connector's events go. Called from its tasks: it must not block.
pub type OnConnectorEvent = Arc<dyn Fn(ConnectorEvent) + Send + Sync>;

/// A connector with a session, which it renews when it ends.
pub struct Connector {
    shared: Arc<Shared>,
    link: Link,
    stop: oneshot::Sender<()>,
    keeper: JoinHandle<()>,
}

/// What a connector's tasks share.
struct Shared {
    reach: Reach,
    target: String,
    streams: Semaphore,
    on_event: OnConnectorEvent,
}

/// Who may connect to a listener of a connector, and so use its capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Programs of this machine.
    Loopback,
    /// Whoever can reach the address.
    Network,
}

/// Where a connector listens: a TCP port, or a Unix socket with mode 0600.
#[derive(Debug)]
pub struct LocalListener(Listener);

impl LocalListener {
    /// Binds, and listens from now on.
    ///
    /// # Errors
    /// A [`ListenError`]; [`ListenError::NotLoopback`] for an address that other machines can reach, unless that is asked for.
    pub async fn bind(address: &ListenAddress, exposure: Exposure) -> Result<Self, ListenError> {
        match exposure {
            Exposure::Loopback => Listener::bind_loopback(address).await.map(Self),
            Exposure::Network => Listener::bind(address).await.map(Self),
        }
    }

    /// Where it listens, with the port that it got.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.0.address()
    }
}

impl Connector {
    /// Sets up the first session, so that a refusal is told at once.
    ///
    /// # Errors
    /// A [`ConnectorError`].
    pub async fn open(capability: OpenCapability, options: ConnectorOptions, on_event: OnConnectorEvent) -> Result<Self, ConnectorError> {
        let target = options.target.clone().unwrap_or_else(|| DEFAULT_TARGET.to_owned());
        let reach = Reach::new(capability, &options)?;
        let shared = Arc::new(Shared { reach, target, streams: Semaphore::new(STREAMS), on_event });
        let driver = link::connect(&shared).await?;
        let (stop, stopping) = oneshot::channel();
        let (link, keeper) = Keeper::new(Arc::clone(&shared), &driver);
        let keeper = tokio::spawn(keeper.keep(driver, stopping));
        Ok(Self { shared, link, stop, keeper })
    }

    /// Gives each connection that comes to `listener` a stream, until `stop` is done. Connections wait while the session is being renewed.
    ///
    /// # Errors
    /// [`ConnectorError::Refused`] when the service refuses the capability for good.
    pub async fn forward(&self, listener: LocalListener, stop: impl Future<Output = ()>) -> Result<(), ConnectorError> {
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        let mut link = self.link.clone();
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                refused = link.refused() => return Err(refused),
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.0.accept() => match accepted {
                    Ok((socket, _)) => {
                        connections.spawn(carry(Arc::clone(&self.shared), self.link.clone(), socket));
                    }
                    Err(error) => {
                        self.shared.tell(ConnectorEvent::Accept { why: error.to_string() });
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }

    /// Gives standard input and output a stream, to its end: of both directions, or of the service's alone if standard input is a terminal.
    ///
    /// A thread may be left that waits to read standard input: a program that does not end by itself now must end by `exit`.
    ///
    /// # Errors
    /// [`ConnectorError::Refused`] if the service refuses the stream, [`ConnectorError::Broken`] if it breaks off.
    pub async fn stdio(&self) -> Result<(), ConnectorError> {
        let mut relay = open(&self.shared, &mut self.link.clone(), Stdio::open()).await?;
        relay.end_with_service(Stdio::is_interactive());
        relay.await.map_err(|error| match error {
            RelayError::Refused(status) => ConnectorError::Refused { code: status.code(), why: describe(&status) },
            RelayError::Answer(_) | RelayError::Broken(_) | RelayError::Connection(_) => ConnectorError::Broken { why: error.to_string() },
        })
    }

    /// Ends the session in order.
    pub async fn close(self) {
        // If the keeper is gone, there is no session to end.
        let _ = self.stop.send(());
        let _ = self.keeper.await;
    }
}

/// Carries one local connection to its end.
async fn carry(shared: Arc<Shared>, mut link: Link, socket: Socket) {
    let Ok(_place) = shared.streams.acquire().await else { return };
    // Without a session or a stream for it, the connection is broken off.
    let Ok(relay) = Box::pin(open(&shared, &mut link, socket)).await else { return };
    if let Err(RelayError::Refused(status)) = relay.await {
        shared.tell(ConnectorEvent::StreamRefused { target: shared.target.clone(), why: describe(&status) });
    }
}

/// Opens a stream for a connection, as soon as there is a session.
async fn open<C: Endpoint>(shared: &Shared, link: &mut Link, mut connection: C) -> Result<Relay<C>, ConnectorError> {
    let broken = |why: &dyn std::fmt::Display| ConnectorError::Broken { why: why.to_string() };
    let opened = async {
        let header = StreamRequest { target: shared.target.clone(), kind: StreamKind::Tcp }.encode().map_err(|error| broken(&error))?;
        let session = timeout(PATIENCE, link.session()).await.map_err(|_| broken(&"there is no session with the gateway"))??;
        let stream = session.open().map_err(|error| broken(&error))?;
        // The header fits: the window of a new stream is whole.
        stream.send(&header).map_err(|error| broken(&error))?;
        Ok(stream)
    };
    match opened.await {
        Ok(stream) => Ok(Relay::asked(connection, stream)),
        Err(error) => {
            connection.abort();
            Err(error)
        }
    }
}

impl Shared {
    fn tell(&self, event: ConnectorEvent) {
        (self.on_event)(event);
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("target", &self.shared.target).finish_non_exhaustive()
    }
}
