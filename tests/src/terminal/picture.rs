//! A picture of a terminal's screen, as a camera or a screenshot has it.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;

use font8x8::{BASIC_FONTS, BLOCK_FONTS, BOX_FONTS, LATIN_FONTS, UnicodeFonts};

use super::Size;
use crate::program::require;

/// A cell is 8 pixels wide and 16 high, as in most terminals twice as high as wide.
const CELL_WIDTH: usize = 8;
const CELL_HEIGHT: usize = 16;

/// What an empty box is drawn for: a character that the font does not have.
const UNKNOWN: [u8; 8] = [0x7e, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7e];

pub(super) type Colour = [u8; 3];

/// The colours that a terminal has where a program asks for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Light grey on near black.
    Dark,
    /// Near black on white.
    Light,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dark, Self::Light];

    pub(super) fn foreground(self) -> Colour {
        match self {
            Self::Dark => [0xd3, 0xd7, 0xcf],
            Self::Light => [0x17, 0x14, 0x21],
        }
    }

    pub(super) fn background(self) -> Colour {
        match self {
            Self::Dark => [0x17, 0x14, 0x21],
            Self::Light => [0xff, 0xff, 0xff],
        }
    }
}

/// Pixels of eight bits each in red, green and blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Picture {
    pub(super) fn of(screen: &vt100::Screen, size: Size, theme: Theme) -> Self {
        let (width, height) = (usize::from(size.columns) * CELL_WIDTH, usize::from(size.rows) * CELL_HEIGHT);
        let mut picture = Self { width, height, pixels: vec![theme.background(); width * height] };
        for row in 0..size.rows {
            for column in 0..size.columns {
                if let Some(cell) = screen.cell(row, column) {
                    picture.draw(cell, usize::from(row) * CELL_HEIGHT, usize::from(column) * CELL_WIDTH, theme);
                }
            }
        }
        picture
    }

    /// Writes it as a PNG file.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn save(&self, file: &Path) {
        let (width, height) = (u32::try_from(self.width).unwrap(), u32::try_from(self.height).unwrap());
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(file).unwrap()), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(self.pixels.as_flattened()).unwrap();
    }

    /// What `zbarimg` reads in it: the contents of its QR codes.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
        self.save(file.path());
        scan_codes(file.path())
    }

    fn draw(&mut self, cell: &vt100::Cell, top: usize, left: usize, theme: Theme) {
        let foreground = colour(cell.fgcolor(), theme.foreground());
        let background = colour(cell.bgcolor(), theme.background());
        let (ink, paper) = if cell.inverse() { (background, foreground) } else { (foreground, background) };
        let rows = cell.contents().chars().next().map_or([0; 8], glyph);
        for (y, line) in self.pixels.chunks_exact_mut(self.width).skip(top).take(CELL_HEIGHT).enumerate() {
            let bits = rows.get(y / 2).copied().unwrap_or_default();
            for (x, pixel) in line.iter_mut().skip(left).take(CELL_WIDTH).enumerate() {
                *pixel = if bits >> x & 1 == 1 { ink } else { paper };
            }
        }
    }
}

/// What `zbarimg` reads in an image file: the contents of its QR codes.
///
/// # Panics
/// If `zbarimg` is missing, or cannot read the file.
#[must_use]
pub fn scan_codes(image: &Path) -> Vec<String> {
    let mut command = Command::new(require("zbarimg", "zbar-tools"));
    command.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(image);
    let output = command.output().unwrap();
    // 4 is its answer for a readable image without a code.
    assert!(matches!(output.status.code(), Some(0 | 4)), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Eight rows, the leftmost pixel in the lowest bit.
fn glyph(character: char) -> [u8; 8] {
    let fonts = [BASIC_FONTS.get(character), LATIN_FONTS.get(character), BOX_FONTS.get(character), BLOCK_FONTS.get(character)];
    fonts.into_iter().flatten().next().unwrap_or(UNKNOWN)
}

pub(super) fn colour(asked: vt100::Color, default: Colour) -> Colour {
    match asked {
        vt100::Color::Default => default,
        vt100::Color::Rgb(red, green, blue) => [red, green, blue],
        vt100::Color::Idx(index) => indexed(index),
    }
}

/// The 256 colours of xterm: 16 named ones, a cube of 6×6×6, 24 greys.
fn indexed(index: u8) -> Colour {
    const NAMED: [Colour; 16] = [
        [0, 0, 0],
        [205, 0, 0],
        [0, 205, 0],
        [205, 205, 0],
        [0, 0, 238],
        [205, 0, 205],
        [0, 205, 205],
        [229, 229, 229],
        [127, 127, 127],
        [255, 0, 0],
        [0, 255, 0],
        [255, 255, 0],
        [92, 92, 255],
        [255, 0, 255],
        [0, 255, 255],
        [255, 255, 255],
    ];
    let step = |level: u8| if level == 0 { 0 } else { 55 + level * 40 };
    match index {
        0..16 => NAMED.get(usize::from(index)).copied().unwrap_or_default(),
        16..232 => {
            let cube = index - 16;
            [step(cube / 36), step(cube / 6 % 6), step(cube % 6)]
        }
        232.. => [8 + (index - 232) * 10; 3],
    }
}
