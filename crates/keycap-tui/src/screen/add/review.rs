//! What was found, before it is taken in: what it is, whether its key is known, what speaks against it; and under which name it would be kept.

use std::collections::BTreeSet;

use keycap_vault::view::{AddedView, IncomingView};
use keycap_vault::{AcceptAs, SecretText};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::Key;
use crate::request::{Answer, Exchange, Exchanged, Failure, Found, Request};
use crate::screen::{Click, Step, Tab};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pickable, Pressed, Row};
use crate::widget::text::span;
use crate::world::World;

/// What was found, and the form beside it.
#[derive(Debug)]
pub(super) struct Review {
    found: Vec<Found>,
    from_clipboard: bool,
    form: Form,
    /// Names that are taken, for each kind.
    taken: Taken,
    wrong: Option<Failure>,
    busy: bool,
}

#[derive(Debug, Default)]
struct Taken {
    keys: BTreeSet<String>,
    services: BTreeSet<String>,
    capabilities: BTreeSet<String>,
}

const KEYS: u32 = 10;
const SERVICES: u32 = 11;
const CAPABILITIES: u32 = 12;
const ACCEPT: u32 = 13;

impl Review {
    /// Of these, of which there is at least one.
    pub(super) fn new(found: Vec<Found>, from_clipboard: bool, world: &World) -> Self {
        let form = Form::new(vec![
            Row::pick("which", "Which").hidden(),
            Row::line("name", "Name", "a name for your records"),
            Row::choice("replace", "Replace", ["no", "replace what has that name"]).hidden(),
            Row::line("gateway", "Gateway", "where it says itself; else host:port or unix:/path").hidden(),
            Row::button("take", "Take it in"),
        ]);
        let mut review = Self { found, from_clipboard, form, taken: Taken::default(), wrong: None, busy: false };
        review.begin(world);
        review
    }

    /// What has to be known to tell which names are taken.
    pub(super) fn questions() -> Vec<Step> {
        vec![
            Step::Ask { slot: KEYS, request: Request::Keys },
            Step::Ask { slot: SERVICES, request: Request::Services },
            Step::Ask { slot: CAPABILITIES, request: Request::Capabilities },
        ]
    }

    /// Begins with what is left.
    fn begin(&mut self, _world: &World) {
        let options = self.found.iter().enumerate().map(|(at, found)| Pickable {
            value: at.to_string(),
            text: found.view.title.clone(),
            detail: found.view.fingerprint.clone(),
        });
        self.form.set_pickables("which", options.collect());
        self.form.show("which", self.found.len() > 1);
        self.form.go_to(if self.found.len() > 1 { "which" } else { "name" });
        self.chosen();
    }

    /// Another one was chosen.
    fn chosen(&mut self) {
        let Some(view) = self.which().map(|found| found.view.clone()) else { return };
        self.form.set_text("name", &view.suggested_name);
        self.form.set_text("gateway", "");
        self.form.show("gateway", view.kind == "capability");
        self.settle();
    }

    fn which(&self) -> Option<&Found> {
        let at: usize = self.form.picked("which").and_then(|picked| picked.value.parse().ok())?;
        self.found.get(at)
    }

    fn settle(&mut self) {
        let Some(view) = self.which().map(|found| &found.view) else { return };
        let name = self.form.text("name");
        let taken = match view.kind {
            "capability" => self.taken.capabilities.contains(name),
            "key-card" => self.taken.keys.contains(name),
            _ => self.taken.services.contains(name),
        };
        let replaceable = view.kind != "service-card";
        let warning = match (taken, replaceable) {
            (false, _) => String::new(),
            (true, true) => format!("{name} is there already: choose another name, or replace it."),
            (true, false) => format!("{name} is there already: choose another name."),
        };
        let quiet = taken && self.form.chosen("replace") == 1;
        self.form.set_warning("name", if quiet { String::new() } else { warning });
        self.form.show("replace", taken && replaceable);
        if !taken {
            self.form.choose("replace", 0);
        }
    }

    pub(super) fn key(&mut self, key: Key, _world: &World) -> Vec<Step> {
        if self.busy {
            return vec![Step::Stay];
        }
        let pressed = self.form.key(key);
        self.pressed(pressed)
    }

    pub(super) fn paste(&mut self, text: &SecretText) -> Vec<Step> {
        let pressed = self.form.paste(text);
        self.pressed(pressed)
    }

