//! Who is in a group: making one, adding to it, taking out of it. Whatever is done here can be undone.

use crossterm::event::KeyCode;
use keycap_vault::view::GroupView;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::request::{Answer, Change, Failure, Filed, Filing, Readers, Request};
use crate::screen::reader_names::{self, words};
use crate::screen::sheet::{Sheet, Turn};
use crate::screen::{Hint, Input, Screen, Shape, Step, Target, groups};
use crate::toast::Toast;
use crate::widget::form::{Pickable, Row};
use crate::world::World;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doing {
    New,
    Add(String),
    TakeOut(String),
}

/// The dialog.
#[derive(Debug)]
pub(crate) struct Membership {
    doing: Doing,
    sheet: Sheet,
    /// Keys and cards that can be members, and which names are taken.
    readers: Readers,
}

const READERS: u32 = 0;
const GROUPS: u32 = 1;
/// What is picked to forget the group itself; no name has a blank in it.
const WHOLE: &str = "the whole group";

impl Membership {
    /// A group that is not there yet.
    pub(crate) fn new_group() -> Self {
        let name = Row::line("name", "Name", "friends").note("Files are sealed to it as to a key.");
        Self::with(Doing::New, vec![name, members()], "Make the group")
    }

    /// More members.
    pub(crate) fn add(target: Target) -> Self {
        Self::with(Doing::Add(target.name), vec![members()], "Add them")
    }

    /// Fewer members, or no group at all.
    pub(crate) fn take_out(target: Target) -> Self {
        let who = Row::pick("who", "Who").note("What is sealed already stays open to whoever is taken out.");
        Self::with(Doing::TakeOut(target.name), vec![who], "Take out")
    }

    fn with(doing: Doing, rows: Vec<Row>, button: &'static str) -> Self {
        let mut membership = Self { doing, sheet: Sheet::new(rows, button, ""), readers: Readers::default() };
        membership.settle();
        membership
    }

    fn settle(&mut self) {
        // Of the names there are, only keys and cards can be members.
        let note = reader_names::note(self.sheet.form.text("members"), &self.candidates());
        self.sheet.form.set_note("members", note);
    }

    fn candidates(&self) -> Readers {
        Readers { keys: self.readers.keys.clone(), ..Readers::default() }
    }

    /// What would be changed; otherwise which row is wrong, and why.
    fn change(&self) -> Result<Change, (&'static str, String)> {
        Ok(match &self.doing {
            Doing::New => {
                let name = self.sheet.form.text("name");
                if name.is_empty() {
                    return Err(("name", "Give it a name.".to_owned()));
                }
                if reader_names::is_name(name, &self.readers) {
                    return Err(("name", format!("{name} is the name of something else here.")));
                }
                Change::NewGroup { name: name.to_owned(), members: self.members()? }
            }
            Doing::Add(name) => Change::Join { name: name.clone(), members: self.members()? },
            Doing::TakeOut(name) => match self.sheet.form.picked("who").map(|picked| picked.value.as_str()) {
                None => return Err(("who", "Nobody like that is in it.".to_owned())),
                Some(WHOLE) => Change::ForgetGroup { name: name.clone() },
                Some(member) => Change::Leave { name: name.clone(), members: vec![member.to_owned()] },
            },
        })
    }

    fn members(&self) -> Result<Vec<String>, (&'static str, String)> {
        let members = words(self.sheet.form.text("members"));
        let candidates = self.candidates();
        match members.iter().find(|member| !reader_names::is_name(member, &candidates) && !keycap_vault::is_written_out(member)) {
            Some(stranger) => Err(("members", format!("{stranger} is no key and no key card here; i takes in a card."))),
            None if members.is_empty() => Err(("members", "Say who.".to_owned())),
            None => Ok(members),
        }
    }

    /// Completes the name that is begun, if Tab was pressed after one.
    fn complete(&mut self, input: &Input<'_>) -> bool {
        let completes = matches!(input, Input::Key(key) if key.code == KeyCode::Tab) && self.sheet.form.focus() == "members";
        let completed = completes.then(|| reader_names::completed(self.sheet.form.text("members"), &self.candidates())).flatten();
        if let Some(text) = &completed {
            self.sheet.form.set_text("members", text);
            self.settle();
        }
        completed.is_some()
    }

    fn answered(&mut self, outcome: Result<Answer, Failure>) -> Vec<Step> {
        match outcome {
            Ok(Answer::Filed(Filed::Readers(readers))) => {
                self.readers = *readers;
                self.settle();
                Vec::new()
            }
            Ok(Answer::Groups(all)) => {
                let (Doing::Add(name) | Doing::TakeOut(name)) = &self.doing else { return Vec::new() };
                let Some(group) = all.iter().find(|group| group.name == *name) else {
                    return vec![Step::Close, Step::Tell(Toast::note(format!("there is no group {name} any more")))];
                };
                self.sheet.form.set_pickables("who", pickables(group));
                Vec::new()
            }
            Ok(_) => Vec::new(),
            Err(failure) => vec![Step::Tell(Toast::from(failure))],
        }
    }
}

fn members() -> Row {
    Row::line("members", "Members", "bob, night-shift, age1…")
}

fn pickables(group: &GroupView) -> Vec<Pickable> {
    let one = |value: String, detail: &str| Pickable { text: value.clone(), value, detail: detail.to_owned() };
    let members = group.members.iter().map(|member| {
        let detail = if member.name.is_some() { member.fingerprint.clone().unwrap_or_default() } else { "its card is not here any more".to_owned() };
        one(groups::name(member), &detail)
    });
    members.chain([one(WHOLE.to_owned(), "forgets it; its members stay in the vault")]).collect()
}

impl Screen for Membership {
    fn title(&self) -> String {
        match &self.doing {
            Doing::New => "A new group".to_owned(),
            Doing::Add(name) => format!("Add to {name}"),
            Doing::TakeOut(name) => format!("Take out of {name}"),
        }
    }

    fn shape(&self, world: &World) -> Shape {
        self.sheet.shape(world)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        let mut hints = self.sheet.hints("do it");
        if self.sheet.form.focus() == "members" {
            hints.insert(1, Hint::new("Tab", "complete, next"));
            hints.retain(|hint| hint.label != "next" || hint.key != "Tab");
        }
        hints
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        if self.complete(&input) {
            return vec![Step::Stay];
        }
        match self.sheet.input(&input) {
            Turn::Do => match self.change() {
                Ok(change) => return vec![Step::Close, Step::Change(change)],
                Err((row, why)) => self.sheet.refuse_row(row, why),
            },
            Turn::Changed => self.settle(),
            Turn::Close => return vec![Step::Close],
            Turn::Done => {}
            Turn::No => {
                return match input {
                    Input::Shown | Input::LedgerChanged => vec![
                        Step::Ask { slot: READERS, request: Request::filing(Filing::Readers) },
                        Step::Ask { slot: GROUPS, request: Request::Groups },
                    ],
                    Input::Answered { outcome, .. } => self.answered(outcome),
                    Input::Key(_) | Input::Paste(_) | Input::Mouse { .. } | Input::Command(_) | Input::Tick | Input::Locked => Vec::new(),
                };
            }
        }
        vec![Step::Stay]
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.sheet.view(frame, area, world.theme);
    }
}
