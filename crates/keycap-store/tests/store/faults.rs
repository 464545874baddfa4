//! Files that are missing, strange, damaged, open to others, read-only, or somebody else's.

use std::path::Path;

use keycap_store::ledger::service;
use keycap_store::unlock::Unlock;
use keycap_store::{Store, StoreError};
use rusqlite::Connection;

use crate::again;
use crate::fixture::{NOW, Vault, add_service, create_sealed, new_service, open_sealed, options, read, sealed};

fn ledger(vault: &Vault) -> std::path::PathBuf {
    vault.store.folder().join("ledger.sqlite")
}

fn error_of_opening(folder: &Path) -> StoreError {
    Store::open(folder, options(&std::sync::Arc::default())).unwrap_err()
}

#[test]
fn a_folder_without_a_ledger_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!Store::exists(folder.path()));
    assert_eq!(error_of_opening(folder.path()).code(), "ledger-missing");
    assert_eq!(error_of_opening(&folder.path().join("nowhere")).code(), "ledger-missing");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "looking makes nothing");
}

#[test]
fn a_ledger_of_a_newer_keycap_is_left_alone() {
    let mut vault = sealed();
    let connection = Connection::open(ledger(&vault)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = error_of_opening(vault.store.folder());
    assert_eq!(error.code(), "ledger-newer");
    assert!(error.to_string().contains("format 99"), "{error}");
    // A process that had it open before does not write what it may not understand.
    let result = vault.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(service::insert(tx, &new_service("x", 1))?));
    assert_eq!(result.unwrap_err().code(), "ledger-newer");
}

#[test]
fn what_is_no_ledger_is_not_taken_for_one_and_not_changed() {
    let text = b"just some notes, long enough to be read as the header of a database, or so one might think".repeat(20);
    let other_database = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE key (id INTEGER)").unwrap();
        std::fs::read(path).unwrap()
    };
    for bytes in [text, other_database, Vec::new()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        std::fs::write(&path, &bytes).unwrap();
        close(folder.path(), 0o700);
        close(&path, 0o600);
        assert_eq!(error_of_opening(folder.path()).code(), "ledger-not-keycap");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

/// Closes a file or folder to others.
fn close(path: &Path, mode: u32) {
    #[cfg(unix)]
    std::fs::set_permissions(path, <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode)).unwrap();
}

#[test]
fn damage_is_found_wherever_it_is() {
    let mut vault = sealed();
    for number in 0..200 {
        add_service(&mut vault.store, &format!("service {number}"), number);
    }
    let path = ledger(&vault);
    let Vault { store, folder, .. } = vault;
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let pages = whole.len() / 4_096;
    assert!(pages > 20);
    let mut found = 0;
    for page in 1..pages {
        let mut damaged = whole.clone();
        damaged[page * 4_096..(page + 1) * 4_096].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        // Either it cannot be used, or the doctor sees it.
        let seen = match open_sealed(folder.path()).and_then(|store| store.doctor()) {
            Err(error) => ["ledger-corrupt", "ledger-error", "wrong-vault-key"].contains(&error.code()),
            Ok(findings) => !findings.is_healthy() && !findings.damage.is_empty(),
        };
        found += usize::from(seen);
    }
    assert_eq!(found, pages - 1, "of {pages} pages");
    std::fs::write(&path, &whole).unwrap();
    assert!(open_sealed(folder.path()).unwrap().doctor().unwrap().is_healthy());
}

#[test]
fn a_ledger_that_lacks_what_every_vault_has_is_damaged() {
    for name in ["store.vault", "store.backend", "store.unlock", "store.vault-key", "store.vault-key-id", "store.audit-secret"] {
        let vault = sealed();
        let connection = Connection::open(ledger(&vault)).unwrap();
        connection.execute("DELETE FROM meta WHERE name = ?1", [name]).unwrap();
        let opened = Store::open(vault.store.folder(), options(&vault.items));
        let result = opened.and_then(|mut store| {
            store.unlock(&Unlock::File)?;
            store.audit_key()
        });
        assert_eq!(result.unwrap_err().code(), "ledger-corrupt", "{name}");
    }
}

