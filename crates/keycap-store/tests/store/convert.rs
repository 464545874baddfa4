//! Moving secrets from the keyring into the ledger and back, and changing how the vault key is kept.

use std::sync::Arc;

use keycap_core::secret::SecretText;
use keycap_store::ledger::key;
use keycap_store::secrets::{SecretError, SecretId, SecretKind};
use keycap_store::unlock::{self, NoPrompts, Unlock, UnlockKind, UnlockMethod};
use keycap_store::{Progress, Protection, SecretsChoice, Store, StoreError};

use crate::fixture::{NOW, Vault, in_keyring, key_file, new_key, new_secret, sealed};

/// Adds keys with seeds of their own.
fn add_keys(store: &mut Store, numbers: std::ops::Range<u8>) -> Vec<SecretId> {
    numbers
        .map(|number| {
            let secret = new_secret(SecretKind::Key, number);
            let id = secret.id;
            let new = new_key(&format!("key {number}"), number.into(), id);
            store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new)?)).unwrap();
            id
        })
        .collect()
}

fn assert_all_there(store: &Store, ids: &[SecretId]) {
    for (id, number) in ids.iter().zip(0..) {
        assert_eq!(store.secret(*id).unwrap().expose(), [number; 32]);
    }
    store.audit_key().unwrap();
    assert!(store.doctor().unwrap().is_healthy(), "{:?}", store.doctor());
}

fn ignore(_: Progress) {}

#[test]
fn secrets_move_to_the_ledger_and_back_and_other_processes_follow() {
    let mut vault = in_keyring();
    unlock::file::create(&key_file(vault.folder.path())).unwrap();
    let file = key_file(vault.folder.path());
    let ids = add_keys(&mut vault.store, 0..5);
    let mut other = vault.reopened();
    other.unlock(&Unlock::Keyring).unwrap();

    let mut seen = Vec::new();
    vault.store.convert(&SecretsChoice::Sealed(UnlockMethod::File { path: &file }), NOW, &mut |progress| seen.push(progress)).unwrap();
    assert_eq!(seen.last(), Some(&Progress { done: 6, of: 6 }), "five seeds and the audit key");
    assert_eq!(vault.store.protection().unwrap(), Protection::Sealed(UnlockKind::File(file)));
    assert!(vault.items.is_empty(), "nothing is left in the keyring");
    assert_all_there(&vault.store, &ids);

    assert_eq!(other.secret(ids[0]).unwrap_err().code(), "vault-locked", "a process that has no vault key yet");
    other.unlock(&Unlock::File).unwrap();
    assert_all_there(&other, &ids);

    vault.store.convert(&SecretsChoice::Keyring, NOW, &mut ignore).unwrap();
    assert_eq!(vault.store.protection().unwrap(), Protection::Keyring);
    assert_eq!(vault.items.len(), 6);
    assert_all_there(&vault.store, &ids);
    assert_all_there(&other, &ids);
    let more = add_keys(&mut other, 5..6);
    assert_eq!(vault.store.secret(more[0]).unwrap().expose(), [5; 32], "the other process writes where the secrets rest now");
    assert_eq!(vault.items.len(), 7);
}

#[test]
fn a_vault_key_from_before_a_conversion_seals_nothing_more() {
    let mut vault = sealed();
    let file = key_file(vault.folder.path());
    let mut other = vault.reopened();
    other.unlock(&Unlock::File).unwrap();
    vault.store.convert(&SecretsChoice::Keyring, NOW, &mut ignore).unwrap();
    vault.store.convert(&SecretsChoice::Sealed(UnlockMethod::File { path: &file }), NOW, &mut ignore).unwrap();

    let result = other.write(NOW, vec![new_secret(SecretKind::Key, 1)], |_| Ok::<_, StoreError>(()));
    assert_eq!(result.unwrap_err().code(), "vault-locked");
    assert!(!other.is_unlocked().unwrap());
    other.unlock(&Unlock::File).unwrap();
    add_keys(&mut other, 0..1);
    assert!(vault.store.doctor().unwrap().is_healthy());
}

