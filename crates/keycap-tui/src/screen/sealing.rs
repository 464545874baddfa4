//! Sealing files, opening them, and giving sealed ones other readers: a form, what would come of it, and the command line that does the same.

mod line;
mod rows;

use std::path::PathBuf;

use keycap_vault::view::RecipientView;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ESC, Key};
use crate::request::{Answer, Failure, Filed, Filing, OpenPlan, Readers, Readership, Request, SealPlan, Survey};
use crate::screen::proposal::{Proposal, Standing, wizard};
use crate::screen::reader_names;
use crate::screen::{Hint, Input, Screen, Step};
use crate::toast::Toast;
use crate::widget::form::{Form, Pressed};
use crate::world::World;

/// What is done with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Seal,
    Open,
    Reseal,
}

/// The wizard.
#[derive(Debug)]
pub(crate) struct Sealing {
    doing: Doing,
    files: Vec<PathBuf>,
    form: Form,
    readers: Readers,
    survey: Option<Survey>,
    /// Who would get it, and what is to be known of them; `None` before the vault has said, or if it need not.
    found: Option<(Vec<RecipientView>, Vec<String>)>,
    wrong: Option<String>,
    sentence: String,
    command: String,
    stage: Stage,
    touched: bool,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Filling,
    /// Asked whether what was filled in is to be thrown away.
    Leaving,
    /// Asked whether the files are really to be changed.
    Asking,
    /// The vault prepares the work.
    Preparing,
}

const READERS: u32 = 0;
const SURVEY: u32 = 1;
const FOUND: u32 = 2;
const WORK: u32 = 3;

impl Sealing {
    /// For these files.
    pub(crate) fn new(doing: Doing, files: Vec<PathBuf>) -> Self {
        let mut sealing = Self {
            doing,
            form: rows::form(doing),
            files,
            readers: Readers::default(),
            survey: None,
            found: None,
            wrong: None,
            sentence: String::new(),
            command: String::new(),
            stage: Stage::Filling,
            touched: false,
        };
        sealing.settle();
        sealing.form.go_to(rows::first(doing));
        sealing
    }

    /// Brings the rows, the sentence and the command line in line with each other.
    fn settle(&mut self) {
        rows::settle(&mut self.form, self.doing, self.files.len(), self.survey.as_ref(), &self.readers);
        self.sentence =
            line::sentence(self.doing, &self.files, self.survey.as_ref(), &self.form, self.found.as_ref().map(|(found, _)| found.as_slice()));
        self.command = line::command(self.doing, &self.files, &self.form, &self.readers);
    }

    /// After a change: what it would be now.
    fn changed(&mut self) -> Vec<Step> {
        self.found = None;
        self.wrong = None;
        self.settle();
        if self.doing == Doing::Open {
            return vec![Step::Stay];
        }
        match rows::readership(&self.form, &self.readers) {
            Err(wrong) => {
                self.wrong = Some(wrong.why);
                vec![Step::Stay]
            }
            // A name that is half typed is not wrong yet.
            Ok(_) if reader_names::is_begun(self.form.text("to"), &self.readers) => vec![Step::Stay],
            // What takes the secrets is looked for when it is done: nobody is asked for a passphrase because of a letter.
            Ok(to) if to.secrets || to.passphrase.is_some() => vec![Step::Stay],
            Ok(to) => vec![Step::Ask { slot: FOUND, request: Request::filing(Filing::Readership(to)) }],
        }
    }

    /// What is asked of the vault.
    fn filing(&self) -> Result<Filing, rows::Wrong> {
        let into = Some(self.form.text("into")).filter(|text| !text.is_empty()).map(crate::file::typed);
        let passphrase = Some(self.form.secret("opens")).filter(|passphrase| !passphrase.expose().is_empty());
        let under_passphrase = self.survey.as_ref().map_or(0, |survey| survey.passphrase);
        if under_passphrase > 0 && passphrase.is_none() {
            return Err(rows::Wrong { row: "opens", why: "Type the passphrase of what is sealed under one.".to_owned() });
        }
        let open = |into| OpenPlan {
            files: self.files.clone(),
            passphrase,
            identities: rows::identities(&self.form),
            lapsed: rows::lapsed(&self.form),
            target: rows::target(&self.form),
            folders: rows::folders(&self.form),
            into,
            secrets: under_passphrase < self.files.len(),
        };
        Ok(match self.doing {
            Doing::Open => Filing::Open(open(into)),
            Doing::Reseal => Filing::Reseal { to: self.readership()?, plan: open(None) },
            Doing::Seal => Filing::Seal(SealPlan {
                files: self.files.clone(),
                to: self.readership()?,
                folding: rows::folding(&self.form),
                form: rows::kind(&self.form),
                into,
            }),
        })
    }

