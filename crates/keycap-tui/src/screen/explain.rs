//! Whether something would be allowed, and which caveat says no: asked offline, again with every change.

use keycap_vault::view::ExplainView;
use keycap_vault::{UnixSeconds, When, Would};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::ESC;
use crate::request::{Answer, Request};
use crate::screen::{Hint, Input, Kind, Screen, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::line_field::LineField;
use crate::widget::pane::{pane, title};
use crate::widget::text::{line, span};
use crate::world::World;

/// The screen.
#[derive(Debug)]
pub(crate) struct Explain {
    target: Target,
    request: LineField,
    at: LineField,
    from: LineField,
    on: usize,
    explained: Option<ExplainView>,
    misunderstood: Option<String>,
    scroll: Scroll,
}

const FIELDS: [(&str, &str); 3] = [
    ("Request", "GET /orders/7, or a target such as db; empty: just a session"),
    ("When", "30d, 12h, 2027-01-31; empty: now"),
    ("From", "the name of a key; empty: the one it is bound to"),
];

impl Explain {
    /// Of that capability or grant.
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            request: LineField::default(),
            at: LineField::default(),
            from: LineField::default(),
            on: 0,
            explained: None,
            misunderstood: None,
            scroll: Scroll::default(),
        }
    }

    fn field(&mut self) -> &mut LineField {
        match self.on {
            0 => &mut self.request,
            1 => &mut self.at,
            _ => &mut self.from,
        }
    }

    /// What is asked, with what was typed so far.
    fn ask(&mut self, now: u64) -> Vec<Step> {
        let would = match self.would(now) {
            Ok(would) => would,
            Err(why) => {
                self.misunderstood = Some(why);
                return vec![Step::Stay];
            }
        };
        self.misunderstood = None;
        let name = match self.target.kind {
            Kind::Grant => self.target.id.clone(),
            Kind::Key | Kind::Card | Kind::Service | Kind::Capability | Kind::Group | Kind::File => self.target.name.clone(),
        };
        vec![Step::Ask { slot: 0, request: Request::Explain { name, would } }]
    }

    fn would(&self, now: u64) -> Result<Would, String> {
        let text = |field: &LineField| Some(field.text().trim().to_owned()).filter(|text| !text.is_empty());
        let request = text(&self.request).map(|text| keycap_vault::parse_request(&text).map_err(|error| error.to_string())).transpose()?;
        let at = text(&self.at).map(|text| text.parse::<When>().map_err(|error| error.to_string())).transpose()?;
        Ok(Would { request, at: at.map(|when| when.at(UnixSeconds::new(now))), from: text(&self.from), ..Would::default() })
    }
}

impl Screen for Explain {
    fn title(&self) -> String {
        format!("Would {} allow it?", self.target.name)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        vec![Hint::new("Tab", "next field"), Hint::new("PgDn", "scroll"), Hint::new("Esc", "back")]
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        use crossterm::event::KeyCode;

        match input {
            Input::Shown | Input::LedgerChanged => self.ask(world.moment.wall),
            Input::Answered { outcome: Ok(Answer::Explained(explained)), .. } => {
                self.explained = Some(explained);
                Vec::new()
            }
            Input::Answered { outcome: Err(failure), .. } if failure.code == "not-found" && self.from.is_empty() => {
                vec![Step::Close, Step::Tell(Toast::from(failure))]
            }
            Input::Answered { outcome: Err(failure), .. } => {
                self.misunderstood = Some(failure.message);
                Vec::new()
            }
            Input::Key(key) if key == ESC => vec![Step::Close],
            Input::Key(key) => {
                match (key.code, key.ctrl) {
                    (KeyCode::Tab | KeyCode::Down, _) => self.on = (self.on + 1) % FIELDS.len(),
                    (KeyCode::BackTab | KeyCode::Up, _) => self.on = (self.on + FIELDS.len() - 1) % FIELDS.len(),
                    (KeyCode::PageUp | KeyCode::PageDown, _) => {
                        if let Some(command) = crate::widget::list::arrow(key) {
                            self.scroll.command(command);
                        }
                    }
                    (KeyCode::Enter, _) => self.on = (self.on + 1) % FIELDS.len(),
                    (_, _) => {
                        if self.field().key(key) {
                            return self.ask(world.moment.wall);
                        }
                    }
                }
                vec![Step::Stay]
            }
            Input::Paste(text) => {
                self.field().paste(text.expose());
                self.ask(world.moment.wall)
            }
            Input::Locked => vec![Step::Close],
            Input::Command(_) | Input::Mouse { .. } | Input::Tick | Input::Answered { .. } => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let inner = pane(frame, area, title(theme, &self.title(), true), true, theme);
        for (at, ((label, placeholder), field)) in FIELDS.iter().zip([&self.request, &self.at, &self.from]).enumerate() {
            let Ok(row) = u16::try_from(at) else { continue };
            let place = Rect { y: inner.y + row, height: 1, ..inner };
            let on = at == self.on;
            let sign = if on { "▸" } else { " " };
            frame.render_widget(line(theme, if on { Role::Accent } else { Role::Quiet }, format!("{sign} {label:<9}")), place);
            let field_place = Rect { x: inner.x + 11, width: inner.width.saturating_sub(11), ..place };
            field.view(frame, field_place, placeholder, on, theme);
        }
        let below = Rect { y: inner.y + 4, height: inner.height.saturating_sub(4), ..inner };
        let mut fields = Fields::new(theme);
        if let Some(why) = &self.misunderstood {
            fields.text(Role::Warn, why);
        } else if let Some(explained) = &self.explained {
            answer(explained, &mut fields, world);
        } else {
            fields.text(Role::Quiet, "asking…");
        }
        fields.view(frame, below, &mut self.scroll);
    }
}

fn answer(explained: &ExplainView, fields: &mut Fields, world: &World) {
    let theme = world.theme;
    let (role, sign) = if explained.allowed { (Role::Good, "✓") } else { (Role::Bad, "✗") };
    fields.spans(Line::from(span(theme, role, format!("{sign} {}", explained.summary))));
    let mut block = None;
    for finding in &explained.findings {
        if block != Some(finding.block) {
            block = Some(finding.block);
            fields.heading(format!("{} {}", finding.block, finding.kind));
        }
        let (role, sign) = if finding.holds { (Role::Good, "✓ ") } else { (Role::Bad, "✗ ") };
        let name = finding.caveat.clone().unwrap_or_else(|| "chain".to_owned());
        let mut text =
            Line::from(vec![span(theme, role, sign), span(theme, Role::Quiet, format!("{name:<14} ")), span(theme, Role::Plain, &finding.value)]);
        if let Some(reason) = &finding.reason {
            text.push_span(span(theme, Role::Bad, format!("  {reason}")));
        }
        fields.spans(text);
    }
}
