use super::*;

fn parsed(bytes: &[u8]) -> Result<Caveats, CaveatError> {
    let mut reader = Reader::new(bytes);
    let caveats = Caveats::parse(&mut reader)?;
    reader.end()?;
    Ok(caveats)
}

fn encoded(caveats: &Caveats) -> Vec<u8> {
    let mut bytes = Vec::new();
    caveats.write(&mut Writer::new(&mut bytes));
    bytes
}

#[test]
fn a_set_of_every_caveat_reads_back_as_written() {
    let rule = Rule { target: Some("db".into()), methods: Some(vec!["GET".into()]), path: Some(vec!["a".into(), "b".into()]) };
    let caveats = Caveats::of([
        Caveat::App { name: "tier".into(), value: vec![1, 2] },
        Caveat::Expires(UnixSeconds::new(2_000_000_000)),
        Caveat::NotBefore(UnixSeconds::new(1)),
        Caveat::Allow(vec![rule, Rule::default(), Rule { methods: Some(vec![]), ..Rule::default() }]),
        Caveat::Holder(PublicKey::parse([9; 32]).unwrap()),
        Caveat::Patterns(PatternSet::of(&[Pattern::XKpsk3])),
        Caveat::MaxSession(60),
        Caveat::MaxLinks(15),
        Caveat::Realm("prod".into()),
        Caveat::Purpose(vec![Purpose::Session, Purpose::Control]),
        Caveat::MaxConcurrent(3),
    ])
    .unwrap();
    assert_eq!(parsed(&encoded(&caveats)).unwrap(), caveats);
}

#[test]
fn values_outside_their_range_are_unparsable() {
    for (what, bytes) in [
        ("caveat 0", &[0xa1, 0x00, 0x00][..]),
        ("exp of 2^32", &[0xa1, 0x02, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("no patterns", &[0xa1, 0x05, 0x00]),
        ("pattern 0", &[0xa1, 0x05, 0x01]),
        ("pattern 8", &[0xa1, 0x05, 0x19, 0x01, 0x00]),
        ("a session of no seconds", &[0xa1, 0x06, 0x00]),
        ("sixteen links", &[0xa1, 0x07, 0x10]),
        ("no purpose", &[0xa1, 0x09, 0x80]),
        ("no sessions", &[0xa1, 0x0a, 0x00]),
        ("a purpose twice", b"\xa1\x09\x82\x64file\x64file"),
        ("an unknown purpose", b"\xa1\x09\x81\x63foo"),
        ("a method twice", b"\xa1\x03\x81\xa1\x01\x82\x61A\x61A"),
        ("an unknown part of a rule", b"\xa1\x03\x81\xa1\x03\x80"),
        ("a low-order holder", &[&[0xa1, 0x04, 0x58, 0x20][..], &[0; 32]].concat()),
    ] {
        assert!(parsed(bytes).is_err(), "{what} was accepted");
    }
}

#[test]
fn a_caveat_of_a_later_version_parses_with_any_value_of_the_subset() {
    let caveats = parsed(&[0xa1, 0x0c, 0x81, 0x81, 0x81, 0x00]).unwrap();
    assert_eq!(caveats.iter().next().map(Caveat::key), Some(12));
    assert_eq!(parsed(&[0xa1, 0x0c, 0x81, 0x81, 0x81, 0x80]), Err(CborError::TooDeep.into()));
    assert_eq!(parsed(&[0xa1, 0x0c, 0xf6]), Err(CborError::UnexpectedType.into()));
}

#[test]
fn the_same_caveat_twice_is_refused_when_written() {
    let twice = [Caveat::MaxLinks(1), Caveat::MaxLinks(2)];
    assert_eq!(Caveats::of(twice), Err(CaveatError::Duplicate { key: 7 }));
}
