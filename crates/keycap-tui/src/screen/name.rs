//! One line that is typed: another name, an address.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ENTER, ESC};
use crate::request::{Answer, Change, Request};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::line_field::LineField;
use crate::widget::text::{line, wrap};
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
    field: LineField,
    /// Whether what is there already was read.
    read: bool,
}

impl Naming {
    /// Another name.
    pub(crate) fn rename(target: Target) -> Self {
        Self { field: LineField::with(&target.name), what: For::Name, target, read: true }
    }

    /// Where a service may be found.
    pub(crate) fn hints(target: Target) -> Self {
        Self { field: LineField::default(), what: For::Hints, target, read: false }
    }

    /// Where a capability's service is found.
    pub(crate) fn gateway(target: Target) -> Self {
        Self { field: LineField::default(), what: For::Gateway, target, read: false }
    }

    fn change(&self) -> Option<Change> {
        let text = self.field.text().trim().to_owned();
        let name = self.target.name.clone();
        match (self.what, self.target.kind) {
            (For::Name, _) if text.is_empty() || text == name => None,
            (For::Name, Kind::Key | Kind::Card) => Some(Change::RenameKey { name, to: text }),
            (For::Name, Kind::Service) => Some(Change::RenameService { name, to: text }),
            (For::Name, Kind::Capability) => Some(Change::RenameCapability { name, to: text }),
            (For::Name, Kind::Grant | Kind::Group | Kind::File) => None,
            (For::Hints, _) => {
                let hints = text.split([',', ' ']).map(str::trim).filter(|hint| !hint.is_empty()).map(str::to_owned).collect();
                Some(Change::Hints { name, hints })
            }
            (For::Gateway, _) => Some(Change::Gateway { name, gateway: Some(text).filter(|text| !text.is_empty()) }),
        }
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

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 64, rows: 7 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Enter", "change it"), Hint::new("Esc", "leave it")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown if !self.read => {
                let request = if self.what == For::Hints { Request::Services } else { Request::Capabilities };
                vec![Step::Ask { slot: 0, request }]
            }
            Input::Answered { slot, outcome: Ok(answer) } => {
                let text = match (slot, answer) {
                    (_, Answer::Services(services)) => {
                        let service = services.into_iter().find(|service| service.fingerprint_full == self.target.id);
                        service.map(|service| service.hints.join(", "))
                    }
                    (_, Answer::Capabilities(held)) => held.into_iter().find(|held| held.name == self.target.name).and_then(|held| held.gateway),
                    (_, _) => None,
                };
                if !self.read && self.field.is_empty() {
                    self.field = LineField::with(&text.unwrap_or_default());
                }
                self.read = true;
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Close, Step::Tell(Toast::from(failure))],
            Input::Key(key) if key == ENTER => {
                let mut steps = vec![Step::Close];
                steps.extend(self.change().map(Step::Change));
                steps
            }
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) => {
                self.field.key(key);
                vec![Step::Stay]
            }
            Input::Paste(text) => {
                self.field.paste(text.expose());
                vec![Step::Stay]
            }
            Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Mouse { .. } | Input::Tick | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let (placeholder, note) = match self.what {
            For::Name => ("a name", "1 to 64 letters, digits and . _ - @ +, beginning with a letter or digit."),
            For::Hints => ("db.example.net:7000, …", "host:port, separated by commas. What was handed out keeps what it says."),
            For::Gateway => ("192.0.2.7:7000", "host:port or unix:/path, whatever the capability says. Empty: as it says itself."),
        };
        let field = Rect { y: area.y + 1, height: 1, ..area };
        self.field.view(frame, field, placeholder, true, theme);
        let notes: Vec<Line<'static>> = wrap(line(theme, Role::Quiet, note), usize::from(area.width));
        for (text, y) in notes.into_iter().zip(area.y + 3..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
    }
}
