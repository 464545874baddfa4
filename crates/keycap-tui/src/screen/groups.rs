//! Groups: several recipients of files under one name.

use keycap_vault::action::Place;
use keycap_vault::view::{GroupView, MemberView};
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
pub(crate) struct Groups {
    browser: Browser<GroupView>,
}

impl Groups {
    /// With this one selected, once it was read.
    pub(crate) fn on(target: &Target) -> Self {
        let mut groups = Self::default();
        groups.browser.select(target);
        groups
    }
}

impl Item for GroupView {
    fn text(&self) -> String {
        format!("{} {}", self.name, names(self))
    }

    fn target(&self) -> Target {
        Target { kind: Kind::Group, name: self.name.clone(), id: self.name.clone() }
    }
}

impl Screen for Groups {
    fn title(&self) -> String {
        "Groups".to_owned()
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Groups)
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
        let own = [("group.new", "new"), ("group.add", "add"), ("group.remove", "take out"), ("copy", "copy"), ("filter", "filter")];
        self.browser.hints(world, &own)
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged => vec![Step::Ask { slot: 0, request: Request::Groups }],
            Input::Answered { outcome: Ok(Answer::Groups(groups)), .. } => {
                self.browser.fill(groups);
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Command(Command::Copy) => {
                let group = self.browser.selected();
                group.map(|group| super::copy::open(vec![("name", group.name.clone()), ("members", names(group))])).into_iter().collect()
            }
            Input::Locked => vec![Step::Close],
            input @ (Input::Key(_) | Input::Command(_) | Input::Mouse { .. } | Input::Paste(_) | Input::Tick | Input::Answered { .. }) => {
                match self.browser.input(&input) {
                    Handled::Open => {
                        self.browser.open_details();
                        vec![Step::Stay]
                    }
                    Handled::Done => vec![Step::Stay],
                    Handled::No => Vec::new(),
                }
            }
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        const COLUMNS: &[Column] = &[Column::new("NAME", 10), Column::new("MEMBERS", 7).right(), Column::new("WHO", 12).rank(1)];
        let theme = world.theme;
        let look = Look {
            title: "Groups",
            columns: COLUMNS,
            row: |group: &GroupView| {
                vec![
                    line(theme, Role::Name, &group.name),
                    line(theme, Role::Plain, group.members.len().to_string()),
                    line(theme, Role::Quiet, names(group)),
                ]
            },
            details: |group: &GroupView| details(group, world),
            empty: ("No groups yet.", "n makes one: files that are sealed to it go to all who are in it."),
        };
        self.browser.view(frame, area, world, &look);
    }
}

/// How a member is called: by name, or by the fingerprint of a card that is not here any more.
pub(crate) fn name(member: &MemberView) -> String {
    member.name.clone().or_else(|| member.fingerprint.clone()).unwrap_or_default()
}

fn names(group: &GroupView) -> String {
    group.members.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn details(group: &GroupView, world: &World) -> Fields {
    let theme = world.theme;
    let mut fields = Fields::new(theme);
    if group.members.is_empty() {
        fields.text(Role::Warn, "Nobody is in it: nothing can be sealed to it.");
    }
    for member in &group.members {
        let of = member.fingerprint.clone().unwrap_or_default();
        // What is written out is long: it stands last, where it can go on below itself.
        let (sign, role, before, after) = match (&member.name, &member.fingerprint, member.verified) {
            (Some(_), Some(_), true) => ("✓ ", Role::Good, "", format!("  {of}")),
            (Some(_), Some(_), false) => ("? ", Role::Warn, "", format!("  {of}  not verified")),
            (Some(_), None, _) => ("· ", Role::Quiet, "written out  ", String::new()),
            (None, _, _) => ("✗ ", Role::Bad, "", "  its card is not in this vault any more".to_owned()),
        };
        fields.spans(Line::from(vec![
            span(theme, role, sign),
            span(theme, Role::Quiet, before),
            span(theme, Role::Name, name(member)),
            span(theme, Role::Quiet, after),
        ]));
    }
    fields.heading("On the command line").text(Role::Quiet, format!("keycap seal -r {} report.pdf", group.name));
    fields
}
