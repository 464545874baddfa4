//! The age file format (age-encryption.org/v1): a header that wraps a file key for each recipient, and a payload in chunks.
//!
//! *Adversary*: whoever can write the file. A recipient among several knows the file key and can write header and payload anew; nobody else
//! can change a byte that is then taken for authentic.
//!
//! *Layout*:
//!
//! ```text
//! file    = header || nonce(16) || chunk_0 || … || chunk_n
//! header  = "age-encryption.org/v1" LF || stanza, at least one || "--- " base64(mac) LF
//! stanza  = "-> " type, arguments, each after one space LF || base64 of the body in lines of 64 columns, the last shorter, possibly empty
//! mac     = HMAC(HKDF(file key, "header"), header up to and with "---")
//! chunk_i = ChaCha20-Poly1305(HKDF(file key, salt nonce, "payload"), nonce u88 i || u8 last, up to 64 KiB of plaintext)
//! ```
//!
//! *Invariants*: base64 is the standard alphabet without padding, canonical. Every chunk but the last is full; the last is empty only if it
//! is the only one. A header that was read is written back as the same bytes.
//!
//! *Not prevented*: a file that is put in place of another one, an older version of the same file, and the length, which anyone sees.
//!
//! The chunks are functions of their number, so that all cores of a machine can work on one file; this is what the `age` crate does not
//! offer. What wraps the file key for a recipient is not here.

mod header;
mod payload;

pub use super::stanza::FileKey;
pub use header::{Header, HeaderError, MAX_HEADER_BYTES, Stanza};
pub use payload::{CHUNK_LEN, Chunk, NONCE_LEN, PayloadError, PayloadKey, SEALED_CHUNK_LEN, TAG_LEN, opened_payload_len, sealed_payload_len};

#[cfg(test)]
mod tests;
