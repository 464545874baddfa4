//! The ways of looking for QR codes, from the quickest to the slowest.
//!
//! The work on one picture is bounded. Three finder patterns make up a code, and a picture tiled with thousands of them would keep a decoder
//! busy for hours with trying combinations: so only the most plausible [`MAX_TRIPLES`] of them are tried, and `rqrr`, which knows no such
//! bound, sees only pictures with no more than [`MAX_PATTERNS`].

use keycap_core::secret::SecretText;
use rqrr::PreparedImage;
use rxing::common::{DetectorRXingResult, GlobalHistogramBinarizer, HybridBinarizer};
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
    /// The most finder patterns seen at a time.
    patterns: usize,
}

/// Looks at each of `surfaces` in one way after the other, until a text of keycap's is found or there is no way left.
pub(super) fn scan<'a>(surfaces: impl Iterator<Item = &'a Gray>) -> Scan {
    let surfaces: Vec<&Gray> = surfaces.collect();
    let mut scan = Scan::default();
    surfaces.iter().for_each(|surface| scan.look(surface));
    for way in WAYS {
        if scan.found_ours() {
            return scan;
        }
        surfaces.iter().filter_map(|surface| way(surface)).for_each(|view| scan.look(&view));
    }
    if !scan.found_ours() && scan.patterns <= MAX_PATTERNS {
        surfaces.iter().filter_map(|surface| moderate(surface, Gray::inverted)).for_each(|inverted| scan.look_again(&inverted));
    }
    scan
}

/// The ways after the first look at full size; `None` where one makes no sense.
const WAYS: [fn(&Gray) -> Option<Gray>; 10] = [
    |surface| surface.shrunk(2),
    |surface| surface.shrunk(3),
    |surface| surface.shrunk(4),
    |surface| surface.shrunk(6),
    |surface| surface.shrunk(8),
    |surface| surface.shrunk(12),
    |surface| surface.shrunk(16),
    |surface| moderate(surface, Gray::stretched),
    |surface| moderate(surface, Gray::without_lines),
    |surface| (surface.area() <= MAX_DOUBLED).then(|| surface.doubled()),
];

/// Finder patterns of 33 codes, more than anyone has on a screen.
const MAX_PATTERNS: usize = 100;
/// Trying one takes some 30 µs.
const MAX_TRIPLES: usize = 5_000;
/// Pixels from which on doubling brings nothing: the modules of a code that is meant to be read are then large enough.
const MAX_DOUBLED: u64 = 2_500_000;
/// Pixels beyond which the slow ways get a smaller picture: those of a 4K screen pass.
const MAX_MODERATE: u64 = 9_000_000;

/// `change` applied to the picture, made smaller first if it is very large.
fn moderate(surface: &Gray, change: fn(&Gray) -> Gray) -> Option<Gray> {
    match (1..).find(|times| surface.area() / (u64::from(*times) * u64::from(*times)) <= MAX_MODERATE) {
        None | Some(1) => Some(change(surface)),
        Some(times) => surface.shrunk(times).map(|smaller| change(&smaller)),
    }
}

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
            let mut patterns = FindFinderPatterns(matrix, true, 0);
            let seen = patterns.len();
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
            Some((seen, texts))
        });
        if let Some((seen, texts)) = codes {
            self.patterns = self.patterns.max(seen);
            texts.into_iter().for_each(|text| self.add(text));
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
