//! Brightness, pixel by pixel, and the changes that bring out a QR code.

use image::imageops::{self, FilterType};
use image::{GrayAlphaImage, GrayImage, Luma};
use zeroize::Zeroize;

/// One byte of brightness a pixel, at least one pixel. Wiped when dropped.
pub(super) struct Gray(GrayImage);

impl Gray {
    pub(super) fn new(image: GrayImage) -> Self {
        Self(image)
    }

    /// `image` as it looks over an even `ground`.
    pub(super) fn blended(image: &GrayAlphaImage, ground: u8) -> Self {
        let over = |[brightness, opacity]: [u8; 2]| {
            let [brightness, opacity, ground] = [brightness, opacity, ground].map(u16::from);
            u8::try_from((brightness * opacity + ground * (255 - opacity)) / 255).unwrap_or(u8::MAX)
        };
        Self(GrayImage::from_fn(image.width(), image.height(), |x, y| Luma([over(image.get_pixel(x, y).0)])))
    }

    pub(super) fn width(&self) -> u32 {
        self.0.width()
    }

    pub(super) fn height(&self) -> u32 {
        self.0.height()
    }

    /// How many pixels there are.
    pub(super) fn area(&self) -> u64 {
        u64::from(self.width()) * u64::from(self.height())
    }

    /// The pixels, row by row.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn inverted(&self) -> Self {
        self.mapped(|brightness| u8::MAX - brightness)
    }

    /// A `times` smaller picture, each pixel the mean of those it stands for; `None` when less than a QR code's 21 modules are left of it.
    pub(super) fn shrunk(&self, times: u32) -> Option<Self> {
        let (width, height) = (self.width() / times, self.height() / times);
        (width.min(height) >= 21).then(|| Self(imageops::thumbnail(&self.0, width, height)))
    }

    /// Twice as wide and high, interpolated.
    pub(super) fn doubled(&self) -> Self {
        Self(imageops::resize(&self.0, self.width() * 2, self.height() * 2, FilterType::Triangle))
    }

    /// The darkest fiftieth of the pixels made black, the brightest white, and what is between spread out.
    pub(super) fn stretched(&self) -> Self {
        let mut sorted = self.pixels().to_vec();
        sorted.sort_unstable();
        let cut = sorted.len() / 50;
        let dark = sorted.get(cut).copied().unwrap_or_default();
        let bright = sorted.get(sorted.len() - 1 - cut).copied().unwrap_or_default();
        sorted.zeroize();
        let range = u16::from(bright.saturating_sub(dark).max(1));
        self.mapped(|brightness| u8::try_from(u16::from(brightness.saturating_sub(dark)) * 255 / range).unwrap_or(u8::MAX))
    }

    /// Each pixel the median of the five in its column around it: lines of one or two pixels vanish, as terminals leave them between rows
    /// of text.
    pub(super) fn without_lines(&self) -> Self {
        let rows: Vec<&[u8]> = self.rows().collect();
        let last = rows.len() - 1;
        let mut pixels = Vec::with_capacity(self.pixels().len());
        for middle in 0..rows.len() {
            let near = [-2, -1, 0, 1, 2].map(|offset| rows.get(middle.saturating_add_signed(offset).min(last)).copied().unwrap_or_default());
            let [mut a, mut b, mut c, mut d, mut e] = near.map(<[u8]>::iter);
            while let (Some(a), Some(b), Some(c), Some(d), Some(e)) = (a.next(), b.next(), c.next(), d.next(), e.next()) {
                let mut five = [*a, *b, *c, *d, *e];
                five.sort_unstable();
                pixels.push(five[2]);
            }
        }
        Self(GrayImage::from_raw(self.width(), self.height(), pixels).unwrap_or_default())
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels().chunks_exact(usize::try_from(self.width()).unwrap_or(usize::MAX))
    }

    fn mapped(&self, change: impl Fn(u8) -> u8) -> Self {
        let mut image = self.0.clone();
        image.iter_mut().for_each(|brightness| *brightness = change(*brightness));
        Self(image)
    }
}

impl Drop for Gray {
    fn drop(&mut self) {
        let pixels: &mut [u8] = &mut self.0;
        pixels.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: u32, pixels: &[u8]) -> Gray {
        let height = u32::try_from(pixels.len()).unwrap() / width;
        Gray::new(GrayImage::from_raw(width, height, pixels.to_vec()).unwrap())
    }

    #[test]
    fn transparent_pixels_take_the_colour_of_the_ground() {
        let image = GrayAlphaImage::from_raw(3, 1, vec![10, 255, 10, 0, 200, 51]).unwrap();
        assert_eq!(Gray::blended(&image, 255).pixels(), [10, 255, 244]);
        assert_eq!(Gray::blended(&image, 0).pixels(), [10, 0, 40]);
    }

    #[test]
    fn stretching_uses_the_whole_range_and_survives_an_even_picture() {
        assert_eq!(gray(3, &[100, 110, 120]).stretched().pixels(), [0, 127, 255]);
        assert_eq!(gray(2, &[7, 7]).stretched().pixels(), [0, 0]);
    }

    #[test]
    fn lines_of_two_pixels_vanish_and_edges_stay() {
        let column = [0, 0, 0, 255, 255, 0, 0, 0, 255, 255, 255, 255];
        assert_eq!(gray(1, &column).without_lines().pixels(), [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    }

    #[test]
    fn every_change_works_on_a_single_pixel() {
        let single = gray(1, &[9]);
        assert_eq!(single.inverted().pixels(), [246]);
        assert_eq!(single.doubled().area(), 4);
        assert_eq!(single.without_lines().pixels(), [9]);
        assert_eq!(single.stretched().area(), 1);
        assert!(single.shrunk(2).is_none());
    }
}
