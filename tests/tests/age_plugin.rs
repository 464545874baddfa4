//! age and rage with `age-plugin-keycap`: they seal to keys and capabilities, and open with a vault that keeps its secrets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use keycap_tests::{Age, Keycap, Size, Terminal};
use serde_json::Value;

const MOMENT: Duration = Duration::from_secs(20);

/// A vault with a key, a service and a capability for it.
struct Place {
    keycap: Keycap,
}

impl Place {
    fn new() -> Self {
        let place = Self { keycap: Keycap::without_keyring() };
        place.ok(&["vault", "init", "--sealed", "file", "--key-file", "vault.key"]);
        place.ok(&["key", "new", "operator"]);
        place.ok(&["service", "new", "inbox"]);
        place.ok(&["mint", "inbox", "--for", "writer", "--expires", "1d", "--yes"]);
        let text = place.ok(&["share", "writer", "--reveal", "--yes"]);
        fs::write(place.path("held.txt"), text).unwrap();
        place.ok(&["add", "held.txt", "--name", "held", "--yes"]);
        fs::write(place.path("plain"), "written by hand\n").unwrap();
        place.write_identity("key.txt", "key:operator");
        place.write_identity("service.txt", "service:inbox");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.keycap.home().path().join(name)
    }

    fn ok(&self, arguments: &[&str]) -> String {
        self.keycap.run(arguments).succeeded().stdout
    }

    fn write_identity(&self, file: &str, of: &str) {
        fs::write(self.path(file), self.ok(&["share", of, "--age-identity"])).unwrap();
    }

    fn recipient(&self, arguments: &[&str]) -> String {
        self.ok(&[&["share"], arguments, &["--age-recipient"]].concat()).trim_end().to_owned()
    }

    /// A program of age in this home, with the plugin in its path.
    fn command(&self, age: &Age, arguments: &[&str]) -> Command {
        let mut command = self.keycap.around(age.program(), arguments);
        command.env("PATH", Keycap::path_with_plugin());
        command
    }

    fn age(&self, age: &Age, arguments: &[&str]) -> Output {
        self.command(age, arguments).output().unwrap()
    }

    #[track_caller]
    fn seals(&self, age: &Age, recipient: &str, file: &str) {
        let Output { status, stderr, .. } = self.age(age, &["-r", recipient, "-o", file, "plain"]);
        assert!(status.success(), "{}: {}", age.name(), String::from_utf8_lossy(&stderr));
    }

    /// What it says on standard error when it opens the file.
    #[track_caller]
    fn opens(&self, age: &Age, identity: &str, file: &str) -> String {
        let Output { status, stdout, stderr } = self.age(age, &["-d", "-i", identity, file]);
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert!(status.success(), "{}: {said}", age.name());
        assert_eq!(stdout, b"written by hand\n");
        said
    }

    #[track_caller]
    fn fails(&self, age: &Age, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.age(age, arguments);
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!status.success() && stdout.is_empty(), "{}: {said}", age.name());
        said
    }
}

#[test]
fn what_each_program_seals_to_a_key_or_capability_opens_in_all_of_them() {
    let place = Place::new();
    let to_key = place.recipient(&["key:operator"]);
    let to_capability = place.recipient(&["cap:held"]);
    for sealing in Age::all() {
        for (recipient, identity, grant) in [(&to_key, "key.txt", false), (&to_capability, "service.txt", true)] {
            let file = format!("{} {identity}.age", sealing.name());
            place.seals(&sealing, recipient, &file);
            for opening in Age::all() {
                let said = place.opens(&opening, identity, &file);
                // Debian 12's age prints no messages of plugins.
                assert!(opening.name() == "age" || said.contains("with the grant writer of inbox") == grant, "{said}");
            }
        }
    }
}

