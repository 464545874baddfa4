//! Files: recipients and identities of age.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;

use age::{Identity, Recipient};
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use keycap_vault::view::OpenedView;
use keycap_vault::{KeycapRecipient, Limits, OpenRequest, Reason, RevokeReason, Rotation, SealFrom, Times, VaultError, WhatLapsed, When};

use crate::fixture::{World, anonymous, bound, from, mutual, sender};

impl World {
    fn sealed_to(&mut self, name: &str, from: &SealFrom) -> Vec<Stanza> {
        wrapped(&self.writer.seal_to_capability(name, from).unwrap())
    }

    /// What the owner makes of a header: whether it opens, and what is said of it.
    fn opened(&self, stanzas: &[Stanza], request: OpenRequest) -> (Option<bool>, Option<OpenedView>) {
        let opener = self.owner.opener(request).unwrap();
        assert!(opener.unusable().is_empty());
        let file = opener.file();
        let opened = file.unwrap_stanzas(stanzas).map(|result| result.is_ok_and(|key| key.expose_secret() == FILE_KEY));
        (opened, file.outcome().map(|outcome| self.owner.describe_opened(&outcome).unwrap()))
    }
}

const FILE_KEY: &[u8; 16] = b"YELLOW SUBMARINE";

fn wrapped(recipient: &KeycapRecipient) -> Vec<Stanza> {
    let (stanzas, labels) = recipient.wrap_file_key(&FileKey::new(Box::new(*FILE_KEY))).unwrap();
    assert_eq!(labels.len(), usize::from(recipient.proves_sender()));
    assert_eq!(stanzas[0].tag, recipient.stanza());
    stanzas
}

fn decrypted<'f>(file: &'f [u8], identity: &dyn Identity) -> Result<impl Read + 'f, age::DecryptError> {
    age::Decryptor::new(file)?.decrypt(std::iter::once(identity))
}

#[test]
fn what_is_sealed_to_a_key_opens_and_says_from_whom_where_that_is_proven() {
    let world = World::new();
    for (from, stanza, named) in
        [(anonymous(), "keycap1-N", None), (from("writer"), "keycap1-X", Some("writer")), (mutual("writer"), "keycap1-K", Some("writer"))]
    {
        let stanzas = wrapped(&world.writer.seal_to_key("owner", &from).unwrap());
        let (opened, view) = world.opened(&stanzas, OpenRequest::default());
        let view = view.unwrap();
        assert_eq!((opened, view.stanza.as_str(), view.opened_with, view.name.as_str()), (Some(true), stanza, "key", "owner"));
        assert_eq!((sender(&view), view.authorised, &view.grant), (named, None, &None));
    }
}

#[test]
fn what_is_sealed_to_a_capability_names_the_grant_and_says_that_it_was_allowed() {
    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let limits = bound(&world);
    world.granted("mine", limits);
    let cases = [
        ("bearer", anonymous(), "keycap1-Npsk0", None),
        ("bearer", from("writer"), "keycap1-Xpsk1", Some("writer")),
        ("mine", anonymous(), "keycap1-Xpsk1", Some("writer")),
        ("mine", from("writer"), "keycap1-Xpsk1", Some("writer")),
        ("mine", mutual("writer"), "keycap1-Kpsk0", Some("writer")),
        ("mine", SealFrom { key: None, mutual: true }, "keycap1-Kpsk0", Some("writer")),
    ];
    for (name, from, stanza, named) in cases {
        let stanzas = world.sealed_to(name, &from);
        let (opened, view) = world.opened(&stanzas, OpenRequest::default());
        let view = view.unwrap();
        assert_eq!((opened, view.stanza.as_str(), view.opened_with, view.name.as_str()), (Some(true), stanza, "service", "inbox"), "{name} {from:?}");
        assert_eq!((sender(&view), view.authorised), (named, Some(true)));
        assert_eq!(view.grant.unwrap().name.as_deref(), Some(name));
        assert_eq!(view.notes, Vec::<String>::new());
    }
}

#[test]
fn a_co_recipient_takes_the_sender_s_name_and_the_leave_away() {
    let mut world = World::new();
    let limits = bound(&world);
    world.granted("mine", limits);
    let other = || Stanza { tag: "somebody-else".into(), args: Vec::new(), body: vec![1; 32] };
    let mut to_key = wrapped(&world.writer.seal_to_key("owner", &from("writer")).unwrap());
    to_key.push(other());
    let (opened, view) = world.opened(&to_key, OpenRequest::default());
    let view = view.unwrap();
    assert_eq!((opened, sender(&view)), (Some(true), None));
    assert!(view.notes[0].contains("2 stanzas"), "{view:?}");

    let mut to_capability = world.sealed_to("mine", &anonymous());
    to_capability.insert(0, other());
    let (opened, view) = world.opened(&to_capability, OpenRequest::default());
    let view = view.unwrap();
    assert_eq!((opened, sender(&view), view.authorised), (Some(true), None, Some(false)));
    assert_eq!(view.notes.len(), 2);
}

