//! A home of its own for the program: an empty folder, and a vault sealed under a key file, which unlocks without a question.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use keycap_vault::{Environment, SecretText, SecretsChoice, UnlockMethod, Vault, key_file};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keycap");

pub(crate) struct Place {
    folder: TempDir,
}

/// What a finished program left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// With an empty vault.
    pub(crate) fn new() -> Self {
        let place = Self::without_vault();
        let key = place.path("vault.key");
        key_file::create(&key).unwrap();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key });
        drop(Vault::create(&place.path("vault"), choice, Environment::system()).unwrap());
        place
    }

    /// With a vault sealed under this passphrase.
    pub(crate) fn with_passphrase(passphrase: &str) -> Self {
        let place = Self::without_vault();
        let passphrase = SecretText::new(passphrase.to_owned());
        // Cheap to check: scrypt's cost is not what is tested here.
        let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: Some(2) };
        drop(Vault::create(&place.path("vault"), SecretsChoice::Sealed(method), Environment::system()).unwrap());
        place
    }

    pub(crate) fn without_vault() -> Self {
        Self { folder: tempfile::Builder::new().prefix("keycap-cli-").tempdir().unwrap() }
    }

    /// With everything that is in another place, which has to live on: its vault is sealed under the key file there.
    pub(crate) fn copy_of(other: &Self) -> Self {
        let place = Self::without_vault();
        let copied = Command::new("cp").arg("-a").arg(format!("{}/.", other.folder.path().display())).arg(place.folder.path()).status();
        assert!(copied.unwrap().success());
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that sees this place only, with nothing on standard input.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let programs = Path::new(PROGRAM).parent().unwrap().display().to_string();
        command.env_clear().env("PATH", format!("{programs}:/usr/bin:/bin")).env("HOME", self.folder.path()).env("USER", "tester");
        command.env("LANG", "C.UTF-8").env("TZ", "UTC").env("KEYCAP_VAULT", self.path("vault"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs `keycap` with these arguments.
    pub(crate) fn keycap(&self, arguments: &[&str]) -> Ended {
        self.keycap_with_input(arguments, "")
    }

    /// Runs `keycap` with this on standard input.
    pub(crate) fn keycap_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(PROGRAM).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// Runs a line as a shell does.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        self.command("/bin/sh").args(["-c", line]).output().unwrap().into()
    }

    /// Runs these lines, which have to succeed, to set the scene.
    #[track_caller]
    pub(crate) fn prepare(&self, lines: &str) -> &Self {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let ended = self.shell(line);
            assert_eq!(ended.code, Some(0), "{line}\n{ended:?}");
        }
        self
    }

    /// What a person would see who typed these lines: standard output, then standard error, then the exit code where it is not 0.
    pub(crate) fn transcript(&self, lines: &str) -> String {
        let mut text = String::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let ended = self.shell(line);
            text.push_str(&format!("$ {line}\n{}", ended.stdout));
            text.push_str(&ended.stderr);
            if ended.code != Some(0) {
                text.push_str(&format!("[exit code {}]\n", ended.code.map_or("none".into(), |code| code.to_string())));
            }
            text.push('\n');
        }
        text.replace(&self.folder.path().display().to_string(), "/home/tester")
    }
}

impl Ended {
    /// Standard output, of a program that succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Itself, of a program that ended with this code.
    #[track_caller]
    pub(crate) fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
