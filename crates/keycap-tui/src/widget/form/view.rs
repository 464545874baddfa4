//! How a form looks: a line for each row, more for the list of the one in which something is picked.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Entry, Form, Pick, Row};
use crate::theme::{Role, Theme};
use crate::widget::fields::bar;
use crate::widget::text::{columns, cut, line, span, wrap};

/// Columns of the labels, with the sign before and the blanks after them.
const LABEL: u16 = 13;
/// Lines of a list while it has the focus.
const LIST: usize = 6;

/// A line of the form, before it is known whether it is in sight.
enum Drawn {
    /// A row's own line.
    Row(usize),
    /// An option of a row's list, by its place among those that match.
    Option(usize, usize),
    /// A sentence about a row.
    Said(Line<'static>),
}

impl Form {
    /// Lines that it takes in an area of that width, whichever row has the focus.
    pub(crate) fn height(&self, width: u16) -> u16 {
        let width = usize::from(width.saturating_sub(LABEL));
        let wrapped = |text: &str| if text.is_empty() { 0 } else { wrap(Line::from(text.to_owned()), width).len() };
        let (mut always, mut most) = (0, 0);
        for row in self.rows.iter().filter(|row| !row.hidden) {
            always += 1 + usize::from(matches!(row.entry, Entry::Button) && always > 0) + wrapped(&row.warning);
            let options = if let Entry::Pick(pick) = &row.entry { pick.options.len().min(LIST) } else { 0 };
            most = most.max(options + wrapped(&row.note));
        }
        u16::try_from(always + most).unwrap_or(u16::MAX)
    }

    /// Draws it, scrolled so that the row with the focus is in sight.
    pub(crate) fn view(&mut self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let width = usize::from(area.width.saturating_sub(LABEL));
        let mut lines: Vec<Drawn> = Vec::new();
        let mut focus = (0, 1);
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.hidden) {
            let begin = lines.len();
            if matches!(row.entry, Entry::Button) && begin > 0 {
                lines.push(Drawn::Said(Line::default()));
            }
            lines.push(Drawn::Row(at));
            if at == self.on {
                if let Entry::Pick(pick) = &row.entry {
                    lines.extend(pick.in_sight().map(|option| Drawn::Option(at, option)));
                }
                lines.extend(said(theme, Role::Quiet, &row.note, width));
            }
            lines.extend(said(theme, Role::Warn, &row.warning, width));
            if at == self.on {
                focus = (begin, lines.len());
            }
        }
        let height = usize::from(area.height).max(1);
        self.top = self.top.max(focus.1.saturating_sub(height)).min(focus.0).min(lines.len().saturating_sub(height));
        self.drawn.clear();
        bar(frame, area, self.top, height, lines.len(), theme);
        let area = if lines.len() > height { Rect { width: area.width.saturating_sub(2), ..area } } else { area };
        for (what, y) in lines.into_iter().skip(self.top).zip(area.y..area.bottom()) {
            let place = Rect { y, height: 1, ..area };
            let beside = Rect { x: area.x + LABEL.min(area.width), width: area.width.saturating_sub(LABEL), ..place };
            match what {
                Drawn::Row(at) => self.row_view(frame, place, beside, at, theme),
                Drawn::Option(at, option) => self.option_view(frame, beside, at, option, theme),
                Drawn::Said(text) => frame.render_widget(text, beside),
            }
        }
    }

    fn row_view(&mut self, frame: &mut Frame<'_>, place: Rect, beside: Rect, at: usize, theme: Theme) {
        let Some(row) = self.rows.get(at) else { return };
        let on = at == self.on;
        let sign = if on { "▸ " } else { "  " };
        self.drawn.push((at, None, place));
        if let Entry::Button = row.entry {
            let role = if on { Role::Strong } else { Role::Plain };
            let mut text = span(theme, role, format!("[ {} ]", row.label));
            if on {
                text.style = text.style.patch(theme.selection());
                frame.set_cursor_position((beside.x, beside.y));
            }
            frame.render_widget(Line::from(span(theme, Role::Accent, sign)), place);
            return frame.render_widget(Line::from(text), beside);
        }
        let label = Line::from(vec![span(theme, Role::Accent, sign), span(theme, if on { Role::Accent } else { Role::Quiet }, row.label)]);
        frame.render_widget(cut(label, usize::from(LABEL)), place);
        match &row.entry {
            Entry::Line { field, placeholder } => field.view(frame, beside, placeholder, on, theme),
            Entry::Secret(field) => {
                let shown = field.count().min(usize::from(beside.width.saturating_sub(1)));
                frame.render_widget(line(theme, Role::Plain, "•".repeat(shown)), beside);
                if on {
                    frame.set_cursor_position((beside.x + u16::try_from(shown).unwrap_or(0), beside.y));
                }
            }
            Entry::Choice { options, at: chosen } => {
                let (text, places) = choice(options, *chosen, on, beside, theme);
                frame.render_widget(text, beside);
                if on {
                    let x = places.iter().find(|(option, _)| option == chosen).map_or(beside.x, |(_, place)| place.x);
                    frame.set_cursor_position((x, beside.y));
                }
                self.drawn.extend(places.into_iter().map(|(option, place)| (at, Some(option), place)));
            }
            Entry::Pick(pick) if on => pick.field.view(frame, beside, "type to search, ↑↓ to choose", true, theme),
            Entry::Pick(pick) => {
                let text = match pick.chosen() {
                    Some(chosen) => Line::from(vec![span(theme, Role::Name, &chosen.text), span(theme, Role::Quiet, format!("  {}", chosen.detail))]),
                    None => line(theme, Role::Warn, "nothing matches"),
                };
                frame.render_widget(cut(text, usize::from(beside.width)), beside);
            }
            Entry::Button => {}
        }
    }

