//! Asking first: yes or no for what is moderate, the name typed for what is severe. What is asked about was captured when the question was put;
//! whether it is still that is checked again by whoever does it.

use keycap_vault::action::Danger;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::keymap::{ENTER, ESC, Key};
use crate::request::{Answer, Change, Request};
use crate::screen::{Hint, Input, Kind, Screen, Shape, Step, Target};
use crate::theme::{Role, Theme};
use crate::toast::Toast;
use crate::widget::line_field::LineField;
use crate::widget::text::{columns, cut, line, span, wrap};
use crate::world::World;

/// What is done after a yes.
#[derive(Debug)]
pub(crate) enum Then {
    /// The program ends.
    Quit,
    /// The vault is asked, and what it did is told.
    Ask { request: Option<Request>, told: String },
}

/// A question.
#[derive(Debug)]
pub(crate) struct Confirm {
    question: String,
    sentences: Vec<String>,
    /// What has to be typed; `None`: `y` is enough.
    name: Option<String>,
    field: LineField,
    then: Then,
    /// Whether the answer was yes, and the vault is at it.
    busy: bool,
}

impl Confirm {
    /// Answered with `y`, and with No by everything else.
    pub(crate) fn new(question: impl Into<String>, sentences: Vec<String>, then: Then) -> Self {
        Self { question: question.into(), sentences, name: None, field: LineField::default(), then, busy: false }
    }

    /// Answered by typing this name.
    pub(crate) fn typed(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    fn yes(&mut self) -> Vec<Step> {
        match &mut self.then {
            Then::Quit => vec![Step::Close, Step::End],
            Then::Ask { request, .. } => {
                self.busy = true;
                request.take().map(|request| Step::Ask { slot: 0, request }).into_iter().collect()
            }
        }
    }
}

impl Screen for Confirm {
    fn title(&self) -> String {
        self.question.clone()
    }

