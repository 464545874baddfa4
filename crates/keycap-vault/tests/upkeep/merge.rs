//! Restoring into a vault that has things of its own.

use std::sync::Arc;

use keycap_vault::view::{RestoreDiff, State};
use keycap_vault::{Backup, ExportTo, NewService, NoPrompts, OpenWith, RestoreMode, Rotation, Vault, VaultError};
use tempfile::TempDir;

use super::fixture::{NOW, Place, WHY, backup, lived_in, mint, reopened, seen, share, take_in};

/// Someone who keeps backups.
struct Keeper {
    identity: age::x25519::Identity,
    folder: TempDir,
}

impl Keeper {
    fn new() -> Self {
        let keeper = Self { identity: age::x25519::Identity::generate(), folder: tempfile::tempdir().unwrap() };
        let text = age::secrecy::ExposeSecret::expose_secret(&keeper.identity.to_string()).to_owned();
        std::fs::write(keeper.folder.path().join("identity"), text).unwrap();
        keeper
    }

    /// A backup of a vault, as any vault can take it.
    fn backup(&self, vault: &mut Vault) -> Backup {
        let sealed = vault.backup(&ExportTo::Recipients(vec![self.identity.to_public().to_string()])).unwrap();
        let with = OpenWith::Identities { files: vec![self.folder.path().join("identity")], prompts: Arc::new(NoPrompts) };
        Backup::read(sealed.bytes(), &with).unwrap()
    }
}

/// Another vault, which was never restored from anything.
fn other() -> (Place, Vault) {
    let place = Place::new();
    let vault = place.create(3);
    (place, vault)
}

fn references(lines: &[keycap_vault::view::DiffLine]) -> Vec<&str> {
    lines.iter().map(|line| line.reference.as_str()).collect()
}

fn why<'a>(diff: &'a RestoreDiff, reference: &str) -> &'a str {
    diff.conflict.iter().find(|line| line.reference == reference).unwrap().why.as_deref().unwrap()
}

fn replace(names: &[&str]) -> RestoreMode {
    RestoreMode::Replace(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn what_was_removed_comes_back_and_what_is_new_stays() {
    let (_place, mut vault) = lived_in();
    let before = seen(&vault);
    let sealed = backup(&mut vault);
    vault.remove_capability("narrower").unwrap();
    vault.remove_key("bob").unwrap();
    vault.remove_service("orders").unwrap();
    let preview = vault.restore_preview(&reopened(&vault, &sealed)).unwrap();
    assert_eq!(preview.add.len(), 1 + 1 + 5 + 1 + 1);
    assert_eq!(references(&preview.keep), ["key:operator", "capability:held"]);
    assert!(preview.left_out[0].contains("log"));
    let opened = reopened(&vault, &sealed);
    assert_eq!(vault.restore(opened, &RestoreMode::Merge).unwrap(), preview);
    // Uses, revocation and all: what a person sees is what it was.
    assert_eq!(seen(&vault), before);
    assert!(vault.verify_log().unwrap().intact);
    assert!(vault.open_capability("narrower").is_ok());
    mint(&mut vault, "eve");
}

#[test]
fn conflicts_refuse_a_merge_and_nothing_of_it_happens() {
    let (_place, mut vault) = lived_in();
    let sealed = backup(&mut vault);
    vault.remove_key("bob").unwrap();
    vault.rename_key("operator", "op").unwrap();
    vault.set_gateway("held", None).unwrap();
    mint(&mut vault, "eve");
    let before = seen(&vault);

    let preview = vault.restore_preview(&reopened(&vault, &sealed)).unwrap();
    assert_eq!(references(&preview.add), ["card:bob"]);
    assert_eq!(references(&preview.conflict), ["key:operator", "capability:held"]);
    assert!(why(&preview, "key:operator").contains("named `op` here"));
    assert!(why(&preview, "capability:held").contains("gateway differs"));
    let opened = reopened(&vault, &sealed);
    let error = vault.restore(opened, &RestoreMode::Merge).unwrap_err();
    assert!(error.to_string().contains("contradicts this vault: key:operator, capability:held"), "{error}");
    assert_eq!(seen(&vault), before);

    let opened = reopened(&vault, &sealed);
    let done = vault.restore(opened, &replace(&["operator"])).unwrap();
    assert_eq!(references(&done.add), ["card:bob"]);
    assert_eq!(references(&done.replaced), ["key:operator"]);
    assert_eq!(references(&done.conflict), ["capability:held"]);
    assert!(vault.key("operator").is_ok() && vault.key("bob").is_ok());
    assert_eq!(vault.capability("held").unwrap().gateway, None);
    assert!(vault.grant("eve").is_ok());
}

#[test]
fn a_conflict_that_is_not_there_or_not_clear_is_not_replaced() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (_other_place, mut other) = other();
    other.new_key("operator", "").unwrap();
    let new = NewService { name: "operator".into(), ..NewService::default() };
    other.new_service(&new).unwrap();
    vault.new_service(&new).unwrap();
    let error = other.restore(keeper.backup(&mut vault), &replace(&["held"])).unwrap_err();
    assert!(matches!(error, VaultError::NotFound { what: "conflict", .. }), "{error}");
    let error = other.restore(keeper.backup(&mut vault), &replace(&["operator"])).unwrap_err();
    assert!(matches!(&error, VaultError::Ambiguous { candidates, .. } if *candidates == ["key:operator", "service:operator"]), "{error}");
}

#[test]
fn what_is_revoked_here_stays_revoked_and_what_the_backup_revoked_is_revoked() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (early, again) = (keeper.backup(&mut vault), keeper.backup(&mut vault));
    vault.revoke("alice", &WHY).unwrap();
    vault.restore(early, &RestoreMode::Merge).unwrap();
    assert_eq!(vault.grant("alice").unwrap().state, State::Revoked);

    let place = Place::new();
    let (mut behind, _) = place.restored(again);
    assert_eq!(behind.grant("alice").unwrap().state, State::Soon);
    let done = behind.restore(keeper.backup(&mut vault), &RestoreMode::Merge).unwrap();
    assert_eq!(done.add.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["orders/alice"]);
    assert_eq!(done.add[0].kind, "revocation");
    assert_eq!(behind.grant("alice").unwrap().state, State::Revoked);
    assert_eq!(behind.grant("alice").unwrap().revoked.unwrap().reason, "left");
}

