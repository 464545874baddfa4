//! The log, and whoever tampers with it.

use keycap_core::time::UnixSeconds;
use keycap_vault::view::LogRow;
use keycap_vault::{LogQuery, VaultError};

use super::fixture::{NOW, Place, lived_in, mint};

#[test]
fn what_is_done_is_written_down_the_newest_first() {
    let (_place, vault) = lived_in();
    let page = vault.log(&LogQuery::default()).unwrap();
    assert_eq!(page.total, u64::try_from(page.rows.len()).unwrap());
    assert!(page.rows.windows(2).all(|pair| pair[0].seq == pair[1].seq + 1));
    assert_eq!(page.rows.last().unwrap().action, "vault.init");
    let revoked = page.rows.iter().find(|row| row.action == "grant.revoke").unwrap();
    assert_eq!((revoked.target.as_str(), revoked.result.as_str(), revoked.time), ("carol", "done", NOW.as_u64()));
    assert_eq!(revoked.detail["reason"], "left");
}

#[test]
fn filters_let_through_one_action_one_target_and_what_came_after_a_time() {
    let (place, mut vault) = lived_in();
    vault.new_key("early", "").unwrap();
    let mut vault = place.open_at(NOW.plus(10));
    vault.new_key("late", "").unwrap();
    let by = |query: LogQuery| vault.log(&query).unwrap().rows;
    let keys = by(LogQuery { action: Some("key.new".into()), ..LogQuery::default() });
    assert_eq!(keys.iter().map(|row| row.target.as_str()).collect::<Vec<_>>(), ["late", "early", "operator"]);
    assert_eq!(by(LogQuery { target: Some("early".into()), ..LogQuery::default() }).len(), 1);
    assert_eq!(by(LogQuery { since: Some(NOW.plus(10)), ..LogQuery::default() }).len(), 1);
    assert_eq!(by(LogQuery { offset: 1, limit: 2, ..LogQuery::default() })[0].seq, by(LogQuery::default())[1].seq);
}

#[test]
fn every_row_is_handed_over_whatever_the_limit_and_the_caller_may_stop() {
    let (_place, vault) = lived_in();
    let query = LogQuery { limit: 1, ..LogQuery::default() };
    let mut rows: Vec<LogRow> = Vec::new();
    let given = vault.each_log_row(&query, |row| {
        rows.push(row.clone());
        Ok::<_, VaultError>(())
    });
    let given = given.unwrap();
    assert_eq!(given, vault.log(&query).unwrap().total);
    assert_eq!(rows, vault.log(&LogQuery::default()).unwrap().rows);

    #[derive(Debug)]
    enum Stop {
        Here,
        Vault,
    }
    impl From<VaultError> for Stop {
        fn from(_: VaultError) -> Self {
            Self::Vault
        }
    }
    assert!(matches!(vault.each_log_row(&query, |_| Err(Stop::Here)), Err(Stop::Here)));
}

#[test]
fn a_log_that_nobody_touched_verifies_and_its_head_moves_with_each_row() {
    let (_place, mut vault) = lived_in();
    let before = vault.verify_log().unwrap();
    assert!(before.intact && before.first_fault.is_none());
    assert_eq!(before.rows, vault.log(&LogQuery::default()).unwrap().total);
    mint(&mut vault, "eve");
    let after = vault.verify_log().unwrap();
    let (before, after) = (before.head.unwrap(), after.head.unwrap());
    assert_eq!(after.seq, before.seq + 1);
    assert_ne!(after.mac, before.mac);
    assert_eq!(after.mac.len(), 64);
}

/// Changes the ledger behind keycap's back; where verification finds the first fault.
fn tampered(sql: &str) -> (Option<u64>, String) {
    let (place, vault) = lived_in();
    assert!(place.ledger().execute_batch(sql).is_ok());
    let verified = vault.verify_log().unwrap();
    assert!(!verified.intact);
    let fault = verified.first_fault.unwrap();
    (fault.seq, fault.what)
}

#[test]
fn an_edited_row_is_found_whatever_was_edited_in_it() {
    for edit in ["target = 'mallory'", "action = 'grant.mint'", "result = 'failed'", "detail = '{}'", "time = time + 1"] {
        let (seq, what) = tampered(&format!("UPDATE audit SET {edit} WHERE seq = 4"));
        assert_eq!(seq, Some(4), "{edit}");
        assert!(what.contains("row 4 is not what was recorded"), "{what}");
    }
}

#[test]
fn a_dropped_row_is_found_in_the_middle_and_at_both_ends() {
    assert_eq!(tampered("DELETE FROM audit WHERE seq = 5").0, Some(5));
    assert_eq!(tampered("DELETE FROM audit WHERE seq = 1").0, Some(1));
    assert!(tampered("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)").1.contains("is missing"));
    assert_eq!(tampered("DELETE FROM audit").0, Some(1));
}

#[test]
fn reordered_rows_are_found() {
    let swap = "UPDATE audit SET seq = 1000 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 1000";
    assert_eq!(tampered(swap).0, Some(3));
    // With their MACs left where they were, too.
    let contents = "CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE seq IN (3, 4);
        UPDATE audit SET (time, action, target, result, detail) =
            (SELECT time, action, target, result, detail FROM kept WHERE kept.seq = 7 - audit.seq) WHERE seq IN (3, 4)";
    assert_eq!(tampered(contents).0, Some(3));
}

#[test]
fn a_row_that_was_added_without_the_key_is_found() {
    let insert = "INSERT INTO audit (seq, time, action, target, result, detail, mac)
        SELECT max(seq) + 1, 1800000000, 'grant.mint', 'mallory', 'done', '', zeroblob(32) FROM audit";
    assert!(tampered(insert).1.contains("was added after the log's end"));
}

#[test]
fn a_head_that_was_put_there_without_the_key_is_found() {
    let (place, vault) = lived_in();
    let changed = place.ledger().execute("UPDATE meta SET value = zeroblob(72) WHERE name = 'store.audit-head'", ()).unwrap();
    assert_eq!(changed, 1);
    let verified = vault.verify_log().unwrap();
    assert!(!verified.intact && verified.head.is_none());
    assert_eq!(verified.first_fault.unwrap().seq, None);
}

#[test]
fn a_locked_vault_shows_its_log_and_cannot_verify_it() {
    let place = Place::new();
    let mut vault = place.create(3);
    vault.lock().unwrap();
    assert_eq!(vault.log(&LogQuery::default()).unwrap().rows[0].action, "vault.lock");
    assert_eq!(vault.verify_log().unwrap_err().class(), keycap_vault::ErrorClass::Locked);
    assert!(vault.log(&LogQuery { since: Some(UnixSeconds::new(u64::MAX)), ..LogQuery::default() }).unwrap().rows.is_empty());
}
