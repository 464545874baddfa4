//! Pictures of QR codes, whole and maltreated, and another program that reads them.

use std::io::{Cursor, Write};
use std::num::{NonZeroU8, NonZeroU16};
use std::process::{Command, Stdio};

use image::{GrayImage, ImageFormat, Luma, imageops};
use keycap_core::secret::SecretText;
use keycap_vault::qr::{Qr, read_qr};

/// `length` characters that look like a capability in a QR code; 188 are one freshly minted.
pub(crate) fn capability(length: usize) -> String {
    let mut text = String::from("KEYCAP:KEYCAP-SECRET-1");
    let symbols = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let mut dice = Dice(length as u64 + 1);
    while text.len() < length {
        text.push(char::from(symbols[dice.below(32)]));
    }
    text
}

/// A code for a freshly minted capability, dark on light, `scale` pixels a module, with a quiet zone of 4 modules.
pub(crate) fn code(scale: u8) -> GrayImage {
    picture_of(&Qr::for_picture(&capability(188)).unwrap(), scale)
}

/// The same with fewer and so weaker modules, as terminals show it.
pub(crate) fn dense_code(scale: u8) -> GrayImage {
    picture_of(&Qr::for_terminal(&capability(188)).unwrap(), scale)
}

pub(crate) fn picture_of(qr: &Qr, scale: u8) -> GrayImage {
    image::load_from_memory(qr.png(NonZeroU8::new(scale).unwrap()).unwrap().expose()).unwrap().into_luma8()
}

/// `picture` without the outer `modules` modules of `scale` pixels.
pub(crate) fn cropped(picture: &GrayImage, modules: u32, scale: u32) -> GrayImage {
    let off = modules * scale;
    imageops::crop_imm(picture, off, off, picture.width() - 2 * off, picture.height() - 2 * off).to_image()
}

pub(crate) fn inverted(picture: &GrayImage) -> GrayImage {
    let mut picture = picture.clone();
    imageops::invert(&mut picture);
    picture
}

/// `picture` turned about its middle, on an even ground.
pub(crate) fn turned(picture: &GrayImage, degrees: f64, ground: u8) -> GrayImage {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let side = width.hypot(height).ceil();
    let (sin, cos) = degrees.to_radians().sin_cos();
    GrayImage::from_fn(side as u32, side as u32, |x, y| {
        let (x, y) = (f64::from(x) - side / 2.0, f64::from(y) - side / 2.0);
        let (x, y) = (x * cos + y * sin + width / 2.0, y * cos - x * sin + height / 2.0);
        imageops::interpolate_bilinear(picture, x as f32, y as f32).filter(|_| x >= 0.0 && y >= 0.0).unwrap_or(Luma([ground]))
    })
}

/// `picture` seen at a slant: its upper edge narrower by `share`.
pub(crate) fn slanted(picture: &GrayImage, share: f64) -> GrayImage {
    let middle = f64::from(picture.width()) / 2.0;
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let width = 1.0 - share * (1.0 - f64::from(y) / f64::from(picture.height()));
        let x = (f64::from(x) - middle) / width + middle;
        if x < 0.0 { Luma([200]) } else { picture.get_pixel_checked(x as u32, y).copied().unwrap_or(Luma([200])) }
    })
}

/// `picture` with `lines` rows of one colour put in after every `every` rows, as between lines of text.
pub(crate) fn spaced(picture: &GrayImage, every: u32, lines: u32, colour: u8) -> GrayImage {
    let height = picture.height() + picture.height() / every * lines;
    GrayImage::from_fn(picture.width(), height, |x, y| {
        let (block, row) = (y / (every + lines), y % (every + lines));
        if row < every { picture.get_pixel_checked(x, block * every + row).copied().unwrap_or(Luma([colour])) } else { Luma([colour]) }
    })
}

/// A page full of rectangles in all shades.
pub(crate) fn clutter(width: u32, height: u32) -> GrayImage {
    let mut page = GrayImage::from_pixel(width, height, Luma([230]));
    let mut dice = Dice(7);
    for _ in 0..4000 {
        let (left, top) = (dice.below(width as usize) as u32, dice.below(height as usize) as u32);
        let shade = Luma([dice.below(256) as u8]);
        for (x, y) in (0..1 + dice.below(14) as u32).flat_map(|x| (0..10).map(move |y| (left + x, top + y))) {
            if let Some(pixel) = page.get_pixel_mut_checked(x, y) {
                *pixel = shade;
            }
        }
    }
    page
}

/// What a file manager, browser or camera would hand over.
pub(crate) fn file(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Vec::new();
    picture.write_to(&mut Cursor::new(&mut file), format).unwrap();
    file
}

/// What keycap reads in `picture`.
pub(crate) fn read(picture: &GrayImage) -> Vec<String> {
    match read_qr(&file(picture, ImageFormat::Png)) {
        Ok(texts) => texts.iter().map(|text| text.expose().to_owned()).collect(),
        Err(_) => Vec::new(),
    }
}

/// What zbarimg reads in a PNG file.
pub(crate) fn zbarimg(png: &[u8]) -> String {
    let mut zbarimg = Command::new("zbarimg")
        .args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "PNG:-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("zbarimg is needed: install the package zbar-tools");
    zbarimg.stdin.take().unwrap().write_all(png).unwrap();
    String::from_utf8(zbarimg.wait_with_output().unwrap().stdout).unwrap().trim_end_matches('\n').to_owned()
}

/// How a terminal draws: pixels of a cell, and the first and the last but one of those rows that a lower half block fills.
#[derive(Clone, Copy)]
pub(crate) struct Font {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) lower_half: (u32, u32),
}

/// As terminals draw that do it without a font.
pub(crate) const EXACT: Font = Font { width: 8, height: 16, lower_half: (8, 16) };

/// A screenshot of a terminal of `columns` × `rows` cells in which `text` was printed; `ground` is the terminal's own background.
pub(crate) fn screenshot(text: &SecretText, columns: u16, rows: u16, ground: u8, font: Font) -> GrayImage {
    let mut terminal = vt100::Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap(), 0);
    terminal.process(text.expose().replace('\n', "\r\n").as_bytes());
    terminal.process(b"$ ");
    let screen = terminal.screen();
    let shade = |colour, default| match colour {
        vt100::Color::Default => default,
        vt100::Color::Idx(16) => 0,
        vt100::Color::Idx(231) => 255,
        other @ (vt100::Color::Idx(_) | vt100::Color::Rgb(..)) => panic!("{other:?} is not a colour that all terminals agree on"),
    };
    let mut picture = GrayImage::new(u32::from(columns) * font.width, u32::from(rows) * font.height);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let cell = screen.cell(row, column).unwrap();
        let (foreground, background) = (shade(cell.fgcolor(), 255 - ground), shade(cell.bgcolor(), ground));
        let filled = match cell.contents() {
            "▄" => font.lower_half.0..font.lower_half.1,
            "$" => 0..font.height,
            "" | " " => 0..0,
            other => panic!("{other:?} is no lower half block"),
        };
        for (x, y) in (0..font.height).flat_map(|y| (0..font.width).map(move |x| (x, y))) {
            let shade = Luma([if filled.contains(&y) { foreground } else { background }]);
            picture.put_pixel(u32::from(column) * font.width + x, u32::from(row) * font.height + y, shade);
        }
    }
    picture
}

/// Numbers that are the same in every run (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.roll() >> 16) as usize % end
    }
}
