//! What thieves, holders and ancestors do to chains.

use keycap_core::noise::write_ticket;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::bytes::{Hex, Laid};
use super::super::chains::{Clearing, ClearingGiven};
use super::super::form::CaveatsForm;
use super::super::sessions::{Possession, PossessionGiven};
use super::clearing::{given, held_by, ok, refused};
use super::{A, B, C, Cases, bound_grant, chain, chain_key, ck, grant, holder, identity, link, public, root, seed, service, service_private};

pub(super) fn add(cases: &mut Cases) {
    forgeries(cases);
    holders(cases);
    hand_offs(cases);
}

/// Chains that are not the ones their keys were made for: the service derives another key, and the handshake does not come about.
fn forgeries(cases: &mut Cases) {
    let narrow = CaveatsForm { exp: Some(1_900_000_000), ..CaveatsForm::default() };
    let (least, first, second) = (grant(&CaveatsForm::grant()), link(0x10, &narrow), link(0x20, &CaveatsForm::default()));
    let whole = [least.clone(), first.clone(), second.clone()];
    let mut peer = |name: &str, what: &str, shown: &[Vec<u8>], key: Hex, confirmed: bool| {
        let given = PossessionGiven {
            service_private: service_private(),
            root: root(),
            chain: chain(shown),
            ck: key,
            holder_seed: None,
            pattern: "NKpsk2".into(),
        };
        let expected = json!({ "ck": hex::encode(ck(shown).0), "confirmed": confirmed });
        cases.expects::<Possession>(name, what, &given, &expected);
    };
    peer("chain-whole", "The chain and the key at its end", &whole, ck(&whole), true);
    peer("chain-link-stripped", "The last link is left out, and with it what it forbids", &whole[..2], ck(&whole), false);
    peer("chain-all-links-stripped", "The grant alone, with the key at the chain's end", &whole[..1], ck(&whole), false);
    peer("chain-middle-link-stripped", "A link in the middle is left out", &[least.clone(), second.clone()], ck(&whole), false);
    peer("chain-links-swapped", "The same links in another order", &[least.clone(), second.clone(), first.clone()], ck(&whole), false);
    peer("chain-link-twice", "A link is shown twice", &[least.clone(), first.clone(), second.clone(), second.clone()], ck(&whole), false);
    peer("chain-link-appended-without-its-key", "A link more than the key goes", &[&whole[..], &[link(0x30, &narrow)]].concat(), ck(&whole), false);
    let edited = link(0x10, &CaveatsForm { exp: Some(1_900_000_001), ..CaveatsForm::default() });
    peer("chain-caveat-edited", "One second more", &[least.clone(), edited, second.clone()], ck(&whole), false);
    let wider = grant(&CaveatsForm { exp: Some(4_000_000_000), ..CaveatsForm::grant() });
    peer("chain-grant-edited", "A later expiry in the grant", &[wider, first.clone(), second.clone()], ck(&whole), false);
    peer("chain-id-edited", "Another id, for another revocation id", &[least.clone(), link(0x11, &narrow), second], ck(&whole), false);
    let other = grant(&CaveatsForm { max_links: Some(15), ..CaveatsForm::grant() });
    peer(
        "chain-link-moved-to-another-grant",
        "A link made for one grant behind another",
        &[other, first.clone()],
        ck(&[least.clone(), first.clone()]),
        false,
    );
    peer(
        "chain-key-of-an-ancestor",
        "The child's chain with the parent's key: not derived on",
        &[least.clone(), first],
        ck(std::slice::from_ref(&least)),
        false,
    );
    peer("chain-key-guessed", "A chain that was seen, and no key", &[least], Hex::of([0; 32]), false);
}

