//! A `keycap` that runs until it is dropped: a gateway, or a connector.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::keycap::Keycap;

/// A running `keycap serve` or `keycap connect`, ended when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts it, and waits until it says where it listens.
    ///
    /// # Panics
    /// If it ends before that.
    #[must_use]
    pub fn start(keycap: &Keycap, arguments: &[&str]) -> Self {
        let mut command = keycap.command(arguments);
        let mut child = command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().expect("it says where it listens").unwrap()).unwrap();
        // What else it says is read on, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: first["data"]["listen"].as_str().unwrap().parse().unwrap() }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
