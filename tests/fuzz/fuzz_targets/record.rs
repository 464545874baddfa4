//! See [`keycap_fuzz::record`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::record(data));
