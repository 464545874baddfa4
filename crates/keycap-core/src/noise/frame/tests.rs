use proptest::prelude::*;

use super::*;

fn pair_of(suite: Suite) -> (FrameSender, FrameReceiver) {
    let key = Secret::new([6; 32]);
    (FrameSender::new(suite, &key).unwrap(), FrameReceiver::new(suite, &key).unwrap())
}

fn pair() -> (FrameSender, FrameReceiver) {
    pair_of(Suite::ChaChaPoly)
}

fn sealed(sender: &mut FrameSender, kind: FrameType, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sender.seal(kind, body, &mut out).unwrap();
    out
}

/// The ciphertexts of one frame after the other.
fn ciphertexts(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((prefix, rest)) = bytes.split_first_chunk() {
        let (ciphertext, rest) = rest.split_at(ciphertext_len(*prefix).unwrap());
        frames.push(ciphertext.to_vec());
        bytes = rest;
    }
    frames
}

/// A ciphertext of this plaintext, as a sender of another kind might make it.
fn forged(sender: &mut FrameSender, mut plaintext: Vec<u8>) -> Vec<u8> {
    let tag = sender.0.aead.seal_in_place(sender.0.nonce, &[], &mut plaintext).unwrap();
    sender.0.nonce += 1;
    [&plaintext[..], &tag].concat()
}

#[test]
fn the_frames_of_the_worked_example_come_out() {
    // SPEC.md, section 21.
    let key = |text| Secret::from_slice(&hex::decode(text).unwrap()).unwrap();
    let to_service = key("467e26380f66e4492604c858f50e51c1561a589c9fee504c1c0dc286afd74ea2");
    let mut sender = FrameSender::new(Suite::ChaChaPoly, &to_service).unwrap();
    assert_eq!(hex::encode(sealed(&mut sender, FrameType::KeepAlive, &[])), "001151c3f5fe995c2f137908181b79b19e8cbb");
    let from_service = key("911fe73e76d323815633dd693abeb15614c0a9880baa8cb1d69c6d6b654c2a45");
    let mut service = FrameSender::new(Suite::ChaChaPoly, &from_service).unwrap();
    let status = sealed(&mut service, FrameType::Status, &[0x82, 0x00, 0x60]);
    assert_eq!(hex::encode(status), "0014cb478e161183a9a13d9d3b6efd96a541fb991659");
    let rekeyed = key("c42d89c3ec90c9cbbf3c7bb2398b9d1edc220012abea232829aa5a02f0936e86");
    let mut by_hand = FrameSender::new(Suite::ChaChaPoly, &rekeyed).unwrap();
    by_hand.0.nonce = 2;
    sealed(&mut sender, FrameType::Rekey, &[]);
    assert_eq!(sealed(&mut sender, FrameType::Data, b"data"), sealed(&mut by_hand, FrameType::Data, b"data"));
}

#[test]
fn types_have_the_numbers_of_the_table() {
    for (kind, number) in FrameType::ALL.into_iter().zip(0..) {
        assert_eq!(kind.number(), number);
        assert_eq!(FrameType::from_number(number), Some(kind));
    }
    assert_eq!(FrameType::from_number(5), None);
}

#[test]
fn the_longest_body_fills_the_longest_frame_and_one_byte_more_is_refused() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = pair_of(suite);
        let body = vec![1; MAX_DATA_BODY + 1];
        let mut out = vec![0xaa];
        assert_eq!(sender.seal(FrameType::Data, &body, &mut out), Err(FrameError::Length { actual: MAX_CIPHERTEXT + 1 }));
        assert_eq!(out, [0xaa], "an error leaves everything as it was");
        sender.seal(FrameType::Data, &body[1..], &mut out).unwrap();
        assert_eq!((out[1], out[2], out.len()), (0xff, 0xff, 1 + 2 + MAX_CIPHERTEXT));
        assert_eq!(receiver.open(&mut out[3..]), Ok(Frame { kind: FrameType::Data, body: &body[1..] }));
    }
}

