//! keycap's primitives in the shape that snow asks for.
//!
//! Three things differ from snow's own resolvers. Nothing is drawn from the operating system: the one ephemeral key that a handshake needs
//! is handed in. A static key that was prepared before is used as it is, so that no handshake computes its public half again. And an
//! exchange whose result is all zeros is an error, so that a point of low order ends the handshake.

use std::sync::Arc;

use hmac::digest::FixedOutput;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use snow::Error;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use zeroize::Zeroizing;

use super::pattern::Suite;
use super::primitives::{Aead, PreparedKey, TAG_LEN};
use crate::key::StaticKey;
use crate::secret::Secret;

/// Gives one handshake its primitives.
#[derive(Debug)]
pub struct Resolver {
    ephemeral: Option<Secret<32>>,
    local: Option<Arc<PreparedKey>>,
}

impl Resolver {
    /// For a handshake that may generate one ephemeral key, `ephemeral` (`None`: it may generate none), and whose own static key is
    /// `local` (`None`: it has none, or it is prepared anew from the private key that snow hands over).
    #[must_use]
    pub fn new(ephemeral: Option<Secret<32>>, local: Option<&StaticKey>) -> Self {
        Self { ephemeral, local: local.and_then(StaticKey::prepared) }
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Drawn(self.ephemeral.as_ref().map(Secret::duplicate))))
    }

    // Comparisons, not matches: snow's enums grow with features that another crate may turn on.
    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        if *choice != DHChoice::Curve25519 {
            return None;
        }
        Some(Box::new(X25519 { prepared: self.local.clone(), pair: None }))
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        if *choice != HashChoice::SHA256 {
            return None;
        }
        Some(Box::<HashSha256>::default())
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        let suite = if *choice == CipherChoice::ChaChaPoly {
            Suite::ChaChaPoly
        } else if *choice == CipherChoice::AESGCM {
            Suite::AesGcm
        } else {
            return None;
        };
        Some(Box::new(HandshakeCipher { suite, key: Zeroizing::new([0; 32]) }))
    }
}

/// Randomness drawn beforehand: 32 bytes, given out once.
struct Drawn(Option<Secret<32>>);

impl Random for Drawn {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        let drawn = self.0.take().ok_or(Error::Rng)?;
        if dest.len() != drawn.expose().len() {
            return Err(Error::Rng);
        }
        dest.copy_from_slice(drawn.expose());
        Ok(())
    }
}

/// A place for a key pair: the static one, which snow sets, or the ephemeral one, which snow has generated.
struct X25519 {
    prepared: Option<Arc<PreparedKey>>,
    pair: Option<Arc<PreparedKey>>,
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, privkey: &[u8]) {
        // snow gives this no way to fail: without a pair, each use below fails.
        self.pair = Secret::from_slice(privkey).and_then(|private| match &self.prepared {
            Some(prepared) if prepared.private().ct_eq(&private) => Some(Arc::clone(prepared)),
            _ => PreparedKey::from_private(private).map(Arc::new),
        });
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        let mut drawn = Ok(());
        let private = Secret::filled_by(|bytes| drawn = rng.try_fill_bytes(bytes));
        drawn?;
        self.pair = Some(Arc::new(PreparedKey::from_private(private).ok_or(Error::Dh)?));
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        self.pair.as_ref().map_or(&[0; 32], |pair| pair.public())
    }

    fn privkey(&self) -> &[u8] {
        self.pair.as_ref().map_or(&[0; 32], |pair| pair.private().expose())
    }

    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), Error> {
        // Both slices have room for the longest key that snow knows.
        let peer = pubkey.first_chunk().ok_or(Error::Dh)?;
        let out = out.first_chunk_mut().ok_or(Error::Dh)?;
        let shared = self.pair.as_ref().and_then(|pair| pair.agree(peer)).ok_or(Error::Dh)?;
        *out = *shared.expose();
        Ok(())
    }
}

/// SHA-256, with HMAC and HKDF as Noise §4.3 defines them.
#[derive(Default)]
struct HashSha256(Sha256);

