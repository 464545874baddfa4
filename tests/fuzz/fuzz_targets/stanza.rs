//! See [`keycap_fuzz::stanza`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keycap_fuzz::stanza(data));
