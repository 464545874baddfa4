//! A real terminal, without a window: a tmux server of its own that holds one program.

mod drawing;
pub(crate) mod picture;

use std::ffi::OsStr;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::program::{output_of, require};
use crate::wait::wait_until;
use picture::{Picture, Theme};

const PACKAGE: &str = "tmux";

/// No status line, escape sequences passed on at once.
const CONFIGURATION: &str = "set -g status off
set -g default-terminal tmux-256color
set -g escape-time 0
set -g update-environment ''
set -s set-clipboard on
";

/// What the terminal's title begins with once the program has ended; its exit status follows.
const ENDED: &str = "ended ";

/// Runs the program and then tells its end in band, after everything that it wrote, by the terminal's title. tmux itself hears of an end by a
/// signal: it misses one now and then, and when it does not, it may close the terminal before it has read the last of what was written.
/// `$0` is [`ENDED`]; keys that send signals are the program's.
const WRAPPER: &str = r#"trap : INT QUIT TSTP; "$@"; printf '\033]2;%s%d\033\\' "$0" $?; exec sleep infinity"#;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

impl Size {
    /// 80×24, the size that everything has to fit.
    pub const CLASSIC: Self = Self { columns: 80, rows: 24 };
}

/// A terminal with one program in it; both are gone when it is dropped.
#[derive(Debug)]
pub struct Terminal {
    // Before the folder: fields are dropped in this order.
    _server: Daemon,
    size: Size,
    folder: TempDir,
}

impl Terminal {
    /// Opens a terminal and runs `command` in it, with the variables that were set on it, `PATH`, and none inherited.
    ///
    /// # Panics
    /// If tmux is missing or the program cannot be started.
    #[must_use]
    pub fn open(size: Size, command: &Command) -> Self {
        let folder = tempfile::Builder::new().prefix("terminal-").tempdir().unwrap();
        fs::write(folder.path().join("tmux.conf"), CONFIGURATION).unwrap();
        let mut server = tmux(folder.path());
        server.arg("-D").arg("-f").arg(folder.path().join("tmux.conf")).stdin(Stdio::null());
        server.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut server = Daemon::spawn("tmux", &mut server, folder.path().join("log"));
        server.wait_until("tmux listens", |_| folder.path().join("socket").exists());

        let mut session = tmux(folder.path());
        session.args(["new-session", "-d", "-x", &size.columns.to_string(), "-y", &size.rows.to_string()]);
        if let Some(working_folder) = command.get_current_dir() {
            session.arg("-c").arg(working_folder);
        }
        output_of(session.args(["--", "sh", "-c", WRAPPER, ENDED]).arg(command.get_program()).args(command.get_args()));
        Self { _server: server, size, folder }
    }

    /// Types text as it is.
    pub fn type_text(&self, text: &str) {
        self.ask(["send-keys", "-l", "--", text]);
    }

    /// Presses keys by tmux's names: `Enter`, `Escape`, `Up`, `C-c`, …
    pub fn press(&self, keys: &[&str]) {
        self.ask(["send-keys", "--"].iter().chain(keys));
    }

    /// What the program sent to the terminal's clipboard; empty: nothing, or it was cleared.
    #[must_use]
    pub fn clipboard(&self) -> String {
        // Where there is none, tmux says so by its exit status.
        let shown = tmux(self.folder.path()).arg("show-buffer").output().unwrap();
        String::from_utf8_lossy(&shown.stdout).into_owned()
    }

    /// What is on the screen now.
    #[must_use]
    pub fn screen(&self) -> Screen {
        Screen { size: self.size, lines: self.ask(["capture-pane", "-p", "-e", "-N"]) }
    }

    /// Waits until `text` is on the screen and gives the screen that shows it.
    ///
    /// # Panics
    /// If it does not appear within `deadline`, showing the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str, deadline: Duration) -> Screen {
        let mut screen = self.screen();
        let start = std::time::Instant::now();
        while !screen.text().contains(text) {
            assert!(start.elapsed() < deadline, "“{text}” did not appear within {deadline:?}:\n{}", screen.text());
            std::thread::sleep(Duration::from_millis(20));
            screen = self.screen();
        }
        screen
    }

    /// Waits until the program ends, and gives its exit status: 128 and the number of the signal that ended it. The screen stays as it left it.
    ///
    /// # Panics
    /// If it still runs after `deadline`.
    #[track_caller]
    pub fn wait_for_exit(&self, deadline: Duration) -> i32 {
        let mut status = None;
        wait_until(deadline, "the program in the terminal ends", || {
            let title = self.ask(["display-message", "-p", "#{pane_title}"]);
            status = title.strip_prefix(ENDED).and_then(|number| number.parse().ok());
            status.is_some()
        });
        status.unwrap()
    }

    fn ask<A: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = A>) -> String {
        output_of(tmux(self.folder.path()).args(words))
    }
}

/// A screen as it was at one moment.
#[derive(Debug, Clone)]
pub struct Screen {
    size: Size,
    /// Lines with escape sequences for the colours.
    lines: String,
}

impl Screen {
    /// The characters, line by line, without what is blank at the end of a line or of the screen.
    #[must_use]
    pub fn text(&self) -> String {
        let screen = self.cells();
        let lines = screen.screen().rows(0, self.size.columns).map(|line| line.trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// Whether each cell of the first place where `text` stands is reversed.
    ///
    /// # Panics
    /// If it does not stand in one line.
    #[must_use]
    pub fn is_reversed(&self, text: &str) -> bool {
        let cells = self.cells();
        let screen = cells.screen();
        let lines: Vec<String> = screen.rows(0, self.size.columns).collect();
        let (row, line) = lines.iter().enumerate().find(|(_, line)| line.contains(text)).expect("the text stands in one line");
        let from = line.split(text).next().unwrap_or_default().chars().count();
        (from..from + text.chars().count()).all(|column| {
            let place = (u16::try_from(row).unwrap(), u16::try_from(column).unwrap());
            screen.cell(place.0, place.1).is_some_and(vt100::Cell::inverse)
        })
    }

    /// Whether any cell asks for a colour.
    #[must_use]
    pub fn has_colours(&self) -> bool {
        let cells = self.cells();
        let places = (0..self.size.rows).flat_map(|row| (0..self.size.columns).map(move |column| (row, column)));
        let default = vt100::Color::Default;
        let mut there = places.filter_map(|(row, column)| cells.screen().cell(row, column));
        there.any(|cell| cell.fgcolor() != default || cell.bgcolor() != default)
    }

    /// What a person sees, as an SVG drawing for documents.
    #[must_use]
    pub fn drawing(&self, theme: Theme) -> String {
        drawing::of(self.cells().screen(), self.size, theme)
    }

    /// What a person sees, as a picture.
    #[must_use]
    pub fn picture(&self, theme: Theme) -> Picture {
        Picture::of(self.cells().screen(), self.size, theme)
    }

    /// The captured lines, understood by a terminal emulator.
    fn cells(&self) -> vt100::Parser {
        let Size { columns, rows } = self.size;
        let mut parser = vt100::Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 0);
        for (row, line) in self.lines.lines().enumerate() {
            parser.process(format!("\x1b[{};1H{line}", row + 1).as_bytes());
        }
        parser
    }
}

/// tmux on the socket in `folder`, with the language set so that it believes in UTF-8.
fn tmux(folder: &Path) -> Command {
    let mut command = Command::new(require("tmux", PACKAGE));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8");
    command.arg("-u").arg("-S").arg(folder.join("socket"));
    command
}
