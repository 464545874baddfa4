//! See [`keycap_fuzz::frames`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::frames(data));
