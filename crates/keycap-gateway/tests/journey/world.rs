//! An operator with a service, a holder with capabilities, and a gateway between them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keycap_gateway::address::{ListenAddress, Upstreams};
use keycap_gateway::{Connector, ConnectorError, ConnectorEvent, ConnectorOptions, Exposure, Gateway, GatewayEvent, GatewayLimits, LocalListener};
use keycap_vault::{
    AcceptAs, DelegateRequest, Environment, Limits, MintRequest, NewService, OpenCapability, SecretsChoice, ShareHow, ShareRequest, Unlock,
    UnlockMethod, Vault, key_file,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A vault in a folder of its own.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("vault-key");
        key_file::create(&key).unwrap();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key });
        Vault::create(&folder.path().join("vault"), choice, Environment::system()).unwrap();
        Self { folder }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("vault/ledger.sqlite")
    }

    pub(crate) fn open(&self) -> Vault {
        let mut vault = Vault::open(&self.folder.path().join("vault"), Environment::system()).unwrap();
        vault.unlock(Unlock::File).unwrap();
        vault
    }
}

pub(crate) struct World {
    pub(crate) operator: Place,
    pub(crate) holder: Place,
}

/// Events, and a way to wait for one.
pub(crate) struct Events<E>(Arc<Mutex<Vec<E>>>);

impl<E: Clone + std::fmt::Debug + Send + 'static> Events<E> {
    fn new() -> (Self, Arc<dyn Fn(E) + Send + Sync>) {
        let all: Arc<Mutex<Vec<E>>> = Arc::default();
        let sink = Arc::clone(&all);
        (Self(all), Arc::new(move |event| sink.lock().unwrap().push(event)))
    }

    pub(crate) async fn wait_for(&self, wanted: impl Fn(&E) -> bool) -> E {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(event) = self.all().into_iter().find(&wanted) {
                return event;
            }
            assert!(Instant::now() < until, "it did not happen; {:?} did", self.all());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn all(&self) -> Vec<E> {
        self.0.lock().unwrap().clone()
    }
}

/// A gateway that serves.
pub(crate) struct Serving {
    pub(crate) address: String,
    pub(crate) events: Events<GatewayEvent>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Serving {
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

/// A connector that listens on a port.
pub(crate) struct Forwarding {
    pub(crate) address: String,
    pub(crate) events: Events<ConnectorEvent>,
    stop: oneshot::Sender<()>,
    pub(crate) forwarded: JoinHandle<Result<(), ConnectorError>>,
}

impl Forwarding {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Sends `question` and gives what comes back for it, byte by byte the same if an echo answers.
    pub(crate) async fn ask(&self, question: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut connection = TcpStream::connect(&self.address).await?;
        ask(&mut connection, question).await
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.forwarded.await.unwrap().unwrap();
    }
}

pub(crate) async fn ask(connection: &mut TcpStream, question: &[u8]) -> std::io::Result<Vec<u8>> {
    connection.write_all(question).await?;
    let mut answer = vec![0; question.len()];
    connection.read_exact(&mut answer).await?;
    Ok(answer)
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { operator: Place::new(), holder: Place::new() };
        world.operator.open().new_service(&NewService { name: "db".into(), ..NewService::default() }).unwrap();
        world
    }

    /// Mints a capability, which the holder takes in under the same name.
    pub(crate) fn mint(&self, name: &str, limits: Limits) {
        let mut operator = self.operator.open();
        operator.mint(&MintRequest { service: "db".into(), name: name.into(), preset: None, limits }).unwrap();
        let shared = operator.share(&format!("grant:{name}"), &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap();
        let mut holder = self.holder.open();
        let incoming = holder.inspect(shared.text().expose()).unwrap();
        holder.accept(incoming, &AcceptAs { name: Some(name.into()), ..AcceptAs::default() }).unwrap();
    }

    pub(crate) fn delegate(&self, parent: &str, child: &str, limits: Limits) {
        self.holder.open().delegate(&DelegateRequest { capability: parent.into(), name: child.into(), limits }).unwrap();
    }

    pub(crate) fn open_capability(&self, name: &str) -> OpenCapability {
        self.holder.open().open_capability(name).unwrap()
    }

    pub(crate) async fn serve(&self, upstreams: &[String]) -> Serving {
        self.serve_at("127.0.0.1:0", upstreams, GatewayLimits::default()).await
    }

    pub(crate) async fn serve_at(&self, listen: &str, upstreams: &[String], limits: GatewayLimits) -> Serving {
        let (events, on_event) = Events::new();
        let listen: ListenAddress = listen.parse().unwrap();
        let upstreams = Upstreams::parse(upstreams).unwrap();
        let gateway = Gateway::open(self.operator.open(), "db", &listen, upstreams, limits, on_event).await.unwrap();
        let address = gateway.address().to_string();
        let (stop, stopping) = oneshot::channel::<()>();
        let served = tokio::spawn(async move { gateway.serve(async { drop(stopping.await) }).await.unwrap() });
        Serving { address, events, stop, served }
    }

    /// A connector's first session, or why there is none.
    pub(crate) async fn connector(
        &self,
        capability: OpenCapability,
        at: &str,
        target: Option<&str>,
    ) -> Result<(Connector, Events<ConnectorEvent>), ConnectorError> {
        let (events, on_event) = Events::new();
        let options = ConnectorOptions { target: target.map(Into::into), at: vec![at.into()], ..ConnectorOptions::default() };
        Ok((Connector::open(capability, options, on_event).await?, events))
    }

    /// A connector that listens on a port.
    pub(crate) async fn forward(&self, name: &str, at: &str, target: Option<&str>) -> Forwarding {
        let (connector, events) = self.connector(self.open_capability(name), at, target).await.unwrap();
        let listener = LocalListener::bind(&ListenAddress::loopback(0), Exposure::Loopback).await.unwrap();
        let address = listener.address().to_string();
        let (stop, stopping) = oneshot::channel::<()>();
        let forwarded = tokio::spawn(async move {
            let forwarded = connector.forward(listener, async { drop(stopping.await) }).await;
            connector.close().await;
            forwarded
        });
        Forwarding { address, events, stop, forwarded }
    }
}

/// A server that sends back what it gets, and closes its side when the client has closed.
pub(crate) async fn echo() -> String {
    server(async |mut connection: TcpStream| {
        let (mut read, mut write) = connection.split();
        tokio::io::copy(&mut read, &mut write).await?;
        write.shutdown().await
    })
    .await
}

/// A server that does that with each connection.
pub(crate) async fn server<F, S>(serve: S) -> String
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    address
}

/// A port where nobody listens.
pub(crate) async fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}
