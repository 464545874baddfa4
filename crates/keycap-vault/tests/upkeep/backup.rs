//! Backups: there and back, and what is refused on the way.

use std::io::Read;
use std::sync::Arc;

use keycap_vault::view::State;
use keycap_vault::{Backup, ExportTo, LogQuery, NoPrompts, OpenWith, RestoreMode, VaultError};

use super::fixture::{NOW, Place, backup, lived_in, mint, passphrase, reopened, seen, share};

#[test]
fn a_vault_restored_into_a_new_folder_is_the_same_vault() {
    let (_place, mut vault) = lived_in();
    let before = seen(&vault);
    let rows = vault.log(&LogQuery::default()).unwrap().rows;
    let written = vault.backup(&ExportTo::Passphrase(passphrase())).unwrap();
    assert!(written.view().tested);
    assert_eq!(written.view().parts["grant"], 5);
    assert_eq!(written.view().parts["log"], u64::try_from(rows.len()).unwrap());
    assert_eq!(vault.last_backup().unwrap(), None);
    vault.note_kept(&written).unwrap();
    assert_eq!(vault.last_backup().unwrap(), Some(NOW));

    let opened = Backup::read(written.bytes(), &OpenWith::Passphrase(passphrase())).unwrap();
    assert_eq!(opened.made(), NOW);
    let place = Place::new();
    let (mut restored, diff) = place.restored(opened);
    assert_eq!(seen(&restored), before);
    assert!(diff.keep.is_empty() && diff.conflict.is_empty() && diff.left_out.is_empty());
    let kinds: std::collections::BTreeSet<&str> = diff.add.iter().map(|line| line.kind).collect();
    assert_eq!(kinds, ["capability", "card", "grant", "key", "revocation", "service"].into());

    // The log goes on where the backup's ended, under the same key.
    let log = restored.log(&LogQuery::default()).unwrap().rows;
    assert_eq!(log[0].action, "vault.restore");
    assert_eq!(log[1..], rows);
    assert!(restored.verify_log().unwrap().intact);
    // And the secrets are the same ones.
    assert_eq!(share(&mut restored, "grant:alice").len(), share(&mut vault, "grant:alice").len());
    mint(&mut restored, "eve");
    assert_eq!(restored.grant("carol").unwrap().state, State::Revoked);
    for (name, key) in [("held", "cap:held"), ("narrower", "cap:narrower")] {
        assert!(restored.open_capability(name).is_ok(), "{key}");
    }
}

#[test]
fn a_backup_opens_with_age_itself_and_is_text_that_a_person_can_read() {
    let (_place, mut vault) = lived_in();
    let folder = tempfile::tempdir().unwrap();
    let identity = age::x25519::Identity::generate();
    let sealed = vault.backup(&ExportTo::Recipients(vec![identity.to_public().to_string()])).unwrap();
    assert!(!sealed.view().tested);
    assert!(sealed.view().untested_because.as_ref().unwrap().contains("no key of this vault"));
    let plain = opened_by_age(&identity, sealed.bytes());
    assert!(plain.starts_with("keycap-backup 1\n{\"vault\":{"));
    assert!(plain.lines().skip(1).all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));

    // With an identity file, it opens without a vault.
    let file = folder.path().join("identity");
    std::fs::write(&file, age::secrecy::ExposeSecret::expose_secret(&identity.to_string())).unwrap();
    let with = OpenWith::Identities { files: vec![file], prompts: Arc::new(NoPrompts) };
    let (restored, _) = Place::new().restored(Backup::read(sealed.bytes(), &with).unwrap());
    assert_eq!(seen(&restored), seen(&vault));
}

#[test]
fn two_backups_of_one_moment_hold_the_same_lines() {
    let (_place, mut vault) = lived_in();
    let identity = age::x25519::Identity::generate();
    let to = ExportTo::Recipients(vec![identity.to_public().to_string()]);
    let mut lines = Vec::new();
    for _ in 0..2 {
        let sealed = vault.backup(&to).unwrap();
        let plain = opened_by_age(&identity, sealed.bytes());
        let differing = ["{\"log", "{\"end", "{\"setting"];
        lines.push(plain.lines().filter(|line| !differing.iter().any(|kind| line.starts_with(kind))).map(str::to_owned).collect::<Vec<_>>());
    }
    // Only the log, which tells of the first backup, has grown.
    assert_eq!(lines[0], lines[1]);
}