#[cfg(unix)]
#[test]
fn files_and_folders_open_to_others_are_refused_with_the_command_that_closes_them() {
    use std::os::unix::fs::PermissionsExt;
    let vault = sealed();
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(vault.store.folder()), 0o700);
    for entry in std::fs::read_dir(vault.store.folder()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    for (path, open, hint) in [(vault.store.folder().to_owned(), 0o750, "chmod 700"), (ledger(&vault), 0o644, "chmod 600")] {
        let before = mode(&path);
        set(&path, open);
        let error = error_of_opening(vault.store.folder());
        assert_eq!(error.code(), "ledger-exposed");
        assert!(error.hint().contains(hint), "{}", error.hint());
        set(&path, before);
    }
    vault.reopened();
}

/// Another user's view: the test itself runs as root on many build machines, whom no permission stops.
#[cfg(unix)]
#[test]
fn another_users_files_and_a_read_only_folder_each_have_their_own_error() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let name = "faults::another_users_files_and_a_read_only_folder_each_have_their_own_error";
    if let Some(folder) = again::part() {
        assert_eq!(error_of_opening(&folder.join("closed").join("vault")).code(), "permission-denied");
        let error = create_sealed(&folder.join("read-only-parent"), &std::sync::Arc::default()).unwrap_err();
        assert_eq!(error.code(), "permission-denied");

        let mut store = Store::open(&folder.join("read-only").join("vault"), options(&std::sync::Arc::default()));
        if let Ok(store) = &mut store {
            assert_eq!(read(store, |reading| Ok(service::count(reading)?)), 1, "what can be opened can be read");
            let result = store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(service::insert(tx, &new_service("x", 2))?));
            assert_eq!(result.unwrap_err().code(), "ledger-read-only");
        } else {
            let error = store.unwrap_err();
            assert!(["ledger-read-only", "permission-denied"].contains(&error.code()), "{error:?}");
            assert!(error.to_string().contains("read-only/vault"), "{error}");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for sub in ["closed", "read-only", "read-only-parent"] {
        std::fs::create_dir(folder.path().join(sub)).unwrap();
    }
    let closed = create_sealed(&folder.path().join("closed"), &std::sync::Arc::default()).unwrap();
    let mut read_only = create_sealed(&folder.path().join("read-only"), &std::sync::Arc::default()).unwrap();
    add_service(&mut read_only, "x", 1);
    drop((closed, read_only));
    keycap_store::unlock::file::create(&crate::fixture::key_file(&folder.path().join("read-only-parent"))).unwrap();

    // The program is copied to where another user can start it.
    let program = folder.path().join("test-program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = again::under(&[], &program, name, folder.path());
    let vault = folder.path().join("read-only").join("vault");
    if std::fs::metadata(&program).unwrap().permissions().mode() & 0o001 == 0 {
        set(&program, 0o755);
    }
    set(folder.path(), 0o755);
    set(&folder.path().join("read-only-parent"), 0o555);
    if whoami_is_root() {
        let nobody = 65_534;
        std::os::unix::process::CommandExt::uid(&mut command, nobody);
        for entry in std::fs::read_dir(&vault).unwrap() {
            chown(entry.unwrap().path(), Some(nobody), None).unwrap();
        }
        chown(&vault, Some(nobody), None).unwrap();
    } else {
        set(&folder.path().join("closed").join("vault"), 0o000);
    }
    for entry in std::fs::read_dir(&vault).unwrap() {
        set(&entry.unwrap().path(), 0o400);
    }
    set(&vault, 0o500);
    again::succeed(command);
    set(&vault, 0o700);
    set(&folder.path().join("closed").join("vault"), 0o700);
    set(&folder.path().join("read-only-parent"), 0o755);
}

#[cfg(unix)]
fn whoami_is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // A file that this process makes belongs to whom it runs as.
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}
