//! A picture of the screen, in which codes are looked for: nothing of it is kept.
//!
//! An X server gives its pixels to any of its programs: all monitors are one picture. A Wayland compositor gives them to none; there the
//! desktop's portal takes the picture, and asks the person first.

use keycap_vault::qr::Picture;

use crate::error::UiError;

/// What the screen shows now; on machines with several X screens, a picture of each.
///
/// # Errors
/// If the person, or the system, does not let it be seen.
#[cfg(target_os = "linux")]
pub(super) async fn pictures() -> Result<Vec<Picture>, UiError> {
    if std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty()) {
        return Ok(vec![linux::by_portal().await?]);
    }
    tokio::task::spawn_blocking(linux::from_x_server).await.map_err(|_| UiError::interrupted())?
}

/// Where nobody has built it yet, there is another way.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unused_async, reason = "where it can be done, it takes its time")]
pub(super) async fn pictures() -> Result<Vec<Picture>, UiError> {
    Err(unseen("it cannot be read on this system"))
}

fn unseen(why: &str) -> UiError {
    UiError::new("screen-unseen", format!("The screen cannot be seen: {why}."))
        .hint("Save a picture of the code, and drop it on this window or paste it.")
}

#[cfg(target_os = "linux")]
mod linux {
    use ashpd::desktop::ResponseError;
    use ashpd::desktop::screenshot::Screenshot;
    use keycap_vault::qr::{MAX_PIXELS, Picture};
    use x11rb::connection::Connection;
    use x11rb::image::{Image, PixelLayout};
    use x11rb::protocol::xproto::Screen;

    use super::unseen;
    use crate::command::read_file;
    use crate::error::UiError;

    /// Bytes of a picture of the screen, at most: uncompressed, with all the pixels that are looked at.
    const MAX_BYTES: u64 = MAX_PIXELS * 4;

    pub(super) fn from_x_server() -> Result<Vec<Picture>, UiError> {
        let (connection, _) = x11rb::connect(None).map_err(|error| unseen(&error.to_string()))?;
        connection.setup().roots.iter().map(|screen| picture(&connection, screen)).collect()
    }

    fn picture(connection: &impl Connection, screen: &Screen) -> Result<Picture, UiError> {
        let failed = |error: &dyn std::error::Error| unseen(&error.to_string());
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let (image, visual) = Image::get(connection, screen.root, 0, 0, width, height).map_err(|error| failed(&error))?;
        let visual = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals).find(|one| one.visual_id == visual);
        let visual = visual.ok_or_else(|| unseen("the server does not say what its pixels mean"))?;
        let layout = PixelLayout::from_visual_type(*visual).map_err(|error| failed(&error))?;
        let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 4);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let (red, green, blue) = layout.decode(image.get_pixel(x, y));
            pixels.extend([red, green, blue].map(|part| part.to_be_bytes()[0]));
            pixels.push(u8::MAX);
        }
        Picture::from_rgba(u32::from(width), u32::from(height), pixels).map_err(|error| failed(&error))
    }

    pub(super) async fn by_portal() -> Result<Picture, UiError> {
        let taken = Screenshot::request().interactive(false).modal(true).send().await.and_then(|answer| answer.response());
        let taken = taken.map_err(|error| refused(&error))?;
        let path = tauri::Url::parse(taken.uri().as_str()).ok().and_then(|url| url.to_file_path().ok());
        let path = path.ok_or_else(|| unseen("the desktop's portal gave no file"))?;
        let bytes = read_file(&path, MAX_BYTES);
        // The portal leaves its picture among the person's own, with whatever was on the screen.
        drop(std::fs::remove_file(&path));
        Picture::parse(&bytes?).map_err(|error| unseen(&error.to_string()))
    }

    pub(super) fn refused(error: &ashpd::Error) -> UiError {
        if let ashpd::Error::Response(answer) = error {
            return match answer {
                ResponseError::Cancelled => UiError::cancelled(),
                ResponseError::Other => unseen("the desktop's portal does not allow it"),
            };
        }
        if let ashpd::Error::PortalNotFound(_) = error {
            return unseen("this desktop has no portal that takes a picture of it");
        }
        unseen(&format!("the desktop's portal says: {error}"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn whoever_says_no_to_the_portal_is_not_told_of_it_and_a_missing_one_is_named() {
            assert_eq!(refused(&ashpd::Error::Response(ResponseError::Cancelled)).code, UiError::CANCELLED);
            let other = refused(&ashpd::Error::Response(ResponseError::Other));
            assert!(other.message.contains("does not allow") && other.hint.is_some(), "{other:?}");
        }
    }
}