/// Lets the keyring fail after each number of calls, and checks that the secrets are then where they were, or all in the new place.
fn fails_anywhere(make: fn() -> Vault, to_keyring: bool) {
    let mut completed = false;
    for calls in 0..60 {
        let mut vault = make();
        let file = key_file(vault.folder.path());
        if !file.exists() {
            unlock::file::create(&file).unwrap();
        }
        let ids = add_keys(&mut vault.store, 0..4);
        let before = vault.store.protection().unwrap();
        vault.items.fail_after(calls, Some(SecretError::PromptUnanswered { seconds: 60 }));
        let choice = if to_keyring { SecretsChoice::Keyring } else { SecretsChoice::Sealed(UnlockMethod::Keyring) };
        let result = vault.store.convert(&choice, NOW, &mut ignore);
        vault.items.fail_after(0, None);

        let after = vault.store.protection().unwrap();
        assert_eq!(result.is_ok(), after != before, "declared if and only if it succeeded, after {calls} calls");
        drop(file);
        let mut next = vault.reopened();
        let unlock = if after == Protection::Keyring || !to_keyring { Unlock::Keyring } else { Unlock::File };
        next.unlock(&unlock).unwrap();
        assert_all_there(&next, &ids);
        let expected = match after {
            Protection::Keyring => 5,
            Protection::Sealed(UnlockKind::Keyring) => 1,
            Protection::Sealed(_) => 0,
        };
        assert_eq!(vault.items.len(), expected, "after {calls} calls");
        completed |= result.is_ok();
    }
    assert!(completed, "with enough calls it succeeds");
}

#[test]
fn a_conversion_to_the_ledger_that_fails_anywhere_loses_nothing() {
    fails_anywhere(in_keyring, false);
}

#[test]
fn a_conversion_to_the_keyring_that_fails_anywhere_loses_nothing() {
    fails_anywhere(sealed, true);
}

#[test]
fn what_cannot_be_read_stops_a_conversion() {
    let mut vault = in_keyring();
    let ids = add_keys(&mut vault.store, 0..3);
    keycap_store::secrets::ItemStore::delete(vault.items.as_ref(), vault.store.vault_id(), ids[1]).unwrap();
    let passphrase = SecretText::new("x".into());
    let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: Some(2) };
    let error = vault.store.convert(&SecretsChoice::Sealed(method), NOW, &mut ignore).unwrap_err();
    assert_eq!(error.code(), "secret-vanished");
    assert_eq!(vault.store.protection().unwrap(), Protection::Keyring);
    assert_eq!(vault.store.secret(ids[2]).unwrap().expose(), [2; 32]);
}

#[test]
fn a_locked_vault_is_not_converted() {
    let mut vault = sealed();
    let mut other = vault.reopened();
    assert_eq!(other.convert(&SecretsChoice::Keyring, NOW, &mut ignore).unwrap_err().code(), "vault-locked");
    assert_eq!(other.rewrap(&UnlockMethod::Keyring, NOW).unwrap_err().code(), "vault-locked");
    vault.store.set_locked(true, NOW).unwrap();
    assert_eq!(vault.store.convert(&SecretsChoice::Keyring, NOW, &mut ignore).unwrap_err().code(), "vault-locked");
    assert!(vault.items.is_empty());
}

