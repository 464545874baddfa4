//! Records, and lines of JSON with records in them.

use std::sync::atomic::Ordering;

use keycap_core::seal::record::RecordError;
use keycap_vault::{
    Limits, LineError, LineForm, LineOpener, LineSealer, OpenRequest, OpenedLine, Outcome, Purpose, RECORDS_TARGET, Reason, RecordOpener,
    RevokeReason, SealFrom, Times, VaultError, WhatLapsed, When,
};

use crate::fixture::{World, anonymous, bound, from, mutual, sender};

fn taken_as_records() -> OpenRequest {
    OpenRequest { target: RECORDS_TARGET.into(), ..OpenRequest::default() }
}

fn opener(world: &World) -> RecordOpener {
    world.owner.record_opener(taken_as_records()).unwrap()
}

fn form(fields: &[&str], place: &str) -> LineForm {
    LineForm { fields: fields.iter().map(|field| (*field).to_owned()).collect(), place: place.into() }
}

fn many(world: &World, form: LineForm) -> LineSealer {
    LineSealer::many(world.writer.record_writer("bearer", &anonymous()).unwrap(), form).unwrap()
}

/// The first line and these, sealed.
fn sealed(sealer: &mut LineSealer, lines: &[&str]) -> Vec<String> {
    std::iter::once(sealer.first_line().unwrap()).chain(lines.iter().map(|line| sealer.seal(line).unwrap())).collect()
}

fn line(opener: &mut LineOpener, text: &str) -> Result<String, LineError> {
    opener.open(text).map(|opened| match opened {
        OpenedLine::Head(_) => "head".to_owned(),
        OpenedLine::Locator => "locator".to_owned(),
        OpenedLine::Line(text, _) => text.expose().to_owned(),
    })
}

fn world() -> World {
    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let limits = bound(&world);
    world.granted("mine", limits);
    world
}

#[test]
fn a_head_and_each_single_say_who_wrote_and_by_whose_leave() {
    let world = world();
    let cases = [
        ("bearer", anonymous(), "Npsk0", None),
        ("bearer", from("writer"), "Xpsk1", Some("writer")),
        ("mine", anonymous(), "Xpsk1", Some("writer")),
        ("mine", mutual("writer"), "Kpsk0", Some("writer")),
    ];
    for (name, from, pattern, named) in cases {
        let mut writer = world.writer.record_writer(name, &from).unwrap();
        let record = writer.seal(b"row 7", b"data").unwrap();
        let mut opener = opener(&world);
        let head = opener.open_head(writer.head()).unwrap();
        assert_eq!(head.open(b"row 7", &record).unwrap().expose(), b"data");
        assert!(matches!(head.open(b"row 8", &record), Err(VaultError::Record(RecordError::Moved))));

        let single = world.writer.single_record_writer(name, &from).unwrap();
        let record = single.seal(b"row 7", b"data").unwrap();
        assert!(matches!(opener.open_single(b"row 7", &record), Err(VaultError::NotForUs { .. })));
        opener.learn_locator(single.locator()).unwrap();
        let (data, outcome) = opener.open_single(b"row 7", &record).unwrap();
        assert_eq!(data.expose(), b"data");
        assert!(opener.open_single(b"row 8", &record).is_err());
        for outcome in [head.outcome(), &outcome] {
            let view = world.owner.describe_opened(outcome).unwrap();
            assert_eq!((view.stanza.as_str(), view.name.as_str(), sender(&view), view.authorised), (pattern, "inbox", named, Some(true)));
            assert_eq!(view.grant.unwrap().name.as_deref(), Some(name));
        }
        assert!(matches!(world.writer.record_opener(taken_as_records()).unwrap().open_head(writer.head()), Err(VaultError::NotForUs { .. })));
    }
}

#[test]
fn two_writers_never_share_a_head() {
    let world = world();
    let (one, other) = (world.writer.record_writer("bearer", &anonymous()).unwrap(), world.writer.record_writer("bearer", &anonymous()).unwrap());
    assert_ne!(one.head(), other.head());
}

