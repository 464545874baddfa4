//! The whole story, offline: an operator mints, shares and revokes; a holder takes in, narrows and hands on; a gateway lets in and refuses.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

use std::path::PathBuf;

use keycap_core::chain::Purpose;
use keycap_core::noise::{Pattern, StatusCode, Suite};
use keycap_core::request::Request;
use keycap_core::time::UnixSeconds;
use keycap_vault::view::State;
use keycap_vault::{
    AcceptAs, DelegateRequest, Environment, GatewayDesk, GatewayPlace, GrantQuery, Limits, MintRequest, NewService, OpenCapability, OpenService,
    Reason, RevokeReason, Rotation, SecretsChoice, SessionStart, ShareHow, ShareRequest, Unlock, UnlockMethod, Vault, VaultError, When, Would,
};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    key_file: PathBuf,
}

impl Place {
    fn new() -> (Self, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("vault-key");
        keycap_store::unlock::file::create(&key_file).unwrap();
        let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
        let vault = Vault::create(&folder.path().join("vault"), choice, Environment::system()).unwrap();
        (Self { folder, key_file }, vault)
    }

    fn open(&self) -> Vault {
        assert!(self.key_file.exists());
        let mut vault = Vault::open(&self.folder.path().join("vault"), Environment::system()).unwrap();
        vault.unlock(Unlock::File).unwrap();
        vault
    }
}

fn service(vault: &mut Vault, name: &str) {
    let new = NewService { name: name.into(), hints: vec!["gw.example:7001".into()], ..NewService::default() };
    vault.new_service(&new).unwrap();
}

fn mint(vault: &mut Vault, name: &str, limits: Limits) -> String {
    let request = MintRequest { service: "db".into(), name: name.into(), preset: None, limits };
    assert!(!vault.mint_preview(&request).unwrap().sentence.is_empty());
    vault.mint(&request).unwrap();
    share(vault, &format!("grant:{name}"))
}

fn share(vault: &mut Vault, target: &str) -> String {
    let request = ShareRequest { how: ShareHow::Reveal, name: None };
    vault.share(target, &request).unwrap().text().expose().to_owned()
}

fn take_in(vault: &mut Vault, text: &str, name: &str) {
    let incoming = vault.inspect(text).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some(name.into()), ..AcceptAs::default() }).unwrap();
}

fn allow(rule: &str) -> Limits {
    Limits { allow: vec![rule.parse().unwrap()], ..Limits::default() }
}

/// A handshake in memory; the chain's session number, or the reason why it was refused.
fn meet(service: &OpenService, desk: &mut GatewayDesk, held: &OpenCapability, target: &str) -> Result<u64, StatusCode> {
    let (initiator, hello) = held.start(None, Suite::ChaChaPoly).unwrap();
    let (responder, message_2) = service.read_hello(&hello).unwrap();
    let (mut answer, _established) = initiator.read_message_2(&message_2[2..]).unwrap();
    let confirmed = responder.read_confirmation(&mut answer[2..]).unwrap();
    let verified = service.clear(&confirmed, &desk.revocations(), Purpose::Session).map_err(|refusal| refusal.reason.status())?;
    verified.check_request(&Request::stream(target)).map_err(|refusal| refusal.reason.status())?;
    let start = SessionStart { from: "192.0.2.7:5000".into(), pattern: confirmed.pattern, suite: confirmed.suite };
    Ok(desk.session_opened(&verified, &start).unwrap())
}

fn gateway(place: &Place) -> (std::sync::Arc<OpenService>, GatewayDesk) {
    let at = GatewayPlace { listen: "127.0.0.1:7001".into(), upstreams: vec!["default=127.0.0.1:5432".into()] };
    place.open().open_gateway("db", &at).unwrap()
}

const WHY: RevokeReason = RevokeReason { reason: Reason::Left, note: String::new() };

