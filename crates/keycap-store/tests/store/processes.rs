//! Several processes on one vault.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use keycap_store::ledger::audit::{self, Entry};
use keycap_store::ledger::{Page, key};
use keycap_store::secrets::{ItemStore, SecretError, SecretKind};
use keycap_store::{Store, StoreError};

use crate::again;
use crate::fixture::{NOW, add_service, create_sealed, in_keyring, new_key, new_secret, new_service, open_sealed, read, sealed, write};

/// Adds `count` keys whose names and public keys nobody else gives, each with a row of the log.
fn add_keys(store: &mut Store, first: u64, count: u64) {
    for number in first..first + count {
        let audit_key = store.audit_key().unwrap();
        let secret = new_secret(SecretKind::Key, u8::try_from(number % 251).unwrap());
        let new = new_key(&number.to_string(), number, secret.id);
        store
            .write(NOW, vec![secret], |tx| {
                key::insert(tx, &new)?;
                let entry = Entry { time: NOW, action: "new".into(), target: new.name.clone(), result: "ok".into(), detail: "{}".into() };
                audit::append(tx, &audit_key, &entry)?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

fn assert_complete(store: &Store, count: u64) {
    let keys = read(store, |reading| Ok(key::page(reading, None, Page::all())?));
    assert_eq!(u64::try_from(keys.len()).unwrap(), count);
    for key in keys {
        let number: u64 = key.name.parse().unwrap();
        assert_eq!(store.secret(key.secret).unwrap().expose(), [u8::try_from(number % 251).unwrap(); 32]);
    }
    let audit_key = store.audit_key().unwrap();
    let report = read(store, |reading| Ok(audit::verify(reading, &audit_key)?));
    assert_eq!((report.rows, report.fault), (count, None));
    assert!(store.doctor().unwrap().is_healthy());
}

#[test]
fn processes_that_write_at_once_all_succeed_and_lose_nothing() {
    if let Some(part) = again::part() {
        let (folder, first) = (part.parent().unwrap(), part.file_name().unwrap().to_str().unwrap());
        add_keys(&mut open_sealed(folder).unwrap(), first.parse().unwrap(), 20);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = create_sealed(folder.path(), &Arc::default()).unwrap();
    let name = "processes::processes_that_write_at_once_all_succeed_and_lose_nothing";
    let writers: Vec<_> = (0..4_u32)
        .map(|process| {
            let part = folder.path().join((process * 1_000).to_string());
            std::thread::spawn(move || again::succeed(again::command(name, &part)))
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_complete(&store, 80);
}

#[test]
fn writers_of_one_keyring_wait_for_each_other() {
    let vault = in_keyring();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut store = vault.reopened();
            std::thread::spawn(move || add_keys(&mut store, writer * 1_000, 10))
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_complete(&vault.store, 40);
    assert_eq!(vault.items.len(), 41);
}

#[test]
fn of_those_who_make_a_vault_in_one_folder_at_once_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let makers = 6;
    let barrier = Arc::new(Barrier::new(makers));
    keycap_store::unlock::file::create(&crate::fixture::key_file(folder.path())).unwrap();
    let results: Vec<_> = (0..makers)
        .map(|_| {
            let (path, barrier) = (folder.path().to_owned(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                create_sealed(&path, &Arc::default()).map(|store| store.vault_id())
            })
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|maker| maker.join().unwrap())
        .collect();
    let made: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(made, [&open_sealed(folder.path()).unwrap().vault_id()]);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.code(), "already-a-vault");
    }
}

#[test]
fn the_change_counter_moves_when_anybody_commits_and_only_then() {
    let mut vault = sealed();
    let mut other = vault.reopened();
    let mut last = [vault.store.change_counter().unwrap(), other.change_counter().unwrap()];
    let mut moved = |store: &Store, which: usize| {
        let now = store.change_counter().unwrap();
        std::mem::replace(&mut last[which], now) != now
    };
    assert!(!moved(&vault.store, 0) && !moved(&other, 1));
    for number in 0..5 {
        add_service(&mut vault.store, &format!("a{number}"), number);
        assert!(moved(&vault.store, 0) && moved(&other, 1), "the first one's commit {number}");
        add_service(&mut other, &format!("b{number}"), 100 + number);
        assert!(moved(&vault.store, 0) && moved(&other, 1), "the other one's commit {number}");
        read(&other, |reading| Ok(key::count(reading)?));
        assert!(!moved(&vault.store, 0) && !moved(&other, 1), "reading");
        let failed: Result<(), StoreError> = other.write(NOW, Vec::new(), |tx| {
            keycap_store::ledger::service::insert(tx, &new_service("c", 7_000))?;
            Err(StoreError::NotEmpty)
        });
        failed.unwrap_err();
        assert!(!moved(&vault.store, 0) && !moved(&other, 1), "a failure");
    }
}

#[test]
fn a_reading_is_of_one_moment() {
    let mut vault = sealed();
    let other = vault.reopened();
    add_service(&mut vault.store, "one", 1);
    read(&other, |reading| {
        let count = keycap_store::ledger::service::count(reading)?;
        add_service(&mut vault.store, "two", 2);
        assert_eq!(keycap_store::ledger::service::count(reading)?, count);
        other.read(|inner| {
            assert_eq!(keycap_store::ledger::service::count(inner)?, count, "and so is a reading within it");
            Ok::<_, StoreError>(())
        })
    });
    assert_eq!(read(&other, |reading| Ok(keycap_store::ledger::service::count(reading)?)), 2);
}

#[test]
fn leftovers_are_left_alone_while_somebody_is_at_work() {
    let mut vault = in_keyring();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    let key = vault.store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
    vault.items.fail_after(0, Some(SecretError::KeyringLocked));
    write(&mut vault.store, |tx| Ok(key::remove(tx, key)?));
    vault.items.fail_after(0, None);

    let lock = std::fs::File::open(vault.store.folder().join("lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(vault.reopened().loose_items().unwrap(), 1, "it may be what somebody is about to finish");
    lock.unlock().unwrap();
    assert_eq!(vault.reopened().loose_items().unwrap(), 0);
    assert_eq!(vault.items.list(vault.store.vault_id()).unwrap().len(), 1, "the audit key");
}

#[test]
fn whoever_waits_too_long_is_told_and_has_changed_nothing() {
    let mut vault = sealed();
    let blocker = rusqlite::Connection::open(vault.store.folder().join("ledger.sqlite")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut impatient =
        Store::open(vault.store.folder(), keycap_store::Options { busy_timeout: Duration::from_millis(50), ..crate::fixture::options(&vault.items) })
            .unwrap();
    let result = impatient.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(keycap_store::ledger::service::insert(tx, &new_service("x", 1))?));
    let error = result.unwrap_err();
    assert_eq!(error.code(), "ledger-busy");
    assert!(error.to_string().contains("ledger.sqlite"), "{error}");
    assert_eq!(read(&impatient, |reading| Ok(keycap_store::ledger::service::count(reading)?)), 0, "reading does not wait");
    blocker.execute_batch("ROLLBACK").unwrap();
    add_service(&mut vault.store, "x", 1);
}
