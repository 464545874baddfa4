//! See [`keycap_fuzz::age`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::age(data));
