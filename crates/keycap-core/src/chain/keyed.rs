//! HMAC-SHA256 (RFC 2104) for what a chain needs: a few short messages under each of many keys.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::Rid;
use crate::label;
use crate::secret::Secret;

/// A key of HMAC-SHA256, absorbed: each further message under it costs two compressions less.
pub(super) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a key shorter than its block of 64 bytes with zeros (RFC 2104 §2), so this is the key itself.
        let mut padded = Zeroizing::new([0; 64]);
        for (to, from) in padded.iter_mut().zip(key) {
            *to = *from;
        }
        Self(Hmac::new((&*padded).into()))
    }

    /// `HMAC(key, label || data)`, written to `out`.
    pub(super) fn mac_into(&self, label: &[u8], data: &[u8], out: &mut [u8; 32]) {
        let mut mac = self.0.clone().chain_update(label).chain_update(data).finalize().into_bytes();
        out.copy_from_slice(&mac);
        mac.as_mut_slice().zeroize();
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
