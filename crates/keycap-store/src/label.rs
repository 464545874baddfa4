//! Every domain label of the store, in one place. Each is ASCII and ends with one zero byte; none is a beginning of another.
//!
//! These bind bytes that never leave the vault; those of the protocol are in `keycap_core::label`.

/// `mac_n = HMAC(audit key, AUDIT_ROW || mac_{n-1} || row n)`.
pub(crate) const AUDIT_ROW: &[u8] = b"keycap-store 1 audit row\0";
/// `HMAC(audit key, AUDIT_HEAD || seq || mac)`.
pub(crate) const AUDIT_HEAD: &[u8] = b"keycap-store 1 audit head\0";
/// Associated data of a sealed secret: `SEALED || id || kind`.
pub(crate) const SEALED: &[u8] = b"keycap-store 1 sealed secret\0";
/// Associated data of a vault key under another key: `VAULT_KEY || vault id || unlock method`.
pub(crate) const VAULT_KEY: &[u8] = b"keycap-store 1 vault key\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_begins_with_another() {
        let all = [AUDIT_ROW, AUDIT_HEAD, SEALED, VAULT_KEY];
        for (i, a) in all.iter().enumerate() {
            assert!(a.ends_with(b"\0"));
            assert!(all.iter().enumerate().all(|(j, b)| i == j || !b.starts_with(a)), "{a:?}");
        }
    }
}
