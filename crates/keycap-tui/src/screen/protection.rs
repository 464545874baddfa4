//! What unlocks the secrets, and where they rest: choosing again. Both are asked about before they are done.

use std::path::PathBuf;

use keycap_vault::{KeyringState, SecretText, SecretsPlace};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ESC, Key};
use crate::request::{Answer, Convert, Failure, Kept, Request, SetUp, Setup, Upkeep};
use crate::screen::command_line::quoted;
use crate::screen::passphrase::{self, MAKE_WORDS};
use crate::screen::proposal::{Proposal, Standing, wizard};
use crate::screen::reader_names::words;
use crate::screen::{Hint, Input, Screen, Step};
use crate::toast::Toast;
use crate::widget::form::{Form, Pressed, Row};
use crate::world::World;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Something else unlocks sealed secrets.
    Unlocking,
    /// All secrets move.
    Convert,
}

/// The wizard.
#[derive(Debug)]
pub(crate) struct Protection {
    doing: Doing,
    form: Form,
    keyring: Option<KeyringState>,
    /// A passphrase that was made and is to be written down.
    words: Option<SecretText>,
    wrong: Option<String>,
    stage: Stage,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Filling,
    Asking,
    Working,
}

/// What unlocks sealed secrets, in the order of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Passphrase,
    Keyring,
    Identity,
    File,
    Credential,
}

const BY: [(By, &str, &str); 5] = [
    (By::Passphrase, "a passphrase", "passphrase"),
    (By::Keyring, "the keyring", "keyring"),
    (By::Identity, "an identity", "recipient"),
    (By::File, "a file", "file"),
    (By::Credential, "systemd", "credential"),
];

const KEYRING: u32 = 0;
const WORDS: u32 = 1;
const WORK: u32 = 2;

impl Protection {
    /// What unlocks sealed secrets.
    pub(crate) fn unlocking() -> Self {
        Self::new(Doing::Unlocking, true)
    }

    /// Where the secrets rest; they are offered to go where they are not.
    pub(crate) fn convert(sealed: bool) -> Self {
        Self::new(Doing::Convert, sealed)
    }

    fn new(doing: Doing, sealed: bool) -> Self {
        let mut rows = Vec::new();
        if doing == Doing::Convert {
            let note = "In the keyring each secret is an item of its own; sealed, they are in the vault's own file.";
            rows.push(Row::choice("where", "Secrets", ["in the keyring", "sealed"]).note(note));
        }
        rows.push(Row::choice("by", "Opened by", BY.map(|(_, word, _)| word)));
        rows.extend(passphrase::rows());
        rows.push(Row::line("recipients", "To", "age1…, an SSH public key, a plugin's").note("Whose identity unlocks it; commas between several."));
        rows.push(
            Row::line("file", "Key file", "a path outside of the vault's folder").note("It is made if it is not there. Keep a copy elsewhere."),
        );
        rows.push(Row::button("go", if doing == Doing::Convert { "Move the secrets" } else { "Change what unlocks them" }));
        let mut form = Form::new(rows);
        form.choose("where", usize::from(!sealed));
        let mut protection = Self { doing, form, keyring: None, words: None, wrong: None, stage: Stage::Filling };
        protection.settle();
        protection
    }

    /// What is chosen; `None`: nothing unlocks them, since they are to rest in the keyring.
    fn by(&self) -> Option<By> {
        if self.doing == Doing::Convert && self.form.chosen("where") == 0 {
            return None;
        }
        BY.get(self.form.chosen("by")).map(|(by, _, _)| *by)
    }

    /// Brings the rows in line with each other.
    fn settle(&mut self) {
        let by = self.by();
        self.form.show("by", by.is_some());
        for (row, of) in [("passphrase", By::Passphrase), ("again", By::Passphrase), ("recipients", By::Identity), ("file", By::File)] {
            self.form.show(row, by == Some(of));
        }
        self.form.set_note("by", by.map(note).unwrap_or_default());
        passphrase::judge(&mut self.form);
        let unusable = match &self.keyring {
            Some(KeyringState::Unusable { why, .. }) => format!("The system's keyring cannot be used here: {why}."),
            Some(KeyringState::Ready | KeyringState::Locked) | None => String::new(),
        };
        let (of_items, of_key) = (by.is_none(), by == Some(By::Keyring));
        self.form.set_warning("where", if of_items { unusable.clone() } else { String::new() });
        self.form.set_warning("by", if of_key { unusable } else { String::new() });
    }

