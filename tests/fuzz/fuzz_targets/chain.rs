//! See [`keycap_fuzz::chain`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::chain(data));
