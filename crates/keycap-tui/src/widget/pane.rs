//! A frame with a title around a part of the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Padding};

use super::text::cut;
use crate::theme::{Role, Theme};

/// Draws a frame and gives the room within.
pub(crate) fn pane(frame: &mut Frame<'_>, area: Rect, title: Line<'static>, focused: bool, theme: Theme) -> Rect {
    let border = theme.style(if focused { Role::FrameFocused } else { Role::Frame });
    let title = cut(title, usize::from(area.width.saturating_sub(6)));
    let mut spans = Vec::new();
    if title.width() > 0 {
        spans.push(Span::raw(" "));
        spans.extend(title.spans);
        spans.push(Span::raw(" "));
    }
    // A title is no part of the frame, and does not look like it.
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(border)
        .title_style(Style::reset())
        .title(Line::from(spans))
        .padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// A title, told apart from the frame by weight.
pub(crate) fn title(theme: Theme, text: &str, focused: bool) -> Line<'static> {
    super::text::line(theme, if focused { Role::Accent } else { Role::Strong }, text)
}

/// Draws a box in the middle, over what is there, and gives the room within.
pub(crate) fn over(frame: &mut Frame<'_>, area: Rect, title: Line<'static>, theme: Theme) -> Rect {
    frame.render_widget(Clear, area);
    pane(frame, area, title, true, theme)
}

/// The middle of an area, at most this large.
pub(crate) fn middle(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(area.width), rows.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height }
}