    fn readership(&self) -> Result<Readership, rows::Wrong> {
        rows::readership(&self.form, &self.readers)
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.touched = true;
                self.changed()
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => match self.filing() {
                Err(wrong) => {
                    self.form.go_to(wrong.row);
                    self.wrong = Some(wrong.why);
                    vec![Step::Stay]
                }
                Ok(_) if self.doing == Doing::Reseal => {
                    self.stage = Stage::Asking;
                    vec![Step::Stay]
                }
                Ok(filing) => self.ask(filing),
            },
        }
    }

    fn ask(&mut self, filing: Filing) -> Vec<Step> {
        self.stage = Stage::Preparing;
        vec![Step::Ask { slot: WORK, request: Request::filing(filing) }]
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        match self.stage {
            Stage::Preparing if key == ESC => vec![Step::Close],
            Stage::Preparing => vec![Step::Stay],
            Stage::Leaving if key == Key::char('y') => vec![Step::Close],
            Stage::Asking if key == Key::char('y') => match self.filing() {
                Ok(filing) => self.ask(filing),
                Err(_) => vec![Step::Stay],
            },
            Stage::Leaving | Stage::Asking => {
                self.stage = Stage::Filling;
                vec![Step::Stay]
            }
            Stage::Filling if key == ESC && self.touched => {
                self.stage = Stage::Leaving;
                vec![Step::Stay]
            }
            Stage::Filling if key == ESC => vec![Step::Close],
            Stage::Filling if key.code == crossterm::event::KeyCode::Tab && self.form.focus() == "to" => {
                match reader_names::completed(self.form.text("to"), &self.readers) {
                    Some(text) => {
                        self.form.set_text("to", &text);
                        self.pressed(Pressed::Changed)
                    }
                    None => {
                        let pressed = self.form.key(key);
                        self.pressed(pressed)
                    }
                }
            }
            Stage::Filling => {
                let pressed = self.form.key(key);
                self.pressed(pressed)
            }
        }
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>) -> Vec<Step> {
        match (slot, outcome) {
            (_, Ok(Answer::Filed(Filed::Readers(readers)))) => {
                rows::set_senders(&mut self.form, &readers);
                self.readers = *readers;
                self.settle();
                Vec::new()
            }
            (_, Ok(Answer::Filed(Filed::Survey(survey)))) => {
                self.survey = Some(survey);
                self.settle();
                if !self.touched && self.doing == Doing::Open {
                    // What has to be typed comes first, if it is asked for.
                    self.form.go_to("opens");
                }
                Vec::new()
            }
            (_, Ok(Answer::Filed(Filed::Readership { recipients, notes }))) => {
                self.found = Some((recipients, notes));
                self.settle();
                Vec::new()
            }
            (_, Ok(Answer::Filed(Filed::Task(job)))) => {
                let verb = match self.doing {
                    Doing::Seal => "seal",
                    Doing::Open => "open",
                    Doing::Reseal => "reseal",
                };
                vec![Step::Close, Step::Run { title: format!("{verb} {}", line::files(&self.files)), job }]
            }
            (FOUND, Err(failure)) => {
                self.wrong = Some(failure.message);
                Vec::new()
            }
            (WORK, Err(failure)) => {
                self.stage = Stage::Filling;
                self.wrong = Some(failure.hint.map_or_else(|| failure.message.clone(), |hint| format!("{}; {hint}", failure.message)));
                Vec::new()
            }
            (_, Err(failure)) => vec![Step::Tell(Toast::from(failure))],
            (_, Ok(_)) => Vec::new(),
        }
    }
}

impl Screen for Sealing {
    fn title(&self) -> String {
        let files = line::files(&self.files);
        match self.doing {
            Doing::Seal => format!("Seal {files}"),
            Doing::Open => format!("Open {files}"),
            Doing::Reseal => format!("Give {files} other readers"),
        }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.stage {
            Stage::Filling => vec![Hint::new("Tab", "next"), Hint::new("Shift-Tab", "back"), Hint::new("Esc", "discard")],
            Stage::Leaving => vec![Hint::new("y", "discard it"), Hint::new("n", "go on")],
            Stage::Asking => vec![Hint::new("y", "do it"), Hint::new("n", "no")],
            Stage::Preparing => vec![Hint::new("Esc", "leave it")],
        }
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => vec![
                Step::Ask { slot: READERS, request: Request::filing(Filing::Readers) },
                Step::Ask { slot: SURVEY, request: Request::filing(Filing::Survey(self.files.clone())) },
            ],
            Input::Answered { slot, outcome } => self.answered(slot, outcome),
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
            Input::Paste(_) | Input::Mouse { .. } | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let name = self.title();
        let standing = match self.stage {
            Stage::Filling => Standing::Filling,
            Stage::Leaving => Standing::Leaving,
            Stage::Asking => Standing::Asking(line::ASK_RESEAL),
            Stage::Preparing => Standing::Busy("preparing…"),
        };
        let notes = self.found.as_ref().map(|(_, notes)| notes.as_slice()).unwrap_or_default();
        let proposal = Proposal { wrong: self.wrong.as_deref(), made: Some((self.sentence.as_str(), notes, self.command.as_str())) };
        wizard(frame, area, &name, &mut self.form, &proposal, standing, world);
    }
}
