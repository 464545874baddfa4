//! A line of text in parts, each with a role that decides its colour. Every part is made harmless first: names, notes and hints come from
//! other people, and may hold escape sequences.

use anstyle::{AnsiColor, Style};
use keycap_vault::words::harmless;
use unicode_width::UnicodeWidthStr;

/// What a part of a line is. The one place where colours are chosen: the terminal's own, none of them alone in telling anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ordinary text.
    Plain,
    /// What the eye should find first.
    Strong,
    /// What it may pass over: labels, fingerprints, lines of a tree.
    Quiet,
    /// The name of something of the user's.
    Name,
    /// A command to type.
    Command,
    /// It works, it is done.
    Good,
    /// It needs a look.
    Warn,
    /// It is over, refused, wrong.
    Bad,
}

impl Role {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Name => AnsiColor::Cyan.on_default(),
            Self::Command => AnsiColor::Magenta.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }
}

/// A line of text in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Role, String)>);

impl Line {
    /// An empty line.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a part.
    #[must_use]
    pub(crate) fn role(mut self, role: Role, text: impl AsRef<str>) -> Self {
        let text = harmless(text.as_ref());
        if !text.is_empty() {
            self.0.push((role, text));
        }
        self
    }

    /// Adds ordinary text.
    #[must_use]
    pub(crate) fn plain(self, text: impl AsRef<str>) -> Self {
        self.role(Role::Plain, text)
    }

    /// Adds what the eye should find first.
    #[must_use]
    pub(crate) fn strong(self, text: impl AsRef<str>) -> Self {
        self.role(Role::Strong, text)
    }

    /// Adds what the eye may pass over.
    #[must_use]
    pub(crate) fn quiet(self, text: impl AsRef<str>) -> Self {
        self.role(Role::Quiet, text)
    }

    /// Adds the name of something of the user's.
    #[must_use]
    pub(crate) fn name(self, text: impl AsRef<str>) -> Self {
        self.role(Role::Name, text)
    }

    /// Adds a command to type.
    #[must_use]
    pub(crate) fn command(self, text: impl AsRef<str>) -> Self {
        self.role(Role::Command, text)
    }

    /// Adds another line's parts.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Columns it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Columns of blanks that it begins with, and of a sign such as `✓` or `!` that stands before its first word.
    pub(crate) fn indent(&self) -> usize {
        let mut letters = self.0.iter().flat_map(|(_, text)| text.chars()).peekable();
        let mut blanks = 0;
        while letters.next_if_eq(&' ').is_some() {
            blanks += 1;
        }
        match (letters.next(), letters.next()) {
            (Some(sign), Some(' ')) if !sign.is_alphanumeric() => blanks + 2,
            _ => blanks,
        }
    }

    /// The first `width` columns of it; an ellipsis is the last one if something is missing.
    #[must_use]
    pub(crate) fn cut(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let mut room = width.saturating_sub(1);
        let mut cut = Self::new();
        for (role, text) in &self.0 {
            let (kept, used) = fitting(text, room);
            room -= used;
            let whole = kept.len() == text.len();
            cut.0.push((*role, kept.to_owned()));
            if !whole {
                break;
            }
        }
        if width > 0 {
            let role = cut.0.last().map_or(Role::Plain, |(role, _)| *role);
            cut.0.push((role, "…".to_owned()));
        }
        cut
    }

    /// The line broken between words into lines of at most `width` columns; those after the first are indented.
    pub(crate) fn wrapped(&self, width: usize, indent: usize) -> Vec<Self> {
        let mut lines = vec![Self::new()];
        let mut column = 0;
        for (role, text) in &self.0 {
            for word in text.split_inclusive(' ') {
                let needed = word.trim_end().width();
                if column + needed > width && column > indent {
                    // A blank in the last column would wrap by itself.
                    if let Some((_, text)) = lines.last_mut().and_then(|line| line.0.last_mut()) {
                        text.truncate(text.trim_end().len());
                    }
                    lines.push(Self::new().plain(" ".repeat(indent)));
                    column = indent;
                }
                if let Some(line) = lines.last_mut() {
                    match line.0.last_mut() {
                        Some((last, text)) if last == role => text.push_str(word),
                        Some(_) | None => line.0.push((*role, word.to_owned())),
                    }
                }
                column += word.width();
            }
        }
        lines
    }

    /// Its text without colours.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Writes it without a line end.
    pub(crate) fn write(&self, out: &mut dyn std::io::Write, colour: bool) -> std::io::Result<()> {
        for (role, text) in &self.0 {
            let style = role.style();
            if colour && style != Style::new() {
                write!(out, "{style}{text}{style:#}")?;
            } else {
                out.write_all(text.as_bytes())?;
            }
        }
        Ok(())
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

impl From<&String> for Line {
    fn from(text: &String) -> Self {
        Self::new().plain(text)
    }
}

/// The longest beginning of at most `room` columns, and how many it takes.
fn fitting(text: &str, room: usize) -> (&str, usize) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        let columns = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if used + columns > room {
            return (text.get(..at).unwrap_or_default(), used);
        }
        used += columns;
    }
    (text, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &Line, colour: bool) -> String {
        let mut out = Vec::new();
        line.write(&mut out, colour).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        let line = Line::from("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}");
        assert_eq!(written(&line, true), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}");
    }

    #[test]
    fn colour_is_written_only_where_it_is_wanted() {
        let line = Line::from("state ").role(Role::Bad, "revoked");
        assert_eq!(written(&line, false), "state revoked");
        assert_eq!(written(&line, true), "state \u{1b}[31mrevoked\u{1b}[0m");
    }

    #[test]
    fn a_cut_line_has_the_width_it_was_given_even_among_wide_characters() {
        assert_eq!(written(&Line::from("abc").strong("defg"), false).len(), 7);
        assert_eq!(written(&Line::from("abc").strong("defg").cut(5), false), "abcd…");
        assert_eq!(written(&Line::from("abc").cut(3), false), "abc");
        // Three characters of two columns each do not fit four columns with an ellipsis: only one does.
        assert_eq!(written(&Line::from("日本語").cut(4), false), "日…");
    }

    #[test]
    fn an_indent_is_what_stands_before_the_first_word() {
        let of = |text: &str| Line::from(text).indent();
        assert_eq!([of("word"), of("  word"), of("✓ word"), of("  ! word"), of("a word"), of("")], [0, 2, 2, 4, 0, 0]);
    }

    #[test]
    fn a_wrapped_line_keeps_every_word_and_stays_within_the_width() {
        let lines = Line::from("one two three ").strong("four five").wrapped(10, 2);
        let texts: Vec<String> = lines.iter().map(|line| written(line, false)).collect();
        assert_eq!(texts, ["one two", "  three", "  four", "  five"]);
    }
}
