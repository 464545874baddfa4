//! Revoking: what stops working, what is cut, what is not undone; a reason; the name typed; then the receipt.

use keycap_vault::view::{RevokePreview, RevokeReceipt};
use keycap_vault::words::number;
use keycap_vault::{Reason, RevokeReason};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::keymap::{ENTER, ESC, Key};
use crate::request::{Answer, Request};
use crate::screen::confirm::ask_name;
use crate::screen::grants::holder;
use crate::screen::{Click, Hint, Input, Screen, Step, Target};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::fields::{Fields, Scroll};
use crate::widget::line_field::LineField;
use crate::widget::pane::pane;
use crate::widget::text::{line, span};
use crate::world::World;

/// The dialog; it takes the whole screen, since what dies may be long.
#[derive(Debug)]
pub(crate) struct Revoke {
    target: Target,
    preview: Option<RevokePreview>,
    receipt: Option<RevokeReceipt>,
    reason: usize,
    note: LineField,
    name: LineField,
    on: On,
    scroll: Scroll,
    busy: bool,
}

/// The field with the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Reason,
    Note,
    Name,
}

const PREVIEW: u32 = 0;
const REVOKE: u32 = 1;
const RECEIPT: u32 = 2;
/// Rows at the bottom for reason, note and name.
const FORM: u16 = 5;

impl Revoke {
    /// Of that grant.
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            preview: None,
            receipt: None,
            reason: 0,
            note: LineField::default(),
            name: LineField::default(),
            on: On::Reason,
            scroll: Scroll::default(),
            busy: false,
        }
    }

    /// What has to be typed.
    fn asked(&self) -> &str {
        &self.target.name
    }

    fn key(&mut self, key: Key) -> Vec<Step> {
        use crossterm::event::KeyCode;

        if self.receipt.is_some() {
            return if key == ENTER || key == ESC || key == Key::char('q') { vec![Step::Close] } else { vec![Step::Stay] };
        }
        if key == ESC {
            return vec![Step::Close];
        }
        if self.busy || self.preview.is_none() {
            return vec![Step::Stay];
        }
        let backwards = key.code == KeyCode::BackTab || (key.code == KeyCode::Up && self.on != On::Reason);
        let forwards = key.code == KeyCode::Tab || (key == ENTER && self.on != On::Name);
        if let Some(command) = [KeyCode::PageUp, KeyCode::PageDown].contains(&key.code).then(|| crate::widget::list::arrow(key)).flatten() {
            self.scroll.command(command);
            return vec![Step::Stay];
        }
        match (self.on, key) {
            (on, _) if forwards => {
                self.on = match on {
                    On::Reason => On::Note,
                    On::Note => On::Name,
                    On::Name => On::Reason,
                };
            }
            (on, _) if backwards => {
                self.on = match on {
                    On::Reason => On::Name,
                    On::Note => On::Reason,
                    On::Name => On::Note,
                };
            }
            (On::Reason, key) => {
                let last = Reason::ALL.len() - 1;
                if matches!(key.code, KeyCode::Left | KeyCode::Up | KeyCode::Char('h')) {
                    self.reason = self.reason.saturating_sub(1);
                } else if matches!(key.code, KeyCode::Right | KeyCode::Down | KeyCode::Char('l' | ' ')) {
                    self.reason = (self.reason + 1).min(last);
                }
            }
            (On::Note, key) => {
                self.note.key(key);
            }
            (On::Name, ENTER) => {
                if self.name.text() == self.asked() {
                    self.busy = true;
                    let reason = Reason::ALL.get(self.reason).copied().unwrap_or(Reason::Other);
                    let why = RevokeReason { reason, note: self.note.text().trim().to_owned() };
                    return vec![Step::Ask { slot: REVOKE, request: Request::Revoke { rid: self.target.id.clone(), why } }];
                }
            }
            (On::Name, key) => {
                self.name.key(key);
            }
        }
        vec![Step::Stay]
    }

    fn view_form(&self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let label = |on, text: &str| {
            span(theme, if self.on == on { Role::Accent } else { Role::Quiet }, format!("{} {text:<8}", if self.on == on { "▸" } else { " " }))
        };
        let mut reasons = vec![label(On::Reason, "Reason")];
        for (at, reason) in Reason::ALL.iter().enumerate() {
            let chosen = at == self.reason;
            let mark = if chosen { "(•) " } else { "( ) " };
            reasons.push(span(theme, if chosen { Role::Strong } else { Role::Quiet }, format!("{mark}{}  ", reason.word())));
        }
        frame.render_widget(Line::from(reasons), Rect { height: 1, ..area });
        let row = |at: u16| Rect { y: area.y + at, height: 1, ..area };
        let field = |at: u16| Rect { x: area.x + 10, width: area.width.saturating_sub(10), ..row(at) };
        frame.render_widget(Line::from(label(On::Note, "Note")), row(1));
        self.note.view(frame, field(1), "why, for whoever reads the log", self.on == On::Note, theme);
        if self.busy {
            return frame.render_widget(line(theme, Role::Accent, "revoking…"), row(3));
        }
        ask_name(frame, row(3), label(On::Name, "Type"), (self.asked(), " to revoke"), &self.name, self.on == On::Name, theme);
        if self.on == On::Reason {
            frame.set_cursor_position((area.x, area.y));
        }
    }
}

