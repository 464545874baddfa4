//! The vault as a whole: what unlocks it, where its secrets rest, and taking a backup back.

use std::path::Path;

use keycap_vault::{Environment, ExportTo, Protection, Unlock, UnlockKind, Vault};

use super::shown;
use crate::stage::{Stage, pasted};

/// A backup of what is there now, sealed to a key of the vault's own; then the vault goes on.
fn diverged(stage: &mut Stage) {
    let sealed = stage.vault.backup(&ExportTo::Recipients(vec!["operator".to_owned()])).unwrap();
    std::fs::write(backup_file(stage), sealed.bytes()).unwrap();
    stage.vault.rename_key("night-shift", "pager").unwrap();
    stage.vault.rename_capability("stock", "warehouse").unwrap();
    stage.vault.remove_service("git-mirror").unwrap();
}

fn backup_file(stage: &Stage) -> std::path::PathBuf {
    stage.settings_file().with_file_name("backup.age")
}

/// Opens the backup, up to what it would change.
fn compared(stage: &mut Stage) {
    diverged(stage);
    stage.press(":");
    stage.write("restore backup");
    stage.press("Enter");
    let file = backup_file(stage);
    stage.write(file.to_str().unwrap());
    stage.press("Tab Tab Enter");
}

fn restored(stage: &Stage) -> bool {
    stage.vault.service("git-mirror").is_ok()
}

#[test]
fn restoring() {
    shown("restore", |stage| {
        compared(stage);
        stage.press("Space Down");
    });
}

#[test]
fn what_unlocks_the_secrets() {
    shown("passwd", |stage| {
        stage.press(":");
        stage.write("change unlocking");
        stage.press("Enter Tab");
        stage.write("sunny day");
    });
}

#[test]
fn where_the_secrets_rest() {
    shown("convert", |stage| {
        stage.press(":");
        stage.write("convert vault");
        stage.press("Enter");
    });
}

#[test]
fn a_backup_is_restored_where_its_name_was_typed_and_only_where_it_was_said_to_be_right() {
    let mut stage = Stage::populated();
    compared(&mut stage);
    let screen = stage.screen();
    assert!(screen.contains("contradicts what is here (2)") && screen.contains("git-mirror"), "{screen}");
    // The first contradiction is for the backup to settle, the second is not.
    stage.press("Space Tab Enter");
    assert!(!restored(&stage));
    stage.happens(pasted("keycap"));
    stage.press("Enter");
    assert!(!restored(&stage), "a name that has to be typed is not pasted");
    stage.write("keycap");
    stage.press("Enter");
    assert!(restored(&stage), "{}", stage.screen());
    assert!(stage.screen().contains("restored the backup"), "{}", stage.screen());
    assert!(stage.vault.key("night-shift").is_ok() && stage.vault.key("pager").is_err());
    assert!(stage.vault.capability("warehouse").is_ok() && stage.vault.capability("stock").is_err());
}

#[test]
fn what_another_process_changes_while_a_backup_is_looked_at_is_seen_before_it_is_restored() {
    let mut stage = Stage::populated();
    compared(&mut stage);
    assert!(stage.screen().contains("[ ] stays as it is"));
    stage.press("Space");
    stage.vault.rename_key("pager", "night-shift").unwrap();
    stage.happens(crate::event::Event::LedgerChanged);
    let screen = stage.screen();
    assert!(screen.contains("contradicts what is here (1)") && !screen.contains("[x]"), "{screen}");
}

#[test]
fn a_backup_that_has_nothing_new_is_said_to_have_nothing_new() {
    let mut stage = Stage::populated();
    compared(&mut stage);
    stage.press("Space Down Space Tab");
    stage.write("keycap");
    stage.press("Enter :");
    stage.write("restore backup");
    stage.press("Enter");
    let file = backup_file(&stage);
    stage.write(file.to_str().unwrap());
    stage.press("Tab Tab Enter");
    assert!(stage.screen().contains("Everything in the backup is here already"), "{}", stage.screen());
    stage.press("Enter");
    assert!(!stage.screen().contains("Everything in the backup"));
}

#[test]
fn a_backup_that_does_not_open_says_why_and_nothing_typed_is_lost() {
    let mut stage = Stage::populated();
    diverged(&mut stage);
    let file = backup_file(&stage);
    std::fs::write(&file, b"no backup").unwrap();
    stage.press(":");
    stage.write("restore backup");
    stage.press("Enter Tab Tab Enter");
    assert!(stage.screen().contains("Say which file."));
    stage.write(file.to_str().unwrap());
    stage.press("Tab Tab Enter");
    let screen = stage.screen();
    assert!(screen.contains("backup.age") && screen.contains("Show what it would change") && !screen.contains("opening it"), "{screen}");
    assert!(!restored(&stage));
}

/// Opens the vault anew, as another process does.
fn anew(folder: &Path) -> Vault {
    let mut vault = Vault::open(folder, Environment::system()).unwrap();
    vault.unlock(Unlock::File).unwrap();
    vault
}

#[test]
fn another_key_file_unlocks_after_a_yes_and_not_before() {
    let mut stage = Stage::populated();
    let key = stage.settings_file().with_file_name("second-key");
    stage.press(":");
    stage.write("change unlocking");
    stage.press("Enter Right Right Right Tab Tab Enter");
    assert!(stage.screen().contains("Say which file."), "{}", stage.screen());
    stage.write(key.to_str().unwrap());
    stage.press("Tab Enter");
    assert!(stage.screen().contains("Change what unlocks them?"), "{}", stage.screen());
    stage.press("Enter");
    assert!(!key.exists());
    stage.press("Enter y");
    assert!(key.exists(), "{}", stage.screen());
    assert_eq!(stage.vault.protection().unwrap(), Protection::Sealed(UnlockKind::File(key)));
    anew(stage.vault.folder()).export_key("operator", &ExportTo::Recipients(vec!["operator".to_owned()])).unwrap();
}

#[test]
fn the_secrets_move_as_a_task_and_are_all_there_afterwards() {
    let mut stage = Stage::populated();
    let key = stage.settings_file().with_file_name("second-key");
    stage.press(":");
    stage.write("convert vault");
    stage.press("Enter Right Tab Right Right Right Tab");
    stage.write(key.to_str().unwrap());
    stage.press("Tab Enter y");
    assert!(stage.started.iter().any(|job| job.starts_with("Convert")), "{}", stage.screen());
    stage.work();
    assert!(stage.screen().contains("move the secrets: "), "{}", stage.screen());
    assert_eq!(anew(stage.vault.folder()).protection().unwrap(), Protection::Sealed(UnlockKind::File(key)));
    anew(stage.vault.folder()).export_key("operator", &ExportTo::Recipients(vec!["operator".to_owned()])).unwrap();
}

#[test]
fn a_keyring_that_is_not_there_is_said_before_it_is_chosen() {
    let mut stage = Stage::populated();
    stage.press(":");
    stage.write("convert vault");
    stage.press("Enter");
    assert!(stage.screen().contains("cannot be used here: no session bus"), "{}", stage.screen());
}
