//! A QR code as text for a terminal.
//!
//! Two modules share a cell, one above the other. Colours are always written out, even under `NO_COLOR`: a code in the terminal's own
//! colours is inverted on a dark background, and most scanners then see nothing, so here they are content and not decoration. They are
//! 16 and 231 of the 256-colour palette, plain black and white: themes repaint the first 16 colours, and some terminals do not know
//! 24-bit ones.
//!
//! Where a terminal draws half blocks by its font, they rarely fill their half to the edge. So a cell whose halves are alike is a blank on
//! its background, and the others are lower half blocks: in xterm with DejaVu Sans Mono, `zbarimg` read 24 of 24 screenshots in sizes from 7
//! to 20 points with these, and 12 with upper half blocks, above which the font leaves a gap.

use std::fmt::Write;

use keycap_core::secret::SecretText;

use super::{FULL_MARGIN, Margin, Qr, QrError};

/// Cells of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Cells in a row.
    pub columns: u16,
    /// Rows; one less than the terminal has where a shell prompt follows.
    pub rows: u16,
}

impl Qr {
    /// The code in half blocks, dark on light, one line of text for two rows of modules, each ending with a reset of the colours and a
    /// line feed.
    ///
    /// The quiet zone is 4 modules wide where `room` allows it and shrinks down to 2, above the code to 1: 45 × 45 modules fit 80 × 24 cells.
    ///
    /// # Errors
    /// [`QrError::TooLarge`] when the code does not fit even so.
    pub fn terminal(&self, room: Room) -> Result<SecretText, QrError> {
        let margin = self.margin_within(room)?;
        let columns = self.side + 2 * margin.beside;
        let rows = (self.side + 2 * margin.above).div_ceil(2);

        // Room for the dearest cell everywhere: the text must not move while it grows, as that leaves a copy behind.
        let mut text = String::with_capacity(rows * (columns * MAX_CELL_BYTES + RESET.len() + 1));
        for row in 0..rows {
            let mut last = None;
            for column in 0..columns {
                let cell = (self.is_dark(column, 2 * row, margin), self.is_dark(column, 2 * row + 1, margin));
                push_cell(&mut text, cell, last);
                last = Some(cell);
            }
            text.push_str(RESET);
            text.push('\n');
        }
        Ok(SecretText::new(text))
    }

    /// How many cells the code takes within `room`, its quiet zone included: for [`Qr::cells`].
    ///
    /// # Errors
    /// As [`Qr::terminal`].
    pub fn size_within(&self, room: Room) -> Result<Room, QrError> {
        let margin = self.margin_within(room)?;
        let cells = |modules: usize| u16::try_from(modules).unwrap_or(u16::MAX);
        Ok(Room { columns: cells(self.side + 2 * margin.beside), rows: cells((self.side + 2 * margin.above).div_ceil(2)) })
    }

    /// Gives `draw` each cell of the code within `room`, for who draws cells and not text: column, row, and what the cell is.
    ///
    /// # Errors
    /// As [`Qr::terminal`].
    pub fn cells(&self, room: Room, mut draw: impl FnMut(u16, u16, Cell)) -> Result<(), QrError> {
        let (margin, size) = (self.margin_within(room)?, self.size_within(room)?);
        for row in 0..size.rows {
            for column in 0..size.columns {
                let (across, down) = (usize::from(column), 2 * usize::from(row));
                let (upper, lower) = (self.is_dark(across, down, margin), self.is_dark(across, down + 1, margin));
                let colour = |dark: bool| if dark { BLACK } else { WHITE };
                draw(
                    column,
                    row,
                    Cell { half: upper != lower, foreground: colour(lower), background: colour(if upper == lower { lower } else { upper }) },
                );
            }
        }
        Ok(())
    }

    fn margin_within(&self, room: Room) -> Result<Margin, QrError> {
        let margins = |least: usize| (least..=FULL_MARGIN).rev();
        let beside = margins(LEAST_MARGIN).find(|margin| self.side + 2 * margin <= usize::from(room.columns));
        let above = margins(LEAST_ABOVE).find(|margin| (self.side + 2 * margin).div_ceil(2) <= usize::from(room.rows));
        match (beside, above) {
            (Some(beside), Some(above)) => Ok(Margin { beside, above }),
            _ => Err(QrError::TooLarge { needed: self.least_room() }),
        }
    }

    fn least_room(&self) -> Room {
        let modules = |margin: usize| u16::try_from(self.side + 2 * margin).unwrap_or(u16::MAX);
        Room { columns: modules(LEAST_MARGIN), rows: modules(LEAST_ABOVE).div_ceil(2) }
    }
}

/// A cell of a terminal: a blank, or a lower half block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Whether it is a half block.
    pub half: bool,
    /// The half block's colour, of the 256.
    pub foreground: u8,
    /// The colour of what is not covered by it, of the 256.
    pub background: u8,
}

