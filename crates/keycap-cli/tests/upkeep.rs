//! Looking after a vault from the command line: where its secrets rest, its lock, its backups, its log and its health.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A home of its own, without a keyring.
struct Place {
    home: TempDir,
}

/// What a command came to.
struct Run {
    code: i32,
    out: String,
    notes: String,
}

impl Place {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// With a vault that a key file unlocks, a key, a key card of somebody else and a service.
    fn with_vault() -> Self {
        let place = Self::new();
        place.done("vault init --sealed file --key-file vault-key");
        let other = Self::new();
        other.done("vault init --sealed file --key-file vault-key");
        let card = other.json("key new bob")["card"].as_str().unwrap().to_owned();
        std::fs::write(place.path("card"), card).unwrap();
        place.done("key new operator");
        place.done("add card --name bob --yes");
        place.done("service new orders");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, line: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keycap"));
        command.args(line.split_whitespace()).current_dir(self.home.path()).env_clear();
        command.env("HOME", self.home.path()).env("XDG_DATA_HOME", self.path("data")).env("XDG_RUNTIME_DIR", self.path("none")).env("TZ", "UTC");
        let Output { status, stdout, stderr } = command.stdin(std::process::Stdio::null()).output().unwrap();
        Run { code: status.code().unwrap(), out: String::from_utf8(stdout).unwrap(), notes: String::from_utf8(stderr).unwrap() }
    }

    /// Runs what is to succeed.
    #[track_caller]
    fn done(&self, line: &str) -> Run {
        let run = self.run(line);
        assert_eq!(run.code, 0, "keycap {line}: {}{}", run.out, run.notes);
        run
    }

    /// Runs what is to fail with this exit code; the error's code.
    #[track_caller]
    fn refused(&self, line: &str, exit: i32) -> String {
        let run = self.run(&format!("{line} --json"));
        assert_eq!(run.code, exit, "keycap {line}: {}{}", run.out, run.notes);
        let envelope: Value = serde_json::from_str(&run.out).unwrap();
        assert!(envelope["error"]["hint"].is_string(), "{envelope}");
        envelope["error"]["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        let run = self.done(&format!("{line} --json"));
        serde_json::from_str::<Value>(&run.out).unwrap()["data"].take()
    }

    fn passphrase(&self, name: &str, passphrase: &str) {
        std::fs::write(self.path(name), format!("{passphrase}\n")).unwrap();
    }
}

#[test]
fn where_secrets_rest_is_never_chosen_silently() {
    let place = Place::new();
    for line in ["vault init", "vault init --sealed"] {
        assert_eq!(place.refused(line, 2), "needs-place");
    }
    assert_eq!(place.refused("vault init --sealed file", 2), "needs-key-file");
    assert_eq!(place.refused("vault init --sealed recipient", 2), "needs-recipient");
    assert_eq!(place.refused("vault init --sealed passphrase", 2), "needs-passphrase");
    assert_eq!(place.refused("vault init --sealed credential", 2), "no-credential");
    assert_eq!(place.refused("vault init --sealed passphrase --key-file x", 2), "key-file-without-use");
    // A keyring that is not there is not replaced by anything.
    assert_eq!(place.refused("vault init --keyring", 1), "keyring-missing");
    assert_eq!(place.refused("vault status", 1), "no-vault");
    assert!(!place.path("vault-key").exists());
}

#[test]
fn a_vault_is_made_once_with_a_key_file_that_is_closed() {
    let place = Place::new();
    let made = place.done("vault init --sealed file --key-file vault-key");
    assert!(made.out.contains("the key file") && made.notes.contains("made the vault"), "{}{}", made.out, made.notes);
    assert_eq!(place.refused("vault init --sealed file --key-file another", 1), "already-a-vault");
    assert!(!place.path("another").exists());
    let status = place.json("vault status");
    assert_eq!((status["locked"].as_bool(), status["keys"].as_u64(), &status["last_backup"]), (Some(false), Some(0), &Value::Null));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(place.path("vault-key")).unwrap().permissions().mode() & 0o777, 0o400);
    }
}

