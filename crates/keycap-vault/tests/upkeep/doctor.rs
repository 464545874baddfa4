//! The doctor: each thing that it finds, provoked.

use std::path::Path;

use keycap_core::time::Clock;
use keycap_vault::view::{DoctorFinding, Level};
use keycap_vault::{
    Environment, ErrorClass, Limits, LogQuery, MintRequest, Times, UnlockMethod, Vault, When, doctor_without_vault, mend_permissions,
};

use super::fixture::{NOW, Place, backup, lived_in};

fn found(vault: &Vault, code: &str) -> Option<DoctorFinding> {
    let findings = vault.doctor().unwrap();
    assert!(findings.iter().all(|finding| finding.level == Level::Ok || finding.hint.is_some()), "a way out is missing: {findings:?}");
    findings.into_iter().find(|finding| finding.code == code)
}

fn level(vault: &Vault, code: &str) -> Option<Level> {
    found(vault, code).map(|finding| finding.level)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_vault_that_is_backed_up_has_nothing_wrong_with_it() {
    let (_place, mut vault) = lived_in();
    backup(&mut vault);
    // The machine of the tests may lack a terminal and a bus; those have tests of their own.
    let machine = ["clock", "session-bus", "no-session-bus", "terminal", "plain-terminal", "no-color"];
    let findings = vault.doctor().unwrap();
    let own: Vec<_> = findings.iter().filter(|finding| !machine.contains(&finding.code)).collect();
    assert!(own.iter().all(|finding| finding.level == Level::Ok), "{own:?}");
    let codes: Vec<_> = own.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["secrets", "key-file", "permissions", "ledger", "log", "backup"]);
    assert_eq!(vault.mend().unwrap().done, Vec::<String>::new());
}

#[test]
fn a_vault_without_a_backup_or_with_an_old_one_is_told() {
    let (place, mut vault) = lived_in();
    assert_eq!(level(&vault, "no-backup"), Some(Level::Warning));
    backup(&mut vault);
    assert_eq!(level(&vault, "no-backup"), None);
    assert_eq!(level(&place.open_at(NOW.plus(30 * 86_400)), "backup"), Some(Level::Ok));
    let old = found(&place.open_at(NOW.plus(31 * 86_400)), "old-backup").unwrap();
    assert!(old.what.contains("31 days"), "{}", old.what);
    // There is nothing in an empty vault that could be lost.
    assert_eq!(level(&Place::new().create(3), "no-backup"), None);
}

