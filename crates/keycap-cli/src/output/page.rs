//! What is written for people: headings, paragraphs, fields and tables, as wide as the terminal.

use std::io::{self, Write};

use super::line::{Line, Role};
use super::table::Table;

/// Columns that text takes at most: longer lines are hard to read.
const READABLE: usize = 100;
/// Columns of the labels of fields.
const LABEL: usize = 14;

/// Somewhere to write for people.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
    colour: bool,
    width: Option<usize>,
}

impl<'a> Page<'a> {
    /// On `out`, with or without colour; wrapped and cut to `width` columns, if there is one.
    pub(crate) fn new(out: &'a mut dyn Write, colour: bool, width: Option<usize>) -> Self {
        Self { out, colour, width }
    }

    /// A line as it is, however long.
    pub(crate) fn line(&mut self, line: impl Into<Line>) -> io::Result<()> {
        line.into().write(self.out, self.colour)?;
        writeln!(self.out)
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line that is cut where the terminal ends.
    pub(crate) fn row(&mut self, line: &Line) -> io::Result<()> {
        match self.width {
            Some(width) => self.line(line.cut(width)),
            None => self.line(line.clone()),
        }
    }

    /// Text that is wrapped between words. Its further lines are indented as the first is, and stand beside a sign that it begins with.
    pub(crate) fn paragraph(&mut self, line: impl Into<Line>) -> io::Result<()> {
        let line = line.into();
        let indent = line.indent();
        self.wrapped(&line, indent)
    }

    /// Text whose further lines stand under what follows its sign or label, so many columns in.
    pub(crate) fn hanging(&mut self, line: impl Into<Line>, indent: usize) -> io::Result<()> {
        self.wrapped(&line.into(), indent)
    }

    /// A heading.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.line(Line::new().strong(text))
    }

    /// A label and what it stands for.
    pub(crate) fn field(&mut self, label: &str, value: impl Into<Line>) -> io::Result<()> {
        let value = value.into();
        // A label that is too long for its column keeps a blank.
        let label = format!("{label:<LABEL$}");
        let gap = if label.chars().count() > LABEL { "  " } else { "" };
        self.wrapped(&Line::new().quiet(label).plain(gap).and(value), LABEL)
    }

    /// A field that is left out if there is nothing in it.
    pub(crate) fn optional_field(&mut self, label: &str, value: Option<impl Into<Line>>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.field(label, value))
    }

    /// A warning, marked by a sign besides its colour.
    pub(crate) fn warning(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.paragraph(Line::new().role(Role::Warn, "! ").plain(text))
    }

    /// Something that has been done.
    pub(crate) fn done(&mut self, line: impl Into<Line>) -> io::Result<()> {
        self.paragraph(Line::new().role(Role::Good, "✓ ").and(line.into()))
    }

    /// What to do next: a command, and what it does.
    pub(crate) fn next(&mut self, command: impl AsRef<str>, what: &str) -> io::Result<()> {
        let command = command.as_ref();
        let gap = if what.is_empty() { String::new() } else { " ".repeat(2 + 36_usize.saturating_sub(command.chars().count())) };
        self.row(&Line::from("  ").command(command).quiet(gap).quiet(what))
    }

    /// A table with its headings.
    pub(crate) fn table(&mut self, table: &Table) -> io::Result<()> {
        table.lines(self.width).iter().try_for_each(|line| self.line(line.clone()))
    }

    /// The rows of a table alone.
    pub(crate) fn rows(&mut self, table: &Table) -> io::Result<()> {
        table.lines(self.width).iter().skip(1).try_for_each(|line| self.line(line.clone()))
    }

    fn wrapped(&mut self, line: &Line, indent: usize) -> io::Result<()> {
        match self.width {
            Some(width) => line.wrapped(width.min(READABLE), indent).into_iter().try_for_each(|line| self.line(line)),
            None => self.line(line.clone()),
        }
    }
}
