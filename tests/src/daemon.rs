//! A child process that serves until it is dropped.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::wait::wait_until;

/// How long a server may take to answer for the first time. Far more than any needs; a loaded machine is slow.
pub(crate) const READY: Duration = Duration::from_secs(30);

/// The account that servers which refuse to run as root get: it owns nothing.
const NOBODY: Account = Account { uid: 65534, gid: 65534 };

/// A user and group by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `nobody` when the tests run as root, otherwise `None`: the server can run as who we are.
    pub(crate) fn when_root() -> Option<Self> {
        geteuid().is_root().then_some(NOBODY)
    }

    /// Makes `command` run under this account.
    pub(crate) fn run(self, command: &mut Command) -> &mut Command {
        command.uid(self.uid).gid(self.gid)
    }

    /// Gives a file or folder to this account.
    pub(crate) fn own(self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).unwrap();
    }
}

/// A running child process, asked to stop and waited for when dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
    stop: Signal,
}

impl Daemon {
    /// Starts `command`; what it prints goes to the file `log`. Standard input is left as `command` has it.
    #[track_caller]
    pub(crate) fn spawn(name: &'static str, command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|e| panic!("could not start {name}: {e}"));
        Self { name, child, log, stop: Signal::TERM }
    }

    /// Starts a server on a TCP port of 127.0.0.1 that was free a moment ago, again on another one if somebody else took it meanwhile.
    #[track_caller]
    pub(crate) fn spawn_on_port(name: &'static str, log: &Path, mut command: impl FnMut(u16) -> Command) -> (Self, SocketAddr) {
        for _ in 0..5 {
            let address = free_address();
            let mut daemon = Self::spawn(name, command(address.port()).stdin(Stdio::null()), log.to_owned());
            wait_until(READY, &format!("{name} listens or gives up"), || !daemon.is_running() || TcpStream::connect(address).is_ok());
            if daemon.is_running() {
                return (daemon, address);
            }
            let printed = daemon.printed();
            assert!(printed.to_lowercase().contains("in use"), "{name} stopped at once:\n{printed}");
        }
        panic!("{name} found five ports in turn taken by somebody else")
    }

    /// The signal that Drop sends, for servers on which `SIGTERM` waits for their clients.
    pub(crate) fn stopped_by(mut self, signal: Signal) -> Self {
        self.stop = signal;
        self
    }

    /// Waits until `ready`, which is given what the process printed so far; fails early if it ends.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, mut ready: impl FnMut(&str) -> bool) {
        wait_until(READY, what, || {
            let running = self.is_running();
            let printed = self.printed();
            assert!(running, "{} stopped:\n{printed}", self.name);
            ready(&printed)
        });
    }

    /// What it printed so far.
    fn printed(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Its standard input, once.
    pub(crate) fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("spawned with a piped standard input")
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _ = kill_process(Pid::from_child(&self.child), self.stop);
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address whose port nobody used when this was called.
fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
