//! The first run: where there is no vault yet. From nothing to a vault, a key and a backup that was proven to open; or from what one has already;
//! or to a vault that is thrown away. Nothing is done silently, and what was made stays whenever one leaves.

mod rows;

use keycap_vault::{ExportTo, KeyringState, SecretText, SecretsPlace};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::typed;
use crate::keymap::{ESC, Key};
use crate::request::{Answer, Failure, Request, SetUp, Setup};
use crate::screen::passphrase::{self, MAKE_WORDS};
use crate::screen::{Hint, Input, Screen, Shape, Step};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pressed};
use crate::widget::pane;
use crate::widget::text::line;
use crate::world::World;

/// The screen.
#[derive(Debug)]
pub(crate) struct FirstRun {
    stage: Stage,
    form: Form,
    keyring: Option<KeyringState>,
    wants: Wants,
    /// Words that were made and are to be written down; shown until the next step.
    words: Option<SecretText>,
    wrong: Option<String>,
    /// What the vault is at.
    busy: Option<&'static str>,
    /// The backup that is to be proven.
    backup: String,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begin,
    Where,
    Key,
    Backup,
    Prove,
}

/// What a person is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Fresh,
    Restore,
    /// An action of the registry, once there is a vault.
    Import(&'static str),
    LookAround,
}

const KEYRING: u32 = 0;
const WORDS: u32 = 1;
const MAKE: u32 = 2;
const KEY: u32 = 3;
const BACKUP: u32 = 4;
const PROVE: u32 = 5;
const DEMO: u32 = 6;
/// Columns and rows of the box in the middle, if there are so many.
const BOX: (u16, u16) = (88, 24);

impl FirstRun {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Begin,
            form: rows::begin(),
            keyring: None,
            wants: Wants::Fresh,
            words: None,
            wrong: None,
            busy: None,
            backup: String::new(),
        }
    }

    /// Goes to a step, with its rows empty.
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        (self.wrong, self.busy, self.words) = (None, None, None);
        self.form = match stage {
            Stage::Begin => rows::begin(),
            Stage::Where => rows::place(self.has_keyring(), self.wants == Wants::Restore),
            Stage::Key => rows::key(),
            Stage::Backup => rows::backup(),
            Stage::Prove => rows::prove(),
        };
        self.settle();
    }

    fn has_keyring(&self) -> bool {
        matches!(self.keyring, Some(KeyringState::Ready | KeyringState::Locked))
    }

    /// Whether a new passphrase is to be typed here.
    fn takes_passphrase(&self) -> bool {
        match self.stage {
            Stage::Where => !self.has_keyring() || self.form.chosen("place") == 1,
            Stage::Backup => self.form.chosen("when") == 0,
            Stage::Begin | Stage::Key | Stage::Prove => false,
        }
    }

    /// Brings rows in line with each other.
    fn settle(&mut self) {
        let takes = self.takes_passphrase();
        self.form.show("passphrase", takes);
        self.form.show("again", takes);
        if self.stage == Stage::Backup {
            self.form.show("file", takes);
        }
        passphrase::judge(&mut self.form);
    }

    fn place(&self) -> Result<SecretsPlace, (&'static str, String)> {
        if self.takes_passphrase() { passphrase::taken(&self.form).map(SecretsPlace::Passphrase) } else { Ok(SecretsPlace::Keyring) }
    }

    /// What the button of this step asks for.
    fn go(&mut self) -> Result<Vec<Step>, (&'static str, String)> {
        let ask = |slot, request| Ok(vec![Step::Ask { slot, request }]);
        match self.stage {
            Stage::Begin => {
                self.wants = rows::wanted(&self.form).ok_or_else(|| ("begin", "Choose one of them.".to_owned()))?;
                if self.wants == Wants::LookAround {
                    self.busy = Some("making something to look at…");
                    return ask(DEMO, Request::Setup(Setup::Demo));
                }
                self.enter(Stage::Where);
                Ok(vec![Step::Stay])
            }
            Stage::Where if self.wants == Wants::Restore => {
                let file = self.named("file")?;
                let passphrase = self.form.secret("opens");
                let place = self.place()?;
                self.busy = Some("opening the backup, and making the vault…");
                ask(MAKE, Request::Setup(Setup::Restore { file: typed(&file), passphrase, place }))
            }
            Stage::Where => {
                let place = self.place()?;
                self.busy = Some("making the vault…");
                ask(MAKE, Request::Setup(Setup::Create(place)))
            }
            Stage::Key => {
                let name = self.named("name")?;
                self.busy = Some("making the key…");
                ask(KEY, Request::NewKey(name))
            }
            Stage::Backup if self.form.chosen("when") == 1 => Ok(leave("make a backup before anything is lost: the overview reminds of it")),
            Stage::Backup => {
                self.backup = self.named("file")?;
                let passphrase = passphrase::taken(&self.form)?;
                self.busy = Some("backing up…");
                ask(BACKUP, Request::Backup { file: typed(&self.backup), to: ExportTo::Passphrase(passphrase) })
            }
            Stage::Prove => {
                let passphrase = self.form.secret("once-more");
                self.busy = Some("opening it…");
                ask(PROVE, Request::Setup(Setup::Prove { file: typed(&self.backup), passphrase }))
            }
        }
    }

    fn named(&self, row: &'static str) -> Result<String, (&'static str, String)> {
        match self.form.text(row) {
            "" => Err((row, "That is empty.".to_owned())),
            text => Ok(text.to_owned()),
        }
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        if self.busy.is_some() {
            return vec![Step::Stay];
        }
        if key == MAKE_WORDS && self.takes_passphrase() {
            return vec![Step::Ask { slot: WORDS, request: Request::Setup(Setup::Words) }];
        }
        if key == ESC {
            return match self.stage {
                Stage::Begin => vec![Step::Stay],
                Stage::Where => {
                    self.enter(Stage::Begin);
                    vec![Step::Stay]
                }
                Stage::Key => leave("the vault is there; a key and a backup are still to be made"),
                Stage::Backup => leave("your vault and key are there; a backup is still to be made"),
                Stage::Prove => leave("the backup is there; nobody has tried whether you can open it"),
            };
        }
        let pressed = self.form.key(key);
        self.pressed(pressed)
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.wrong = None;
                self.settle();
                vec![Step::Stay]
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => self.go().unwrap_or_else(|(row, why)| {
                self.form.go_to(row);
                self.wrong = Some(why);
                vec![Step::Stay]
            }),
        }
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>) -> Vec<Step> {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(failure) => {
                self.busy = None;
                self.wrong = Some([Some(failure.message), failure.hint].into_iter().flatten().collect::<Vec<_>>().join("; "));
                return Vec::new();
            }
        };
        match (slot, answer) {
            (KEYRING, Answer::SetUp(SetUp::Keyring(state))) => {
                self.keyring = Some(state);
                if self.stage == Stage::Where {
                    self.enter(Stage::Where);
                }
            }
            (WORDS, Answer::SetUp(SetUp::Words(words))) => {
                passphrase::fill(&mut self.form, &words);
                self.wrong = None;
                self.settle();
                self.words = Some(words);
            }
            (MAKE, Answer::SetUp(SetUp::Made)) => match self.wants {
                Wants::Import(action) => return vec![Step::Close, Step::Changed, Step::Start(action, None)],
                Wants::Fresh | Wants::Restore | Wants::LookAround => {
                    self.enter(Stage::Key);
                    return vec![Step::Changed];
                }
            },
            (MAKE, Answer::SetUp(SetUp::Restored(things))) => {
                return vec![Step::Close, Step::Changed, Step::Tell(Toast::done(format!("restored the backup: {things} things are back")))];
            }
            (KEY, _) => {
                self.enter(Stage::Backup);
                return vec![Step::Changed];
            }
            (BACKUP, _) => {
                self.enter(Stage::Prove);
                return vec![Step::Changed];
            }
            (PROVE, _) => {
                let toast = Toast::done(format!("{} opens, and holds together", self.backup)).with_hint("keep it somewhere else than this machine");
                return vec![Step::Close, Step::Changed, Step::Tell(toast)];
            }
            (DEMO, Answer::SetUp(SetUp::Demo(folder))) => return vec![Step::Close, Step::LookAround(folder)],
            (_, _) => {}
        }
        Vec::new()
    }

    /// How many steps there are, and which one this is.
    fn step(&self) -> &'static str {
        match self.stage {
            Stage::Begin => "1/4",
            Stage::Where => "2/4",
            Stage::Key => "3/4",
            Stage::Backup | Stage::Prove => "4/4",
        }
    }
}

