//! QR codes, from text to picture and back: what keycap draws is read by others, and what others draw or damage by keycap.

mod drawn;
mod mutated;
mod pictures;
mod read;
