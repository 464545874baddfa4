//! Picture files, down to brightness.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, ImageFormat, ImageReader, Limits, RgbaImage};

use super::ReadError;
use super::gray::Gray;

/// The longest picture file that is read: 64 MiB. Read no more than one byte beyond it from a source that has no end.
pub const MAX_PICTURE_BYTES: usize = 64 << 20;

/// The most pixels a picture may have: 50 million, as the largest screens and common telephones make.
pub const MAX_PIXELS: u64 = 50_000_000;

/// A picture in which to look for QR codes: only its brightness is kept. Wiped when dropped.
pub struct Picture {
    on_white: Gray,
    /// The same, if parts are transparent: code generators leave out one of the two colours, and it may be either.
    on_black: Option<Gray>,
}

impl Picture {
    /// Reads a PNG, JPEG, WebP or BMP file.
    ///
    /// # Errors
    /// Any [`ReadError`] but [`ReadError::NoCode`] and [`ReadError::Unreadable`].
    pub fn parse(file: &[u8]) -> Result<Self, ReadError> {
        if file.len() > MAX_PICTURE_BYTES {
            return Err(ReadError::FileTooLarge);
        }
        let format = readable_format(file)?;
        let damaged = || ReadError::Damaged { format: name_of(format) };

        let (width, height) = caught(|| ImageReader::with_format(Cursor::new(file), format).into_dimensions().ok()).ok_or_else(damaged)?;
        check_size(width, height)?;
        let image = caught(|| {
            let mut reader = ImageReader::with_format(Cursor::new(file), format);
            let mut limits = Limits::default();
            // Eight bytes a pixel for the deepest kind of picture, and as much again for what a decoder keeps beside it.
            limits.max_alloc = Some(MAX_PIXELS * 16);
            reader.limits(limits);
            reader.decode().ok()
        });
        Self::from_image(image.ok_or_else(damaged)?).ok_or_else(damaged)
    }

    /// Takes over pixels of four bytes: red, green, blue and opacity.
    ///
    /// # Errors
    /// [`ReadError::TooManyPixels`], or [`ReadError::Damaged`] when there are not `width` × `height` pixels or none.
    pub fn from_rgba(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, ReadError> {
        check_size(width, height)?;
        let image = RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8);
        image.and_then(Self::from_image).ok_or(ReadError::Damaged { format: "RGBA" })
    }

    /// What to look at: one surface, or two if parts are transparent.
    pub(super) fn surfaces(&self) -> impl Iterator<Item = &Gray> {
        std::iter::once(&self.on_white).chain(&self.on_black)
    }

    /// `None` if there are no pixels.
    fn from_image(image: DynamicImage) -> Option<Self> {
        if image.width() == 0 || image.height() == 0 {
            return None;
        }
        if !image.color().has_alpha() {
            return Some(Self { on_white: Gray::new(image.into_luma8()), on_black: None });
        }
        let image = image.into_luma_alpha8();
        let transparent = image.pixels().any(|pixel| pixel.0[1] < u8::MAX);
        let on = |ground| Gray::blended(&image, ground);
        Some(Self { on_white: on(u8::MAX), on_black: transparent.then(|| on(0)) })
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} × {}, ..)", self.on_white.width(), self.on_white.height())
    }
}

/// `None` also if `read` panics: a decoder that trips over a picture made to trip it must not take the whole program down.
pub(super) fn caught<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    // Nothing outlives the closure but what it returns, so nothing half-changed can be seen afterwards.
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn check_size(width: u32, height: u32) -> Result<(), ReadError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS { Err(ReadError::TooManyPixels { width, height }) } else { Ok(()) }
}

fn readable_format(file: &[u8]) -> Result<ImageFormat, ReadError> {
    // The `ftyp` box of HEIF files, which telephones write, and of its relative AVIF.
    if let Some(brand) = file.get(4..12).and_then(|head| head.strip_prefix(b"ftyp"))
        && [b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"].iter().any(|known| brand == *known)
    {
        return Err(ReadError::Unsupported { format: "HEIC and AVIF" });
    }
    let format = image::guess_format(file).map_err(|_| ReadError::NotAPicture)?;
    if format.reading_enabled() { Ok(format) } else { Err(ReadError::Unsupported { format: name_of(format) }) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is non-exhaustive, and what is not read here needs no name of its own")]
fn name_of(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Tiff => "TIFF",
        _ => "such",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_is_one_that_found_nothing() {
        assert_eq!(caught(|| Some(1)), Some(1));
        assert_eq!(caught(|| -> Option<u8> { panic!("as a decoder would") }), None);
    }
}
