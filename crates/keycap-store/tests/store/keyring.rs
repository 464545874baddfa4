//! The operating system's keyring: a real gnome-keyring on a private session bus.
//!
//! Each test runs itself again under `dbus-run-session`, with a home of its own, so that no keyring of the person who runs it is touched. It
//! needs the packages `dbus` and `gnome-keyring`; without them it fails.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keycap_core::secret::{SecretBytes, SecretText};
use keycap_store::ledger::key;
use keycap_store::secrets::{Availability, ItemName, ItemStore, OsKeyring, SecretError, SecretId, SecretKind, VaultId, probe};
use keycap_store::unlock::{Unlock, UnlockMethod};
use keycap_store::{Options, Protection, SecretsChoice, Store, StoreError};
use zbus::blocking::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::again;
use crate::fixture::{NOW, new_key, new_secret, read};

const PASSWORD: &str = "ci-password";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";

/// Runs the test `name` again on a session bus of its own, with nothing in its home.
pub(crate) fn in_session(name: &str) {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("bus.conf");
    // Without service folders, so that nothing is started behind the test's back.
    let text = format!(
        "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
         <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
        home.path().display()
    );
    std::fs::write(&config, text).unwrap();
    let option = format!("--config-file={}", config.display());
    let wrapper = ["dbus-run-session", &option, "--"].map(AsRef::as_ref);
    let mut command = again::under(&wrapper, &std::env::current_exe().unwrap(), name, home.path());
    command.env("HOME", home.path()).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    for (variable, folder) in [("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config")] {
        let folder = home.path().join(folder);
        std::fs::create_dir(&folder).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&folder, <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700)).unwrap();
        command.env(variable, folder);
    }
    again::succeed(command);
}

/// A running gnome-keyring.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// With an unlocked login collection.
    pub(crate) fn unlocked(home: &Path) -> Self {
        Self::start(home, &["--unlock"])
    }

    /// As for someone who has never logged in on a desktop: with no collection at all.
    fn without_collection(home: &Path) -> Self {
        Self::start(home, &[])
    }

    fn start(home: &Path, options: &[&str]) -> Self {
        let log = std::fs::File::create(home.join("daemon.log")).unwrap();
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("gnome-keyring-daemon, of the package gnome-keyring");
        daemon.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        let started = Self(daemon);
        let until = Instant::now() + Duration::from_secs(20);
        let wanted = if options.is_empty() { Availability::NoCollection } else { Availability::Ready };
        while OsKeyring::new(Duration::from_secs(5)).availability() != Ok(wanted) {
            assert!(Instant::now() < until, "{}", std::fs::read_to_string(home.join("daemon.log")).unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
        started
    }
}

impl Daemon {
    /// Starts it again if it has ended by itself, which it does now and then, with a fault of its own, when somebody who spoke to it is killed;
    /// whether it had. Once it answers, it has noticed.
    pub(crate) fn revive(&mut self, home: &Path) -> bool {
        if OsKeyring::new(Duration::from_secs(5)).availability() == Ok(Availability::Ready) {
            return false;
        }
        let until = Instant::now() + Duration::from_secs(20);
        while self.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it runs, and does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        *self = Self::unlocked(home);
        true
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn call<B: serde_body::Body>(connection: &Connection, path: &str, interface: &str, method: &str, body: &B) -> zbus::Message {
    connection.call_method(Some("org.freedesktop.secrets"), path, Some(interface), method, body).unwrap()
}

/// What zbus takes as a method's arguments.
mod serde_body {
    pub(super) trait Body: serde::Serialize + zbus::zvariant::DynamicType {}
    impl<T: serde::Serialize + zbus::zvariant::DynamicType> Body for T {}
}

fn lock() {
    let connection = Connection::session().unwrap();
    let login = ObjectPath::try_from(LOGIN).unwrap();
    call(&connection, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "Lock", &vec![login]);
    assert_eq!(OsKeyring::new(Duration::from_secs(5)).availability(), Ok(Availability::Locked));
}

fn unlock() {
    let connection = Connection::session().unwrap();
    let service = "/org/freedesktop/secrets";
    let opened = call(&connection, service, "org.freedesktop.Secret.Service", "OpenSession", &("plain", Value::from("")));
    let (_, session): (OwnedValue, OwnedObjectPath) = opened.body().deserialize().unwrap();
    let secret = (session, Vec::<u8>::new(), PASSWORD.as_bytes().to_vec(), "text/plain");
    let interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
    call(&connection, service, interface, "UnlockWithMasterPassword", &(ObjectPath::try_from(LOGIN).unwrap(), secret));
    assert_eq!(OsKeyring::new(Duration::from_secs(5)).availability(), Ok(Availability::Ready));
}

/// Label and attributes of the items that another program finds, by their ids.
fn seen_by_others(vault: VaultId) -> Vec<(String, std::collections::HashMap<String, String>)> {
    let service = secret_service::blocking::SecretService::connect(secret_service::EncryptionType::Plain).unwrap();
    let vault = vault.to_string();
    let found = service.search_items([("application", "keycap"), ("vault", &vault)].into()).unwrap();
    found.unlocked.iter().map(|item| (item.get_label().unwrap(), item.get_attributes().unwrap())).collect()
}

fn options() -> Options {
    Options { prompt_timeout: Duration::from_secs(10), ..Options::default() }
}

/// A vault with one key in the keyring.
fn vault_with_key(home: &Path) -> (Store, SecretId) {
    let mut store = Store::create(&home.join("vault"), SecretsChoice::Keyring, options(), NOW).unwrap();
    let secret = new_secret(SecretKind::Key, 7);
    let id = secret.id;
    store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("me", 1, id))?)).unwrap();
    (store, id)
}

