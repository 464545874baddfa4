//! Sharing: sealed to a key, as a code on the screen, in a file, through the clipboard. What whoever receives it can do stands above all of it;
//! what anyone could use who sees it is asked about first, by its name.

mod code;
mod how;

use keycap_vault::VaultError;
use keycap_vault::view::{HolderView, KeyView, SharedView, State};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::file::typed;
use crate::keymap::{Command, ENTER, ESC, Key};
use crate::request::{Answer, Exchange, Exchanged, Failure, Leave, Out, Request, is_card};
use crate::screen::confirm::ask_name;
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Target, add};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::form::{Form, Pickable, Pressed, Row};
use crate::widget::line_field::LineField;
use crate::widget::pane::{pane, title};
use crate::widget::text::{line, span};
use crate::world::World;
use code::{Code, Shown, Told};
use how::How;

/// The screen.
#[derive(Debug)]
pub(crate) struct Share {
    target: Target,
    /// What whoever receives it can do; `None` before it was read.
    allows: Option<String>,
    holder: Option<HolderView>,
    form: Form,
    stage: Stage,
    wrong: Option<String>,
    /// Whether a person has named the file.
    named: bool,
}

/// Where one is.
#[derive(Debug)]
enum Stage {
    Choosing,
    /// Asked whether it may leave in clear; what is typed is its name.
    Asking(LineField),
    /// The vault is at it.
    Sharing,
    /// The code is on the screen.
    Showing(Box<Code>),
}

const WHAT: u32 = 0;
const KEYS: u32 = 1;
const SHARE: u32 = 2;
const PICTURE: u32 = 3;

impl Share {
    /// Of that.
    pub(crate) fn new(target: Target) -> Self {
        let card = is_card(&target);
        let mut form = Form::new(vec![
            Row::pick("how", "How"),
            Row::pick("to", "To").note("A key card, or paste an age1… recipient or an SSH public key. Paste a key card to take it in."),
            Row::line("file", "File", "a file that is not there yet").note("Nothing is written over. A picture is SVG if its name ends in .svg."),
            Row::button("share", "Share it"),
        ]);
        let hows = How::ALL.into_iter().filter(|how| !card || *how != How::Sealed);
        let pickables = hows.map(|how| Pickable { value: how.word().to_owned(), text: how.word().to_owned(), detail: how.detail(card).to_owned() });
        form.set_pickables("how", pickables.collect());
        let mut share = Self { target, allows: None, holder: None, form, stage: Stage::Choosing, wrong: None, named: false };
        share.settle();
        share
    }

    /// As text on the screen, once it was asked whether.
    pub(crate) fn revealed(target: Target) -> Self {
        let mut share = Self::new(target);
        share.form.pick("how", How::Screen.word());
        share.settle();
        share.form.go_to("share");
        share.go();
        share
    }

    fn how(&self) -> Option<How> {
        let picked = self.form.picked("how")?;
        How::ALL.into_iter().find(|how| how.word() == picked.value)
    }

    fn settle(&mut self) {
        let how = self.how();
        self.form.show("to", how == Some(How::Sealed));
        self.form.show("file", matches!(how, Some(How::Sealed | How::Picture | How::Page | How::Text)));
        if !self.named {
            let name = &self.target.name;
            let file = match how {
                Some(How::Sealed) => format!("{name}.age"),
                Some(How::Picture) => format!("{name}.png"),
                Some(How::Page) => format!("{name}.pdf"),
                Some(How::Text) => format!("{name}.keycap"),
                Some(How::Code | How::Screen | How::Copy) | None => String::new(),
            };
            self.form.set_text("file", &file);
        }
    }

    /// What the rows say.
    fn leave(&self) -> Result<Leave, (&'static str, String)> {
        let file = || match self.form.text("file") {
            "" => Err(("file", "Say into which file.".to_owned())),
            file => Ok(typed(file)),
        };
        match self.how().ok_or(("how", "Choose how.".to_owned()))? {
            How::Code => Ok(Leave::Code),
            How::Screen => Ok(Leave::Screen),
            How::Copy => Ok(Leave::Copy),
            How::Picture => Ok(Leave::Picture(file()?)),
            How::Page => Ok(Leave::Page(file()?)),
            How::Text => Ok(Leave::Text(file()?)),
            How::Sealed => {
                let text = self.form.text("to");
                let to = match self.form.picked("to") {
                    _ if text.starts_with("age1") || text.starts_with("ssh-") => text.to_owned(),
                    Some(picked) => picked.value.clone(),
                    None => {
                        return Err(("to", "No key is called that: take in the recipient's card (paste it here), or choose another way.".to_owned()));
                    }
                };
                Ok(Leave::Sealed { to: vec![to], file: file()? })
            }
        }
    }

