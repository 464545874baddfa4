//! A real nginx.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::{Account, Daemon};
use crate::program::require;

/// A web server for a few files, on 127.0.0.1 and a Unix socket; stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    // Before the folder: fields are dropped in this order.
    _daemon: Daemon,
    address: SocketAddr,
    folder: TempDir,
}

impl Nginx {
    /// Starts it over `files`: paths such as `"reports/may.txt"`, and what they hold.
    ///
    /// # Panics
    /// If nginx is missing or does not start.
    #[must_use]
    pub fn serving(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("nginx-").tempdir().unwrap();
        for name in ["site", "scratch"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for (path, body) in files {
            let file = folder.path().join("site").join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, body).unwrap();
        }
        // Started by root, nginx lets its workers run as nobody: they must be able to enter.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = require("nginx", "nginx-light");
        let (daemon, address) = Daemon::spawn_on_port("nginx", &folder.path().join("log"), |port| {
            // A try on another port must not find the socket of the try before.
            let _ = fs::remove_file(folder.path().join("socket"));
            fs::write(folder.path().join("nginx.conf"), configuration(folder.path(), port)).unwrap();
            let mut command = Command::new(&program);
            command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c", "nginx.conf"]);
            command
        });
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

    /// The requests it met so far, one a line: method, path, status.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let user = if Account::when_root().is_some() { "user nobody nogroup;" } else { "" };
    format!(
        "daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; {user}
events {{ worker_connections 256; }}
http {{
    log_format line '$request_method $request_uri $status';
    access_log {folder}/requests line;
    client_body_temp_path {folder}/scratch/body; proxy_temp_path {folder}/scratch/proxy; fastcgi_temp_path {folder}/scratch/fastcgi;
    uwsgi_temp_path {folder}/scratch/uwsgi; scgi_temp_path {folder}/scratch/scgi;
    default_type text/plain;
    server {{ listen 127.0.0.1:{port}; listen unix:{folder}/socket; root {folder}/site; }}
}}
"
    )
}