#[test]
fn a_backup_that_was_tampered_with_is_refused_wherever_it_was() {
    let (_place, mut vault) = lived_in();
    let sealed = backup(&mut vault);
    for place in (0..sealed.len()).step_by(101) {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(vault.read_backup(&changed, &OpenWith::OwnKeys).is_err(), "byte {place}");
    }
    for length in [0, 1, 20, 100, sealed.len() / 2, sealed.len() - 1] {
        assert!(vault.read_backup(&sealed[..length], &OpenWith::OwnKeys).is_err(), "{length} bytes");
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert_eq!(vault.read_backup(&longer, &OpenWith::OwnKeys).unwrap_err().code(), "bad-backup");
    assert!(vault.read_backup(&sealed, &OpenWith::OwnKeys).is_ok());
}

#[test]
fn a_wrong_passphrase_or_key_is_told_from_damage() {
    let (_place, mut vault) = lived_in();
    let by_passphrase = vault.backup(&ExportTo::Passphrase(passphrase())).unwrap();
    let wrong = OpenWith::Passphrase(keycap_core::secret::SecretText::new("wrong".into()));
    assert_eq!(Backup::read(by_passphrase.bytes(), &wrong).unwrap_err().code(), "age");
    let stranger = Place::new().create(3);
    assert_eq!(stranger.read_backup(&backup(&mut vault), &OpenWith::OwnKeys).unwrap_err().code(), "age");
    assert_eq!(Backup::read(&backup(&mut vault), &OpenWith::OwnKeys).unwrap_err().code(), "age");
    assert_eq!(vault.read_backup(b"no age file", &OpenWith::OwnKeys).unwrap_err().code(), "bad-backup");
    assert!(matches!(vault.backup(&ExportTo::Recipients(vec!["nobody".into()])), Err(VaultError::Store(_))));
}

#[test]
fn a_backup_that_only_its_own_vault_could_open_is_warned_of() {
    let (_place, mut vault) = lived_in();
    let own = vault.key("operator").unwrap().age_recipient;
    let mut warnings = |names: &[&str]| {
        let to = ExportTo::Recipients(names.iter().map(|name| (*name).to_owned()).collect());
        vault.backup(&to).unwrap().view().warnings.clone()
    };
    for only_own in [vec!["operator"], vec![own.as_str()], vec!["operator", own.as_str()]] {
        assert!(warnings(&only_own)[0].contains("should the vault be lost"));
    }
    assert!(warnings(&["bob"]).is_empty());
    assert!(warnings(&["operator", "bob"]).is_empty());
    assert!(vault.backup(&ExportTo::Passphrase(passphrase())).unwrap().view().warnings.is_empty());
}

#[test]
fn an_age_file_of_something_else_is_no_backup() {
    let (_place, mut vault) = lived_in();
    let export = vault.export_key("operator", &ExportTo::Recipients(vec!["operator".into()])).unwrap();
    let error = vault.read_backup(&export, &OpenWith::OwnKeys).unwrap_err();
    assert!(error.to_string().contains("holds no backup"), "{error}");
}

#[test]
fn a_locked_vault_makes_no_backup() {
    let (_place, mut vault) = lived_in();
    vault.lock().unwrap();
    let error = vault.backup(&ExportTo::Recipients(vec!["bob".into()])).unwrap_err();
    assert_eq!(error.class(), keycap_vault::ErrorClass::Locked);
}

#[test]
fn a_backup_is_not_restored_over_a_vault_as_if_it_were_new() {
    let (place, mut vault) = lived_in();
    let sealed = backup(&mut vault);
    let key = place.key_file();
    let choice = keycap_vault::SecretsChoice::Sealed(keycap_vault::UnlockMethod::File { path: &key });
    let environment = keycap_vault::Environment::fixed(NOW, 1);
    let error = keycap_vault::Vault::restore_new(&place.vault_folder(), choice, environment, reopened(&vault, &sealed)).unwrap_err();
    assert_eq!(error.code(), "already-a-vault");
}

#[test]
fn restoring_into_the_vault_itself_changes_nothing() {
    let (_place, mut vault) = lived_in();
    let sealed = backup(&mut vault);
    let before = seen(&vault);
    let preview = vault.restore_preview(&reopened(&vault, &sealed)).unwrap();
    assert!(preview.add.is_empty() && preview.conflict.is_empty(), "{preview:?}");
    assert_eq!(preview.keep.len(), 11);
    let opened = reopened(&vault, &sealed);
    assert_eq!(vault.restore(opened, &RestoreMode::Merge).unwrap(), preview);
    assert_eq!(seen(&vault), before);
    assert_eq!(vault.log(&LogQuery::default()).unwrap().rows[0].action, "vault.restore");
}

/// What age makes of a backup, without keycap.
fn opened_by_age(identity: &dyn age::Identity, sealed: &[u8]) -> String {
    let mut plain = String::new();
    let mut reader = age::Decryptor::new(sealed).unwrap().decrypt(std::iter::once(identity)).unwrap();
    reader.read_to_string(&mut plain).unwrap();
    plain
}
