//! Running a command with a way to the service: a listener of its own, the command told where, and its exit code passed on.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitStatus;

use tempfile::TempDir;
use tokio::process::Command;

use crate::address::{Address, AddressError, Host, ListenAddress};
use crate::connector::{Connector, Exposure, LocalListener};
use crate::listener::ListenError;

/// What libpq looks for in the folder that is given as its host, with the port that is given as its port.
const POSTGRES_SOCKET: &str = ".s.PGSQL.5432";
const POSTGRES_PORT: &str = "5432";

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no command.
    #[error("there is no command to run")]
    NoCommand,
    /// `{socket}` stands in the command, and there is none.
    #[error("`{{socket}}` stands for a Unix socket, and the command is given a port")]
    NoSocket,
    /// The command cannot be started.
    #[error("{}: {source}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The command cannot be waited for, or signals cannot be caught.
    #[error("{0}")]
    Wait(#[source] std::io::Error),
    /// There is no private folder for the socket.
    #[error("no private folder can be made: {0}")]
    Folder(#[source] std::io::Error),
    /// The private folder's path is too long for a socket.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// What a command is given to reach the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A free port on 127.0.0.1, which any program of this machine can use while the command runs.
    Port,
    /// A Unix socket in a private folder, which only programs of this user can use.
    Socket,
}

/// Runs a command to its end, with `{host}`, `{port}`, `{address}` and `{socket}` in its arguments replaced, the same in `KEYCAP_HOST`,
/// `KEYCAP_PORT`, `KEYCAP_ADDRESS` and `KEYCAP_SOCKET`, and libpq's `PGHOST` and `PGPORT` set. Signals that this process gets go on to the
/// command. Gives the exit code: the command's own, or 128 and the number of the signal that ended it.
///
/// The command gets nothing of the capability: it could not connect by itself, and it ends with the connector.
///
/// # Errors
/// A [`RunError`] if the command was not started.
pub async fn run(connector: &Connector, command: &[OsString], via: Via) -> Result<u8, RunError> {
    let (program, arguments) = command.split_first().ok_or(RunError::NoCommand)?;
    let place = Place::make(via).await?;
    let words = Words::of(place.listener.address());
    let mut child = Command::new(program);
    for argument in arguments {
        child.arg(words.replace(argument)?);
    }
    words.set_environment(&mut child);
    // Caught before there is a child that could miss one.
    let mut signals = signals::Signals::catch().map_err(RunError::Wait)?;
    let mut child = child.spawn().map_err(|source| RunError::Start { program: program.into(), source })?;
    let Place { listener, _folder } = place;
    let mut forwarding = std::pin::pin!(connector.forward(listener, std::future::pending()));
    let (id, mut refused) = (child.id(), false);
    loop {
        tokio::select! {
            biased;
            ended = child.wait() => return ended.map(exit_code).map_err(RunError::Wait),
            caught = signals.next() => signals::send(caught, id),
            // The command notices by itself that its connections are gone; it may have something to say.
            Err(_) = &mut forwarding, if !refused => refused = true,
        }
    }
}

/// A listener, and the private folder around its socket.
struct Place {
    listener: LocalListener,
    _folder: Option<TempDir>,
}

impl Place {
    async fn make(via: Via) -> Result<Self, RunError> {
        match via {
            Via::Port => Ok(Self { listener: LocalListener::bind(&ListenAddress::loopback(0), Exposure::Loopback).await?, _folder: None }),
            Via::Socket => {
                let folder = private_folder().map_err(RunError::Folder)?;
                let address = ListenAddress::unix(&folder.path().join(POSTGRES_SOCKET))?;
                Ok(Self { listener: LocalListener::bind(&address, Exposure::Loopback).await?, _folder: Some(folder) })
            }
        }
    }
}

/// A folder for its owner only.
fn private_folder() -> std::io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("keycap-");
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    folder.tempdir()
}

/// What stands for the address in arguments and environment.
struct Words {
    host: OsString,
    port: String,
    address: OsString,
    socket: Option<OsString>,
}

impl Words {
    fn of(address: &Address) -> Self {
        match address {
            Address::Tcp { host, port } => {
                let host = match host {
                    Host::Ip(ip) => ip.to_string(),
                    Host::Name(name) => name.clone(),
                };
                Self { host: host.into(), port: port.to_string(), address: address.to_string().into(), socket: None }
            }
            Address::Unix(path) => Self {
                host: path.parent().map(Into::into).unwrap_or_default(),
                port: POSTGRES_PORT.into(),
                address: address.to_string().into(),
                socket: Some(path.into()),
            },
        }
    }

