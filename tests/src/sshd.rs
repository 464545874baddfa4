//! A real OpenSSH server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::program::{output_of, require};

/// A server on 127.0.0.1 that lets in who runs the tests, with a key made for it; stopped when dropped.
#[derive(Debug)]
pub struct Sshd {
    // Before the folder: fields are dropped in this order.
    _daemon: Daemon,
    address: SocketAddr,
    folder: TempDir,
}

impl Sshd {
    /// The name under which the host key is known, whatever the way to the server is.
    pub const HOST: &str = "keycap-test-host";

    /// Makes the keys and starts it.
    ///
    /// # Panics
    /// If OpenSSH is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        let path = folder.path();
        for name in ["host", "user"] {
            let mut keygen = Command::new(require("ssh-keygen", "openssh-client"));
            output_of(keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(path.join(name)));
        }
        fs::copy(path.join("user.pub"), path.join("authorized_keys")).unwrap();
        fs::write(path.join("known_hosts"), format!("{} {}", Self::HOST, fs::read_to_string(path.join("host.pub")).unwrap())).unwrap();
        if geteuid().is_root() {
            // The folder for privilege separation, which the service's own start script would make.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let program = require("sshd", "openssh-server");
        let (daemon, address) = Daemon::spawn_on_port("sshd", &path.join("log"), |port| {
            fs::write(path.join("sshd_config"), configuration(path, port)).unwrap();
            let mut command = Command::new(&program);
            command.args(["-D", "-e", "-f"]).arg(path.join("sshd_config"));
            command
        });
        Self { _daemon: daemon, address, folder }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ssh` as who runs the tests, with the keys set: add the way there (`-o ProxyCommand=…`, or `-o HostName=127.0.0.1 -p …`), then
    /// [`Sshd::HOST`] and what to run.
    #[must_use]
    pub fn ssh(&self) -> Command {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut command = Command::new(require("ssh", "openssh-client"));
        command.args(["-F", "none", "-i", &file("user"), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]);
        command.args(["-o", "StrictHostKeyChecking=yes", "-o", &format!("UserKnownHostsFile={}", file("known_hosts"))]);
        command.args(["-o", &format!("HostKeyAlias={}", Self::HOST)]);
        command
    }

    /// The private key that is let in.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("user")
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/pid
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PrintMotd no
"
    )
}
