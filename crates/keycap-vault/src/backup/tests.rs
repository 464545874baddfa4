//! The lines of a backup, and what is refused of lines that keycap would not have written.

use std::sync::Arc;

use keycap_store::secrets::MemoryItems;
use tempfile::TempDir;

use super::*;
use crate::{AcceptAs, DelegateRequest, Limits, MintRequest, NewService, ShareHow, ShareRequest};

const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

/// A vault with two keys, a service, a grant, and two capabilities, one from the other.
fn vault() -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { items: Some(Arc::new(MemoryItems::new())), ..Options::default() };
    let store = Store::create(&folder.path().join("vault"), SecretsChoice::Keyring, options, NOW).unwrap();
    let mut vault = Vault { store, environment: Environment::fixed(NOW, 1) };
    vault.new_key("one", "a \"note\" with\nbreaks").unwrap();
    vault.new_key("two", "").unwrap();
    vault.new_service(&NewService { name: "orders".into(), ..NewService::default() }).unwrap();
    vault.mint(&MintRequest { service: "orders".into(), name: "alice".into(), preset: None, limits: Limits::default() }).unwrap();
    let text = vault.share("grant:alice", &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap().text().expose().to_owned();
    let incoming = vault.inspect(&text).unwrap();
    vault.accept(incoming, &AcceptAs { name: Some("held".into()), ..AcceptAs::default() }).unwrap();
    vault.delegate(&DelegateRequest { capability: "held".into(), name: "narrower".into(), limits: Limits::default() }).unwrap();
    (folder, vault)
}

/// The plaintext of a backup.
fn plain(vault: &Vault) -> String {
    let mut writer = Writer::begin(Vec::new(), &Made { vault: "0".repeat(32), at: NOW }).unwrap();
    vault.store.export(|item| writer.item(&item)).unwrap();
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn read(plain: &str) -> Result<(Made, Vec<Item>), VaultError> {
    let (made, items) = format::read(plain.as_bytes())?;
    check::check(&items)?;
    Ok((made, items))
}

#[test]
fn what_is_read_is_written_again_to_the_byte() {
    let (_folder, vault) = vault();
    let first = plain(&vault);
    let (made, items) = read(&first).unwrap();
    assert_eq!(made, Made { vault: "0".repeat(32), at: NOW });
    let mut writer = Writer::begin(Vec::new(), &made).unwrap();
    items.iter().for_each(|item| writer.item(item).unwrap());
    assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap(), first);
}

/// What is said of a backup of which one thing was changed.
fn refused(change: impl Fn(&mut Vec<String>)) -> String {
    let (_folder, vault) = vault();
    let mut lines: Vec<String> = plain(&vault).lines().map(str::to_owned).collect();
    change(&mut lines);
    let last = lines.len() - 1;
    if lines[last].contains("\"lines\"") && !lines[last].contains("wrong") {
        lines[last] = serde_json::json!({ "end": { "lines": last - 2 } }).to_string();
    }
    read(&(lines.join("\n") + "\n")).map(drop).unwrap_err().to_string()
}

fn place(lines: &[String], begin: &str) -> usize {
    lines.iter().position(|line| line.starts_with(begin)).unwrap()
}

