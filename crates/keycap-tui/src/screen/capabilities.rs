//! Capabilities held: what others gave, and what was narrowed from it.

use keycap_vault::action::Place;
use keycap_vault::view::CapabilityView;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::keymap::Command;
use crate::request::{Answer, Request};
use crate::screen::browser::{Browser, Handled, Item, Look};
use crate::screen::grants::{holder, state};
use crate::screen::{Hint, Input, Kind, Screen, Step, Target, copy};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::Fields;
use crate::widget::table::Column;
use crate::widget::text::line;
use crate::world::World;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Capabilities {
    browser: Browser<CapabilityView>,
}

impl Item for CapabilityView {
    fn text(&self) -> String {
        format!("{} {} {}", self.name, self.service.as_deref().unwrap_or(&self.service_fingerprint), self.note)
    }

    fn target(&self) -> Target {
        let id = self.blocks.last().map(|block| block.id.clone()).unwrap_or_default();
        Target { kind: Kind::Capability, name: self.name.clone(), id }
    }
}

impl Screen for Capabilities {
    fn title(&self) -> String {
        "Capabilities".to_owned()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Capabilities)
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
                ("add", "take in"),
                ("delegate", "delegate"),
                ("share", "share"),
                ("explain", "explain"),
                ("caps.gateway", "gateway"),
                ("caps.rename", "rename"),
                ("copy", "copy"),
                ("caps.remove", "remove"),
                ("filter", "filter"),
            ],
        )
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => vec![Step::Ask { slot: 0, request: Request::Capabilities }],
            Input::Answered { outcome: Ok(Answer::Capabilities(held)), .. } => {
                self.browser.fill(held);
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Command(Command::Copy) => {
                let held = self.browser.selected();
                held.map(|held| {
                    copy::open(vec![
                        ("name", held.name.clone()),
                        ("what it allows", held.allows.clone()),
                        ("service", held.service_fingerprint.clone()),
                        ("addresses", held.hints.join(", ")),
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
                Handled::No => Vec::new(),
            },
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[
            Column::new("NAME", 10),
            Column::new("SERVICE", 10).most(24),
            Column::new("EXPIRES", 8).rank(1),
            Column::new("STATE", 8),
            Column::new("FROM", 6).rank(2).most(20),
        ];
        let theme = world.theme;
        let look = Look {
            title: "Capabilities",
            columns: COLUMNS,
            row: |held: &CapabilityView| {
                vec![
                    line(theme, Role::Name, &held.name),
                    line(theme, Role::Plain, held.service.as_deref().unwrap_or(&held.service_fingerprint)),
                    held.expires.map_or_else(|| line(theme, Role::Quiet, "never"), |at| line(theme, Role::Plain, world.told(at))),
                    state(held.state, theme),
                    line(theme, Role::Quiet, held.parent.as_deref().unwrap_or_default()),
                ]
            },
            details: |held: &CapabilityView| details(held, world),
            empty: ("You hold no capabilities yet.", "i takes in what somebody gave you: pasted, from a file, or from a picture of a QR code."),
        };
        self.browser.view(frame, area, world, &look);
    }
}

fn details(held: &CapabilityView, world: &World) -> Fields {
    let theme = world.theme;
    let times = &world.times;
    let mut fields = Fields::new(theme);
    fields.line("state", state(held.state, theme)).text(Role::Plain, &held.allows).blank();
    let service = held.service.as_ref().map_or_else(|| held.service_fingerprint.clone(), |name| format!("{name}  {}", held.service_fingerprint));
    fields.field("service", Role::Name, service).line("holder", holder(held.holder.as_ref(), theme));
    if held.foreign_holder {
        fields.text(Role::Warn, "It is bound to a key that is not in this vault: it can be looked at, not used.");
    }
    if let Some(at) = held.expires {
        fields.field("expires", Role::Plain, times.full(at));
    }
    if let Some(parent) = &held.parent {
        fields.field("from", Role::Plain, parent);
    }
    match (&held.gateway, held.hints.is_empty()) {
        (Some(gateway), _) => fields.field("gateway", Role::Plain, format!("{gateway}, as you set it")),
        (None, false) => fields.field("found at", Role::Plain, held.hints.join(", ")),
        (None, true) => fields.field("found at", Role::Quiet, "it does not say; a sets the gateway"),
    };
    fields.field("since", Role::Plain, times.full(held.added));
    if !held.note.is_empty() {
        fields.field("note", Role::Plain, &held.note);
    }
    fields.line("secret", line(theme, Role::Quiet, "••••••••  s shares it, sealed or shown"));
    for (at, block) in held.blocks.iter().enumerate() {
        fields.heading(format!("{} {}", at, block.kind));
        fields.field("id", Role::Quiet, &block.id);
        if block.caveats.is_empty() {
            fields.text(Role::Quiet, "no caveat of its own");
        }
        for (name, value) in &block.caveats {
            fields.field(name.clone(), Role::Plain, value);
        }
    }
    fields
}