    /// Whether something leaves in clear that lets somebody in.
    fn exposes(&self, leave: &Leave) -> bool {
        !is_card(&self.target) && !matches!(leave, Leave::Sealed { .. })
    }

    fn go(&mut self) -> Vec<Step> {
        match self.leave() {
            Err((row, why)) => {
                self.form.go_to(row);
                self.wrong = Some(why);
                vec![Step::Stay]
            }
            Ok(leave) if self.exposes(&leave) => {
                self.stage = Stage::Asking(LineField::default());
                vec![Step::Stay]
            }
            Ok(leave) => self.share(leave),
        }
    }

    fn share(&mut self, leave: Leave) -> Vec<Step> {
        self.stage = Stage::Sharing;
        self.wrong = None;
        vec![Step::Ask { slot: SHARE, request: Request::exchange(Exchange::Share { target: self.target.clone(), leave }) }]
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        match &mut self.stage {
            Stage::Sharing => vec![Step::Stay],
            Stage::Showing(code) => match code.key(key) {
                Told::Stay => vec![Step::Stay],
                Told::Hide => hide(None),
                Told::Write(file) => match code.picture(file) {
                    Some(exchange) => vec![Step::Ask { slot: PICTURE, request: Request::exchange(exchange) }],
                    None => vec![Step::Stay],
                },
            },
            Stage::Asking(_) if key == ESC => {
                self.stage = Stage::Choosing;
                vec![Step::Stay]
            }
            Stage::Asking(field) if key == ENTER => {
                if field.text() != self.target.name {
                    return vec![Step::Stay];
                }
                match self.leave() {
                    Ok(leave) => self.share(leave),
                    Err(_) => vec![Step::Stay],
                }
            }
            Stage::Asking(field) => {
                field.key(key);
                vec![Step::Stay]
            }
            Stage::Choosing if key == ESC => vec![Step::Close],
            Stage::Choosing => {
                let pressed = self.form.key(key);
                self.pressed(pressed)
            }
        }
    }

    fn pressed(&mut self, pressed: Pressed) -> Vec<Step> {
        match pressed {
            Pressed::Changed => {
                self.named |= self.form.focus() == "file";
                self.wrong = None;
                self.settle();
                vec![Step::Stay]
            }
            Pressed::Moved => vec![Step::Stay],
            Pressed::Button(_) => self.go(),
        }
    }

    fn questions(&self) -> Vec<Step> {
        let what = match self.target.kind {
            Kind::Grant => Request::Grant(self.target.id.clone()),
            Kind::Capability => Request::Capabilities,
            Kind::Service => Request::Services,
            Kind::Key | Kind::Card | Kind::Group | Kind::File => Request::Keys,
        };
        vec![Step::Ask { slot: WHAT, request: what }, Step::Ask { slot: KEYS, request: Request::Keys }]
    }

    fn answered(&mut self, slot: u32, outcome: Result<Answer, Failure>, world: &World) -> Vec<Step> {
        match (slot, outcome) {
            (WHAT, Ok(answer)) => {
                if let Some(over) = self.read(answer) {
                    return vec![Step::Close, Step::Tell(Toast::from(Failure::from(over)))];
                }
            }
            (KEYS, Ok(Answer::Keys(keys))) => {
                self.form.set_pickables("to", recipients(&keys));
                self.prefer_holder();
            }
            (SHARE, Ok(Answer::Exchanged(Exchanged::Shared { view, out }))) => return self.shared(view, out, world),
            (SHARE, Err(failure)) => {
                self.stage = Stage::Choosing;
                self.wrong = Some([Some(failure.message), failure.hint].into_iter().flatten().collect::<Vec<_>>().join(": "));
            }
            (PICTURE, Ok(Answer::Exchanged(Exchanged::Written(file)))) => {
                return hide(Some(Toast::done(format!("wrote its QR code to {}", file.display()))));
            }
            (PICTURE, Err(failure)) => return vec![Step::Tell(Toast::from(failure))],
            (WHAT, Err(failure)) => return vec![Step::Close, Step::Tell(Toast::from(failure))],
            (_, Err(failure)) => return vec![Step::Tell(Toast::from(failure))],
            (_, Ok(_)) => {}
        }
        Vec::new()
    }

