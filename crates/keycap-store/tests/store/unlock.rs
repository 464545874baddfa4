//! Unlocking with what people have: SSH keys, and hardware through age's plugins.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keycap_core::secret::SecretText;
use keycap_store::unlock::{NoPrompts, Prompts, Unlock, UnlockMethod};
use keycap_store::{SecretsChoice, Store, StoreError};

use crate::again;
use crate::fixture::{NOW, options};

/// Makes a vault for these recipients in a folder within `folder`.
fn create(folder: &Path, recipients: &[String]) -> Result<Store, StoreError> {
    let method = UnlockMethod::Recipients { recipients, prompts: Arc::new(NoPrompts) };
    Store::create(&folder.join("vault"), SecretsChoice::Sealed(method), options(&Arc::default()), NOW)
}

fn open(folder: &Path, file: &Path, prompts: Arc<dyn Prompts>) -> Result<Store, StoreError> {
    let mut store = Store::open(&folder.join("vault"), options(&Arc::default()))?;
    store.unlock(&Unlock::Identities { files: &[file.to_owned()], prompts })?;
    store.audit_key()?;
    Ok(store)
}

/// The key pair of RFC 8032 §7.1, test 1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// `u32 length || bytes`, as SSH writes strings.
fn ssh_string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// The public line, and the private file without a passphrase (OpenSSH's PROTOCOL.key).
fn ssh_key() -> (String, String) {
    let (seed, public) = (hex(SEED), hex(PUBLIC));
    let public_blob = [ssh_string(b"ssh-ed25519"), ssh_string(&public)].concat();
    let mut private_blob = [[7; 8].to_vec(), public_blob.clone(), ssh_string(&[seed, public].concat()), ssh_string(b"a test")].concat();
    private_blob.extend((1..=8).take((8 - private_blob.len() % 8) % 8));
    let file = [
        b"openssh-key-v1\0".to_vec(),
        ssh_string(b"none"),
        ssh_string(b"none"),
        ssh_string(b""),
        1_u32.to_be_bytes().to_vec(),
        ssh_string(&public_blob),
        ssh_string(&private_blob),
    ]
    .concat();
    let kind = "OPENSSH PRIVATE KEY";
    let encoded = STANDARD.encode(file);
    let lines: Vec<_> = encoded.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let private = format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"));
    (format!("ssh-ed25519 {}", STANDARD.encode(public_blob)), private)
}

#[test]
fn an_ssh_key_opens_what_was_sealed_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (public, private) = ssh_key();
    let file = folder.path().join("id_ed25519");
    std::fs::write(&file, private).unwrap();
    create(folder.path(), &[public]).unwrap();
    open(folder.path(), &file, Arc::new(NoPrompts)).unwrap();
}

/// A plugin of age that hides nothing: its stanza is the file key. It says something and asks for a PIN before it gives the file key back.
const PLUGIN: &str = r#"#!/bin/sh
stanza() { # reads one stanza: its first line into $head, its body into $body
    IFS= read -r head || exit 1
    body=
    while IFS= read -r line; do body=$body$line; [ ${#line} -eq 64 ] || break; done
}
tell() { printf -- '-> %s\n%s\n' "$1" "$2"; stanza; }
while stanza; do
    case $head in
    '-> wrap-file-key') key=$body ;;
    '-> recipient-stanza 0 testkey') key=$body ;;
    '-> done') break ;;
    esac
done
case $1 in
*recipient-v1) tell 'recipient-stanza 0 testkey' "$key" ;;
*identity-v1)
    tell msg dG91Y2ggdGhlIGtleQ        # touch the key
    tell request-secret UElO           # PIN
    [ "$head $body" = '-> ok MTIzNA' ] && tell 'file-key 0' "$key" ;;
esac
printf -- '-> done\n\n'
"#;
const PLUGIN_RECIPIENT: &str = "age1testkey1w3jhxaq2kwlu9";
const PLUGIN_IDENTITY: &str = "AGE-PLUGIN-TESTKEY-1W3JHXAQ55G6S9";

/// Someone who knows a PIN, and remembers what was said.
struct Someone {
    pin: &'static str,
    heard: Mutex<Vec<String>>,
}

impl Prompts for Someone {
    fn message(&self, message: &str) {
        self.heard.lock().unwrap().push(message.to_owned());
    }

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, description: &str) -> Option<SecretText> {
        self.heard.lock().unwrap().push(description.to_owned());
        Some(SecretText::new(self.pin.to_owned()))
    }
}

#[test]
fn a_plugin_asks_whoever_unlocks_and_opens_only_with_the_right_answer() {
    let name = "unlock::a_plugin_asks_whoever_unlocks_and_opens_only_with_the_right_answer";
    let Some(folder) = again::part() else {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("age-plugin-testkey");
        std::fs::write(&plugin, PLUGIN).unwrap();
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = again::command(name, folder.path());
        let path = std::env::var_os("PATH").unwrap();
        let folders: Vec<PathBuf> = std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&path)).collect();
        command.env("PATH", std::env::join_paths(folders).unwrap());
        return again::succeed(command);
    };
    create(&folder, &[PLUGIN_RECIPIENT.to_owned()]).unwrap();
    let file = folder.join("identity");
    std::fs::write(&file, PLUGIN_IDENTITY).unwrap();

    let right = Arc::new(Someone { pin: "1234", heard: Mutex::default() });
    open(&folder, &file, right.clone()).unwrap();
    let heard = right.heard.lock().unwrap();
    assert!(heard.iter().any(|said| said.contains("touch the key")) && heard.iter().any(|said| said.contains("PIN")), "{heard:?}");

    let wrong = Arc::new(Someone { pin: "4321", heard: Mutex::default() });
    assert_eq!(open(&folder, &file, wrong).unwrap_err().code(), "no-identity-matches");
    assert!(open(&folder, &file, Arc::new(NoPrompts)).is_err());
}
