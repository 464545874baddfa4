//! Secrets and the rows that own them: together or not at all, wherever the secrets rest.

use keycap_core::secret::SecretBytes;
use keycap_store::ledger::service::{self, NewService, Root};
use keycap_store::ledger::{LedgerError, key};
use keycap_store::secrets::{MAX_SECRET_BYTES, SecretError, SecretKind};
use keycap_store::unlock::Unlock;
use keycap_store::{Options, Protection, SecretsChoice, Store, StoreError};

use crate::fixture::{NOW, Vault, in_keyring, new_key, new_secret, new_service, options, read, sealed, vault_folder, write};

fn both() -> [Vault; 2] {
    [in_keyring(), sealed()]
}

#[test]
fn a_written_secret_is_read_back_also_by_the_next_process() {
    for mut vault in both() {
        let secret = new_secret(SecretKind::Key, 7);
        let id = secret.id;
        vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
        assert_eq!(vault.store.secret(id).unwrap().expose(), [7; 32]);

        let mut next = vault.reopened();
        let with = if next.protection().unwrap() == Protection::Keyring { Unlock::Keyring } else { Unlock::File };
        next.unlock(&with).unwrap();
        assert_eq!(next.secret(id).unwrap().expose(), [7; 32]);
        assert_eq!(read(&next, |reading| Ok(key::by_name(reading, "me")?)).unwrap().secret, id);
        assert!(next.doctor().unwrap().is_healthy());
    }
}

#[test]
fn what_a_failing_caller_wrote_is_gone_with_its_secrets() {
    for mut vault in both() {
        let before = vault.items.len();
        let secret = new_secret(SecretKind::Key, 7);
        let id = secret.id;
        let result: Result<(), StoreError> = vault.store.write(NOW, vec![secret], |tx| {
            key::insert(tx, &new_key("me", 1, id))?;
            Err(LedgerError::NoSuchRow { what: "reason to go on" }.into())
        });
        assert_eq!(result.unwrap_err().code(), "not-found");
        assert_eq!(vault.items.len(), before);
        assert_eq!(vault.store.secret(id).unwrap_err().code(), "not-found");
        assert_eq!(read(&vault.store, |reading| Ok(key::count(reading)?)), 0);
        assert!(vault.store.doctor().unwrap().is_healthy());
    }
}

#[test]
fn a_secret_that_no_row_owns_is_found_and_mended() {
    for mut vault in both() {
        let secret = new_secret(SecretKind::Key, 7);
        let id = secret.id;
        vault.store.write(NOW, vec![secret], |_| Ok::<_, StoreError>(())).unwrap();
        let findings = vault.store.doctor().unwrap();
        assert!(!findings.is_healthy());
        assert_eq!(findings.unowned.iter().map(|named| named.id).collect::<Vec<_>>(), [id]);
        assert_eq!(vault.store.mend(NOW).unwrap().secrets_removed, 1);
        assert!(vault.store.doctor().unwrap().is_healthy());
        assert_eq!(vault.store.secret(id).unwrap_err().code(), "not-found");
    }
}

#[test]
fn removing_an_owner_removes_its_secrets_and_nothing_else() {
    for mut vault in both() {
        let before = vault.items.len();
        let secrets: Vec<_> = [(SecretKind::Service, 1), (SecretKind::Root, 2), (SecretKind::Root, 3), (SecretKind::Key, 4)]
            .map(|(kind, fill)| new_secret(kind, fill))
            .into();
        let ids: Vec<_> = secrets.iter().map(|secret| secret.id).collect();
        let service = vault
            .store
            .write(NOW, secrets, |tx| {
                let service = service::insert(tx, &NewService { secret: Some(ids[0]), ..new_service("billing", 1) })?;
                service::insert_root(tx, &Root { service, epoch: 0, secret: ids[1], created: NOW })?;
                service::insert_root(tx, &Root { service, epoch: 1, secret: ids[2], created: NOW })?;
                key::insert(tx, &new_key("me", 1, ids[3]))?;
                Ok::<_, StoreError>(service)
            })
            .unwrap();
        write(&mut vault.store, |tx| Ok(service::remove_root(tx, service, 0)?));
        assert_eq!(vault.store.secret(ids[1]).unwrap_err().code(), "not-found");
        assert_eq!(vault.store.secret(ids[2]).unwrap().expose(), [3; 32]);
        write(&mut vault.store, |tx| Ok(service::remove(tx, service)?));
        for id in &ids[..3] {
            assert_eq!(vault.store.secret(*id).unwrap_err().code(), "not-found");
        }
        assert_eq!(vault.store.secret(ids[3]).unwrap().expose(), [4; 32]);
        let kept = usize::from(vault.store.protection().unwrap() == Protection::Keyring);
        assert_eq!(vault.items.len(), before + kept);
        assert!(vault.store.doctor().unwrap().is_healthy());
    }
}

