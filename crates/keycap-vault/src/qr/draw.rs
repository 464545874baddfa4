//! A QR code as SVG and PNG, with the full quiet zone.

use std::fmt::Write;
use std::num::NonZeroU8;

use keycap_core::secret::{SecretBytes, SecretText};
use png::{BitDepth, ColorType, Encoder};

use super::{FULL_MARGIN, Margin, Qr, QrError};

impl Qr {
    /// The code as an SVG document: one path of dark runs over a light square, 8 units a module, scalable without blur.
    #[must_use]
    pub fn svg(&self) -> SecretText {
        let side = self.side_with_margin();
        let runs: Vec<_> = (0..side).flat_map(|row| self.dark_runs(row).into_iter().map(move |run| (row, run))).collect();

        let mut svg = String::with_capacity(SVG_FRAME_BYTES + runs.len() * SVG_RUN_BYTES);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"",
            pixels = side * 8
        );
        for (row, Run { start, length }) in runs {
            let _ = write!(svg, "M{start} {row}h{length}v1h-{length}z");
        }
        svg.push_str("\"/></svg>\n");
        SecretText::new(svg)
    }

    /// The code as a PNG file, one bit a pixel, `scale` pixels a module. Phones read 4 and more from a screen; print needs 8 and more.
    ///
    /// # Errors
    /// [`QrError::Png`] when the writer refuses, which it has no reason to.
    pub fn png(&self, scale: NonZeroU8) -> Result<SecretBytes, QrError> {
        let scale = usize::from(scale.get());
        let side = self.side_with_margin() * scale;
        let pixels = u32::try_from(side).unwrap_or(u32::MAX);
        let rows = self.packed_rows(scale);

        // More than the rows can take once compressed: the file must not move while it grows, as that leaves a copy behind.
        let mut file = Vec::with_capacity(rows.len() + rows.len() / 64 + 1024);
        let mut encoder = Encoder::new(&mut file, pixels, pixels);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(rows.expose())?;
        writer.finish()?;
        Ok(SecretBytes::new(file))
    }

    /// Modules on one side with the full quiet zone: 29 to 185.
    pub(crate) fn side_with_margin(&self) -> usize {
        self.side + 2 * FULL_MARGIN
    }

    /// Pixel rows of one bit a pixel, light set, each padded to whole bytes.
    fn packed_rows(&self, scale: usize) -> SecretBytes {
        let side = self.side_with_margin();
        let row_bytes = (side * scale).div_ceil(8);
        let mut rows = SecretBytes::with_capacity(row_bytes * side * scale);
        for row in 0..side {
            let light = |pixel: usize| u8::from(!self.is_dark(pixel / scale, row, MARGIN));
            let packed: Vec<u8> = (0..row_bytes).map(|byte| (0..8).fold(0, |bits, bit| bits << 1 | light(byte * 8 + bit))).collect();
            let packed = SecretBytes::new(packed);
            for _ in 0..scale {
                rows.push_slice(packed.expose());
            }
        }
        rows
    }

    /// The runs of dark modules in a row, quiet zone counted.
    pub(crate) fn dark_runs(&self, row: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for column in (0..self.side_with_margin()).filter(|column| self.is_dark(*column, row, MARGIN)) {
            match runs.last_mut() {
                Some(run) if run.start + run.length == column => run.length += 1,
                _ => runs.push(Run { start: column, length: 1 }),
            }
        }
        runs
    }
}

const MARGIN: Margin = Margin { beside: FULL_MARGIN, above: FULL_MARGIN };
/// Everything in the SVG but the runs.
const SVG_FRAME_BYTES: usize = 256;
/// The longest run.
const SVG_RUN_BYTES: usize = "M185 185h185v1h-185z".len();

/// Dark modules side by side.
pub(crate) struct Run {
    /// The first of them, counted from the outer corner of the quiet zone.
    pub(crate) start: usize,
    pub(crate) length: usize,
}

#[cfg(test)]
mod tests {
    use super::super::tests::minted;
    use super::*;

    #[test]
    fn the_svg_draws_exactly_the_dark_modules() {
        let qr = Qr::for_picture(&minted()).unwrap();
        let svg = qr.svg();
        let frame = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"456\" height=\"456\" viewBox=\"0 0 57 57\" shape-rendering=\"crispEdges\">\
                     <path fill=\"#fff\" d=\"M0 0h57v57H0z\"/><path d=\"";
        assert!(svg.expose().starts_with(frame) && svg.expose().ends_with("z\"/></svg>\n"));
        let path = svg.expose().split_once("<path d=\"").unwrap().1.split_once('"').unwrap().0;
        let side = qr.side() + 2 * FULL_MARGIN;
        let mut drawn = vec![false; side * side];
        for run in path.split_terminator('z') {
            let (column, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
            let (row, rest) = rest.split_once('h').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let start = row.parse::<usize>().unwrap() * side + column.parse::<usize>().unwrap();
            drawn[start..start + length].fill(true);
        }
        for (place, drawn) in drawn.into_iter().enumerate() {
            assert_eq!(drawn, qr.is_dark(place % side, place / side, MARGIN));
        }
    }

    #[test]
    fn svg_and_png_never_outgrow_what_was_reserved() {
        let qr = Qr::for_picture(&"A".repeat(3391)).unwrap();
        assert_eq!(qr.side(), 177);
        let runs: usize = (0..qr.side() + 8).map(|row| qr.dark_runs(row).len()).sum();
        assert!(qr.svg().expose().len() <= SVG_FRAME_BYTES + runs * SVG_RUN_BYTES);
        for scale in [1, 3, 8] {
            let rows = qr.packed_rows(scale);
            assert!(qr.png(NonZeroU8::try_from(u8::try_from(scale).unwrap()).unwrap()).unwrap().len() <= rows.len() + rows.len() / 64 + 1024);
        }
    }

    #[test]
    fn a_png_has_one_pixel_a_module_at_scale_one() {
        let qr = Qr::for_picture(&minted()).unwrap();
        let picture = image::load_from_memory(qr.png(NonZeroU8::MIN).unwrap().expose()).unwrap().into_luma8();
        assert_eq!(picture.dimensions(), (57, 57));
        for (x, y, pixel) in picture.enumerate_pixels() {
            assert_eq!(pixel.0[0] == 0, qr.is_dark(usize::try_from(x).unwrap(), usize::try_from(y).unwrap(), MARGIN));
        }
    }
}
