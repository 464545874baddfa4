//! See [`keycap_fuzz::capability`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::capability(data));
