//! The programs that read and write age files beside keycap: Debian's `age`, the newest one, and `rage`.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::program::{output_of, require, require_in};

/// Where `.ci/install` puts the newest age.
const NEWEST_FOLDER: &str = "/usr/local/lib/keycap-tests/age";

const PASSPHRASE_PLUGIN: [&str; 2] = ["-j", "batchpass"];

/// One of the programs, which all take the same options.
#[derive(Clone)]
pub struct Age {
    name: &'static str,
    program: PathBuf,
    keygen: PathBuf,
}

impl Age {
    /// The `age` of the distribution: written in Go, without post-quantum recipients before version 1.3.
    ///
    /// # Panics
    /// If it is not installed.
    #[must_use]
    pub fn debian() -> Self {
        Self { name: "age", program: require("age", "age"), keygen: require("age-keygen", "age") }
    }

    /// The newest `age`, which knows post-quantum recipients.
    ///
    /// # Panics
    /// If it is not installed.
    #[must_use]
    pub fn newest() -> Self {
        let folders = [PathBuf::from(NEWEST_FOLDER)];
        Self { name: "newest age", program: require_in("age", "age", &folders), keygen: require_in("age-keygen", "age", &folders) }
    }

    /// `rage`: written in Rust, on the crate that keycap stands on.
    ///
    /// # Panics
    /// If it is not installed.
    #[must_use]
    pub fn rage() -> Self {
        Self { name: "rage", program: require("rage", "rage"), keygen: require("rage-keygen", "rage") }
    }

    /// All three.
    #[must_use]
    pub fn all() -> [Self; 3] {
        [Self::debian(), Self::newest(), Self::rage()]
    }

    /// What a test calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The program itself.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Makes an identity file at `path`, with `options` of its `keygen`, and gives the recipient.
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn generate(&self, path: &Path, options: &[&str]) -> String {
        output_of(Command::new(&self.keygen).args(options).arg("-o").arg(path));
        let text = fs::read_to_string(path).unwrap();
        text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
    }

    /// Seals a file with these options.
    ///
    /// # Panics
    /// If it cannot.
    pub fn seal<A: AsRef<OsStr>>(&self, options: impl IntoIterator<Item = A>, input: &Path, output: &Path) {
        output_of(Command::new(&self.program).args(options).arg("-o").arg(output).arg(input));
    }

    /// Seals a file to a passphrase. The newest age has a plugin that takes it without a terminal; the others have none.
    ///
    /// # Panics
    /// If it cannot.
    pub fn seal_to_passphrase(&self, passphrase: &str, input: &Path, output: &Path) {
        let mut command = self.with_passphrase(passphrase);
        output_of(command.arg("-e").args(PASSPHRASE_PLUGIN).arg("-o").arg(output).arg(input));
    }

    /// Opens a file with a passphrase and gives what is in it.
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn open_with_passphrase(&self, passphrase: &str, input: &Path) -> Vec<u8> {
        let mut command = self.with_passphrase(passphrase);
        let output = command.arg("-d").args(PASSPHRASE_PLUGIN).arg(input).output().unwrap();
        assert!(output.status.success(), "{} does not open {}: {}", self.name, input.display(), String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn with_passphrase(&self, passphrase: &str) -> Command {
        let mut command = Command::new(&self.program);
        // The plugin lies beside the program.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = self.program.parent().map(Path::to_owned).into_iter().chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(folders).unwrap()).env("AGE_PASSPHRASE", passphrase).env("AGE_PASSPHRASE_WORK_FACTOR", "10");
        command
    }

    /// Opens a file with an identity file and gives what is in it.
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn open(&self, identity: &Path, input: &Path) -> Vec<u8> {
        let Output { status, stdout, stderr } = self.try_open(identity, input);
        assert!(status.success(), "{} does not open {}: {}", self.name, input.display(), String::from_utf8_lossy(&stderr));
        stdout
    }

    /// Tries to open a file with an identity file.
    ///
    /// # Panics
    /// If the program cannot be started.
    #[must_use]
    pub fn try_open(&self, identity: &Path, input: &Path) -> Output {
        Command::new(&self.program).arg("-d").arg("-i").arg(identity).arg(input).stdin(Stdio::null()).output().unwrap()
    }
}

impl fmt::Debug for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Age({})", self.name)
    }
}
