//! Where the tour plays: a folder of its own, and the programs that it starts, all of them gone when it is cleared.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::CliError;

/// The tour's folder and programs; clones share them.
#[derive(Clone)]
pub(super) struct Stage {
    program: PathBuf,
    folder: PathBuf,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    folder: Option<TempDir>,
    running: Vec<Child>,
}

impl Stage {
    /// Sets it up.
    ///
    /// # Errors
    /// If there is no room for a folder.
    pub(super) fn set() -> Result<Self, CliError> {
        let failed = |error: std::io::Error| CliError::failed("tour", format!("the tour has no place: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("keycap-tour-").tempdir().map_err(failed)?;
        let path = folder.path().to_owned();
        Ok(Self { program, folder: path, shared: Arc::new(Mutex::new(Shared { folder: Some(folder), running: Vec::new() })) })
    }

    /// Ends every program and removes the folder.
    pub(super) fn clear(&self) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        for child in &mut shared.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        shared.running.clear();
        shared.folder = None;
    }

    /// A file in the folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Makes a vault, sealed under a key file beside it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn vault(&self, who: &str) -> Result<(), CliError> {
        let key_file = self.path(&format!("{who}.key"));
        self.keycap(who, &["vault", "init", "--sealed", "file", "--key-file", &key_file], 0).map(drop)
    }

    /// Runs `keycap` in somebody's vault, to its end, and gives what it printed.
    ///
    /// # Errors
    /// If it ends with another exit code than `expected`.
    pub(super) fn keycap(&self, who: &str, arguments: &[&str], expected: i32) -> Result<String, CliError> {
        let output = self.command(who, arguments).output().map_err(|error| self.failed(arguments, &error.to_string()))?;
        let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.code() == Some(expected) { Ok(printed) } else { Err(self.failed(arguments, &printed)) }
    }

    /// Starts `keycap serve` or `connect`, which runs until the end, and gives the address at which it listens.
    ///
    /// # Errors
    /// If it does not come up.
    pub(super) fn start(&self, who: &str, arguments: &[&str]) -> Result<String, CliError> {
        let mut command = self.command(who, arguments);
        let mut child =
            command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|error| self.failed(arguments, &error.to_string()))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(|| self.failed(arguments, "it has no output"))?).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        // What else it says is read on, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).running.push(child);
        let said: serde_json::Value = serde_json::from_str(&first).unwrap_or_default();
        let listen = said.pointer("/data/listen").and_then(serde_json::Value::as_str);
        listen.map(str::to_owned).ok_or_else(|| self.failed(arguments, &first))
    }

    /// The beginning of the rid of the first delegation that the gateway has met. It writes down what it meets a moment after it let it in.
    ///
    /// # Errors
    /// If there is none after two seconds.
    pub(super) fn delegation(&self, who: &str) -> Result<String, CliError> {
        let arguments = ["grants", "--json"];
        for _ in 0..40 {
            let said: serde_json::Value = serde_json::from_str(&self.keycap(who, &arguments, 0)?).unwrap_or_default();
            let rows = said.pointer("/data/rows").and_then(serde_json::Value::as_array);
            let met = rows.into_iter().flatten().find(|row| row.get("depth").and_then(serde_json::Value::as_u64) == Some(1));
            if let Some(rid) = met.and_then(|row| row.pointer("/grant/rid")).and_then(serde_json::Value::as_str) {
                return Ok(rid.chars().take(12).collect());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.failed(&arguments, "the gateway has met no delegation"))
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("KEYCAP_VAULT", self.folder.join(who)).env("COLUMNS", "90").stdin(Stdio::null());
        command
    }

    fn failed(&self, arguments: &[&str], why: &str) -> CliError {
        let shown: &Path = &self.folder;
        CliError::failed("tour", format!("`keycap {}` did not do what the tour tells", arguments.join(" ")))
            .with(why.replace(&shown.display().to_string(), "…"))
    }
}
