//! HMAC-SHA256 (RFC 2104) for what a chain needs: a few short messages under each of many keys.

use hmac::digest::FixedOutput;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use super::Rid;
use crate::label;
use crate::secret::Secret;

/// A key of HMAC-SHA256, absorbed: each further message under it costs two compressions less.
pub(super) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a key shorter than its block of 64 bytes with zeros (RFC 2104 §2), so this is the key itself.
        let mut padded = [*key, [0; 32]];
        let keyed = Self(Hmac::new(padded.as_flattened().into()));
        // As a slice, which is wiped in one go; an array goes byte by byte.
        padded.as_flattened_mut().zeroize();
        keyed
    }

    /// `HMAC(key, label || data)`, written to `out`.
    pub(super) fn mac_into(&self, label: &[u8], data: &[u8], out: &mut [u8; 32]) {
        // Updated where it stands: chained updates would move its 200 bytes for each part.
        let mut mac = self.0.clone();
        mac.update(label);
        mac.update(data);
        mac.finalize_into(out.into());
    }

    /// `HMAC(key, label || data)`.
    pub(super) fn mac(&self, label: &[u8], data: &[u8]) -> Secret<32> {
        Secret::filled_by(|out| self.mac_into(label, data, out))
    }

    /// The revocation id of the block whose chain key this is.
    pub(super) fn rid(&self) -> Rid {
        let mut mac = [0; 32];
        self.mac_into(label::RID, &[], &mut mac);
        let [rid @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = mac;
        Rid::from_bytes(rid)
    }
}
