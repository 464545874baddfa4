//! The terminal: taken over, drawn on, and given back as it was, whatever ends the program.

use std::io::{self, Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use supports_color::Stream;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::Colours;
use crate::app::App;
use crate::event::Size;
use crate::theme::{Depth, Ground, Theme};

/// The terminal, taken over.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
}

/// Whether the terminal is taken over: a panic gives it back once, and only then.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that does not answer is believed to be dark after this time; most that cannot answer say so at once.
const PATIENCE: Duration = Duration::from_millis(100);

/// How things are to look here; asked before the terminal is read by anybody else.
pub(super) fn theme(colours: Colours) -> Theme {
    let options = {
        let mut options = QueryOptions::default();
        options.timeout = PATIENCE;
        options
    };
    let ground = match theme_mode(options) {
        Ok(ThemeMode::Light) => Ground::Light,
        Ok(ThemeMode::Dark) | Err(_) => Ground::Dark,
    };
    let supported = supports_color::on(Stream::Stdout);
    let depth = match (colours, supported) {
        (Colours::Never, _) | (Colours::Auto, None) => Depth::Mono,
        (Colours::Auto | Colours::Always, Some(level)) if level.has_256 || level.has_16m => Depth::Rich,
        (Colours::Auto, Some(_)) | (Colours::Always, _) => Depth::Ansi,
    };
    Theme { depth, ground }
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If it is none, or does not obey.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        // crossterm turns every colour off where `NO_COLOR` is set, and with it the reversing of the selected line. The theme without colours
        // asks for none, so that there is nothing to turn off.
        crossterm::style::force_color_output(true);
        take(mouse)?;
        match Terminal::new(CrosstermBackend::new(stdout())) {
            Ok(terminal) => Ok(Self { terminal, mouse }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    pub(super) fn size(&self) -> io::Result<Size> {
        let size = self.terminal.size()?;
        Ok(Size { columns: size.width, rows: size.height })
    }

    /// Draws what has changed since the last picture, in one piece.
    pub(super) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        execute!(stdout(), crossterm::terminal::BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| app.view(frame)).map(drop);
        execute!(stdout(), crossterm::terminal::EndSynchronizedUpdate)?;
        drawn
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn listen_to_mouse(&mut self, listen: bool) -> io::Result<()> {
        self.mouse = listen;
        if listen { execute!(stdout(), EnableMouseCapture) } else { execute!(stdout(), DisableMouseCapture) }
    }

    /// Draws everything anew the next time.
    pub(super) fn redraw(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Writes something that is not drawn.
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        let mut out = stdout();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Gives the terminal to the shell, and takes it over again when the person returns.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        take(self.mouse)?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let taken = execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, EnableFocusChange, SetTitle("keycap"));
    let taken = if mouse { taken.and_then(|()| execute!(stdout(), EnableMouseCapture)) } else { taken };
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Gives the terminal back as it was. What was drawn is wiped first: some terminals keep the other screen.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing back.
        drop(execute!(
            stdout(),
            DisableMouseCapture,
            DisableFocusChange,
            DisableBracketedPaste,
            Clear(ClearType::All),
            LeaveAlternateScreen,
            crossterm::cursor::Show
        ));
        drop(disable_raw_mode());
    }
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
    });
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Set where the test is to be the program that panics.
    const PANICS: &str = "KEYCAP_TUI_PANICS";

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        if std::env::var_os(PANICS).is_some() {
            let _screen = Screen::enter(true).unwrap();
            panic!("on purpose");
        }
        let name = "driver::terminal::tests::a_panic_gives_the_terminal_back_before_it_is_told";
        let program = format!("{} --exact {name} --nocapture; stty -a", std::env::current_exe().unwrap().display());
        let mut script = Command::new("script");
        script.args(["--quiet", "--command", &program, "/dev/null"]).env(PANICS, "yes").env("TERM", "xterm-256color").stdin(Stdio::null());
        let told = script.output().expect("`script` of the package bsdutils gives it a terminal").stdout;
        let told = String::from_utf8_lossy(&told);
        let at = |text: &str| told.find(text).unwrap_or_else(|| panic!("{text:?} in {told:?}"));
        let (taken, given, panicked) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"), at("on purpose"));
        assert!(taken < given && given < panicked, "{told:?}");
        assert!(at("\u{1b}[?1000l") < panicked && at("\u{1b}[?2004l") < panicked, "neither the mouse nor pasting is left on");
        let after = told.rsplit("test result").next().unwrap_or_default();
        assert!(after.contains(" icanon") && after.contains(" echo "), "{after:?}");
    }
}
