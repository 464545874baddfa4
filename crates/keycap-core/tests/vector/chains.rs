//! Chains: blocks, keys, hand-offs, and what clearing says.

use std::collections::BTreeMap;

use keycap_core::capability::Capability;
use keycap_core::chain::{self, BlockId, Chain, DerivedChain, Reason, Refusal, RevocationCheck, Rid, RootSecret, RootSecrets, explain};
use keycap_core::key::{self, StaticKey};
use keycap_core::noise::{Pattern, Suite, protocol_name, verify_ticket};
use keycap_core::request::{Request, RequestPath};
use keycap_core::time::{Clock, UnixSeconds};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bytes::{Hex, Laid};
use super::encodings::ControlRequestGiven;
use super::form::{CaveatsForm, pattern, purpose_of};
use crate::Kind;

/// A grant, if there is an epoch, or a link.
pub(crate) struct Block;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockGiven {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<u32>,
    pub(crate) id: Hex,
    pub(crate) caveats: CaveatsForm,
}

#[derive(Serialize)]
pub(crate) struct BlockGives {
    encoded: Hex,
}

impl Kind for Block {
    const NAME: &'static str = "block";
    type Given = BlockGiven;
    type Gives = BlockGives;

    fn work_out(given: &BlockGiven) -> BlockGives {
        let (id, caveats) = (BlockId::new(given.id.array()), given.caveats.caveats());
        let block = match given.epoch {
            Some(epoch) => chain::Block::grant(epoch, id, caveats).unwrap(),
            None => chain::Block::link(id, caveats),
        };
        let read = match given.epoch {
            Some(_) => Chain::of_encoded_blocks([block.bytes()]).unwrap().blocks()[0].clone(),
            None => chain::Block::parse_link(block.bytes()).unwrap(),
        };
        assert_eq!(read, block);
        BlockGives { encoded: Hex::of(block.bytes()) }
    }
}

/// The chain and its keys, derived from the root of the grant's epoch.
pub(crate) fn derived(root: &Hex, chain: &Hex) -> DerivedChain {
    let chain = Chain::parse(&chain.0).unwrap();
    let mut roots = RootSecrets::new();
    roots.insert(chain.epoch(), RootSecret::from_secret(root.secret()));
    DerivedChain::derive(chain, &roots).unwrap()
}

/// Everything that is derived from a root secret along a chain.
pub(crate) struct Derivation;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DerivationGiven {
    pub(crate) root: Hex,
    pub(crate) blocks: Vec<Hex>,
    pub(crate) export_label: String,
}

#[derive(Serialize)]
pub(crate) struct DerivationGives {
    chain: Hex,
    keys: Vec<BlockKeys>,
    psk: BTreeMap<&'static str, Hex>,
    export: Hex,
}

#[derive(Serialize)]
struct BlockKeys {
    ck: Hex,
    rid: Hex,
    hpsk: Hex,
}

impl Kind for Derivation {
    const NAME: &'static str = "derivation";
    type Given = DerivationGiven;
    type Gives = DerivationGives;

    fn work_out(given: &DerivationGiven) -> DerivationGives {
        let chain = Chain::of_encoded_blocks(given.blocks.iter().map(|block| block.0.as_slice())).unwrap();
        let mut keys = Vec::new();
        let mut last = None;
        for block in chain.blocks() {
            let key = match last {
                None => RootSecret::from_secret(given.root.secret()).mint(block.bytes()),
                Some(key) => chain::ChainKey::next(&key, block.bytes()),
            };
            keys.push(BlockKeys {
                ck: Hex::of(key.secret().expose()),
                rid: Hex::of(key.rid().as_bytes()),
                hpsk: Hex::of(key.handoff_psk().expose()),
            });
            last = Some(key);
        }
        let last = last.unwrap();
        // The service derives all of them in one go; that has to come to the same.
        let derived = derived(&given.root, &Hex::of(chain.encoded()));
        assert!(derived.last().secret().ct_eq(last.secret()));
        assert!(derived.rids().iter().map(|rid| Hex::of(rid.as_bytes())).eq(keys.iter().map(|keys| keys.rid.clone())));
        let names = Pattern::ALL.into_iter().flat_map(|pattern| Suite::ALL.map(|suite| protocol_name(pattern, suite)));
        DerivationGives {
            chain: Hex::of(chain.encoded()),
            keys,
            psk: names.map(|name| (name, Hex::of(last.psk(name).expose()))).collect(),
            export: Hex::of(last.export(given.export_label.as_bytes()).expose()),
        }
    }
}

