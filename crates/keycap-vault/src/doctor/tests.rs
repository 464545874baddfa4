//! What the doctor finds in a keyring.

use std::sync::Arc;

use keycap_core::secret::{SecretBytes, SecretText};
use keycap_core::time::UnixSeconds;
use keycap_store::secrets::{ItemName, ItemStore, MemoryItems, NewSecret, SecretError, SecretId, SecretKind};
use keycap_store::{Options, SecretsChoice, Store};
use tempfile::TempDir;

use super::*;

const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

struct Place {
    vault: Vault,
    keyring: Arc<MemoryItems>,
    _folder: TempDir,
}

fn place() -> Place {
    let (folder, keyring) = (tempfile::tempdir().unwrap(), Arc::new(MemoryItems::new()));
    let options = Options { items: Some(keyring.clone()), ..Options::default() };
    let store = Store::create(&folder.path().join("vault"), SecretsChoice::Keyring, options, NOW).unwrap();
    let mut vault = Vault { store, environment: Environment::fixed(NOW, 1) };
    vault.new_key("operator", "").unwrap();
    Place { vault, keyring, _folder: folder }
}

impl Place {
    fn found(&self, code: &str) -> Option<DoctorFinding> {
        let findings = self.vault.doctor().unwrap();
        assert!(findings.iter().all(|finding| finding.level == Level::Ok || finding.hint.is_some()), "{findings:?}");
        findings.into_iter().find(|finding| finding.code == code)
    }

    fn operator(&self) -> SecretId {
        let row = self.vault.store.read(|reading| Ok::<_, VaultError>(keycap_store::ledger::key::by_name(reading, "operator")?));
        row.unwrap().unwrap().secret
    }
}

#[test]
fn a_keyring_that_answers_is_well() {
    assert_eq!(place().found("keyring").unwrap().level, Level::Ok);
}

#[test]
fn a_keyring_that_is_locked_empty_or_away_is_told_each_with_its_way_out() {
    let place = place();
    let cases = [
        (SecretError::KeyringLocked, "keyring-locked"),
        (SecretError::NoCollection, "keyring-without-collection"),
        (SecretError::NoKeyring { reason: "no bus".into() }, "keyring-missing"),
        (SecretError::PromptUnanswered { seconds: 60 }, "keyring-unanswered"),
    ];
    for (failure, code) in cases {
        place.keyring.fail_after(0, Some(failure));
        let finding = place.found(code).unwrap_or_else(|| panic!("{code}"));
        assert!(finding.level > Level::Ok && finding.hint.is_some());
        assert!(place.found("log-unverified").is_some());
        place.keyring.fail_after(0, None);
    }
}

#[test]
fn an_item_that_vanished_is_told_by_its_label_and_not_mended_away() {
    let mut place = place();
    place.keyring.delete(place.vault.store.vault_id(), place.operator()).unwrap();
    let missing = place.found("secret-missing").unwrap();
    assert_eq!(missing.level, Level::Problem);
    assert!(missing.what.contains("keycap: key operator") && !missing.mendable);
    place.vault.mend().unwrap();
    assert!(place.found("secret-missing").is_some() && place.vault.key("operator").is_ok());
}

#[test]
fn items_that_the_ledger_does_not_know_are_told_and_deleted() {
    let mut place = place();
    let name = ItemName { vault: place.vault.store.vault_id(), id: SecretId::generate(), kind: "key".into(), label: "left behind".into() };
    place.keyring.put(&name, SecretText::new("x".into())).unwrap();
    let items = place.keyring.len();
    assert!(place.found("keyring-orphans").unwrap().mendable);
    let mended = place.vault.mend().unwrap();
    assert!(mended.done[0].contains("1 keyring item"), "{:?}", mended.done);
    assert_eq!(place.keyring.len(), items - 1);
    assert!(place.found("keyring-orphans").is_none());
}

#[test]
fn removals_that_a_locked_keyring_kept_waiting_are_told_and_done() {
    let mut place = place();
    let key = place.vault.store.audit_key().unwrap();
    place.keyring.fail_after(0, Some(SecretError::KeyringLocked));
    let removed = place.vault.store.write(NOW, Vec::new(), |tx| {
        let row = keycap_store::ledger::key::by_name(tx, "operator")?;
        Ok::<_, VaultError>(keycap_store::ledger::key::remove(tx, row.unwrap().id)?)
    });
    removed.unwrap();
    drop(key);
    place.keyring.fail_after(0, None);
    assert!(place.found("pending-removals").unwrap().mendable);
    assert!(place.vault.mend().unwrap().findings.iter().all(|finding| finding.code != "pending-removals"));
}

#[test]
fn a_secret_that_nothing_uses_is_told_and_removed() {
    let mut place = place();
    let bytes = SecretBytes::new(vec![7; 32]);
    let secret = NewSecret { id: SecretId::generate(), kind: SecretKind::Key, label: "keycap: key nobody".into(), bytes };
    place.vault.store.write(NOW, vec![secret], |_| Ok::<_, VaultError>(())).unwrap();
    assert!(place.found("unowned-secrets").unwrap().what.contains("keycap: key nobody"));
    let mended = place.vault.mend().unwrap();
    assert!(mended.done[0].contains("1 secret that nothing used"), "{:?}", mended.done);
    assert!(place.found("unowned-secrets").is_none());
}

#[test]
fn more_than_three_hundred_secrets_in_a_keyring_are_advised_to_move() {
    let mut place = place();
    // The audit key and the operator's make it 300, and one more.
    let secrets = |number: u16| {
        (0..number)
            .map(|_| NewSecret { id: SecretId::generate(), kind: SecretKind::Key, label: "x".into(), bytes: SecretBytes::new(vec![7; 32]) })
            .collect::<Vec<_>>()
    };
    place.vault.store.write(NOW, secrets(298), |_| Ok::<_, VaultError>(())).unwrap();
    assert!(place.found("many-keyring-secrets").is_none());
    place.vault.store.write(NOW, secrets(1), |_| Ok::<_, VaultError>(())).unwrap();
    let finding = place.found("many-keyring-secrets").unwrap();
    assert!(finding.hint.unwrap().contains("keycap vault convert"));
    assert!(finding.what.starts_with("301 secrets"), "{}", finding.what);
}

#[test]
fn nothing_is_mended_while_the_keyring_does_not_answer() {
    let mut place = place();
    let mended = place.vault.mend().unwrap();
    assert!(mended.done.is_empty());
    place.keyring.fail_after(0, Some(SecretError::NoKeyring { reason: "no bus".into() }));
    assert_eq!(place.vault.mend().unwrap_err().code(), "keyring-missing");
}