/// The home of a test that runs inside a session; outside, runs it there and gives `None`.
fn inside(name: &str) -> Option<PathBuf> {
    let part = again::part();
    if part.is_none() {
        in_session(&format!("keyring::{name}"));
    }
    part
}

#[test]
fn secrets_rest_as_items_that_people_and_programs_find() {
    let Some(home) = inside("secrets_rest_as_items_that_people_and_programs_find") else { return };
    let _daemon = Daemon::unlocked(&home);
    let (mut store, id) = vault_with_key(&home);
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);

    let mut seen = seen_by_others(store.vault_id());
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    let labels: Vec<_> = seen.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["keycap: audit log key", "keycap: test secret 7"]);
    let attributes = &seen[1].1;
    assert_eq!(attributes["secret"], id.to_string());
    assert_eq!(attributes["kind"], "key");

    store.relabel(id, "keycap: key work laptop", NOW).unwrap();
    assert!(seen_by_others(store.vault_id()).iter().any(|(label, _)| label == "keycap: key work laptop"));
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
    assert!(store.doctor().unwrap().is_healthy());

    let key = read(&store, |reading| Ok(key::by_name(reading, "me")?)).unwrap();
    store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(key::remove(tx, key.id)?)).unwrap();
    assert_eq!(seen_by_others(store.vault_id()).len(), 1);
    assert!(store.doctor().unwrap().is_healthy());
}

#[test]
fn every_length_of_secret_survives_the_keyring() {
    let Some(home) = inside("every_length_of_secret_survives_the_keyring") else { return };
    let _daemon = Daemon::unlocked(&home);
    let mut store = Store::create(&home.join("vault"), SecretsChoice::Keyring, options(), NOW).unwrap();
    for (number, length) in (1..).zip([1, 32, 33, 200, keycap_store::secrets::MAX_SECRET_BYTES]) {
        let mut secret = new_secret(SecretKind::Key, 0);
        secret.bytes = SecretBytes::new((0..length).map(|byte| u8::try_from(byte % 256).unwrap()).collect());
        let id = secret.id;
        store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key(&number.to_string(), number, id))?)).unwrap();
        let back = store.secret(id).unwrap();
        assert!(back.expose().iter().zip(0..).all(|(byte, place)| usize::from(*byte) == place % 256) && back.len() == length);
    }
}

#[test]
fn a_locked_keyring_without_a_display_says_so_at_once_and_keeps_everything() {
    let Some(home) = inside("a_locked_keyring_without_a_display_says_so_at_once_and_keeps_everything") else { return };
    let _daemon = Daemon::unlocked(&home);
    let (mut store, id) = vault_with_key(&home);
    let key = read(&store, |reading| Ok(key::by_name(reading, "me")?)).unwrap();
    lock();

    let before = Instant::now();
    assert_eq!(store.secret(id).unwrap_err().code(), "keyring-locked");
    let result = store.write(NOW, vec![new_secret(SecretKind::Key, 8)], |_| Ok::<_, StoreError>(()));
    assert_eq!(result.unwrap_err().code(), "keyring-locked");
    assert!(before.elapsed() < Duration::from_secs(5));
    assert_eq!(read(&store, |reading| Ok(key::count(reading)?)), 1, "lists need no keyring");
    let findings = store.doctor().unwrap();
    assert!(matches!(findings.keyring, Some(Ok(Availability::Locked))) && findings.is_healthy(), "{findings:?}");
    let elsewhere = Store::create(&home.join("another"), SecretsChoice::Keyring, options(), NOW);
    assert_eq!(elsewhere.unwrap_err().code(), "keyring-locked");
    assert!(!Store::exists(&home.join("another")));

    // A removal is done all the same; its item goes when the keyring is open again.
    store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(key::remove(tx, key.id)?)).unwrap();
    assert!(store.loose_items().unwrap() > 0);
    let mut again = Store::open(&home.join("vault"), options()).unwrap();
    assert!(again.loose_items().unwrap() > 0, "opening asks nobody");
    assert_eq!(again.unlock(&Unlock::Keyring).unwrap_err().code(), "keyring-locked");

    unlock();
    again.unlock(&Unlock::Keyring).unwrap();
    assert_eq!(again.loose_items().unwrap(), 0);
    assert_eq!(seen_by_others(again.vault_id()).len(), 1);
    assert!(again.doctor().unwrap().is_healthy());
}