/// A hand-off block and the ticket in it.
pub(crate) struct HandOff;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOffGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    pub(crate) chain: Hex,
    pub(crate) holder_seed: Hex,
    pub(crate) id: Hex,
    pub(crate) caveats: CaveatsForm,
    pub(crate) ephemeral: Hex,
}

#[derive(Serialize)]
pub(crate) struct HandOffGives {
    hpsk: Hex,
    prologue: Hex,
    ticket: Hex,
    block: Hex,
    pub(crate) chain: Hex,
    ck: Hex,
}

impl Kind for HandOff {
    const NAME: &'static str = "hand-off";
    type Given = HandOffGiven;
    type Gives = HandOffGives;

    fn work_out(given: &HandOffGiven) -> HandOffGives {
        let service = StaticKey::from_private(given.service_private.secret());
        let holder = key::Key::from_seed(given.holder_seed.secret()).derive_noise();
        let before = derived(&given.root, &given.chain);
        let bound = Capability::from_parts(*service.public(), before.chain().clone(), before.last().duplicate(), Vec::new());
        let mut rng = Laid::down([&given.ephemeral]);
        let handed = bound.hand_off(BlockId::new(given.id.array()), given.caveats.caveats(), &holder, &mut rng).unwrap();
        rng.used_up();
        let block = handed.chain().blocks().last().unwrap();

        // "keycap-1 handoff" 00 || H(u16 len_0 || block_0 || …) || the block without the ticket and its head, written out by hand.
        let mut blocks = Vec::new();
        for block in before.chain().blocks() {
            blocks.extend_from_slice(&u16::try_from(block.bytes().len()).unwrap().to_be_bytes());
            blocks.extend_from_slice(block.bytes());
        }
        let covered = &block.bytes()[..block.bytes().len() - 50];
        let prologue = [&b"keycap-1 handoff\0"[..], &Sha256::digest(&blocks), covered].concat();
        let hpsk = before.last().handoff_psk();
        let ticket = block.ticket().unwrap();
        verify_ticket(&service, holder.public(), &hpsk, &prologue, ticket).unwrap();
        HandOffGives {
            hpsk: Hex::of(hpsk.expose()),
            prologue: Hex(prologue),
            ticket: Hex::of(ticket),
            block: Hex::of(block.bytes()),
            chain: Hex::of(handed.chain().encoded()),
            ck: Hex::of(handed.key().secret().expose()),
        }
    }
}

/// A confirmed chain, cleared for a use and a request.
pub(crate) struct Clearing;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearingGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    pub(crate) chain: Hex,
    /// `null` if the service does not know the time.
    pub(crate) now: Option<u64>,
    pub(crate) purpose: String,
    pub(crate) pattern: String,
    /// The static key that the peer has proven.
    pub(crate) peer: Option<Hex>,
    pub(crate) realm: Option<String>,
    pub(crate) known_apps: Vec<String>,
    pub(crate) revoked: Vec<Hex>,
    pub(crate) min_epoch: u32,
    pub(crate) request: Option<RequestForm>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestForm {
    pub(crate) target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
}

/// The status code, and which block and caveat said no.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ClearingGives {
    pub(crate) code: u64,
    pub(crate) block: Option<usize>,
    pub(crate) caveat: Option<String>,
}

struct Revoked<'a>(&'a ClearingGiven);