#[test]
fn another_format_a_missing_end_and_what_comes_after_it_are_refused() {
    assert!(refused(|lines| lines[0] = "keycap-backup 2".into()).contains("format 2"));
    assert!(refused(|lines| lines[0] = "something".into()).contains("no backup"));
    assert!(refused(|lines| drop(lines.remove(1))).contains("which vault"));
    assert!(refused(|lines| lines.push(String::new())).contains("after its end"));
    assert!(refused(|lines| drop(lines.pop())).contains("ends in the middle"));
    assert!(refused(|lines| lines.insert(2, lines[1].clone())).contains("says twice"));
    assert!(refused(|lines| *lines.last_mut().unwrap() = r#"{"end":{"lines":1,"wrong":0}}"#.into()).contains("cannot be read"));
}

#[test]
fn a_number_of_lines_that_is_not_so_is_refused() {
    let (_folder, vault) = vault();
    let whole = plain(&vault);
    let without: Vec<&str> = whole.lines().filter(|line| !line.starts_with("{\"log\":{")).collect();
    assert!(read(&(without.join("\n") + "\n")).unwrap_err().to_string().contains("and should have"));
}

#[test]
fn a_line_with_an_unknown_kind_or_field_or_a_broken_value_is_refused() {
    let edit = |begin: &'static str, from: &'static str, to: &'static str| {
        refused(move |lines| {
            let place = place(lines, begin);
            assert!(lines[place].contains(from), "{}", lines[place]);
            lines[place] = lines[place].replacen(from, to, 1);
        })
    };
    assert!(edit("{\"key\"", "{\"key\"", "{\"lock\"").contains("cannot be read"));
    assert!(edit("{\"key\"", "\"note\"", "\"more\":1,\"note\"").contains("cannot be read"));
    assert!(edit("{\"key\"", "\"noise\":\"", "\"noise\":\"00").contains("cannot be"));
    assert!(edit("{\"secret\"", "\"bytes\":\"", "\"bytes\":\"G").contains("cannot be read"));
    assert!(edit("{\"secret\"", "\"bytes\":\"", "\"bytes\":\"A").contains("cannot be read"));
    assert!(edit("{\"secret\"", "\"kind\":\"", "\"kind\":\"x").contains("cannot be"));
    assert!(edit("{\"grant\"", "\"origin\":\"minted\"", "\"origin\":\"found\"").contains("cannot be"));
}

#[test]
fn an_unreadable_line_is_told_without_what_it_holds() {
    let message = refused(|lines| {
        let place = place(lines, "{\"secret\"");
        lines[place] = lines[place].replace("\"kind\":\"", "\"kind\":x");
    });
    let (_folder, vault) = vault();
    let secret = plain(&vault).lines().find_map(|line| line.strip_prefix("{\"secret\":{\"bytes\":\"").map(|rest| rest[..16].to_owned())).unwrap();
    assert!(!message.contains(&secret) && message.contains("character"), "{message}");
}

#[test]
fn a_thing_without_its_secret_or_with_another_s_is_refused() {
    let remove = |what: &'static str| refused(move |lines| lines.retain(|line| !(line.starts_with("{\"secret\"") && line.contains(what))));
    assert!(remove("key one").contains("the key one lacks its secret"));
    assert!(remove("(key)").contains("the service orders lacks its secret"));
    assert!(remove("(root, epoch 0)").contains("the service orders lacks its secret"));
    assert!(remove("audit").contains("the log lacks its secret"));
    let swapped = refused(|lines| {
        let (one, two) = (place(lines, "{\"key\""), place(lines, "{\"key\"") + 1);
        let id = |line: &str| line.split_once("\"secret\":\"").unwrap().1[..32].to_owned();
        let (first, second) = (id(&lines[one]), id(&lines[two]));
        lines[one] = lines[one].replace(&first, &second);
    });
    assert!(swapped.contains("the key one has the secret of another key"), "{swapped}");
    let shared = refused(|lines| {
        let key = place(lines, "{\"key\"");
        lines.insert(key + 1, lines[key].clone());
    });
    assert!(shared.contains("refers to the secret of something else"), "{shared}");
    assert!(refused(|lines| lines.insert(2, lines[2].clone())).contains("twice"));
    assert!(refused(|lines| drop(lines.remove(place(lines, "{\"audit-key\"")))).contains("no key of its log"));
}

#[test]
fn what_comes_before_the_thing_it_belongs_to_is_refused() {
    let first = |begin: &'static str, before: &'static str| {
        refused(move |lines| {
            let line = lines.remove(place(lines, begin));
            lines.insert(place(lines, before), line);
        })
    };
    assert!(first("{\"grant\"", "{\"service\"").contains("which the backup lacks"));
    assert!(first("{\"root\"", "{\"service\"").contains("which the backup lacks"));
    let child = refused(|lines| {
        let parent = lines.remove(place(lines, "{\"capability\""));
        lines.insert(place(lines, "{\"capability\"") + 1, parent);
    });
    assert!(child.contains("the capability narrower comes from one that is not before it"), "{child}");
}

#[test]
fn a_line_without_end_is_not_read_into_memory_for_ever() {
    let endless = format!("keycap-backup 1\n{}", "x".repeat(3 << 20));
    assert!(read(&endless).unwrap_err().to_string().contains("ends in the middle"));
}

#[test]
fn a_restore_that_fails_leaves_an_empty_vault_that_takes_it_whole_later() {
    let (_folder, source) = vault();
    let items = || read(&plain(&source)).unwrap();
    let target = tempfile::tempdir().unwrap();
    let keyring = Arc::new(MemoryItems::new());
    let options = Options { items: Some(keyring.clone()), ..Options::default() };
    let store = Store::create(&target.path().join("vault"), SecretsChoice::Keyring, options, NOW).unwrap();
    let mut empty = Vault { store, environment: Environment::fixed(NOW, 2) };
    keyring.fail_after(3, Some(keycap_store::secrets::SecretError::PromptDismissed));
    let (made, parts) = items();
    assert_eq!(empty.restore_whole(Backup { made, items: parts }).unwrap_err().code(), "keyring-refused");
    keyring.fail_after(0, None);
    assert!(empty.is_untouched().unwrap() && empty.keys(None).unwrap().is_empty());
    let (made, parts) = items();
    let diff = empty.restore(Backup { made, items: parts }, &RestoreMode::Merge).unwrap();
    assert!(diff.left_out.is_empty());
    assert_eq!(empty.keys(None).unwrap(), source.keys(None).unwrap());
    assert!(empty.verify_log().unwrap().intact && empty.doctor().unwrap().iter().all(|finding| finding.code != "keyring-orphans"));
}

#[test]
fn a_replaced_name_shows_in_the_keyring_too() {
    let (_folder, source) = vault();
    let target = tempfile::tempdir().unwrap();
    let keyring = Arc::new(MemoryItems::new());
    let options = Options { items: Some(keyring.clone()), ..Options::default() };
    let store = Store::create(&target.path().join("vault"), SecretsChoice::Keyring, options, NOW).unwrap();
    let mut other = Vault { store, environment: Environment::fixed(NOW, 2) };
    other.new_key("one", "").unwrap();
    let secret = other.store.read(|reading| Ok::<_, VaultError>(keycap_store::ledger::key::by_name(reading, "one")?)).unwrap().unwrap().secret;
    let (made, items) = read(&plain(&source)).unwrap();
    other.restore(Backup { made, items }, &RestoreMode::Replace(vec!["one".into()])).unwrap();
    assert_eq!(keyring.label(other.store.vault_id(), secret).unwrap(), "keycap: key one-old");
}