    /// What is filled in, as the vault takes it; otherwise which row is wrong, and why.
    fn place(&self) -> Result<SecretsPlace, (&'static str, String)> {
        Ok(match self.by() {
            None => SecretsPlace::Keyring,
            Some(By::Passphrase) => SecretsPlace::Passphrase(passphrase::taken(&self.form)?),
            Some(By::Keyring) => SecretsPlace::KeyringKey,
            Some(By::Identity) => {
                let recipients = words(self.form.text("recipients"));
                if recipients.is_empty() {
                    return Err(("recipients", "Say whose identity unlocks it.".to_owned()));
                }
                SecretsPlace::Recipients(recipients)
            }
            Some(By::File) => SecretsPlace::key_file(self.key_file().ok_or_else(|| ("file", "Say which file.".to_owned()))?),
            Some(By::Credential) => SecretsPlace::Credential,
        })
    }

    /// The key file, where it will be found from everywhere.
    fn key_file(&self) -> Option<PathBuf> {
        let text = self.form.text("file");
        (!text.is_empty()).then(|| crate::file::typed(text)).and_then(|path| std::path::absolute(path).ok())
    }

    fn sentence(&self) -> String {
        let place = match self.by() {
            None => "in the system's keyring, each as an item of its own".to_owned(),
            Some(By::Passphrase) => "sealed in the vault's own file, under a passphrase".to_owned(),
            Some(By::Keyring) => "sealed in the vault's own file, under a key in the system's keyring".to_owned(),
            Some(By::Identity) => "sealed in the vault's own file, to the identities that you name".to_owned(),
            Some(By::File) => match self.key_file() {
                Some(path) => format!("sealed in the vault's own file, under the key in {}", path.display()),
                None => "sealed in the vault's own file, under the key in a file".to_owned(),
            },
            Some(By::Credential) => "sealed in the vault's own file, under a credential that systemd gives to a unit".to_owned(),
        };
        match self.doing {
            Doing::Convert => format!("All secrets of this vault will rest {place}. Interrupted, they stay where they are."),
            Doing::Unlocking => format!("The secrets will rest {place}."),
        }
    }

    fn command(&self) -> String {
        let verb = if self.doing == Doing::Convert { "convert" } else { "passwd" };
        let Some(by) = self.by() else { return format!("keycap vault {verb} --keyring") };
        let word = BY.iter().find(|(one, _, _)| *one == by).map(|(_, _, word)| *word).unwrap_or_default();
        let mut command = format!("keycap vault {verb} --sealed {word}");
        if by == By::Identity {
            for recipient in words(self.form.text("recipients")) {
                command.push_str(&format!(" --recipient {}", quoted(&recipient)));
            }
        }
        if by == By::File {
            command.push_str(&format!(" --key-file {}", quoted(self.form.text("file"))));
        }
        command
    }

