//! Completion: shells ask the program, which offers names from the ledger.

use crate::place::Place;

/// What the program offers for the last of these words.
fn offered(place: &Place, words: &[&str]) -> Vec<String> {
    let place_of_last = (words.len()).to_string();
    let mut command = place.command(crate::place::PROGRAM);
    command.env("COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", place_of_last).arg("--").arg("keycap").args(words);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn names_come_from_the_ledger() {
    let place = Place::new();
    place.prepare(
        "keycap key new operator
         keycap key new other
         keycap service new orders
         keycap mint orders --for alice --yes
         keycap share alice --reveal >alice.txt
         keycap add alice.txt --name held",
    );
    assert_eq!(offered(&place, &["key", "show", "o"]), ["operator", "other"]);
    assert_eq!(offered(&place, &["key", "show", "op"]), ["operator"]);
    assert!(offered(&place, &["mint", ""]).contains(&"orders".to_owned()));
    assert_eq!(offered(&place, &["mint", "orders", "--holder", "ot"]), ["other"]);
    assert_eq!(offered(&place, &["revoke", "a"]), ["alice"]);
    assert_eq!(offered(&place, &["delegate", "h"]), ["held"]);
    assert_eq!(offered(&place, &["explain", "a"]), ["alice"]);
    assert_eq!(offered(&place, &["share", "o"]), ["operator", "orders", "other"]);
    assert!(offered(&place, &["mint", "orders", "--preset", "mach"]).contains(&"machine".to_owned()));
}

#[test]
fn a_vault_that_is_named_on_the_line_is_the_one_that_is_asked() {
    let place = Place::new();
    place.prepare("KEYCAP_VAULT=second keycap vault init --sealed file --key-file second.key\nKEYCAP_VAULT=second keycap key new elsewhere");
    assert_eq!(offered(&place, &["--vault", "second", "key", "show", "else"]), ["elsewhere"]);
    assert_eq!(offered(&place, &["--vault=second", "key", "show", "else"]), ["elsewhere"]);
    assert!(offered(&place, &["key", "show", "else"]).is_empty());
}

#[test]
fn without_a_vault_nothing_is_offered_and_nothing_is_said() {
    let place = Place::without_vault();
    assert!(offered(&place, &["key", "show", "o"]).is_empty());
    assert!(!place.path("vault").exists());
}

#[test]
fn every_shell_gets_a_script() {
    let place = Place::without_vault();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.keycap(&["completions", shell]).succeeded();
        assert!(script.contains("COMPLETE") && script.contains("keycap"), "{shell}: {script}");
    }
    assert!(place.keycap(&["completions", "nushell"]).succeeded().contains("export extern \"keycap mint\""));
}
