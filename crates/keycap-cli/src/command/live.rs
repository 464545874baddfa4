//! What `serve`, `connect` and `run` have in common: a runtime, a way to be stopped, and events printed as they come.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keycap_gateway::{ConnectorError, ConnectorEvent, GatewayError, ListenError, RunError};
use keycap_vault::ErrorClass;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::error::CliError;
use crate::output::Output;
use crate::output::line::{Line, Role};

/// Events that may wait to be printed; what comes on top while the terminal stands still is counted, and the count is printed.
const WAITING: usize = 4_096;

/// Runs something asynchronous to its end, and leaves without waiting for threads that still read standard input.
///
/// # Errors
/// What it returns; if the system gives no threads.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed("threads", format!("no threads can be started: {error}")))?;
    let ended = runtime.block_on(future);
    runtime.shutdown_background();
    ended
}

/// Until Ctrl-C or, where there are signals, SIGTERM.
pub(super) async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The two ends through which events go from tasks, which must not wait, to whoever prints.
pub(super) struct Events<E> {
    queue: mpsc::Receiver<E>,
    lost: Arc<AtomicU64>,
}

impl<E: Send + 'static> Events<E> {
    /// The sending end as a function, and the receiving one.
    pub(super) fn new() -> (Arc<dyn Fn(E) + Send + Sync>, Self) {
        let (send, queue) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        let tell = move |event| {
            if send.try_send(event).is_err() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        };
        (Arc::new(tell), Self { queue, lost })
    }

    /// The next event, and how many were lost before it.
    pub(super) async fn next(&mut self) -> Option<(E, u64)> {
        let event = self.queue.recv().await?;
        Some((event, self.lost.swap(0, Ordering::Relaxed)))
    }

    /// Those that have come already.
    pub(super) fn rest(&mut self) -> Vec<E> {
        std::iter::from_fn(|| self.queue.try_recv().ok()).collect()
    }
}

/// An event as one JSON line, or one line of text on standard error.
#[derive(Serialize)]
pub(super) struct Told<'a, T: Serialize> {
    #[serde(flatten)]
    pub(super) what: &'a T,
}

/// Prints one event: an envelope of this kind for programs, a line for people.
///
/// # Errors
/// If it cannot be written.
pub(super) fn tell<T: Serialize>(output: &mut Output, kind: &str, data: &T, line: Line) -> Result<(), CliError> {
    if output.is_json() {
        return output.show(kind, &Told { what: data }, |_| Ok(()));
    }
    output.notes(|page| page.row(&line));
    Ok(())
}

/// What happens at a connector, as data.
#[derive(Serialize)]
struct ConnectorNews {
    why: Option<String>,
    at: Option<String>,
    target: Option<String>,
    code: Option<u64>,
    retry_ms: Option<u128>,
}

/// Prints what happens at a connector.
///
/// # Errors
/// If it cannot be written.
pub(super) fn tell_connector(output: &mut Output, event: ConnectorEvent) -> Result<(), CliError> {
    let news = ConnectorNews { why: None, at: None, target: None, code: None, retry_ms: None };
    match event {
        ConnectorEvent::Connected { at, suite, .. } => {
            let line = Line::new().role(Role::Good, "connected ").plain(format!("to {at} ")).quiet(suite.name());
            tell(output, "connected", &ConnectorNews { at: Some(at.to_string()), ..news }, line)
        }
        ConnectorEvent::Lost { why } => {
            let line = Line::new().role(Role::Warn, "lost ").plain(&why);
            tell(output, "lost", &ConnectorNews { why: Some(why), ..news }, line)
        }
        ConnectorEvent::Retrying { why, after } => {
            let line = Line::new().role(Role::Warn, "again ").plain(format!("in {:.1} s: {why}", after.as_secs_f32()));
            tell(output, "retrying", &ConnectorNews { why: Some(why), retry_ms: Some(after.as_millis()), ..news }, line)
        }
        ConnectorEvent::Refused { code, why } => {
            let line = Line::new().role(Role::Bad, "refused ").plain(&why);
            tell(output, "refused", &ConnectorNews { why: Some(why), code: Some(code.number()), ..news }, line)
        }
        ConnectorEvent::StreamRefused { target, why } => {
            let line = Line::new().role(Role::Bad, "refused ").name(&target).plain(format!(": {why}"));
            tell(output, "stream-refused", &ConnectorNews { why: Some(why), target: Some(target), ..news }, line)
        }
        ConnectorEvent::Accept { why } => {
            let line = Line::new().role(Role::Warn, "no connection ").plain(&why);
            tell(output, "accept-failed", &ConnectorNews { why: Some(why), ..news }, line)
        }
        _ => Ok(()),
    }
}

impl From<GatewayError> for CliError {
    fn from(error: GatewayError) -> Self {
        let message = error.to_string();
        match error {
            GatewayError::Address(_) => {
                Self::usage("bad-address", message).hint("write host:port, [::1]:port or unix:/path; for --to also NAME=ADDRESS")
            }
            GatewayError::Listen(error) => error.into(),
            GatewayError::Vault(error) => error.into(),
            GatewayError::Thread { .. } | _ => Self::failed("gateway", message),
        }
    }
}

impl From<ListenError> for CliError {
    fn from(error: ListenError) -> Self {
        Self::failed("listen", error.to_string()).hint("choose another address with --listen")
    }
}

impl From<ConnectorError> for CliError {
    fn from(error: ConnectorError) -> Self {
        let message = error.to_string();
        match error {
            ConnectorError::Address(_) => Self::usage("bad-address", message).hint("write host:port, [::1]:port or unix:/path"),
            ConnectorError::NoAddress => Self::failed("no-address", message).hint("name the gateway with --gateway host:port"),
            ConnectorError::Unreachable { .. } => {
                Self::failed("unreachable", message).hint("see that the gateway runs, and that this is where it listens: --gateway host:port")
            }
            ConnectorError::Refused { .. } => {
                let hint = "see what the capability allows with `keycap explain`, or ask whoever gave it to you";
                Self { class: ErrorClass::Refused, ..Self::failed("refused", message) }.hint(hint)
            }
            ConnectorError::Listen(error) => error.into(),
            ConnectorError::Handshake(_) | ConnectorError::Broken { .. } | _ => Self::failed("connection", message),
        }
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        match error {
            RunError::NoCommand | RunError::NoSocket => Self::usage("bad-command", message),
            RunError::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Self::failed("no-command", message).hint("name a program that is installed, after `--`")
            }
            RunError::Listen(error) => error.into(),
            RunError::Start { .. } | RunError::Wait(_) | RunError::Folder(_) | RunError::Address(_) | _ => Self::failed("run", message),
        }
    }
}

/// Tells a person, beside what a command prints, what it would otherwise not understand: that it was refused.
pub(super) fn tell_trouble(output: &mut Output, capability: &str, event: ConnectorEvent) {
    if let ConnectorEvent::Refused { why, .. } | ConnectorEvent::StreamRefused { why, .. } = event {
        output.note(Line::new().role(Role::Bad, "keycap: refused: ").name(capability).plain(format!(": {why}")));
    }
}
