//! Services, with the gateways that serve them now and their live sessions.

use keycap_vault::action::Place;
use keycap_vault::view::{Live, ServiceView};
use keycap_vault::words::number;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::Command;
use crate::request::{Answer, Request};
use crate::screen::browser::{Browser, Handled, Item, Look};
use crate::screen::{Hint, Input, Kind, Screen, Step, Tab, Target, copy};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::Fields;
use crate::widget::table::Column;
use crate::widget::text::{line, span};
use crate::world::World;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Services {
    browser: Browser<ServiceView>,
    live: Live,
}

impl Item for ServiceView {
    fn text(&self) -> String {
        format!("{} {} {} {}", self.name, self.fingerprint, self.hints.join(" "), self.note)
    }

    fn target(&self) -> Target {
        Target { kind: Kind::Service, name: self.name.clone(), id: self.fingerprint_full.clone() }
    }
}

impl Screen for Services {
    fn title(&self) -> String {
        "Services".to_owned()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Services)
    }

    fn target(&self) -> Option<Target> {
        self.browser.target()
    }

    fn select(&mut self, target: &Target) {
        self.browser.select(target);
    }

    fn lines(&self) -> Vec<(u16, u16)> {
        self.browser.lines()
    }

    fn takes_text(&self) -> bool {
        self.browser.takes_text()
    }

    fn hints(&self, world: &World) -> Vec<Hint> {
        self.browser.hints(
            world,
            &[
                ("mint", "mint"),
                ("service.new", "new"),
                ("share", "share"),
                ("service.hints", "address"),
                ("service.rename", "rename"),
                ("copy", "copy"),
                ("service.rotate", "rotate"),
                ("service.remove", "remove"),
                ("filter", "filter"),
            ],
        )
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => {
                vec![Step::Ask { slot: 0, request: Request::Services }, Step::Ask { slot: 1, request: Request::Live(None) }]
            }
            Input::Answered { outcome: Ok(Answer::Services(services)), .. } => {
                self.browser.fill(services);
                Vec::new()
            }
            Input::Answered { outcome: Ok(Answer::Live(live)), .. } => {
                self.live = live;
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Command(Command::Copy) => {
                let service = self.browser.selected();
                service
                    .map(|service| {
                        copy::open(vec![
                            ("name", service.name.clone()),
                            ("service card", service.card.clone()),
                            ("fingerprint", service.fingerprint_full.clone()),
                            ("DNS label", service.dns_label.clone()),
                            ("addresses", service.hints.join(", ")),
                        ])
                    })
                    .into_iter()
                    .collect()
            }
            input @ (Input::Key(_)
            | Input::Command(_)
            | Input::Mouse { .. }
            | Input::Paste(_)
            | Input::Tick
            | Input::Answered { .. }
            | Input::Locked) => match self.browser.input(&input) {
                Handled::Open => {
                    self.browser.open_details();
                    vec![Step::Stay]
                }
                Handled::Done => vec![Step::Stay],
                Handled::No => match (input, self.browser.target()) {
                    (Input::Command(Command::Right), Some(target)) => vec![Step::Show(Tab::Grants, Some(target))],
                    _ => Vec::new(),
                },
            },
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[
            Column::new("NAME", 10),
            Column::new("HERE", 11),
            Column::new("GRANTS", 6).right(),
            Column::new("SESSIONS", 8).right(),
            Column::new("FOUND AT", 10).rank(1).most(32),
        ];
        let theme = world.theme;
        let live = &self.live;
        let look = Look {
            title: "Services",
            columns: COLUMNS,
            row: |service: &ServiceView| {
                let sessions: u64 =
                    live.gateways.iter().filter(|gateway| gateway.alive && gateway.service == service.name).map(|gateway| gateway.sessions).sum();
                vec![
                    line(theme, Role::Name, &service.name),
                    here(service, live, world),
                    line(theme, Role::Plain, number(service.grants.all)),
                    line(theme, if sessions > 0 { Role::Good } else { Role::Quiet }, number(sessions)),
                    line(theme, Role::Quiet, service.hints.join(", ")),
                ]
            },
            details: |service: &ServiceView| details(service, live, world),
            empty: ("No services yet.", "n makes one, to serve and mint for; i takes in the card of someone else's."),
        };
        self.browser.view(frame, area, world, &look);
    }
}

