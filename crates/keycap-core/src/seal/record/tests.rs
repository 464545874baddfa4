use proptest::prelude::*;
use rand_core::RngCore;

use super::*;
use crate::capability::Capability;
use crate::key::StaticKey;
use crate::noise::Sender;
use crate::noise::fixtures::{Fixed, capability, service, static_key};
use crate::seal::Proven;

/// Bytes of a locator of the least chain.
const LOCATOR: usize = 112;

fn senders() -> Vec<(Capability, Option<StaticKey>, &'static str)> {
    let key = static_key(3);
    let (bearer, bound) = (capability(None), capability(Some(key.public())));
    vec![(bearer, None, "anonymous"), (capability(None), Some(static_key(3)), "shown"), (bound, Some(key), "known")]
}

fn sender<'a>(key: Option<&'a StaticKey>, how: &str) -> Sender<'a> {
    match key {
        None => Sender::Anonymous,
        Some(key) if how == "shown" => Sender::Shown(key),
        Some(key) => Sender::Known(key),
    }
}

fn data(proven: Proven<crate::secret::SecretBytes>) -> Vec<u8> {
    proven.content.expose().to_vec()
}

fn started() -> (Writer, Vec<u8>) {
    Writer::start(&capability(None), Sender::Anonymous, &mut Fixed(4)).unwrap()
}

fn opened(head: &[u8]) -> Reader {
    Head::parse(head).unwrap().open(&service()).unwrap().content
}

fn read(reader: &Reader, ad: &[u8], record: &[u8]) -> Result<Vec<u8>, RecordError> {
    reader.open(ad, record).map(|data| data.expose().to_vec())
}

#[test]
fn singles_open_with_their_locator_in_their_place() {
    for (capability, key, how) in senders() {
        let writer = SingleWriter::new(&capability, sender(key.as_ref(), how), &mut Fixed(4)).unwrap();
        let locator = OpenedLocator::open(&service(), writer.locator()).unwrap();
        let record = writer.seal(b"row 7", b"a name", &mut Fixed(5)).unwrap();
        assert_eq!(record.len(), 6 + if how == "shown" { 113 } else { 65 });
        let single = Single::parse(&record).unwrap();
        assert_eq!(single.reference(), locator.reference());
        let proven = single.open(&service(), &locator, b"row 7").unwrap();
        assert_eq!(proven.sender(), key.as_ref().map(StaticKey::public));
        assert_eq!(data(proven), b"a name");
        assert_eq!(single.open(&service(), &locator, b"row 8").map(drop), Err(RecordError::Unauthentic));
        let other = SingleWriter::new(&capability, sender(key.as_ref(), how), &mut Fixed(6)).unwrap();
        let other = OpenedLocator::open(&service(), other.locator()).unwrap();
        assert_eq!(single.open(&service(), &other, b"row 7").map(drop), Err(RecordError::OtherLocator { reference: locator.reference() }));
    }
}

#[test]
fn records_under_a_head_open_in_any_order_in_their_place() {
    for (capability, key, how) in senders() {
        let (mut writer, head) = Writer::start(&capability, sender(key.as_ref(), how), &mut Fixed(4)).unwrap();
        let records: Vec<_> = (0_u8..5).map(|row| writer.seal(&[row], &[row; 3]).unwrap()).collect();
        assert!(records.iter().all(|record| record.len() == 3 + RECORD_OVERHEAD));
        let proven = Head::parse(&head).unwrap().open(&service()).unwrap();
        assert_eq!(proven.sender(), key.as_ref().map(StaticKey::public));
        let reader = proven.content;
        for row in [3_u8, 0, 4, 1, 2, 3] {
            let record = &records[usize::from(row)];
            assert_eq!(record_number(record), Ok(row.into()));
            assert_eq!(read(&reader, &[row], record), Ok(vec![row; 3]));
            assert_eq!(read(&reader, &[row + 1], record), Err(RecordError::Moved));
        }
    }
}

#[test]
fn a_record_of_another_head_does_not_open() {
    let (mut writer, _) = started();
    let (_, other) = Writer::start(&capability(None), Sender::Anonymous, &mut Fixed(5)).unwrap();
    let record = writer.seal(b"", b"data").unwrap();
    assert_eq!(read(&opened(&other), b"", &record), Err(RecordError::Unauthentic));
}

#[test]
fn a_record_with_the_number_of_another_does_not_open() {
    let (mut writer, head) = started();
    let (mut first, second) = (writer.seal(b"", b"data").unwrap(), writer.seal(b"", b"data").unwrap());
    first[..8].copy_from_slice(&second[..8]);
    assert_eq!(read(&opened(&head), b"", &first), Err(RecordError::Unauthentic));
}

#[test]
fn no_number_is_used_twice_even_at_the_end() {
    let (writer, head) = started();
    let mut writer = writer.near_the_end();
    let last = writer.seal(b"", b"last").unwrap();
    assert_eq!(record_number(&last), Ok(u64::MAX - 1));
    assert_eq!(read(&opened(&head), b"", &last), Ok(b"last".to_vec()));
    assert_eq!(writer.next_number(), None);
    assert_eq!(writer.seal(b"", b"one more"), Err(RecordError::Exhausted));
    let mut rekey = last;
    rekey[..8].fill(0xff);
    assert_eq!(record_number(&rekey), Err(RecordError::Malformed { what: "record", actual: rekey.len() }));
}