#[test]
fn lengths_below_seventeen_and_above_the_most_are_refused() {
    assert_eq!(ciphertext_len([0, 16]), Err(FrameError::Length { actual: 16 }));
    assert_eq!(ciphertext_len([0, 17]), Ok(17));
    assert_eq!(ciphertext_len([0xff, 0xff]), Ok(MAX_CIPHERTEXT));
    for length in [0, 15, 16, MAX_CIPHERTEXT + 1] {
        assert_eq!(pair().1.open(&mut vec![0; length]), Err(FrameError::Length { actual: length }));
    }
}

#[test]
fn an_empty_plaintext_is_refused_although_it_is_authentic() {
    let (mut sender, mut receiver) = pair();
    let mut ciphertext = forged(&mut sender, Vec::new());
    assert_eq!(receiver.open(&mut ciphertext), Err(FrameError::Length { actual: 16 }));
}

#[test]
fn every_flipped_bit_is_refused_and_kills_the_direction() {
    for suite in Suite::ALL {
        let frame = sealed(&mut pair_of(suite).0, FrameType::Data, b"body");
        for bit in 0..(frame.len() - 2) * 8 {
            let (mut sender, mut receiver) = pair_of(suite);
            let frames = [sealed(&mut sender, FrameType::Data, b"body"), sealed(&mut sender, FrameType::Data, b"next")];
            let [mut flipped, mut next] = frames.map(|frame| frame[2..].to_vec());
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(receiver.open(&mut flipped), Err(FrameError::Unauthentic), "bit {bit}");
            assert_eq!(receiver.open(&mut next), Err(FrameError::Failed));
            assert_eq!(receiver.close(), Err(FrameError::Failed));
        }
    }
}

#[test]
fn frames_that_are_repeated_dropped_or_from_the_other_direction_are_refused() {
    let (mut sender, mut receiver) = pair();
    let frames: Vec<_> = (0..3).map(|_| sealed(&mut sender, FrameType::KeepAlive, &[])[2..].to_vec()).collect();
    receiver.open(&mut frames[0].clone()).unwrap();
    assert_eq!(receiver.open(&mut frames[0].clone()), Err(FrameError::Unauthentic));
    let mut receiver = pair().1;
    receiver.open(&mut frames[0].clone()).unwrap();
    assert_eq!(receiver.open(&mut frames[2].clone()), Err(FrameError::Unauthentic));
    let mut other = FrameReceiver::new(Suite::ChaChaPoly, &Secret::new([5; 32])).unwrap();
    assert_eq!(other.open(&mut frames[0].clone()), Err(FrameError::Unauthentic));
}

#[test]
fn nothing_comes_after_the_end() {
    let (mut sender, mut receiver) = pair();
    let mut end = sealed(&mut sender, FrameType::End, &[]);
    let mut out = Vec::new();
    assert_eq!(sender.seal(FrameType::KeepAlive, &[], &mut out), Err(FrameError::AfterEnd));
    assert!(out.is_empty());
    assert!(!receiver.has_ended());
    assert_eq!(receiver.open(&mut end[2..]), Ok(Frame { kind: FrameType::End, body: &[] }));
    assert!(receiver.has_ended());
    let mut more = forged(&mut sender, vec![FrameType::Data.number(), 1]);
    assert_eq!(receiver.open(&mut more), Err(FrameError::AfterEnd));
    assert_eq!(receiver.close(), Err(FrameError::Failed));
}

#[test]
fn a_direction_that_closes_without_its_end_was_cut() {
    let (mut sender, mut receiver) = pair();
    let mut data = sealed(&mut sender, FrameType::Data, b"body");
    receiver.open(&mut data[2..]).unwrap();
    assert_eq!(receiver.close(), Err(FrameError::Cut));
    let (mut sender, mut receiver) = pair();
    let mut end = sealed(&mut sender, FrameType::End, &[]);
    receiver.open(&mut end[2..]).unwrap();
    assert_eq!(receiver.close(), Ok(()));
}

