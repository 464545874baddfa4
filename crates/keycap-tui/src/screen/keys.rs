//! Keys of one's own, and key cards of others.

use keycap_vault::action::Place;
use keycap_vault::view::KeyView;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::Command;
use crate::request::{Answer, Request};
use crate::screen::browser::{Browser, Handled, Item, Look};
use crate::screen::{Hint, Input, Kind, Screen, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::Fields;
use crate::widget::table::Column;
use crate::widget::text::{line, span};
use crate::world::World;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    browser: Browser<KeyView>,
}

impl Item for KeyView {
    fn text(&self) -> String {
        format!("{} {} {}", self.name, self.fingerprint, self.note)
    }

    fn target(&self) -> Target {
        let kind = if self.own { Kind::Key } else { Kind::Card };
        Target { kind, name: self.name.clone(), id: self.fingerprint_full.clone() }
    }
}

impl Screen for Keys {
    fn title(&self) -> String {
        "Keys and cards".to_owned()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Keys)
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
                ("key.new", "new"),
                ("add", "take in"),
                ("share", "share"),
                ("key.verify", "verify"),
                ("key.rename", "rename"),
                ("copy", "copy"),
                ("key.remove", "remove"),
                ("filter", "filter"),
                ("group.list", "groups"),
            ],
        )
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => vec![Step::Ask { slot: 0, request: Request::Keys }],
            Input::Answered { outcome: Ok(Answer::Keys(keys)), .. } => {
                self.browser.fill(keys);
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Command(Command::Copy) => {
                let key = self.browser.selected();
                key.map(|key| {
                    super::copy::open(vec![
                        ("name", key.name.clone()),
                        ("key card", key.card.clone()),
                        ("fingerprint", key.fingerprint_full.clone()),
                        ("age recipient", key.age_recipient.clone()),
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
        const COLUMNS: &[Column] =
            &[Column::new("NAME", 10), Column::new("FINGERPRINT", 19).rank(1), Column::new("WHOSE", 10), Column::new("NOTE", 6).rank(2).most(30)];
        let theme = world.theme;
        let look = Look {
            title: "Keys and cards",
            columns: COLUMNS,
            row: |key: &KeyView| {
                vec![
                    line(theme, Role::Name, &key.name),
                    line(theme, Role::Quiet, &key.fingerprint),
                    whose(key, world),
                    line(theme, Role::Quiet, &key.note),
                ]
            },
            details: |key: &KeyView| details(key, world),
            empty: ("No keys yet.", "n makes a key of your own; i takes in the card of someone else."),
        };
        self.browser.view(frame, area, world, &look);
    }
}

fn whose(key: &KeyView, world: &World) -> Line<'static> {
    match (key.own, key.verified) {
        (true, _) => line(world.theme, Role::Plain, "yours"),
        (false, true) => line(world.theme, Role::Good, "✓ verified"),
        (false, false) => line(world.theme, Role::Warn, "? not verified"),
    }
}

fn details(key: &KeyView, world: &World) -> Fields {
    let mut fields = Fields::new(world.theme);
    fields.line("whose", whose(key, world));
    if !key.own && !key.verified {
        fields.text(Role::Quiet, "Compare the fingerprint with its owner, by voice or in person, and press f.");
    }
    if !key.note.is_empty() {
        fields.field("note", Role::Plain, &key.note);
    }
    fields.line("since", Line::from(span(world.theme, Role::Plain, world.times.full(key.created))));
    fields.heading("Fingerprint").text(Role::Plain, &key.fingerprint_full);
    fields.heading("Key card").text(Role::Plain, &key.card);
    fields.text(Role::Quiet, "Anyone may have it: it lets others bind capabilities to this key, and seal to it.");
    fields.heading("age recipient").text(Role::Plain, &key.age_recipient);
    fields
}
