//! Lines of styled text: cut to a width, wrapped at words.

use keycap_vault::words::harmless;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::{Role, Theme};

/// A part of a line; whatever would steer the terminal is taken out of it.
pub(crate) fn span(theme: Theme, role: Role, text: impl AsRef<str>) -> Span<'static> {
    Span::styled(harmless(text.as_ref()), theme.style(role))
}

/// A line of one part.
pub(crate) fn line(theme: Theme, role: Role, text: impl AsRef<str>) -> Line<'static> {
    Line::from(span(theme, role, text))
}

/// Columns, as far as a terminal counts them.
pub(crate) fn columns(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The first `width` columns of a line; an ellipsis is the last one if something is missing.
pub(crate) fn cut(line: Line<'static>, width: usize) -> Line<'static> {
    if line.width() <= width {
        return line;
    }
    let mut room = width.saturating_sub(1);
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut style = Style::new();
    for span in line.spans {
        style = span.style;
        let mut kept = String::new();
        let mut whole = true;
        for grapheme in span.content.graphemes(true) {
            if grapheme.width() > room {
                whole = false;
                break;
            }
            room -= grapheme.width();
            kept.push_str(grapheme);
        }
        spans.push(Span::styled(kept, style));
        if !whole {
            break;
        }
    }
    if width > 0 {
        spans.push(Span::styled("…", style));
    }
    Line::from(spans)
}

/// A line broken at blanks into lines of at most `width` columns; a word that is longer than that is broken where it must be.
pub(crate) fn wrap(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let width = width.max(1);
    let mut lines: Vec<Line<'static>> = vec![Line::default()];
    let mut used = 0;
    for span in line.spans {
        for word in span.content.split_inclusive(' ') {
            // A blank at the end of a line takes no room there.
            let needed = word.trim_end().width();
            if used + needed > width && used > 0 {
                lines.push(Line::default());
                used = 0;
            }
            for piece in pieces(word.trim_end(), width) {
                if used + piece.width() > width {
                    lines.push(Line::default());
                    used = 0;
                }
                used += piece.width();
                push(&mut lines, piece, span.style);
            }
            let blanks = word.get(word.trim_end().len()..).unwrap_or_default();
            if used + blanks.len() <= width {
                used += blanks.len();
                push(&mut lines, blanks, span.style);
            }
        }
    }
    lines
}

fn push(lines: &mut [Line<'static>], text: &str, style: Style) {
    let Some(line) = lines.last_mut() else { return };
    match line.spans.last_mut() {
        Some(last) if last.style == style => last.content.to_mut().push_str(text),
        Some(_) | None => line.push_span(Span::styled(text.to_owned(), style)),
    }
}

/// A word in pieces that each fit.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut used) = (0, 0);
    for (at, grapheme) in word.grapheme_indices(true) {
        if used + grapheme.width() > width && at > from {
            pieces.push(word.get(from..at).unwrap_or_default());
            (from, used) = (at, 0);
        }
        used += grapheme.width();
    }
    pieces.push(word.get(from..).unwrap_or_default());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line<'static>]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cut_line_has_the_width_it_was_given_even_among_wide_characters() {
        assert_eq!(cut(Line::from("abcdefg"), 5).to_string(), "abcd…");
        assert_eq!(cut(Line::from("abc"), 3).to_string(), "abc");
        assert_eq!(cut(Line::from(vec!["ab".into(), "cdef".into()]), 4).to_string(), "abc…");
        assert_eq!(cut(Line::from("日本語"), 4).to_string(), "日…");
        assert_eq!(cut(Line::from("abc"), 0).to_string(), "");
    }

    #[test]
    fn a_wrapped_line_stays_within_its_width_and_keeps_every_word() {
        assert_eq!(texts(&wrap(Line::from("one two three"), 8)), ["one two ", "three"]);
        assert_eq!(texts(&wrap(Line::from("abcdefghij"), 4)), ["abcd", "efgh", "ij"]);
        assert_eq!(texts(&wrap(Line::from(""), 4)), [""]);
        for width in 1..20 {
            let wrapped = wrap(Line::from(vec!["a long ".into(), "sentence with日本語 words, and more".into()]), width.max(2));
            assert!(wrapped.iter().all(|line| line.width() <= width.max(2)), "{width}: {wrapped:?}");
        }
    }
}