    /// What it is that is shared; or why there is no use in sharing it, before anybody fills in how.
    fn read(&mut self, answer: Answer) -> Option<VaultError> {
        if let Answer::Grant(grant) = answer {
            if let Some(over) = over(grant.state, &grant.name) {
                return Some(over);
            }
            (self.allows, self.holder) = (Some(grant.allows), grant.holder);
        } else if let Answer::Capabilities(held) = answer {
            if let Some(held) = held.into_iter().find(|held| held.name == self.target.name) {
                if let Some(over) = over(held.state, &held.name) {
                    return Some(over);
                }
                (self.allows, self.holder) = (Some(held.allows), held.holder);
            }
        } else if let Answer::Services(_) = answer {
            self.allows = Some("Makes the service known by name; lets nobody in.".to_owned());
        } else if let Answer::Keys(_) = answer {
            self.allows = Some("Lets others name this key as a holder or recipient; nothing in it is secret.".to_owned());
        }
        self.prefer_holder();
        None
    }

    /// Whoever it is bound to is most likely who shall have it.
    fn prefer_holder(&mut self) {
        if let Some(name) = self.holder.as_ref().and_then(|holder| holder.name.clone())
            && self.form.text("to").is_empty()
        {
            self.form.pick("to", &name);
        }
    }

    fn show(&mut self, shown: Shown, view: SharedView, world: &World) -> Vec<Step> {
        self.stage = Stage::Showing(Box::new(Code::new(shown, view, world.moment.running)));
        vec![Step::Changed]
    }

    fn shared(&mut self, view: SharedView, out: Out, world: &World) -> Vec<Step> {
        let own_link = view.reissued.then_some("it has a link of its own: this share can be revoked alone");
        let hinted = |toast: Toast, hint: Option<&str>| match hint {
            Some(hint) => toast.with_hint(hint),
            None => toast,
        };
        match out {
            Out::Code(code) => self.show(Shown::Code(code), view, world),
            Out::Shown(text) => self.show(Shown::Text(text), view, world),
            Out::Text(text) => {
                let mut steps = vec![Step::Close, Step::Copy { text, secret: view.secret }];
                steps.extend(own_link.map(|hint| Step::Tell(Toast::note(hint))));
                steps.push(Step::Changed);
                steps
            }
            Out::File(file) => {
                let toast = hinted(Toast::done(format!("{} is in {}", view.name, file.display())), own_link);
                vec![Step::Close, Step::Tell(toast), Step::Changed]
            }
        }
    }
}

/// Takes the code off the screen, and everything that the terminal has of it.
fn hide(toast: Option<Toast>) -> Vec<Step> {
    [Some(Step::Close), Some(Step::Command(Command::Refresh)), toast.map(Step::Tell)].into_iter().flatten().collect()
}

/// Others first: what is shared goes to them.
fn recipients(keys: &[KeyView]) -> Vec<Pickable> {
    let one = |key: &KeyView| {
        let state = match (key.own, key.verified) {
            (true, _) => "your own key",
            (false, true) => "✓ verified",
            (false, false) => "not verified",
        };
        Pickable { value: key.name.clone(), text: key.name.clone(), detail: format!("{}  {state}", key.fingerprint) }
    };
    keys.iter().filter(|key| !key.own).chain(keys.iter().filter(|key| key.own)).map(one).collect()
}

impl Screen for Share {
    fn title(&self) -> String {
        let what = if is_card(&self.target) { "the card of " } else { "" };
        format!("Share {what}{}", self.target.name)
    }

