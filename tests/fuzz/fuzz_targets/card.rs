//! See [`keycap_fuzz::card`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::card(data));