const LEAST_MARGIN: usize = 2;
/// Above the code, where rows are dear. A side has an odd number of modules and a row two of them, so that below there is always one more.
const LEAST_ABOVE: usize = 1;
const BLACK: u8 = 16;
const WHITE: u8 = 231;
const RESET: &str = "\x1b[0m";
/// Both colours and a half block.
const MAX_CELL_BYTES: usize = "\x1b[38;5;231;48;5;231m▀".len();

/// Appends a cell whose upper and lower halves are dark or not, after one that was `last`.
fn push_cell(text: &mut String, cell: (bool, bool), last: Option<(bool, bool)>) {
    let colour = |dark: bool| if dark { BLACK } else { WHITE };
    let (upper, lower) = cell;
    if last != Some(cell) {
        // Writing to a string cannot fail.
        let _ = if upper == lower {
            write!(text, "\x1b[48;5;{}m", colour(lower))
        } else {
            write!(text, "\x1b[38;5;{};48;5;{}m", colour(lower), colour(upper))
        };
    }
    text.push(if upper == lower { ' ' } else { '▄' });
}

#[cfg(test)]
mod tests {
    use super::super::tests::minted;
    use super::*;

    fn lines(text: &SecretText) -> Vec<&str> {
        text.expose().lines().collect()
    }

    /// What is left of a line when its escape sequences are taken out.
    fn cells(line: &str) -> usize {
        line.split('\x1b').map(|part| part.split_once('m').map_or(part, |(_, rest)| rest).chars().count()).sum()
    }

    #[test]
    fn a_minted_capability_fits_80_by_24_with_a_prompt_below() {
        let text = Qr::for_terminal(&minted()).unwrap().terminal(Room { columns: 80, rows: 23 }).unwrap();
        assert_eq!(lines(&text).len(), 23);
        assert!(lines(&text).iter().all(|line| cells(line) == 41 + 8), "a quiet zone of 4 on the sides, where there is room");
    }

    #[test]
    fn the_quiet_zone_is_four_wide_where_there_is_room() {
        let text = Qr::for_terminal(&minted()).unwrap().terminal(Room { columns: 200, rows: 50 }).unwrap();
        assert_eq!(lines(&text).len(), 25);
        assert!(lines(&text).iter().take(2).all(|line| *line == format!("\x1b[48;5;231m{}\x1b[0m", " ".repeat(49))));
    }

    #[test]
    fn one_row_or_column_too_few_is_refused_with_what_is_needed() {
        let qr = Qr::for_terminal(&minted()).unwrap();
        let needed = Room { columns: 45, rows: 22 };
        assert!(qr.terminal(needed).is_ok());
        for room in [Room { columns: 44, ..needed }, Room { rows: 21, ..needed }] {
            assert!(matches!(qr.terminal(room), Err(QrError::TooLarge { needed: told }) if told == needed));
        }
    }

    #[test]
    fn every_line_sets_its_own_colours_and_resets_them() {
        for length in [1, 40, 188, 400] {
            let text = Qr::for_terminal(&"A".repeat(length)).unwrap().terminal(Room { columns: 300, rows: 200 }).unwrap();
            for line in lines(&text) {
                assert!(line.starts_with("\x1b[48;5;231m ") && line.ends_with("\x1b[0m"));
            }
            assert!(text.expose().ends_with('\n'));
        }
    }

    #[test]
    fn the_text_never_outgrows_what_was_reserved() {
        let qr = Qr::for_picture(&"A".repeat(3000)).unwrap();
        let text = qr.terminal(Room { columns: 300, rows: 200 }).unwrap();
        let (columns, rows) = (qr.side() + 8, (qr.side() + 8).div_ceil(2));
        assert!(text.expose().len() <= rows * (columns * MAX_CELL_BYTES + RESET.len() + 1));
    }

    #[test]
    fn cells_are_the_ones_of_the_text() {
        let (code, room) = (Qr::for_terminal(&minted()).unwrap(), Room { columns: 80, rows: 24 });
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(code.terminal(room).unwrap().expose().replace('\n', "\r\n").as_bytes());
        let size = code.size_within(room).unwrap();
        assert_eq!(size, Room { columns: 49, rows: 24 });
        let mut seen = 0;
        code.cells(Room { rows: 23, ..room }, |_, _, _| seen += 1).unwrap();
        assert_eq!(seen, 49 * 23);
        code.cells(room, |column, row, cell| {
            // The last row of the text has scrolled the first one away.
            let Some(row) = row.checked_sub(1) else { return };
            let shown = parser.screen().cell(row, column).unwrap();
            assert_eq!(shown.contents() == "▄", cell.half, "{column}, {row}");
            assert_eq!(shown.bgcolor(), vt100::Color::Idx(cell.background), "{column}, {row}");
            if cell.half {
                assert_eq!(shown.fgcolor(), vt100::Color::Idx(cell.foreground), "{column}, {row}");
            }
        })
        .unwrap();
        assert!(matches!(code.cells(Room { columns: 44, rows: 24 }, |_, _, _| unreachable!()), Err(QrError::TooLarge { .. })));
    }
}
