//! The operating system's clipboard, by `arboard`: X11, Wayland's data control, Windows, macOS.

use arboard::{Clipboard, Error, Set};
use keycap_core::secret::SecretText;

use super::ClipboardError;
use super::held::Board;
use crate::qr::Picture;

/// A connection to it.
pub(super) struct System(Clipboard);

impl System {
    pub(super) fn open() -> Result<Self, ClipboardError> {
        if !has_display() {
            return Err(ClipboardError::NoDisplay);
        }
        Clipboard::new().map(Self).map_err(|error| ClipboardError::Unreachable { reason: described(error) })
    }

    pub(super) fn text(&mut self) -> Result<SecretText, ClipboardError> {
        self.current_text()?.ok_or(ClipboardError::NoText)
    }

    pub(super) fn picture(&mut self) -> Result<Picture, ClipboardError> {
        let image = match self.0.get_image() {
            Ok(image) => image,
            Err(error) if is_absent(&error) => return Err(ClipboardError::NoPicture),
            Err(error) => return Err(failed(error)),
        };
        // No picture that fits into memory has more.
        let [width, height] = [image.width, image.height].map(|pixels| u32::try_from(pixels).unwrap_or(u32::MAX));
        Ok(Picture::from_rgba(width, height, image.bytes.into_owned())?)
    }

    fn current_text(&mut self) -> Result<Option<SecretText>, ClipboardError> {
        match self.0.get_text() {
            Ok(text) => Ok(Some(SecretText::new(text))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Board for System {
    fn place(&mut self, text: &SecretText) -> Result<(), ClipboardError> {
        out_of_history(self.0.set()).text(text.expose()).map_err(failed)
    }

    fn holds(&mut self, text: &SecretText) -> Result<bool, ClipboardError> {
        Ok(self.current_text()?.is_some_and(|current| current.expose() == text.expose()))
    }

    fn clear(&mut self) -> Result<(), ClipboardError> {
        self.0.clear().map_err(failed)
    }
}

#[cfg(windows)]
fn out_of_history(set: Set<'_>) -> Set<'_> {
    arboard::SetExtWindows::exclude_from_monitoring(set)
}

#[cfg(target_os = "macos")]
fn out_of_history(set: Set<'_>) -> Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn out_of_history(set: Set<'_>) -> Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn has_display() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn has_display() -> bool {
    true
}

/// Whether the clipboard is empty, holds something of another kind, or bytes that are not what they are said to be.
fn is_absent(error: &Error) -> bool {
    // xclip hands out what it holds whatever it is asked for, such as a screenshot instead of text; arboard has no variant for that.
    let other_kind = |description: &str| description == "incorrect type received from clipboard";
    matches!(error, Error::ContentNotAvailable | Error::ConversionFailure)
        || matches!(error, Error::Unknown { description } if other_kind(description))
}

fn failed(error: Error) -> ClipboardError {
    if matches!(error, Error::ClipboardOccupied) { ClipboardError::Occupied } else { ClipboardError::Other { reason: described(error) } }
}

fn described(error: Error) -> String {
    if let Error::Unknown { description } = error { description } else { error.to_string() }
}
