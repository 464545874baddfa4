//! The interface on a stage, for tests: with a real vault in a folder of its own, a clock that stands still, and no terminal. Whatever it asks
//! is answered at once, on the same thread, so that a test reads like what a person does and sees.

#![expect(clippy::wildcard_enum_match_arm, reason = "the stage looks at a few things by name, and lets all others pass")]

mod things;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use keycap_vault::view::{DoctorFinding, Level, Live, VaultStatus};
use keycap_vault::words::TimeWords;
use keycap_vault::{Environment, KeyringState, SecretText, SecretsChoice, UnixSeconds, Unlock, UnlockMethod, Vault};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use tempfile::TempDir;

use crate::app::App;
use crate::event::{CopiedTo, Effect, Event, Moment, Size};
use crate::keymap::{Key, Keymap};
use crate::request::{Answer, Filed, Filing, Request, SetUp, Setup};
use crate::settings::Settings;
use crate::task::{Job, TaskHandle, TaskId, TaskNews};
use crate::theme::{Depth, Ground, Theme};
use crate::world::Files;
pub(crate) use things::{HOME, other_vault};
use things::{furnish, populate};

/// Half past midnight, so that no clock time on the screen looks like another.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A passphrase as it is made, but always the same.
pub(crate) const WORDS: &str = "humble-orbit-velvet-canyon-tuition-ramp";

pub(crate) const DARK: Theme = Theme { depth: Depth::Rich, ground: Ground::Dark };
pub(crate) const LIGHT: Theme = Theme { depth: Depth::Rich, ground: Ground::Light };
pub(crate) const MONO: Theme = Theme { depth: Depth::Mono, ground: Ground::Dark };

/// The interface, its vault, and what it did outside.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) vault: Vault,
    running: Duration,
    size: Size,
    /// What was asked that the vault does only when unlocked, as it was asked.
    pub(crate) changes: Vec<String>,
    /// What was copied, and whether it is secret.
    pub(crate) copied: Vec<(String, bool)>,
    /// What was begun as a task.
    pub(crate) started: Vec<String>,
    jobs: Vec<(TaskId, Box<dyn Job>)>,
    pub(crate) quit: bool,
    /// What runs, as the interface is told.
    live: Live,
    /// What was set.
    pub(crate) settings: Option<Settings>,
    /// Whether the system has a keyring, as the interface is told.
    keyring: KeyringState,
    folder: Arc<TempDir>,
}

impl Stage {
    /// With an empty vault.
    pub(crate) fn empty() -> Self {
        Self::with(|_| Live::default())
    }

    /// With something of everything.
    pub(crate) fn populated() -> Self {
        Self::with(populate)
    }

    /// Where there is no vault yet.
    pub(crate) fn unborn(keyring: KeyringState) -> Self {
        let mut stage = Self::begun(|_| Live::default());
        stage.keyring = keyring;
        stage.happens(Event::FirstRun);
        stage
    }

    fn with(fill: impl FnOnce(&mut Vault) -> Live) -> Self {
        let mut stage = Self::begun(fill);
        stage.happens(Event::Started);
        stage
    }

