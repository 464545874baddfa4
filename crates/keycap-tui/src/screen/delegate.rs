//! Delegating: a narrower capability from one that is held, offline. What the parent says caps what can be said here, and the rows tell why.

use keycap_vault::DelegateRequest;
use keycap_vault::view::{CapabilityView, DelegatePreview, KeyView};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ENTER, ESC, Key};
use crate::request::{Answer, Exchange, Exchanged, Failure, Request};
use crate::screen::proposal::{Proposal, Standing, wizard};
use crate::screen::{Hint, Input, Kind, Screen, Step, Tab, Target, add, terms};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pressed, Row};
use crate::widget::pane::{pane, title};
use crate::widget::text::span;
use crate::world::World;

/// The wizard.
#[derive(Debug)]
pub(crate) struct Delegate {
    /// What it comes from, as it was chosen.
    target: Target,
    parent: Option<CapabilityView>,
    form: Form,
    keys: Vec<KeyView>,
    preview: Option<(DelegateRequest, DelegatePreview)>,
    wrong: Option<String>,
    /// What one should know besides what the vault says.
    own_warnings: Vec<String>,
    stage: Stage,
    touched: Touched,
}

#[derive(Debug)]
enum Stage {
    Filling,
    Leaving,
    Delegating,
    Delegated(Box<CapabilityView>),
}

/// What a person has changed.
#[derive(Debug, Default)]
struct Touched {
    anything: bool,
    name: bool,
}

const HELD: u32 = 0;
const KEYS: u32 = 1;
const PREVIEW: u32 = 2;
const DELEGATE: u32 = 3;
const OPEN: &str = "as the parent";

impl Delegate {
    /// From that capability.
    pub(crate) fn new(target: Target) -> Self {
        let mut rows = vec![terms::who(), Row::line("name", "Name", "bob, reports, …").note("For your records; it is kept here under this name.")];
        rows.extend(terms::rows(OPEN));
        rows.push(Row::button("delegate", "Make it"));
        let mut form = Form::new(rows);
        form.set_pickables("who", terms::pickables(&[]));
        Self {
            target,
            parent: None,
            form,
            keys: Vec::new(),
            preview: None,
            wrong: None,
            own_warnings: Vec::new(),
            stage: Stage::Filling,
            touched: Touched::default(),
        }
    }

    fn request(&self) -> Result<DelegateRequest, terms::Wrong> {
        let limits = terms::limits(&self.form)?;
        match self.form.text("name") {
            "" => Err(terms::Wrong { row: "name", why: "Give it a name: it is kept here under it.".to_owned() }),
            name => Ok(DelegateRequest { capability: self.target.name.clone(), name: name.to_owned(), limits }),
        }
    }

    /// Brings rows in line with each other and with the parent, and asks what they would make.
    fn ask(&mut self, world: &World) -> Vec<Step> {
        terms::settle(&mut self.form);
        if !self.touched.name {
            let name = terms::holder(&self.form).ok().flatten().unwrap_or_default();
            self.form.set_text("name", &name);
        }
        self.cap(world);
        match self.request() {
            Ok(request) => vec![Step::Ask { slot: PREVIEW, request: Request::exchange(Exchange::DelegatePreview(request)) }],
            Err(wrong) => {
                self.wrong = Some(wrong.why);
                vec![Step::Stay]
            }
        }
    }

    /// Says what the parent leaves, and why.
    fn cap(&mut self, world: &World) {
        let Some(parent) = &self.parent else { return };
        let expires = match parent.expires {
            Some(at) => format!("{} expires {}: nothing below it lasts longer.", parent.name, world.told(at)),
            None => format!("{} never expires.", parent.name),
        };
        self.form.set_note("expires", expires);
        match links_left(parent) {
            Some(left) => {
                // One is used up by what is made here.
                let most = u8::try_from(left.saturating_sub(1)).unwrap_or(terms::MOST_LINKS).min(terms::MOST_LINKS);
                self.form.set_options("links", terms::links(OPEN, most));
                let why = match left {
                    0 => format!("{} says that it is not to be handed on: the service will refuse what is below it.", parent.name),
                    1 => format!("{} may be handed on once, which is now: no further.", parent.name),
                    more => format!("{} may be handed on {more} times, of which this is one.", parent.name),
                };
                self.form.set_note("links", why);
            }
            None => {
                self.form.set_note("links", format!("{} says no limit. A policy, not a lock: whoever has it can share it as it is.", parent.name))
            }
        }
        let holder = terms::holder(&self.form).ok().flatten();
        let same = |holder: &String| parent.holder.as_ref().is_some_and(|bound| bound.name.as_ref() == Some(holder));
        self.own_warnings.clear();
        if holder.as_ref().is_some_and(same) {
            self.own_warnings.push(format!("{} is bound to that key already: this only narrows it.", parent.name));
        }
        if parent.foreign_holder && holder.is_some() {
            self.own_warnings.push("Only the key that it is bound to can hand it on, and that key is not in this vault.".to_owned());
        }
    }