#[test]
fn records_are_cleared_like_files_with_a_purpose_of_their_own() {
    let mut world = world();
    world.granted("an-hour", Limits { times: Times { expires: Some(When::In(3_600)), ..Times::default() }, ..Limits::default() });
    let mut files = Limits::default();
    files.policy.purposes = vec![Purpose::File];
    world.granted("files", files);
    world.granted("elsewhere", Limits { allow: vec!["db".parse().unwrap()], ..Limits::default() });
    assert!(matches!(world.writer.record_writer("files", &anonymous()), Err(VaultError::Refused(_))));
    let doubtful = world.writer.record_writer("elsewhere", &anonymous()).unwrap();
    assert_eq!(doubtful.doubts().len(), 1);
    assert!(matches!(opener(&world).open_head(doubtful.head()), Err(VaultError::Refused(_))));

    let expired = world.writer.record_writer("an-hour", &anonymous()).unwrap();
    let revoked = world.writer.record_writer("bearer", &anonymous()).unwrap();
    world.owner.revoke("bearer", &RevokeReason { reason: Reason::Left, note: String::new() }).unwrap();
    world.clock.fetch_add(3_600, Ordering::Relaxed);
    for writer in [&expired, &revoked] {
        assert!(matches!(opener(&world).open_head(writer.head()), Err(VaultError::Refused(_))));
        let on_request = world.owner.record_opener(OpenRequest { lapsed: WhatLapsed::Opens, ..taken_as_records() }).unwrap();
        let head = on_request.open_head(writer.head()).unwrap();
        assert_eq!(world.owner.describe_opened(head.outcome()).unwrap().authorised, Some(false));
    }
}

const ANN: &str = r#"{"id":7,"name":"Ann","ssn":"078-05-1120","card": {"no" : 4111}}"#;
const BEN: &str = r#"{"id":8,"name":"Ben","ssn":null,"card":[1, 2]}"#;

