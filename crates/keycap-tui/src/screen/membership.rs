//! Who is in a group: making one, adding to it, taking out of it. Whatever is done here can be undone.

use keycap_vault::view::GroupView;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ESC, Key};
use crate::request::{Answer, Change, Failure, Filed, Filing, Readers, Request};
use crate::screen::reader_names::{self, words};
use crate::screen::{Hint, Input, Screen, Shape, Step, Target, groups};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::form::{Form, Pickable, Pressed, Row};
use crate::widget::text::line;
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
    form: Form,
    /// Keys and cards that can be members, and which names are taken.
    readers: Readers,
    wrong: Option<String>,
}

const READERS: u32 = 0;
const GROUPS: u32 = 1;
/// What is picked to forget the group itself; no name has a blank in it.
const WHOLE: &str = "the whole group";

impl Membership {
    /// A group that is not there yet.
    pub(crate) fn new_group() -> Self {
        let name = Row::line("name", "Name", "friends").note("Files are sealed to it as to a key.");
        Self::with(Doing::New, vec![name, members(), Row::button("go", "Make the group")])
    }

    /// More members.
    pub(crate) fn add(target: Target) -> Self {
        Self::with(Doing::Add(target.name), vec![members(), Row::button("go", "Add them")])
    }

    /// Fewer members, or no group at all.
    pub(crate) fn take_out(target: Target) -> Self {
        let who = Row::pick("who", "Who").note("What is sealed already stays open to whoever is taken out.");
        Self::with(Doing::TakeOut(target.name), vec![who, Row::button("go", "Take out")])
    }

    fn with(doing: Doing, rows: Vec<Row>) -> Self {
        let mut membership = Self { doing, form: Form::new(rows), readers: Readers::default(), wrong: None };
        membership.settle();
        membership
    }

    fn settle(&mut self) {
        // Of the names there are, only keys and cards can be members.
        let note = reader_names::note(self.form.text("members"), &self.candidates());
        self.form.set_note("members", note);
    }

    fn candidates(&self) -> Readers {
        Readers { keys: self.readers.keys.clone(), ..Readers::default() }
    }

    /// What would be changed; otherwise which row is wrong, and why.
    fn change(&self) -> Result<Change, (&'static str, String)> {
        Ok(match &self.doing {
            Doing::New => {
                let name = self.form.text("name");
                if name.is_empty() {
                    return Err(("name", "Give it a name.".to_owned()));
                }
                if reader_names::is_name(name, &self.readers) {
                    return Err(("name", format!("{name} is the name of something else here.")));
                }
                Change::NewGroup { name: name.to_owned(), members: self.members()? }
            }
            Doing::Add(name) => Change::Join { name: name.clone(), members: self.members()? },
            Doing::TakeOut(name) => match self.form.picked("who").map(|picked| picked.value.as_str()) {
                None => return Err(("who", "Nobody like that is in it.".to_owned())),
                Some(WHOLE) => Change::ForgetGroup { name: name.clone() },
                Some(member) => Change::Leave { name: name.clone(), members: vec![member.to_owned()] },
            },
        })
    }

    fn members(&self) -> Result<Vec<String>, (&'static str, String)> {
        let members = words(self.form.text("members"));
        let candidates = self.candidates();
        match members.iter().find(|member| !reader_names::is_name(member, &candidates) && !keycap_vault::is_written_out(member)) {
            Some(stranger) => Err(("members", format!("{stranger} is no key and no key card here; i takes in a card."))),
            None if members.is_empty() => Err(("members", "Say who.".to_owned())),
            None => Ok(members),
        }
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.wrong = None;
                self.settle();
            }
            Pressed::Moved => {}
            Pressed::Button(_) => match self.change() {
                Ok(change) => return vec![Step::Close, Step::Change(change)],
                Err((row, why)) => {
                    self.form.go_to(row);
                    self.wrong = Some(why);
                }
            },
        }
        vec![Step::Stay]
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        if key == ESC {
            return vec![Step::Close];
        }
        let completes = key.code == crossterm::event::KeyCode::Tab && self.form.focus() == "members";
        let completed = completes.then(|| reader_names::completed(self.form.text("members"), &self.candidates())).flatten();
        let pressed = match completed {
            Some(text) => {
                self.form.set_text("members", &text);
                Pressed::Changed
            }
            None => self.form.key(key),
        };
        self.pressed(pressed)
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
                self.form.set_pickables("who", pickables(group));
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

    fn shape(&self, _world: &World) -> Shape {
        let rows = match &self.doing {
            Doing::New => 11,
            Doing::Add(_) => 9,
            Doing::TakeOut(_) => 15,
        };
        Shape::Box { columns: 76, rows }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Tab", "complete, next"), Hint::new("Enter", "next"), Hint::new("Esc", "leave it")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => {
                vec![Step::Ask { slot: READERS, request: Request::filing(Filing::Readers) }, Step::Ask { slot: GROUPS, request: Request::Groups }]
            }
            Input::Answered { outcome, .. } => self.answered(outcome),
            Input::Key(key) => self.key(key),
            Input::Paste(text) => {
                let pressed = self.form.paste(text);
                self.pressed(pressed)
            }
            Input::Mouse { at, what } => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed)
            }
            Input::Locked => vec![Step::Close],
            Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let said = u16::from(self.wrong.is_some());
        self.form.view(frame, Rect { y: area.y + 1, height: area.height.saturating_sub(1 + said), ..area }, world.theme);
        if let Some(wrong) = &self.wrong {
            let place = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            frame.render_widget(line(world.theme, Role::Bad, format!("✗ {wrong}")), place);
        }
    }
}