#[test]
fn end_rekey_and_keep_alive_have_no_body() {
    for kind in [FrameType::End, FrameType::Rekey, FrameType::KeepAlive] {
        let (mut sender, mut receiver) = pair();
        assert_eq!(sender.seal(kind, b"body", &mut Vec::new()), Err(FrameError::Body { kind, length: 4 }));
        let mut ciphertext = forged(&mut sender, [&[kind.number()][..], b"body"].concat());
        assert_eq!(receiver.open(&mut ciphertext), Err(FrameError::Body { kind, length: 4 }));
    }
}

#[test]
fn unknown_types_are_refused() {
    for number in [5, 6, 255] {
        let (mut sender, mut receiver) = pair();
        let mut ciphertext = forged(&mut sender, vec![number]);
        assert_eq!(receiver.open(&mut ciphertext), Err(FrameError::Type { number }));
    }
}

#[test]
fn the_last_of_2_16_frames_changes_the_key() {
    let (mut sender, mut receiver) = pair();
    let mut out = Vec::new();
    for _ in 0..MAX_FRAMES {
        sender.seal(FrameType::KeepAlive, &[], &mut out).unwrap();
    }
    let mut frames = ciphertexts(&out);
    assert_eq!(frames.len(), 65_537, "one more than was asked for");
    let kinds: Vec<_> = frames.iter_mut().map(|frame| receiver.open(frame).unwrap().kind).collect();
    let rekeys: Vec<_> = kinds.iter().enumerate().filter(|(_, kind)| **kind == FrameType::Rekey).map(|(at, _)| at).collect();
    assert_eq!(rekeys, [65_535], "the last that the key may seal");
    assert_eq!((sender.0.frames, sender.0.nonce), (1, 65_537), "the count begins anew, the nonce goes on");
    assert_eq!((receiver.0.frames, receiver.0.bytes, receiver.0.nonce), (1, 17, 65_537));
}

#[test]
fn the_key_changes_before_a_gibibyte_is_passed() {
    let (mut sender, mut receiver) = pair();
    // So many bytes that a frame of 100 and a rekey frame just fit.
    sender.0.bytes = MAX_CIPHERTEXT_BYTES - 100 - 17;
    receiver.0.bytes = sender.0.bytes;
    let mut out = Vec::new();
    sender.seal(FrameType::Data, &[1; 83], &mut out).unwrap();
    assert_eq!(out.len(), 102);
    sender.seal(FrameType::KeepAlive, &[], &mut out).unwrap();
    let kinds: Vec<_> = ciphertexts(&out).iter_mut().map(|frame| receiver.open(frame).unwrap().kind).collect();
    assert_eq!(kinds, [FrameType::Data, FrameType::Rekey, FrameType::KeepAlive]);
    assert_eq!(receiver.0.bytes, 17);

    let (mut sender, _) = pair();
    sender.0.bytes = MAX_CIPHERTEXT_BYTES - 100 - 17;
    let mut out = Vec::new();
    sender.seal(FrameType::Data, &[1; 84], &mut out).unwrap();
    assert_eq!(ciphertexts(&out).len(), 2, "one byte more, and the rekey frame goes first");
}

#[test]
fn a_peer_that_does_not_change_its_key_in_time_is_refused() {
    let (mut sender, mut receiver) = pair();
    receiver.0.frames = MAX_FRAMES - 1;
    receiver.open(&mut sealed(&mut sender, FrameType::KeepAlive, &[])[2..]).unwrap();
    assert_eq!(receiver.open(&mut sealed(&mut sender, FrameType::KeepAlive, &[])[2..]), Err(FrameError::RekeyOverdue));

    let (mut sender, mut receiver) = pair();
    receiver.0.bytes = MAX_CIPHERTEXT_BYTES - 17;
    receiver.open(&mut sealed(&mut sender, FrameType::KeepAlive, &[])[2..]).unwrap();
    assert_eq!(receiver.open(&mut sealed(&mut sender, FrameType::KeepAlive, &[])[2..]), Err(FrameError::RekeyOverdue));
}