impl Hash for HashSha256 {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        Digest::reset(&mut self.0);
    }

    fn input(&mut self, data: &[u8]) {
        Digest::update(&mut self.0, data);
    }

    fn result(&mut self, out: &mut [u8]) {
        write_front(out, &self.0.finalize_reset().into());
    }

    fn hmac(&mut self, key: &[u8], data: &[u8], out: &mut [u8]) {
        write_front(out, &keyed(key).chain_update(data).finalize_fixed().into());
    }

    // snow's own version keys the hash anew for each output; keying it once saves a third of the work.
    fn hkdf(&mut self, chaining_key: &[u8], input: &[u8], outputs: usize, out1: &mut [u8], out2: &mut [u8], out3: &mut [u8]) {
        let temporary = Zeroizing::new(<[u8; 32]>::from(keyed(chaining_key).chain_update(input).finalize_fixed()));
        let keyed = keyed(&*temporary);
        let mut last = Zeroizing::new([0; 32]);
        for (number, out) in (1_u8..).zip([out1, out2, out3]).take(outputs) {
            let mut mac = keyed.clone();
            if number > 1 {
                mac.update(&*last);
            }
            mac.update(&[number]);
            *last = mac.finalize_fixed().into();
            write_front(out, &last);
        }
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes a key of any length, so the default is never used.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

/// Writes 32 bytes to the front of a buffer in which snow leaves room for its longest hash.
fn write_front(out: &mut [u8], bytes: &[u8; 32]) {
    if let Some(front) = out.first_chunk_mut() {
        *front = *bytes;
    }
}

/// An AEAD key of the handshake. Most are replaced before they encrypt anything and the others encrypt once or twice, so the key is
/// expanded when it is used.
struct HandshakeCipher {
    suite: Suite,
    key: Zeroizing<[u8; 32]>,
}

impl HandshakeCipher {
    fn seal(&self, nonce: u64, associated: &[u8], plaintext: &[u8], out: &mut [u8]) -> Option<()> {
        let (text, rest) = out.split_at_mut_checked(plaintext.len())?;
        text.copy_from_slice(plaintext);
        *rest.first_chunk_mut()? = Aead::new(self.suite, &self.key)?.seal_in_place(nonce, associated, text)?;
        Some(())
    }
}

impl Cipher for HandshakeCipher {
    fn name(&self) -> &'static str {
        match self.suite {
            Suite::ChaChaPoly => "ChaChaPoly",
            Suite::AesGcm => "AESGCM",
        }
    }

    fn set(&mut self, key: &[u8; 32]) {
        *self.key = *key;
    }

    fn encrypt(&self, nonce: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        let length = plaintext.len() + TAG_LEN;
        if self.seal(nonce, authtext, plaintext, out).is_none() {
            // snow gives this no way to fail. Zeros carry no plaintext, and the peer refuses them.
            out.iter_mut().take(length).for_each(|byte| *byte = 0);
        }
        length
    }

    fn decrypt(&self, nonce: u64, authtext: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<usize, Error> {
        let (text, tag) = ciphertext.split_last_chunk::<TAG_LEN>().ok_or(Error::Decrypt)?;
        let out = out.get_mut(..text.len()).ok_or(Error::Decrypt)?;
        out.copy_from_slice(text);
        let aead = Aead::new(self.suite, &self.key).ok_or(Error::Decrypt)?;
        aead.open_in_place(nonce, authtext, out, tag).ok_or(Error::Decrypt)?;
        Ok(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawn_bytes_are_given_out_once() {
        let resolver = Resolver::new(Some(Secret::new([5; 32])), None);
        let mut rng = resolver.resolve_rng().unwrap();
        let mut bytes = [0; 32];
        assert_eq!(rng.try_fill_bytes(&mut bytes), Ok(()));
        assert_eq!(bytes, [5; 32]);
        assert_eq!(rng.try_fill_bytes(&mut bytes), Err(Error::Rng));
        assert_eq!(Resolver::new(None, None).resolve_rng().unwrap().try_fill_bytes(&mut bytes), Err(Error::Rng));
    }

    #[test]
    fn a_prepared_key_is_used_only_for_the_private_key_it_was_made_from() {
        let key = StaticKey::from_private(Secret::new([1; 32]));
        let prepared = key.prepared().unwrap();
        let resolver = Resolver::new(None, Some(&key));
        let mut dh = resolver.resolve_dh(&DHChoice::Curve25519).unwrap();
        let before = Arc::strong_count(&prepared);
        dh.set(&[1; 32]);
        assert_eq!(Arc::strong_count(&prepared), before + 1);
        assert_eq!(dh.pubkey(), key.public().as_bytes());
        dh.set(&[2; 32]);
        assert_eq!(Arc::strong_count(&prepared), before);
        assert_ne!(dh.pubkey(), key.public().as_bytes());
    }

    #[test]
    fn a_private_key_of_another_length_makes_every_use_fail() {
        let mut dh = Resolver::new(None, None).resolve_dh(&DHChoice::Curve25519).unwrap();
        dh.set(&[1; 31]);
        assert_eq!(dh.dh(&[9; 56], &mut [0; 56]), Err(Error::Dh));
    }

    #[test]
    fn a_peer_of_low_order_is_an_error() {
        let mut dh = Resolver::new(None, None).resolve_dh(&DHChoice::Curve25519).unwrap();
        dh.set(&[1; 32]);
        assert_eq!(dh.dh(&[0; 56], &mut [0; 56]), Err(Error::Dh));
        assert_eq!(dh.dh(&[9; 56], &mut [0; 56]), Ok(()));
    }

    #[test]
    fn hkdf_gives_what_snow_would_compute() {
        /// SHA-256 with the HMAC and HKDF that snow's trait brings along.
        struct Plain(HashSha256);
        impl Hash for Plain {
            fn name(&self) -> &'static str {
                self.0.name()
            }
            fn block_len(&self) -> usize {
                self.0.block_len()
            }
            fn hash_len(&self) -> usize {
                self.0.hash_len()
            }
            fn reset(&mut self) {
                self.0.reset();
            }
            fn input(&mut self, data: &[u8]) {
                self.0.input(data);
            }
            fn result(&mut self, out: &mut [u8]) {
                self.0.result(out);
            }
        }

        fn outputs(hash: &mut impl Hash, input: &[u8], count: usize) -> [[u8; 64]; 3] {
            let mut out = [[0; 64]; 3];
            let [one, two, three] = &mut out;
            hash.hkdf(&[3; 32], input, count, one, two, three);
            out
        }

        for input in [&[][..], &[7; 32], &[8; 200]] {
            for count in 1..=3 {
                assert_eq!(outputs(&mut HashSha256::default(), input, count), outputs(&mut Plain(HashSha256::default()), input, count));
            }
            let (mut one, mut other) = ([0; 32], [0; 32]);
            HashSha256::default().hmac(&[4; 32], input, &mut one);
            Plain(HashSha256::default()).hmac(&[4; 32], input, &mut other);
            assert_eq!(one, other);
        }
    }

    #[test]
    fn a_cipher_without_room_writes_no_plaintext() {
        let cipher = Resolver::new(None, None).resolve_cipher(&CipherChoice::AESGCM).unwrap();
        let mut out = [1; 20];
        cipher.encrypt(0, &[], b"plaintext", &mut out);
        assert_eq!(out, [0; 20]);
    }
}
