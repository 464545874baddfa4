//! QR codes, from text to picture and back: what keycap draws is read by others, and what others draw or damage by keycap.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its own functions included"
)]
#![expect(clippy::as_conversions, reason = "pixels and their places are numbers of all widths, and small")]

mod drawn;
mod mutated;
mod pictures;
mod read;