#[test]
fn a_locked_vault_gives_nothing_until_it_is_unlocked() {
    let place = Place::with_vault();
    place.done("vault lock");
    for line in ["key new more", "vault backup --to bob --output backup.age", "log --verify", "vault convert --sealed passphrase --yes"] {
        assert_eq!(place.refused(line, 4), "vault-locked");
    }
    place.done("key list");
    assert!(place.done("doctor").out.contains("locked"));
    assert!(place.done("vault unlock").out.contains("is unlocked"));
    assert!(place.done("vault unlock").out.contains("was not locked"));
    place.done("key new more");
}

#[test]
fn a_backup_comes_back_in_a_new_vault_with_its_log() {
    let place = Place::with_vault();
    place.passphrase("words", "correct horse battery staple");
    let run = place.done("vault backup --new-passphrase-file words --output backup.age");
    assert!(run.out.contains("1 key, 1 key card, 1 service") && run.out.contains("it is whole"), "{}", run.out);
    assert!(place.json("vault status")["last_backup"].is_u64());
    assert!(!format!("{}{}", run.out, run.notes).contains("horse"));

    let restore = "vault restore backup.age --vault other --file-passphrase words";
    let contents = place.json(&format!("{restore} --dry-run"));
    assert_eq!(contents["add"].as_array().unwrap().len(), 3);
    assert!(!place.path("other").exists());
    assert_eq!(place.refused(restore, 2), "needs-place");
    let restored = place.json(&format!("{restore} --sealed file --key-file other-key"));
    assert_eq!(restored["add"], contents["add"]);
    assert_eq!(place.json("key show operator --vault other")["fingerprint"], place.json("key show operator")["fingerprint"]);
    let actions = place.json("log --vault other");
    assert_eq!(actions["rows"][0]["action"], "vault.restore");
    assert_eq!(actions["rows"].as_array().unwrap().last().unwrap()["action"], "vault.init");
    place.done("log --verify --vault other");
}

#[test]
fn restoring_over_a_vault_shows_what_changes_asks_and_refuses_contradictions() {
    let place = Place::with_vault();
    place.done("vault backup --to operator --output backup.age");
    place.done("key rename operator op");
    place.done("key remove bob --yes");
    let restore = "vault restore backup.age";
    let preview = place.json(&format!("{restore} --dry-run"));
    assert_eq!((preview["add"][0]["reference"].as_str(), preview["conflict"][0]["reference"].as_str()), (Some("card:bob"), Some("key:operator")));
    assert!(place.done(&format!("{restore} --dry-run")).out.contains("--replace"));

    assert_eq!(place.refused(restore, 2), "needs-consent");
    assert_eq!(place.refused(&format!("{restore} --confirm another"), 2), "confirm-differs");
    assert_eq!(place.refused(&format!("{restore} --confirm keycap"), 2), "bad-request");
    assert_eq!(place.refused("key show bob", 1), "not-found");
    let kept = place.json(&format!("{restore} --keep --confirm keycap"));
    assert_eq!(kept["conflict"][0]["reference"], "key:operator");
    place.done("key show bob");
    place.done("key show op");
    let replaced = place.json(&format!("{restore} --replace operator --yes"));
    assert_eq!(replaced["replaced"][0]["reference"], "key:operator");
    place.done("key show operator");
    assert!(place.done(&format!("{restore} --yes")).out.contains("nothing was changed"));
}

#[test]
fn a_backup_that_cannot_be_opened_or_is_in_the_way_is_told() {
    let place = Place::with_vault();
    let made = place.done("vault backup --to operator --output backup.age");
    assert!(made.out.contains("should the vault be lost"), "{}", made.out);
    assert_eq!(place.refused("vault backup --to bob --output backup.age", 1), "file-exists");
    place.done("vault backup --to bob --output backup.age --force");
    assert_eq!(place.refused("vault restore backup.age", 1), "age");
    std::fs::write(place.path("nonsense"), "nonsense").unwrap();
    assert_eq!(place.refused("vault restore nonsense", 1), "bad-backup");
    assert_eq!(place.refused("vault restore nothing", 1), "file-read");
    assert_eq!(place.refused("vault backup --output other.age", 2), "needs-recipient");
}

