//! What was handed out, as a tree: page by page from the vault, since there may be a million of them.

pub(crate) use view::{holder, state};

mod view;
mod window;

use keycap_vault::GrantQuery;
use keycap_vault::action::Place;
use keycap_vault::view::{GrantView, Live, ServiceView};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::Command;
use crate::request::{Answer, Request};
use crate::screen::browser::Filter;
use crate::screen::{Click, Hint, Input, Kind, Screen, Step, Target, browser, copy};
use crate::toast::Toast;
use crate::widget::fields::Scroll;
use crate::widget::list::{List, arrow};
use crate::world::World;
use window::{Ask, Window};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    /// The grant whose delegations are listed; `None`: all that was minted.
    under: Option<Target>,
    /// Only of this service.
    service: Option<String>,
    services: Vec<ServiceView>,
    services_list: List,
    filter: Filter,
    window: Window,
    list: List,
    details: Scroll,
    live: Live,
    pane: Pane,
    drawn: Drawn,
    /// What is to be selected once it is there.
    wanted: Option<Target>,
}

/// The part with the focus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pane {
    Services,
    #[default]
    List,
    Details,
}

/// Where the panes were drawn; those that were not have no area.
#[derive(Debug, Default, Clone, Copy)]
struct Drawn {
    services: Rect,
    details: Rect,
}

/// Questions of this screen.
mod slot {
    pub(super) const ALL: u32 = 0;
    pub(super) const AFTER: u32 = 1;
    pub(super) const BEFORE: u32 = 2;
    pub(super) const SERVICES: u32 = 3;
    pub(super) const LIVE: u32 = 4;
    pub(super) const ONE: u32 = 5;
}

impl Grants {
    /// What was delegated from a grant.
    fn below(target: Target) -> Self {
        Self { under: Some(target), ..Self::default() }
    }

    /// Only of one service.
    pub(crate) fn of_service(&mut self, name: &str) {
        self.service = Some(name.to_owned());
        self.list = List::default();
    }

    fn selected(&self) -> Option<&GrantView> {
        self.window.row(self.list.cursor).map(|row| &row.grant)
    }

    fn query(&self, offset: u64, limit: u32) -> GrantQuery {
        let search = Some(self.filter.field.text().to_owned()).filter(|text| !text.is_empty());
        GrantQuery {
            service: self.service.clone(),
            search,
            under: self.under.as_ref().map(|target| target.id.clone()),
            offset,
            limit,
            below: window::BELOW,
        }
    }

    fn ask(&self, slot: u32, ask: Ask) -> Step {
        Step::Ask { slot, request: Request::Grants(self.query(ask.offset, ask.limit)) }
    }

    /// Reads what is in sight anew.
    fn reload(&self) -> Vec<Step> {
        vec![
            self.ask(slot::ALL, self.window.reload()),
            Step::Ask { slot: slot::SERVICES, request: Request::Services },
            Step::Ask { slot: slot::LIVE, request: Request::Live(self.service.clone()) },
        ]
    }

    /// Begins at the top, with another filter or service.
    fn restart(&mut self) -> Vec<Step> {
        self.list.cursor = 0;
        self.list.top = 0;
        self.window.restart();
        vec![self.ask(slot::ALL, self.window.reload())]
    }

    /// Asks for what comes next where the cursor gets near an end of what was read.
    fn follow(&mut self) -> Vec<Step> {
        let mut steps = vec![Step::Stay];
        if let Some(ask) = self.window.wants_after(self.list.cursor) {
            steps.push(self.ask(slot::AFTER, ask));
        }
        if let Some(ask) = self.window.wants_before(self.list.cursor) {
            steps.push(self.ask(slot::BEFORE, ask));
        }
        steps
    }

    fn answered(&mut self, slot: u32, answer: Answer) -> Vec<Step> {
        match (slot, answer) {
            (slot::ALL, Answer::Grants(page)) => {
                let before = self.wanted.take().map(|target| target.id).or_else(|| self.selected().map(|grant| grant.rid.clone()));
                self.window.fill(page);
                let at = before.as_ref().and_then(|rid| self.window.position(rid));
                match (at, before) {
                    (Some(at), _) => self.list.cursor = at,
                    (None, _) => self.list.cursor = self.list.cursor.min(self.window.len().saturating_sub(1)),
                }
                self.follow()
            }
            (slot::AFTER, Answer::Grants(page)) => {
                let gone = self.window.append(page);
                self.list.cursor = self.list.cursor.saturating_sub(gone);
                self.list.top = self.list.top.saturating_sub(gone);
                self.follow()
            }
            (slot::BEFORE, Answer::Grants(page)) => {
                let come = self.window.prepend(page);
                self.list.cursor += come;
                self.list.top += come;
                self.follow()
            }
            (slot::ONE, Answer::Grant(grant)) => {
                // It is not among what was read: its name brings it there.
                self.filter.field = crate::widget::line_field::LineField::with(&grant.name);
                self.wanted = Some(target(&grant));
                let wanted = self.wanted.clone();
                let steps = self.restart();
                self.wanted = wanted;
                steps
            }
            (slot::SERVICES, Answer::Services(services)) => {
                self.services = services;
                let at = self.service.as_ref().and_then(|name| self.services.iter().position(|service| service.name == *name));
                self.services_list.cursor = at.map_or(0, |at| at + 1);
                Vec::new()
            }
            (slot::LIVE, Answer::Live(live)) => {
                self.live = live;
                Vec::new()
            }
            (_, _) => Vec::new(),
        }
    }

