//! Which of its renderers WebKitGTK uses. The usual one hands pictures over in shared buffers (DMA-BUF), and with NVIDIA's own driver the window
//! then often stays empty; the older one works everywhere. It is chosen by a variable that has to be there when the program starts, so the
//! program starts itself once more with it.
//!
//! Whoever has set the variable, to whatever, has chosen.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// WebKitGTK's variable: the older renderer, if it is set and not `0`.
const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
/// There while NVIDIA's own driver runs.
const DRIVER: &str = "/proc/driver/nvidia/version";
/// This program, even if a newer one was installed in its place meanwhile.
const PROGRAM: &str = "/proc/self/exe";

/// Starts the program once more, in place of this process, if it needs the other renderer. Returns if it does not, or if that fails: then a
/// window opens all the same, if with less hope.
pub(crate) fn settle() {
    if is_other_needed(std::env::var_os(SWITCH).is_some(), Path::new(DRIVER)) {
        drop(again(std::env::args_os()).exec());
    }
}

fn is_other_needed(chosen: bool, driver: &Path) -> bool {
    !chosen && driver.exists()
}

fn again(arguments: impl IntoIterator<Item = OsString>) -> Command {
    let mut arguments = arguments.into_iter();
    let mut command = Command::new(PROGRAM);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments).env(SWITCH, "1");
    command
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn the_older_renderer_is_for_one_driver_and_for_nobody_who_has_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let driver = folder.path().join("version");
        assert!(!is_other_needed(false, &driver));
        std::fs::write(&driver, "NVRM version: NVIDIA UNIX").unwrap();
        assert!(is_other_needed(false, &driver));
        assert!(!is_other_needed(true, &driver));
    }

    #[test]
    fn the_program_that_starts_again_is_given_what_it_was_given_and_does_not_start_a_third_time() {
        let given = ["keycap-desktop", "--vault", "a b", "keycap:KEYCAP1"].map(OsString::from);
        let command = again(given.clone());
        assert_eq!(command.get_program(), PROGRAM);
        assert!(command.get_args().eq(given.iter().filter(|word| *word != "keycap-desktop")));
        assert_eq!(command.get_envs().collect::<Vec<_>>(), [(OsStr::new(SWITCH), Some(OsStr::new("1")))]);
    }
}
