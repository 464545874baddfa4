//! The ways of looking for QR codes, from the quickest to the slowest.
//!
//! The work on one picture is bounded, to some fifteen seconds for 50 million pixels of noise. Three finder patterns make up a code, and on a picture
//! tiled with them `rxing` would try combinations for hours: it gives up on one with more than [`MAX_PATTERNS`], and tries only the most
//! plausible [`MAX_TRIPLES`]. `rqrr`, which noise alone can keep busy for minutes, sees a picture of at most [`MAX_SMALL`] pixels.

use keycap_core::secret::SecretText;
use rqrr::PreparedImage;
use rxing::common::{BitMatrix, DetectorRXingResult, GlobalHistogramBinarizer, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, BinaryBitmap, Luma8Source};

use super::gray::Gray;
use super::picture::caught;

/// What was found in a picture.
#[derive(Default)]
pub(super) struct Scan {
    /// Each text once, in the order of finding.
    pub(super) texts: Vec<SecretText>,
    /// Whether a code was seen that could not be decoded.
    pub(super) damaged: bool,
    /// Whether there were too many finder patterns to look on.
    crowded: bool,
}

/// Looks at each of `surfaces` in one way after the other, until a text of keycap's is found, there is no way left or `go_on` says no.
pub(super) fn scan<'a>(surfaces: impl Iterator<Item = &'a Gray>, go_on: &dyn Fn() -> bool) -> Scan {
    let surfaces: Vec<&Gray> = surfaces.collect();
    let mut scan = Scan::default();
    for surface in surfaces.iter().take_while(|_| go_on()) {
        scan.look(surface);
    }
    for way in WAYS {
        for surface in &surfaces {
            if scan.found_ours() || !go_on() {
                return scan;
            }
            if let Some(view) = way(surface) {
                scan.look(&view);
            }
        }
    }
    if !scan.found_ours() && !scan.crowded && go_on() {
        surfaces.iter().filter_map(|surface| at_most(MAX_SMALL, surface, Gray::inverted)).for_each(|inverted| scan.look_again(&inverted));
    }
    scan
}

/// The ways after the first look at full size; `None` where one makes no sense.
const WAYS: [fn(&Gray) -> Option<Gray>; 12] = [
    |surface| surface.shrunk(2),
    |surface| surface.shrunk(3),
    |surface| surface.shrunk(4),
    |surface| surface.shrunk(6),
    |surface| surface.shrunk(8),
    |surface| surface.shrunk(12),
    |surface| surface.shrunk(16),
    |surface| at_most(MAX_MODERATE, surface, Gray::stretched),
    |surface| at_most(MAX_MODERATE, surface, Gray::without_lines),
    |surface| at_most(MAX_MODERATE, &surface.shrunk(2)?, Gray::without_lines),
    |surface| at_most(MAX_MODERATE, &surface.shrunk(3)?, Gray::without_lines),
    |surface| (surface.area() <= MAX_DOUBLED).then(|| surface.doubled()),
];

/// Finder patterns of some hundred codes, more than anyone has on a screen.
const MAX_PATTERNS: usize = 400;
/// Trying one takes some 30 µs.
const MAX_TRIPLES: usize = 5_000;
/// Pixels from which on doubling brings nothing: the modules of a code that is meant to be read are then large enough.
const MAX_DOUBLED: u64 = 2_500_000;
/// Pixels beyond which the slow ways get a smaller picture: those of a 4K screen pass.
const MAX_MODERATE: u64 = 9_000_000;
/// Pixels beyond which rqrr gets a smaller picture.
const MAX_SMALL: u64 = 300_000;

/// `change` applied to the picture, made smaller first if it has more than `pixels`.
fn at_most(pixels: u64, surface: &Gray, change: fn(&Gray) -> Gray) -> Option<Gray> {
    match (1..).find(|times| surface.area() / (u64::from(*times) * u64::from(*times)) <= pixels) {
        None | Some(1) => Some(change(surface)),
        Some(times) => surface.shrunk(times).map(|smaller| change(&smaller)),
    }
}