#[test]
fn what_has_expired_is_told_and_stays() {
    let (place, mut vault) = lived_in();
    assert_eq!(level(&vault, "expired-grants"), None);
    assert_eq!(level(&vault, "expired-capabilities"), None);
    let later = place.open_at(NOW.plus(86_401));
    // Alice's, Dave's two and the one met; Carol's is revoked.
    assert!(found(&later, "expired-grants").unwrap().what.starts_with("4 grants have expired"));
    let capabilities = found(&later, "expired-capabilities").unwrap();
    assert!(capabilities.what.contains("2 expired: held, narrower"), "{}", capabilities.what);
    let times = Times { expires: Some(When::In(60)), ..Times::default() };
    let request = MintRequest { service: "orders".into(), name: "short".into(), preset: None, limits: Limits { times, ..Limits::default() } };
    vault.mint(&request).unwrap();
    assert!(found(&place.open_at(NOW.plus(61)), "expired-grants").unwrap().what.starts_with("1 grant has expired"));
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_are_told_and_closed() {
    let (place, mut vault) = lived_in();
    let ledger = place.vault_folder().join("ledger.sqlite");
    set_mode(&ledger, 0o644);
    let exposed = found(&vault, "exposed").unwrap();
    assert!(exposed.what.contains("ledger.sqlite") && exposed.what.contains("644") && exposed.mendable);
    let mended = vault.mend().unwrap();
    assert!(mended.done[0].contains("Closed") && mended.findings.iter().all(|finding| finding.code != "exposed"));
    assert!(vault.log(&LogQuery { action: Some("vault.mend".into()), ..LogQuery::default() }).unwrap().total == 1);

    // A vault that does not open for it is helped too.
    set_mode(&place.vault_folder(), 0o755);
    let failure = Vault::open(&place.vault_folder(), Environment::system()).unwrap_err();
    let findings = doctor_without_vault(&place.vault_folder(), &Environment::system(), Some(&failure));
    assert_eq!((findings[0].code, findings[0].level), ("ledger-exposed", Level::Problem));
    assert!(findings.iter().any(|finding| finding.code == "exposed" && finding.mendable));
    assert_eq!(mend_permissions(&place.vault_folder()).unwrap().len(), 1);
    assert!(Vault::open(&place.vault_folder(), Environment::system()).is_ok());
}

#[test]
fn where_there_is_no_vault_the_machine_is_looked_at() {
    let findings = doctor_without_vault(Path::new("/nowhere/at/all"), &Environment::system(), None);
    assert_eq!((findings[0].code, findings[0].level), ("no-vault", Level::Note));
    assert!(findings.iter().any(|finding| finding.code == "clock"));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_is_open_beside_the_vault_or_gone_is_told() {
    let (place, mut vault) = lived_in();
    assert_eq!(level(&vault, "key-file"), Some(Level::Ok));
    set_mode(&place.key_file(), 0o440);
    assert_eq!(level(&vault, "key-file-exposed"), Some(Level::Problem));
    let beside = place.vault_folder().join("key");
    keycap_store::unlock::file::create(&beside).unwrap();
    vault.change_unlocking(&UnlockMethod::File { path: &beside }).unwrap();
    assert_eq!(level(&vault, "key-file-beside-vault"), Some(Level::Warning));
    std::fs::remove_file(&beside).unwrap();
    assert_eq!(level(&vault, "key-file-missing"), Some(Level::Problem));
    assert_eq!(level(&vault, "key-file-beside-vault"), None);
}

#[test]
fn damage_in_the_ledger_is_told() {
    let (place, vault) = lived_in();
    place.ledger().execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE card SET verified = 7").unwrap();
    let damage = found(&vault, "ledger-damaged").unwrap();
    assert_eq!(damage.level, Level::Problem);
    assert!(damage.what.contains("card"), "{}", damage.what);
}

#[test]
fn a_log_that_was_cut_off_stops_keycap_until_it_is_mended_and_the_break_stays_visible() {
    let (place, mut vault) = lived_in();
    place.ledger().execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", ()).unwrap();
    let broken = found(&vault, "log-changed").unwrap();
    assert!(broken.level == Level::Problem && broken.mendable);
    assert_eq!(vault.new_key("more", "").unwrap_err().code(), "audit-broken");
    let mended = vault.mend().unwrap();
    assert!(mended.done.iter().any(|done| done.contains("log go on")), "{:?}", mended.done);
    assert!(vault.new_key("more", "").is_ok());
    assert_eq!(level(&vault, "log-changed"), Some(Level::Problem));
    assert_eq!(vault.log(&LogQuery { action: Some("log.restart".into()), ..LogQuery::default() }).unwrap().total, 1);
}

#[test]
fn an_edited_row_is_told_and_mending_does_not_hide_it() {
    let (place, mut vault) = lived_in();
    place.ledger().execute("UPDATE audit SET target = 'x' WHERE seq = 2", ()).unwrap();
    assert!(found(&vault, "log-changed").unwrap().what.contains("row 2"));
    vault.mend().unwrap();
    assert!(found(&vault, "log-changed").unwrap().what.contains("row 2"));
}

/// A gateway that was ended without a chance to say so.
fn gateway_row(place: &Place, pid: u32, host: &str, heartbeat: u64) {
    let row = "INSERT INTO gateway (service, pid, host, listen, upstreams, started, heartbeat)
        VALUES ((SELECT id FROM service), ?1, ?2, '127.0.0.1:7000', '[]', ?3, ?3)";
    let ledger = place.ledger();
    ledger.execute(row, (pid, host, i64::try_from(heartbeat).unwrap())).unwrap();
    let session = "INSERT INTO session (gateway, id, rids, from_address, pattern, suite, opened, streams)
        VALUES ((SELECT max(id) FROM gateway), 1, zeroblob(16), '192.0.2.7:5', 1, 1, ?1, 0)";
    ledger.execute(session, [i64::try_from(heartbeat).unwrap()]).unwrap();
}

fn host() -> String {
    gethostname::gethostname().into_string().unwrap()
}

#[cfg(unix)]
#[test]
fn a_gateway_that_was_killed_is_told_and_marked_as_stopped() {
    let (place, mut vault) = lived_in();
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    gateway_row(&place, ended.id(), &host(), NOW.as_u64());
    assert!(!vault.gateways(None).unwrap()[0].alive && vault.sessions(None, 10).unwrap().is_empty());
    assert!(found(&vault, "gateway-silent").is_none());
    assert!(found(&vault, "gateway-gone").unwrap().mendable);
    let mended = vault.mend().unwrap();
    assert!(mended.done.iter().any(|done| done.contains("as stopped")), "{:?}", mended.done);
    assert_eq!(level(&vault, "gateway-gone"), None);
    let open: i64 = place.ledger().query_row("SELECT count(*) FROM session WHERE closed IS NULL", (), |row| row.get(0)).unwrap();
    assert_eq!(open, 0);
}

#[test]
fn a_gateway_that_is_silent_may_still_hold_sessions_open() {
    let (place, vault) = lived_in();
    gateway_row(&place, std::process::id(), &host(), NOW.as_u64() - 6);
    gateway_row(&place, 1, "another-machine", NOW.as_u64());
    let gateways = vault.gateways(Some("orders")).unwrap();
    assert_eq!(gateways.iter().map(|gateway| gateway.alive).collect::<Vec<_>>(), [false, true]);
    assert_eq!(gateways.iter().map(|gateway| gateway.sessions).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(vault.sessions(Some("orders"), 1).unwrap().len(), 1);
    let silent = found(&vault, "gateway-silent").unwrap();
    assert!(silent.what.contains("orders") && !silent.mendable);
    assert_eq!(level(&vault, "gateway-gone"), None);
}

#[test]
fn a_clock_that_went_back_or_is_not_set_is_told() {
    let (place, vault) = lived_in();
    drop(vault);
    assert_eq!(level(&place.open_at(keycap_core::time::UnixSeconds::new(NOW.as_u64() - 61)), "clock-went-back"), Some(Level::Warning));
    let vault = Vault::open(&place.vault_folder(), Environment::with_clock(|| Clock::Unsure)).unwrap();
    assert_eq!(level(&vault, "clock-unset"), Some(Level::Problem));
}

#[test]
fn a_vault_that_is_not_unlocked_is_looked_at_as_far_as_it_goes() {
    let (place, mut vault) = lived_in();
    let closed = Vault::open(&place.vault_folder(), Environment::fixed(NOW, 1)).unwrap();
    assert_eq!(level(&closed, "log-unverified"), Some(Level::Note));
    vault.lock().unwrap();
    assert_eq!(level(&vault, "locked"), Some(Level::Note));
    assert_eq!(vault.mend().unwrap_err().class(), ErrorClass::Locked);
}

#[test]
fn revocations_of_what_has_expired_are_dropped_when_mending() {
    let (place, _) = lived_in();
    let mut later = place.open_at(NOW.plus(86_401));
    let mended = later.mend().unwrap();
    assert!(mended.done.iter().any(|done| done.contains("1 revocation of what has expired")), "{:?}", mended.done);
    assert!(later.mend().unwrap().done.is_empty());
    // The mark on the grant stays.
    assert!(later.grant("carol").unwrap().revoked.is_some());
}
