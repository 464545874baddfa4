//! Every domain label and wire constant of keycap-1, in one place.
//!
//! A label of keycap-1 is ASCII and ends with one zero byte, so that no label is the beginning of another followed by data. Changing one
//! byte here changes the protocol.

/// `kid = H(KID || S)`.
pub const KID: &[u8] = b"keycap-1 kid\0";
/// HKDF info of a key's Noise static private key.
pub const KEY_NOISE: &[u8] = b"keycap-1 noise\0";
/// HKDF info of a key's age X25519 identity.
pub const KEY_AGE: &[u8] = b"keycap-1 age\0";

/// `ck_0 = HMAC(root_e, MINT || grant)`.
pub const MINT: &[u8] = b"keycap-1 mint\0";
/// `ck_{i+1} = HMAC(ck_i, LINK || block)`.
pub const LINK: &[u8] = b"keycap-1 link\0";
/// `psk(P) = HMAC(ck_n, PSK || P)`.
pub const PSK: &[u8] = b"keycap-1 psk\0";
/// `hpsk_i = HMAC(ck_i, HANDOFF)`; also the beginning of a hand-off ticket's prologue.
pub const HANDOFF: &[u8] = b"keycap-1 handoff\0";
/// `rid_i = HMAC(ck_i, RID)[0..16]`.
pub const RID: &[u8] = b"keycap-1 rid\0";
/// `export = HMAC(ck_n, EXPORT || label)`.
pub const EXPORT: &[u8] = b"keycap-1 export\0";

/// Key of a hello's tag: `H(HELLO || S)`.
pub const HELLO: &[u8] = b"keycap-1 hello\0";
/// Prologue of a session's handshake.
pub const SESSION: &[u8] = b"keycap-1 session\0";
/// Prologue of a locator.
pub const LOCATOR: &[u8] = b"keycap-1 locator\0";
/// Prologue of an age stanza.
pub const AGE: &[u8] = b"keycap-1 age\0";
/// `ref = H(LOCATOR_REF || locator)[0..16]`.
pub const LOCATOR_REF: &[u8] = b"keycap-1 locator-ref\0";
/// Prologue of a single record.
pub const RECORD: &[u8] = b"keycap-1 record\0";
/// Prologue of a record head.
pub const RECORD_HEAD: &[u8] = b"keycap-1 record head\0";
/// What an Ed25519 admin key signs: `REVOCATION || list`.
pub const REVOCATION: &[u8] = b"keycap-1 revocation\0";

/// The first four bytes of a hello.
pub const HELLO_MAGIC: &[u8; 4] = b"KCP1";

/// Human-readable part of a capability's text, in the lower case in which the checksum is computed.
pub const HRP_CAPABILITY: &str = "keycap-secret-";
/// Human-readable part of a key card's text.
pub const HRP_KEY_CARD: &str = "keycap";
/// Human-readable part of a service card's text.
pub const HRP_SERVICE_CARD: &str = "keycap-service";
/// URI scheme, with its colon.
pub const URI_SCHEME: &str = "keycap:";

/// The stanzas' names in an age header: to a capability, sender anonymous.
pub const STANZA_NPSK0: &str = "keycap1-Npsk0";
/// To a capability, the sender shown.
pub const STANZA_XPSK1: &str = "keycap1-Xpsk1";
/// To a capability, the sender known.
pub const STANZA_KPSK0: &str = "keycap1-Kpsk0";
/// To a key card, sender anonymous.
pub const STANZA_N: &str = "keycap1-N";
/// To a key card, the sender shown.
pub const STANZA_X: &str = "keycap1-X";
/// To a key card, the sender known.
pub const STANZA_K: &str = "keycap1-K";

/// What an age file of any version begins with. This and what follows is age's (age-encryption.org/v1), not keycap-1's.
pub const AGE_MAGIC: &[u8] = b"age-encryption.org/";
/// The first line of an age file of version 1.
pub const AGE_VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";
/// HKDF info of the key of a header's MAC.
pub const AGE_HEADER: &[u8] = b"header";
/// HKDF info of a payload's key.
pub const AGE_PAYLOAD: &[u8] = b"payload";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_begins_with_another() {
        let all: [&[u8]; 15] =
            [KID, KEY_NOISE, KEY_AGE, MINT, LINK, PSK, HANDOFF, RID, EXPORT, HELLO, SESSION, LOCATOR, LOCATOR_REF, RECORD, RECORD_HEAD];
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                assert!(i == j || !b.starts_with(a), "{a:?} begins {b:?}");
            }
        }
    }
}