#[test]
fn a_sender_is_shown_where_the_file_has_one_stanza() {
    let place = Place::new();
    place.ok(&["key", "new", "writer"]);
    for (arguments, identity) in [
        (&["key:operator", "--from", "writer"][..], "key.txt"),
        (&["key:operator", "--from", "writer", "--mutual"], "key.txt"),
        (&["cap:held", "--from", "writer"], "service.txt"),
    ] {
        let recipient = place.recipient(arguments);
        place.seals(&Age::newest(), &recipient, "shown.age");
        let said = place.opens(&Age::newest(), identity, "shown.age");
        assert!(said.contains("sealed by writer") && !said.contains("not shown"), "{said}");
        // rage adds a stanza of its own, as its protocol allows: then nothing is proven.
        place.seals(&Age::rage(), &recipient, "greased.age");
        let said = place.opens(&Age::newest(), identity, "greased.age");
        assert!(!said.contains("sealed by writer"), "{said}");
        for file in ["shown.age", "greased.age"] {
            fs::remove_file(place.path(file)).unwrap();
        }
    }
}

#[test]
fn a_recipient_that_shows_its_sender_stands_alone() {
    let place = Place::new();
    place.ok(&["key", "new", "writer"]);
    let shown = place.recipient(&["key:operator", "--from", "writer"]);
    let other = place.recipient(&["key:writer"]);
    for age in Age::all() {
        let said = place.fails(&age, &["-r", &shown, "-r", &other, "-o", "two.age", "plain"]);
        assert!(!place.path("two.age").exists(), "{said}");
    }
    // It cannot keep others away where labels are not understood.
    let said = place.fails(&Age::debian(), &["-r", &shown, "-o", "old.age", "plain"]);
    assert!(said.contains("labels"), "{said}");
}

#[test]
fn everything_in_the_vault_opens_without_an_identity_file() {
    let place = Place::new();
    place.seals(&Age::rage(), &place.recipient(&["cap:held"]), "held.age");
    for age in [Age::newest(), Age::rage()] {
        let Output { status, stdout, stderr } = place.age(&age, &["-d", "-j", "keycap", "held.age"]);
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        assert_eq!(stdout, b"written by hand\n");
    }
}

#[test]
fn what_was_sealed_to_somebody_else_stays_closed_and_nobody_is_asked() {
    let (place, other) = (Place::new(), Place::new());
    for recipient in [&["key:operator"][..], &["cap:held"]] {
        let recipient = other.recipient(recipient);
        other.seals(&Age::rage(), &recipient, "other.age");
        fs::copy(other.path("other.age"), place.path("other.age")).unwrap();
        fs::remove_file(other.path("other.age")).unwrap();
        for age in Age::all() {
            place.fails(&age, &["-d", "-i", "key.txt", "-i", "service.txt", "other.age"]);
        }
    }
}

#[test]
fn a_revoked_grant_and_a_locked_vault_say_what_they_are() {
    let place = Place::new();
    let (to_key, to_capability) = (place.recipient(&["key:operator"]), place.recipient(&["cap:held"]));
    place.seals(&Age::rage(), &to_key, "key.age");
    place.seals(&Age::rage(), &to_capability, "capability.age");
    place.ok(&["revoke", "writer", "--yes"]);
    for age in [Age::newest(), Age::rage()] {
        let said = place.fails(&age, &["-d", "-i", "service.txt", "capability.age"]);
        assert!(said.contains("revoked"), "{said}");
    }
    place.ok(&["vault", "lock"]);
    for age in [Age::newest(), Age::rage()] {
        let said = place.fails(&age, &["-d", "-i", "key.txt", "key.age"]);
        assert!(said.contains("keycap vault unlock"), "{said}");
        let said = place.fails(&age, &["-r", &to_capability, "plain"]);
        assert!(said.contains("keycap vault unlock"), "{said}");
        // Sealing to a key card needs no vault at all.
        assert!(place.age(&age, &["-r", &to_key, "plain"]).status.success());
    }
}

