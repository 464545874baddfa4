//! A real X display without a screen, for the clipboard.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::{Daemon, READY};
use crate::program::{output_of, require};
use crate::wait::wait_until;

/// How long a file dialog takes to show what it is asked for. It tells nobody when it has.
const SHOWN: Duration = Duration::from_millis(800);
/// How long a program may take to make the clipboard its own.
const HANDED_OVER: Duration = Duration::from_secs(10);
/// How long the mouse takes from one place to the next: both programs follow it at each.
const STEP: Duration = Duration::from_millis(120);
/// What X calls the focus when it is wherever the pointer is.
const NO_WINDOW: &str = "1";

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
        Self::with_screen("640x480x24")
    }

    /// The same, with room for a window.
    ///
    /// # Panics
    /// If Xvfb is missing or does not start.
    #[must_use]
    pub fn with_room() -> Self {
        Self::with_screen("1280x900x24")
    }

    fn with_screen(screen: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("display-").tempdir().unwrap();
        let mut command = Command::new(require("Xvfb", "xvfb"));
        command.args(["-displayfd", "1", "-screen", "0", screen, "-nolisten", "tcp"]).stdin(Stdio::null());
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

    /// The forms in which the clipboard offers its content, such as `UTF8_STRING` or a password manager's hint; none if
    /// nothing is in it.
    #[must_use]
    pub fn clipboard_forms(&self) -> Vec<String> {
        let output = self.xclip().args(["-out", "-target", "TARGETS"]).output().unwrap();
        if output.status.success() { String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect() } else { Vec::new() }
    }

    /// Puts text into the clipboard, as another program does.
    pub fn copy(&self, text: &str) {
        let mut child = self.xclip().arg("-in").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().expect("piped").write_all(text.as_bytes()).unwrap();
        // It leaves a process behind that hands the text out until somebody else copies, or the display goes away.
        assert!(child.wait().unwrap().success());
        // Its end says nothing: the one left behind may still have to send the request that makes the clipboard its own.
        wait_until(HANDED_OVER, "the text is in the clipboard", || self.clipboard().as_deref() == Some(text));
    }

    /// Puts a PNG picture into the clipboard, as another program does.
    ///
    /// # Panics
    /// If xclip does not take it.
    pub fn copy_picture(&self, file: &Path) {
        let mut command = self.xclip();
        let status = command.args(["-target", "image/png", "-in"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success());
        wait_until(HANDED_OVER, "the picture is in the clipboard", || self.clipboard_forms().iter().any(|form| form == "image/png"));
    }

    /// Whether a window of this process is in sight.
    pub(crate) fn shows(&self, process: &str) -> bool {
        let found = self.xdotool(&["search", "--onlyvisible", "--pid", process]).output().unwrap();
        found.status.success() && !found.stdout.trim_ascii().is_empty()
    }

    /// Types text into the window of a program that has this title, a field a line, and Enter after it, as a person would.
    ///
    /// # Panics
    /// If there is no such window within half a minute, or xdotool is missing.
    pub fn type_into(&self, title: &str, text: &[&str]) {
        self.focus(title);
        for (place, line) in text.iter().enumerate() {
            if place > 0 {
                output_of(&mut self.xdotool(&["key", "Tab"]));
            }
            output_of(&mut self.xdotool(&["type", "--delay", "12", line]));
        }
        output_of(&mut self.xdotool(&["key", "Return"]));
    }

    /// Presses a key, by its X name, in whatever window has the keyboard.
    ///
    /// # Panics
    /// If xdotool is missing.
    pub fn press(&self, key: &str) {
        output_of(&mut self.xdotool(&["key", key]));
    }

    /// Names a file in a file dialog of this title, for reading or for writing.
    ///
    /// # Panics
    /// As [`Display::type_into`].
    pub fn name_file(&self, title: &str, path: &Path) {
        self.focus(title);
        // To the field for the name, in which another one may be proposed. The dialog reads folders meanwhile, and takes no Enter before it has.
        std::thread::sleep(SHOWN);
        output_of(&mut self.xdotool(&["key", "ctrl+l"]));
        std::thread::sleep(SHOWN);
        output_of(&mut self.xdotool(&["key", "ctrl+a"]));
        output_of(&mut self.xdotool(&["type", "--delay", "12", path.to_str().unwrap()]));
        std::thread::sleep(SHOWN);
        output_of(&mut self.xdotool(&["key", "Return"]));
    }

    /// Presses the mouse at one place, and lets go of it at another. On its way it rests over the second, as a hand does.
    ///
    /// # Panics
    /// If xdotool is missing.
    pub fn drag(&self, from: (u16, u16), to: (u16, u16)) {
        let at = |(x, y): (u16, u16)| ["mousemove".to_owned(), x.to_string(), y.to_string()];
        let moved = |place| {
            output_of(&mut self.xdotool(&at(place).each_ref().map(String::as_str)));
            std::thread::sleep(STEP);
        };
        moved(from);
        output_of(&mut self.xdotool(&["mousedown", "1"]));
        for step in 1..=8_u16 {
            let between = |a: u16, b: u16| if b >= a { a + (b - a) / 8 * step } else { a - (a - b) / 8 * step };
            moved((between(from.0, to.0), between(from.1, to.1)));
        }
        for away in [2, 0] {
            moved((to.0 + away, to.1));
        }
        output_of(&mut self.xdotool(&["mouseup", "1"]));
    }

    /// Waits until a window of this title is in sight.
    ///
    /// # Panics
    /// If there is none within half a minute, or xdotool is missing.
    pub fn wait_for_window(&self, title: &str) {
        wait_until(READY, &format!("there is a window called {title}"), || {
            let found = self.xdotool(&["search", "--onlyvisible", "--name", title]).output().unwrap();
            !found.stdout.trim_ascii().is_empty()
        });
    }

    /// Waits for a window of this title, and gives it the keyboard.
    fn focus(&self, title: &str) {
        let mut window = String::new();
        wait_until(READY, &format!("there is a window called {title}"), || {
            let found = self.xdotool(&["search", "--onlyvisible", "--name", title]).output().unwrap();
            window = String::from_utf8_lossy(&found.stdout).trim().to_owned();
            !window.is_empty()
        });
        output_of(&mut self.xdotool(&["windowfocus", "--sync", window.lines().last().expect("just waited for")]));
    }

    /// Takes the keyboard away from all windows; with room on the display, there is a corner without one.
    ///
    /// # Panics
    /// If xdotool is missing.
    pub fn focus_nothing(&self) {
        // Where nobody has the focus, whoever is below the pointer does.
        output_of(&mut self.xdotool(&["mousemove", "1279", "899", "windowfocus", NO_WINDOW]));
    }

    /// Whether a window of this class has the keyboard.
    ///
    /// # Panics
    /// If xdotool is missing.
    #[must_use]
    pub fn has_focus(&self, class: &str) -> bool {
        let focused = self.xdotool(&["getwindowfocus"]).output().unwrap();
        let windows = self.xdotool(&["search", "--class", class]).output().unwrap();
        let (focused, windows) = (String::from_utf8_lossy(&focused.stdout), String::from_utf8_lossy(&windows.stdout));
        windows.lines().any(|window| window == focused.trim())
    }

    fn xdotool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(require("xdotool", "xdotool"));
        command.args(arguments).env("DISPLAY", &self.name);
        command
    }

    fn xclip(&self) -> Command {
        let mut command = Command::new(require("xclip", "xclip"));
        command.args(["-selection", "clipboard"]).env("DISPLAY", &self.name);
        command
    }
}
