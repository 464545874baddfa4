//! The picture: a header with the screens, what is on the stack, a line of keys, and what lies over all of it.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::App;
use super::lock::{Gate, Why};
use crate::event::{Effect, Wanted};
use crate::keymap::{Command, Key, Meaning};
use crate::screen::{Click, Hint, Input, Shape, Tab};
use crate::theme::Role;
use crate::widget::pane;
use crate::widget::text::{columns, cut, line, span, wrap};

/// Below these columns and rows there is no room for anything.
pub(crate) const LEAST: (u16, u16) = (50, 15);

/// Letters on the lines of a list, each of which jumps there.
#[derive(Debug, Default)]
pub(super) struct Letters {
    /// The letter, and the place of the terminal that it stands for.
    at: Vec<(char, (u16, u16))>,
}

/// The letters, those under the fingers first.
const ALPHABET: &str = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM";

impl App {
    /// Draws everything.
    pub(crate) fn view(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return self.too_small(frame, area);
        }
        if self.lock.hides() {
            return self.veiled(frame, area);
        }
        let shape = self.top().map(|screen| screen.shape(&self.world));
        if let (Some(layer), Some(Shape::Whole | Shape::Code)) = (self.stack.last_mut(), shape) {
            layer.drawn = area;
            layer.screen.view(frame, area, &self.world);
            if shape == Some(Shape::Whole) {
                self.toasts(frame, area);
            }
            return;
        }
        let banner = u16::from(!self.world.awaited.is_empty());
        let header = Rect { height: 1, ..area };
        let standing = Rect { y: area.y + 1, height: banner, ..area };
        let body = Rect { y: area.y + 1 + banner, height: area.height - 2 - banner, ..area };
        let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
        self.header(frame, header);
        if banner > 0 {
            self.banner(frame, standing);
        }
        let mut stack = std::mem::take(&mut self.stack);
        let lowest = stack.iter().rposition(|layer| !matches!(layer.screen.shape(&self.world), Shape::Box { .. })).unwrap_or(0);
        for layer in stack.iter_mut().skip(lowest) {
            layer.drawn = match layer.screen.shape(&self.world) {
                Shape::Full | Shape::Whole | Shape::Code => body,
                Shape::Box { columns, rows } => {
                    let place = pane::middle(body, columns, rows);
                    let title = pane::title(self.world.theme, &layer.screen.title(), true);
                    pane::over(frame, place, title, self.world.theme)
                }
            };
            layer.screen.view(frame, layer.drawn, &self.world);
        }
        self.stack = stack;
        self.footer(frame, footer);
        self.toasts(frame, body);
        self.draw_letters(frame);
        if let Some(gate) = &self.lock.gate {
            let place = pane::middle(body, 60, 9);
            let inner = pane::over(frame, place, pane::title(self.world.theme, "The vault has to be unlocked first", true), self.world.theme);
            self.gate(frame, inner, gate);
        }
    }

    fn header(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.world.theme;
        let right = self.state_line();
        let room = usize::from(area.width).saturating_sub(right.width() + 2);
        let mut spans = vec![span(theme, Role::Strong, " keycap ")];
        let (words, gap) = self.tab_words(room);
        for (tab, text) in words {
            let role = if tab == self.tab { Role::Accent } else { Role::Quiet };
            spans.push(Span::raw(" "));
            let mut word = span(theme, role, &text);
            if tab == self.tab {
                word.style = word.style.add_modifier(ratatui::style::Modifier::UNDERLINED);
            }
            spans.push(word);
            spans.push(Span::raw(" ".repeat(usize::from(gap) - 1)));
        }
        frame.render_widget(cut(Line::from(spans), room), area);
        let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
        frame.render_widget(right, Rect { x: area.right() - width, width, ..area });
    }

    /// The screens in the header, and the blanks between them: with all their names if there is room, else only that of the one that is shown.
    fn tab_words(&self, room: usize) -> (Vec<(Tab, String)>, u16) {
        let words = |short: bool| -> Vec<(Tab, String)> {
            Tab::ALL
                .into_iter()
                .map(|tab| {
                    let key = self.tab_key(tab).map(|key| key.to_string()).unwrap_or_default();
                    let named = !short || tab == self.tab;
                    (tab, if named { format!("{key} {}", tab.title()) } else { key })
                })
                .collect()
        };
        let long = words(false);
        let width = |words: &[(Tab, String)], gap: usize| 8 + words.iter().map(|(_, text)| text.chars().count() + gap).sum::<usize>();
        let short = words(true);
        match room {
            room if width(&long, 2) <= room => (long, 2),
            room if width(&long, 1) <= room => (long, 1),
            room if width(&short, 2) <= room => (short, 2),
            _ => (short, 1),
        }
    }

    pub(super) fn tab_key(&self, tab: Tab) -> Option<Key> {
        let meaning = tab.action().map_or(Meaning::Command(Command::Overview), Meaning::Action);
        self.world.keymap.key_of(meaning)
    }

    /// The screen whose name stands at a place of the terminal.
    pub(super) fn tab_at(&self, at: (u16, u16)) -> Option<Tab> {
        if at.1 != 0 {
            return None;
        }
        let room = usize::from(self.world.size.columns).saturating_sub(self.state_line().width() + 2);
        let mut x = 8;
        let (words, gap) = self.tab_words(room);
        for (tab, text) in words {
            let width = columns(&text) + gap;
            if (x..x + width).contains(&at.0) {
                return Some(tab);
            }
            x += width;
        }
        None
    }

    /// At the right of the header: what runs, what is on the clipboard, the lock, the time.
    fn state_line(&self) -> Line<'static> {
        let theme = self.world.theme;
        let mut spans = Vec::new();
        if let Some(until) = self.world.on_clipboard {
            let left = until.saturating_sub(self.world.moment.running).as_secs();
            spans.push(span(theme, Role::Warn, format!("clipboard {left} s")));
            spans.push(Span::raw("  "));
        }
        match self.world.running_tasks() {
            0 => {}
            1 => spans.extend([span(theme, Role::Accent, format!("{} 1 task", self.spinner())), Span::raw("  ")]),
            more => spans.extend([span(theme, Role::Accent, format!("{} {more} tasks", self.spinner())), Span::raw("  ")]),
        }
        if self.world.looks_around {
            spans.extend([span(theme, Role::Warn, "nothing is kept"), Span::raw("  ")]);
        }
        match &self.world.status {
            None => spans.push(span(theme, Role::Quiet, "reading…")),
            Some(status) if status.locked => spans.push(span(theme, Role::Bad, "locked")),
            Some(_) => spans.push(span(theme, Role::Good, "● open")),
        }
        spans.push(span(theme, Role::Quiet, format!("  {} ", self.world.times.clock(self.world.moment.wall))));
        Line::from(spans)
    }

    fn spinner(&self) -> char {
        let step = self.world.moment.running.as_millis() / 250 % 4;
        ['|', '/', '-', '\\'].into_iter().nth(usize::try_from(step).unwrap_or(0)).unwrap_or('|')
    }

    /// A revocation that has not reached every gateway is not done: that stands there until it has.
    fn banner(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.world.theme;
        let names: Vec<&str> = self.world.awaited.iter().map(|awaited| awaited.name.as_str()).collect();
        let text = format!(" ! revoked, and not applied at every gateway yet: {}", names.join(", "));
        frame.render_widget(cut(line(theme, Role::Warn, text), usize::from(area.width)), area);
    }

    fn footer(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.world.theme;
        let (shown, fixed) = self.hints(area.width);
        let text = |hints: &[Hint]| {
            let spans = hints
                .iter()
                .flat_map(|hint| [span(theme, Role::Accent, format!(" {}", hint.key)), span(theme, Role::Quiet, format!(" {} ", hint.label))]);
            Line::from(spans.collect::<Vec<_>>())
        };
        frame.render_widget(text(&shown), area);
        let right = text(&fixed);
        let width = u16::try_from(right.width()).unwrap_or(0).min(area.width);
        frame.render_widget(right, Rect { x: area.right() - width, width, ..area });
    }

    /// The keys at the bottom: as many of the screen's own as there is room for, and those that are always there.
    fn hints(&self, room: u16) -> (Vec<Hint>, Vec<Hint>) {
        let fixed = if self.top().is_some_and(crate::screen::Screen::takes_text) {
            Vec::new()
        } else {
            let leave = if self.stack.len() > 1 { (Command::Back, "back") } else { (Command::Quit, "quit") };
            let named = [(Command::Help, "help"), leave].into_iter();
            named.filter_map(|(command, label)| Some(Hint::new(self.world.keymap.key_of(Meaning::Command(command))?.to_string(), label))).collect()
        };
        let width = |hint: &Hint| columns(&hint.key) + columns(&hint.label) + 3;
        let mut left = room.saturating_sub(fixed.iter().map(width).sum());
        let wanted = self.top().map(|top| top.hints(&self.world)).unwrap_or_default();
        let mut shown = Vec::new();
        for hint in wanted {
            let Some(rest) = left.checked_sub(width(&hint)) else { break };
            left = rest;
            shown.push(hint);
        }
        (shown, fixed)
    }

    /// The key whose hint stands at a place of the terminal.
    pub(super) fn hint_at(&self, at: (u16, u16)) -> Option<Key> {
        if at.1 + 1 != self.world.size.rows {
            return None;
        }
        let (shown, fixed) = self.hints(self.world.size.columns);
        let width = |hint: &Hint| columns(&hint.key) + columns(&hint.label) + 3;
        let from_right = self.world.size.columns.saturating_sub(fixed.iter().map(width).sum());
        for (mut x, hints) in [(0, shown), (from_right, fixed)] {
            for hint in hints {
                if (x..x + width(&hint)).contains(&at.0) {
                    return Key::parse(hint.key.split(['/', ' ']).next().unwrap_or_default());
                }
                x += width(&hint);
            }
        }
        None
    }

    fn toasts(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.world.theme;
        // Within the frame of what is below, so that the two frames do not run into each other.
        let mut bottom = area.bottom().saturating_sub(1);
        for (toast, _) in self.toasts.iter().rev() {
            let width = area.width.saturating_sub(4).min(64);
            let mut lines = wrap(line(theme, Role::Plain, &toast.text), usize::from(width.saturating_sub(4)));
            if let Some(hint) = &toast.hint {
                lines.extend(wrap(line(theme, Role::Quiet, hint), usize::from(width.saturating_sub(4))));
            }
            let longest = lines.iter().map(Line::width).max().unwrap_or(0);
            let width = width.min(u16::try_from(longest).unwrap_or(width) + 4);
            let height = u16::try_from(lines.len()).unwrap_or(1) + 2;
            if bottom < area.y + height {
                break;
            }
            let place = Rect { x: area.right() - width - 2, y: bottom - height, width, height };
            frame.render_widget(Clear, place);
            let block =
                ratatui::widgets::Block::bordered().border_type(ratatui::widgets::BorderType::Rounded).border_style(theme.style(toast.tone.role()));
            let inner = block.inner(place);
            frame.render_widget(block, place);
            frame.buffer_mut().set_string(place.x + 1, place.y, format!(" {} ", toast.tone.sign()), theme.style(toast.tone.role()));
            for (text, y) in lines.into_iter().zip(inner.y..inner.bottom()) {
                frame.render_widget(text, Rect { x: inner.x + 1, y, width: inner.width - 1, height: 1 });
            }
            bottom -= height;
        }
    }

    /// Letters at the beginning of each line of the list in sight.
    fn draw_letters(&mut self, frame: &mut Frame<'_>) {
        if self.letters.is_none() {
            return;
        }
        let Some(lines) = self.stack.last().map(|layer| layer.screen.lines()) else { return };
        let theme = self.world.theme;
        let at: Vec<_> = ALPHABET.chars().zip(lines).collect();
        for (letter, (x, y)) in &at {
            let style = theme.style(Role::Accent).patch(theme.selection());
            if frame.area().contains(Position { x: *x, y: *y }) {
                frame.buffer_mut().set_string(*x, *y, letter.to_string(), style);
            }
        }
        self.letters = Some(Letters { at });
    }

    /// A letter was pressed while they are shown; any other key just takes them away.
    pub(super) fn letter(&mut self, letters: &Letters, key: Key, effects: &mut Vec<Effect>) {
        let Some((_, at)) = letters.at.iter().find(|(letter, _)| key.typed() == Some(*letter)) else { return };
        self.give_top(Input::Mouse { at: *at, what: Click::Press }, effects);
    }

    fn too_small(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.world.theme;
        let texts = [
            (Role::Strong, format!("Please enlarge the window to {}×{}.", LEAST.0, LEAST.1)),
            (Role::Quiet, format!("It is {}×{} now. Ctrl-c quits.", area.width, area.height)),
        ];
        let lines = texts.iter().flat_map(|(role, text)| wrap(line(theme, *role, text), usize::from(area.width)));
        for (text, y) in lines.zip(area.y..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
    }

    fn veiled(&self, frame: &mut Frame<'_>, area: Rect) {
        let Some(gate) = &self.lock.gate else { return };
        let inner = pane::over(frame, pane::middle(area, 60, 11), pane::title(self.world.theme, "keycap is locked", true), self.world.theme);
        self.gate(frame, inner, gate);
    }

    /// What the door says, and the field for what opens it.
    fn gate(&self, frame: &mut Frame<'_>, area: Rect, gate: &Gate) {
        let theme = self.world.theme;
        let mut lines = vec![Line::default()];
        let why = match gate.why {
            Why::Here => "You locked the vault, for every keycap on this machine.",
            Why::Elsewhere => "Another process locked the vault, for every keycap on this machine.",
            Why::Idle => "Nothing was pressed for a while, so keycap let go of the secrets.",
            Why::Needed => "What you want to do needs its secrets.",
        };
        lines.extend(wrap(line(theme, Role::Plain, why), usize::from(area.width)));
        if let Some(status) = &self.world.status {
            lines.extend(wrap(line(theme, Role::Quiet, &status.protection_text), usize::from(area.width)));
        }
        lines.push(Line::default());
        let field_y = lines.len();
        match (gate.wanted, gate.busy) {
            (_, true) => lines.push(line(theme, Role::Accent, format!("{} unlocking…", self.spinner()))),
            (None, false) => lines.push(Line::from(vec![span(theme, Role::Accent, "Enter"), span(theme, Role::Quiet, " unlocks")])),
            (Some(Wanted::Passphrase), false) => {
                lines.push(Line::from(vec![
                    span(theme, Role::Quiet, "Passphrase  "),
                    span(theme, Role::Plain, "•".repeat(gate.field.count().min(40))),
                ]));
            }
            (Some(Wanted::Identity), false) => {
                lines.push(Line::from(vec![span(theme, Role::Quiet, "Identity    "), span(theme, Role::Plain, gate.field.shown())]));
            }
        }
        if let Some(failure) = &gate.failure {
            let attempts = if gate.attempts > 1 { format!(" ({} attempts)", gate.attempts) } else { String::new() };
            lines.extend(wrap(line(theme, Role::Bad, format!("✗ {}{attempts}", failure.message)), usize::from(area.width)));
            if let Some(hint) = &failure.hint {
                lines.extend(wrap(line(theme, Role::Quiet, hint), usize::from(area.width)));
            }
        }
        let cursor = lines.get(field_y).map_or(0, Line::width);
        for (text, y) in lines.into_iter().zip(area.y..area.bottom()) {
            frame.render_widget(text, Rect { y, height: 1, ..area });
        }
        let x = area.x + u16::try_from(cursor).unwrap_or(0).min(area.width.saturating_sub(1));
        let y = area.y + u16::try_from(field_y).unwrap_or(0).min(area.height.saturating_sub(1));
        frame.set_cursor_position((x, y));
    }
}