fn holders(cases: &mut Cases) {
    let mut expect = |name: &str, what: &str, given: &ClearingGiven, code: Option<(usize, Option<&str>)>| {
        let gives = code.map_or_else(ok, |(block, caveat)| refused(4, block, caveat));
        cases.expects::<Clearing>(name, what, given, &gives);
    };
    let bound = [bound_grant(A)];
    expect("chain-used-by-a-thief-with-another-key", "The chain key, but not the holder's", &held_by(C, &bound), Some((0, Some("holder"))));
    expect("chain-used-by-an-anonymous-thief", "The chain key, and no key of one's own", &given(&bound), Some((0, Some("holder"))));
    let renamed = [bound_grant(A), link(0x10, &holder(C))];
    expect("chain-holder-renamed-by-a-thief", "A link names another holder after one was named", &held_by(C, &renamed), Some((1, Some("holder"))));
    let renamed_to_itself = [bound_grant(A), link(0x10, &holder(A))];
    expect("chain-holder-named-again", "Not even the same", &held_by(A, &renamed_to_itself), Some((1, Some("holder"))));
    let by_link = [grant(&CaveatsForm::grant()), link(0x10, &holder(A)), link(0x20, &holder(C))];
    expect(
        "chain-holder-of-a-link-renamed-by-a-thief",
        "The same where a link had named the holder",
        &held_by(C, &by_link),
        Some((2, Some("holder"))),
    );
    let sealed = ClearingGiven { purpose: "file".into(), pattern: "Xpsk1".into(), ..held_by(C, &bound) };
    expect("chain-sealed-by-a-thief-with-another-key", "Xpsk1 is bound where there is a holder", &sealed, Some((0, Some("holder"))));
    let anonymous = ClearingGiven { purpose: "file".into(), pattern: "Npsk0".into(), ..given(&bound) };
    expect("chain-sealed-by-an-anonymous-thief", "Npsk0 proves no key", &anonymous, Some((0, Some("holder"))));
}

/// What a ticket is made of.
struct Ticket<'a> {
    /// Who hands on.
    from: u8,
    /// For which service.
    service: keycap_core::key::StaticKey,
    /// The blocks whose key gives the psk.
    psk_of: &'a [Vec<u8>],
    /// The blocks that the prologue covers.
    before: &'a [Vec<u8>],
}

impl Ticket<'_> {
    /// A hand-off block with this ticket; its beginning may be another than the ticket's.
    fn block(&self, covered: &CaveatsForm, written: &CaveatsForm) -> Vec<u8> {
        let beginning = |caveats: &CaveatsForm| {
            let mut block = link(0x18, caveats);
            // A hand-off begins like a link with one item more and another kind.
            block[..2].copy_from_slice(&[0x84, 0x03]);
            block
        };
        let blocks = self.before.iter().flat_map(|block| [&u16::try_from(block.len()).unwrap().to_be_bytes()[..], block].concat());
        let prologue = [&b"keycap-1 handoff\0"[..], &Sha256::digest(blocks.collect::<Vec<_>>()), &beginning(covered)].concat();
        let psk = chain_key(self.psk_of).handoff_psk();
        let mut rng = Laid::down([&Hex::of([0x40; 32])]);
        let ticket = write_ticket(&identity(self.from), self.service.public(), &psk, &prologue, &mut rng).unwrap();
        [&beginning(written)[..], &[0x58, 0x30], &ticket].concat()
    }
}

