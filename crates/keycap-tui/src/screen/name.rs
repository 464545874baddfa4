//! One line that is typed: another name, an address.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::request::{Answer, Change, Request};
use crate::screen::reader_names::words;
use crate::screen::sheet::{Sheet, Turn};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Target};
use crate::toast::Toast;
use crate::widget::form::Row;
use crate::world::World;

/// What the line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Name,
    Hints,
    Gateway,
}

/// A dialog with one line.
#[derive(Debug)]
pub(crate) struct Naming {
    target: Target,
    what: For,
    sheet: Sheet,
    /// Whether what is there already was read.
    read: bool,
}

/// The only row.
const LINE: &str = "line";

impl Naming {
    fn new(target: Target, what: For, with: Option<&str>) -> Self {
        let (label, placeholder, note) = match what {
            For::Name => ("Name", "a name", "1 to 64 letters, digits and . _ - @ +, beginning with a letter or digit."),
            For::Hints => ("Found at", "db.example.net:7000, …", "host:port, separated by commas. What was handed out keeps what it says."),
            For::Gateway => ("Gateway", "192.0.2.7:7000", "host:port or unix:/path, whatever the capability says. Empty: as it says itself."),
        };
        let row = Row::line(LINE, label, placeholder).with(with.unwrap_or_default());
        Self { target, what, sheet: Sheet::new(vec![row], "Change it", note), read: with.is_some() }
    }

    /// Another name.
    pub(crate) fn rename(target: Target) -> Self {
        let name = target.name.clone();
        Self::new(target, For::Name, Some(&name))
    }

    /// Where a service may be found.
    pub(crate) fn hints(target: Target) -> Self {
        Self::new(target, For::Hints, None)
    }

    /// Where a capability's service is found.
    pub(crate) fn gateway(target: Target) -> Self {
        Self::new(target, For::Gateway, None)
    }

    fn change(&self) -> Option<Change> {
        let text = self.sheet.form.text(LINE).to_owned();
        let name = self.target.name.clone();
        match (self.what, self.target.kind) {
            (For::Name, _) if text.is_empty() || text == name => None,
            (For::Name, Kind::Key | Kind::Card) => Some(Change::RenameKey { name, to: text }),
            (For::Name, Kind::Service) => Some(Change::RenameService { name, to: text }),
            (For::Name, Kind::Capability) => Some(Change::RenameCapability { name, to: text }),
            (For::Name, Kind::Grant | Kind::Group | Kind::File) => None,
            (For::Hints, _) => Some(Change::Hints { name, hints: words(&text) }),
            (For::Gateway, _) => Some(Change::Gateway { name, gateway: Some(text).filter(|text| !text.is_empty()) }),
        }
    }
}

impl Naming {
    /// Fills in what is there already.
    fn answered(&mut self, answer: Answer) {
        let mut text = String::new();
        if let Answer::Services(services) = &answer {
            let service = services.iter().find(|service| service.fingerprint_full == self.target.id);
            text = service.map(|service| service.hints.join(", ")).unwrap_or_default();
        } else if let Answer::Capabilities(held) = answer {
            text = held.into_iter().find(|held| held.name == self.target.name).and_then(|held| held.gateway).unwrap_or_default();
        }
        if !self.read && self.sheet.form.text(LINE).is_empty() {
            self.sheet.form.set_text(LINE, &text);
        }
        self.read = true;
    }
}

impl Screen for Naming {
    fn title(&self) -> String {
        let name = &self.target.name;
        match self.what {
            For::Name => format!("Rename the {} {name}", self.target.kind.word()),
            For::Hints => format!("Where {name} may be found"),
            For::Gateway => format!("Where the service of {name} is"),
        }
    }

    fn shape(&self, world: &World) -> Shape {
        self.sheet.shape(world)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        self.sheet.hints("change it")
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match (self.sheet.input(&input), input) {
            // What is there already would be lost.
            (Turn::Do, _) if !self.read => vec![Step::Stay],
            (Turn::Do, _) => std::iter::once(Step::Close).chain(self.change().map(Step::Change)).collect(),
            (Turn::Close, _) => vec![Step::Close],
            (Turn::Changed | Turn::Done, _) => vec![Step::Stay],
            (Turn::No, Input::Shown) if !self.read => {
                let request = if self.what == For::Hints { Request::Services } else { Request::Capabilities };
                vec![Step::Ask { slot: 0, request }]
            }
            (Turn::No, Input::Answered { outcome: Ok(answer), .. }) => {
                self.answered(answer);
                Vec::new()
            }
            (Turn::No, Input::Answered { outcome: Err(failure), .. }) => vec![Step::Close, Step::Tell(Toast::from(failure))],
            (Turn::No, _) => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.sheet.view(frame, area, world.theme);
    }
}
