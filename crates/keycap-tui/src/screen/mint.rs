//! Minting: for whom, what and until when; the sentence that says what it would allow, and the command line that does the same, beside it.

use keycap_vault::view::{GrantView, KeyView, MintPreview, ServiceView};
use keycap_vault::{MintRequest, presets};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::{ENTER, ESC, Key};
use crate::request::{Answer, Exchange, Exchanged, Failure, Request};
use crate::screen::proposal::{Proposal, Standing, wizard};
use crate::screen::{Hint, Input, Kind, Screen, Step, Target, add, terms};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pickable, Pressed, Row};
use crate::widget::pane::{pane, title};
use crate::widget::text::span;
use crate::world::World;

/// The wizard.
#[derive(Debug)]
pub(crate) struct Mint {
    form: Form,
    services: Vec<ServiceView>,
    keys: Vec<KeyView>,
    /// The service that it was opened for.
    wanted: Option<String>,
    preview: Option<(MintRequest, MintPreview)>,
    /// Why there is no preview of what is filled in.
    wrong: Option<String>,
    stage: Stage,
    touched: Touched,
}

/// Where one is.
#[derive(Debug)]
enum Stage {
    Filling,
    /// Asked whether what was filled in is to be thrown away.
    Leaving,
    /// The vault is minting.
    Minting,
    Minted(Box<GrantView>),
}

/// What a person has changed.
#[derive(Debug, Default)]
struct Touched {
    anything: bool,
    name: bool,
}

const SERVICES: u32 = 0;
const KEYS: u32 = 1;
const PREVIEW: u32 = 2;
const MINT: u32 = 3;
const DO_IT: &str = "mint";

impl Mint {
    /// For this service, or one that is chosen here.
    pub(crate) fn new(service: Option<String>) -> Self {
        let mut rows = vec![Row::pick("service", "Service"), terms::who()];
        rows.push(Row::line("name", "Name", "alice, ci@runner, …").note("For your records, and to revoke it by."));
        rows.push(Row::choice("preset", "Preset", presets().iter().map(|preset| preset.label)));
        rows.extend(terms::rows("as the preset"));
        rows.push(Row::button(DO_IT, "Mint it"));
        let mut form = Form::new(rows);
        form.set_pickables("who", terms::pickables(&[]));
        form.go_to("who");
        let mut mint = Self {
            form,
            services: Vec::new(),
            keys: Vec::new(),
            wanted: service,
            preview: None,
            wrong: None,
            stage: Stage::Filling,
            touched: Touched::default(),
        };
        mint.settle();
        mint
    }

    /// Brings rows in line with each other after a change.
    fn settle(&mut self) {
        terms::settle(&mut self.form);
        let preset = presets().get(self.form.chosen("preset"));
        self.form.set_note("preset", preset.map_or("", |preset| preset.description));
        if !self.touched.name {
            let name = terms::holder(&self.form).ok().flatten().unwrap_or_default();
            self.form.set_text("name", &name);
        }
    }

    fn request(&self) -> Result<MintRequest, terms::Wrong> {
        let service =
            self.form.picked("service").ok_or_else(|| terms::Wrong { row: "service", why: "no service of that name can be minted for".into() })?;
        let limits = terms::limits(&self.form)?;
        let name = match self.form.text("name") {
            "" => return Err(terms::Wrong { row: "name", why: "Give it a name: it is how you revoke it.".to_owned() }),
            name => name.to_owned(),
        };
        let preset = presets().get(self.form.chosen("preset")).map(|preset| preset.name.to_owned());
        Ok(MintRequest { service: service.value.clone(), name, preset, limits })
    }

