//! Keys, cards, services, capabilities, gateways, sessions, receipts and settings: what goes in comes out, and what cannot be is refused.

use keycap_store::StoreError;
use keycap_store::ledger::capability::{self, ChainKeySource, NewCapability, Reach, Record, ServiceHint};
use keycap_store::ledger::card::{self, NewCard};
use keycap_store::ledger::gateway::{self, NewGateway};
use keycap_store::ledger::id::{CapabilityId, GatewayId, KeyId, ServiceId};
use keycap_store::ledger::receipt::{self, Receipt};
use keycap_store::ledger::service::{self, Terms};
use keycap_store::ledger::session::{self, Activity, End, Handshake, Peer, Session};
use keycap_store::ledger::{LedgerError, Page, Tx, key, meta};
use keycap_store::secrets::{SecretId, SecretKind};

use crate::fixture::{NOW, add_service, new_key, new_secret, new_service, public, read, rid, sealed, write};

#[test]
fn keys_are_found_by_everything_that_names_them() {
    let mut vault = sealed();
    for (number, name) in [(1, "laptop"), (2, "Work Laptop"), (3, "backup")] {
        let secret = new_secret(SecretKind::Key, 7);
        let new = new_key(name, number, secret.id);
        let id = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new)?)).unwrap();
        let found = read(&vault.store, |reading| {
            let found = [key::by_id(reading, id)?, key::by_name(reading, name)?, key::by_noise(reading, &new.noise)?];
            Ok(found.map(Option::unwrap))
        });
        for found in found {
            assert_eq!((found.id, found.name.as_str(), found.noise, found.age), (id, name, new.noise, new.age));
            assert_eq!((found.secret, found.note, found.created), (new.secret, new.note.clone(), NOW));
        }
    }
    let names = |search, page| -> Vec<String> {
        read(&vault.store, |reading| Ok(key::page(reading, search, page)?)).into_iter().map(|key| key.name).collect()
    };
    assert_eq!(names(None, Page::all()), ["Work Laptop", "backup", "laptop"]);
    assert_eq!(names(Some("LAPTOP"), Page::all()), ["Work Laptop", "laptop"]);
    assert_eq!(names(None, Page { offset: 1, limit: 1 }), ["backup"]);
    assert_eq!(read(&vault.store, |reading| Ok(key::count(reading)?)), 3);
}

#[test]
fn a_name_or_key_is_given_once_and_a_number_never_again() {
    let mut vault = sealed();
    let secrets = vec![new_secret(SecretKind::Key, 1), new_secret(SecretKind::Key, 2)];
    let [one, two] = [secrets[0].id, secrets[1].id];
    let result = vault.store.write(NOW, secrets, |tx| {
        key::insert(tx, &new_key("me", 1, one))?;
        key::insert(tx, &new_key("me", 2, two))?;
        Ok::<_, StoreError>(())
    });
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("taken", "key.name is taken".into()));

    let secret = new_secret(SecretKind::Key, 1);
    let (first, id) = (new_key("me", 1, secret.id), secret.id);
    let first_id = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &first)?)).unwrap();
    write(&mut vault.store, |tx| Ok(key::remove(tx, first_id)?));
    assert_eq!(vault.store.secret(id).unwrap_err().code(), "not-found");
    let secret = new_secret(SecretKind::Key, 1);
    let second = new_key("me", 1, secret.id);
    let second_id = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &second)?)).unwrap();
    assert!(second_id > first_id);
}

#[test]
fn a_row_cannot_refer_to_a_secret_that_is_not_there() {
    let mut vault = sealed();
    let result = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, SecretId::generate()))?));
    assert_eq!(result.unwrap_err().code(), "still-used");
    assert_eq!(read(&vault.store, |reading| Ok(key::count(reading)?)), 0);
}