#[test]
fn what_is_cut_or_longer_is_refused() {
    let (mut writer, head) = started();
    let record = writer.seal(b"", b"").unwrap();
    let reader = opened(&head);
    for length in 0..record.len() {
        assert_eq!(read(&reader, b"", &record[..length]), Err(RecordError::Malformed { what: "record", actual: length }));
    }
    assert_eq!(read(&reader, b"", &[&record[..], &[0]].concat()), Err(RecordError::Unauthentic));
    for length in 0..head.len() {
        assert!(Head::parse(&head[..length]).is_err(), "{length}");
    }
    let longer = [&head[..], &[0]].concat();
    assert_eq!(Head::parse(&longer), Err(RecordError::Malformed { what: "head of records", actual: longer.len() }));
}

#[test]
fn a_head_in_another_pattern_or_with_another_locator_does_not_open() {
    let (_, head) = started();
    for number in (0..=255).filter(|number| !matches!(number, 5..=7)) {
        let mut other = head.clone();
        other[0] = number;
        assert_eq!(Head::parse(&other), Err(RecordError::Pattern { number }));
    }
    for number in [6, 7] {
        let mut other = head.clone();
        other[0] = number;
        assert_eq!(Head::parse(&other).unwrap().open(&service()).map(drop), Err(RecordError::Unauthentic));
    }
    let (_, second) = Writer::start(&capability(None), Sender::Anonymous, &mut Fixed(5)).unwrap();
    let mut mixed = head.clone();
    mixed[..3 + LOCATOR].copy_from_slice(&second[..3 + LOCATOR]);
    assert_ne!(mixed, head);
    assert_eq!(Head::parse(&mixed).unwrap().open(&service()).map(drop), Err(RecordError::Unauthentic));
}

#[test]
fn a_head_whose_message_has_a_payload_is_refused() {
    let (_, head) = started();
    let head = Head::parse(&head).unwrap();
    let locator = head.encode().unwrap()[3..3 + LOCATOR].to_vec();
    let capability = capability(None);
    let psk = capability.key().psk("Noise_Npsk0_25519_ChaChaPoly_SHA256");
    let prologue = [label::RECORD_HEAD, &[5], &Sha256::digest(&locator)].concat();
    let message = oneway::seal(Sender::Anonymous, capability.service(), Some(&psk), &prologue, b"more", &mut Fixed(4)).unwrap();
    let with_payload = [&[5, 0, 112][..], &locator, &[0, 52], &message].concat();
    assert_eq!(Head::parse(&with_payload).unwrap().open(&service()).map(drop), Err(RecordError::Unauthentic));
}

#[test]
fn a_single_holds_what_a_noise_message_holds_and_no_more() {
    let writer = SingleWriter::new(&capability(None), Sender::Anonymous, &mut Fixed(4)).unwrap();
    assert_eq!(writer.seal(b"", &vec![0; 65_535 - 48], &mut Fixed(5)).map(|record| record.len()), Ok(65_535 + 17));
    let length = 65_536 - 48;
    assert_eq!(writer.seal(b"", &vec![0; length], &mut Fixed(5)), Err(RecordError::TooLong { length }));
}

proptest! {
    #[test]
    fn what_is_parsed_is_written_as_it_came(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), locator in 0_u16..5, message in 0_u16..200) {
        if let Ok(single) = Single::parse(&bytes) {
            prop_assert_eq!(single.encode(), bytes.clone());
        }
        // Lengths that may fit, so that heads are met at all.
        let locator = 112 + locator * 64;
        if bytes.len() > 5 + usize::from(locator) {
            bytes[0] = 5 + bytes[0] % 3;
            bytes[1..3].copy_from_slice(&locator.to_be_bytes());
            let at = 3 + usize::from(locator);
            bytes[at..at + 2].copy_from_slice(&message.to_be_bytes());
            bytes.truncate(at + 2 + usize::from(message));
        }
        if let Ok(head) = Head::parse(&bytes) {
            prop_assert_eq!(head.encode(), Some(bytes));
        }
    }

    #[test]
    fn every_flipped_bit_is_refused(place: prop::sample::Index, bit in 0..8, data: Vec<u8>) {
        let (mut writer, head) = started();
        writer.seal(b"", b"the first").unwrap();
        let mut record = writer.seal(b"ad", &data).unwrap();
        let at = place.index(record.len());
        record[at] ^= 1_u8 << bit;
        prop_assert!(read(&opened(&head), b"ad", &record).is_err());

        let single = SingleWriter::new(&capability(None), Sender::Anonymous, &mut Fixed(4)).unwrap();
        let locator = OpenedLocator::open(&service(), single.locator()).unwrap();
        let mut record = single.seal(b"ad", &data, &mut Fixed(5)).unwrap();
        let at = place.index(record.len());
        record[at] ^= 1_u8 << bit;
        prop_assert!(Single::parse(&record).and_then(|single| single.open(&service(), &locator, b"ad")).is_err());
    }

    #[test]
    fn records_hold_any_data_for_any_place(ad: Vec<u8>, data: Vec<u8>, seed: u8) {
        let mut rng = Fixed(seed);
        prop_assume!(rng.next_u32() != 0);
        let (mut writer, head) = Writer::start(&capability(None), Sender::Anonymous, &mut rng).unwrap();
        let record = writer.seal(&ad, &data).unwrap();
        prop_assert_eq!(read(&opened(&head), &ad, &record), Ok(data));
    }
}
