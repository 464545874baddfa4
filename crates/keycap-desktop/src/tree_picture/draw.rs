//! Where everything stands on the sheet, in pixels.

use std::fmt::Write;

use keycap_vault::view::State;
use keycap_vault::words::{TimeWords, number};

use super::text::{element, escape};
use super::{Line, grants};

/// Around everything, and between the columns.
const MARGIN: u32 = 40;
const COLUMN: u32 = 640;
/// From the top of the sheet to the first line.
const HEAD: u32 = 124;
const ROW: u32 = 26;
/// How far a grant is indented below the one it came from.
const STEP: u32 = 20;
/// Deeper ones are drawn at this depth.
const DEEPEST: u32 = 12;
/// From the left of a column to its parts, and how much room each has.
const NAME: u32 = 22;
const HOLDER: u32 = 352;
const HOLDER_ROOM: u32 = 112;
const EXPIRES: u32 = 474;
const STATE: u32 = 566;
const STATE_ROOM: u32 = COLUMN - STATE;
/// Lines that a column has at least, before there is a second one.
const FEWEST: usize = 40;
/// Width to height of the sheet, in tenths: that of paper.
const SHAPE: usize = 14;

const FONT: u32 = 13;
const SMALL: u32 = 12;
const TITLE: u32 = 22;

const STYLE: &str = "text{font-family:system-ui,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;font-size:13px;fill:#17211f}\
.t{font-size:22px;font-weight:700}.p{font-weight:700}.n{font-weight:600}.d{fill:#52605c}.s{font-size:12px;fill:#52605c}\
.active{fill:#1c6b3c}.soon{fill:#8a5300}.not-yet{fill:#52605c}.expired{fill:#52605c}.revoked{fill:#b3261e}\
.g{stroke-width:1.6;fill:none}.ga{fill:#1c6b3c}.gs{fill:#8a5300}.gn{stroke:#52605c}.ge{stroke:#52605c;stroke-dasharray:2 1.6}.gr{stroke:#b3261e}\
.b{stroke:#8b9793;fill:none}.l{stroke:#e4e8e6;fill:none}";

/// A sheet that fills up from the top of its first column.
pub(super) struct Sheet {
    body: String,
    branches: String,
    rules: String,
    per_column: usize,
    column: usize,
    /// Lines that the column has.
    filled: usize,
    tallest: usize,
}

impl Sheet {
    /// For so many lines, headings included.
    pub(super) fn new(lines: usize) -> Self {
        let sheet = usize::try_from(COLUMN + MARGIN).unwrap_or(usize::MAX).saturating_mul(10);
        let row = usize::try_from(ROW).unwrap_or(1) * SHAPE;
        let per_column = lines.saturating_mul(sheet).div_ceil(row).isqrt().max(FEWEST);
        Self { body: String::new(), branches: String::new(), rules: String::new(), per_column, column: 0, filled: 0, tallest: 0 }
    }

    /// A heading, never as the last line of a column.
    pub(super) fn heading(&mut self, heading: &str, count: usize) {
        if self.filled > 0 && self.filled + 2 > self.per_column {
            self.next_column();
        }
        let (x, y) = self.place();
        element(&mut self.body, (x, y + 18), "p", FONT, heading, HOLDER - 12);
        element(&mut self.body, (x + HOLDER, y + 18), "d", FONT, &grants(count), COLUMN - HOLDER);
        self.filled += 1;
    }

    /// A grant; `path` are the names above it.
    pub(super) fn line(&mut self, line: &Line, heading: &str, path: &[&str], times: &TimeWords) {
        if self.filled >= self.per_column {
            self.next_column();
            self.continued(heading, path);
        }
        let (x, y) = self.place();
        self.branch(line, x, y);
        let depth = indent(line.depth);
        glyph(&mut self.body, line.state, x + depth + 7, y + 13);
        let word = line.state.word();
        let name = x + depth + NAME;
        let dead = matches!(line.state, State::Revoked | State::Expired);
        element(&mut self.body, (name, y + 18), if dead { "d" } else { "n" }, FONT, &line.name, x + HOLDER - 12 - name);
        element(&mut self.body, (x + HOLDER, y + 18), "s", SMALL, line.holder.as_deref().unwrap_or("whoever has it"), HOLDER_ROOM);
        let expires = line.expires.map_or_else(|| "never".to_owned(), |at| times.day(at));
        element(&mut self.body, (x + EXPIRES, y + 18), "s", SMALL, &expires, STATE - EXPIRES - 8);
        element(&mut self.body, (x + STATE, y + 18), class(line.state), SMALL, word, STATE_ROOM);
        // Writing to a string cannot fail.
        let _ = write!(self.rules, "M{x} {}h{COLUMN}", y + ROW);
        self.filled += 1;
    }