impl RevocationCheck for Revoked<'_> {
    fn is_revoked(&self, rid: &Rid) -> bool {
        self.0.revoked.iter().any(|revoked| revoked.array() == *rid.as_bytes())
    }

    fn min_epoch(&self) -> u32 {
        self.0.min_epoch
    }
}

impl ClearingGiven {
    fn verdict(&self) -> Result<(), Refusal> {
        let service = StaticKey::from_private(self.service_private.secret());
        let derived = derived(&self.root, &self.chain);
        let peer = self.peer.as_ref().map(|peer| key::PublicKey::parse(peer.array()).unwrap());
        let clearing = chain::Clearing {
            clock: self.now.map_or(Clock::Unsure, |now| Clock::Sure(UnixSeconds::new(now))),
            purpose: purpose_of(&self.purpose),
            pattern: pattern(&self.pattern),
            remote_static: peer.as_ref(),
            realm: self.realm.as_deref(),
            app: &|name, _| self.known_apps.iter().any(|known| known == name),
        };
        let request = self.request.clone().map(|request| Request {
            target: request.target,
            method: request.method,
            path: request.path.map(|path| RequestPath::parse(&path).unwrap()),
        });
        let verdict = derived
            .clear(&service, &Revoked(self), &clearing)
            .and_then(|verified| request.as_ref().map_or(Ok(()), |request| verified.check_request(request)));
        let explained = explain(derived.chain(), &clearing, request.as_ref()).allowed();
        match &verdict {
            // Only the service can know these.
            Err(refusal) if matches!(refusal.reason, Reason::Revoked | Reason::BadTicket) => {}
            _ => assert_eq!(explained, verdict.is_ok(), "explaining and clearing disagree: {verdict:?}"),
        }
        verdict
    }
}

impl Kind for Clearing {
    const NAME: &'static str = "clearing";
    type Given = ClearingGiven;
    type Gives = ClearingGives;

    fn work_out(given: &ClearingGiven) -> ClearingGives {
        match given.verdict() {
            Ok(()) => ClearingGives { code: 0, block: None, caveat: None },
            Err(refusal) => ClearingGives { code: refusal.reason.status().number(), block: Some(refusal.block), caveat: refusal.caveat },
        }
    }
}

/// Whether a session may make a control request.
pub(crate) struct ControlRight;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlRightGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    /// The chain of the session that asks.
    pub(crate) chain: Hex,
    pub(crate) now: u64,
    pub(crate) pattern: String,
    pub(crate) peer: Option<Hex>,
    pub(crate) request: ControlRequestGiven,
}

#[derive(Serialize)]
pub(crate) struct ControlRightGives {
    pub(crate) allowed: bool,
}

impl Kind for ControlRight {
    const NAME: &'static str = "control right";
    type Given = ControlRightGiven;
    type Gives = ControlRightGives;

    fn work_out(given: &ControlRightGiven) -> ControlRightGives {
        let service = StaticKey::from_private(given.service_private.secret());
        let peer = given.peer.as_ref().map(|peer| key::PublicKey::parse(peer.array()).unwrap());
        let nothing_revoked = ClearingGiven {
            service_private: given.service_private.clone(),
            root: given.root.clone(),
            chain: given.chain.clone(),
            now: Some(given.now),
            purpose: "session".into(),
            pattern: given.pattern.clone(),
            peer: given.peer.clone(),
            realm: None,
            known_apps: Vec::new(),
            revoked: Vec::new(),
            min_epoch: 0,
            request: None,
        };
        let clearing = chain::Clearing {
            clock: Clock::Sure(UnixSeconds::new(given.now)),
            purpose: chain::Purpose::Session,
            pattern: pattern(&given.pattern),
            remote_static: peer.as_ref(),
            realm: None,
            app: &|_, _| false,
        };
        let verified = derived(&given.root, &given.chain).clear(&service, &Revoked(&nothing_revoked), &clearing).unwrap();
        ControlRightGives { allowed: given.request.request().may_be_made_by(&verified) }
    }
}