    fn pressed(&mut self, pressed: Pressed, world: &World) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.touched.anything = true;
                self.touched.name |= self.form.focus() == "name";
                self.ask(world)
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => self.delegate(),
        }
    }

    fn delegate(&mut self) -> Vec<Step> {
        match (self.request(), &self.preview) {
            (Err(wrong), _) => {
                self.form.go_to(wrong.row);
                self.wrong = Some(wrong.why);
                vec![Step::Stay]
            }
            (Ok(request), Some((previewed, _))) if request == *previewed && self.wrong.is_none() => {
                self.stage = Stage::Delegating;
                let exchange = Exchange::Delegate { request, last_block: self.target.id.clone() };
                vec![Step::Ask { slot: DELEGATE, request: Request::exchange(exchange) }]
            }
            (Ok(_), _) => vec![Step::Stay],
        }
    }

    fn key(&mut self, key: Key, world: &World) -> Vec<Step> {
        match &self.stage {
            Stage::Delegating => vec![Step::Stay],
            Stage::Leaving if key == Key::char('y') => vec![Step::Close],
            Stage::Leaving => {
                self.stage = Stage::Filling;
                vec![Step::Stay]
            }
            Stage::Delegated(made) if key == ENTER || key == Key::char('s') => vec![Step::Close, Step::Start("share", Some(target(made)))],
            Stage::Delegated(made) if key == ESC || key == Key::char('q') => vec![Step::Close, Step::Show(Tab::Capabilities, Some(target(made)))],
            Stage::Delegated(_) => vec![Step::Stay],
            Stage::Filling if key == ESC && self.touched.anything => {
                self.stage = Stage::Leaving;
                vec![Step::Stay]
            }
            Stage::Filling if key == ESC => vec![Step::Close],
            Stage::Filling => {
                let pressed = self.form.key(key);
                self.pressed(pressed, world)
            }
        }
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>, world: &World) -> Vec<Step> {
        match (slot, outcome) {
            (HELD, Ok(Answer::Capabilities(held))) => {
                let parent = held.into_iter().find(|held| held.name == self.target.name && target(held).id == self.target.id);
                if parent.is_none() {
                    return vec![Step::Close, Step::Tell(Toast::note(format!("{} is not here any more", self.target.name)))];
                }
                self.parent = parent;
                self.ask(world)
            }
            (KEYS, Ok(Answer::Keys(keys))) => {
                let new = terms::newcomer(&self.keys, &keys);
                self.form.set_pickables("who", terms::pickables(&keys));
                if let Some(name) = new {
                    self.form.pick("who", &name);
                }
                self.keys = keys;
                self.ask(world)
            }
            (PREVIEW, Ok(Answer::Exchanged(Exchanged::DelegatePreview(preview)))) => {
                self.wrong = None;
                self.preview = Some(*preview);
                Vec::new()
            }
            (PREVIEW, Err(failure)) => {
                self.wrong = Some(failure.message);
                Vec::new()
            }
            (DELEGATE, Ok(Answer::Exchanged(Exchanged::Delegated(made)))) => {
                self.stage = Stage::Delegated(made);
                vec![Step::Changed]
            }
            (DELEGATE, Err(failure)) => {
                self.stage = Stage::Filling;
                vec![Step::Tell(Toast::from(failure))]
            }
            (_, Err(failure)) => vec![Step::Close, Step::Tell(Toast::from(failure))],
            (_, Ok(_)) => Vec::new(),
        }
    }

    /// From whom it comes to whom.
    fn chain(&self) -> String {
        let name = self.form.text("name");
        let to = if name.is_empty() { "???" } else { name };
        let above = self.parent.as_ref().and_then(|parent| parent.parent.clone()).map(|name| format!("{name} → ")).unwrap_or_default();
        let service = self.parent.as_ref().map_or("the service", |parent| parent.service.as_deref().unwrap_or(&parent.service_fingerprint));
        format!("{service} → {above}{} → {to}", self.target.name)
    }
}