/// Whether there are more than [`MAX_PATTERNS`] finder patterns, counted in bands, as the time that finding them takes grows with the square
/// of their number.
fn is_crowded(matrix: &BitMatrix) -> rxing::common::Result<bool> {
    let mut patterns = 0;
    let mut top = 0;
    while top < matrix.height() && patterns <= MAX_PATTERNS {
        let height = BAND_HEIGHT.min(matrix.height() - top);
        let mut band = BitMatrix::new(matrix.width(), height)?;
        (0..height).for_each(|row| band.setRow(row, &matrix.getRow(top + row)));
        patterns += FindFinderPatterns(&band, true, 0).len();
        top += height;
    }
    Ok(patterns > MAX_PATTERNS)
}

/// Rows. So few that there is no room for many patterns in them, so many that only rare, large ones are missed.
const BAND_HEIGHT: u32 = 128;

impl Scan {
    /// With rxing, at the picture and its inverse.
    fn look(&mut self, view: &Gray) {
        for view in [view, &view.inverted()] {
            let Ok(source) = Luma8Source::new_with_slice(view.pixels(), view.width(), view.height()) else { continue };
            self.decode(HybridBinarizer::new(source.clone()));
            self.decode(GlobalHistogramBinarizer::new(source));
        }
    }

    /// With rqrr, at the inverse of `inverted` and at itself.
    fn look_again(&mut self, inverted: &Gray) {
        for view in [&inverted.inverted(), inverted] {
            let codes = caught(|| {
                let (width, height) = (usize::try_from(view.width()).ok()?, usize::try_from(view.height()).ok()?);
                let brightness = |x, y| view.pixels().get(y * width + x).copied().unwrap_or(u8::MAX);
                let mut image = PreparedImage::prepare_from_greyscale(width, height, brightness);
                Some(image.detect_grids().iter().map(|grid| grid.decode().ok().map(|(_, text)| text)).collect::<Vec<_>>())
            });
            for code in codes.into_iter().flatten() {
                match code {
                    Some(text) => self.add(text),
                    None => self.damaged = true,
                }
            }
        }
    }

    /// What rxing's reader of several codes does, but bounded.
    fn decode(&mut self, binarizer: impl Binarizer) {
        let codes = caught(|| {
            let bitmap = BinaryBitmap::new(binarizer);
            let matrix = bitmap.get_black_matrix();
            if is_crowded(matrix).ok()? {
                return Some(None);
            }
            let mut patterns = FindFinderPatterns(matrix, true, 0);
            let mut used = Vec::new();
            let mut texts = Vec::new();
            for triple in GenerateFinderPatternSets(&mut patterns).into_iter().take(MAX_TRIPLES) {
                let corners = [triple.bl, triple.tl, triple.tr];
                if corners.iter().any(|corner| used.contains(corner)) {
                    continue;
                }
                let decoded = SampleQR(matrix, &triple).and_then(|code| Decode(code.getBits()));
                if let Ok(code) = decoded
                    && code.isValid()
                {
                    used.extend(corners);
                    texts.push(code.text());
                }
            }
            Some(Some(texts))
        });
        match codes {
            Some(Some(texts)) => texts.into_iter().for_each(|text| self.add(text)),
            Some(None) => self.crowded = true,
            None => {}
        }
    }

    fn add(&mut self, text: String) {
        let text = SecretText::new(text);
        if !text.expose().is_empty() && self.texts.iter().all(|known| known.expose() != text.expose()) {
            self.texts.push(text);
        }
    }

    /// Whether a text begins as keycap's own do, with or without the scheme, in either case.
    fn found_ours(&self) -> bool {
        self.texts.iter().any(|text| text.expose().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("keycap")))
    }
}