#[test]
fn changing_what_is_not_there_says_so() {
    let mut vault = sealed();
    type Change = fn(&Tx<'_>) -> Result<(), LedgerError>;
    let changes: [Change; 13] = [
        |tx| key::rename(tx, KeyId::new(9), "x"),
        |tx| key::set_note(tx, KeyId::new(9), "x"),
        |tx| key::remove(tx, KeyId::new(9)),
        |tx| card::remove(tx, keycap_store::ledger::id::CardId::new(9)),
        |tx| service::set_terms(tx, ServiceId::new(9), &Terms::default()),
        |tx| service::remove(tx, ServiceId::new(9)),
        |tx| service::remove_root(tx, ServiceId::new(9), 0),
        |tx| capability::set_gateway(tx, CapabilityId::new(9), None),
        |tx| capability::remove(tx, CapabilityId::new(9)),
        |tx| gateway::heartbeat(tx, GatewayId::new(9), NOW),
        |tx| session::update(tx, GatewayId::new(9), 1, &Activity::default()),
        |tx| keycap_store::ledger::grant::rename(tx, &rid(9), "x"),
        |tx| keycap_store::ledger::revocation::raise_min_epoch(tx, ServiceId::new(9), 1),
    ];
    for change in changes {
        let result = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(change(tx)?));
        assert_eq!(result.unwrap_err().code(), "not-found");
    }
}

#[test]
fn a_card_keeps_whether_it_was_verified() {
    let mut vault = sealed();
    let new = NewCard { name: "bob".into(), noise: public(1), age: public(2), verified: false, note: "met in Vienna".into(), created: NOW };
    let id = write(&mut vault.store, |tx| Ok(card::insert(tx, &new)?));
    write(&mut vault.store, |tx| {
        card::set_verified(tx, id, true)?;
        card::rename(tx, id, "robert")?;
        Ok(card::set_note(tx, id, "")?)
    });
    let card = read(&vault.store, |reading| Ok(card::by_noise(reading, &public(1))?)).unwrap();
    assert_eq!((card.name.as_str(), card.verified, card.note.as_str(), card.age), ("robert", true, "", public(2)));
    assert_eq!(read(&vault.store, |reading| Ok(card::page(reading, Some("ROB"), Page::all())?)), std::slice::from_ref(&card));
    assert_eq!(read(&vault.store, |reading| Ok(card::by_id(reading, id)?)), Some(card.clone()));
    assert_eq!(read(&vault.store, |reading| Ok(card::by_name(reading, "robert")?)), Some(card));
    write(&mut vault.store, |tx| Ok(card::remove(tx, id)?));
    assert_eq!(read(&vault.store, |reading| Ok(card::count(reading)?)), 0);
}

#[test]
fn a_service_known_by_its_card_can_become_one_to_serve() {
    let mut vault = sealed();
    let id = add_service(&mut vault.store, "billing", 1);
    let terms = Terms { realm: Some("prod".into()), epoch: 2, min_epoch: 1, hints: vec!["a:1".into(), "unix:/run/\"b\"".into()] };
    let secret = new_secret(SecretKind::Service, 7);
    let secret_id = secret.id;
    vault
        .store
        .write(NOW, vec![secret], |tx| {
            service::set_terms(tx, id, &terms)?;
            service::set_secret(tx, id, secret_id)?;
            service::rename(tx, id, "billing-api")?;
            Ok::<_, StoreError>(service::set_note(tx, id, "note")?)
        })
        .unwrap();
    let service = read(&vault.store, |reading| Ok(service::by_public(reading, &public(1))?)).unwrap();
    assert_eq!((service.name.as_str(), &service.terms, service.secret, service.note.as_str()), ("billing-api", &terms, Some(secret_id), "note"));
    let again = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(service::set_secret(tx, id, secret_id)?));
    assert_eq!(again.unwrap_err().code(), "not-found", "a service has one private key for good");
    write(&mut vault.store, |tx| Ok(service::insert(tx, &new_service("other", 2))?));
    let names: Vec<_> = read(&vault.store, |reading| Ok(service::page(reading, None, Page::all())?)).into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["billing-api", "other"]);
}

fn capability(name: &str, chain: u8, key: ChainKeySource) -> NewCapability {
    NewCapability {
        name: name.into(),
        service: ServiceHint { public: public(1), name: Some("Billing".into()) },
        chain: vec![chain; 40],
        key,
        holder: Some(public(7)),
        reach: Reach { hints: vec!["127.0.0.1:1".into()], gateway: None },
        expires: Some(NOW.plus(60)),
        record: Record { added: NOW, note: "from alice".into() },
    }
}

