//! Groups of recipients, and what is sealed to them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::sync::Arc;

use keycap_vault::files::SealTo;
use keycap_vault::{
    AcceptAs, Backup, Environment, ExportTo, NoPrompts, OpenWith, RestoreMode, SealFrom, SecretsChoice, UnixSeconds, UnlockMethod, Vault,
};
use tempfile::TempDir;

fn vault(folder: &TempDir, name: &str, seed: u64) -> Vault {
    let key_file = folder.path().join(format!("{name}-key"));
    keycap_vault::key_file::create(&key_file).unwrap();
    let environment = Environment::fixed(UnixSeconds::new(1_800_000_000), seed);
    Vault::create(&folder.path().join(name), SecretsChoice::Sealed(UnlockMethod::File { path: &key_file }), environment).unwrap()
}

/// A vault with a key of its own and the cards of alice and bob.
fn scene(folder: &TempDir) -> Vault {
    let mut other = vault(folder, "other", 1);
    let mut mine = vault(folder, "mine", 2);
    mine.new_key("me", "").unwrap();
    for name in ["alice", "bob"] {
        let card = other.new_key(name, "").unwrap().card;
        let incoming = mine.inspect(&card).unwrap();
        mine.accept(incoming, &AcceptAs { name: Some(name.into()), ..AcceptAs::default() }).unwrap();
    }
    mine
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn members(vault: &Vault, group: &str) -> Vec<Option<String>> {
    vault.group(group).unwrap().members.into_iter().map(|member| member.name).collect()
}

fn sealed_to(vault: &mut Vault, recipients: &[&str]) -> Result<Vec<String>, keycap_vault::VaultError> {
    let to = SealTo { recipients: names(recipients), passphrase: None, from: SealFrom::default(), with_self: false, prompts: Arc::new(NoPrompts) };
    Ok(vault.file_recipients(&to)?.views().iter().map(|view| view.name.clone()).collect())
}

const OTHER: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

#[test]
fn a_group_stands_for_its_members_each_of_them_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = scene(&folder);
    vault.new_group("team", &names(&["alice", "bob", OTHER, "bob"])).unwrap();
    assert_eq!(sealed_to(&mut vault, &["bob", "team", "group:team"]).unwrap(), ["bob", "alice", OTHER]);
    vault.remove_from_group("team", &names(&["bob", OTHER])).unwrap();
    vault.add_to_group("team", &names(&["me"])).unwrap();
    assert_eq!(sealed_to(&mut vault, &["team"]).unwrap(), ["alice", "me"]);
    assert_eq!(vault.groups().unwrap().len(), 1);
    vault.remove_group("team").unwrap();
    assert_eq!(sealed_to(&mut vault, &["team"]).unwrap_err().code(), "not-found");
}

#[test]
fn a_renamed_card_stays_a_member_and_a_removed_one_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = scene(&folder);
    vault.new_group("team", &names(&["alice", "bob"])).unwrap();
    vault.rename_key("bob", "robert").unwrap();
    assert_eq!(members(&vault, "team"), [Some("alice".into()), Some("robert".into())]);
    let fingerprint = vault.key("robert").unwrap().fingerprint;
    vault.remove_key("robert").unwrap();
    assert_eq!(members(&vault, "team"), [Some("alice".into()), None]);
    // Left out unsaid, bob would wait for a file that never opens.
    let error = sealed_to(&mut vault, &["team"]).unwrap_err();
    assert!(error.to_string().contains(&fingerprint), "{error}");
    vault.remove_from_group("team", &[fingerprint]).unwrap();
    assert_eq!(sealed_to(&mut vault, &["team"]).unwrap(), ["alice"]);
}

#[test]
fn what_is_no_member_and_what_has_the_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = scene(&folder);
    for (name, members, code) in [
        ("alice", &["bob"][..], "name-taken"),
        ("a b", &["bob"], "bad-name"),
        ("team", &["nobody"], "not-found"),
        ("team", &["alice", "nobody"], "not-found"),
    ] {
        assert_eq!(vault.new_group(name, &names(members)).unwrap_err().code(), code, "{name}");
    }
    assert!(vault.groups().unwrap().is_empty());
    vault.new_group("team", &names(&["alice"])).unwrap();
    assert_eq!(vault.new_group("team", &names(&["bob"])).unwrap_err().code(), "name-taken");
    assert_eq!(vault.remove_from_group("team", &names(&["bob"])).unwrap_err().code(), "not-found");
    assert_eq!(vault.add_to_group("others", &names(&["bob"])).unwrap_err().code(), "not-found");
    // A key that was made later has the name too: which is meant has to be said.
    vault.new_key("team", "").unwrap();
    assert_eq!(sealed_to(&mut vault, &["team"]).unwrap_err().code(), "ambiguous");
    assert_eq!(sealed_to(&mut vault, &["group:team"]).unwrap(), ["alice"]);
}

#[test]
fn groups_come_back_with_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = scene(&folder);
    vault.new_group("team", &names(&["alice", OTHER])).unwrap();
    vault.new_group("gone", &names(&["bob"])).unwrap();
    let sealed = vault.backup(&ExportTo::Passphrase(keycap_vault::SecretText::new("correct horse".into()))).unwrap();
    let read = || Backup::read(sealed.bytes(), &OpenWith::Passphrase(keycap_vault::SecretText::new("correct horse".into()))).unwrap();
    vault.remove_group("gone").unwrap();
    vault.remove_from_group("team", &names(&["alice"])).unwrap();
    let preview = vault.restore_preview(&read()).unwrap();
    assert_eq!(preview.add.iter().map(|line| line.reference.as_str()).collect::<Vec<_>>(), ["group:gone"]);
    assert_eq!(preview.conflict.iter().map(|line| line.reference.as_str()).collect::<Vec<_>>(), ["group:team"]);
    vault.restore(read(), &RestoreMode::Replace(names(&["group:team"]))).unwrap();
    assert_eq!(members(&vault, "gone"), [Some("bob".into())]);
    assert_eq!(members(&vault, "team"), [Some("alice".into()), Some(OTHER.into())]);
}