    fn shape(&self, _world: &World) -> Shape {
        let lines: usize = self.sentences.iter().map(|sentence| sentence.len() / 56 + 1).sum();
        Shape::Box { columns: 64, rows: u16::try_from(lines).unwrap_or(20).saturating_add(6) }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        match self.name {
            Some(_) => vec![Hint::new("Enter", "do it"), Hint::new("Esc", "no")],
            None => vec![Hint::new("y", "yes"), Hint::new("n", "no"), Hint::new("Esc", "no")],
        }
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Answered { outcome: Ok(_), .. } => {
                let told = if let Then::Ask { told, .. } = &self.then { told.clone() } else { String::new() };
                vec![Step::Close, Step::Tell(Toast::done(told)), Step::Changed]
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Close, Step::Tell(Toast::from(failure))],
            Input::Locked => vec![Step::Close],
            Input::Key(_) | Input::Paste(_) if self.busy => vec![Step::Stay],
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) => match &self.name {
                Some(name) if key == ENTER => {
                    if self.field.text() == name {
                        return self.yes();
                    }
                    vec![Step::Stay]
                }
                Some(_) => {
                    self.field.key(key);
                    vec![Step::Stay]
                }
                None if key == Key::char('y') => self.yes(),
                // Enter is No: it is what a hand presses without thinking.
                None => vec![Step::Close],
            },
            // A name that has to be typed is not pasted.
            Input::Paste(_) | Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Mouse { .. } | Input::Tick => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let width = usize::from(area.width);
        let mut lines = vec![Line::default()];
        for sentence in &self.sentences {
            lines.extend(wrap(line(theme, Role::Plain, sentence), width));
        }
        lines.push(Line::default());
        let ask_y = lines.len();
        match (&self.name, self.busy) {
            (_, true) => lines.push(line(theme, Role::Accent, "working…")),
            (None, false) => lines.push(Line::from(vec![
                span(theme, Role::Accent, "y"),
                span(theme, Role::Plain, " yes    "),
                span(theme, Role::Strong, "[No]"),
                span(theme, Role::Quiet, " anything else"),
            ])),
            (Some(_), false) => {}
        }
        for (text, y) in lines.into_iter().zip(area.y..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
        if let (Some(name), false) = (&self.name, self.busy) {
            let y = (area.y + u16::try_from(ask_y).unwrap_or(0)).min(area.bottom().saturating_sub(1));
            let place = Rect { y, height: area.bottom() - y, ..area };
            ask_name(frame, place, span(theme, Role::Plain, "Type "), (name, ""), &self.field, true, theme);
        }
    }
}

/// A line that asks for a name to be typed, and the field for it. Where there is no room for all of it, what Enter does is left out; then the
/// field goes onto the next line, if there is one; then the end of the name is left out.
pub(crate) fn ask_name(
    frame: &mut Frame<'_>,
    area: Rect,
    before: Span<'static>,
    (name, does): (&str, &str),
    field: &LineField,
    on: bool,
    theme: Theme,
) {
    let needs = columns(name) + 1;
    let text = |after: String| Line::from(vec![before.clone(), span(theme, Role::Bad, name), span(theme, Role::Plain, after)]);
    let fits = |text: &Line<'_>| text.width() + usize::from(needs) <= usize::from(area.width);
    let (long, short) = (text(format!(" and press Enter{does}: ")), text(": ".to_owned()));
    let asks = if fits(&long) { long } else { short };
    let place = Rect { height: 1.min(area.height), ..area };
    if !fits(&asks) && area.height > 1 {
        frame.render_widget(cut(asks, usize::from(area.width)), place);
        return field.view(frame, Rect { y: area.y + 1, ..place }, "", on, theme);
    }
    let asks = cut(asks, usize::from(area.width - needs.min(area.width / 2)));
    let width = u16::try_from(asks.width()).unwrap_or(area.width).min(area.width);
    frame.render_widget(asks, place);
    field.view(frame, Rect { x: area.x + width, width: area.width - width, ..place }, "", on, theme);
}

/// Deleting something, as its danger demands.
pub(crate) fn removal(target: Target) -> Box<dyn Screen> {
    let Target { kind, name, id } = target;
    let told = format!("{} {name} is removed", kind.word());
    let (question, sentences, request, danger) = match kind {
        Kind::Key => (
            format!("Delete the key {name}?"),
            vec![
                "Its private half is deleted for good: what is bound or sealed to it is lost to you.".to_owned(),
                "This cannot be undone.".to_owned(),
            ],
            Request::RemoveKey { name: name.clone(), fingerprint: id },
            Danger::Severe,
        ),
        Kind::Card => (
            format!("Forget the key card {name}?"),
            vec!["It is only a card: you can take it in again whenever its owner gives it to you.".to_owned()],
            Request::RemoveKey { name: name.clone(), fingerprint: id },
            Danger::Moderate,
        ),
        Kind::Service => (
            format!("Remove the service {name}?"),
            vec![
                "If it is served here, its keys are deleted for good, and with them every capability that was minted for it.".to_owned(),
                "This cannot be undone.".to_owned(),
            ],
            Request::RemoveService { name: name.clone(), fingerprint: id },
            Danger::Severe,
        ),
        Kind::Capability | Kind::Grant | Kind::Group | Kind::File => (
            format!("Delete the capability {name}?"),
            vec!["It is deleted from this vault for good. Whoever else has it can still use it: only its service can revoke it.".to_owned()],
            Request::RemoveCapability { name: name.clone(), last_block: id },
            Danger::Moderate,
        ),
    };
    let confirm = Confirm::new(question, sentences, Then::Ask { request: Some(request), told });
    Box::new(if danger == Danger::Severe { confirm.typed(name) } else { confirm })
}

/// Comparing a card's fingerprint with its owner.
#[derive(Debug)]
pub(crate) struct Verify {
    target: Target,
    verified: Option<bool>,
}

impl Verify {
    /// Of that card.
    pub(crate) fn new(target: Target) -> Self {
        Self { target, verified: None }
    }
}

impl Screen for Verify {
    fn title(&self) -> String {
        format!("Compare {} with its owner", self.target.name)
    }

    fn shape(&self, _world: &World) -> Shape {
        Shape::Box { columns: 64, rows: 10 }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("y", "they are the same"), Hint::new("n", "not verified"), Hint::new("Esc", "leave it")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        let change = |verified| vec![Step::Close, Step::Change(Change::Verified { name: self.target.name.clone(), verified })];
        match input {
            Input::Shown => vec![Step::Ask { slot: 0, request: Request::Keys }],
            Input::Answered { outcome: Ok(Answer::Keys(keys)), .. } => {
                let key = keys.into_iter().find(|key| key.fingerprint_full == self.target.id && key.name == self.target.name);
                self.verified = key.map(|key| key.verified);
                if self.verified.is_none() { vec![Step::Close] } else { Vec::new() }
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Close, Step::Tell(Toast::from(failure))],
            Input::Key(key) if key == Key::char('y') && self.verified.is_some() => change(true),
            Input::Key(key) if key == Key::char('n') && self.verified == Some(true) => change(false),
            Input::Key(_) => vec![Step::Close],
            Input::LedgerChanged
            | Input::Answered { .. }
            | Input::Command(_)
            | Input::Mouse { .. }
            | Input::Paste(_)
            | Input::Tick
            | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let width = usize::from(area.width);
        let mut lines = vec![Line::default()];
        lines.extend(wrap(line(theme, Role::Quiet, "Ask the owner to read this aloud, by a way you trust, such as voice:"), width));
        lines.push(Line::default());
        lines.extend(wrap(line(theme, Role::Strong, &self.target.id), width));
        lines.push(Line::default());
        lines.push(Line::from(vec![span(theme, Role::Accent, "y"), span(theme, Role::Plain, " it is the same, every group of it")]));
        for (text, y) in lines.into_iter().zip(area.y..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
    }
}
