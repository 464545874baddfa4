//! What a command prints: text for people or one JSON envelope for programs, never a mixture.
//!
//! Results go to standard output. What accompanies them (notes, questions, progress) goes to standard error, and only with text.
//!
//! ```text
//! {"keycap": 1, "kind": "grants", "data": …}
//! {"keycap": 1, "kind": "error", "error": {"code": "not-found", "message": …, "with": …, "hint": …}}
//! ```
//!
//! `keycap` is the version of this envelope. Within a version fields are added, never renamed or removed, and codes keep their meaning.

pub(crate) mod line;
pub(crate) mod page;
pub(crate) mod qr;
pub(crate) mod table;
pub(crate) mod tree;

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ColorChoice;
use serde::Serialize;

use crate::args::Globals;
use crate::error::CliError;
use line::{Line, Role};
use page::Page;

/// The version of the JSON envelope.
const ENVELOPE: u32 = 1;

/// Where a command's results and notes go.
pub(crate) struct Output {
    json: bool,
    colour: Colour,
    width: Option<usize>,
    out: BufWriter<io::Stdout>,
}

/// Which streams are coloured.
#[derive(Debug, Clone, Copy)]
struct Colour {
    out: bool,
    notes: bool,
}

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    keycap: u32,
    kind: &'a str,
    data: &'a T,
}

#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    keycap: u32,
    kind: &'static str,
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    with: Option<&'a str>,
    hint: Option<&'a str>,
}

impl Output {
    /// As the global options, the environment and the terminal have it.
    pub(crate) fn new(globals: &Globals) -> Self {
        let out = io::stdout();
        let colour = Colour { out: colours(globals.color, &out), notes: colours(globals.color, &io::stderr()) };
        let width = out.is_terminal().then(|| crossterm::terminal::size().ok()).flatten().map(|(columns, _)| usize::from(columns).max(40));
        Self { json: globals.json, colour, width, out: BufWriter::new(out) }
    }

    /// Whether a program reads this.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.out.get_ref().is_terminal()
    }

    /// Whether standard output may be coloured.
    pub(crate) fn is_coloured(&self) -> bool {
        self.colour.out
    }

    /// Prints a result: `data` in an envelope of this kind, or else what `text` writes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn show<T: Serialize>(&mut self, kind: &str, data: &T, text: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> Result<(), CliError> {
        if self.json { self.envelope(&Envelope { keycap: ENVELOPE, kind, data }) } else { self.text(text) }
    }

    /// Prints what only people read; nothing at all for programs.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn text(&mut self, text: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> Result<(), CliError> {
        if !self.json {
            text(&mut Page::new(&mut self.out, self.colour.out, self.width))?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Prints bytes as they are: a file that was asked for on standard output.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.out.write_all(bytes)?;
        Ok(self.out.flush()?)
    }

    /// As [`Output::raw`], for one piece of many: it may stay in memory until [`Output::flush`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        Ok(self.out.write_all(bytes)?)
    }

    /// Tells the person something beside the result, on standard error; nothing at all for programs.
    pub(crate) fn note(&mut self, line: impl Into<Line>) {
        self.notes(|page| page.paragraph(line));
    }

    /// As [`Output::note`], for more than a line. Where nobody reads standard error nothing is lost.
    pub(crate) fn notes(&mut self, text: impl FnOnce(&mut Page<'_>) -> io::Result<()>) {
        if !self.json {
            let mut stderr = io::stderr().lock();
            let _ = text(&mut Page::new(&mut stderr, self.colour.notes, self.width));
        }
    }

    /// Says what went wrong: on standard output for programs, which then have one place to look, else on standard error.
    pub(crate) fn error(&mut self, error: &CliError) {
        let CliError { code, message, with, hint, .. } = error;
        if self.json {
            let body = ErrorBody { code, message, with: with.as_deref(), hint: hint.as_deref() };
            let _ = self.envelope(&ErrorEnvelope { keycap: ENVELOPE, kind: "error", error: body });
            return;
        }
        let _ = self.out.flush();
        let with = with.as_ref().map(|with| Line::from("  with ").plain(with.clone()));
        let hint = hint.as_ref().map(|hint| Line::new().role(Role::Quiet, "  try: ").plain(hint.clone()));
        self.notes(|page| {
            page.hanging(Line::new().role(Role::Bad, "error: ").plain(message.clone()), 7)?;
            with.into_iter().chain(hint).try_for_each(|line| page.hanging(line, 7))
        });
    }

    /// Writes out what is still in memory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.out.flush()?)
    }

    fn envelope(&mut self, envelope: &impl Serialize) -> Result<(), CliError> {
        // Indented for a person who looks, in one line for a program that reads line by line.
        if self.out.get_ref().is_terminal() {
            serde_json::to_writer_pretty(&mut self.out, envelope)?;
        } else {
            serde_json::to_writer(&mut self.out, envelope)?;
        }
        writeln!(self.out)?;
        Ok(self.out.flush()?)
    }
}

/// Whether to colour a stream: `--color` decides, and for `auto` the terminal, `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.
pub(crate) fn colours(choice: ColorChoice, stream: &impl anstream::stream::RawStream) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
    }
}