fn preview_fields(preview: &RevokePreview, world: &World) -> Fields {
    let theme = world.theme;
    let mut fields = Fields::new(theme);
    fields.heading(format!("Stops working now: {}", number(preview.dies_total)));
    for row in &preview.dies {
        let indent = "  ".repeat(usize::try_from(row.depth).unwrap_or(0));
        let used = row.grant.usage.last.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", world.told(at)));
        let mut text = Line::from(vec![Span::raw(format!("  {indent}")), span(theme, Role::Name, &row.grant.name), Span::raw("  ")]);
        text.spans.extend(holder(row.grant.holder.as_ref(), theme).spans);
        text.push_span(span(theme, Role::Quiet, format!("  {used}")));
        fields.spans(text);
    }
    let shown = u64::try_from(preview.dies.len()).unwrap_or(u64::MAX);
    if shown < preview.dies_total {
        fields.text(Role::Quiet, format!("  and {} more", number(preview.dies_total - shown)));
    }
    fields.heading(format!("Sessions cut: {}", number(u64::try_from(preview.live_sessions.len()).unwrap_or(u64::MAX))));
    if preview.live_sessions.is_empty() {
        fields.text(Role::Quiet, "  none is open");
    }
    for session in &preview.live_sessions {
        let name = session.grant.clone().unwrap_or_default();
        let target = session.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
        fields.spans(Line::from(vec![
            span(theme, Role::Good, "  ● "),
            span(theme, Role::Name, name),
            span(theme, Role::Plain, format!("  from {}{target}", session.from)),
            span(theme, Role::Quiet, format!(", for {}", world.lasted(session.opened))),
        ]));
    }
    fields.heading("Where it is applied");
    if preview.gateways.is_empty() {
        fields.text(Role::Quiet, "  no gateway of this vault runs; the next one that starts applies it");
    }
    for gateway in &preview.gateways {
        fields.text(Role::Plain, format!("  {} on {}, process {}", gateway.listen, gateway.host, gateway.pid));
    }
    fields.heading("Not undone");
    for sentence in &preview.not_undone {
        fields.text(Role::Plain, format!("  {sentence}"));
    }
    fields
}

fn receipt_fields(receipt: &RevokeReceipt, world: &World) -> Fields {
    let theme = world.theme;
    let mut fields = Fields::new(theme);
    let below = match receipt.refused.saturating_sub(1) {
        0 => String::new(),
        1 => ", and the one below it".to_owned(),
        more => format!(", and the {} below it", number(more)),
    };
    fields.spans(Line::from(vec![
        span(theme, Role::Good, "✓ "),
        span(theme, Role::Plain, "revoked "),
        span(theme, Role::Name, &receipt.grant.name),
        span(theme, Role::Plain, format!(" of {}{below}", receipt.grant.service)),
    ]));
    fields.heading("Gateways");
    if receipt.gateways.is_empty() {
        fields.text(Role::Quiet, "No gateway of this vault runs; the next one that starts applies it.");
    }
    for gateway in &receipt.gateways {
        let (role, what) = match (gateway.applied, gateway.sessions_cut) {
            (Some(_), 0) => (Role::Good, "✓ applied, no session was open".to_owned()),
            (Some(_), 1) => (Role::Good, "✓ applied, 1 session cut".to_owned()),
            (Some(_), cut) => (Role::Good, format!("✓ applied, {} sessions cut", number(cut))),
            (None, _) if gateway.gateway.alive => (Role::Warn, "… not yet".to_owned()),
            (None, _) => (Role::Warn, "gone; applies it when it starts again".to_owned()),
        };
        fields.line(gateway.gateway.listen.clone(), line(theme, role, what));
    }
    if receipt.pending > 0 {
        fields.blank().text(Role::Warn, "Until a gateway has applied it, the sessions there go on. A line at the top stays until all have.");
    }
    fields
}