    fn work(&mut self) -> Vec<Step> {
        match self.place() {
            Err((row, why)) => {
                self.stage = Stage::Filling;
                self.form.go_to(row);
                self.wrong = Some(why);
                vec![Step::Stay]
            }
            Ok(place) => {
                self.stage = Stage::Working;
                let request = match self.doing {
                    Doing::Unlocking => Request::upkeep(Upkeep::Unlocking(place)),
                    // A task of its own, with the vault that is unlocked now.
                    Doing::Convert => Request::HandOver,
                };
                vec![Step::Ask { slot: WORK, request }]
            }
        }
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.wrong = None;
                self.settle();
            }
            Pressed::Moved => {}
            Pressed::Button(_) => match self.place() {
                Ok(_) => self.stage = Stage::Asking,
                Err((row, why)) => {
                    self.form.go_to(row);
                    self.wrong = Some(why);
                }
            },
        }
        vec![Step::Stay]
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        match self.stage {
            Stage::Working => vec![Step::Stay],
            Stage::Asking if key == Key::char('y') => self.work(),
            // Enter is No: it is what a hand presses without thinking.
            Stage::Asking => {
                self.stage = Stage::Filling;
                vec![Step::Stay]
            }
            Stage::Filling if key == ESC => vec![Step::Close],
            Stage::Filling if key == MAKE_WORDS && self.by() == Some(By::Passphrase) => {
                vec![Step::Ask { slot: WORDS, request: Request::Setup(Setup::Words) }]
            }
            Stage::Filling => {
                let pressed = self.form.key(key);
                self.pressed(pressed)
            }
        }
    }

    fn answered(&mut self, outcome: Result<Answer, Failure>) -> Vec<Step> {
        match outcome {
            Ok(Answer::SetUp(SetUp::Keyring(state))) => {
                self.keyring = Some(state);
                self.settle();
                Vec::new()
            }
            Ok(Answer::SetUp(SetUp::Words(words))) => {
                passphrase::fill(&mut self.form, &words);
                self.words = Some(words);
                self.settle();
                Vec::new()
            }
            Ok(Answer::Kept(Kept::Unlocking(text))) => {
                let hint = "whoever has an old copy of the vault's folder, and what opened it then, can still open that copy";
                vec![Step::Close, Step::Tell(Toast::done(text).with_hint(hint)), Step::Changed]
            }
            Ok(Answer::Vault(vault)) => match self.place() {
                Ok(place) => {
                    let job = Convert { vault: *vault, place };
                    vec![Step::Close, Step::Run { title: "move the secrets".to_owned(), job: Box::new(job) }]
                }
                Err(_) => vec![Step::Close],
            },
            Ok(_) => Vec::new(),
            Err(failure) => {
                self.stage = Stage::Filling;
                self.wrong = Some(failure.hint.map_or_else(|| failure.message.clone(), |hint| format!("{}; {hint}", failure.message)));
                Vec::new()
            }
        }
    }
}

/// What one should know about each.
fn note(by: By) -> String {
    match by {
        By::Passphrase => "Somebody types it whenever keycap starts.",
        By::Keyring => "One key in the system's keyring, for hundreds of secrets.",
        By::Identity => "An age identity: a file, or hardware through a plugin.",
        By::File => "A key file that only its owner can read, for a server that starts by itself.",
        By::Credential => "A systemd credential, for a unit that is given one.",
    }
    .to_owned()
}

impl Screen for Protection {
    fn title(&self) -> String {
        match self.doing {
            Doing::Unlocking => "What unlocks the secrets".to_owned(),
            Doing::Convert => "Where the secrets rest".to_owned(),
        }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.stage {
            Stage::Filling if self.by() == Some(By::Passphrase) => {
                vec![Hint::new("Tab", "next"), Hint::new("Ctrl-g", "make a passphrase"), Hint::new("Esc", "leave it")]
            }
            Stage::Filling => vec![Hint::new("Tab", "next"), Hint::new("←→", "choose"), Hint::new("Esc", "leave it")],
            Stage::Asking => vec![Hint::new("y", "do it"), Hint::new("n", "no")],
            Stage::Working => Vec::new(),
        }
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown if self.keyring.is_none() => vec![Step::Ask { slot: KEYRING, request: Request::Setup(Setup::Keyring) }],
            Input::Answered { outcome, .. } => self.answered(outcome),
            Input::Key(key) => self.key(key),
            Input::Paste(text) if self.stage == Stage::Filling => {
                let pressed = self.form.paste(text);
                self.pressed(pressed)
            }
            Input::Mouse { at, what } if self.stage == Stage::Filling => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed)
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Paste(_) | Input::Mouse { .. } | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let standing = match (self.stage, self.doing) {
            (Stage::Filling, _) => Standing::Filling,
            (Stage::Asking, Doing::Convert) => Standing::Asking("Move all secrets?"),
            (Stage::Asking, Doing::Unlocking) => Standing::Asking("Change what unlocks them? What did before does not any more."),
            (Stage::Working, _) => Standing::Busy("working…"),
        };
        let (name, sentence, command) = (self.title(), self.sentence(), self.command());
        let notes: Vec<String> = self.words.iter().map(|words| format!("Write this down, then type it again: {}", words.expose())).collect();
        let proposal = Proposal { wrong: self.wrong.as_deref(), made: Some((sentence.as_str(), &notes, command.as_str())) };
        wizard(frame, area, &name, &mut self.form, &proposal, standing, world);
    }
}
