//! QR codes: made from text, read from pictures.
//!
//! A code that is shown carries a capability in clear, so everything drawn here is a secret: terminal rendering, SVG and PNG come as
//! [`SecretText`](keycap_core::secret::SecretText) and [`SecretBytes`](keycap_core::secret::SecretBytes). A picture that is read comes from
//! anyone: it is bounded in size ([`MAX_PICTURE_BYTES`], [`MAX_PIXELS`]) and in the work spent on it, and a decoder that panics on it
//! counts as one that found nothing.
//!
//! The crates that draw and decode keep buffers of their own, which they do not wipe. The zeroizing global allocator that every keycap
//! binary sets wipes those.

mod draw;
mod read;
mod terminal;

pub use read::{MAX_PICTURE_BYTES, MAX_PIXELS, Picture, ReadError, read_qr};
pub use terminal::{Cell, Room};

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;
use zeroize::Zeroizing;

/// A QR code, not yet drawn. Wiped when dropped.
///
/// Text in upper case takes a third less room than in lower case: `KEYCAP:KEYCAP-SECRET-1…` is made of nothing but QR's alphanumeric
/// characters.
pub struct Qr {
    side: usize,
    modules: Zeroizing<Vec<bool>>,
}

impl Qr {
    /// The smallest code for `text`, since a terminal has few cells: 188 alphanumeric characters make 41 × 41 modules. Error correction is
    /// raised above L as far as that costs no module.
    ///
    /// # Errors
    /// [`QrError::TooLong`] when no QR code can hold `text`.
    pub fn for_terminal(text: &str) -> Result<Self, QrError> {
        Self::at_least(text, EcLevel::L).ok_or(QrError::TooLong { bytes: text.len() })
    }

    /// The smallest code for `text` that survives the loss of 15 % of its area (level M), as print and photographs need; where `text` is too
    /// long for that, one at level L (7 %).
    ///
    /// # Errors
    /// [`QrError::TooLong`] when no QR code can hold `text`.
    pub fn for_picture(text: &str) -> Result<Self, QrError> {
        Self::at_least(text, EcLevel::M).map_or_else(|| Self::for_terminal(text), Ok)
    }

    /// Modules on one side, quiet zone not counted: 21 to 177.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    fn at_least(text: &str, level: EcLevel) -> Option<Self> {
        let smallest = QrCode::with_error_correction_level(text, level).ok()?;
        let version = smallest.version();
        // The strongest level that fits the same version: at the latest the one asked for, which is L if none of these.
        let strongest = [EcLevel::H, EcLevel::Q, EcLevel::M].into_iter().find_map(|level| QrCode::with_version(text, version, level).ok());
        let code = strongest.unwrap_or(smallest);
        let side = code.width();
        Some(Self { side, modules: Zeroizing::new(code.into_colors().into_iter().map(|color| color == Color::Dark).collect()) })
    }

    /// Whether the module at (`column`, `row`) is dark, counted from the outer corner of a quiet zone `margin` modules wide, which is light.
    fn is_dark(&self, column: usize, row: usize, margin: Margin) -> bool {
        let inside = |place: usize, margin: usize| place.checked_sub(margin).filter(|place| *place < self.side);
        match (inside(column, margin.beside), inside(row, margin.above)) {
            (Some(column), Some(row)) => self.modules.get(row * self.side + column).copied().unwrap_or_default(),
            _ => false,
        }
    }
}

impl std::fmt::Debug for Qr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Qr({0} × {0}, ..)", self.side)
    }
}

/// Width of the quiet zone in modules.
#[derive(Clone, Copy)]
struct Margin {
    beside: usize,
    above: usize,
}

/// What the standard asks for (ISO/IEC 18004 §5.3.8).
const FULL_MARGIN: usize = 4;

/// Why a QR code could not be made or drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QrError {
    /// No QR code holds this much: at most 4,296 alphanumeric characters or 2,953 bytes.
    #[error("{bytes} bytes of text are more than a QR code holds: share it as a file instead")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// The terminal is too small.
    #[error("the QR code needs {} columns and {} free rows: enlarge the terminal, make its font smaller, or save the code as a picture", needed.columns, needed.rows)]
    TooLarge {
        /// The least room that would do.
        needed: Room,
    },
    /// The PNG writer refused.
    #[error("the QR code could not be written as PNG")]
    Png(#[from] png::EncodingError),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As long as a freshly minted capability with `KEYCAP:` in front.
    pub(super) fn minted() -> String {
        let mut text = String::from("KEYCAP:KEYCAP-SECRET-1");
        text.extend("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".chars().cycle().take(188 - text.len()));
        text
    }

    #[test]
    fn a_minted_capability_takes_version_6_in_a_terminal_and_8_in_a_picture() {
        assert_eq!(minted().len(), 188);
        assert_eq!(Qr::for_terminal(&minted()).unwrap().side(), 41);
        assert_eq!(Qr::for_picture(&minted()).unwrap().side(), 49);
    }

    #[test]
    fn error_correction_is_raised_where_that_is_free() {
        let level_l = QrCode::with_error_correction_level("KEYCAP", EcLevel::L).unwrap();
        let raised = Qr::for_terminal("KEYCAP").unwrap();
        assert_eq!(raised.side(), level_l.width());
        let level_h: Vec<bool> =
            QrCode::with_version("KEYCAP", level_l.version(), EcLevel::H).unwrap().into_colors().into_iter().map(|c| c == Color::Dark).collect();
        assert_eq!(*raised.modules, level_h);
    }

    #[test]
    fn text_too_long_for_level_m_still_makes_a_picture() {
        assert_eq!(Qr::for_picture(&"A".repeat(4296)).unwrap().side(), 177);
    }

    #[test]
    fn text_too_long_for_any_code_is_refused() {
        for qr in [Qr::for_terminal(&"A".repeat(4297)), Qr::for_picture(&"A".repeat(4297)), Qr::for_picture(&"é".repeat(1477))] {
            assert!(matches!(qr, Err(QrError::TooLong { .. })));
        }
    }

    #[test]
    fn debug_output_shows_no_module() {
        assert_eq!(format!("{:?}", Qr::for_terminal("A").unwrap()), "Qr(21 × 21, ..)");
    }
}