#[test]
fn a_sender_may_change_its_key_whenever_it_wants() {
    let (mut sender, mut receiver) = pair();
    let mut out = Vec::new();
    for kind in [FrameType::Rekey, FrameType::Rekey, FrameType::Data] {
        sender.seal(kind, &[], &mut out).unwrap();
    }
    let kinds: Vec<_> = ciphertexts(&out).iter_mut().map(|frame| receiver.open(frame).unwrap().kind).collect();
    assert_eq!(kinds, [FrameType::Rekey, FrameType::Rekey, FrameType::Data]);
}

#[test]
fn the_last_nonce_is_never_used() {
    let (mut sender, mut receiver) = pair();
    sender.0.nonce = u64::MAX - 2;
    receiver.0.nonce = u64::MAX - 2;
    let mut last = sealed(&mut sender, FrameType::KeepAlive, &[]);
    assert!(receiver.open(&mut last[2..]).is_ok());
    assert_eq!(sender.seal(FrameType::KeepAlive, &[], &mut Vec::new()), Err(FrameError::Failed));
    assert_eq!(receiver.open(&mut [0; 17]), Err(FrameError::Failed));
}

#[test]
fn debug_output_shows_no_key() {
    let (sender, receiver) = pair();
    assert_eq!(format!("{sender:?}"), "FrameSender(Direction { state: Open, nonce: 0, .. })");
    assert_eq!(format!("{receiver:?}"), "FrameReceiver(Direction { state: Open, nonce: 0, .. })");
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_order(
        suite in proptest::sample::select(Suite::ALL.to_vec()),
        frames in proptest::collection::vec((0_usize..4, proptest::collection::vec(any::<u8>(), 0..600)), 0..20),
        rekey_early in any::<bool>(),
    ) {
        let (mut sender, mut receiver) = pair_of(suite);
        if rekey_early {
            // Close before the limit, so that a rekey frame comes somewhere in between.
            (sender.0.frames, receiver.0.frames) = (MAX_FRAMES - 8, MAX_FRAMES - 8);
        }
        let kinds = [FrameType::Data, FrameType::Status, FrameType::KeepAlive, FrameType::Rekey];
        let frames: Vec<_> = frames
            .into_iter()
            .map(|(kind, body)| if kind < 2 { (kinds[kind], body) } else { (kinds[kind], Vec::new()) })
            .collect();
        let mut out = Vec::new();
        for (kind, body) in &frames {
            sender.seal(*kind, body, &mut out).unwrap();
        }
        sender.seal(FrameType::End, &[], &mut out).unwrap();
        let mut opened = Vec::new();
        for mut ciphertext in ciphertexts(&out) {
            let frame = receiver.open(&mut ciphertext).unwrap();
            opened.push((frame.kind, frame.body.to_vec()));
        }
        prop_assert_eq!(opened.pop(), Some((FrameType::End, Vec::new())));
        prop_assert_eq!(receiver.close(), Ok(()));
        let without_rekeys = |frames: Vec<(FrameType, Vec<u8>)>| frames.into_iter().filter(|frame| frame.0 != FrameType::Rekey).collect::<Vec<_>>();
        prop_assert_eq!(without_rekeys(opened), without_rekeys(frames));
    }

    #[test]
    fn no_bytes_that_were_not_sealed_open(mut ciphertext in proptest::collection::vec(any::<u8>(), 17..200)) {
        prop_assert_eq!(pair().1.open(&mut ciphertext), Err(FrameError::Unauthentic));
    }
}
