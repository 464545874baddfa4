//! Details: labels and what they are, sentences, headings; longer than the room they have, they scroll.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text::{columns, span, wrap};
use crate::keymap::Command;
use crate::theme::{Role, Theme};

/// What is shown, part by part.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    theme: Theme,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Heading(String),
    Field { label: String, value: Line<'static> },
    Text(Line<'static>),
    Blank,
}

/// Columns of a label, the blanks after it included.
const LABEL: u16 = 12;

impl Fields {
    pub(crate) const fn new(theme: Theme) -> Self {
        Self { theme, parts: Vec::new() }
    }

    /// A heading, set apart from what is above.
    pub(crate) fn heading(&mut self, text: impl Into<String>) -> &mut Self {
        if !self.parts.is_empty() {
            self.parts.push(Part::Blank);
        }
        self.parts.push(Part::Heading(text.into()));
        self
    }

    /// A label and a value in a role.
    pub(crate) fn field(&mut self, label: impl Into<String>, role: Role, value: impl AsRef<str>) -> &mut Self {
        let value = Line::from(span(self.theme, role, value));
        self.line(label, value)
    }

    /// A label and a value of several parts.
    pub(crate) fn line(&mut self, label: impl Into<String>, value: Line<'static>) -> &mut Self {
        self.parts.push(Part::Field { label: label.into(), value });
        self
    }

    /// A sentence.
    pub(crate) fn text(&mut self, role: Role, text: impl AsRef<str>) -> &mut Self {
        let line = Line::from(span(self.theme, role, text));
        self.parts.push(Part::Text(line));
        self
    }

    /// A line of several parts.
    pub(crate) fn spans(&mut self, line: Line<'static>) -> &mut Self {
        self.parts.push(Part::Text(line));
        self
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> &mut Self {
        self.parts.push(Part::Blank);
        self
    }

    /// As lines of at most that width.
    pub(crate) fn lines(&self, width: u16) -> Vec<Line<'static>> {
        let theme = self.theme;
        let mut lines = Vec::new();
        for part in &self.parts {
            match part {
                Part::Heading(text) => lines.push(Line::from(span(theme, Role::Strong, text))),
                Part::Blank => lines.push(Line::default()),
                Part::Text(line) => lines.extend(wrap(line.clone(), usize::from(width))),
                Part::Field { label, value } => {
                    let label_width = LABEL.max(columns(label) + 2).min(width / 2);
                    let mut first = true;
                    for value in wrap(value.clone(), usize::from(width.saturating_sub(label_width).max(1))) {
                        let shown = if first { label.as_str() } else { "" };
                        let blanks = usize::from(label_width.saturating_sub(columns(shown)));
                        let mut spans = vec![span(theme, Role::Quiet, shown), Span::raw(" ".repeat(blanks))];
                        spans.extend(value.spans);
                        lines.push(super::text::cut(Line::from(spans), usize::from(width)));
                        first = false;
                    }
                }
            }
        }
        lines
    }

    /// Lines that it takes in an area of that width, of which one column is for the mark of what is scrolled.
    pub(crate) fn height(&self, width: u16) -> u16 {
        u16::try_from(self.lines(width.saturating_sub(1)).len()).unwrap_or(u16::MAX)
    }

    /// Draws them from where they are scrolled to.
    pub(crate) fn view(&self, frame: &mut Frame<'_>, area: Rect, scroll: &mut Scroll) {
        let lines = self.lines(area.width.saturating_sub(1));
        scroll.settle(area, lines.len());
        for (line, y) in lines.into_iter().skip(scroll.top).zip(area.y..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        scroll.bar(frame, area, self.theme);
    }
}

/// Where one is in a longer text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scroll {
    pub(crate) top: usize,
    height: usize,
    len: usize,
}

impl Scroll {
    /// Moves by a command; whether it was one that moves.
    pub(crate) fn command(&mut self, command: Command) -> bool {
        let last = self.len.saturating_sub(self.height);
        let page = self.height.saturating_sub(1).max(1);
        let to = if command == Command::Up {
            self.top.saturating_sub(1)
        } else if command == Command::Down {
            self.top + 1
        } else if command == Command::PageUp {
            self.top.saturating_sub(page)
        } else if command == Command::PageDown {
            self.top + page
        } else if command == Command::First {
            0
        } else if command == Command::Last {
            last
        } else {
            return false;
        };
        self.top = to.min(last);
        true
    }

    /// Moves by the mouse's wheel.
    pub(crate) fn wheel(&mut self, up: bool) {
        for _ in 0..3 {
            self.command(if up { Command::Up } else { Command::Down });
        }
    }

    pub(crate) fn settle(&mut self, area: Rect, len: usize) {
        (self.height, self.len) = (usize::from(area.height), len);
        self.top = self.top.min(len.saturating_sub(self.height));
    }

    /// A mark at the right that says how far one is, if not all is in sight.
    pub(crate) fn bar(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        bar(frame, area, self.top, self.height, self.len, theme);
    }
}

/// A mark at the right edge of an area that says which part of something long is in sight.
pub(crate) fn bar(frame: &mut Frame<'_>, area: Rect, top: usize, height: usize, len: usize, theme: Theme) {
    if len <= height || area.height < 2 || area.width == 0 {
        return;
    }
    let rows = usize::from(area.height);
    let size = (rows * height / len).max(1);
    let start = top * (rows - size) / (len - height).max(1);
    for row in start..(start + size).min(rows) {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        frame.buffer_mut().set_string(area.right() - 1, y, "▐", theme.style(Role::Frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Depth, Ground};

    #[test]
    fn a_value_stands_beside_its_label_and_goes_on_below_itself() {
        let mut fields = Fields::new(Theme { depth: Depth::Mono, ground: Ground::Dark });
        fields.heading("orders").field("found at", Role::Plain, "db.example.net:7000, 192.0.2.7:7000").heading("Grants").text(Role::Quiet, "none");
        let lines: Vec<String> = fields.lines(33).iter().map(|line| line.to_string().trim_end().to_owned()).collect();
        assert_eq!(lines, ["orders", "found at    db.example.net:7000,", "            192.0.2.7:7000", "", "Grants", "none"]);
    }
}
