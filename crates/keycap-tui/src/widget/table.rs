//! A list in columns. Only lines in sight are made; where there is no room, the columns that matter least are left out.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::list::List;
use super::text::{columns, cut};
use crate::theme::{Role, Theme};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    /// What it is cut to when there is no room for all of it.
    least: u16,
    /// What it never exceeds.
    most: u16,
    /// Columns with a larger number are left out first; 0 never is.
    rank: u8,
    right: bool,
}

impl Column {
    /// A column that is cut to `least` columns before others are left out for it.
    pub(crate) const fn new(title: &'static str, least: u16) -> Self {
        Self { title, least, most: u16::MAX, rank: 0, right: false }
    }

    /// Left out before those of a smaller rank.
    pub(crate) const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// Never wider than that.
    pub(crate) const fn most(self, most: u16) -> Self {
        Self { most, ..self }
    }

    /// Numbers: set to the right.
    pub(crate) const fn right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// Blanks between columns.
const GAP: u16 = 2;
/// Columns for the sign that points at the selected line.
const SIGN: u16 = 2;

/// A table to be drawn.
pub(crate) struct Table<'a, F> {
    pub(crate) columns: &'a [Column],
    /// How many lines there are.
    pub(crate) len: usize,
    /// Makes a line: as many cells as there are columns.
    pub(crate) row: F,
    /// Whether keys go to it.
    pub(crate) focused: bool,
}

impl<F: Fn(usize) -> Vec<Line<'static>>> Table<'_, F> {
    /// Draws it, its head first.
    pub(crate) fn view(&self, frame: &mut Frame<'_>, area: Rect, list: &mut List, theme: Theme) {
        if area.height < 2 || area.width <= SIGN {
            return;
        }
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        list.settle(body, self.len);
        let rows: Vec<Vec<Line<'static>>> = list.visible(self.len).map(&self.row).collect();
        let widths = self.widths(&rows, area.width - SIGN, list);
        let head = self.columns.iter().map(|column| Line::from(Span::styled(column.title, theme.style(Role::Quiet)))).collect();
        frame.render_widget(self.line("  ", head, &widths, theme), Rect { height: 1, ..area });
        for ((at, cells), y) in list.visible(self.len).zip(rows).zip(body.y..body.bottom()) {
            let place = Rect { y, height: 1, ..body };
            let selected = at == list.cursor;
            let sign = if selected { "▸ " } else { "  " };
            if selected {
                let style = if self.focused { theme.selection() } else { theme.selection_at_rest() };
                frame.buffer_mut().set_style(place, style);
            }
            frame.render_widget(self.line(sign, cells, &widths, theme), place);
            if selected && self.focused {
                frame.set_cursor_position((place.x, y));
            }
        }
    }

    fn line(&self, sign: &'static str, cells: Vec<Line<'static>>, widths: &[u16], theme: Theme) -> Line<'static> {
        let mut spans = vec![Span::styled(sign, theme.style(Role::Accent))];
        let mut first = true;
        for ((cell, width), column) in cells.into_iter().zip(widths).zip(self.columns) {
            if *width == 0 {
                continue;
            }
            if !first {
                spans.push(Span::raw(" ".repeat(usize::from(GAP))));
            }
            first = false;
            let cell = cut(cell, usize::from(*width));
            let blanks = Span::raw(" ".repeat(usize::from(*width).saturating_sub(cell.width())));
            if column.right {
                spans.push(blanks);
                spans.extend(cell.spans);
            } else {
                spans.extend(cell.spans);
                spans.push(blanks);
            }
        }
        Line::from(spans)
    }

    /// How wide each column is; 0: left out.
    fn widths(&self, rows: &[Vec<Line<'static>>], room: u16, list: &mut List) -> Vec<u16> {
        let wanted = self.columns.iter().enumerate().map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| u16::try_from(cell.width()).unwrap_or(u16::MAX));
            let before = list.widths.get(at).copied().unwrap_or(0);
            cells.max().unwrap_or(0).max(columns(column.title)).max(before).min(column.most)
        });
        let mut widths: Vec<u16> = wanted.collect();
        list.widths.clone_from(&widths);
        let total = |widths: &[u16]| {
            let shown = widths.iter().filter(|width| **width > 0);
            shown.fold(0_u16, |sum, width| sum.saturating_add(*width).saturating_add(GAP)).saturating_sub(GAP)
        };
        let least = |widths: &[u16]| -> Vec<u16> { widths.iter().zip(self.columns).map(|(width, column)| (*width).min(column.least)).collect() };
        while total(&least(&widths)) > room {
            let ranks = self.columns.iter().zip(&widths).enumerate().filter(|(_, (column, width))| column.rank > 0 && **width > 0);
            let Some((at, _)) = ranks.max_by_key(|(_, (column, _))| column.rank) else { break };
            if let Some(width) = widths.get_mut(at) {
                *width = 0;
            }
        }
        // The widest gives way first.
        while total(&widths) > room {
            let shrinkable = widths.iter().zip(self.columns).enumerate().filter(|(_, (width, column))| **width > column.least);
            let Some((at, _)) = shrinkable.max_by_key(|(_, (width, _))| **width) else { break };
            if let Some(width) = widths.get_mut(at) {
                *width -= 1;
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::theme::{Depth, Ground};

    fn drawn(width: u16) -> Vec<String> {
        let theme = Theme { depth: Depth::Mono, ground: Ground::Dark };
        let mut terminal = Terminal::new(TestBackend::new(width, 4)).unwrap();
        let columns = [Column::new("NAME", 6), Column::new("HOLDER", 6).rank(1), Column::new("USES", 4).rank(2).right()];
        let rows = [["deploy-bot", "ci@runner", "7"], ["canary", "ci@canary", "12"], ["on-call", "alice", "0"]];
        let table = Table { columns: &columns, len: 3, row: |at: usize| rows[at].iter().map(|cell| Line::from(*cell)).collect(), focused: true };
        let mut list = List::default();
        terminal.draw(|frame| table.view(frame, frame.area(), &mut list, theme)).unwrap();
        let buffer = terminal.backend().buffer();
        (0..4).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()).collect()
    }

    #[test]
    fn columns_stand_side_by_side_give_way_and_leave_in_the_order_of_their_rank() {
        assert_eq!(
            drawn(40),
            ["  NAME        HOLDER     USES", "▸ deploy-bot  ci@runner     7", "  canary      ci@canary    12", "  on-call     alice         0"]
        );
        assert_eq!(drawn(24), ["  NAME     HOLDER   USES", "▸ deploy…  ci@run…     7", "  canary   ci@can…    12", "  on-call  alice       0"]);
        assert_eq!(drawn(16), ["  NAME    HOLDER", "▸ deplo…  ci@ru…", "  canary  ci@ca…", "  on-ca…  alice"]);
        assert_eq!(drawn(9), ["  NAME", "▸ deploy…", "  canary", "  on-call"]);
    }
}