    /// Asks what the rows would mint now.
    fn ask(&mut self) -> Vec<Step> {
        self.settle();
        match self.request() {
            Ok(request) => vec![Step::Ask { slot: PREVIEW, request: Request::exchange(Exchange::MintPreview(request)) }],
            Err(wrong) => {
                self.wrong = Some(wrong.why);
                vec![Step::Stay]
            }
        }
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.touched.anything = true;
                self.touched.name |= self.form.focus() == "name";
                self.ask()
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => self.mint(),
        }
    }

    /// Mints, if what stands beside the button is what the rows say.
    fn mint(&mut self) -> Vec<Step> {
        match (self.request(), &self.preview) {
            (Err(wrong), _) => {
                self.form.go_to(wrong.row);
                self.wrong = Some(wrong.why);
                vec![Step::Stay]
            }
            (Ok(request), Some((previewed, _))) if request == *previewed && self.wrong.is_none() => {
                self.stage = Stage::Minting;
                vec![Step::Ask { slot: MINT, request: Request::exchange(Exchange::Mint(request)) }]
            }
            // The vault has not said yet what that would be, or has refused it.
            (Ok(_), _) => vec![Step::Stay],
        }
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        match &self.stage {
            Stage::Minting => vec![Step::Stay],
            Stage::Leaving if key == Key::char('y') => vec![Step::Close],
            Stage::Leaving => {
                self.stage = Stage::Filling;
                vec![Step::Stay]
            }
            Stage::Minted(grant) if key == ENTER || key == Key::char('s') => vec![Step::Close, Step::Start("share", Some(target(grant)))],
            Stage::Minted(grant) if key == ESC || key == Key::char('q') => {
                vec![Step::Close, Step::Show(crate::screen::Tab::Grants, Some(target(grant)))]
            }
            Stage::Minted(_) => vec![Step::Stay],
            Stage::Filling if key == ESC && self.touched.anything => {
                self.stage = Stage::Leaving;
                vec![Step::Stay]
            }
            Stage::Filling if key == ESC => vec![Step::Close],
            Stage::Filling => {
                let pressed = self.form.key(key);
                self.pressed(pressed)
            }
        }
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>) -> Vec<Step> {
        match (slot, outcome) {
            (SERVICES, Ok(Answer::Services(services))) => {
                self.services = services.into_iter().filter(|service| service.can_serve).collect();
                let options = self.services.iter().map(|service| Pickable {
                    value: service.name.clone(),
                    text: service.name.clone(),
                    detail: service.fingerprint.clone(),
                });
                self.form.set_pickables("service", options.collect());
                if let Some(wanted) = self.wanted.take()
                    && !self.form.pick("service", &wanted)
                {
                    return vec![Step::Close, Step::Tell(Toast::note(format!("{wanted} is known by its card only: mint where its keys are")))];
                }
                self.ask()
            }
            (KEYS, Ok(Answer::Keys(keys))) => {
                let new = terms::newcomer(&self.keys, &keys);
                self.form.set_pickables("who", terms::pickables(&keys));
                if let Some(name) = new {
                    self.form.pick("who", &name);
                }
                self.keys = keys;
                self.ask()
            }
            (PREVIEW, Ok(Answer::Exchanged(Exchanged::MintPreview(preview)))) => {
                self.wrong = None;
                self.preview = Some(*preview);
                Vec::new()
            }
            (PREVIEW, Err(failure)) => {
                self.wrong = Some(failure.message);
                Vec::new()
            }
            (MINT, Ok(Answer::Exchanged(Exchanged::Minted(grant)))) => {
                self.stage = Stage::Minted(grant);
                vec![Step::Changed]
            }
            (MINT, Err(failure)) => {
                self.stage = Stage::Filling;
                vec![Step::Tell(Toast::from(failure))]
            }
            (_, Err(failure)) => vec![Step::Tell(Toast::from(failure))],
            (_, Ok(_)) => Vec::new(),
        }
    }
}

fn target(grant: &GrantView) -> Target {
    Target { kind: Kind::Grant, name: grant.name.clone(), id: grant.rid.clone() }
}

impl Screen for Mint {
    fn title(&self) -> String {
        match self.form.picked("service") {
            Some(service) => format!("Mint a capability for {}", service.text),
            None => "Mint a capability".to_owned(),
        }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.stage {
            Stage::Filling => vec![Hint::new("Tab", "next"), Hint::new("Shift-Tab", "back"), Hint::new("Esc", "discard")],
            Stage::Leaving => vec![Hint::new("y", "discard it"), Hint::new("n", "go on")],
            Stage::Minting => Vec::new(),
            Stage::Minted(_) => vec![Hint::new("s", "share it now"), Hint::new("Esc", "later")],
        }
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged if matches!(self.stage, Stage::Filling | Stage::Leaving) => {
                vec![Step::Ask { slot: SERVICES, request: Request::Services }, Step::Ask { slot: KEYS, request: Request::Keys }]
            }
            Input::Answered { slot, outcome } => self.answered(slot, outcome),
            Input::Key(key) => self.key(key),
            Input::Paste(text) if matches!(self.stage, Stage::Filling) => {
                if self.form.focus() == "who" && add::looks_like_a_card(text.expose()) {
                    return vec![Step::Open(Box::new(add::Add::of_text(text)))];
                }
                let pressed = self.form.paste(text);
                self.pressed(pressed)
            }
            Input::Mouse { at, what } if matches!(self.stage, Stage::Filling) => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed)
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
            Stage::Minting => Standing::Busy("minting…"),
            Stage::Minted(grant) => return minted(frame, area, &name, grant, world),
        };
        let made = self.preview.as_ref().map(|(_, preview)| (preview.sentence.as_str(), preview.warnings.as_slice(), preview.command.as_str()));
        wizard(frame, area, &name, &mut self.form, &Proposal { wrong: self.wrong.as_deref(), made }, standing, world);
    }
}

fn minted(frame: &mut Frame<'_>, area: Rect, name: &str, grant: &GrantView, world: &World) {
    let theme = world.theme;
    let inner = pane(frame, area, title(theme, name, true), true, theme);
    let mut fields = Fields::new(theme);
    let id: String = grant.rid.chars().take(8).collect();
    fields.spans(Line::from(vec![
        span(theme, Role::Good, "✓ minted "),
        span(theme, Role::Name, &grant.name),
        span(theme, Role::Plain, " for "),
        span(theme, Role::Name, &grant.service),
        span(theme, Role::Quiet, format!("  {id}")),
    ]));
    fields.blank().text(Role::Plain, &grant.allows).blank();
    fields.line("holder", crate::screen::grants::holder(grant.holder.as_ref(), theme));
    if let Some(at) = grant.expires {
        fields.field("expires", Role::Plain, world.times.full(at));
    }
    fields.blank().spans(Line::from(vec![
        span(theme, Role::Accent, "s"),
        span(theme, Role::Plain, " share it now: sealed to a key, as a QR code, or in a file"),
    ]));
    fields.spans(Line::from(vec![span(theme, Role::Accent, "Esc"), span(theme, Role::Plain, " later: it stands among the grants")]));
    fields.view(frame, inner, &mut Scroll::default());
}