    pub(super) fn mouse(&mut self, at: (u16, u16), what: Click, _world: &World) -> Vec<Step> {
        let pressed = self.form.mouse(at, what);
        self.pressed(pressed)
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed if self.form.focus() == "which" => self.chosen(),
            Pressed::Changed => self.settle(),
            Pressed::Moved => {}
            Pressed::Button(_) => return self.take(),
        }
        vec![Step::Stay]
    }

    fn take(&mut self) -> Vec<Step> {
        let Some(found) = self.which().filter(|found| found.view.duplicate_of.is_none()) else { return vec![Step::Stay] };
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let accept =
            AcceptAs { name: some(self.form.text("name")), gateway: some(self.form.text("gateway")), replace: self.form.chosen("replace") == 1 };
        let exchange = Exchange::Accept { text: found.text.clone(), accept, from_clipboard: self.from_clipboard && found.view.kind == "capability" };
        self.busy = true;
        self.wrong = None;
        vec![Step::Ask { slot: ACCEPT, request: Request::exchange(exchange) }]
    }

    pub(super) fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>, waited_for: bool, world: &World) -> Vec<Step> {
        match (slot, outcome) {
            (KEYS, Ok(Answer::Keys(keys))) => self.taken.keys = keys.into_iter().map(|key| key.name).collect(),
            (SERVICES, Ok(Answer::Services(services))) => self.taken.services = services.into_iter().map(|service| service.name).collect(),
            (CAPABILITIES, Ok(Answer::Capabilities(held))) => self.taken.capabilities = held.into_iter().map(|held| held.name).collect(),
            (ACCEPT, Ok(Answer::Exchanged(Exchanged::Added { view, cleared }))) => return self.taken_in(&view, cleared, waited_for, world),
            (ACCEPT, Err(failure)) => {
                self.busy = false;
                self.wrong = Some(failure);
            }
            (_, _) => {}
        }
        self.settle();
        Vec::new()
    }

    fn taken_in(&mut self, added: &AddedView, cleared: bool, waited_for: bool, world: &World) -> Vec<Step> {
        self.busy = false;
        let what = added.kind.replace('-', " ");
        let instead = if added.replaced.is_some() { ", in the place of what had that name" } else { "" };
        let toast = Toast::done(format!("took in the {what} {}{instead}", added.name));
        let next = match added.kind {
            "key-card" => "f compares its fingerprint with its owner",
            "capability" => "D hands on a narrower one",
            _ => "a card lets nobody in; it makes the service known by name",
        };
        let toast = toast.with_hint(if cleared { "it is off the clipboard again" } else { next });
        let taken: Option<usize> = self.form.picked("which").and_then(|picked| picked.value.parse().ok());
        if let Some(at) = taken.filter(|at| *at < self.found.len()) {
            self.found.remove(at);
        }
        if !self.found.is_empty() {
            self.begin(world);
            return [vec![Step::Tell(toast), Step::Changed], Self::questions()].into_iter().flatten().collect();
        }
        let tab = match added.kind {
            "capability" => Tab::Capabilities,
            "key-card" => Tab::Keys,
            _ => Tab::Services,
        };
        let mut steps = vec![Step::Close, Step::Tell(toast), Step::Changed];
        if !waited_for {
            steps.push(Step::Show(tab, None));
        }
        steps
    }

    pub(super) fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let mut fields = Fields::new(theme);
        if let Some(found) = self.which() {
            describe(&found.view, &mut fields, world);
        }
        if self.from_clipboard && self.which().is_some_and(|found| found.view.kind == "capability") {
            fields.text(Role::Quiet, "It is taken off the clipboard when it was taken in.");
        }
        if self.busy {
            fields.text(Role::Accent, "taking it in…");
        }
        if let Some(failure) = &self.wrong {
            fields.text(Role::Bad, format!("✗ {}", failure.message));
            if let Some(hint) = &failure.hint {
                fields.text(Role::Quiet, hint);
            }
        }
        let lines = fields.height(area.width);
        let height = lines.min(area.height.saturating_sub(7));
        fields.view(frame, Rect { height, ..area }, &mut Scroll::default());
        let below = Rect { y: area.y + (height + 1).min(area.height), height: area.height.saturating_sub(height + 1), ..area };
        self.form.view(frame, below, theme);
    }
}

fn describe(view: &IncomingView, fields: &mut Fields, world: &World) {
    let theme = world.theme;
    fields.text(Role::Strong, &view.title);
    let known = match (&view.known_as, view.kind) {
        (Some(name), "capability") => span(theme, Role::Good, format!("  ✓ the service that you know as {name}")),
        (Some(name), _) => span(theme, Role::Good, format!("  ✓ known here as {name}")),
        (None, _) => span(theme, Role::Warn, "  ? not known here"),
    };
    fields.line("key", Line::from(vec![span(theme, Role::Plain, &view.fingerprint), known]));
    if !view.allows.is_empty() {
        fields.field("allows", Role::Plain, &view.allows);
    }
    if view.kind == "capability" {
        fields.line("holder", crate::screen::grants::holder(view.holder.as_ref(), theme));
    }
    if let Some(at) = view.expires {
        fields.field("expires", Role::Plain, format!("{}, {}", world.told(at), world.times.full(at)));
    }
    if let Some(name) = &view.duplicate_of {
        fields.text(Role::Bad, format!("✗ It is here already, as {name}: there is nothing to take in."));
    }
    for warning in &view.warnings {
        fields.text(Role::Warn, format!("! {warning}"));
    }
}
