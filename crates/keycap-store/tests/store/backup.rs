//! What is exported from one vault is imported into another, wherever their secrets rest.

use keycap_core::secret::SecretBytes;
use keycap_store::ledger::audit::{self, Entry};
use keycap_store::ledger::capability::{self, ChainKeySource, NewCapability, Reach, Record, ServiceHint};
use keycap_store::ledger::card::{self, NewCard};
use keycap_store::ledger::grant::{self, Use};
use keycap_store::ledger::revocation::{self, NewRevocation};
use keycap_store::ledger::service::{self, NewService, Root};
use keycap_store::ledger::{key, meta};
use keycap_store::secrets::{NewSecret, SecretKind};
use keycap_store::{Item, Store, StoreError};

use crate::fixture::{NOW, Vault, in_keyring, new_grant, new_key, new_secret, new_service, public, read, rid, sealed, write};

/// One of everything that a backup holds.
fn fill(store: &mut Store) {
    let secrets: Vec<_> = [SecretKind::Key, SecretKind::Service, SecretKind::Root, SecretKind::Capability]
        .into_iter()
        .zip(1..)
        .map(|(kind, fill)| new_secret(kind, fill))
        .collect();
    let ids: Vec<_> = secrets.iter().map(|secret| secret.id).collect();
    let audit_key = store.audit_key().unwrap();
    let held = |name: &str, chain, key| NewCapability {
        name: name.into(),
        service: ServiceHint { public: public(50), name: None },
        chain: vec![chain; 9],
        key,
        holder: None,
        reach: Reach::default(),
        expires: None,
        record: Record { added: NOW, note: String::new() },
    };
    store
        .write(NOW, secrets, |tx| {
            meta::set_text(tx, "vault.name", Some("mine"))?;
            key::insert(tx, &new_key("me", 1, ids[0]))?;
            card::insert(tx, &NewCard { name: "bob".into(), noise: public(7), age: public(8), verified: true, note: "n".into(), created: NOW })?;
            let service = service::insert(tx, &NewService { secret: Some(ids[1]), ..new_service("billing", 9) })?;
            service::insert_root(tx, &Root { service, epoch: 0, secret: ids[2], created: NOW })?;
            grant::insert(tx, &new_grant(service, 1, None, "alice"))?;
            grant::insert(tx, &new_grant(service, 2, Some(rid(1)), "alice's laptop"))?;
            grant::record_uses(tx, &[Use { rid: rid(2), at: NOW, from: Some("x".into()), times: 3 }])?;
            revocation::insert(
                tx,
                &NewRevocation { rid: rid(2), service, drop_after: NOW.plus(9), at: NOW, reason: "lost".into(), note: "n".into() },
            )?;
            let parent = capability::insert(tx, &held("db", 1, ChainKeySource::Secret(ids[3])))?;
            capability::insert(tx, &held("db-ro", 2, ChainKeySource::DerivedFrom(parent)))?;
            let entry = Entry { time: NOW, action: "fill".into(), target: "all".into(), result: "ok".into(), detail: "{}".into() };
            audit::append(tx, &audit_key, &entry)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn export(store: &Store) -> Vec<Item> {
    let mut items = Vec::new();
    store
        .export(|item| {
            items.push(item);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    items
}

/// Every part as text, with the bytes of secrets, which Debug does not show.
fn contents(store: &Store) -> Vec<String> {
    let show = |item: &Item| {
        let Item::Secret(NewSecret { id, kind, label, bytes }) = item else { return format!("{item:?}") };
        format!("{id} {kind:?} {label} {:?}", bytes.expose())
    };
    let mut contents: Vec<_> = export(store).iter().map(show).collect();
    contents.sort();
    contents
}

#[test]
fn a_backup_restored_is_the_vault_again() {
    let from: [fn() -> Vault; 2] = [in_keyring, sealed];
    for source in from {
        for target in from {
            let mut source = source();
            fill(&mut source.store);
            let mut target = target();
            target.store.import(NOW, export(&source.store)).unwrap();
            assert_eq!(contents(&target.store), contents(&source.store));
            assert!(target.store.doctor().unwrap().is_healthy());

            let audit_key = target.store.audit_key().unwrap();
            assert_eq!(read(&target.store, |reading| Ok(audit::verify(reading, &audit_key)?)).fault, None);
            let entry = Entry { time: NOW, action: "restore".into(), target: "all".into(), result: "ok".into(), detail: "{}".into() };
            assert_eq!(write(&mut target.store, |tx| Ok(audit::append(tx, &audit_key, &entry)?)), 2, "the log goes on");
        }
    }
}

#[test]
fn a_backup_is_not_taken_into_a_vault_in_use() {
    let mut source = sealed();
    fill(&mut source.store);
    let mut target = in_keyring();
    fill(&mut target.store);
    let before = contents(&target.store);
    assert_eq!(target.store.import(NOW, export(&source.store)).unwrap_err().code(), "vault-not-empty");
    assert_eq!(contents(&target.store), before);
    assert!(target.store.doctor().unwrap().is_healthy());
}

#[test]
fn a_backup_that_lacks_a_part_changes_nothing() {
    let mut source = sealed();
    fill(&mut source.store);
    let all = export(&source.store).len();
    for missing in 0..all {
        let mut target = in_keyring();
        let before = contents(&target.store);
        let mut items = export(&source.store);
        let dropped = items.remove(missing);
        match target.store.import(NOW, items) {
            Err(_) => assert_eq!(contents(&target.store), before, "{dropped:?}"),
            // What nothing else refers to may be missing.
            Ok(()) => assert!(
                matches!(
                    dropped,
                    Item::Setting(..)
                        | Item::Key(_)
                        | Item::Card(_)
                        | Item::Root(_)
                        | Item::Revocation(_)
                        | Item::Grant(_)
                        | Item::Capability(_)
                        | Item::Audit(..)
                        | Item::AuditHead(_)
                ),
                "{dropped:?}"
            ),
        }
    }
}

#[test]
fn a_locked_vault_exports_nothing() {
    let mut vault = sealed();
    fill(&mut vault.store);
    let mut seen = 0;
    let result = vault.reopened().export(|_| {
        seen += 1;
        Ok::<_, StoreError>(())
    });
    assert_eq!((result.unwrap_err().code(), seen), ("vault-locked", 0));
}

#[test]
fn an_export_that_the_caller_stops_stops_with_the_callers_error() {
    let mut vault = sealed();
    fill(&mut vault.store);
    let result = vault.store.export(|item| if matches!(item, Item::Grant(_)) { Err(StoreError::NotEmpty) } else { Ok(()) });
    assert_eq!(result.unwrap_err().code(), "vault-not-empty");
}

#[test]
fn exported_secrets_are_not_shown_by_accident() {
    let mut vault = sealed();
    vault
        .store
        .write(NOW, vec![NewSecret { bytes: SecretBytes::new(b"marker-of-a-secret".to_vec()), ..new_secret(SecretKind::Key, 1) }], |_| {
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let shown = format!("{:?}", export(&vault.store));
    assert!(!shown.contains("marker") && !shown.contains("109, 97, 114"), "{shown}");
}