#[test]
fn a_delegated_capability_lives_on_its_parents_secret() {
    let mut vault = sealed();
    let secret = new_secret(SecretKind::Capability, 7);
    let secret_id = secret.id;
    let new = capability("db", 1, ChainKeySource::Secret(secret_id));
    let parent = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(capability::insert(tx, &new)?)).unwrap();
    let child = capability("db-read-only", 2, ChainKeySource::DerivedFrom(parent));
    let child_id = write(&mut vault.store, |tx| Ok(capability::insert(tx, &child)?));

    let found = read(&vault.store, |reading| Ok(capability::by_name(reading, "db")?)).unwrap();
    assert_eq!((found.id, &found.held), (parent, &new));
    let found = read(&vault.store, |reading| Ok(capability::by_chain(reading, &[2; 40])?)).unwrap();
    assert_eq!((found.id, &found.held), (child_id, &child));
    assert_eq!(read(&vault.store, |reading| Ok(capability::children(reading, parent)?)), [found]);
    assert_eq!(read(&vault.store, |reading| Ok(capability::by_service(reading, &public(1))?)).len(), 2);
    assert_eq!(read(&vault.store, |reading| Ok(capability::page(reading, Some("billing"), Page::all())?)).len(), 2);
    assert_eq!(read(&vault.store, |reading| Ok(capability::page(reading, Some("ONLY"), Page::all())?)).len(), 1);

    let result = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(capability::remove(tx, parent)?));
    assert_eq!(result.unwrap_err().code(), "still-used");
    assert_eq!(vault.store.secret(secret_id).unwrap().expose(), [7; 32]);
    write(&mut vault.store, |tx| {
        capability::set_gateway(tx, child_id, Some("gw:7"))?;
        capability::rename(tx, child_id, "ro")?;
        Ok(capability::set_note(tx, child_id, "n")?)
    });
    let held = read(&vault.store, |reading| Ok(capability::by_id(reading, child_id)?)).unwrap().held;
    assert_eq!((held.reach.gateway.as_deref(), held.name.as_str(), held.record.note.as_str()), (Some("gw:7"), "ro", "n"));
    write(&mut vault.store, |tx| {
        capability::remove(tx, child_id)?;
        Ok(capability::remove(tx, parent)?)
    });
    assert_eq!(vault.store.secret(secret_id).unwrap_err().code(), "not-found");
    assert_eq!(read(&vault.store, |reading| Ok(capability::count(reading)?)), 0);
}

fn session(gateway: GatewayId, id: u64, rids: &[u64]) -> Session {
    Session {
        gateway,
        id,
        rids: rids.iter().copied().map(rid).collect(),
        peer: Peer { holder: None, from: "192.0.2.1:5".into() },
        handshake: Handshake { pattern: 1, suite: 2, opened: NOW },
        activity: Activity::default(),
        end: None,
    }
}

fn new_gateway(service: ServiceId) -> NewGateway {
    NewGateway { service, pid: 4_000_000, host: "here".into(), listen: "[::1]:1".into(), upstreams: vec!["tcp".into()], started: NOW }
}

#[test]
fn a_gateway_runs_until_it_stops_or_is_not_heard_of() {
    let mut vault = sealed();
    let service = add_service(&mut vault.store, "billing", 1);
    let ids = write(&mut vault.store, |tx| {
        let ids = [gateway::insert(tx, &new_gateway(service))?, gateway::insert(tx, &new_gateway(service))?];
        gateway::heartbeat(tx, ids[0], NOW.plus(60))?;
        Ok(ids)
    });
    let running = |store: &_, since| -> Vec<_> {
        read(store, |reading| Ok(gateway::running(reading, Some(service), since)?)).into_iter().map(|gateway| gateway.id).collect()
    };
    assert_eq!(running(&vault.store, NOW), ids);
    assert_eq!(running(&vault.store, NOW.plus(30)), [ids[0]], "the other one was not heard of since");
    write(&mut vault.store, |tx| Ok(gateway::stop(tx, ids[0], NOW.plus(70))?));
    assert_eq!(running(&vault.store, NOW), [ids[1]]);
    let stopped = read(&vault.store, |reading| Ok(gateway::by_id(reading, ids[0])?)).unwrap();
    assert_eq!((stopped.stopped, stopped.heartbeat, stopped.run), (Some(NOW.plus(70)), NOW.plus(70), new_gateway(service)));
    assert_eq!(read(&vault.store, |reading| Ok(gateway::page(reading, Page::first(1))?))[0].id, ids[1]);
}