#[test]
fn a_name_that_something_else_has_is_given_up_when_it_is_replaced() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (_other_place, mut other) = other();
    let own_key = other.new_key("operator", "its own").unwrap();
    let own_service = other.new_service(&NewService { name: "orders".into(), ..NewService::default() }).unwrap();
    let backup = keeper.backup(&mut vault);
    let preview = other.restore_preview(&backup).unwrap();
    assert_eq!(references(&preview.conflict), ["key:operator", "service:orders"]);
    assert!(why(&preview, "service:orders").contains("replacing renames that one"));

    let done = other.restore(backup, &replace(&["service:orders", "key:operator"])).unwrap();
    assert!(done.conflict.is_empty());
    assert_eq!(other.key("operator-old").unwrap().fingerprint, own_key.fingerprint);
    assert_eq!(other.service("orders-old").unwrap().fingerprint, own_service.fingerprint);
    assert_eq!(other.service("orders").unwrap().fingerprint, vault.service("orders").unwrap().fingerprint);
    assert_eq!(seen_grants(&other), seen_grants(&vault));
    mint(&mut other, "eve");
}

#[test]
fn what_belongs_to_something_that_stays_out_stays_out_too_and_is_told() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (_other_place, mut other) = other();
    other.new_service(&NewService { name: "orders".into(), ..NewService::default() }).unwrap();
    mint(&mut other, "someone");
    let text = share(&mut other, "grant:someone");
    take_in(&mut other, &text, "held");
    let done = other.restore(keeper.backup(&mut vault), &replace(&[])).unwrap();
    assert_eq!(references(&done.conflict), ["service:orders", "capability:held"]);
    assert_eq!(references(&done.add), ["key:operator", "card:bob"]);
    assert!(done.left_out[1].starts_with("7 things"), "{:?}", done.left_out);
    assert!(other.grant("alice").is_err() && other.capability("narrower").is_err());
    assert!(other.verify_log().unwrap().intact);
}

#[test]
fn a_service_known_by_its_card_gets_its_keys_back() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (_other_place, mut other) = other();
    let card = vault.service("orders").unwrap().card;
    take_in(&mut other, &card, "orders");
    assert!(!other.service("orders").unwrap().can_serve);
    let backup = keeper.backup(&mut vault);
    assert!(why(&other.restore_preview(&backup).unwrap(), "service:orders").contains("only its card is here"));
    other.restore(backup, &replace(&["orders"])).unwrap();
    assert!(other.service("orders").unwrap().can_serve);
    mint(&mut other, "eve");
    assert_eq!(seen_grants(&other).len(), seen_grants(&vault).len() + 1);
}

#[test]
fn epochs_only_go_forward() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let (first, again) = (keeper.backup(&mut vault), keeper.backup(&mut vault));
    vault.rotate_service("orders", Rotation::ForgetEarlier).unwrap();
    // An older backup brings neither the old epoch nor its root back.
    assert!(vault.restore_preview(&first).unwrap().conflict.is_empty());
    vault.restore(first, &RestoreMode::Merge).unwrap();
    let service = vault.service("orders").unwrap();
    assert_eq!((service.epoch, service.min_epoch), (1, 1));

    // A newer backup takes the service forward.
    let place = Place::new();
    let (mut behind, _) = place.restored(again);
    let newer = keeper.backup(&mut vault);
    assert!(why(&behind.restore_preview(&newer).unwrap(), "service:orders").contains("later epoch"));
    behind.restore(newer, &replace(&["orders"])).unwrap();
    let service = behind.service("orders").unwrap();
    assert_eq!((service.epoch, service.min_epoch), (1, 1));
    assert_eq!(behind.grant("alice").unwrap().state, State::Revoked);
    mint(&mut behind, "eve");
}

#[test]
fn two_vaults_that_each_rotated_on_their_own_are_not_joined() {
    let (_place, mut vault) = lived_in();
    let keeper = Keeper::new();
    let place = Place::new();
    let (mut twin, _) = place.restored(keeper.backup(&mut vault));
    vault.rotate_service("orders", Rotation::KeepEarlier).unwrap();
    drop(twin);
    twin = place.open_at(NOW.plus(60));
    twin.rotate_service("orders", Rotation::KeepEarlier).unwrap();
    let backup = keeper.backup(&mut vault);
    let preview = twin.restore_preview(&backup).unwrap();
    assert!(why(&preview, "service:orders").contains("epoch 1 has another root secret"));
    assert!(!preview.conflict[0].replaceable);
    let error = twin.restore(backup, &replace(&["orders"])).unwrap_err();
    assert!(error.to_string().contains("cannot be replaced"), "{error}");
}

fn seen_grants(vault: &Vault) -> Vec<String> {
    let page = vault.grants(&keycap_vault::GrantQuery::default()).unwrap();
    page.rows.into_iter().map(|row| row.grant.rid).collect()
}
