use std::sync::Mutex;

use keycap_vault::{SecretsChoice, UnlockMethod};

use super::*;
use crate::gate::IDLE;

/// A desk over a vault sealed under a passphrase, and the events that it told.
struct World {
    desk: Desk,
    told: Arc<Mutex<Vec<Event>>>,
    folder: tempfile::TempDir,
}

fn passphrase() -> SecretText {
    SecretText::new("correct horse".into())
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let outlet: Outlet = Arc::new(move |event| log.lock().unwrap().push(event));
    let desk = Desk::start(folder.path().join("vault"), Arc::new(Gate::new(IDLE)), outlet);
    World { desk, told, folder }
}

/// A vault that the tests can make quickly.
fn create(world: &World) {
    let passphrase = passphrase();
    let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: Some(2) };
    Vault::create(&world.folder.path().join("vault"), SecretsChoice::Sealed(method), Environment::system()).unwrap();
}

impl World {
    fn wait_for(&self, event: &Event) {
        let begun = Instant::now();
        while !self.told.lock().unwrap().contains(event) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{event:?} never came: {:?}", self.told.lock().unwrap());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[tokio::test]
async fn without_a_vault_every_request_says_so() {
    let world = world();
    assert_eq!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.unwrap_err().code, UiError::NO_VAULT);
    assert_eq!(world.desk.keep(|vault| Ok(vault.new_key("a", "")?)).await.unwrap_err().code, UiError::NO_VAULT);
    assert_eq!(world.desk.wanted().await.unwrap(), None);
}

#[tokio::test]
async fn a_sealed_vault_is_read_at_once_and_changed_after_its_passphrase() {
    let world = world();
    create(&world);
    assert!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.unwrap().is_empty());
    assert_eq!(world.desk.wanted().await.unwrap(), Some(Wanted::Passphrase));
    assert_eq!(world.desk.keep(|vault| Ok(vault.new_key("a", "")?)).await.unwrap_err().code, UiError::NEEDS_UNLOCK);
    let wrong = world.desk.unlock(Key::Passphrase(SecretText::new("wrong".into()))).await.unwrap_err();
    assert_eq!(wrong.code, "wrong-passphrase");
    world.desk.unlock(Key::Passphrase(passphrase())).await.unwrap();
    assert_eq!(world.desk.keep(|vault| Ok(vault.new_key("a", "")?)).await.unwrap().name, "a");
}

#[tokio::test]
async fn a_key_file_is_made_only_where_the_vault_comes_to_rest_under_it() {
    let world = world();
    create(&world);
    let path = world.folder.path().join("key");
    let rest = async || {
        let place = SecretsPlace::NewKeyFile(path.clone());
        let moved = world.desk.keep(move |vault| place.with_method(Arc::new(NoPrompts), |method| Ok(vault.change_unlocking(&method)?)));
        moved.await.map_err(|error| error.code)
    };
    assert_eq!(rest().await.unwrap_err(), UiError::NEEDS_UNLOCK);
    assert!(!path.exists(), "nothing rests under it");
    world.desk.unlock(Key::Passphrase(passphrase())).await.unwrap();
    rest().await.unwrap();
    assert!(path.exists());
    assert_eq!(rest().await.unwrap_err(), "key-file-unreadable", "the vault's key is not written over");
    assert!(path.exists());
    assert_eq!(world.desk.wanted().await.unwrap(), None, "it unlocks by itself now");
}

#[tokio::test]
async fn a_lock_closes_both_doors_until_it_is_opened() {
    let world = world();
    create(&world);
    world.desk.unlock(Key::Passphrase(passphrase())).await.unwrap();
    world.desk.lock().await.unwrap();
    world.wait_for(&Event::Gate { closed: Some(Closed::Here) });
    assert_eq!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.unwrap_err().code, UiError::LOCKED);
    assert_eq!(world.desk.keep(|vault| Ok(vault.new_key("a", "")?)).await.unwrap_err().code, UiError::LOCKED);
    world.desk.unlock(Key::Passphrase(passphrase())).await.unwrap();
    assert!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.is_ok());
}

#[tokio::test]
async fn a_window_that_is_left_lets_go_of_the_secrets_and_no_other_process_opens_it() {
    let world = world();
    world.desk.leave(Closed::Screen);
    assert_eq!(world.desk.closed(), None, "there is nothing to close");
    create(&world);
    world.desk.unlock(Key::Passphrase(passphrase())).await.unwrap();
    world.desk.leave(Closed::Screen);
    world.wait_for(&Event::Gate { closed: Some(Closed::Screen) });
    assert_eq!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.unwrap_err().code, UiError::LOCKED);
    world.desk.leave(Closed::Slept);
    assert_eq!(world.desk.closed(), Some(Closed::Screen), "the first reason stands");
    // The gate alone would open without the passphrase: the secrets have gone.
    world.desk.gate().open(Instant::now());
    assert_eq!(world.desk.keep(|vault| Ok(vault.new_key("a", "")?)).await.unwrap_err().code, UiError::NEEDS_UNLOCK);
}

#[tokio::test]
async fn what_another_process_does_is_told_within_a_second() {
    let world = world();
    create(&world);
    let mut other = Vault::open(&world.folder.path().join("vault"), Environment::system()).unwrap();
    let secret = passphrase();
    other.unlock(Unlock::Passphrase(&secret)).unwrap();
    world.wait_for(&Event::Changed);
    world.told.lock().unwrap().clear();
    other.new_key("elsewhere", "").unwrap();
    let begun = Instant::now();
    world.wait_for(&Event::Changed);
    assert!(begun.elapsed() < Duration::from_secs(1));
    other.lock().unwrap();
    world.wait_for(&Event::Gate { closed: Some(Closed::Elsewhere) });
    assert_eq!(world.desk.read(|vault| Ok(vault.keys(None)?)).await.unwrap_err().code, UiError::LOCKED);
    other.clear_lock(Unlock::Passphrase(&secret)).unwrap();
    world.wait_for(&Event::Gate { closed: None });
}
