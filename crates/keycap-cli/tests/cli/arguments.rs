//! What the command line takes, and what it refuses to take.

use std::path::Path;

use crate::place::{PROGRAM, Place};

const SECRETS: [&str; 3] = ["KEYCAP-SECRET-1SECRETPART", "keycap:keycap-secret-1secretpart", "AGE-SECRET-KEY-1SECRETPART"];

/// The words of every verb, found by asking each for its help.
pub(crate) fn verbs() -> Vec<Vec<String>> {
    let place = Place::without_vault();
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(verb) = open.pop() {
        let mut words: Vec<&str> = verb.iter().map(String::as_str).collect();
        words.push("-h");
        let help = place.keycap(&words).succeeded();
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        // A verb's first word is indented by two; what is indented further goes on about the one before.
        let below: Vec<String> =
            listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()).map(str::to_owned)).collect();
        open.extend(below.iter().map(|word| verb.iter().cloned().chain([word.clone()]).collect::<Vec<_>>()));
        found.push(verb);
    }
    found.retain(|verb| !verb.is_empty());
    found.sort();
    assert!(found.len() > 30, "{found:?}");
    found
}

#[test]
fn no_verb_takes_a_secret_from_the_command_line_or_repeats_it() {
    let place = Place::new();
    for verb in verbs() {
        for secret in SECRETS {
            for form in [vec![secret.to_owned()], vec!["--name".to_owned(), secret.to_owned()], vec![format!("--name={secret}")]] {
                let words: Vec<&str> = verb.iter().chain(&form).map(String::as_str).collect();
                let ended = place.keycap(&words).exited(2);
                let said = format!("{}{}", ended.stdout, ended.stderr).to_lowercase();
                assert!(!said.contains("secretpart"), "{verb:?} repeats it: {said}");
                assert!(said.contains("a secret was given on the command line") && said.contains("keycap add"), "{verb:?}: {said}");
            }
        }
    }
}

#[test]
fn no_option_takes_a_passphrase() {
    let place = Place::without_vault();
    for verb in verbs() {
        let mut words: Vec<&str> = verb.iter().map(String::as_str).collect();
        words.push("--help");
        let help = place.keycap(&words).succeeded();
        for line in help.lines().filter(|line| line.contains("passphrase") && line.trim_start().starts_with("--")) {
            assert!(line.contains("<FILE>") || line.contains("<N>"), "{verb:?}: {line}");
        }
    }
}

#[test]
fn a_sealed_vault_takes_its_passphrase_from_a_file_or_descriptor_and_is_locked_without() {
    let place = Place::with_passphrase("correct horse");
    place.prepare("echo 'correct horse' >good\necho 'wrong horse' >bad");
    let locked = place.keycap(&["key", "new", "operator"]).exited(4);
    assert!(locked.stderr.contains("--passphrase-file"), "{locked:?}");
    let wrong = place.keycap(&["key", "new", "operator", "--passphrase-file", "bad"]).exited(4);
    assert!(wrong.stderr.contains("the passphrase is wrong"), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("wrong horse"));
    place.keycap(&["--passphrase-file", "good", "key", "new", "one"]).succeeded();
    assert_eq!(place.shell("keycap key new two --passphrase-fd 3 3<good").code, Some(0));
    // What needs no secret needs no passphrase.
    assert!(place.keycap(&["key", "list"]).succeeded().contains("two"));
}

#[test]
fn a_locked_vault_says_how_to_unlock_it() {
    let place = Place::new();
    place.prepare("keycap vault lock");
    let locked = place.keycap(&["key", "new", "operator"]).exited(4);
    assert!(locked.stderr.contains("try: unlock it with `keycap vault unlock`"), "{locked:?}");
    place.keycap(&["key", "list"]).succeeded();
}

#[test]
fn whoever_stops_reading_is_no_error() {
    let place = Place::new();
    place.prepare("keycap service new orders\nyes '{\"for\": \"x\"}' | head -n 2000 | keycap mint orders --json-lines");
    for verb in ["keycap grants --all", "keycap grants --all --json", "keycap --help"] {
        let ended = place.shell(&format!("{{ {verb}; echo $? >code; }} | head -c 1 >/dev/null"));
        assert_eq!(ended.stderr, "", "{verb}");
        assert_eq!(std::fs::read_to_string(place.path("code")).unwrap(), "0\n", "{verb}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    assert!(Path::new("/dev/full").exists(), "these tests want Linux's /dev/full");
    let place = Place::new();
    let ended = place.shell("keycap key list >/dev/full").exited(1);
    assert!(ended.stderr.contains("the output could not be written"), "{ended:?}");
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let place = Place::new();
    place.prepare("keycap key new operator");
    assert!(!place.keycap(&["key", "list"]).succeeded().contains('\x1b'));
    assert!(place.keycap(&["key", "list", "--color", "always"]).succeeded().contains('\x1b'));
    assert!(!place.shell("CLICOLOR_FORCE=1 NO_COLOR=1 keycap key list --color never").succeeded().contains('\x1b'));
}

#[test]
fn binary_is_not_poured_onto_a_pipe_unasked_and_goes_there_if_asked() {
    let place = Place::new();
    place.prepare("keycap key new operator");
    let ended = place.command(PROGRAM).args(["key", "export", "operator", "--yes", "--to", "operator", "--output", "-"]).output().unwrap();
    assert!(ended.stdout.starts_with(b"age-encryption.org/v1\n"), "{ended:?}");
}

#[test]
fn a_key_file_that_was_made_for_nothing_is_gone_again() {
    let place = Place::without_vault();
    std::fs::write(place.path("file"), "").unwrap();
    let ended = place.keycap(&["vault", "init", "--vault", "file/vault", "--sealed", "file", "--key-file", "key"]);
    assert_ne!(ended.code, Some(0));
    assert!(!ended.stderr.contains("made the key file"), "{}", ended.stderr);
    assert!(!place.path("key").exists(), "{}", ended.stderr);

    let ended = place.keycap(&["vault", "init", "--sealed", "file", "--key-file", "key"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("made the key file"), "{}", ended.stderr);
    assert!(place.path("key").exists());
}