#[test]
fn the_unlock_method_changes_and_the_old_one_opens_nothing_more() {
    let mut vault = sealed();
    let ids = add_keys(&mut vault.store, 0..2);
    let (one, two) = (SecretText::new("one".into()), SecretText::new("two".into()));
    let identity = age::x25519::Identity::generate();
    let identity_file = vault.folder.path().join("identity");
    std::fs::write(&identity_file, age::secrecy::ExposeSecret::expose_secret(&identity.to_string())).unwrap();
    let (files, recipients) = ([identity_file], [identity.to_public().to_string()]);
    let by_file = key_file(vault.folder.path());

    let methods: [(UnlockMethod<'_>, Unlock<'_>); 5] = [
        (UnlockMethod::Passphrase { passphrase: &one, work_factor: Some(2) }, Unlock::Passphrase(&one)),
        (UnlockMethod::Passphrase { passphrase: &two, work_factor: Some(2) }, Unlock::Passphrase(&two)),
        (UnlockMethod::Keyring, Unlock::Keyring),
        (
            UnlockMethod::Recipients { recipients: &recipients, prompts: Arc::new(NoPrompts) },
            Unlock::Identities { files: &files, prompts: Arc::new(NoPrompts) },
        ),
        (UnlockMethod::File { path: &by_file }, Unlock::File),
    ];
    for (chosen, (method, _)) in methods.iter().enumerate() {
        vault.store.rewrap(method, NOW).unwrap();
        assert_eq!(vault.store.protection().unwrap(), Protection::Sealed(method.kind()));
        assert_eq!(vault.items.len(), usize::from(method.kind() == UnlockKind::Keyring), "the keyring has an item only while it is used");
        assert_all_there(&vault.store, &ids);
        for (tried, (_, with)) in methods.iter().enumerate() {
            let mut next = vault.reopened();
            assert_eq!(next.unlock(with).is_ok(), tried == chosen, "{method:?} with {with:?}");
            if tried == chosen {
                assert_all_there(&next, &ids);
            }
        }
    }
}

#[test]
fn a_rewrapping_that_fails_leaves_the_old_one() {
    for calls in 0..8 {
        let mut vault = sealed();
        vault.items.fail_after(calls, Some(SecretError::KeyringLocked));
        let result = vault.store.rewrap(&UnlockMethod::Keyring, NOW);
        vault.items.fail_after(0, None);
        let with = if result.is_ok() { Unlock::Keyring } else { Unlock::File };
        let mut next = vault.reopened();
        next.unlock(&with).unwrap();
        assert_all_there(&next, &[]);
        assert_eq!(vault.items.len(), usize::from(result.is_ok()), "{calls}");
    }
}

#[test]
fn removing_the_keyrings_item_of_a_vault_key_is_a_finding() {
    let mut vault = sealed();
    vault.store.rewrap(&UnlockMethod::Keyring, NOW).unwrap();
    for id in keycap_store::secrets::ItemStore::list(vault.items.as_ref(), vault.store.vault_id()).unwrap() {
        keycap_store::secrets::ItemStore::delete(vault.items.as_ref(), vault.store.vault_id(), id).unwrap();
    }
    let findings = vault.store.doctor().unwrap();
    assert_eq!(findings.missing.len(), 1);
    assert!(!findings.is_healthy());
    // This process still has the vault key: it can keep it in another way.
    vault.store.rewrap(&UnlockMethod::File { path: &key_file(vault.folder.path()) }, NOW).unwrap();
    assert!(vault.store.doctor().unwrap().is_healthy());
}

#[test]
fn many_secrets_in_a_keyring_are_better_sealed() {
    let mut vault = in_keyring();
    let secrets: Vec<_> = (0..300_u32).map(|_| new_secret(SecretKind::Key, 1)).collect();
    let ids: Vec<_> = secrets.iter().map(|secret| secret.id).collect();
    assert!(!vault.store.doctor().unwrap().recommends_sealing());
    vault
        .store
        .write(NOW, secrets, |tx| {
            for (id, number) in ids.iter().zip(0..) {
                key::insert(tx, &new_key(&format!("key {number}"), number, *id))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let findings = vault.store.doctor().unwrap();
    assert!(findings.is_healthy() && findings.recommends_sealing(), "300 seeds and the audit key");
}
