//! A real X display without a screen, for the clipboard.

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::program::{output_of, require};

/// An X server of its own with an empty clipboard; stopped when dropped.
#[derive(Debug)]
pub struct Display {
    // Before the folder: fields are dropped in this order.
    _daemon: Daemon,
    name: String,
    _folder: TempDir,
}

impl Display {
    /// Starts it on the first display that is free.
    ///
    /// # Panics
    /// If Xvfb is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("display-").tempdir().unwrap();
        let mut command = Command::new(require("Xvfb", "xvfb"));
        command.args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"]).stdin(Stdio::null());
        let mut daemon = Daemon::spawn("Xvfb", &mut command, folder.path().join("log"));
        let mut number = None;
        daemon.wait_until("Xvfb tells its display", |printed| {
            // Other lines are the keyboard compiler's warnings.
            number = printed.split_inclusive('\n').find_map(|line| line.strip_suffix('\n')?.parse::<u16>().ok());
            number.is_some()
        });
        Self { _daemon: daemon, name: format!(":{}", number.expect("just waited for")), _folder: folder }
    }

    /// Its name, as `DISPLAY` has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text in the clipboard, read as another program reads it; `None` if nothing is in it.
    #[must_use]
    pub fn clipboard(&self) -> Option<String> {
        let output = self.xclip().arg("-out").output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// The forms in which the clipboard offers its content, such as `UTF8_STRING` or a password manager's hint.
    #[must_use]
    pub fn clipboard_forms(&self) -> Vec<String> {
        output_of(self.xclip().args(["-out", "-target", "TARGETS"])).lines().map(str::to_owned).collect()
    }

    /// Puts text into the clipboard, as another program does.
    pub fn copy(&self, text: &str) {
        let mut child = self.xclip().arg("-in").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().expect("piped").write_all(text.as_bytes()).unwrap();
        // It leaves a process behind that hands the text out until somebody else copies, or the display goes away.
        assert!(child.wait().unwrap().success());
    }

    fn xclip(&self) -> Command {
        let mut command = Command::new(require("xclip", "xclip"));
        command.args(["-selection", "clipboard"]).env("DISPLAY", &self.name);
        command
    }
}
