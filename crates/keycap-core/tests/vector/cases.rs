//! What the generator writes: the inputs of every vector, and for refusals also what is expected.

use keycap_core::chain::{Block, BlockId, ChainKey, RootSecret};
use keycap_core::key::{Key, StaticKey};
use keycap_core::secret::Secret;
use serde_json::Value;

use super::bytes::Hex;
use super::form::CaveatsForm;
use crate::{Kind, Vector};

mod attacks;
mod cbor;
mod chains;
mod clearing;
mod forms;
mod keys;
mod records;
mod sessions;
mod stanzas;
mod texts;

/// All vectors, each with the name of its file.
pub(crate) fn all() -> Vec<(String, Vector)> {
    let mut cases = Cases(Vec::new());
    for add in [keys::add, chains::add, forms::add, cbor::add, texts::add, clearing::add, attacks::add, sessions::add, stanzas::add, records::add] {
        add(&mut cases);
    }
    cases.0
}

struct Cases(Vec<(String, Vector)>);

impl Cases {
    /// A vector for what the crate works out.
    fn shows<K: Kind>(&mut self, name: &str, what: &str, given: &K::Given) {
        let name = format!("{name}.json");
        assert!(self.0.iter().all(|(other, _)| *other != name), "two vectors are called {name}");
        self.0.push((name, Vector::of::<K>(what, given)));
    }

    /// A vector whose result is laid down here, so that the generator cannot make a vector of a mistake.
    fn expects<K: Kind>(&mut self, name: &str, what: &str, given: &K::Given, expected: &Value) {
        self.shows::<K>(name, what, given);
        let (name, vector) = self.0.last().unwrap();
        assert_eq!(vector.gives, *expected, "{name}");
    }
}

/// The service's private key.
fn service_private() -> Hex {
    Hex((0x20..0x40).collect())
}

fn service() -> StaticKey {
    StaticKey::from_private(service_private().secret())
}

/// The service's root secret.
fn root() -> Hex {
    Hex((0..32).collect())
}

/// The seeds of three keys: A holds what is bound, B is handed on to, and C is a thief.
const A: u8 = 0xaa;
const B: u8 = 0xbb;
const C: u8 = 0xcc;

fn seed(byte: u8) -> Hex {
    Hex::of([byte; 32])
}

fn identity(byte: u8) -> StaticKey {
    Key::from_seed(Secret::new([byte; 32])).derive_noise()
}

/// The Noise public key of a seed.
fn public(byte: u8) -> Hex {
    Hex::of(identity(byte).public().as_bytes())
}

fn id(first: u8) -> BlockId {
    BlockId::new(std::array::from_fn(|i| first.wrapping_add(u8::try_from(i).unwrap())))
}

/// A grant of epoch 0 with an id that begins with 00.
fn grant(caveats: &CaveatsForm) -> Vec<u8> {
    Block::grant(0, id(0), caveats.caveats()).unwrap().bytes().to_vec()
}

/// A link with an id that begins with `first`.
fn link(first: u8, caveats: &CaveatsForm) -> Vec<u8> {
    Block::link(id(first), caveats.caveats()).bytes().to_vec()
}

fn holder(byte: u8) -> CaveatsForm {
    CaveatsForm { holder: Some(public(byte)), ..CaveatsForm::default() }
}

/// The least grant, bound to a holder.
fn bound_grant(byte: u8) -> Vec<u8> {
    grant(&CaveatsForm { holder: Some(public(byte)), ..CaveatsForm::grant() })
}

/// The encoded chain of blocks that may be none: written by another encoder than the crate's.
fn chain(blocks: &[Vec<u8>]) -> Hex {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.array(u64::try_from(blocks.len()).unwrap()).unwrap();
    for block in blocks {
        encoder.bytes(block).unwrap();
    }
    Hex(encoder.into_writer())
}

/// The chain key after these blocks.
fn chain_key(blocks: &[Vec<u8>]) -> ChainKey {
    let (grant, links) = blocks.split_first().unwrap();
    links.iter().fold(RootSecret::from_secret(root().secret()).mint(grant), |key, link| key.next(link))
}

fn ck(blocks: &[Vec<u8>]) -> Hex {
    Hex::of(chain_key(blocks).secret().expose())
}