#[test]
fn a_keyring_without_a_collection_is_not_taken_for_an_empty_one() {
    let Some(home) = inside("a_keyring_without_a_collection_is_not_taken_for_an_empty_one") else { return };
    let _daemon = Daemon::without_collection(&home);
    let items = OsKeyring::new(Duration::from_secs(10));
    let vault = VaultId::generate();
    assert_eq!(items.availability(), Ok(Availability::NoCollection));
    let name = ItemName { vault, id: SecretId::generate(), kind: "key".into(), label: "keycap: key me".into() };
    assert!(items.read(&name).unwrap().is_none(), "the misleading answer");
    assert_eq!(probe(&items, vault), Err(SecretError::NoCollection));
    assert_eq!(items.put(&name, SecretText::new("x".into())), Err(SecretError::NoCollection));
    let result = Store::create(&home.join("vault"), SecretsChoice::Keyring, options(), NOW);
    assert_eq!(result.unwrap_err().code(), "keyring-without-collection");
    assert!(!Store::exists(&home.join("vault")));
}

#[test]
fn a_vault_whose_keyring_has_lost_its_collection_is_told_apart_from_one_whose_item_vanished() {
    let Some(home) = inside("a_vault_whose_keyring_has_lost_its_collection_is_told_apart_from_one_whose_item_vanished") else { return };
    let daemon = Daemon::unlocked(&home);
    let (store, id) = vault_with_key(&home);
    let items = OsKeyring::new(Duration::from_secs(10));
    assert!(items.delete(store.vault_id(), id).unwrap());
    assert!(!items.delete(store.vault_id(), id).unwrap());
    assert_eq!(store.secret(id).unwrap_err().code(), "secret-vanished");
    assert_eq!(store.doctor().unwrap().missing.len(), 1);
    drop(daemon);
    std::fs::remove_dir_all(home.join("data").join("keyrings")).unwrap();
    let _daemon = Daemon::without_collection(&home);
    assert_eq!(store.secret(id).unwrap_err().code(), "keyring-without-collection");
}

#[test]
fn a_session_without_a_keyring_says_so_and_seals_on_request_only() {
    let Some(home) = inside("a_session_without_a_keyring_says_so_and_seals_on_request_only") else { return };
    let result = Store::create(&home.join("vault"), SecretsChoice::Keyring, options(), NOW);
    let error = result.unwrap_err();
    assert_eq!(error.code(), "keyring-missing");
    assert!(error.hint().contains("--sealed"), "{}", error.hint());
    assert!(!Store::exists(&home.join("vault")), "never silently in another place");
    let passphrase = SecretText::new("x".into());
    let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: Some(2) };
    let store = Store::create(&home.join("vault"), SecretsChoice::Sealed(method), options(), NOW).unwrap();
    assert!(store.doctor().unwrap().is_healthy());
}

#[test]
fn a_machine_without_a_session_bus_says_so() {
    if again::part().is_some() {
        let error = OsKeyring::new(Duration::from_secs(10)).availability().unwrap_err();
        assert_eq!(error.code(), "keyring-missing");
        assert_eq!(probe(&OsKeyring::new(Duration::from_secs(10)), VaultId::generate()).unwrap_err().code(), "keyring-missing");
        return;
    }
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = again::command("keyring::a_machine_without_a_session_bus_says_so", nowhere.path());
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", nowhere.path().join("bus").display()));
    again::succeed(command);
}

#[test]
fn a_keyring_that_is_restarted_is_found_again() {
    let Some(home) = inside("a_keyring_that_is_restarted_is_found_again") else { return };
    let daemon = Daemon::unlocked(&home);
    let (mut store, id) = vault_with_key(&home);
    drop(daemon);
    assert_eq!(store.secret(id).unwrap_err().code(), "keyring-missing");
    let _daemon = Daemon::unlocked(&home);
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
    let secret = new_secret(SecretKind::Key, 8);
    let second = secret.id;
    store.write(NOW, vec![secret], |tx| Ok::<_, StoreError>(key::insert(tx, &new_key("you", 2, second))?)).unwrap();
    assert!(store.doctor().unwrap().is_healthy());
}

