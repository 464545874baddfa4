//! The packages that `packaging/build` makes, looked into and installed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::geteuid;

use crate::program::{output_of, require};
use crate::workspace;

/// The variable by which `tests/run` names a folder with packages that it has built.
const BUILT: &str = "KEYCAP_TESTS_PACKAGES";
/// The package's name.
const NAME: &str = "keycap";

/// A `.deb` and an `.rpm` of this tree.
#[derive(Debug)]
pub struct Packages {
    deb: PathBuf,
    rpm: PathBuf,
}

impl Packages {
    /// Those that `tests/run` has built, or newly built ones.
    ///
    /// # Panics
    /// If they do not build.
    #[must_use]
    pub fn built() -> Self {
        let paths = match env::var_os(BUILT) {
            Some(folder) => files_in(Path::new(&folder)),
            None => {
                let mut build = Command::new(workspace::root().join("packaging/build"));
                output_of(build.stdin(Stdio::null()).stderr(Stdio::inherit())).lines().map(PathBuf::from).collect()
            }
        };
        let one = |extension: &str| {
            let mut found = paths.iter().filter(|path| path.extension() == Some(OsStr::new(extension)));
            let first = found.next().unwrap_or_else(|| panic!("packaging/build made no .{extension}, but {paths:?}"));
            assert!(found.next().is_none(), "packaging/build made more than one .{extension}: {paths:?}");
            first.clone()
        };
        Self { deb: one("deb"), rpm: one("rpm") }
    }

    /// The one for Debian.
    #[must_use]
    pub fn deb(&self) -> &Path {
        &self.deb
    }

    /// The one for systems with rpm.
    #[must_use]
    pub fn rpm(&self) -> &Path {
        &self.rpm
    }

    /// Installs the one for Debian, with apt.
    ///
    /// # Panics
    /// If that fails, if this is not root's process, or if the package is there already: it would be removed afterwards.
    #[must_use]
    pub fn install(&self) -> Installed {
        assert!(geteuid().is_root(), "to install a package takes root: run this test as root, or leave it to the CI");
        assert!(!is_installed(), "{NAME} is installed on this machine, and this test would remove it: remove it first");
        output_of(&mut apt(&[OsStr::new("install"), self.deb.as_os_str()]));
        let files = output_of(Command::new(require("dpkg-query", "dpkg")).args(["--listfiles", NAME])).lines().map(PathBuf::from).collect();
        Installed { files, removed: false }
    }
}

/// The package on this machine; removed when dropped.
#[derive(Debug)]
pub struct Installed {
    files: Vec<PathBuf>,
    removed: bool,
}

impl Installed {
    /// The desktop app.
    #[must_use]
    pub fn program(&self) -> &'static Path {
        Path::new("/usr/bin/keycap-desktop")
    }

    /// All that it put on the machine, without the folders that were there before.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path).filter(|path| !path.is_dir() || path.iter().any(|name| name == NAME))
    }

    /// Removes it, with apt; what of it is left.
    #[must_use]
    pub fn remove(mut self) -> Vec<PathBuf> {
        let files: Vec<PathBuf> = self.files().map(Path::to_owned).collect();
        self.removed = true;
        output_of(&mut apt(&[OsStr::new("remove"), OsStr::new(NAME)]));
        assert!(!is_installed(), "{NAME} was removed, and yet it is installed");
        files.into_iter().filter(|file| file.symlink_metadata().is_ok()).collect()
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if !self.removed {
            // The test has failed already and says why.
            drop(apt(&[OsStr::new("remove"), OsStr::new(NAME)]).output());
        }
    }
}

/// What a program says of a package or a file of one, with whether it was content.
///
/// # Panics
/// If it is missing.
#[must_use]
#[track_caller]
pub fn judge<A: AsRef<OsStr>>(program: &str, package: &str, arguments: impl IntoIterator<Item = A>) -> (bool, String) {
    let Output { status, stdout, stderr } = Command::new(require(program, package)).args(arguments).stdin(Stdio::null()).output().unwrap();
    (status.success(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

fn is_installed() -> bool {
    let output = Command::new(require("dpkg-query", "dpkg")).args(["--show", "--showformat=${db:Status-Status}", NAME]).output().unwrap();
    output.status.success() && output.stdout == b"installed"
}

fn apt(arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(require("apt-get", "apt"));
    command.args(["--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("there are no packages in {}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}
