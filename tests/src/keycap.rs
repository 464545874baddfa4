//! The `keycap` program as a user has it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;

use crate::display::Display;
use crate::home::Home;
use crate::keyring::PrivateKeyring;
use crate::workspace;

/// The variable by which `tests/run` names a `keycap` that it has built; the plugin lies beside it.
const BUILT: &str = "KEYCAP_TESTS_PROGRAM";

/// The program by which age and rage use a vault.
const PLUGIN: &str = "age-plugin-keycap";

/// `keycap` in a home of its own, and on a keyring if it was given one.
#[derive(Debug)]
pub struct Keycap {
    home: Home,
    bus: Option<String>,
    system_bus: Option<String>,
    display: Option<String>,
    credentials: Option<PathBuf>,
}

impl Keycap {
    /// With an empty home and no keyring.
    #[must_use]
    pub fn without_keyring() -> Self {
        Self { home: Home::new(), bus: None, system_bus: None, display: None, credentials: None }
    }

    /// With an empty home and the secrets in `keyring`, which several may share.
    #[must_use]
    pub fn on(keyring: &PrivateKeyring) -> Self {
        Self { home: Home::new(), bus: Some(keyring.address().to_owned()), system_bus: None, display: None, credentials: None }
    }

    /// The same, with a clipboard.
    #[must_use]
    pub fn with_display(self, display: &Display) -> Self {
        Self { display: Some(display.name().to_owned()), ..self }
    }

    /// The same, with a bus of the system's.
    #[must_use]
    pub fn with_system_bus(self, address: &str) -> Self {
        Self { system_bus: Some(address.to_owned()), ..self }
    }

    /// The same, as a unit to which systemd hands the credentials in this folder.
    #[must_use]
    pub fn with_credentials(self, folder: &Path) -> Self {
        Self { credentials: Some(folder.to_owned()), ..self }
    }

    /// Its home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// `keycap` with these arguments, not yet started.
    #[must_use]
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.around(Self::program(), arguments)
    }

    /// Another program in the same home and on the same keyring.
    #[must_use]
    pub fn around<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.home.command(program);
        command.args(arguments).stdin(Stdio::null());
        command.envs(self.bus.iter().map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)));
        command.envs(self.system_bus.iter().map(|address| ("DBUS_SYSTEM_BUS_ADDRESS", address)));
        command.envs(self.display.iter().map(|name| ("DISPLAY", name)));
        command.envs(self.credentials.iter().map(|folder| ("CREDENTIALS_DIRECTORY", folder)));
        command
    }

    /// Runs it to its end with nothing on standard input.
    #[must_use]
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Outcome {
        self.run_with_input(arguments, "")
    }

    /// Runs it to its end with `input` on standard input.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn run_with_input<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: &str) -> Outcome {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("could not start {command:?}: {e}"));
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // On a thread of its own: neither side may wait for the other's pipe. A program that does not read its input closes it; fine.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Outcome::of(&command, output)
    }

    /// The path of the program, built from this workspace when it is first asked for.
    ///
    /// # Panics
    /// If it does not build.
    #[must_use]
    pub fn program() -> &'static Path {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(|| env::var_os(BUILT).map_or_else(|| build_with("keycap-cli", "keycap"), PathBuf::from))
    }

    /// `PATH` with the folder of `age-plugin-keycap` in front, built from this workspace when it is first asked for.
    ///
    /// # Panics
    /// If it does not build.
    #[must_use]
    pub fn path_with_plugin() -> OsString {
        static PLUGIN_PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let built = || env::var_os(BUILT).map_or_else(|| build_with(PLUGIN, PLUGIN), |keycap| PathBuf::from(keycap).with_file_name(PLUGIN));
        let program = PLUGIN_PROGRAM.get_or_init(built);
        assert!(program.exists(), "{} is not built", program.display());
        let usual = env::var_os("PATH").unwrap_or_default();
        env::join_paths(program.parent().map(Path::to_owned).into_iter().chain(env::split_paths(&usual))).unwrap()
    }
}

/// What a finished `keycap` left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed for its caller.
    pub stdout: String,
    /// What it told the person.
    pub stderr: String,
    command: String,
}

impl Outcome {
    /// Itself, if the exit status was 0.
    ///
    /// # Panics
    /// If it was another one, showing what was printed.
    #[must_use]
    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.exited(0)
    }

    /// Itself, if the exit status was `code`.
    ///
    /// # Panics
    /// If it was another one, showing what was printed.
    #[must_use]
    #[track_caller]
    pub fn exited(self, code: i32) -> Self {
        let Self { command, stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "{command}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    fn of(command: &Command, output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" "),
        }
    }
}

/// Asks cargo for it; cargo says where it lies, whatever the target folder is.
pub(crate) fn build_with(package: &str, name: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--package", package, "--bin", name, "--message-format", "json-render-diagnostics"])
        .current_dir(workspace::root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{name} does not build");
    let mut program = None;
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(artifact) = message.unwrap() {
            program = artifact.executable.or(program);
        }
    }
    program.expect("cargo names the program it built").into_std_path_buf()
}