    fn shape(&self, _world: &World) -> Shape {
        match &self.stage {
            Stage::Showing(code) if code.is_being_written() => Shape::Whole,
            Stage::Showing(_) => Shape::Code,
            Stage::Choosing | Stage::Asking(_) | Stage::Sharing => Shape::Full,
        }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.stage {
            Stage::Choosing => vec![Hint::new("Tab", "next"), Hint::new("Enter", "on"), Hint::new("Esc", "leave it")],
            Stage::Asking(_) => vec![Hint::new("Enter", "if it is typed"), Hint::new("Esc", "no")],
            Stage::Sharing | Stage::Showing(_) => Vec::new(),
        }
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown => self.questions(),
            Input::LedgerChanged if matches!(self.stage, Stage::Choosing | Stage::Asking(_)) => self.questions(),
            Input::Answered { slot, outcome } => self.answered(slot, outcome, world),
            Input::Key(key) => self.key(key),
            Input::Paste(text) => match &mut self.stage {
                Stage::Choosing if self.form.focus() == "to" && add::looks_like_a_card(text.expose()) => {
                    vec![Step::Open(Box::new(add::Add::of_text(text)))]
                }
                Stage::Choosing => {
                    let pressed = self.form.paste(text);
                    self.pressed(pressed)
                }
                Stage::Showing(code) => {
                    code.paste(text);
                    vec![Step::Stay]
                }
                // A name that has to be typed is not pasted.
                Stage::Asking(_) | Stage::Sharing => vec![Step::Stay],
            },
            Input::Mouse { at, what } if matches!(self.stage, Stage::Choosing) => {
                let pressed = self.form.mouse(at, what);
                self.pressed(pressed)
            }
            Input::Tick => match &self.stage {
                Stage::Showing(code) if code.is_over(world.moment.running) => {
                    hide(Some(Toast::note(format!("{} is hidden again", code.word())).with_hint("sharing once more gives it a link of its own")))
                }
                Stage::Showing(_) | Stage::Choosing | Stage::Asking(_) | Stage::Sharing => Vec::new(),
            },
            Input::Locked => vec![Step::Close],
            Input::LedgerChanged | Input::Mouse { .. } | Input::Command(_) => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        if let Stage::Showing(code) = &self.stage {
            return code.view(frame, area, world);
        }
        let name = self.title();
        let inner = pane(frame, area, title(theme, &name, true), true, theme);
        let mut fields = Fields::new(theme);
        match &self.allows {
            Some(allows) => fields.field("allows", Role::Plain, allows),
            None => fields.text(Role::Quiet, "reading…"),
        };
        if !is_card(&self.target) {
            fields.line("holder", crate::screen::grants::holder(self.holder.as_ref(), theme));
        }
        fields.blank();
        // A question, and what makes it one, take this much.
        let asked = if matches!(self.stage, Stage::Asking(_)) { 6 } else { 5 };
        let lines = fields.height(inner.width).min(inner.height.saturating_sub(asked));
        fields.view(frame, Rect { height: lines, ..inner }, &mut Scroll::default());
        let rest = Rect { y: inner.y + lines, height: inner.height - lines, ..inner };
        match &self.stage {
            Stage::Asking(field) => ask(frame, rest, &self.target, self.holder.is_some(), field, world),
            Stage::Sharing => frame.render_widget(line(theme, Role::Accent, "sharing…"), rest),
            Stage::Choosing | Stage::Showing(_) => {
                let said = u16::from(self.wrong.is_some()) * 2;
                self.form.view(frame, Rect { height: rest.height.saturating_sub(said), ..rest }, theme);
                if let Some(wrong) = &self.wrong {
                    let mut fields = Fields::new(theme);
                    fields.text(Role::Bad, format!("✗ {wrong}"));
                    let below = Rect { y: rest.bottom().saturating_sub(said), height: said.min(rest.height), ..rest };
                    fields.view(frame, below, &mut Scroll::default());
                }
            }
        }
    }
}

fn ask(frame: &mut Frame<'_>, area: Rect, target: &Target, bound: bool, field: &LineField, world: &World) {
    let theme = world.theme;
    let mut fields = Fields::new(theme);
    if bound {
        fields.text(
            Role::Warn,
            "! It leaves in clear. It is bound to a key: whoever sees it cannot use it without that key, and can read what it allows.",
        );
    } else {
        fields.text(Role::Warn, "! It leaves in clear. Whoever sees it has it, and can hand it on.");
    }
    fields.text(Role::Quiet, "It is written in the log. It can be revoked, not called back.").blank();
    // What is asked is always in sight, whatever else is not.
    let lines = fields.height(area.width).min(area.height.saturating_sub(1));
    fields.view(frame, Rect { height: lines, ..area }, &mut Scroll::default());
    let place = Rect { y: area.y + lines, height: area.height - lines, ..area };
    ask_name(frame, place, span(theme, Role::Plain, "Type "), (&target.name, ""), field, true, theme);
}

/// Why what is in this state is not shared any more.
fn over(state: State, name: &str) -> Option<VaultError> {
    match state {
        State::Revoked => Some(VaultError::Revoked { name: name.to_owned() }),
        State::Expired => Some(VaultError::Expired { name: name.to_owned() }),
        State::Active | State::Soon | State::NotYet => None,
    }
}
