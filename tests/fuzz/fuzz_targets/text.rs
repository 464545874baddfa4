//! See [`keycap_fuzz::text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::text(data));
