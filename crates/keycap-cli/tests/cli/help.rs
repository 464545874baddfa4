//! Help is true: every example in it is run.

use std::time::{Duration, Instant};

use crate::arguments::verbs;
use crate::place::Place;

/// What the examples find: keys and a card, a service with grants, capabilities, and the files that they name.
const SCENE: &str = "keycap key new operator
    KEYCAP_VAULT=bob.vault keycap vault init --sealed file --key-file bob.key
    KEYCAP_VAULT=bob.vault keycap key new bob
    KEYCAP_VAULT=bob.vault keycap share bob --reveal --output bob.keycap
    keycap add bob.keycap --yes
    rm bob.keycap
    KEYCAP_VAULT=bob.vault keycap key new robert
    KEYCAP_VAULT=bob.vault keycap share robert --reveal --output bob.keycap
    keycap service new shop
    keycap service new orders --hint db.example.net:7000
    keycap mint orders --for alice --yes --expires 30d
    keycap mint shop --for erin --yes --expires 30d
    keycap share erin --reveal --output capability.txt
    keycap mint shop --for frank --yes --expires 30d
    keycap share frank --png orders.png
    keycap mint shop --for grace --yes --expires 30d
    keycap share grace --reveal --output grace.txt
    keycap add grace.txt --name orders --yes
    keycap vault backup --to operator --output keycap-backup.age
    printf '{\"service\": \"orders\", \"for\": \"x\", \"expires\": \"1d\"}' >new-hires.jsonl
    printf 'correct horse battery' >passphrase";

/// Verbs whose examples need more than a vault: a gateway that runs, a clipboard, a keyring. Each is tested where there is one.
const ELSEWHERE: [&str; 8] = [
    "keycap serve",
    "keycap connect",
    "keycap run",
    "keycap tour",
    "keycap add --clipboard",
    "keycap vault init --keyring",
    "wl-copy",
    "keycap vault convert --sealed keyring",
];

/// The examples in a verb's help: lines that begin with two spaces and the program's name.
fn examples(help: &str) -> Vec<&str> {
    let after = help.split("\nExamples:\n").nth(1).unwrap_or_default();
    after.lines().filter(|line| line.starts_with("  keycap")).map(str::trim).collect()
}

#[test]
fn every_example_in_help_does_what_it_says() {
    let begun = Instant::now();
    let scene = Place::new();
    scene.prepare(SCENE);
    let mut run = 0;
    for verb in verbs() {
        let mut words: Vec<&str> = verb.iter().map(String::as_str).collect();
        words.push("--help");
        let help = scene.keycap(&words).succeeded();
        for example in examples(&help) {
            if ELSEWHERE.iter().any(|elsewhere| example.contains(elsewhere)) {
                continue;
            }
            // Each in a scene of its own: examples are not a story, and some of them destroy.
            let place = Place::new();
            place.prepare(SCENE);
            let ended = place.shell(&answered(example));
            let refused = example.starts_with("keycap explain") && ended.code == Some(3);
            assert!(ended.code == Some(0) || refused, "{example}\n{ended:?}");
            run += 1;
        }
    }
    assert!(run > 40, "only {run} examples were found");
    assert!(begun.elapsed() < Duration::from_secs(600));
}

/// An example as a program would run it: what it would ask a person is answered.
fn answered(example: &str) -> String {
    let example = example.split("   #").next().unwrap_or(example).trim();
    let asks = ["revoke", "remove", "rotate", "export"];
    let word = example.split(' ').find(|word| asks.contains(word));
    let consents = example.contains("--yes") || example.contains("--confirm") || example.contains("--dry-run");
    let mut line = example.to_owned();
    if word.is_some() && !consents {
        line.push_str(" --yes");
    }
    if example.contains(" export ") && !example.contains("--to") {
        line.push_str(" --new-passphrase-file passphrase");
    }
    line
}

#[test]
fn every_verb_that_can_be_run_has_an_example_of_itself() {
    let place = Place::without_vault();
    for verb in verbs() {
        let mut words: Vec<&str> = verb.iter().map(String::as_str).collect();
        words.push("--help");
        let help = place.keycap(&words).succeeded();
        if help.contains("\nCommands:\n") && !help.contains("[COMMAND]") {
            continue;
        }
        let own = format!("keycap {}", verb.join(" "));
        assert!(examples(&help).iter().any(|example| example.starts_with(&own)), "{own}: {help}");
    }
}