/// How often a capability may still be handed on; `None`: without limit.
fn links_left(held: &CapabilityView) -> Option<usize> {
    let limits = held.blocks.iter().enumerate().flat_map(|(at, block)| block.caveats.iter().map(move |(name, value)| (at, name, value)));
    let left = limits.filter(|(_, name, _)| *name == "max_links").filter_map(|(at, _, value)| {
        let links: usize = value.parse().ok()?;
        Some(links.saturating_sub(held.blocks.len() - at - 1))
    });
    left.min()
}

fn target(held: &CapabilityView) -> Target {
    let id = held.blocks.last().map(|block| block.id.clone()).unwrap_or_default();
    Target { kind: Kind::Capability, name: held.name.clone(), id }
}

impl Screen for Delegate {
    fn title(&self) -> String {
        format!("Delegate  {}", self.chain())
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.stage {
            Stage::Filling => vec![Hint::new("Tab", "next"), Hint::new("Shift-Tab", "back"), Hint::new("Esc", "discard")],
            Stage::Leaving => vec![Hint::new("y", "discard it"), Hint::new("n", "go on")],
            Stage::Delegating => Vec::new(),
            Stage::Delegated(_) => vec![Hint::new("s", "share it now"), Hint::new("Esc", "later")],
        }
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged if matches!(self.stage, Stage::Filling | Stage::Leaving) => {
                vec![Step::Ask { slot: HELD, request: Request::Capabilities }, Step::Ask { slot: KEYS, request: Request::Keys }]
            }
            Input::Answered { slot, outcome } => self.answered(slot, outcome, world),
            Input::Key(key) => self.key(key, world),
            Input::Paste(text) if matches!(self.stage, Stage::Filling) => {
                if self.form.focus() == "who" && add::looks_like_a_card(text.expose()) {
                    return vec![Step::Open(Box::new(add::Add::of_text(text)))];
                }
                let pressed = self.form.paste(text);
                self.pressed(pressed, world)
            }
            Input::Mouse { at, what } if matches!(self.stage, Stage::Filling) => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed, world)
            }
            Input::Locked => vec![Step::Close],
            Input::Shown | Input::LedgerChanged | Input::Paste(_) | Input::Mouse { .. } | Input::Command(_) | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let name = self.title();
        let standing = match &self.stage {
            Stage::Filling => Standing::Filling,
            Stage::Leaving => Standing::Leaving,
            Stage::Delegating => Standing::Busy("delegating…"),
            Stage::Delegated(made) => return delegated(frame, area, &name, made, &self.target.name, world),
        };
        let warnings: Vec<String> =
            self.preview.iter().flat_map(|(_, preview)| preview.warnings.iter().cloned()).chain(self.own_warnings.iter().cloned()).collect();
        let made = self.preview.as_ref().map(|(_, preview)| (preview.sentence.as_str(), warnings.as_slice(), preview.command.as_str()));
        wizard(frame, area, &name, &mut self.form, &Proposal { wrong: self.wrong.as_deref(), made }, standing, world);
    }
}

fn delegated(frame: &mut Frame<'_>, area: Rect, name: &str, made: &CapabilityView, parent: &str, world: &World) {
    let theme = world.theme;
    let inner = pane(frame, area, title(theme, name, true), true, theme);
    let mut fields = Fields::new(theme);
    fields.spans(Line::from(vec![
        span(theme, Role::Good, "✓ made "),
        span(theme, Role::Name, &made.name),
        span(theme, Role::Plain, " from "),
        span(theme, Role::Name, parent),
    ]));
    fields.blank().text(Role::Plain, &made.allows).blank();
    fields.line("holder", crate::screen::grants::holder(made.holder.as_ref(), theme));
    if let Some(at) = made.expires {
        fields.field("expires", Role::Plain, world.times.full(at));
    }
    fields.blank().spans(Line::from(vec![
        span(theme, Role::Accent, "s"),
        span(theme, Role::Plain, " share it now: sealed to a key, as a QR code, or in a file"),
    ]));
    fields.spans(Line::from(vec![span(theme, Role::Accent, "Esc"), span(theme, Role::Plain, " later: it stands among the capabilities")]));
    fields.view(frame, inner, &mut Scroll::default());
}
