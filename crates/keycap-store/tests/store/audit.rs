//! The audit log under someone who can write the ledger's file but has no key.

use keycap_core::secret::Secret;
use keycap_store::ledger::audit::{self, AuditKey, AuditReport, Entry, Fault, Filter};
use keycap_store::ledger::{Page, key};
use keycap_store::secrets::SecretKind;
use keycap_store::{Store, StoreError};
use rusqlite::Connection;

use crate::fixture::{NOW, Vault, new_key, new_secret, read, sealed, write};

fn entry(number: u64) -> Entry {
    Entry {
        time: NOW.plus(number),
        action: if number.is_multiple_of(2) { "mint" } else { "share" }.into(),
        target: format!("grant {}", number % 3),
        result: "ok".into(),
        detail: format!("{{\"number\":{number}}}"),
    }
}

fn record(store: &mut Store, numbers: std::ops::RangeInclusive<u64>) {
    let key = store.audit_key().unwrap();
    write(store, |tx| {
        for number in numbers {
            assert_eq!(audit::append(tx, &key, &entry(number))?, number);
        }
        Ok(())
    });
}

/// A log of nine rows.
fn log_of_nine() -> Vault {
    let mut vault = sealed();
    record(&mut vault.store, 1..=9);
    vault
}

fn verify(store: &Store) -> AuditReport {
    let key = store.audit_key().unwrap();
    read(store, |reading| Ok(audit::verify(reading, &key)?))
}

/// Changes the file behind the store's back.
fn tamper(vault: &Vault, sql: &str) {
    let connection = Connection::open(vault.store.folder().join("ledger.sqlite")).unwrap();
    connection.execute_batch(sql).unwrap();
}

fn append_one(store: &mut Store) -> Result<u64, StoreError> {
    let key = store.audit_key()?;
    store.write(NOW, Vec::new(), |tx| Ok(audit::append(tx, &key, &entry(10))?))
}

#[test]
fn a_log_that_only_keycap_wrote_is_whole() {
    let mut vault = sealed();
    assert_eq!(verify(&vault.store), AuditReport { rows: 0, head_ok: true, fault: None });
    record(&mut vault.store, 1..=9);
    assert_eq!(verify(&vault.store), AuditReport { rows: 9, head_ok: true, fault: None });
    let key = vault.store.audit_key().unwrap();
    assert_eq!(read(&vault.store, |reading| Ok(audit::head(reading, &key)?)).unwrap().seq, 9);
}

#[test]
fn every_tampering_is_found_where_it_begins() {
    let copy_of_5 = "INSERT INTO audit SELECT 10, time, action, target, result, detail, mac FROM audit WHERE seq = 5";
    let swap = "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = -1";
    let close_gap = "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4";
    let make_room = "UPDATE audit SET seq = -seq - 1 WHERE seq > 4; UPDATE audit SET seq = -seq WHERE seq < 0;
                     INSERT INTO audit SELECT 5, time, action, target, result, detail, mac FROM audit WHERE seq = 4";
    for (what, sql, fault) in [
        ("edited action", "UPDATE audit SET action = 'nothing' WHERE seq = 5", Fault::Changed { seq: 5 }),
        ("edited time", "UPDATE audit SET time = time + 1 WHERE seq = 5", Fault::Changed { seq: 5 }),
        ("edited target", "UPDATE audit SET target = '' WHERE seq = 1", Fault::Changed { seq: 1 }),
        ("edited result", "UPDATE audit SET result = 'failed' WHERE seq = 9", Fault::Changed { seq: 9 }),
        ("edited detail", "UPDATE audit SET detail = '{}' WHERE seq = 2", Fault::Changed { seq: 2 }),
        ("edited MAC", "UPDATE audit SET mac = zeroblob(32) WHERE seq = 6", Fault::Changed { seq: 6 }),
        ("short MAC", "UPDATE audit SET mac = x'00' WHERE seq = 6", Fault::Changed { seq: 6 }),
        ("last MAC", "UPDATE audit SET mac = zeroblob(32) WHERE seq = 9", Fault::Changed { seq: 9 }),
        ("time that cannot be", "UPDATE audit SET time = -5 WHERE seq = 7", Fault::Changed { seq: 7 }),
        ("text that is none", "UPDATE audit SET action = CAST(x'ff' AS TEXT) WHERE seq = 7", Fault::Changed { seq: 7 }),
        ("moved between fields", "UPDATE audit SET action = 'sharegrant', target = ' 2' WHERE seq = 5", Fault::Changed { seq: 5 }),
        ("dropped first", "DELETE FROM audit WHERE seq = 1", Fault::Missing { seq: 1 }),
        ("dropped middle", "DELETE FROM audit WHERE seq = 4", Fault::Missing { seq: 4 }),
        ("dropped and closed up", close_gap, Fault::Changed { seq: 4 }),
        ("cut off", "DELETE FROM audit WHERE seq > 6", Fault::Missing { seq: 7 }),
        ("emptied", "DELETE FROM audit", Fault::Missing { seq: 1 }),
        ("swapped", swap, Fault::Changed { seq: 3 }),
        ("inserted", make_room, Fault::Changed { seq: 5 }),
        (
            "inserted before",
            "INSERT INTO audit SELECT 0, time, action, target, result, detail, mac FROM audit WHERE seq = 1",
            Fault::Changed { seq: 0 },
        ),
        ("added at the end", copy_of_5, Fault::BeyondHead { seq: 10 }),
    ] {
        let vault = log_of_nine();
        tamper(&vault, sql);
        let report = verify(&vault.store);
        assert_eq!((report.fault, report.head_ok), (Some(fault), true), "{what}");
    }
}

