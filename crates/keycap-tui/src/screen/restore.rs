//! Taking in a backup: what it would add and where it contradicts what is here is shown first; for each contradiction it is chosen who is right;
//! the vault's name is typed; nothing that is here is deleted.

mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use keycap_vault::view::{DiffLine, RestoreDiff};
use keycap_vault::words::number;
use keycap_vault::{NoPrompts, OpenWith, RestoreMode};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::typed;
use crate::keymap::{Command, ENTER, ESC, Key};
use crate::request::{Answer, Failure, Kept, OpenedBackup, Request, Upkeep};
use crate::screen::command_line::quoted;
use crate::screen::{Click, Hint, Input, Screen, Step};
use crate::toast::Toast;
use crate::widget::form::{Form, Pressed, Row};
use crate::widget::line_field::LineField;
use crate::widget::list::{List, arrow};
use crate::world::World;

/// The dialog; it takes the whole screen, since what would change may be long.
#[derive(Debug)]
pub(crate) struct Restore {
    form: Form,
    opened: Option<Opened>,
    stage: Stage,
    wrong: Option<String>,
}

/// A backup that was opened.
#[derive(Debug)]
struct Opened {
    /// `None` while the vault has it.
    backup: Option<OpenedBackup>,
    diff: RestoreDiff,
    /// Contradictions in which the backup is right, as a request names them.
    replace: BTreeSet<String>,
    list: List,
    name: LineField,
    on: On,
}

/// Which part has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    List,
    Name,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Saying which backup.
    Filling,
    /// It is opened and compared.
    Opening,
    /// What would change is in sight.
    Showing,
    /// It is taken in.
    Restoring,
}

const OPEN: u32 = 0;
const RESTORE: u32 = 1;

impl Restore {
    pub(crate) fn new() -> Self {
        let rows = vec![
            Row::line("file", "Backup", "keycap-backup.age"),
            Row::choice("by", "Opened by", ["a key of this vault", "a passphrase", "an identity"]),
            Row::secret("passphrase", "Passphrase").note("The one to which the backup was sealed."),
            Row::line("identity", "Identity", "a file").note("An age identity file, or an SSH private key."),
            Row::button("go", "Show what it would change"),
        ];
        let mut restore = Self { form: Form::new(rows), opened: None, stage: Stage::Filling, wrong: None };
        restore.settle();
        restore
    }

    fn settle(&mut self) {
        let by = self.form.chosen("by");
        self.form.show("passphrase", by == 1);
        self.form.show("identity", by == 2);
    }