#[test]
fn live_sessions_are_found_by_every_rid_of_their_chain_and_by_no_bytes_between() {
    let mut vault = sealed();
    let service = add_service(&mut vault.store, "billing", 1);
    let gateway = write(&mut vault.store, |tx| Ok(gateway::insert(tx, &new_gateway(service))?));
    let sessions = [session(gateway, 1, &[1]), session(gateway, 2, &[1, 2]), session(gateway, 3, &[4, 5])];
    write(&mut vault.store, |tx| Ok(session::insert(tx, &sessions)?));
    let under =
        |store: &_, rid| -> Vec<_> { read(store, |reading| Ok(session::live_under(reading, &rid)?)).into_iter().map(|session| session.id).collect() };
    assert_eq!(under(&vault.store, rid(1)), [1, 2]);
    assert_eq!(under(&vault.store, rid(2)), [2]);
    // The second half of rid 4 and the first half of rid 5.
    let mut across = [0; 16];
    across[7] = 4;
    assert_eq!(under(&vault.store, keycap_core::chain::Rid::from_bytes(across)), [0; 0]);

    let end = End { at: NOW.plus(5), reason: "revoked".into() };
    write(&mut vault.store, |tx| {
        session::update(tx, gateway, 2, &Activity { streams: 3, target: Some("db".into()) })?;
        Ok(session::close(tx, gateway, 2, &end)?)
    });
    assert_eq!(under(&vault.store, rid(1)), [1]);
    let again = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(session::close(tx, gateway, 2, &end)?));
    assert_eq!(again.unwrap_err().code(), "not-found", "a session ends once");
    assert_eq!(read(&vault.store, |reading| Ok(session::live_count(reading, Some(service))?)), 2);
    assert_eq!(read(&vault.store, |reading| Ok(session::live(reading, None, Page::all())?)), [sessions[0].clone(), sessions[2].clone()]);
    let closed = read(&vault.store, |reading| Ok(session::page(reading, gateway, Page::all())?)).swap_remove(1);
    assert_eq!((closed.id, closed.activity.streams, closed.end), (2, 3, Some(end.clone())));

    assert_eq!(write(&mut vault.store, |tx| Ok(session::close_all(tx, gateway, &End { at: NOW.plus(9), reason: "stopped".into() })?)), 2);
    assert_eq!(write(&mut vault.store, |tx| Ok(session::drop_closed_before(tx, NOW.plus(9))?)), 1);
    assert_eq!(read(&vault.store, |reading| Ok(session::page(reading, gateway, Page::all())?)).len(), 2);
}

#[test]
fn a_gateways_receipts_for_one_revocation_add_up() {
    let mut vault = sealed();
    let service = add_service(&mut vault.store, "billing", 1);
    let gateway = write(&mut vault.store, |tx| Ok(gateway::insert(tx, &new_gateway(service))?));
    for (at, sessions_cut) in [(1, 3), (2, 4)] {
        write(&mut vault.store, |tx| Ok(receipt::insert(tx, &Receipt { rid: rid(1), gateway, applied: NOW.plus(at), sessions_cut })?));
    }
    let receipts = read(&vault.store, |reading| Ok(receipt::of(reading, &rid(1))?));
    assert_eq!(receipts, [Receipt { rid: rid(1), gateway, applied: NOW.plus(1), sessions_cut: 7 }]);
}

#[test]
fn settings_are_kept_and_the_stores_own_are_not_for_others() {
    let mut vault = sealed();
    write(&mut vault.store, |tx| Ok(meta::set_text(tx, "vault.preset", Some("a day"))?));
    assert_eq!(read(&vault.store, |reading| Ok(meta::text(reading, "vault.preset")?)).as_deref(), Some("a day"));
    assert_eq!(read(&vault.store, |reading| Ok(meta::all(reading)?)), [("vault.preset".into(), "a day".into())]);
    write(&mut vault.store, |tx| Ok(meta::set_text(tx, "vault.preset", None)?));
    assert_eq!(read(&vault.store, |reading| Ok(meta::text(reading, "vault.preset")?)), None);
    let result = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(meta::set_text(tx, "store.backend", Some("none"))?));
    assert_eq!(result.unwrap_err().code(), "reserved-name");
}
