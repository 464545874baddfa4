//! HPKE in base mode, for one message without associated data (RFC 9180 §5.1.1 and §6.1): HKDF-SHA256, ChaCha20-Poly1305, and the shared secret
//! of the KEM beside this.
//!
//! The `hpke` crate has this KEM only in releases that stand on another generation of primitives than age and snow do, and in the one that they
//! share a KEM of one's own means to implement methods that it hides.
//!
//! ```text
//! suite            "HPKE" || 0x647a || 0x0001 || 0x0003
//! context          0x00 || LabeledExtract("", "psk_id_hash", "") || LabeledExtract("", "info_hash", info)
//! secret           LabeledExtract(salt = shared secret, "secret", "")
//! key, nonce       LabeledExpand(secret, "key", context, 32), LabeledExpand(secret, "base_nonce", context, 12)
//! LabeledExtract   HKDF-Extract(salt, "HPKE-v1" || suite || label || ikm)
//! LabeledExpand    HKDF-Expand(prk, u16 length || "HPKE-v1" || suite || label || info, length)
//! ```

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::{Hkdf, HkdfExtract};
use keycap_core::secret::{Secret, SecretBytes};
use sha2::Sha256;
use zeroize::Zeroizing;

const VERSION: &[u8] = b"HPKE-v1";
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
const MODE_BASE: u8 = 0;

/// Seals one message; `None` if it is longer than ChaCha20-Poly1305 takes.
pub(super) fn seal(shared: &Secret<32>, info: &[u8], plaintext: &[u8]) -> Option<Vec<u8>> {
    let (cipher, nonce) = key_schedule(shared, info)?;
    cipher.encrypt(&nonce, plaintext).ok()
}

/// Opens one message; `None` if it was not sealed under this secret, or was changed.
pub(super) fn open(shared: &Secret<32>, info: &[u8], ciphertext: &[u8]) -> Option<SecretBytes> {
    let (cipher, nonce) = key_schedule(shared, info)?;
    cipher.decrypt(&nonce, ciphertext).ok().map(SecretBytes::new)
}

fn key_schedule(shared: &Secret<32>, info: &[u8]) -> Option<(ChaCha20Poly1305, Nonce)> {
    let (psk_id_hash, _) = labeled_extract(&[], b"psk_id_hash", &[]);
    let (info_hash, _) = labeled_extract(&[], b"info_hash", info);
    let context = [&[MODE_BASE], psk_id_hash.as_slice(), info_hash.as_slice()].concat();
    let (_, secret) = labeled_extract(shared.expose(), b"secret", &[]);

    let mut key = Zeroizing::new([0; 32]);
    let mut nonce = Nonce::default();
    labeled_expand(&secret, b"key", &context, key.as_mut_slice())?;
    labeled_expand(&secret, b"base_nonce", &context, &mut nonce)?;
    Some((ChaCha20Poly1305::new(&(*key).into()), nonce))
}

fn labeled_extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> ([u8; 32], Hkdf<Sha256>) {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in [VERSION, SUITE, label, ikm] {
        extract.input_ikm(part);
    }
    let (prk, hkdf) = extract.finalize();
    (prk.into(), hkdf)
}

fn labeled_expand(prk: &Hkdf<Sha256>, label: &[u8], info: &[u8], out: &mut [u8]) -> Option<()> {
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    prk.expand_multi_info(&[&length, VERSION, SUITE, label, info], out).ok()
}
