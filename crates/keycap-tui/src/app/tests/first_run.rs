//! The first run: where there is no vault yet.

use keycap_vault::KeyringState;

use super::shown_from;
use crate::stage::{Stage, WORDS};

fn without_keyring() -> Stage {
    Stage::unborn(KeyringState::Unusable { code: "no-keyring", why: "no session bus".into(), hint: String::new() })
}

fn with_keyring() -> Stage {
    Stage::unborn(KeyringState::Ready)
}

#[test]
fn the_beginning() {
    shown_from("first-run", with_keyring, |_| {});
}

#[test]
fn where_secrets_rest() {
    shown_from("first-run-where", with_keyring, |stage| stage.press("Enter Enter Right Tab s u n n y"));
}

#[test]
fn a_passphrase_that_was_made() {
    shown_from("first-run-words", without_keyring, |stage| stage.press("Enter Enter Ctrl-g"));
}

#[test]
fn restoring() {
    shown_from("first-run-restore", without_keyring, |stage| stage.press("Down Enter Enter"));
}

#[test]
fn a_key_and_a_backup() {
    shown_from("first-run-key", made, |_| {});
    shown_from("first-run-backup", made, |stage| stage.press("Enter Enter"));
}

/// Makes a vault, sealed by the words that were offered.
fn made() -> Stage {
    let mut stage = without_keyring();
    stage.press("Enter Enter Ctrl-g");
    stage.write(WORDS);
    stage.press("Enter Enter");
    stage
}

#[test]
fn a_weak_passphrase_is_not_taken_nor_one_that_was_typed_in_two_ways() {
    let mut stage = without_keyring();
    stage.press("Enter Enter");
    stage.write("password1");
    stage.press("Tab");
    stage.write("password1");
    stage.press("Tab Enter");
    assert!(stage.screen().contains("That would be found at once"), "{}", stage.screen());
    stage.press("Ctrl-g");
    assert!(stage.screen().contains(WORDS), "what is to be written down can be read");
    stage.write("something else");
    stage.press("Tab Enter");
    assert!(stage.screen().contains("The two differ"), "{}", stage.screen());
    assert!(stage.screen().contains("Where secrets are to rest"));
}

#[test]
fn from_nothing_to_a_vault_a_key_and_a_backup_that_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.age");
    let mut stage = made();
    assert!(stage.screen().contains("A key of your own"), "{}", stage.screen());
    assert!(!stage.screen().contains(WORDS), "the words are gone from the screen");
    stage.press("Ctrl-u");
    stage.write("night-shift");
    stage.press("Enter Enter");
    assert_eq!(stage.vault.keys(None).unwrap()[0].name, "night-shift");
    assert!(stage.screen().contains("A backup"), "{}", stage.screen());
    stage.press("Tab Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Tab Ctrl-g");
    stage.write(WORDS);
    stage.press("Enter Enter");
    assert!(stage.screen().contains("Does it open?"), "{}", stage.screen());
    stage.write("not the one");
    stage.press("Enter Enter");
    assert!(stage.screen().contains("✗"), "{}", stage.screen());
    stage.press("Shift-Tab Ctrl-u");
    stage.write(WORDS);
    stage.press("Enter Enter");
    assert!(stage.screen().contains("opens, and holds together"), "{}", stage.screen());
    assert!(stage.screen().contains("Overview"));
    assert!(stage.vault.last_backup().unwrap().is_some());
}

#[test]
fn a_backup_is_restored_into_a_vault_with_a_passphrase_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.age");
    let mut stage = made();
    stage.press("Enter Enter Tab Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Tab Ctrl-g");
    stage.write(WORDS);
    stage.press("Enter Enter");
    assert!(file.exists(), "{}", stage.screen());

    let mut other = without_keyring();
    other.press("Down Enter Enter");
    other.write(file.to_str().unwrap());
    other.press("Tab");
    other.write(WORDS);
    other.press("Tab Ctrl-g");
    other.write(WORDS);
    other.press("Enter Enter");
    assert_eq!(other.vault.keys(None).unwrap()[0].name, "operator", "{}", other.screen());
    assert!(other.screen().contains("restored the backup"));
}

#[test]
fn what_was_made_stays_whenever_one_leaves() {
    let mut stage = made();
    stage.press("Esc");
    assert!(stage.screen().contains("Overview") && !stage.screen().contains("first run"), "{}", stage.screen());
    assert!(stage.screen().contains("a key and a backup are still to be made"), "{}", stage.screen());
    assert!(stage.vault.keys(None).unwrap().is_empty());
    let mut stage = made();
    stage.press("Enter Enter Esc");
    assert!(stage.screen().contains("your vault and key are there; a backup is still to be made"), "{}", stage.screen());
    assert_eq!(stage.vault.keys(None).unwrap().len(), 1);
}

#[test]
fn whoever_was_given_something_takes_it_in_next() {
    let mut stage = without_keyring();
    stage.press("Down Down Down Enter Enter Ctrl-g");
    stage.write(WORDS);
    stage.press("Enter Enter");
    assert!(stage.screen().contains("Paste it here"), "{}", stage.screen());
}

#[test]
fn looking_around_shows_something_and_says_that_nothing_is_kept() {
    let mut stage = with_keyring();
    stage.press("Up Down Down Down Down Enter Enter");
    assert!(stage.screen().contains("nothing is kept"), "{}", stage.screen());
    stage.press("4");
    assert!(stage.screen().contains("deploy-bot"), "{}", stage.screen());
}

#[test]
fn a_key_by_mistake_makes_nothing() {
    for key in super::every_key() {
        let mut stage = without_keyring();
        stage.key(key);
        assert!(!stage.changes.iter().any(|change| change.contains("Create") || change.contains("Restore")), "{key}");
        assert!(stage.screen().contains("first run"), "{key}");
    }
}

#[test]
fn a_passphrase_is_offered_only_where_one_is_asked_for() {
    let mut stage = with_keyring();
    stage.press("Enter Enter");
    assert!(!stage.screen().contains("Ctrl-g"), "the keyring needs none: {}", stage.screen());
    stage.press("Right");
    assert!(stage.screen().contains("Ctrl-g"), "{}", stage.screen());
}
