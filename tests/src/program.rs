//! Programs that the tests run, found or named as missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian keeps servers, which an ordinary user's `PATH` leaves out.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The path of `program`, which Debian carries in `package`.
///
/// # Panics
/// If it is not installed, naming the package.
#[must_use]
#[track_caller]
pub fn require(program: &str, package: &str) -> PathBuf {
    find(program, &[]).unwrap_or_else(|| missing(program, package))
}

/// As [`require`], for a program that may lie in one of `folders` outside the search path.
#[track_caller]
pub(crate) fn require_in(program: &str, package: &str, folders: &[PathBuf]) -> PathBuf {
    find(program, folders).unwrap_or_else(|| missing(program, package))
}

/// The standard output of a command that must succeed, without the line end.
#[track_caller]
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("could not start {command:?}: {e}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed ({}):\n{stdout}{stderr}", output.status);
    stdout.trim_end_matches('\n').to_owned()
}

fn find(program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let searched = folders.iter().cloned().chain(env::split_paths(&path)).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    searched.map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[track_caller]
fn missing(program: &str, package: &str) -> ! {
    panic!("`{program}` is not installed: run `.ci/install`, or `apt-get install {package}`")
}