impl Screen for Revoke {
    fn title(&self) -> String {
        format!("Revoke {}", self.target.name)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        if self.receipt.is_some() {
            return vec![Hint::new("Enter", "close")];
        }
        vec![Hint::new("Tab", "next field"), Hint::new("←→", "reason"), Hint::new("PgDn", "scroll"), Hint::new("Esc", "no, leave it")]
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        match input {
            Input::Shown | Input::LedgerChanged if self.receipt.is_none() && !self.busy => {
                vec![Step::Ask { slot: PREVIEW, request: Request::RevokePreview(self.target.id.clone()) }]
            }
            Input::Tick if self.receipt.as_ref().is_some_and(|receipt| receipt.pending > 0) => {
                vec![Step::Ask { slot: RECEIPT, request: Request::Receipt(self.target.id.clone()) }]
            }
            Input::LedgerChanged if self.receipt.is_some() => {
                vec![Step::Ask { slot: RECEIPT, request: Request::Receipt(self.target.id.clone()) }]
            }
            Input::Answered { outcome: Ok(Answer::RevokePreview(preview)), .. } => {
                // What is confirmed is what was chosen, or nothing.
                if preview.target.rid != self.target.id || preview.target.name != self.target.name {
                    return vec![Step::Close, Step::Tell(Toast::note(format!("{} is not what it was; look again", self.target.name)))];
                }
                if preview.target.revoked.as_ref().is_some_and(|revoked| revoked.by.is_none()) && !self.busy {
                    return vec![Step::Close, Step::Tell(Toast::note(format!("{} is revoked already", self.target.name)))];
                }
                self.preview = Some(*preview);
                Vec::new()
            }
            Input::Answered { slot, outcome: Ok(Answer::Receipt(receipt)) } => {
                let pending = receipt.pending > 0;
                self.receipt = Some(*receipt);
                self.scroll = Scroll::default();
                if slot != REVOKE {
                    return Vec::new();
                }
                let mut steps = vec![Step::Changed];
                if pending {
                    steps.push(Step::Await { rid: self.target.id.clone(), name: self.target.name.clone() });
                }
                steps
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Close, Step::Tell(Toast::from(failure))],
            Input::Key(key) => self.key(key),
            Input::Mouse { what: Click::WheelUp, .. } => {
                self.scroll.command(crate::keymap::Command::Up);
                vec![Step::Stay]
            }
            Input::Mouse { what: Click::WheelDown, .. } => {
                self.scroll.command(crate::keymap::Command::Down);
                vec![Step::Stay]
            }
            Input::Locked => vec![Step::Close],
            Input::Shown
            | Input::LedgerChanged
            | Input::Command(_)
            | Input::Mouse { .. }
            | Input::Paste(_)
            | Input::Tick
            | Input::Answered { .. } => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let service = self.preview.as_ref().map(|preview| preview.target.service.clone()).unwrap_or_default();
        let question = if self.receipt.is_some() { "Revoked" } else { "Revoke?" };
        let head = Line::from(vec![
            span(theme, Role::Bad, question),
            span(theme, Role::Strong, format!(" {}", self.target.name)),
            span(theme, Role::Quiet, format!(" of {service}")),
        ]);
        let inner = pane(frame, area, head, true, theme);
        if let Some(receipt) = &self.receipt {
            receipt_fields(receipt, world).view(frame, inner, &mut self.scroll);
            return frame.set_cursor_position((inner.x, inner.y));
        }
        let Some(preview) = &self.preview else {
            return frame.render_widget(line(theme, Role::Quiet, "looking what it would end…"), inner);
        };
        let above = Rect { height: inner.height.saturating_sub(FORM), ..inner };
        preview_fields(preview, world).view(frame, above, &mut self.scroll);
        let rule = Rect { y: above.bottom(), height: 1, ..inner };
        frame.render_widget(line(theme, Role::Frame, "─".repeat(usize::from(inner.width))), rule);
        self.view_form(frame, Rect { y: rule.y + 1, height: FORM - 1, ..inner }, world);
    }
}