#[test]
fn a_head_that_is_gone_or_forged_is_found() {
    for sql in [
        "DELETE FROM meta WHERE name = 'store.audit-head'",
        "UPDATE meta SET value = zeroblob(72) WHERE name = 'store.audit-head'",
        "UPDATE meta SET value = x'00' WHERE name = 'store.audit-head'",
        // The log cut off, and the head with it: numbers and MAC are right, but not signed.
        "DELETE FROM audit WHERE seq > 6;
         UPDATE meta SET value = x'0000000000000006' || (SELECT mac FROM audit WHERE seq = 6) || substr(value, 41)
         WHERE name = 'store.audit-head'",
    ] {
        let vault = log_of_nine();
        tamper(&vault, sql);
        let report = verify(&vault.store);
        assert_eq!((report.head_ok, report.fault), (false, Some(Fault::Head)), "{sql}");
    }
}

#[test]
fn another_key_verifies_nothing() {
    let vault = log_of_nine();
    let report = read(&vault.store, |reading| Ok(audit::verify(reading, &AuditKey::new(Secret::new([1; 32])))?));
    assert_eq!((report.head_ok, report.fault), (false, Some(Fault::Changed { seq: 1 })));
}

#[test]
fn a_broken_log_takes_no_more_rows_until_it_is_restarted_and_the_break_stays_visible() {
    for (sql, left) in [
        ("DELETE FROM audit WHERE seq > 6", Some(Fault::Missing { seq: 7 })),
        ("DELETE FROM audit", Some(Fault::Missing { seq: 1 })),
        ("UPDATE audit SET mac = zeroblob(32) WHERE seq = 9", Some(Fault::Changed { seq: 9 })),
        ("INSERT INTO audit SELECT 10, time, action, target, result, detail, mac FROM audit WHERE seq = 5", Some(Fault::Changed { seq: 10 })),
        ("DELETE FROM meta WHERE name = 'store.audit-head'", None),
        ("UPDATE meta SET value = x'ffffffffffffffff' || zeroblob(64) WHERE name = 'store.audit-head'", None),
    ] {
        let mut vault = log_of_nine();
        tamper(&vault, sql);
        assert_eq!(append_one(&mut vault.store).unwrap_err().code(), "audit-broken", "{sql}");
        let key = vault.store.audit_key().unwrap();
        let seq = write(&mut vault.store, |tx| Ok(audit::restart(tx, &key, &entry(10))?));
        assert!(seq >= 10, "no number is given twice");
        assert_eq!(append_one(&mut vault.store).unwrap(), seq + 1);
        assert_eq!(verify(&vault.store).fault, left, "{sql}");
        assert!(verify(&vault.store).head_ok);
    }
}

#[test]
fn a_row_and_what_it_records_happen_together_or_not_at_all() {
    let mut vault = sealed();
    let audit_key = vault.store.audit_key().unwrap();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    let result: Result<(), StoreError> = vault.store.write(NOW, vec![secret], |tx| {
        key::insert(tx, &new_key("me", 1, id))?;
        audit::append(tx, &audit_key, &entry(1))?;
        key::insert(tx, &new_key("me", 2, id))?;
        Ok(())
    });
    assert_eq!(result.unwrap_err().code(), "taken");
    assert_eq!(verify(&vault.store), AuditReport { rows: 0, head_ok: true, fault: None });
}

#[test]
fn a_log_is_listed_by_action_target_and_time() {
    let vault = log_of_nine();
    let list = |filter: Filter, page| -> Vec<u64> {
        let listed = read(&vault.store, |reading| Ok(audit::page(reading, &filter, page)?));
        if page == Page::all() {
            assert_eq!(read(&vault.store, |reading| Ok(audit::count(reading, &filter)?)), u64::try_from(listed.len()).unwrap());
        }
        listed.iter().for_each(|recorded| assert_eq!(recorded.entry, entry(recorded.seq)));
        listed.into_iter().map(|recorded| recorded.seq).collect()
    };
    assert_eq!(list(Filter::default(), Page::first(3)), [9, 8, 7]);
    assert_eq!(list(Filter::default(), Page { offset: 7, limit: 9 }), [2, 1]);
    let minted = Filter { action: Some("mint".into()), ..Filter::default() };
    assert_eq!(list(minted.clone(), Page::all()), [8, 6, 4, 2]);
    assert_eq!(list(Filter { target: Some("grant 0".into()), ..minted }, Page::all()), [6]);
    assert_eq!(list(Filter { since: Some(NOW.plus(8)), ..Filter::default() }, Page::all()), [9, 8]);
}