#[test]
fn an_item_whose_deletion_fails_is_listed_and_deleted_later() {
    let mut vault = in_keyring();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    let key = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();

    vault.items.fail_after(0, Some(SecretError::KeyringLocked));
    write(&mut vault.store, |tx| Ok(key::remove(tx, key)?));
    assert_eq!(vault.store.loose_items().unwrap(), 1);
    assert_eq!(vault.reopened().loose_items().unwrap(), 1, "opening does not ask a locked keyring");
    let findings = vault.store.doctor();
    assert!(!findings.unwrap().is_healthy());

    vault.items.fail_after(0, None);
    assert_eq!(vault.reopened().loose_items().unwrap(), 0, "the next process clears it away");
    assert!(vault.items.label(vault.store.vault_id(), id).is_none());
    assert!(vault.store.doctor().unwrap().is_healthy());
}

#[test]
fn a_keyring_that_fails_at_any_call_leaves_nothing_half_made() {
    for calls in 0..12 {
        let mut vault = in_keyring();
        let before = vault.items.len();
        let secrets = vec![new_secret(SecretKind::Service, 1), new_secret(SecretKind::Root, 2)];
        let ids = [secrets[0].id, secrets[1].id];
        vault.items.fail_after(calls, Some(SecretError::PromptDismissed));
        let result = vault.store.write(NOW, secrets, |tx| {
            let service = service::insert(tx, &NewService { secret: Some(ids[0]), ..new_service("billing", 1) })?;
            service::insert_root(tx, &Root { service, epoch: 0, secret: ids[1], created: NOW })?;
            Ok::<_, StoreError>(())
        });
        vault.items.fail_after(0, None);
        assert_eq!(result.is_ok(), calls >= 2, "two items are made");
        let store = vault.reopened();
        assert_eq!(read(&store, |reading| Ok(service::count(reading)?)), u64::from(result.is_ok()));
        assert_eq!(vault.items.len(), before + if result.is_ok() { 2 } else { 0 });
        assert!(store.doctor().unwrap().is_healthy());
    }
}

#[test]
fn sealed_secrets_stay_shut_until_unlocked_and_public_rows_do_not() {
    let mut vault = sealed();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();

    let mut store = vault.reopened();
    assert!(!store.is_unlocked().unwrap());
    assert_eq!(read(&store, |reading| Ok(key::by_name(reading, "me")?)).unwrap().secret, id);
    assert_eq!(store.secret(id).unwrap_err().code(), "vault-locked");
    assert_eq!(store.audit_key().unwrap_err().code(), "vault-locked");
    let result = store.write(NOW, vec![new_secret(SecretKind::Key, 8)], |_| Ok::<_, StoreError>(()));
    assert_eq!(result.unwrap_err().code(), "vault-locked");
    store.unlock(&Unlock::File).unwrap();
    assert!(store.is_unlocked().unwrap());
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
    store.forget();
    assert_eq!(store.secret(id).unwrap_err().code(), "vault-locked");
}

#[test]
fn locking_the_vault_holds_for_every_process_until_it_is_taken_back() {
    for mut vault in both() {
        let with = if vault.store.protection().unwrap() == Protection::Keyring { Unlock::Keyring } else { Unlock::File };
        let secret = new_secret(SecretKind::Key, 7);
        let id = secret.id;
        vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
        let mut other = vault.reopened();
        other.unlock(&with).unwrap();
        assert!(other.is_unlocked().unwrap());

        vault.store.set_locked(true, NOW).unwrap();
        for store in [&mut other, &mut vault.store] {
            assert!(store.is_locked().unwrap() && !store.is_unlocked().unwrap());
            assert_eq!(store.secret(id).unwrap_err().code(), "vault-locked");
            let result = store.write(NOW, vec![new_secret(SecretKind::Key, 8)], |_| Ok::<_, StoreError>(()));
            assert_eq!(result.unwrap_err().code(), "vault-locked");
            assert_eq!(read(store, |reading| Ok(key::count(reading)?)), 1, "lists are open");
        }
        vault.store.set_locked(false, NOW).unwrap();
        vault.store.unlock(&with).unwrap();
        assert_eq!(vault.store.secret(id).unwrap().expose(), [7; 32]);
    }
}