    /// The whole picture.
    pub(super) fn finish(mut self, title: &str, subtitle: &str, legend: &[(State, usize)]) -> String {
        self.tallest = self.tallest.max(self.filled);
        let across = u32::try_from(self.column).unwrap_or(u32::MAX);
        let width = MARGIN + (across + 1) * (COLUMN + MARGIN);
        let height = HEAD + u32::try_from(self.tallest).unwrap_or(u32::MAX).saturating_mul(ROW) + MARGIN;
        let mut svg = String::with_capacity(self.body.len() + self.branches.len() + self.rules.len() + 4_096);
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>"
        );
        escape(title, &mut svg);
        let _ = write!(svg, "</title>\n<style>{STYLE}</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        element(&mut svg, (MARGIN, MARGIN + 16), "t", TITLE, title, COLUMN);
        element(&mut svg, (MARGIN, MARGIN + 38), "d", FONT, subtitle, COLUMN);
        let mut x = MARGIN;
        for (state, count) in legend {
            glyph(&mut svg, *state, x + 7, MARGIN + 58);
            let text = format!("{} {}", state.word(), number(u64::try_from(*count).unwrap_or(u64::MAX)));
            element(&mut svg, (x + NAME, MARGIN + 63), class(*state), SMALL, &text, LEGEND - NAME);
            x += LEGEND;
        }
        let _ = write!(svg, "<path class=\"l\" d=\"{}\"/>\n<path class=\"b\" d=\"{}\"/>\n", self.rules, self.branches);
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        svg
    }

    /// Says at the top of a column in the middle of what it begins.
    fn continued(&mut self, heading: &str, path: &[&str]) {
        let (x, y) = self.place();
        let mut text = heading.to_owned();
        for name in path {
            text.push_str(" › ");
            text.push_str(name);
        }
        text.push_str(", continued");
        element(&mut self.body, (x, y + 18), "d", FONT, &text, COLUMN);
        self.filled += 1;
    }

    /// What leads to a grant from the one above it, and past it to others.
    fn branch(&mut self, line: &Line, x: u32, y: u32) {
        for (depth, last) in line.last.iter().enumerate().skip(1) {
            let (from, own) = (x + indent(depth - 1) + 7, depth == line.depth);
            let _ = match (own, last) {
                (true, true) => write!(self.branches, "M{from} {y}v13h{}", STEP - 7),
                (true, false) => write!(self.branches, "M{from} {y}v{ROW}m0 -13h{}", STEP - 7),
                (false, false) => write!(self.branches, "M{from} {y}v{ROW}"),
                (false, true) => Ok(()),
            };
        }
    }

    fn place(&self) -> (u32, u32) {
        let times = |count: usize, size: u32| u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(size);
        (MARGIN + times(self.column, COLUMN + MARGIN), HEAD + times(self.filled, ROW))
    }

    fn next_column(&mut self) {
        self.tallest = self.tallest.max(self.filled);
        self.column += 1;
        self.filled = 0;
    }
}

/// What one entry of the legend takes.
const LEGEND: u32 = 124;

fn indent(depth: usize) -> u32 {
    u32::try_from(depth).unwrap_or(u32::MAX).min(DEEPEST) * STEP
}

const fn class(state: State) -> &'static str {
    match state {
        State::Active => "s active",
        State::Soon => "s soon",
        State::NotYet => "s not-yet",
        State::Expired => "s expired",
        State::Revoked => "s revoked",
    }
}

/// A mark for each state that needs neither colour nor a font.
fn glyph(into: &mut String, state: State, x: u32, y: u32) {
    let circle = format!("M{} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", x - 4);
    let (class, path) = match state {
        State::Active => ("ga", circle),
        State::Soon => ("gs", format!("M{x} {}l5 9h-10z", y - 5)),
        State::NotYet => ("g gn", circle),
        State::Expired => ("g ge", circle),
        State::Revoked => ("g gr", format!("M{} {}l8 8m0 -8l-8 8", x - 4, y - 4)),
    };
    let _ = writeln!(into, "<path class=\"{class}\" d=\"{path}\"/>");
}
