//! QR codes in pictures: screenshots, photographs, scans.
//!
//! A picture is tried at full size, smaller (which joins the gaps between rows of text in a terminal, and calms noise), with its contrast
//! stretched, with rows of gaps filled, and larger; each time also inverted. All of that goes through `rxing`; `rqrr`, which finds codes in
//! another way, is asked at the end. What is read is no more than text: whoever takes it in parses it, and sees what it is first.
//!
//! Not read: a dark code that touches a black surrounding, or a light one a white surrounding, as nothing then marks where it ends.

mod gray;
mod picture;
mod scan;

pub use picture::{MAX_PICTURE_BYTES, MAX_PIXELS, Picture};

use keycap_core::secret::SecretText;
use thiserror::Error;

/// The text of every QR code in a picture file (PNG, JPEG, WebP or BMP), each text once: at least one.
///
/// Once a code with something of keycap's in it is found, no further ways of looking are tried.
///
/// # Errors
/// [`ReadError`]: the file is not a picture that can be read, or there is no code in it that can be.
pub fn read_qr(file: &[u8]) -> Result<Vec<SecretText>, ReadError> {
    Picture::parse(file)?.read_qr()
}

impl Picture {
    /// The text of every QR code in the picture, as [`read_qr`] finds it.
    ///
    /// # Errors
    /// [`ReadError::NoCode`] or [`ReadError::Unreadable`].
    pub fn read_qr(&self) -> Result<Vec<SecretText>, ReadError> {
        self.read_qr_while(|| true)
    }

    /// The same, as long as `go_on` says so, which is asked before each way of looking: after some tenths of a second for the picture of a
    /// screen. What was found by then is what there is.
    ///
    /// # Errors
    /// As [`Picture::read_qr`].
    pub fn read_qr_while(&self, go_on: impl Fn() -> bool) -> Result<Vec<SecretText>, ReadError> {
        let scan = scan::scan(self.surfaces(), &go_on);
        match (scan.texts.is_empty(), scan.damaged) {
            (false, _) => Ok(scan.texts),
            (true, true) => Err(ReadError::Unreadable),
            (true, false) => Err(ReadError::NoCode),
        }
    }
}

/// Why no QR code could be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file begins like no picture.
    #[error("this is not a picture: give a PNG, JPEG, WebP or BMP file")]
    NotAPicture,
    /// A picture, of a kind that is not read here.
    #[error("{format} pictures cannot be read here: save it as PNG or JPEG, or take a screenshot of it")]
    Unsupported {
        /// Name of the kind.
        format: &'static str,
    },
    /// The file is a picture but breaks off or contradicts itself.
    #[error("the {format} picture is damaged or incomplete: get it again")]
    Damaged {
        /// Name of the kind.
        format: &'static str,
    },
    /// The file is too long.
    #[error("the picture's file is larger than {} MiB: cut out the part with the QR code", MAX_PICTURE_BYTES >> 20)]
    FileTooLarge,
    /// The picture has too many pixels.
    #[error("the picture has {width} × {height} pixels, more than {} million: cut out the part with the QR code", MAX_PIXELS / 1_000_000)]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// No code is in sight.
    #[error("there is no QR code in the picture: take it again so that the whole code shows, with some of the light border around it")]
    NoCode,
    /// There is something like a code, which no decoder understands.
    #[error("there is a QR code in the picture, but it cannot be read: take the picture again, nearer, sharper and straight from the front")]
    Unreadable,
}