#[test]
fn a_vault_under_a_passphrase_is_unlocked_through_the_program_that_asks() {
    let place = Place { keycap: Keycap::without_keyring() };
    fs::write(place.path("passphrase"), "correct horse battery staple").unwrap();
    place.ok(&["vault", "init", "--sealed", "passphrase", "--passphrase-file", "passphrase"]);
    place.ok(&["key", "new", "operator", "--passphrase-file", "passphrase"]);
    place.write_identity("key.txt", "key:operator");
    fs::write(place.path("plain"), "written by hand\n").unwrap();
    place.seals(&Age::newest(), &place.recipient(&["key:operator"]), "key.age");
    for age in [Age::newest(), Age::rage()] {
        // By `env`, since tmux looks for programs in a path of its own.
        let path = format!("PATH={}", Keycap::path_with_plugin().to_str().unwrap());
        // Where rage finds pinentry, that draws over what was said before.
        let arguments = [&path, "PINENTRY_PROGRAM=none", age.program().to_str().unwrap(), "-d", "-i", "key.txt", "key.age"];
        let terminal = Terminal::open(Size::CLASSIC, &place.keycap.around("env", arguments));
        terminal.wait_for("Passphrase of the keycap vault", MOMENT);
        terminal.type_text("wrong horse");
        terminal.press(&["Enter"]);
        terminal.wait_for("not the passphrase", MOMENT);
        terminal.type_text("correct horse battery staple");
        terminal.press(&["Enter"]);
        terminal.wait_for("written by hand", MOMENT);
        assert_eq!(terminal.wait_for_exit(MOMENT), 0);
    }
    // With nobody to ask.
    let said = place.fails(&Age::rage(), &["-d", "-i", "key.txt", "key.age"]);
    assert!(said.contains("passphrase"), "{said}");
}

#[test]
fn recipients_and_identities_hold_no_secret_and_print_while_the_vault_is_locked() {
    let place = Place::new();
    place.ok(&["vault", "lock"]);
    for arguments in
        [&["share", "key:operator", "--age-recipient"][..], &["share", "cap:held", "--age-recipient"], &["share", "service:inbox", "--age-identity"]]
    {
        let shown: Value = serde_json::from_str(&place.ok(&[arguments, &["--json"]].concat())).unwrap();
        assert_eq!(shown["kind"], "age-handle");
        assert!(shown["data"]["text"].as_str().unwrap().len() < 130);
    }
    let refused = place.keycap.run(["share", "held", "--age-identity"]).exited(1);
    assert!(refused.stderr.contains("no key or service"), "{}", refused.stderr);
}

#[test]
fn the_plugin_tells_a_person_what_it_is() {
    let program = Path::new(&Keycap::path_with_plugin().into_string().unwrap().split(':').next().unwrap()).join("age-plugin-keycap");
    let run = |arguments: &[&str]| Command::new(&program).args(arguments).output().unwrap();
    assert!(String::from_utf8(run(&["--help"]).stdout).unwrap().contains("keycap share"));
    assert!(String::from_utf8(run(&["--version"]).stdout).unwrap().starts_with("age-plugin-keycap 0."));
    for wrong in [&[][..], &["--nonsense"], &["--version", "more"]] {
        let output = run(wrong);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true));
    }
    assert_eq!(run(&["--age-plugin=unknown-v9"]).status.code(), Some(1));
}

#[test]
fn a_file_of_recipients_and_a_file_of_identities_do_as_well_as_for_passage() {
    let place = Place::new();
    fs::write(
        place.path(".age-recipients"),
        format!("# the operator, and whoever serves the inbox\n{}\n{}\n", place.recipient(&["key:operator"]), place.recipient(&["cap:held"])),
    )
    .unwrap();
    let identities = ["key.txt", "service.txt"].map(|name| fs::read_to_string(place.path(name)).unwrap()).concat();
    fs::write(place.path("identities"), format!("# in the vault\n{identities}")).unwrap();
    for age in [Age::newest(), Age::rage()] {
        let sealed = place.age(&age, &["-e", "-R", ".age-recipients", "-o", "password.age", "plain"]);
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        for identity in ["key.txt", "service.txt", "identities"] {
            place.opens(&age, identity, "password.age");
        }
        fs::remove_file(place.path("password.age")).unwrap();
    }
    // As the identity that opens it, too.
    for age in [Age::newest(), Age::rage()] {
        let sealed = place.age(&age, &["-e", "-i", "key.txt", "-o", "own.age", "plain"]);
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        place.opens(&age, "key.txt", "own.age");
        fs::remove_file(place.path("own.age")).unwrap();
        let said = place.fails(&age, &["-e", "-i", "service.txt", "plain"]);
        assert!(said.contains("--age-recipient"), "{said}");
    }
}
