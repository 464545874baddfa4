//! A home folder of its own for one vault.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An empty home, with the XDG folders in it, removed when dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes the folders.
    #[must_use]
    pub fn new() -> Self {
        let home = Self { folder: tempfile::Builder::new().prefix("keycap-").tempdir().unwrap() };
        for (_, name) in FOLDERS {
            fs::create_dir(home.path().join(name)).unwrap();
        }
        // The XDG specification: the runtime folder is its owner's alone.
        fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        home
    }

    /// The home folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The variables that make a program live here.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        FOLDERS.iter().map(|(variable, name)| (*variable, self.path().join(name))).chain([("HOME", self.path().to_owned())])
    }

    /// `program` with nothing of our own environment but `PATH`: it sees this home, no display and no session bus.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8");
        command.envs(self.variables()).current_dir(self.path());
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

const FOLDERS: [(&str, &str); 5] =
    [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"), ("XDG_RUNTIME_DIR", "run")];