fn hand_offs(cases: &mut Cases) {
    let before = [bound_grant(A)];
    let honest = || Ticket { from: A, service: service(), psk_of: &before, before: &before };
    let after = |block: Vec<u8>| vec![before[0].clone(), block];
    let mut expect = |name: &str, what: &str, given: &ClearingGiven, refused_by: Option<(usize, Option<&str>)>| {
        let gives = refused_by.map_or_else(ok, |(block, caveat)| refused(4, block, caveat));
        cases.expects::<Clearing>(name, what, given, &gives);
    };
    let handed = after(honest().block(&holder(B), &holder(B)));
    expect("handoff-used-by-the-new-holder", "What A handed on, B uses", &held_by(B, &handed), None);
    expect("handoff-used-by-the-old-holder", "What A handed on is no longer A's", &held_by(A, &handed), Some((1, Some("holder"))));
    expect("handoff-used-by-a-thief", "Nor anyone else's", &held_by(C, &handed), Some((1, Some("holder"))));
    let narrowed = CaveatsForm { realm: Some("prod".into()), ..holder(B) };
    let narrowed = held_by(B, &after(honest().block(&narrowed, &narrowed)));
    expect("handoff-used-beyond-its-caveats", "A hand-off's caveats narrow", &narrowed, Some((1, Some("realm"))));

    let edited = after(honest().block(&holder(B), &holder(C)));
    expect("handoff-holder-edited", "The ticket was made for B, the block names C", &held_by(C, &edited), Some((1, None)));
    let by_thief = after(Ticket { from: C, ..honest() }.block(&holder(C), &holder(C)));
    expect("handoff-ticket-of-a-thief", "The ticket is not of the holder before", &held_by(C, &by_thief), Some((1, None)));
    let other = [grant(&CaveatsForm { holder: Some(public(A)), exp: Some(1_900_000_000), ..CaveatsForm::grant() })];
    let of_other_chain = after(Ticket { before: &other, psk_of: &other, ..honest() }.block(&holder(B), &holder(B)));
    expect("handoff-ticket-of-another-chain", "A's ticket for another capability of the same service", &held_by(B, &of_other_chain), Some((1, None)));
    let of_other_prologue = after(Ticket { before: &other, ..honest() }.block(&holder(B), &holder(B)));
    expect("handoff-ticket-over-other-blocks", "The right psk, and other blocks in the prologue", &held_by(B, &of_other_prologue), Some((1, None)));
    let of_other_psk = after(Ticket { psk_of: &other, ..honest() }.block(&holder(B), &holder(B)));
    expect("handoff-ticket-under-another-psk", "The right prologue, and another chain's psk", &held_by(B, &of_other_psk), Some((1, None)));
    let elsewhere = after(Ticket { service: identity(C), ..honest() }.block(&holder(B), &holder(B)));
    expect("handoff-ticket-for-another-service", "A ticket that another service could verify", &held_by(B, &elsewhere), Some((1, None)));
    let moved = [before[0].clone(), link(0x10, &CaveatsForm::default()), handed[1].clone()];
    expect("handoff-moved-behind-a-link", "The hand-off block behind a link that was not there", &held_by(B, &moved), Some((2, None)));
    let bearer = [grant(&CaveatsForm::grant())];
    let from_nobody = [bearer[0].clone(), Ticket { before: &bearer, psk_of: &bearer, ..honest() }.block(&holder(B), &holder(B))];
    expect("handoff-without-earlier-holder", "There is nobody who could hand on", &held_by(B, &from_nobody), Some((1, None)));
    let skipped = [before[0].clone(), handed[1].clone()];
    let again = [&skipped[..], &[Ticket { from: A, service: service(), psk_of: &skipped, before: &skipped }.block(&holder(C), &holder(C))]].concat();
    expect("handoff-by-the-holder-before-the-last", "A hands on what it has handed on to B already", &held_by(C, &again), Some((2, None)));
    let mut zeros = handed[1].clone();
    let ticket = zeros.len() - 48;
    zeros[ticket..].fill(0);
    expect("handoff-ticket-of-zeros", "An ephemeral key of low order", &held_by(B, &after(zeros)), Some((1, None)));

    let peer = PossessionGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(&handed),
        ck: ck(&before),
        holder_seed: Some(seed(B)),
        pattern: "XKpsk3".into(),
    };
    let expected = json!({ "ck": hex::encode(ck(&handed).0), "confirmed": false });
    cases.expects::<Possession>("handoff-with-the-key-before-it", "The key before the hand-off, not derived on", &peer, &expected);
}
