//! A drawing of a terminal's screen: an SVG picture for documents, sharp at any size.

use std::fmt::Write;

use super::Size;
use super::picture::{Theme, colour};

/// A cell in the drawing's units.
const CELL_WIDTH: usize = 9;
const CELL_HEIGHT: usize = 20;
/// Around the screen, as a window has it.
const MARGIN: usize = 14;

/// One run of cells that look the same.
struct Run {
    column: u16,
    text: String,
    style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Style {
    ink: [u8; 3],
    paper: [u8; 3],
    bold: bool,
    dim: bool,
    underlined: bool,
}

/// The screen as SVG.
pub(super) fn of(screen: &vt100::Screen, size: Size, theme: Theme) -> String {
    let (width, height) = (usize::from(size.columns) * CELL_WIDTH + 2 * MARGIN, usize::from(size.rows) * CELL_HEIGHT + 2 * MARGIN);
    let mut svg = String::new();
    let paper = hex(theme.background());
    write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"9\" fill=\"{paper}\"/>\n"
    )
    .unwrap();
    for row in 0..size.rows {
        for run in runs(screen, row, size.columns, theme) {
            draw(&mut svg, row, &run, theme);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, row: u16, run: &Run, theme: Theme) {
    let (x, y) = (usize::from(run.column) * CELL_WIDTH + MARGIN, usize::from(row) * CELL_HEIGHT + MARGIN);
    let width = run.text.chars().count() * CELL_WIDTH;
    if run.style.paper != theme.background() {
        writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>", hex(run.style.paper)).unwrap();
    }
    if run.text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    if run.style.bold {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if run.style.dim {
        attributes.push_str(" opacity=\"0.6\"");
    }
    if run.style.underlined {
        attributes.push_str(" text-decoration=\"underline\"");
    }
    draw_lines(svg, (x, y), run);
    let text: String = run.text.chars().map(|character| if stroke(character).is_some() { ' ' } else { character }).collect();
    if text.trim().is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let fill = hex(run.style.ink);
    let baseline = y + 15;
    // The length keeps columns in line, whatever font there is.
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{baseline}\" fill=\"{fill}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{attributes}>{text}</text>"
    )
    .unwrap();
}

/// The frames of a run, stroke by stroke: as characters they would fall apart wherever a font is not as high as its lines.
fn draw_lines(svg: &mut String, (x, y): (usize, usize), run: &Run) {
    let mut path = String::new();
    for (at, character) in run.text.chars().enumerate() {
        if let Some(stroke) = stroke(character) {
            write!(path, "M{} {y}{stroke}", x + at * CELL_WIDTH).unwrap();
        }
    }
    if !path.is_empty() {
        let (ink, opacity) = (hex(run.style.ink), if run.style.dim { " opacity=\"0.6\"" } else { "" });
        writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\"{opacity}/>").unwrap();
    }
}

/// How a character that joins its neighbours is drawn, from the corner of its cell on; `None`: it is text.
const fn stroke(character: char) -> Option<&'static str> {
    Some(match character {
        '─' => "m0 10h9",
        '│' => "m4.5 0v20",
        '╭' => "m4.5 20v-5q0-5 4.5-5",
        '╮' => "m0 10q4.5 0 4.5 5v5",
        '╰' => "m4.5 0v5q0 5 4.5 5",
        '╯' => "m0 10q4.5 0 4.5-5v-5",
        '├' => "m4.5 0v20m0-10h4.5",
        '└' => "m4.5 0v10h4.5",
        _ => return None,
    })
}

fn runs(screen: &vt100::Screen, row: u16, columns: u16, theme: Theme) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        let (ink, paper) = (colour(cell.fgcolor(), theme.foreground()), colour(cell.bgcolor(), theme.background()));
        let (ink, paper) = if cell.inverse() { (paper, ink) } else { (ink, paper) };
        let style = Style { ink, paper, bold: cell.bold(), dim: cell.dim(), underlined: cell.underline() };
        let text = if cell.contents().is_empty() { " " } else { cell.contents() };
        match runs.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            Some(_) | None => runs.push(Run { column, text: text.to_owned(), style }),
        }
    }
    runs
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