#[test]
fn a_recipient_that_shows_its_sender_takes_no_other_beside_it() {
    let world = World::new();
    let age = world.owner.key("owner").unwrap().age_recipient.parse::<age::x25519::Recipient>().unwrap();
    let shown = world.writer.seal_to_key("owner", &from("writer")).unwrap();
    let again = world.writer.seal_to_key("owner", &from("writer")).unwrap();
    let hidden = world.writer.seal_to_key("owner", &anonymous()).unwrap();
    let seal = |recipients: &[&dyn Recipient]| age::Encryptor::with_recipients(recipients.iter().copied()).map(drop);
    let others: [&dyn Recipient; 3] = [&age, &again, &hidden];
    for other in others {
        assert!(matches!(seal(&[&shown, other]), Err(age::EncryptError::IncompatibleRecipients { .. })));
    }
    assert!(seal(&[&shown]).is_ok());
    assert!(seal(&[&hidden, &age]).is_ok());
}

#[test]
fn age_files_of_the_age_crate_go_through() {
    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let to_service = world.writer.seal_to_capability("bearer", &anonymous()).unwrap();
    let to_key = world.writer.seal_to_key("owner", &anonymous()).unwrap();
    for recipient in [&to_service, &to_key] {
        let mut file = Vec::new();
        let to: &dyn Recipient = recipient;
        let encryptor = age::Encryptor::with_recipients(std::iter::once(to)).unwrap();
        let mut writer = encryptor.wrap_output(&mut file).unwrap();
        writer.write_all(b"plaintext").unwrap();
        writer.finish().unwrap();
        let opener = world.owner.opener(OpenRequest::default()).unwrap();
        let identity = opener.file();
        let mut opened = String::new();
        decrypted(&file, &identity).unwrap().read_to_string(&mut opened).unwrap();
        assert_eq!(opened, "plaintext");
        assert_eq!(identity.outcome().unwrap().stanza, recipient.stanza());
        let strangers = world.writer.opener(OpenRequest::default()).unwrap();
        let stranger = strangers.file();
        assert!(matches!(decrypted(&file, &stranger), Err(age::DecryptError::NoMatchingKeys)));
        assert_eq!(stranger.outcome(), None);
    }
}

#[test]
fn what_has_lapsed_opens_on_request_only_and_is_not_authorised() {
    let mut world = World::new();
    world.granted("an-hour", Limits { times: Times { expires: Some(When::In(3_600)), ..Times::default() }, ..Limits::default() });
    world.granted("revoked", Limits::default());
    let expired = world.sealed_to("an-hour", &anonymous());
    let revoked = world.sealed_to("revoked", &anonymous());
    world.owner.revoke("revoked", &RevokeReason { reason: Reason::Left, note: String::new() }).unwrap();
    world.clock.fetch_add(3_600, Ordering::Relaxed);
    for (stanzas, why) in [(&expired, "expired"), (&revoked, "revoked")] {
        let (opened, view) = world.opened(stanzas, OpenRequest::default());
        assert_eq!((opened, view.unwrap().authorised), (Some(false), Some(false)));
        let on_request = OpenRequest { lapsed: WhatLapsed::Opens, ..OpenRequest::default() };
        let (opened, view) = world.opened(stanzas, on_request);
        let view = view.unwrap();
        assert_eq!((opened, view.authorised), (Some(true), Some(false)));
        assert!(view.notes.iter().any(|note| note.contains(why)), "{view:?}");
    }
    assert!(matches!(world.writer.seal_to_capability("an-hour", &anonymous()), Err(VaultError::Expired { .. })));
}

#[test]
fn what_was_never_allowed_opens_on_no_request() {
    let mut world = World::new();
    world.granted("elsewhere", Limits { allow: vec!["db".parse().unwrap()], ..Limits::default() });
    let recipient = world.writer.seal_to_capability("elsewhere", &anonymous()).unwrap();
    assert_eq!(recipient.doubts().len(), 1);
    let on_request = OpenRequest { lapsed: WhatLapsed::Opens, ..OpenRequest::default() };
    let (opened, view) = world.opened(&wrapped(&recipient), on_request);
    assert_eq!((opened, view.unwrap().authorised), (Some(false), Some(false)));
    let taken_as_db = OpenRequest { target: "db".into(), ..OpenRequest::default() };
    let (opened, view) = world.opened(&wrapped(&recipient), taken_as_db);
    assert_eq!((opened, view.unwrap().authorised), (Some(true), Some(true)));
}

