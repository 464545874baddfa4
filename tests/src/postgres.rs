//! A real PostgreSQL server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::daemon::{Account, Daemon};
use crate::program::{output_of, require, require_in};

const PACKAGE: &str = "postgresql";

/// A fresh cluster that trusts its superuser `postgres`, on 127.0.0.1 and a Unix socket; stopped and removed when dropped.
#[derive(Debug)]
pub struct Postgres {
    // Before the folder: fields are dropped in this order.
    _daemon: Daemon,
    address: SocketAddr,
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// If PostgreSQL is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().unwrap();
        let account = Account::when_root();
        if let Some(account) = account {
            account.own(folder.path());
        }
        let server = |program: &str| {
            let mut command = Command::new(require_in(program, PACKAGE, &program_folders()));
            command.current_dir(folder.path()).env("LC_ALL", "C.UTF-8");
            if let Some(account) = account {
                account.run(&mut command);
            }
            command
        };
        let data = folder.path().join("data");
        // Durability is not what these tests are about: without fsync the cluster is there in a second.
        output_of(server("initdb").args(["--no-sync", "--no-instructions", "--auth=trust", "--username=postgres", "-D"]).arg(&data));
        let (mut daemon, address) = Daemon::spawn_on_port("postgres", &folder.path().join("log"), |port| {
            let mut command = server("postgres");
            command.arg("-D").arg(&data).arg("-k").arg(folder.path());
            command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"]);
            command
        });
        daemon.wait_until("postgres answers", |_| {
            psql("127.0.0.1", address.port()).args(["-c", "select 1"]).stdin(Stdio::null()).output().unwrap().status.success()
        });
        // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
        Self { _daemon: daemon.stopped_by(Signal::INT), address, folder }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.address.port()))
    }

    /// `psql` against the server itself.
    #[must_use]
    pub fn psql(&self) -> Command {
        psql("127.0.0.1", self.address.port())
    }

    /// `psql` as superuser against a host (or the folder of a Unix socket) and port, without headings, one row a line; it stops at the
    /// first error.
    #[must_use]
    pub fn psql_at(host: &str, port: u16) -> Command {
        psql(host, port)
    }
}

fn psql(host: &str, port: u16) -> Command {
    let mut command = Command::new(require("psql", "postgresql-client"));
    command.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1"]);
    command.args(["--username=postgres", "--dbname=postgres", "--no-password", "-h", host, "-p", &port.to_string()]);
    command
}

/// Debian keeps the server's programs of each version in a folder of their own; the newest comes first.
fn program_folders() -> Vec<PathBuf> {
    let mut versions: Vec<u32> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| Path::new("/usr/lib/postgresql").join(version.to_string()).join("bin")).collect()
}