    fn command(&mut self, command: Command) -> Vec<Step> {
        match (command, self.pane) {
            (Command::Filter, _) => {
                self.pane = Pane::List;
                self.filter.typing = true;
                vec![Step::Stay]
            }
            (Command::NextPane, _) => self.turn(true),
            (Command::PreviousPane, _) => self.turn(false),
            (Command::Back, Pane::Details | Pane::Services) => {
                self.pane = Pane::List;
                vec![Step::Stay]
            }
            (Command::Back, Pane::List) => {
                if self.filter.clear() {
                    return self.restart();
                }
                if self.service.take().is_some() {
                    return self.restart();
                }
                Vec::new()
            }
            (Command::Copy, _) => self.copy(),
            (_, Pane::Services) => self.service_command(command),
            (Command::Left, Pane::Details) => {
                self.pane = Pane::List;
                vec![Step::Stay]
            }
            (_, Pane::Details) => {
                self.details.command(command);
                vec![Step::Stay]
            }
            (Command::Right, Pane::List) => {
                if !self.window.unfold(self.list.cursor) {
                    self.pane = Pane::Details;
                }
                vec![Step::Stay]
            }
            (Command::Left, Pane::List) => {
                if let Some(to) = self.window.fold(self.list.cursor) {
                    self.list.cursor = to;
                } else if self.drawn.services.width > 0 {
                    self.pane = Pane::Services;
                }
                vec![Step::Stay]
            }
            (Command::Open, Pane::List) => self.open(),
            (Command::Last, Pane::List) if self.window.has_more_after() => {
                self.window.jump_to_end();
                self.list.cursor = usize::MAX / 2;
                vec![self.ask(slot::ALL, self.window.reload())]
            }
            (Command::First, Pane::List) if self.window.has_more_before() => self.restart(),
            (moves, Pane::List) => {
                let before = self.list.cursor;
                if !self.list.command(moves, self.window.len()) {
                    return Vec::new();
                }
                if before != self.list.cursor {
                    self.details = Scroll::default();
                }
                self.follow()
            }
        }
    }

    fn open(&mut self) -> Vec<Step> {
        let Some(grant) = self.selected() else { return vec![Step::Stay] };
        if self.window.is_cut(self.list.cursor) {
            return vec![Step::Open(Box::new(Self::below(target(grant))))];
        }
        self.pane = Pane::Details;
        vec![Step::Stay]
    }

    fn service_command(&mut self, command: Command) -> Vec<Step> {
        if matches!(command, Command::Open | Command::Right) {
            self.pane = Pane::List;
            return vec![Step::Stay];
        }
        let before = self.services_list.cursor;
        if !self.services_list.command(command, self.services.len() + 1) {
            return Vec::new();
        }
        if before == self.services_list.cursor { vec![Step::Stay] } else { self.choose_service() }
    }

    fn choose_service(&mut self) -> Vec<Step> {
        let at = self.services_list.cursor.checked_sub(1);
        self.service = at.and_then(|at| self.services.get(at)).map(|service| service.name.clone());
        self.restart()
    }

    /// The next pane, of those that are in sight; where there is one alone, from the list to the details and back.
    fn turn(&mut self, forwards: bool) -> Vec<Step> {
        let services = self.drawn.services.width > 0;
        self.pane = match (self.pane, forwards, services) {
            (Pane::Services, true, _) | (Pane::Details, false, _) | (Pane::Details, true, false) => Pane::List,
            (Pane::List, true, _) | (Pane::Services, false, _) | (Pane::List, false, false) => Pane::Details,
            (Pane::Details, true, true) | (Pane::List, false, true) => Pane::Services,
        };
        vec![Step::Stay]
    }