#[test]
fn a_file_of_a_forgotten_epoch_is_told_from_one_of_somebody_else() {
    let mut world = World::new();
    world.granted("early", Limits::default());
    let stanzas = world.sealed_to("early", &anonymous());
    world.owner.rotate_service("inbox", Rotation::ForgetEarlier).unwrap();
    let opener = world.owner.opener(OpenRequest::default()).unwrap();
    let error = opener.file().unwrap_stanzas(&stanzas).unwrap().map(drop).unwrap_err();
    assert!(error.to_string().contains("root secret of epoch 0"), "{error}");
    let stranger = world.writer.opener(OpenRequest::default()).unwrap();
    assert!(stranger.file().unwrap_stanzas(&stanzas).is_none());
}

#[test]
fn senders_that_a_service_would_refuse_are_refused_before_anything_is_sealed() {
    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let limits = bound(&world);
    world.granted("mine", limits);
    world.writer.new_key("other", "").unwrap();
    let mut refused = |name: &str, from: &SealFrom| world.writer.seal_to_capability(name, from).map(drop).unwrap_err();
    assert!(matches!(refused("mine", &from("other")), VaultError::BadRequest { .. }));
    assert!(matches!(refused("bearer", &mutual("writer")), VaultError::BadRequest { .. }));
    assert!(matches!(refused("bearer", &SealFrom { key: None, mutual: true }), VaultError::BadRequest { .. }));
    assert!(matches!(refused("bearer", &from("owner")), VaultError::NotOwnKey { .. }));
    assert!(matches!(refused("nothing", &anonymous()), VaultError::NotFound { .. }));
}

#[test]
fn each_stanza_of_a_header_is_told_by_itself() {
    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let mut stanzas = vec![Stanza { tag: "somebody-else".into(), args: Vec::new(), body: vec![1; 32] }];
    stanzas.extend(world.sealed_to("bearer", &anonymous()));
    stanzas.extend(wrapped(&world.writer.seal_to_key("owner", &anonymous()).unwrap()));
    let age = world.owner.key("owner").unwrap().age_recipient.parse::<age::x25519::Recipient>().unwrap();
    stanzas.extend(age.wrap_file_key(&FileKey::new(Box::new(*FILE_KEY))).unwrap().0);
    let opener = world.owner.opener(OpenRequest::default()).unwrap();
    let said: Vec<_> = opener.examine(&stanzas).into_iter().map(|outcome| outcome.unwrap().map(|outcome| outcome.stanza)).collect();
    let expected = [None, Some("keycap1-Npsk0"), Some("keycap1-N"), Some("X25519")];
    assert_eq!(said.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    stanzas[1].body.pop();
    let said = opener.examine(&stanzas);
    assert!(said.iter().any(|outcome| matches!(outcome, Err(age::DecryptError::InvalidHeader))), "{said:?}");
    assert!(said.iter().any(Result::is_ok), "one that is malformed hides none of the others: {said:?}");
}

#[test]
fn a_forged_stanza_says_so_and_hides_none_of_the_others() {
    use keycap_core::seal::file::{self, Header};
    use keycap_core::secret::Secret;
    use keycap_vault::files::{Cancel, Identities, Input, Inspected, Unwatched, open_stream};
    use keycap_vault::view::InspectedView;

    let mut world = World::new();
    world.granted("bearer", Limits::default());
    let mut stanzas = world.sealed_to("bearer", &anonymous());
    // The locator is the service's, and the message behind it nobody's.
    stanzas[0].body[60] ^= 1;
    stanzas.insert(0, Stanza { tag: "somebody-else".into(), args: Vec::new(), body: vec![1; 32] });
    let stanzas = stanzas.into_iter().map(|Stanza { tag, args, body }| file::Stanza { tag, args, body }).collect();
    let mut bytes = Header::new(stanzas, &Secret::new(*FILE_KEY)).unwrap().encode();
    bytes.extend([0; 32]);

    let opener = world.owner.opener(OpenRequest::default()).unwrap();
    let inspected = Inspected::read(Input::Stream(Box::new(std::io::Cursor::new(bytes.clone())))).unwrap();
    let view = InspectedView::of("letter.age", &inspected, Some((&world.owner, &opener))).unwrap();
    let faults: Vec<_> = view.stanzas.iter().map(|stanza| stanza.fault.as_deref()).collect();
    assert!(matches!(faults[..], [None, Some(fault)] if fault.contains("not made by a holder")), "{faults:?}");

    let identities = Identities::new().with_vault(opener);
    let error = open_stream(&identities, Box::new(&bytes[..]), &mut Vec::new(), (&Unwatched, &Cancel::new())).unwrap_err();
    assert!(error.to_string().contains("not made by a holder"), "{error}");
    assert_eq!((error.code(), error.hint()), ("age", None));
}
