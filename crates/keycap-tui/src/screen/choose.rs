//! Which one an action is meant for: found by some letters of its name.

use keycap_vault::GrantQuery;
use keycap_vault::action::Action;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::{ENTER, ESC};
use crate::request::{Answer, Request};
use crate::screen::browser::{Item, nothing};
use crate::screen::help::arrow;
use crate::screen::{Click, Hint, Input, Kind, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fuzzy::{How, matching};
use crate::widget::line_field::LineField;
use crate::widget::list::List;
use crate::widget::table::{Column, Table};
use crate::widget::text::line;
use crate::world::World;

/// What there is to choose from. Grants are searched for in the vault, since there may be any number; the rest is read at once.
#[derive(Debug)]
pub(crate) struct Choose {
    action: &'static Action,
    of: &'static [Kind],
    field: LineField,
    read: Vec<(Target, String)>,
    grants: Vec<(Target, String)>,
    shown: Vec<usize>,
    list: List,
}

const KEYS: u32 = 0;
const SERVICES: u32 = 1;
const CAPABILITIES: u32 = 2;
const GRANTS: u32 = 3;
const GROUPS: u32 = 4;
/// Grants that are offered at a time: more letters find the others.
const MOST: u32 = 100;

impl Choose {
    /// For this action, of these kinds.
    pub(crate) fn new(action: &'static Action, of: &'static [Kind]) -> Self {
        Self { action, of, field: LineField::default(), read: Vec::new(), grants: Vec::new(), shown: Vec::new(), list: List::default() }
    }

    fn questions(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.of.contains(&Kind::Key) || self.of.contains(&Kind::Card) {
            steps.push(Step::Ask { slot: KEYS, request: Request::Keys });
        }
        if self.of.contains(&Kind::Service) {
            steps.push(Step::Ask { slot: SERVICES, request: Request::Services });
        }
        if self.of.contains(&Kind::Capability) {
            steps.push(Step::Ask { slot: CAPABILITIES, request: Request::Capabilities });
        }
        if self.of.contains(&Kind::Group) {
            steps.push(Step::Ask { slot: GROUPS, request: Request::Groups });
        }
        steps.extend(self.ask_grants());
        steps
    }

    fn ask_grants(&self) -> Option<Step> {
        let search = Some(self.field.text().to_owned()).filter(|text| !text.is_empty());
        let query = GrantQuery { search, limit: MOST, below: 10, ..GrantQuery::default() };
        self.of.contains(&Kind::Grant).then_some(Step::Ask { slot: GRANTS, request: Request::Grants(query) })
    }

    fn offer(&mut self, targets: Vec<(Target, String)>) {
        let of = self.of;
        self.read.extend(targets.into_iter().filter(|(target, _)| of.contains(&target.kind)));
        self.filter();
    }

    fn all(&self) -> impl Iterator<Item = &(Target, String)> {
        self.read.iter().chain(&self.grants)
    }

    fn filter(&mut self) {
        let texts: Vec<&str> = self.all().map(|(target, _)| target.name.as_str()).collect();
        self.shown = matching(self.field.text(), How::Fuzzy, texts);
        self.list.cursor = 0;
    }

    fn chosen(&self) -> Vec<Step> {
        let chosen = self.shown.get(self.list.cursor).and_then(|at| self.all().nth(*at));
        match chosen {
            Some((target, _)) => vec![Step::Close, Step::Start(self.action.id, Some(target.clone()))],
            None => vec![Step::Stay],
        }
    }
}

impl Screen for Choose {
    fn title(&self) -> String {
        format!("{}: which one?", self.action.label)
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 72, rows: 18 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Enter", "choose"), Hint::new("↑↓", "move"), Hint::new("Esc", "close")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown => self.questions(),
            Input::Answered { slot, outcome: Ok(answer) } => {
                match (slot, answer) {
                    (_, Answer::Keys(keys)) => self.offer(keys.iter().map(|key| (key.target(), key.fingerprint.clone())).collect()),
                    (_, Answer::Services(services)) => {
                        self.offer(services.iter().map(|service| (service.target(), service.fingerprint.clone())).collect());
                    }
                    (_, Answer::Groups(groups)) => {
                        let members = |group: &keycap_vault::view::GroupView| match group.members.len() {
                            1 => "1 member".to_owned(),
                            more => format!("{more} members"),
                        };
                        self.offer(groups.iter().map(|group| (group.target(), members(group))).collect());
                    }
                    (_, Answer::Capabilities(held)) => self.offer(held.iter().map(|held| (held.target(), held.allows.clone())).collect()),
                    (_, Answer::Grants(page)) => {
                        let rows = page.rows.into_iter().map(|row| row.grant);
                        let target =
                            |grant: &keycap_vault::view::GrantView| Target { kind: Kind::Grant, name: grant.name.clone(), id: grant.rid.clone() };
                        self.grants = rows.map(|grant| (target(&grant), format!("{}  {}", grant.service, grant.state.word()))).collect();
                        self.filter();
                    }
                    (_, _) => {}
                }
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) if key == ENTER => self.chosen(),
            Input::Key(key) => {
                if let Some(command) = arrow(key) {
                    self.list.command(command, self.shown.len());
                    return vec![Step::Stay];
                }
                self.field.key(key);
                self.filter();
                self.ask_grants().into_iter().collect()
            }
            Input::Paste(text) => {
                self.field.paste(text.expose());
                self.filter();
                self.ask_grants().into_iter().collect()
            }
            Input::Mouse { at, what } => {
                match what {
                    Click::WheelUp | Click::WheelDown => self.list.wheel(what == Click::WheelUp, self.shown.len()),
                    Click::Press | Click::Twice => {
                        if let Some(line) = self.list.line_at(at, self.shown.len()) {
                            self.list.cursor = line;
                            if what == Click::Twice {
                                return self.chosen();
                            }
                        }
                    }
                }
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::LedgerChanged | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("NAME", 12), Column::new("WHAT", 8).most(12), Column::new("", 10).rank(1)];
        let theme = world.theme;
        self.field.view(frame, Rect { height: 1, ..area }, "type some letters of its name", true, theme);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if self.shown.is_empty() {
            return nothing(frame, body, world, ("There is none.", "Other letters may find one; Esc closes."));
        }
        let all: Vec<&(Target, String)> = self.read.iter().chain(&self.grants).collect();
        let shown = &self.shown;
        let row = |at: usize| {
            let Some((target, more)) = shown.get(at).and_then(|at| all.get(*at)) else { return Vec::new() };
            vec![line(theme, Role::Name, &target.name), line(theme, Role::Quiet, target.kind.word()), line(theme, Role::Quiet, more)]
        };
        Table { columns: COLUMNS, len: shown.len(), row, focused: true }.view(frame, body, &mut self.list, theme);
    }
}