#[test]
fn a_revoked_link_dies_with_everything_below_it_and_nothing_above() {
    let (operator_place, mut operator) = Place::new();
    let (_holder_place, mut holder) = Place::new();
    service(&mut operator, "db");
    let text = mint(&mut operator, "alice", Limits::default());
    take_in(&mut holder, &text, "db");
    for (parent, child) in [("db", "middle"), ("middle", "leaf")] {
        let request = DelegateRequest { capability: parent.into(), name: child.into(), limits: allow("default") };
        holder.delegate(&request).unwrap();
    }

    let (served, mut desk) = gateway(&operator_place);
    for name in ["db", "middle", "leaf"] {
        let held = holder.open_capability(name).unwrap();
        assert!(meet(&served, &mut desk, &held, "default").is_ok(), "{name}");
    }
    let tree = operator.grants(&GrantQuery::default()).unwrap();
    assert_eq!(tree.rows.iter().map(|row| row.depth).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(tree.rows.iter().map(|row| row.grant.usage.uses).collect::<Vec<_>>(), [3, 2, 1]);

    let middle = tree.rows[1].grant.rid.clone();
    let preview = operator.revoke_preview(&middle).unwrap();
    assert_eq!(preview.dies_total, 2);
    assert_eq!(preview.live_sessions.len(), 2);
    operator.revoke(&middle, &WHY).unwrap();
    let news = desk.poll().unwrap().unwrap();
    assert_eq!(news.newly_revoked.len(), 1);
    desk.applied(news.newly_revoked[0], 2).unwrap();
    let receipt = operator.revoke_receipt(&middle).unwrap();
    assert_eq!((receipt.pending, receipt.refused, receipt.gateways[0].sessions_cut), (0, 2, 2));

    let mut reach = |name: &str| meet(&served, &mut desk, &holder.open_capability(name).unwrap(), "default").map(drop);
    assert_eq!(reach("db"), Ok(()));
    assert_eq!(reach("middle"), Err(StatusCode::Revoked));
    assert_eq!(reach("leaf"), Err(StatusCode::Revoked));
    let states: Vec<_> = operator.grants(&GrantQuery::default()).unwrap().rows.iter().map(|row| row.grant.state).collect();
    assert_eq!(states[1..], [State::Revoked, State::Revoked]);
    assert_ne!(states[0], State::Revoked);
    assert!(matches!(operator.revoke(&middle, &WHY), Err(VaultError::Revoked { .. })));
}

#[test]
fn a_bound_capability_goes_to_its_holder_and_by_hand_off_to_the_next() {
    let (operator_place, mut operator) = Place::new();
    let (_alice_place, mut alice) = Place::new();
    let (_bob_place, mut bob) = Place::new();
    service(&mut operator, "db");
    let alice_card = alice.new_key("alice", "").unwrap().card;
    let bob_card = bob.new_key("bob", "").unwrap().card;
    take_in(&mut operator, &alice_card, "alice");
    take_in(&mut alice, &bob_card, "bob");

    let text = mint(&mut operator, "alice", Limits { holder: Some("alice".into()), ..Limits::default() });
    assert!(bob.inspect(&text).unwrap().view().warnings.iter().any(|warning| warning.contains("not in this vault")));
    take_in(&mut alice, &text, "db");
    let request =
        DelegateRequest { capability: "db".into(), name: "for-bob".into(), limits: Limits { holder: Some("bob".into()), ..Limits::default() } };
    assert!(alice.delegate_preview(&request).unwrap().hand_off);
    alice.delegate(&request).unwrap();
    let text = share(&mut alice, "for-bob");
    take_in(&mut bob, &text, "db");

    let (served, mut desk) = gateway(&operator_place);
    assert!(meet(&served, &mut desk, &alice.open_capability("db").unwrap(), "default").is_ok());
    assert!(meet(&served, &mut desk, &bob.open_capability("db").unwrap(), "default").is_ok());
    assert!(matches!(alice.open_capability("for-bob"), Err(VaultError::BadRequest { .. })));
    let held = bob.open_capability("db").unwrap();
    assert!(held.start(Some(Pattern::IKpsk2), Suite::AesGcm).is_ok());
    assert!(held.start(Some(Pattern::NKpsk2), Suite::AesGcm).is_err());
}

#[test]
fn another_target_is_refused_and_explain_says_which_caveat_says_no() {
    let (operator_place, mut operator) = Place::new();
    let (_holder_place, mut holder) = Place::new();
    service(&mut operator, "db");
    let text = mint(&mut operator, "alice", allow("default"));
    take_in(&mut holder, &text, "db");
    let (served, mut desk) = gateway(&operator_place);
    let held = holder.open_capability("db").unwrap();
    assert_eq!(meet(&served, &mut desk, &held, "other"), Err(StatusCode::NotAllowed));
    let would = |target: &str| Would { request: Some(Request::stream(target)), ..Would::default() };
    assert!(holder.explain("db", &would("default")).unwrap().allowed);
    let no = holder.explain("db", &would("other")).unwrap();
    assert!(!no.allowed);
    assert_eq!(no.findings.iter().find(|finding| !finding.holds).unwrap().caveat.as_deref(), Some("allow"));
    let late = Would { at: Some(UnixSeconds::new(4_000_000_000)), ..Would::default() };
    assert!(!holder.explain("db", &late).unwrap().allowed);
}

#[test]
fn each_share_of_a_grant_after_the_first_has_a_rid_of_its_own() {
    let (operator_place, mut operator) = Place::new();
    service(&mut operator, "db");
    let first = mint(&mut operator, "alice", Limits::default());
    let request = ShareRequest { how: ShareHow::Reveal, name: None };
    let again = operator.share("alice", &request).unwrap();
    assert!(again.view().reissued);
    assert_ne!(again.text().expose(), first);
    assert_eq!(again.view().name, "alice-2");

    let (_one, mut one) = Place::new();
    let (_two, mut two) = Place::new();
    take_in(&mut one, &first, "db");
    take_in(&mut two, again.text().expose(), "db");
    operator.revoke("alice-2", &WHY).unwrap();
    let (served, mut desk) = gateway(&operator_place);
    assert!(meet(&served, &mut desk, &one.open_capability("db").unwrap(), "default").is_ok());
    assert_eq!(meet(&served, &mut desk, &two.open_capability("db").unwrap(), "default"), Err(StatusCode::Revoked));
    assert!(matches!(operator.share("alice-2", &request), Err(VaultError::Revoked { .. })));
}

#[test]
fn a_new_epoch_can_end_everything_minted_before() {
    let (operator_place, mut operator) = Place::new();
    let (_holder_place, mut holder) = Place::new();
    service(&mut operator, "db");
    let old = mint(&mut operator, "old", Limits::default());
    take_in(&mut holder, &old, "old");
    let (served, mut desk) = gateway(&operator_place);
    assert!(meet(&served, &mut desk, &holder.open_capability("old").unwrap(), "default").is_ok());

    operator.rotate_service("db", Rotation::RevokeEarlier).unwrap();
    let news = desk.poll().unwrap().unwrap();
    assert_eq!(news.min_epoch_raised, Some(1));
    let served = news.service.unwrap();
    assert_eq!(meet(&served, &mut desk, &holder.open_capability("old").unwrap(), "default"), Err(StatusCode::Revoked));
    let new = mint(&mut operator, "new", Limits::default());
    take_in(&mut holder, &new, "new");
    assert!(meet(&served, &mut desk, &holder.open_capability("new").unwrap(), "default").is_ok());
    assert_eq!(operator.grant("old").unwrap().state, State::Revoked);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let (_place, mut vault) = Place::new();
    service(&mut vault, "db");
    let request = |name: &str, limits: Limits| MintRequest { service: "db".into(), name: name.into(), preset: None, limits };
    let expired = Limits { times: keycap_vault::Times { expires: Some(When::In(0)), ..Default::default() }, ..Limits::default() };
    for (what, bad) in [
        ("a name with a space", request("a b", Limits::default())),
        ("an expiry now", request("a", expired)),
        ("an unknown holder", request("a", Limits { holder: Some("nobody".into()), ..Limits::default() })),
        ("an unknown preset", MintRequest { preset: Some("forever".into()), ..request("a", Limits::default()) }),
        ("an unknown service", MintRequest { service: "other".into(), ..request("a", Limits::default()) }),
    ] {
        assert!(vault.mint(&bad).is_err(), "{what}");
    }
    assert_eq!(vault.grants(&GrantQuery::default()).unwrap().total, 0);
    // One bad request among many: none is minted.
    assert!(vault.mint_many(&[request("a", Limits::default()), request("b c", Limits::default())]).is_err());
    assert_eq!(vault.grants(&GrantQuery::default()).unwrap().total, 0);
}

#[test]
fn keys_and_services_travel_sealed_and_arrive_whole() {
    let (_from_place, mut from) = Place::new();
    let (to_place, mut to) = Place::new();
    let recipient = to.new_key("machine", "").unwrap().age_recipient;
    service(&mut from, "db");
    from.new_key("alice", "").unwrap();
    let sealed_to = keycap_vault::ExportTo::Recipients(vec![recipient]);
    let service_file = from.export_service("db", &sealed_to).unwrap();
    let key_file = from.export_key("alice", &sealed_to).unwrap();
    to.import_service(&service_file, None, &keycap_vault::OpenWith::OwnKeys).unwrap();
    to.import_key(&key_file, Some("alice-too"), &keycap_vault::OpenWith::OwnKeys).unwrap();
    assert_eq!(to.key("alice-too").unwrap().fingerprint_full, from.key("alice").unwrap().fingerprint_full);

    let text = mint(&mut from, "bob", Limits::default());
    let (_bob_place, mut bob) = Place::new();
    take_in(&mut bob, &text, "db");
    let (served, mut desk) = gateway(&to_place);
    assert!(meet(&served, &mut desk, &bob.open_capability("db").unwrap(), "default").is_ok());
    assert!(matches!(to.import_service(&service_file, None, &keycap_vault::OpenWith::OwnKeys), Err(VaultError::AlreadyHere { .. })));
    assert!(matches!(from.import_key(&key_file, None, &keycap_vault::OpenWith::OwnKeys), Err(VaultError::Age { .. })));
}

#[test]
fn a_locked_vault_shows_its_lists_and_does_nothing_secret() {
    let (place, mut vault) = Place::new();
    service(&mut vault, "db");
    mint(&mut vault, "alice", Limits::default());
    vault.lock().unwrap();
    let mut other = Vault::open(&place.folder.path().join("vault"), Environment::system()).unwrap();
    assert!(other.is_locked().unwrap());
    assert_eq!(other.grants(&GrantQuery::default()).unwrap().total, 1);
    let error = other.share("alice", &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap_err();
    assert_eq!(error.class().exit_code(), 4);
    other.clear_lock(Unlock::File).unwrap();
    assert!(other.share("alice", &ShareRequest { how: ShareHow::Reveal, name: None }).is_ok());
}