fn leave(hint: &str) -> Vec<Step> {
    vec![Step::Close, Step::Changed, Step::Tell(Toast::note(hint))]
}

impl Screen for FirstRun {
    fn title(&self) -> String {
        format!("keycap, first run  {}", self.step())
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Whole
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        Vec::new()
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown if self.keyring.is_none() => vec![Step::Ask { slot: KEYRING, request: Request::Setup(Setup::Keyring) }],
            Input::Answered { slot, outcome } => self.answered(slot, outcome),
            Input::Key(key) => self.key(key),
            Input::Paste(text) if self.busy.is_none() => {
                let pressed = self.form.paste(text);
                self.pressed(pressed)
            }
            Input::Mouse { at, what } if self.busy.is_none() => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed)
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Mouse { .. } | Input::Paste(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let inner = pane::over(frame, pane::middle(area, BOX.0, BOX.1), pane::title(theme, &self.title(), true), theme);
        let mut fields = Fields::new(theme);
        for (role, text) in rows::words(self.stage, self.wants, self.keyring.as_ref()) {
            fields.text(role, text);
        }
        fields.blank();
        let above = fields.height(inner.width).min(inner.height);
        fields.view(frame, Rect { height: above, ..inner }, &mut Scroll::default());
        let mut below = Fields::new(theme);
        if let Some(words) = &self.words {
            below.text(Role::Plain, "Write this down, or let a password manager keep it; then type it again:");
            below.text(Role::Strong, words.expose());
        }
        if let Some(busy) = self.busy {
            below.text(Role::Accent, busy);
        }
        if let Some(wrong) = &self.wrong {
            below.text(Role::Bad, format!("✗ {wrong}"));
        }
        let last = inner.bottom().saturating_sub(1);
        let said = below.height(inner.width).min(inner.height.saturating_sub(above + 1));
        below.view(frame, Rect { y: last - said, height: said, ..inner }, &mut Scroll::default());
        let form = Rect { y: inner.y + above, height: inner.height.saturating_sub(above + said + 1), ..inner };
        self.form.view(frame, form, theme);
        let makes = if self.form.shows("again") { "Ctrl-g makes a passphrase   " } else { "" };
        let keys = match self.stage {
            Stage::Begin => "↑↓ choose   Enter next   Ctrl-c quit".to_owned(),
            Stage::Where => format!("Tab next   {makes}Esc back   Ctrl-c quit"),
            Stage::Key | Stage::Backup => format!("Tab next   {makes}Esc later   Ctrl-c quit"),
            Stage::Prove => "Enter next   Esc later   Ctrl-c quit".to_owned(),
        };
        frame.render_widget(line(theme, Role::Quiet, keys), Rect { y: last, height: 1, ..inner });
    }
}