#[test]
fn a_passphrase_is_changed_and_the_old_one_opens_no_more() {
    let place = Place::new();
    place.passphrase("old", "one two three four");
    place.passphrase("new", "five six seven eight");
    place.done("vault init --sealed passphrase --passphrase-file old");
    assert_eq!(place.refused("vault unlock", 4), "vault-locked");
    assert_eq!(place.refused("vault passwd --passphrase-file old", 2), "needs-passphrase");
    place.done("vault passwd --passphrase-file old --new-passphrase-file new");
    assert_eq!(place.refused("vault unlock --passphrase-file old", 4), "wrong-passphrase");
    place.done("vault unlock --passphrase-file new");
    assert_eq!(place.refused("vault passwd --passphrase-file new --keyring", 2), "other-verb");

    assert_eq!(place.refused("vault convert --passphrase-file new --sealed file --key-file key", 2), "needs-consent");
    assert!(!place.path("key").exists());
    place.done("vault convert --passphrase-file new --sealed file --key-file key --yes");
    place.done("vault unlock");
    assert_eq!(place.json("log --action vault.convert")["total"], 1);
}

#[test]
fn the_log_is_listed_filtered_exported_and_verified() {
    let place = Place::with_vault();
    let log = place.done("log").out;
    assert!(log.lines().next().unwrap().starts_with("ROW") && log.contains("service.new") && log.contains("orders"), "{log}");
    assert_eq!(place.json("log --action key.new")["rows"][0]["target"], "operator");
    assert_eq!(place.json("log --target orders --since 1h")["total"], 1);
    assert_eq!(place.json("log --since 2090-01-01")["total"], 0);
    assert!(place.done("log --action mint").out.contains("Nothing of that kind"));
    assert!(place.done("log --limit 1").out.contains("1 of 4 rows"));
    let lines = place.done("log --export").out;
    assert_eq!(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 3, 2, 1]);
    place.done("log --export --output log.jsonl");
    assert_eq!(std::fs::read_to_string(place.path("log.jsonl")).unwrap(), lines);
    assert_eq!(place.refused("log --output log.jsonl", 2), "output-without-export");

    assert!(place.done("log --verify").out.contains("all 4 rows"));
    let ledger = rusqlite::Connection::open(place.path("data/keycap/ledger.sqlite")).unwrap();
    ledger.execute("UPDATE audit SET target = 'mallory' WHERE seq = 2", ()).unwrap();
    drop(ledger);
    let run = place.run("log --verify");
    assert_eq!(run.code, 1);
    assert!(run.out.contains("row 2 is not what was recorded"), "{}", run.out);
    assert_eq!(place.run("doctor").code, 1);
}

#[test]
fn the_doctor_looks_says_the_way_out_and_mends() {
    let nowhere = Place::new();
    assert!(nowhere.done("doctor").out.contains("keycap vault init"));
    let place = Place::with_vault();
    let findings = place.json("doctor")["findings"].as_array().unwrap().clone();
    let of = |code: &str| findings.iter().find(|finding| finding["code"] == code).cloned();
    assert_eq!(of("no-backup").unwrap()["level"], "warning");
    assert_eq!(of("log").unwrap()["level"], "ok");
    assert!(place.done("doctor --mend").out.contains("nothing to mend"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = || std::fs::set_permissions(place.path("data/keycap"), std::fs::Permissions::from_mode(0o755)).unwrap();
        open();
        let run = place.run("doctor");
        assert_eq!(run.code, 1);
        assert!(run.out.contains("doctor --mend"), "{}", run.out);
        assert!(place.done("doctor --mend").out.contains("Closed"));
        place.done("doctor");
    }
}
