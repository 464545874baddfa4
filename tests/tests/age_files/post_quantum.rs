//! `age1pq1…` recipients, made by the newest age: wherever keycap seals to somebody, and wherever it reads an identity.

use std::fs;
use std::path::Path;

use keycap_tests::{Age, Keycap, Size, Terminal};
use serde_json::Value;

use crate::{MOMENT, vault};

#[test]
fn a_key_travels_sealed_to_a_post_quantum_recipient_and_both_programs_open_it() {
    let (age, keycap) = (Age::newest(), vault());
    let home = keycap.home().path();
    let (identity, sealed) = (home.join("identity"), home.join("alice.age"));
    let recipient = age.generate(&identity, &["-pq"]);
    assert!(recipient.starts_with("age1pq1"), "{recipient}");

    let _ = keycap.run(["key", "new", "alice"]).succeeded();
    let _ = keycap.run(["key", "export", "alice", "--to", &recipient, "--output", sealed.to_str().unwrap(), "--yes"]).succeeded();
    let opened = age.open(&identity, &sealed);

    // Sealed anew by age, it is taken in by keycap.
    let (plain, again) = (home.join("alice"), home.join("again.age"));
    fs::write(&plain, &opened).unwrap();
    age.seal(["-r", &recipient], &plain, &again);
    let elsewhere = vault();
    let import = |file: &Path, name: &str| {
        elsewhere.run(["key", "import", file.to_str().unwrap(), "--name", name, "--with-identity", identity.to_str().unwrap()])
    };
    let _ = import(&again, "one").succeeded();
    let second = import(&sealed, "two").exited(1);
    assert!(second.stderr.contains("already"), "it opens too, and is the same key: {}", second.stderr);
    let fingerprint = |keycap: &Keycap, name: &str| -> Value {
        let shown: Value = serde_json::from_str(&keycap.run(["key", "show", name, "--json"]).succeeded().stdout).unwrap();
        shown["data"]["fingerprint_full"].clone()
    };
    assert_eq!(fingerprint(&elsewhere, "one"), fingerprint(&keycap, "alice"));
}

#[test]
fn a_vault_that_is_sealed_to_a_post_quantum_recipient_opens_with_its_identity_encrypted_or_not() {
    let (age, keycap) = (Age::newest(), Keycap::without_keyring());
    let home = keycap.home().path();
    let (plain, encrypted) = (home.join("identity"), home.join("identity.age"));
    let recipient = age.generate(&plain, &["-pq"]);
    let _ = keycap.run(["vault", "init", "--sealed", "recipient", "--recipient", &recipient]).succeeded();
    let _ = keycap.run(["key", "new", "alice", "--identity", plain.to_str().unwrap()]).succeeded();
    assert_eq!(keycap.run(["key", "new", "bob"]).exited(4).code, Some(4));

    age.seal_to_passphrase("correct horse", &plain, &encrypted);
    let unlock = keycap.command(["key", "new", "bob", "--identity", encrypted.to_str().unwrap()]);
    let terminal = Terminal::open(Size::CLASSIC, &unlock);
    terminal.wait_for("assphrase", MOMENT);
    terminal.type_text("correct horse");
    terminal.press(&["Enter"]);
    assert_eq!(terminal.wait_for_exit(MOMENT), 0, "{}", terminal.screen().text());
}

#[test]
fn it_is_not_mixed_with_a_recipient_that_a_quantum_computer_breaks() {
    let (age, keycap) = (Age::newest(), vault());
    let home = keycap.home().path();
    let hybrid = age.generate(&home.join("hybrid"), &["-pq"]);
    let classic = age.generate(&home.join("classic"), &[]);
    let sealed = home.join("alice.age");
    let _ = keycap.run(["key", "new", "alice"]).succeeded();
    let refused = keycap.run(["key", "export", "alice", "--to", &hybrid, "--to", &classic, "--output", sealed.to_str().unwrap(), "--yes"]).exited(1);
    assert!(refused.stderr.contains("quantum"), "{}", refused.stderr);
    assert!(!sealed.exists());
}

#[test]
fn a_file_for_it_is_not_sealed_to_oneself_as_well_and_says_so_on_few_lines() {
    let (age, keycap) = (Age::newest(), vault());
    let home = keycap.home().path();
    let (identity, plain) = (home.join("identity"), home.join("plain"));
    let recipient = age.generate(&identity, &["-pq"]);
    fs::write(&plain, "secret").unwrap();
    let _ = keycap.run(["key", "new", "me"]).succeeded();
    let said = keycap.run(["seal", "-r", &recipient, plain.to_str().unwrap()]).succeeded().stdout;
    assert!(said.contains("you are not among the recipients"), "{said}");
    assert!(said.contains(&recipient[..20]) && said.len() < 500, "{said}");
    assert_eq!(age.open(&identity, &home.join("plain.age")), b"secret");
}