    fn replace(&self, argument: &OsStr) -> Result<OsString, RunError> {
        // What is not UTF-8 has no placeholder in it.
        let Some(text) = argument.to_str() else { return Ok(argument.to_owned()) };
        let mut rest = text;
        let mut replaced = OsString::new();
        while let Some((before, after)) = rest.split_once('{') {
            replaced.push(before);
            let word = after.split_once('}').and_then(|(word, after)| Some((self.word(word)?, after)));
            match word {
                Some((word, after)) => {
                    replaced.push(word.ok_or(RunError::NoSocket)?);
                    rest = after;
                }
                None => {
                    replaced.push("{");
                    rest = after;
                }
            }
        }
        replaced.push(rest);
        Ok(replaced)
    }

    /// What a placeholder stands for; `None` if it is none.
    fn word(&self, name: &str) -> Option<Option<&OsStr>> {
        match name {
            "host" => Some(Some(&self.host)),
            "port" => Some(Some(self.port.as_ref())),
            "address" => Some(Some(&self.address)),
            "socket" => Some(self.socket.as_deref()),
            _ => None,
        }
    }

    fn set_environment(&self, command: &mut Command) {
        command.env("KEYCAP_HOST", &self.host).env("KEYCAP_PORT", &self.port).env("KEYCAP_ADDRESS", &self.address);
        command.env("PGHOST", &self.host).env("PGPORT", &self.port);
        // It would go before the host.
        command.env_remove("PGHOSTADDR");
        match &self.socket {
            Some(socket) => command.env("KEYCAP_SOCKET", socket),
            None => command.env_remove("KEYCAP_SOCKET"),
        };
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
mod signals {
    use rustix::process::{Pid, Signal, getpgrp, kill_process};
    use rustix::termios::tcgetpgrp;
    use tokio::signal::unix::{Signal as Caught, SignalKind, signal};

    /// Signals that go on to the command.
    pub(super) struct Signals {
        terminate: Caught,
        hang_up: Caught,
        user_1: Caught,
        user_2: Caught,
        interrupt: Caught,
        quit: Caught,
    }

    impl Signals {
        pub(super) fn catch() -> std::io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                user_1: signal(SignalKind::user_defined1())?,
                user_2: signal(SignalKind::user_defined2())?,
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
            })
        }

        /// Waits for a signal.
        pub(super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hang_up.recv() => Signal::HUP,
                _ = self.user_1.recv() => Signal::USR1,
                _ = self.user_2.recv() => Signal::USR2,
                _ = self.interrupt.recv() => Signal::INT,
                _ = self.quit.recv() => Signal::QUIT,
            }
        }
    }

    /// Passes a signal on to the command, which has not been waited for.
    pub(super) fn send(caught: Signal, to: Option<u32>) {
        // What is typed at a terminal goes to all programs in its foreground: the command has got it already.
        if matches!(caught, Signal::INT | Signal::QUIT) && is_in_foreground() {
            return;
        }
        if let Some(pid) = to.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // It may have ended in this moment: then there is nobody to tell.
            let _ = kill_process(pid, caught);
        }
    }

    /// Whether this process, and with it the command, is what a terminal sends its signals to.
    fn is_in_foreground() -> bool {
        std::fs::File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|foreground| foreground == getpgrp()))
    }
}

#[cfg(not(unix))]
mod signals {
    /// None are caught: what is typed goes to the command too.
    pub(super) struct Signals;

    impl Signals {
        pub(super) fn catch() -> std::io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn next(&mut self) {
            // The program that was interrupted must outlive the command, to clean up.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending().await
            }
        }
    }

    pub(super) fn send((): (), _to: Option<u32>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp() -> Words {
        Words::of(&"127.0.0.1:4711".parse().unwrap())
    }

    fn replaced(words: &Words, argument: &str) -> String {
        words.replace(argument.as_ref()).unwrap().into_string().unwrap()
    }

    #[test]
    fn placeholders_are_replaced_and_other_braces_are_left() {
        assert_eq!(replaced(&tcp(), "http://{host}:{port}/x"), "http://127.0.0.1:4711/x");
        assert_eq!(replaced(&tcp(), "{address}{address}"), "127.0.0.1:4711127.0.0.1:4711");
        for other in ["", "{", "}", "{}", "{Host}", "{ host }", "a{b}c", "{\"port\": 1}", "{{x}"] {
            assert_eq!(replaced(&tcp(), other), other);
        }
        assert_eq!(replaced(&tcp(), "{{port}}"), "{4711}");
    }

    #[test]
    fn a_socket_is_there_only_if_it_was_asked_for() {
        assert!(matches!(tcp().replace("{socket}".as_ref()), Err(RunError::NoSocket)));
        let unix = Words::of(&"unix:/tmp/k/.s.PGSQL.5432".parse().unwrap());
        assert_eq!(replaced(&unix, "{socket}|{host}|{port}|{address}"), "/tmp/k/.s.PGSQL.5432|/tmp/k|5432|unix:/tmp/k/.s.PGSQL.5432");
    }

    #[cfg(unix)]
    #[test]
    fn an_exit_code_is_the_command_s_own() {
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
