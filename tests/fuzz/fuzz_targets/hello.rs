//! See [`keycap_fuzz::hello`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::hello(data));
