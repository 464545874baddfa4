//! Which one an action is meant for: found by some letters of its name.

use keycap_vault::GrantQuery;
use keycap_vault::action::Action;
use keycap_vault::view::{GrantView, GroupView};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::request::{Answer, Request};
use crate::screen::browser::{Item, nothing};
use crate::screen::finder::{Finder, Finding, below_field};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fuzzy::{How, matching};
use crate::widget::table::Column;
use crate::widget::text::line;
use crate::world::World;

/// What there is to choose from. Grants are searched for in the vault, since there may be any number; the rest is read at once.
#[derive(Debug)]
pub(crate) struct Choose {
    action: &'static Action,
    of: &'static [Kind],
    finder: Finder,
    read: Vec<(Target, String)>,
    grants: Vec<(Target, String)>,
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
        Self { action, of, finder: Finder::default(), read: Vec::new(), grants: Vec::new() }
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
        let search = Some(self.finder.text().to_owned()).filter(|text| !text.is_empty());
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
        let shown = matching(self.finder.text(), How::Fuzzy, self.all().map(|(target, _)| target.name.as_str()));
        self.finder.show(shown);
    }

    fn answered(&mut self, slot: u32, answer: Answer) {
        match (slot, answer) {
            (_, Answer::Keys(keys)) => self.offer(keys.iter().map(|key| (key.target(), key.fingerprint.clone())).collect()),
            (_, Answer::Services(services)) => self.offer(services.iter().map(|service| (service.target(), service.fingerprint.clone())).collect()),
            (_, Answer::Groups(groups)) => {
                let members = |group: &GroupView| match group.members.len() {
                    1 => "1 member".to_owned(),
                    more => format!("{more} members"),
                };
                self.offer(groups.iter().map(|group| (group.target(), members(group))).collect());
            }
            (_, Answer::Capabilities(held)) => self.offer(held.iter().map(|held| (held.target(), held.allows.clone())).collect()),
            (_, Answer::Grants(page)) => {
                let target = |grant: &GrantView| Target { kind: Kind::Grant, name: grant.name.clone(), id: grant.rid.clone() };
                let rows = page.rows.into_iter().map(|row| row.grant);
                self.grants = rows.map(|grant| (target(&grant), format!("{}  {}", grant.service, grant.state.word()))).collect();
                self.filter();
            }
            (_, _) => {}
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
        match self.finder.input(&input) {
            Finding::Chosen(at) => {
                let chosen = at.and_then(|at| self.all().nth(at));
                return match chosen {
                    Some((target, _)) => vec![Step::Close, Step::Start(self.action.id, Some(target.clone()))],
                    None => vec![Step::Stay],
                };
            }
            Finding::Typed => {
                self.filter();
                return std::iter::once(Step::Stay).chain(self.ask_grants()).collect();
            }
            Finding::Closed => return vec![Step::Close],
            Finding::Done => return vec![Step::Stay],
            Finding::No => {}
        }
        match input {
            Input::Shown => self.questions(),
            Input::Answered { slot, outcome: Ok(answer) } => {
                self.answered(slot, answer);
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Key(_) | Input::Paste(_) | Input::Mouse { .. } | Input::LedgerChanged | Input::Command(_) | Input::Tick | Input::Locked => {
                Vec::new()
            }
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("NAME", 12), Column::new("WHAT", 8).most(12), Column::new("", 10).rank(1)];
        let theme = world.theme;
        let all: Vec<&(Target, String)> = self.read.iter().chain(&self.grants).collect();
        let row = |at: usize| {
            let Some((target, more)) = all.get(at) else { return Vec::new() };
            vec![line(theme, Role::Name, &target.name), line(theme, Role::Quiet, target.kind.word()), line(theme, Role::Quiet, more)]
        };
        self.finder.view(frame, area, "type some letters of its name", COLUMNS, row, theme);
        if self.finder.is_empty() {
            nothing(frame, below_field(area), world, ("There is none.", "Other letters may find one; Esc closes."));
        }
    }
}