#[test]
fn sealed_fields_come_back_byte_by_byte_and_the_rest_stays_as_it_is() {
    let world = world();
    let mut sealer = many(&world, form(&["ssn", "card"], "users/{id}"));
    let lines = sealed(&mut sealer, &[ANN, BEN]);
    assert!(lines[1].starts_with(r#"{"id":7,"name":"Ann","ssn":{"$keycap":""#), "{}", lines[1]);
    assert!(!lines[1].contains("078-05"));
    let mut opener = LineOpener::new(opener(&world), None);
    let opened: Vec<_> = lines.iter().map(|text| line(&mut opener, text).unwrap()).collect();
    assert_eq!(opened[1], r#"{"id":7,"name":"Ann","ssn":"078-05-1120","card":{"no" : 4111}}"#);
    assert_eq!(opened[2], BEN);
    // In any order, and each as often as one likes.
    assert_eq!(line(&mut opener, &lines[2]).unwrap(), BEN);
}

#[test]
fn whole_lines_come_back_as_they_were_with_their_place_in_the_clear() {
    let world = world();
    let mut sealer = many(&world, form(&[], "users/{id}"));
    let lines = sealed(&mut sealer, &[ANN, BEN]);
    assert!(lines[1].starts_with(r#"{"id":7,"$keycap":""#), "{}", lines[1]);
    let mut reader = LineOpener::new(opener(&world), Some(form(&[], "users/{id}")));
    assert_eq!(lines.iter().map(|text| line(&mut reader, text).unwrap()).collect::<Vec<_>>(), ["head", ANN, BEN]);
    let mut sealer = many(&world, form(&[], ""));
    let lines = sealed(&mut sealer, &["[1, 2]", "\"text\"", "null"]);
    let mut reader = LineOpener::new(opener(&world), None);
    assert_eq!(lines.iter().map(|text| line(&mut reader, text).unwrap()).collect::<Vec<_>>(), ["head", "[1, 2]", "\"text\"", "null"]);
}

#[test]
fn what_was_moved_replaced_or_relabelled_does_not_open() {
    let world = world();
    let mut sealer = many(&world, form(&["ssn", "card"], "users/{id}"));
    let lines = sealed(&mut sealer, &[ANN, BEN]);
    let open = |first: &str, text: &str| {
        let mut opener = LineOpener::new(opener(&world), None);
        line(&mut opener, first).unwrap();
        line(&mut opener, text)
    };
    let moved = |result: Result<String, LineError>| matches!(result, Err(LineError::Vault(VaultError::Record(RecordError::Moved))));
    assert!(moved(open(&lines[0], &lines[1].replace("\"id\":7", "\"id\":8"))));
    assert!(moved(open(&lines[0], &lines[1].replace("\"id\":7", "\"id\":\"7\""))));
    assert!(moved(open(&lines[0], &lines[1].replace("\"ssn\"", "\"x\"").replace("\"card\"", "\"ssn\"").replace("\"x\"", "\"card\""))));
    assert!(moved(open(&lines[0].replace("users/{id}", "admins/{id}"), &lines[1])));
    assert!(moved(open(&lines[0].replace("[\"ssn\",\"card\"]", "[\"ssn\"]"), &lines[1])));
    let plain = r#"{"id":7,"name":"Ann","ssn":"000-00-0000","card":{"no":1}}"#;
    assert!(matches!(open(&lines[0], plain), Err(LineError::NotSealed { .. })));
    assert!(matches!(open(&lines[0], r#"{"id":7,"name":"Ann"}"#), Err(LineError::Missing { .. })));
    assert!(matches!(open(&lines[0], "[]"), Err(LineError::Json(_))));
    let twice = lines[1].replace("\"name\":\"Ann\"", "\"id\":8");
    assert!(matches!(open(&lines[0], &twice), Err(LineError::Json(_))));
    // What nobody bound can be changed, as the documentation says.
    assert!(open(&lines[0], &lines[1].replace("Ann", "Eve")).is_ok());
    let mut unbegun = LineOpener::new(opener(&world), None);
    assert!(matches!(line(&mut unbegun, &lines[1]), Err(LineError::NoHead)));
}

#[test]
fn lines_of_several_runs_open_and_a_form_that_was_not_asked_for_does_not() {
    let world = world();
    let wanted = form(&["ssn"], "users/{id}");
    let (mut one, mut other) = (many(&world, wanted.clone()), many(&world, wanted.clone()));
    let (one, other) = (sealed(&mut one, &[ANN]), sealed(&mut other, &[ANN]));
    let mut reader = LineOpener::new(opener(&world), Some(wanted));
    // Heads may come all at once, as from a table of their own.
    for text in [&one[0], &other[0], &one[1], &other[1], &one[1]] {
        line(&mut reader, text).unwrap();
    }
    let mut unbound = many(&world, form(&["ssn"], ""));
    assert!(matches!(line(&mut reader, &unbound.first_line().unwrap()), Err(LineError::OtherForm { .. })));
    assert!(unbound.seal(ANN).is_ok());
}

#[test]
fn singles_open_each_for_itself() {
    let world = world();
    let writer = world.writer.single_record_writer("mine", &SealFrom::default()).unwrap();
    let mut sealer = LineSealer::single(writer, form(&["ssn"], "users/{id}")).unwrap();
    let lines = sealed(&mut sealer, &[ANN, BEN]);
    let mut reader = LineOpener::new(opener(&world), None);
    assert_eq!(line(&mut reader, &lines[0]).unwrap(), "locator");
    let OpenedLine::Line(text, Some(Outcome { attribution, .. })) = reader.open(&lines[2]).unwrap() else { panic!("no outcome") };
    assert_eq!(text.expose(), BEN);
    assert!(matches!(attribution, keycap_core::seal::Attribution::Sender(_)));
    assert!(line(&mut reader, &lines[1].replace("\"id\":7", "\"id\":8")).is_err());
}

#[test]
fn what_is_sealed_already_or_cannot_be_bound_is_not_sealed() {
    let world = world();
    let mut sealer = many(&world, form(&["ssn"], "users/{id}"));
    let lines = sealed(&mut sealer, &[ANN]);
    for text in [&lines[0], &lines[1]] {
        assert!(matches!(sealer.seal(text), Err(LineError::Sealed)), "{text}");
    }
    assert!(matches!(sealer.seal(r#"{"id":[7],"ssn":1}"#), Err(LineError::NotPlain { .. })));
    assert!(matches!(sealer.seal(r#"{"ssn":1}"#), Err(LineError::Missing { .. })));
    assert!(matches!(sealer.seal(r#"{"id":7}"#), Err(LineError::Missing { .. })));
    assert!(matches!(sealer.seal("{"), Err(LineError::Json(_))));
    let writer = world.writer.record_writer("bearer", &anonymous()).unwrap();
    assert!(matches!(LineSealer::many(writer, form(&["id"], "users/{id}")), Err(LineError::PlaceSealed { .. })));
}