    fn option_view(&mut self, frame: &mut Frame<'_>, beside: Rect, at: usize, option: usize, theme: Theme) {
        let Some(Row { entry: Entry::Pick(pick), .. }) = self.rows.get(at) else { return };
        let Some(pickable) = pick.shown.get(option).and_then(|at| pick.options.get(*at)) else { return };
        let chosen = option == pick.at;
        let sign = if chosen { "(•) " } else { "( ) " };
        let text = Line::from(vec![
            span(theme, if chosen { Role::Accent } else { Role::Quiet }, sign),
            span(theme, Role::Name, &pickable.text),
            span(theme, Role::Quiet, format!("  {}", pickable.detail)),
        ]);
        if chosen {
            frame.buffer_mut().set_style(beside, theme.selection());
        }
        frame.render_widget(cut(text, usize::from(beside.width)), beside);
        self.drawn.push((at, Some(option), beside));
    }
}

impl Pick {
    /// The options in sight, around the chosen one.
    fn in_sight(&self) -> std::ops::Range<usize> {
        let top = self.at.saturating_sub(LIST / 2).min(self.shown.len().saturating_sub(LIST));
        top..(top + LIST).min(self.shown.len())
    }
}

fn said(theme: Theme, role: Role, text: &str, width: usize) -> Vec<Drawn> {
    if text.is_empty() { Vec::new() } else { wrap(line(theme, role, text), width).into_iter().map(Drawn::Said).collect() }
}

/// Options side by side; if there is no room for that, the chosen one between two signs. And where each option is.
fn choice(options: &[String], chosen: usize, on: bool, area: Rect, theme: Theme) -> (Line<'static>, Vec<(usize, Rect)>) {
    let mut spans = Vec::new();
    let mut places = Vec::new();
    let wide: u16 = options.iter().map(|option| columns(option).saturating_add(6)).fold(0, u16::saturating_add);
    if wide <= area.width.saturating_add(2) {
        let mut x = area.x;
        for (at, option) in options.iter().enumerate() {
            let mut sign = span(theme, if at == chosen { Role::Accent } else { Role::Quiet }, if at == chosen { "(•) " } else { "( ) " });
            if at == chosen && on {
                sign.style = sign.style.patch(theme.selection());
            }
            spans.extend([sign, span(theme, if at == chosen { Role::Strong } else { Role::Plain }, option), Span::raw("  ")]);
            let width = columns(option) + 4;
            places.push((at, Rect { x, width, ..area }));
            x = x.saturating_add(width + 2);
        }
        return (Line::from(spans), places);
    }
    let arrow = |there: bool, sign: &'static str| span(theme, if there && on { Role::Accent } else { Role::Quiet }, sign);
    let option = options.get(chosen).map_or("", String::as_str);
    spans.extend([
        span(theme, Role::Strong, option),
        Span::raw("  "),
        arrow(chosen > 0, "◂"),
        span(theme, Role::Quiet, format!(" {}/{} ", chosen + 1, options.len())),
        arrow(chosen + 1 < options.len(), "▸"),
    ]);
    let left = area.x.saturating_add(columns(option) + 2);
    let right = left.saturating_add(columns(&format!(" {}/{} ", chosen + 1, options.len())) + 1);
    if chosen > 0 {
        places.push((chosen - 1, Rect { x: left, width: 1, ..area }));
    }
    if chosen + 1 < options.len() {
        places.push((chosen + 1, Rect { x: right, width: 1, ..area }));
    }
    (cut(Line::from(spans), usize::from(area.width)), places)
}