    fn begun(fill: impl FnOnce(&mut Vault) -> Live) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("key");
        keycap_vault::key_file::create(&key_file).unwrap();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
        let mut vault = Vault::create(&folder.path().join("vault"), choice, Environment::fixed(UnixSeconds::new(NOW), 7)).unwrap();
        let live = fill(&mut vault);
        furnish(&folder.path().join("home"), &mut vault);
        let size = Size { columns: 100, rows: 30 };
        let mut app = App::new(size, MONO, Keymap::new(), moment(Duration::ZERO), TimeWords::utc(NOW));
        app.world.files = Files { settings: Some(folder.path().join("tui.toml")), keys: Some("/home/me/.config/keycap/keys.toml".into()) };
        Self {
            app,
            vault,
            running: Duration::ZERO,
            size,
            changes: Vec::new(),
            copied: Vec::new(),
            started: Vec::new(),
            jobs: Vec::new(),
            quit: false,
            live,
            settings: None,
            keyring: KeyringState::Unusable { code: "no-keyring", why: "no session bus".into(), hint: String::new() },
            folder: Arc::new(folder),
        }
    }

    /// Another size.
    pub(crate) fn sized(mut self, columns: u16, rows: u16) -> Self {
        self.size = Size { columns, rows };
        self.happens(Event::Resize(self.size));
        self
    }

    /// Lets something happen, and everything that follows from it.
    pub(crate) fn happens(&mut self, event: Event) {
        self.running += Duration::from_millis(10);
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.app.update(moment(self.running), event) {
                self.outside(effect, &mut events);
            }
        }
    }

    fn outside(&mut self, effect: Effect, events: &mut Vec<Event>) {
        match effect {
            Effect::Ask { from, request } => {
                let harmless = matches!(&request, Request::Filing(filing) if !filing.needs_secrets());
                if !request.only_reads() && !harmless && !matches!(request, Request::Doctor) {
                    self.changes.push(format!("{request:?}"));
                }
                let request = self.at_home(request);
                let outcome = match request {
                    Request::Setup(Setup::Keyring) => Ok(Answer::SetUp(SetUp::Keyring(self.keyring.clone()))),
                    Request::Setup(Setup::Words) => Ok(Answer::SetUp(SetUp::Words(SecretText::new(WORDS.into())))),
                    Request::Setup(setup) => setup.run(&self.folder.path().join("first")).map(|(answer, made)| {
                        if let Some(made) = made {
                            self.vault = made;
                        }
                        answer
                    }),
                    // A vault that is borrowed cannot be handed over: another is, over the same folder.
                    Request::HandOver => {
                        let mut vault = Vault::open(self.vault.folder(), Environment::fixed(UnixSeconds::new(NOW), 13)).unwrap();
                        vault.unlock(Unlock::File).unwrap();
                        Ok(Answer::Vault(Box::new(vault)))
                    }
                    // What the doctor finds is the machine's affair.
                    Request::Doctor => Ok(Answer::Doctor(findings())),
                    request => request.run(&mut self.vault).map(|answer| self.neutral(answer)),
                };
                events.insert(0, Event::Answered { to: from, outcome });
            }
            Effect::Copy { text, secret } => {
                self.copied.push((text.expose().to_owned(), secret));
                events.insert(0, Event::Copied(Ok(CopiedTo::Clipboard(secret.then_some(Duration::from_secs(25))))));
            }
            Effect::Start { id, job } => {
                self.started.push(format!("{job:?}"));
                self.jobs.push((id, job));
            }
            Effect::LookAround(folder) => {
                self.vault = Vault::open(&folder.path().join(crate::demo::VAULT), Environment::system()).unwrap();
                self.folder = folder;
            }
            Effect::Settings(settings) => self.settings = Some(settings),
            Effect::Quit => self.quit = true,
            Effect::ClearClipboard | Effect::Cancel(_) | Effect::Forget | Effect::Redraw | Effect::Suspend => {}
        }
    }

    /// Does what was begun as a task, to its end.
    pub(crate) fn work(&mut self) {
        for (id, job) in std::mem::take(&mut self.jobs) {
            let told = Arc::new(std::sync::Mutex::new(Vec::new()));
            let heard = Arc::clone(&told);
            let handle = TaskHandle::new(Arc::default(), Arc::new(move |news| heard.lock().unwrap().push(news)));
            let ended = job.run(&handle);
            let told = std::mem::take(&mut *told.lock().unwrap());
            for news in told.into_iter().chain([TaskNews::Ended(ended)]) {
                self.happens(Event::Task { id, news });
            }
        }
        self.happens(Event::Tick);
    }

    /// The folder with files in it, which is shown as `/home/me`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home").canonicalize().unwrap()
    }

    /// The request with the paths that there really are.
    fn at_home(&self, request: Request) -> Request {
        let Request::Filing(mut filing) = request else { return request };
        let real = |path: &mut PathBuf| {
            if path.as_os_str().is_empty() {
                *path = self.home();
            } else if let Ok(rest) = path.strip_prefix(HOME) {
                *path = self.home().join(rest);
            }
        };
        match filing.as_mut() {
            Filing::Folder(path) | Filing::Inspect { file: path, .. } => real(path),
            Filing::Survey(files) => files.iter_mut().for_each(real),
            Filing::Seal(plan) => plan.files.iter_mut().for_each(real),
            Filing::Open(plan) | Filing::Reseal { plan, .. } => plan.files.iter_mut().for_each(real),
            Filing::Readers | Filing::Readership(_) => {}
        }
        Request::Filing(filing)
    }

    fn shown(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(self.home()) {
            Ok(rest) if rest.as_os_str().is_empty() => HOME.into(),
            Ok(rest) => Path::new(HOME).join(rest),
            Err(_) => path.to_owned(),
        }
    }

    /// The answer without what differs from machine to machine.
    fn neutral(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Status { status, wanted } => Answer::Status { status: neutral(status), wanted },
            Answer::Overview(mut overview) => {
                overview.status = neutral(overview.status);
                overview.live = self.live.clone();
                Answer::Overview(overview)
            }
            Answer::Live(_) => Answer::Live(self.live.clone()),
            Answer::Filed(Filed::Folder { folder, entries }) => Answer::Filed(Filed::Folder { folder: self.shown(&folder), entries }),
            Answer::Filed(Filed::Inspected { file, view }) => Answer::Filed(Filed::Inspected { file: self.shown(&file), view }),
            answer => answer,
        }
    }

    /// Presses keys by their names, with blanks between them.
    pub(crate) fn press(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            let key = Key::parse(name).unwrap_or_else(|| panic!("{name} is no key"));
            self.key(key);
        }
    }

    pub(crate) fn key(&mut self, key: Key) {
        self.happens(Event::Key(key));
    }

    /// Types text, letter by letter.
    pub(crate) fn write(&mut self, text: &str) {
        text.chars().for_each(|character| self.key(Key::char(character)));
    }

    /// Presses the mouse where a text stands.
    pub(crate) fn click(&mut self, text: &str) {
        self.mouse(text, MouseEventKind::Down(MouseButton::Left));
    }

    /// Does something with the mouse where a text stands.
    pub(crate) fn mouse(&mut self, text: &str, kind: MouseEventKind) {
        let screen = self.screen();
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap_or_else(|| panic!("{text} in\n{screen}"));
        let column = line.split(text).next().unwrap().chars().count();
        let (column, row) = (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
        self.happens(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    }

    /// Where the settings are kept.
    pub(crate) fn settings_file(&self) -> std::path::PathBuf {
        self.folder.path().join("tui.toml")
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.running += time;
        self.happens(Event::Tick);
    }

    pub(crate) fn drawn(&mut self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.columns, self.size.rows)).unwrap();
        terminal.draw(|frame| self.app.view(frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What a person reads.
    pub(crate) fn screen(&mut self) -> String {
        text(&self.drawn())
    }

    /// What a person reads, then how it looks in each theme.
    pub(crate) fn picture(&mut self) -> String {
        let mut picture = self.screen();
        for (name, theme) in [("dark", DARK), ("light", LIGHT), ("mono", MONO)] {
            self.app.world.theme = theme;
            let drawn = self.drawn();
            assert_eq!(text(&drawn), text(&self.drawn()), "it is drawn as it was before");
            picture.push_str(&format!("\n── {name}\n{}", styles(&drawn)));
        }
        self.app.world.theme = MONO;
        picture
    }
}

fn moment(running: Duration) -> Moment {
    Moment { wall: NOW + running.as_secs(), running }
}

fn neutral(status: VaultStatus) -> VaultStatus {
    VaultStatus {
        folder: "/home/me/.local/share/keycap".to_owned(),
        protection_text: "Each secret is an item of its own in the system's keyring.".to_owned(),
        ..status
    }
}

fn findings() -> Vec<DoctorFinding> {
    let found = |code, what: &str, hint: &str, mendable| DoctorFinding {
        level: Level::Warning,
        code,
        what: what.to_owned(),
        hint: Some(hint.to_owned()),
        mendable,
    };
    vec![
        found("permissions", "A key file can be read by others.", "Take that away.", true),
        found("no-backup", "There is no backup of this vault.", "Make one with `keycap vault backup --output FILE`.", false),
    ]
}

fn text(buffer: &Buffer) -> String {
    let area = buffer.area();
    let row = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..area.height).map(row).collect::<Vec<_>>().join("\n")
}

/// For each line that has any, its styles: from which column on, and which.
fn styles(buffer: &Buffer) -> String {
    let area = buffer.area();
    let mut lines = String::new();
    for y in 0..area.height {
        let mut runs: Vec<String> = Vec::new();
        let mut before = String::new();
        for x in 0..area.width {
            let cell = &buffer[(x, y)];
            let style = style(cell.fg, cell.bg, cell.modifier);
            if style != before {
                runs.push(format!("{x} {}", if style.is_empty() { "-" } else { &style }));
                before = style;
            }
        }
        if !runs.is_empty() && runs != ["0 -"] {
            lines.push_str(&format!("{y:>2}: {}\n", runs.join(", ")));
        }
    }
    lines
}

fn style(foreground: Color, background: Color, modifier: Modifier) -> String {
    let colour = |colour: Color, ground: &str| match colour {
        Color::Reset => String::new(),
        Color::Indexed(index) => format!("{ground}{index}"),
        named => format!("{ground}{named}").to_lowercase(),
    };
    let modifiers = modifier.iter_names().map(|(name, _)| name.to_lowercase());
    let parts = [colour(foreground, ""), colour(background, "on-")].into_iter().chain(modifiers);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("+")
}

/// Whether a text holds a secret of keycap's.
pub(crate) fn is_secret(text: &str) -> bool {
    text.to_ascii_uppercase().contains("KEYCAP-SECRET-1")
}

/// A paste.
pub(crate) fn pasted(text: &str) -> Event {
    Event::Paste(SecretText::new(text.to_owned()))
}
