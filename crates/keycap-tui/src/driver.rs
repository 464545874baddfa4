//! The outside of the interface: it reads the terminal, asks the vault, and draws; all of it on threads that wait, so that the interface never
//! does.

mod clipboard;
mod desk;
mod input;
mod jobs;
mod signals;
mod terminal;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use keycap_vault::words::TimeWords;
use keycap_vault::{Environment, SecretText, Vault, VaultError};
use tempfile::TempDir;

use crate::app::App;
use crate::demo;
use crate::event::{Effect, Event, Moment};
use crate::keymap::{Keymap, KeymapError};
use crate::settings::{Settings, SettingsError};
use crate::world::Files;
use clipboard::Clipboard;
use desk::Desk;
use jobs::Jobs;
use terminal::Screen;

/// What the interface is opened with.
#[derive(Debug)]
pub struct Start {
    /// The vault's folder; where there is no vault in it, the interface helps to make one.
    pub folder: PathBuf,
    /// A passphrase that was given already.
    pub passphrase: Option<SecretText>,
    /// Age identity files that were given already.
    pub identities: Vec<PathBuf>,
    /// Whether the mouse does anything.
    pub mouse: bool,
    /// Colours that are wanted.
    pub colours: Colours,
    /// Where keys are given other meanings, if the file is there.
    pub keys: Option<PathBuf>,
    /// Where it is said how the interface is to be, if the file is there.
    pub settings: Option<PathBuf>,
}

/// Colours that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// As many as the terminal has, none if `NO_COLOR` says so.
    Auto,
    /// As many as the terminal has.
    Always,
    /// None.
    Never,
}

/// Why the interface could not be opened, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuiError {
    /// The terminal.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The file of keys.
    #[error(transparent)]
    Keys(#[from] KeymapError),
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Where keys are given other meanings: `keycap/keys.toml` where the system keeps settings, `~/.config` on Linux. `None` without a home.
#[must_use]
pub fn keys_file() -> Option<PathBuf> {
    settings_folder().map(|folder| folder.join("keys.toml"))
}

/// Where the system keeps keycap's settings.
pub(crate) fn settings_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;

    etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("keycap"))
}

/// Time between two ticks while nothing else happens.
const TICK: Duration = Duration::from_millis(250);
/// The first picture waits that long for what it shows, so that it does not flicker.
const FIRST_PATIENCE: Duration = Duration::from_millis(30);

/// Opens the interface and returns when it is left.
///
/// # Errors
/// A [`TuiError`]; the terminal is as it was before.
pub fn run(start: Start) -> Result<(), TuiError> {
    let keymap = match &start.keys {
        Some(file) => Keymap::with_file(file)?,
        None => Keymap::new(),
    };
    let settings = match &start.settings {
        Some(file) => Settings::of_file(file)?,
        None => Settings::default(),
    };
    let (sender, events) = mpsc::channel();
    let begun = Instant::now();
    // Before the terminal is touched: what is wrong with the vault is said in plain lines.
    let exists = Vault::exists(&start.folder);
    let desk = Desk::open(start.folder, start.passphrase, start.identities, sender.clone())?;
    let theme = terminal::theme(start.colours);
    let mut screen = Screen::enter(start.mouse && settings.mouse)?;
    let moment = now(begun);
    let mut app = App::new(screen.size()?, theme, keymap, moment, TimeWords::new(moment.wall));
    app.begin_with(settings, Files { settings: start.settings, keys: start.keys });
    let input = input::read(sender.clone());
    let _signals = signals::watch(sender.clone())?;
    let mut outside =
        Outside { desk, jobs: Jobs::new(sender.clone()), clipboard: Clipboard::new(sender.clone(), settings.clipboard_s), input, looks_around: None };
    let first = app.update(moment, if exists { Event::Started } else { Event::FirstRun });
    outside.take(first, &mut screen, &sender)?;
    settle(&mut app, &events, &mut outside, &mut screen, &sender, begun)?;
    screen.draw(&mut app)?;
    let result = live(&mut app, &events, &mut outside, &mut screen, &sender, begun);
    outside.jobs.stop_all();
    outside.clipboard.clear(&mut screen);
    result
}

/// Waits a moment for the first answers.
fn settle(
    app: &mut App,
    events: &Receiver<Event>,
    outside: &mut Outside,
    screen: &mut Screen,
    sender: &Sender<Event>,
    begun: Instant,
) -> Result<(), TuiError> {
    let until = Instant::now() + FIRST_PATIENCE;
    while outside.desk.is_reading() {
        let Ok(event) = events.recv_timeout(until.saturating_duration_since(Instant::now())) else { break };
        let effects = app.update(now(begun), event);
        if outside.take(effects, screen, sender)? {
            break;
        }
    }
    Ok(())
}

fn live(
    app: &mut App,
    events: &Receiver<Event>,
    outside: &mut Outside,
    screen: &mut Screen,
    sender: &Sender<Event>,
    begun: Instant,
) -> Result<(), TuiError> {
    loop {
        let event = match events.recv_timeout(TICK) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => Event::Tick,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        // Whatever has come meanwhile is taken in before the next picture: a picture shows the newest state, and keys are never behind.
        let mut next = Some(event);
        while let Some(event) = next {
            let effects = app.update(now(begun), event);
            if outside.take(effects, screen, sender)? {
                return Ok(());
            }
            next = events.try_recv().ok();
        }
        outside.clipboard.expire(screen);
        screen.draw(app)?;
    }
}

fn now(begun: Instant) -> Moment {
    Moment { wall: Environment::system().now().as_u64(), running: begun.elapsed() }
}

/// Whatever does things outside.
struct Outside {
    desk: Desk,
    jobs: Jobs,
    clipboard: Clipboard,
    input: input::Reader,
    /// The folder of a vault that is thrown away at the end.
    looks_around: Option<Arc<TempDir>>,
}

impl Outside {
    /// Does what is wanted; whether it is the end.
    fn take(&mut self, effects: Vec<Effect>, screen: &mut Screen, sender: &Sender<Event>) -> Result<bool, TuiError> {
        for effect in effects {
            match effect {
                Effect::Ask { from, request } => self.desk.ask(from, request),
                Effect::Copy { text, secret } => self.clipboard.copy(text, secret, screen),
                Effect::ClearClipboard => self.clipboard.clear(screen),
                Effect::Start { id, job } => self.jobs.start(id, job),
                Effect::Cancel(id) => self.jobs.cancel(id),
                Effect::Forget => self.desk.forget(),
                Effect::LookAround(folder) => {
                    self.desk = Desk::open(folder.path().join(demo::VAULT), None, Vec::new(), sender.clone())?;
                    self.looks_around = Some(folder);
                }
                Effect::Settings(settings) => {
                    self.clipboard.keep_for(settings.clipboard_s);
                    screen.listen_to_mouse(settings.mouse)?;
                }
                Effect::Redraw => screen.redraw()?,
                Effect::Suspend => {
                    self.input.pause();
                    screen.suspend()?;
                    self.input.resume();
                    // If nobody listens any more the program is at its end.
                    drop(sender.send(Event::Resumed));
                }
                Effect::Quit => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// The vault at its door, for a thread that only reads.
fn open_vault(folder: &std::path::Path) -> Result<Vault, VaultError> {
    Vault::open(folder, Environment::system())
}
