//! Gateways and connectors as tasks: they run until they are cancelled or the interface is left, and say how they get on.

use std::sync::Arc;
use std::time::Duration;

use keycap_gateway::address::{ListenAddress, Upstreams};
use keycap_gateway::{Connector, ConnectorError, ConnectorEvent, ConnectorOptions, Exposure, Gateway, GatewayError, GatewayEvent, GatewayLimits};
use keycap_gateway::{ListenError, LocalListener};
use keycap_vault::{ErrorClass, OpenCapability, Vault};

use crate::request::Failure;
use crate::task::{Job, TaskHandle, TaskNews};

/// How often it is looked whether a task is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A gateway.
#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) vault: Vault,
    pub(crate) service: String,
    pub(crate) listen: String,
    pub(crate) to: Vec<String>,
}

/// A local port or socket that leads to a service.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) capability: OpenCapability,
    pub(crate) listen: String,
}

impl Job for Serve {
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure> {
        let Self { vault, service, listen, to } = *self;
        let listen: ListenAddress = listen.parse().map_err(failed)?;
        let upstreams = Upstreams::parse(&to).map_err(failed)?;
        let told = task.clone();
        let on_event = Arc::new(move |event| tell_gateway(&told, event));
        runtime()?
            .block_on(async {
                let gateway = Gateway::open(vault, &service, &listen, upstreams, GatewayLimits::default(), on_event).await?;
                task.tell(TaskNews::Says(format!("serving at {}", gateway.address())));
                gateway.serve(stopped(task.clone())).await?;
                Ok::<_, GatewayError>("stopped".to_owned())
            })
            .map_err(failed)
    }
}

impl Job for Connect {
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure> {
        let Self { capability, listen } = *self;
        let listen: ListenAddress = listen.parse().map_err(failed)?;
        let told = task.clone();
        let on_event = Arc::new(move |event| tell_connector(&told, event));
        runtime()?.block_on(async {
            let listener = LocalListener::bind(&listen, Exposure::Loopback).await.map_err(|error: ListenError| failed(error))?;
            let connector =
                Connector::open(capability, ConnectorOptions::default(), on_event).await.map_err(|error: ConnectorError| failed(error))?;
            task.tell(TaskNews::Says(format!("connect to {}", listener.address())));
            let ended = connector.forward(listener, stopped(task.clone())).await;
            connector.close().await;
            ended.map(|()| "stopped".to_owned()).map_err(failed)
        })
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)
}

/// Until the task is to stop.
async fn stopped(task: TaskHandle) {
    while !task.is_cancelled() {
        tokio::time::sleep(LOOK).await;
    }
}

fn tell_gateway(task: &TaskHandle, event: GatewayEvent) {
    let says = match event {
        GatewayEvent::Opened { from, holder, .. } => format!("opened from {from}, {}", holder.unwrap_or_else(|| "a bearer".to_owned())),
        GatewayEvent::Refused { from, why, .. } => format!("refused {from}: {why}"),
        GatewayEvent::StreamRefused { target, why, .. } => format!("refused the target {target}: {why}"),
        GatewayEvent::UpstreamFailed { target, why } => format!("no answer from {target}: {why}"),
        GatewayEvent::Closed { why, .. } => format!("a session ended: {why}"),
        GatewayEvent::KeysChanged => "the service's keys have changed".to_owned(),
        GatewayEvent::Revoked { sessions, .. } => format!("revoked: {sessions} sessions cut"),
        GatewayEvent::Ledger { why } => format!("ledger: {why}"),
        GatewayEvent::Accept { why } => format!("no connection: {why}"),
        _ => return,
    };
    task.tell(TaskNews::Says(says));
}

fn tell_connector(task: &TaskHandle, event: ConnectorEvent) {
    let says = match event {
        ConnectorEvent::Connected { at, .. } => format!("connected to {at}"),
        ConnectorEvent::Lost { why } => format!("lost: {why}"),
        ConnectorEvent::Retrying { why, after } => format!("again in {:.1} s: {why}", after.as_secs_f32()),
        ConnectorEvent::Refused { why, .. } => format!("refused: {why}"),
        ConnectorEvent::StreamRefused { target, why } => format!("refused the target {target}: {why}"),
        ConnectorEvent::Accept { why } => format!("no connection: {why}"),
        _ => return,
    };
    task.tell(TaskNews::Says(says));
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure { code: "gateway", class: ErrorClass::Failed, message: error.to_string(), hint: None }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use keycap_vault::{Environment, NewService, SecretsChoice, UnlockMethod};

    use super::*;

    #[test]
    fn a_gateway_serves_until_it_is_cancelled_and_stops_within_half_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("key");
        keycap_vault::key_file::create(&key_file).unwrap();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
        let mut vault = Vault::create(&folder.path().join("vault"), choice, Environment::system()).unwrap();
        vault.new_service(&NewService { name: "db".into(), ..NewService::default() }).unwrap();
        let cancelled = Arc::new(AtomicBool::new(false));
        let news = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&news);
        let task = TaskHandle::new(Arc::clone(&cancelled), Arc::new(move |news| heard.lock().unwrap().push(news)));
        let job = Box::new(Serve { vault, service: "db".into(), listen: "127.0.0.1:0".into(), to: vec!["127.0.0.1:9".into()] });
        let thread = std::thread::spawn(move || job.run(&task));
        let begun = Instant::now();
        while news.lock().unwrap().is_empty() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(matches!(news.lock().unwrap().first(), Some(TaskNews::Says(text)) if text.starts_with("serving at 127.0.0.1:")));
        cancelled.store(true, Ordering::Relaxed);
        let asked = Instant::now();
        assert_eq!(thread.join().unwrap().unwrap(), "stopped");
        assert!(asked.elapsed() < Duration::from_millis(500));
    }
}