#[test]
fn a_vanished_item_is_told_apart_from_a_keyring_that_keeps_nothing() {
    let mut vault = in_keyring();
    let secret = new_secret(SecretKind::Key, 7);
    let (id, label) = (secret.id, secret.label.clone());
    vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
    keycap_store::secrets::ItemStore::delete(vault.items.as_ref(), vault.store.vault_id(), id).unwrap();

    let error = vault.store.secret(id).unwrap_err();
    assert_eq!(error.code(), "secret-vanished");
    assert!(error.to_string().contains(&label), "{error}");
    let findings = vault.store.doctor().unwrap();
    assert_eq!(findings.missing.iter().map(|named| named.label.as_str()).collect::<Vec<_>>(), [label]);
    assert_eq!(vault.store.mend(NOW).unwrap().secrets_removed, 0, "only a backup can bring it back");
    assert_eq!(vault.store.doctor().unwrap().missing.len(), 1);
}

#[test]
fn a_strange_item_under_the_vaults_name_is_an_orphan() {
    let vault = in_keyring();
    let id = keycap_store::secrets::SecretId::generate();
    let name = keycap_store::secrets::ItemName { vault: vault.store.vault_id(), id, kind: "key".into(), label: "x".into() };
    keycap_store::secrets::ItemStore::put(vault.items.as_ref(), &name, keycap_core::secret::SecretText::new("x".into())).unwrap();
    let mut store = vault.reopened();
    assert_eq!(store.doctor().unwrap().orphaned, [id]);
    assert_eq!(store.mend(NOW).unwrap().items_deleted, 1);
    assert!(store.doctor().unwrap().is_healthy());
}

#[test]
fn a_secret_that_is_too_long_is_refused_everywhere() {
    for mut vault in both() {
        let mut secret = new_secret(SecretKind::Key, 7);
        secret.bytes = SecretBytes::new(vec![0; MAX_SECRET_BYTES + 1]);
        let result = vault.store.write(NOW, vec![secret], |_| Ok::<_, StoreError>(()));
        assert_eq!(result.unwrap_err().code(), "secret-too-long");
    }
}

#[test]
fn a_label_changes_for_people_too() {
    let mut vault = in_keyring();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
    vault.store.relabel(id, "keycap: key work laptop", NOW).unwrap();
    assert_eq!(vault.items.label(vault.store.vault_id(), id).unwrap(), "keycap: key work laptop");
    assert_eq!(vault.store.secret(id).unwrap().expose(), [7; 32]);
}

#[test]
fn a_folder_holds_one_vault_and_making_another_changes_nothing() {
    let vault = sealed();
    let error = Store::create(&vault_folder(&vault.folder), SecretsChoice::Keyring, options(&vault.items), NOW).unwrap_err();
    assert_eq!(error.code(), "already-a-vault");
    assert!(vault.items.is_empty());
    assert_eq!(vault.reopened().vault_id(), vault.store.vault_id());
}

#[test]
fn a_vault_that_cannot_be_made_leaves_nothing() {
    for calls in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let items = std::sync::Arc::new(keycap_store::secrets::MemoryItems::new());
        items.fail_after(calls, Some(SecretError::NoCollection));
        let result = Store::create(&vault_folder(&folder), SecretsChoice::Keyring, options(&items), NOW);
        items.fail_after(0, None);
        // The canary takes three calls, the audit key one.
        assert_eq!(result.is_ok(), calls >= 4, "{calls}");
        if result.is_err() {
            assert!(!Store::exists(&vault_folder(&folder)));
            assert_eq!(Store::open(&vault_folder(&folder), options(&items)).unwrap_err().code(), "ledger-missing");
            Store::create(&vault_folder(&folder), SecretsChoice::Keyring, options(&items), NOW).unwrap();
        }
        assert!(Store::open(&vault_folder(&folder), options(&items)).unwrap().doctor().unwrap().is_healthy());
    }
}

#[test]
fn a_store_can_go_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&sealed().store);
    is_send(&Options::default());
}