/// Whether it is served from here, and whether it is now.
fn here(service: &ServiceView, live: &Live, world: &World) -> Line<'static> {
    let theme = world.theme;
    let mut gateways = live.gateways.iter().filter(|gateway| gateway.service == service.name).peekable();
    if !service.can_serve {
        return line(theme, Role::Quiet, "card only");
    }
    if gateways.peek().is_none() {
        return line(theme, Role::Quiet, "not running");
    }
    if gateways.any(|gateway| gateway.alive) { line(theme, Role::Good, "● serving") } else { line(theme, Role::Bad, "✗ silent") }
}

fn details(service: &ServiceView, live: &Live, world: &World) -> Fields {
    let theme = world.theme;
    let mut fields = Fields::new(theme);
    fields.line("here", here(service, live, world));
    if service.can_serve {
        let counts = service.grants;
        let revoked = if counts.revoked > 0 { format!(", {} revoked", number(counts.revoked)) } else { String::new() };
        fields.field("grants", Role::Plain, format!("{} in all, {} minted here{revoked}", number(counts.all), number(counts.minted)));
        fields.field("epoch", Role::Plain, service.epoch.to_string());
        if service.min_epoch > 0 {
            fields.field("", Role::Warn, format!("all of earlier epochs than {} is revoked", service.min_epoch));
        }
    }
    if let Some(realm) = &service.realm {
        fields.field("realm", Role::Plain, realm);
    }
    if service.hints.is_empty() {
        fields.field("found at", Role::Quiet, "says nowhere; a sets addresses");
    } else {
        fields.field("found at", Role::Plain, service.hints.join(", "));
    }
    if !service.note.is_empty() {
        fields.field("note", Role::Plain, &service.note);
    }
    fields.field("since", Role::Plain, world.times.full(service.created));
    for gateway in live.gateways.iter().filter(|gateway| gateway.service == service.name) {
        let (sign, role, word) = if gateway.alive { ("● ", Role::Good, "") } else { ("✗ ", Role::Bad, " gives no sign of life") };
        fields.heading(format!("Gateway {}", gateway.listen));
        fields.spans(Line::from(vec![
            span(theme, role, sign),
            span(theme, Role::Plain, format!("for {}", world.lasted(gateway.started))),
            span(theme, Role::Quiet, format!(", process {} on {}{word}", gateway.pid, gateway.host)),
        ]));
        fields.field("to", Role::Plain, gateway.upstreams.join(", "));
        let sessions: Vec<_> = live.sessions.iter().filter(|session| session.gateway == gateway.id).collect();
        if sessions.is_empty() {
            fields.field("sessions", Role::Quiet, "none open");
        }
        for session in sessions {
            let name = session.grant.clone().unwrap_or_else(|| session.rid.chars().take(8).collect());
            let holder = session.holder.as_ref().map(|holder| format!(", {holder}")).unwrap_or_default();
            let target = session.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
            fields.spans(Line::from(vec![
                span(theme, Role::Good, "  ● "),
                span(theme, Role::Name, name),
                span(theme, Role::Plain, format!("{holder} from {}{target}", session.from)),
                span(theme, Role::Quiet, format!(", for {}, {}", world.lasted(session.opened), session.pattern)),
            ]));
        }
    }
    fields.heading("Fingerprint").text(Role::Plain, &service.fingerprint_full);
    fields.heading("Service card").text(Role::Plain, &service.card);
    fields.text(Role::Quiet, "Anyone may have it; it lets nobody in.");
    fields.heading("DNS label").text(Role::Plain, &service.dns_label);
    fields
}
