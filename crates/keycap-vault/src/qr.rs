//! QR codes: made from text, read from pictures.
