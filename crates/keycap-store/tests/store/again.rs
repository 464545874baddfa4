//! Running a test once more in a process of its own, in another part: as the one that is killed, or inside a session with a keyring.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the part that a process started by a test plays.
const PART: &str = "KEYCAP_STORE_TEST_PART";

/// The part that this process plays; `None` in the test itself.
pub(crate) fn part() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

/// The command that runs the test `name` of this program again, in `part`.
pub(crate) fn command(name: &str, part: &Path) -> Command {
    under(&[], &std::env::current_exe().unwrap(), name, part)
}

/// As [`command`], with `wrapper` before a program that may be a copy of this one.
pub(crate) fn under(wrapper: &[&OsStr], program: &Path, name: &str, part: &Path) -> Command {
    let mut words = wrapper.iter().copied().chain([program.as_os_str()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args([name, "--exact", "--nocapture", "--test-threads=1"]).env(PART, part);
    command
}

/// Runs it to its end, which must be a good one, and one test must have run.
pub(crate) fn succeed(mut command: Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{command:?}: {}\n{out}\n{err}", output.status);
}