#[test]
fn a_vault_converts_out_of_a_real_keyring_and_back() {
    let Some(home) = inside("a_vault_converts_out_of_a_real_keyring_and_back") else { return };
    let _daemon = Daemon::unlocked(&home);
    let (mut store, id) = vault_with_key(&home);
    store.convert(&SecretsChoice::Sealed(UnlockMethod::Keyring), NOW, &mut |_| {}).unwrap();
    let seen = seen_by_others(store.vault_id());
    assert_eq!(seen.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["keycap: vault key (opens the whole vault)"]);
    let mut next = Store::open(&home.join("vault"), options()).unwrap();
    next.unlock(&Unlock::Keyring).unwrap();
    assert_eq!(next.secret(id).unwrap().expose(), [7; 32]);
    assert!(next.doctor().unwrap().is_healthy());
    next.convert(&SecretsChoice::Keyring, NOW, &mut |_| {}).unwrap();
    assert_eq!(store.protection().unwrap(), Protection::Keyring);
    assert_eq!(seen_by_others(store.vault_id()).len(), 2);
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
    assert!(store.doctor().unwrap().is_healthy());
}

/// What shows gnome-keyring's questions. The real one draws a window.
struct Prompter {
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Never,
    No,
}

impl Prompter {
    /// Tells whoever asked that the prompt is ready, or what was answered. Not before the call that led to it has been answered.
    fn ready(connection: &zbus::Connection, header: &zbus::message::Header<'_>, callback: &ObjectPath<'_>, reply: &'static str) {
        let (connection, asker, callback) = (connection.clone(), header.sender().unwrap().to_owned(), callback.to_owned());
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            // A public key for the exchange in which a password would come back.
            let exchange = format!("[sx-aes-1]\npublic={}\n", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [2; 192]));
            let interface = "org.gnome.keyring.internal.Prompter.Callback";
            let properties = std::collections::HashMap::<&str, Value<'_>>::new();
            let connection = Connection::from(connection);
            connection.call_method(Some(asker), callback, Some(interface), "PromptReady", &(reply, properties, exchange)).unwrap();
        });
    }
}

#[zbus::interface(name = "org.gnome.keyring.internal.Prompter")]
impl Prompter {
    fn begin_prompting(
        &self,
        callback: ObjectPath<'_>,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        if self.answer == Answer::No {
            Self::ready(connection, &header, &callback, "");
        }
    }

    fn perform_prompt(
        &self,
        callback: ObjectPath<'_>,
        _kind: &str,
        _properties: std::collections::HashMap<String, OwnedValue>,
        _exchange: &str,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        Self::ready(connection, &header, &callback, "no");
    }

    fn stop_prompting(&self, _callback: ObjectPath<'_>) {}
}

fn prompter(answer: Answer) -> Connection {
    zbus::blocking::connection::Builder::session()
        .unwrap()
        .serve_at("/org/gnome/keyring/Prompter", Prompter { answer })
        .unwrap()
        .name("org.gnome.keyring.SystemPrompter")
        .unwrap()
        .build()
        .unwrap()
}

/// Runs `name` in a session that says it has a display.
fn inside_with_display(name: &str) -> Option<PathBuf> {
    let home = inside(name)?;
    if std::env::var_os("DISPLAY").is_some() {
        return Some(home);
    }
    let mut command = again::command(&format!("keyring::{name}"), &home);
    command.env("DISPLAY", ":99");
    again::succeed(command);
    None
}

#[test]
fn a_question_that_nobody_answers_is_given_up() {
    let Some(home) = inside_with_display("a_question_that_nobody_answers_is_given_up") else { return };
    let _daemon = Daemon::unlocked(&home);
    let (store, id) = vault_with_key(&home);
    lock();
    let prompter = prompter(Answer::Never);
    let patience = Duration::from_secs(1);
    drop(store);
    let store = Store::open(&home.join("vault"), Options { prompt_timeout: patience, ..options() }).unwrap();
    let before = Instant::now();
    let error = store.secret(id).unwrap_err();
    assert_eq!(error.code(), "keyring-unanswered");
    assert!(before.elapsed() >= patience && before.elapsed() < Duration::from_secs(8));
    drop(prompter);
}

#[test]
fn a_question_answered_with_no_is_a_refusal() {
    let Some(home) = inside_with_display("a_question_answered_with_no_is_a_refusal") else { return };
    let _daemon = Daemon::unlocked(&home);
    let (store, id) = vault_with_key(&home);
    lock();
    let prompter = prompter(Answer::No);
    assert_eq!(store.secret(id).unwrap_err().code(), "keyring-refused");
    drop(prompter);
    unlock();
    assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
}

#[test]
fn an_async_runtime_around_it_does_not_matter() {
    let Some(home) = inside("an_async_runtime_around_it_does_not_matter") else { return };
    let _daemon = Daemon::unlocked(&home);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (store, id) = vault_with_key(&home);
        assert_eq!(store.secret(id).unwrap().expose(), [7; 32]);
    });
}
