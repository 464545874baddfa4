//! A real Redis server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::program::{output_of, require};

/// An empty server that keeps nothing on disk, on 127.0.0.1 and a Unix socket; stopped when dropped.
#[derive(Debug)]
pub struct Redis {
    // Before the folder: fields are dropped in this order.
    _daemon: Daemon,
    address: SocketAddr,
    folder: TempDir,
}

impl Redis {
    /// Starts it.
    ///
    /// # Panics
    /// If Redis is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("redis-").tempdir().unwrap();
        let program = require("redis-server", "redis-server");
        let (mut daemon, address) = Daemon::spawn_on_port("redis-server", &folder.path().join("log"), |port| {
            let mut command = Command::new(&program);
            command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--unixsocket"]);
            command.arg(folder.path().join("socket")).arg("--dir").arg(folder.path());
            command
        });
        daemon.wait_until("redis-server answers", |_| redis_cli(address).arg("PING").output().unwrap().stdout == b"PONG\n");
        Self { _daemon: daemon, address, folder }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// What `redis-cli` prints for these words, sent to `address`: the server's own, or a way to it.
    ///
    /// # Panics
    /// If `redis-cli` fails.
    #[must_use]
    #[track_caller]
    pub fn ask(address: SocketAddr, words: &[&str]) -> String {
        output_of(redis_cli(address).args(words))
    }
}

fn redis_cli(address: SocketAddr) -> Command {
    let mut command = Command::new(require("redis-cli", "redis-tools"));
    command.args(["-e", "-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    command
}