    /// What is asked of the vault; otherwise which row is wrong, and why.
    fn compare(&self) -> Result<Upkeep, (&'static str, String)> {
        let named = |row: &'static str, why: &str| match self.form.text(row) {
            "" => Err((row, why.to_owned())),
            text => Ok(typed(text)),
        };
        let file = named("file", "Say which file.")?;
        let with = match self.form.chosen("by") {
            0 => OpenWith::OwnKeys,
            1 => OpenWith::Passphrase(self.form.secret("passphrase")),
            _ => OpenWith::Identities { files: vec![named("identity", "Say which file.")?], prompts: Arc::new(NoPrompts) },
        };
        Ok(Upkeep::Compare { file, with })
    }

    /// The same on the command line.
    fn command(&self) -> String {
        let file = match self.form.text("file") {
            "" => "keycap-backup.age",
            file => file,
        };
        let identity = match self.form.text("identity") {
            "" => String::new(),
            identity => format!(" --with-identity {}", quoted(identity)),
        };
        format!("keycap vault restore {}{identity} --dry-run", quoted(file))
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.wrong = None;
                self.settle();
            }
            Pressed::Moved => {}
            Pressed::Button(_) => match self.compare() {
                Ok(compare) => {
                    self.stage = Stage::Opening;
                    return vec![Step::Ask { slot: OPEN, request: Request::upkeep(compare) }];
                }
                Err((row, why)) => {
                    self.form.go_to(row);
                    self.wrong = Some(why);
                }
            },
        }
        vec![Step::Stay]
    }

    fn key(&mut self, key: Key, world: &World) -> Vec<Step> {
        match self.stage {
            Stage::Restoring => vec![Step::Stay],
            Stage::Filling | Stage::Opening | Stage::Showing if key == ESC => vec![Step::Close],
            Stage::Opening => vec![Step::Stay],
            Stage::Filling => {
                let pressed = self.form.key(key);
                self.pressed(pressed)
            }
            Stage::Showing => self.key_on_diff(key, world),
        }
    }

    fn key_on_diff(&mut self, key: Key, world: &World) -> Vec<Step> {
        use crossterm::event::KeyCode;

        let Some(opened) = &mut self.opened else { return vec![Step::Close] };
        if !opened.changes_anything() {
            return if key == ENTER { vec![Step::Close] } else { vec![Step::Stay] };
        }
        match (opened.on, key.code) {
            (_, KeyCode::Tab | KeyCode::BackTab) => opened.on = if opened.on == On::List { On::Name } else { On::List },
            (On::List, KeyCode::Enter) => opened.on = On::Name,
            (On::List, KeyCode::Char(' ')) => opened.turn(),
            (On::List, _) => {
                let command = match (key.code, key.ctrl || key.alt) {
                    (KeyCode::Home, _) => Some(Command::First),
                    (KeyCode::End, _) => Some(Command::Last),
                    (KeyCode::Char('j'), false) => Some(Command::Down),
                    (KeyCode::Char('k'), false) => Some(Command::Up),
                    (_, _) => arrow(key),
                };
                if let Some(command) = command {
                    opened.list.command(command, opened.len());
                }
            }
            (On::Name, KeyCode::Enter) => {
                if Some(opened.name.text()) == asked(world).as_deref()
                    && let Some(backup) = opened.backup.take()
                {
                    self.stage = Stage::Restoring;
                    let mode = RestoreMode::Replace(opened.replace.iter().cloned().collect());
                    return vec![Step::Ask { slot: RESTORE, request: Request::upkeep(Upkeep::Restore { backup, mode }) }];
                }
            }
            (On::Name, _) => {
                opened.name.key(key);
            }
        }
        vec![Step::Stay]
    }

    fn mouse(&mut self, at: (u16, u16), what: Click) -> Vec<Step> {
        if self.stage == Stage::Filling {
            let pressed = self.form.mouse(at, what);
            return self.pressed(pressed);
        }
        let Some(opened) = self.opened.as_mut().filter(|_| self.stage == Stage::Showing) else { return vec![Step::Stay] };
        match what {
            Click::WheelUp | Click::WheelDown => opened.list.wheel(what == Click::WheelUp, opened.len()),
            Click::Press | Click::Twice => {
                if let Some(line) = opened.list.line_at(at, opened.len()) {
                    (opened.list.cursor, opened.on) = (line, On::List);
                    if what == Click::Twice {
                        opened.turn();
                    }
                }
            }
        }
        vec![Step::Stay]
    }

    fn answered(&mut self, outcome: Result<Answer, Failure>) -> Vec<Step> {
        match outcome {
            Ok(Answer::Kept(Kept::Compared { backup, diff })) => {
                self.show(backup, *diff);
                Vec::new()
            }
            Ok(Answer::Kept(Kept::Restored(done))) => {
                let count = |lines: &[DiffLine]| number(u64::try_from(lines.len()).unwrap_or(u64::MAX));
                let text = format!("restored the backup: {} added, {} replaced", count(&done.add), count(&done.replaced));
                vec![Step::Close, Step::Tell(Toast::done(text)), Step::Changed]
            }
            Ok(_) => Vec::new(),
            Err(failure) => {
                (self.opened, self.stage) = (None, Stage::Filling);
                self.wrong = Some(failure.hint.map_or_else(|| failure.message.clone(), |hint| format!("{}; {hint}", failure.message)));
                Vec::new()
            }
        }
    }

    /// Shows what would change; after a look at a vault that has changed meanwhile, what was chosen and typed stays.
    fn show(&mut self, backup: OpenedBackup, diff: RestoreDiff) {
        self.stage = Stage::Showing;
        match &mut self.opened {
            Some(opened) => {
                opened.replace.retain(|reference| diff.conflict.iter().any(|line| line.replaceable && line.reference == *reference));
                (opened.backup, opened.diff) = (Some(backup), diff);
            }
            None => {
                let (replace, list, name) = (BTreeSet::new(), List::default(), LineField::default());
                self.opened = Some(Opened { backup: Some(backup), diff, replace, list, name, on: On::List });
            }
        }
    }

    /// The vault has changed while what would change is in sight: then that may be something else.
    fn look_again(&mut self) -> Vec<Step> {
        let backup = self.opened.as_mut().filter(|_| self.stage == Stage::Showing).and_then(|opened| opened.backup.take());
        backup.map(|backup| Step::Ask { slot: OPEN, request: Request::upkeep(Upkeep::CompareAgain(backup)) }).into_iter().collect()
    }
}

impl Opened {
    /// Lines of the list: contradictions, then what would be added.
    fn len(&self) -> usize {
        self.diff.conflict.len() + self.diff.add.len()
    }

    fn changes_anything(&self) -> bool {
        !self.diff.add.is_empty() || !self.diff.conflict.is_empty()
    }

    /// Says of the selected contradiction that the backup is right, or that it is not.
    fn turn(&mut self) {
        let Some(line) = self.diff.conflict.get(self.list.cursor).filter(|line| line.replaceable) else { return };
        if !self.replace.remove(&line.reference) {
            self.replace.insert(line.reference.clone());
        }
    }
}

/// What has to be typed: what the vault's folder is called.
fn asked(world: &World) -> Option<String> {
    let folder = std::path::Path::new(&world.status.as_ref()?.folder);
    Some(folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned())
}

impl Screen for Restore {
    fn title(&self) -> String {
        "Restore a backup".to_owned()
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match (self.stage, self.opened.as_ref()) {
            (Stage::Filling, _) => vec![Hint::new("Tab", "next"), Hint::new("←→", "choose"), Hint::new("Esc", "leave it")],
            (Stage::Showing, Some(opened)) if opened.changes_anything() => vec![
                Hint::new("Space", "the backup is right"),
                Hint::new("Tab", "list or name"),
                Hint::new("PgDn", "scroll"),
                Hint::new("Esc", "no, leave it"),
            ],
            (Stage::Showing, _) => vec![Hint::new("Enter", "close")],
            (Stage::Opening, _) => vec![Hint::new("Esc", "leave it")],
            (Stage::Restoring, _) => Vec::new(),
        }
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Answered { outcome, .. } => self.answered(outcome),
            Input::Key(key) => self.key(key, world),
            Input::Paste(text) if self.stage == Stage::Filling => {
                let pressed = self.form.paste(text);
                self.pressed(pressed)
            }
            Input::Mouse { at, what } => self.mouse(at, what),
            Input::LedgerChanged => self.look_again(),
            Input::Locked => vec![Step::Close],
            // A name that has to be typed is not pasted.
            Input::Paste(_) | Input::Shown | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.draw(frame, area, world);
    }
}