    fn copy(&self) -> Vec<Step> {
        let Some(grant) = self.selected() else { return Vec::new() };
        let holder = grant.holder.as_ref().map(|holder| holder.fingerprint.clone()).unwrap_or_default();
        vec![copy::open(vec![("name", grant.name.clone()), ("id", grant.rid.clone()), ("holder", holder), ("what it allows", grant.allows.clone())])]
    }

    fn mouse(&mut self, at: (u16, u16), what: Click) -> Vec<Step> {
        let position = ratatui::layout::Position::from(at);
        let pane = if self.drawn.services.contains(position) {
            Pane::Services
        } else if self.drawn.details.contains(position) {
            Pane::Details
        } else {
            Pane::List
        };
        if let Click::WheelUp | Click::WheelDown = what {
            let up = what == Click::WheelUp;
            match pane {
                Pane::Services => self.services_list.wheel(up, self.services.len() + 1),
                Pane::Details => self.details.wheel(what == Click::WheelUp),
                Pane::List => self.list.wheel(up, self.window.len()),
            }
            return self.follow();
        }
        self.pane = pane;
        match pane {
            Pane::Services => {
                let Some(line) = self.services_list.line_at(at, self.services.len() + 1) else { return vec![Step::Stay] };
                self.services_list.cursor = line;
                self.choose_service()
            }
            Pane::Details => vec![Step::Stay],
            Pane::List => {
                let Some(line) = self.list.line_at(at, self.window.len()) else { return vec![Step::Stay] };
                self.list.cursor = line;
                if what == Click::Twice { self.open() } else { self.follow() }
            }
        }
    }
}

/// What an action would be done to.
fn target(grant: &GrantView) -> Target {
    Target { kind: Kind::Grant, name: grant.name.clone(), id: grant.rid.clone() }
}

impl Screen for Grants {
    fn title(&self) -> String {
        self.under.as_ref().map_or_else(|| "Grants".to_owned(), |target| format!("Delegated from {}", target.name))
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Grants)
    }

    fn target(&self) -> Option<Target> {
        match self.pane {
            Pane::Services => {
                let service = self.services_list.cursor.checked_sub(1).and_then(|at| self.services.get(at))?;
                Some(Target { kind: Kind::Service, name: service.name.clone(), id: service.fingerprint_full.clone() })
            }
            Pane::List | Pane::Details => self.selected().map(target),
        }
    }

    fn select(&mut self, target: &Target) {
        if target.kind == Kind::Service {
            self.of_service(&target.name);
            self.window.restart();
            return;
        }
        match self.window.position(&target.id) {
            Some(at) => self.list.cursor = at,
            None => self.wanted = Some(target.clone()),
        }
    }

    fn lines(&self) -> Vec<(u16, u16)> {
        let (list, len) = match self.pane {
            Pane::Services => (&self.services_list, self.services.len() + 1),
            Pane::List | Pane::Details => (&self.list, self.window.len()),
        };
        list.visible(len).zip(list.drawn.y..).map(|(_, y)| (list.drawn.x, y)).collect()
    }

    fn takes_text(&self) -> bool {
        self.filter.typing
    }

    fn hints(&self, world: &World) -> Vec<Hint> {
        if self.filter.typing {
            return vec![Hint::new("Enter", "keep the filter"), Hint::new("Esc", "take it away"), Hint::new("↑↓", "move")];
        }
        browser::hints(
            world,
            &[
                ("mint", "mint"),
                ("share", "share"),
                ("revoke", "revoke"),
                ("explain", "explain"),
                ("copy", "copy"),
                ("filter", "filter"),
                ("left", "fold"),
                ("jump", "jump"),
            ],
        )
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown => {
                let mut steps = self.reload();
                if let Some(wanted) = &self.wanted {
                    steps.push(Step::Ask { slot: slot::ONE, request: Request::Grant(wanted.id.clone()) });
                }
                steps
            }
            Input::LedgerChanged => self.reload(),
            Input::Answered { slot, outcome: Ok(answer) } => self.answered(slot, answer),
            Input::Answered { outcome: Err(failure), .. } => {
                // The service that was chosen is gone.
                self.service = None;
                vec![Step::Tell(Toast::from(failure))]
            }
            Input::Key(key) if self.filter.typing => {
                if self.filter.key(key) {
                    return self.restart();
                }
                if let Some(command) = arrow(key) {
                    self.list.command(command, self.window.len());
                }
                self.follow()
            }
            Input::Paste(text) if self.filter.typing => {
                self.filter.field.paste(text.expose());
                self.restart()
            }
            Input::Command(command) => self.command(command),
            Input::Mouse { at, what } => self.mouse(at, what),
            Input::Key(_) | Input::Paste(_) | Input::Tick | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        view::draw(self, frame, area, world);
    }
}
