//! Help is true: every example in it is run.

use crate::arguments::verbs;
use crate::place::Place;

/// What the examples find: keys and a card, a service with grants, capabilities, and the files that they name.
const SCENE: &str = "keycap key new operator
    KEYCAP_VAULT=bob.vault keycap vault init --sealed file --key-file bob.key
    KEYCAP_VAULT=bob.vault keycap key new bob
    KEYCAP_VAULT=bob.vault keycap key new robert
    KEYCAP_VAULT=bob.vault keycap key new elsewhere
    KEYCAP_VAULT=bob.vault keycap service new billing
    KEYCAP_VAULT=bob.vault keycap share bob --reveal --output first.keycap
    KEYCAP_VAULT=bob.vault keycap share robert --reveal --output bob.keycap
    keycap add first.keycap --name bob --yes
    keycap share operator --reveal --output operator.keycap
    KEYCAP_VAULT=bob.vault keycap add operator.keycap --yes
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
    printf '{\"id\": 7, \"email\": \"ann@example.net\"}\\n{\"id\": 8, \"email\": null}\\n' >users.jsonl
    printf '{\"service\": \"orders\", \"for\": \"x\", \"expires\": \"1d\"}' >new-hires.jsonl
    printf 'correct horse battery' >passphrase
    printf 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX' >identity.txt
    keycap group new team operator bob
    echo report >report.pdf
    echo notes >notes.txt
    mkdir photos
    echo photo >photos/one
    keycap seal -r operator report.pdf photos
    keycap seal -r age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj --no-self report.pdf --output theirs.age";

/// What single examples find besides: files that others would stumble over.
const BESIDES: [(&str, &str); 5] = [
    (
        "keycap record open",
        "keycap record seal --cap orders --field email --place 'users/{id}' users.jsonl --output sealed.jsonl; tail -n 1 sealed.jsonl >rows.jsonl",
    ),
    ("keycap key import", "KEYCAP_VAULT=bob.vault keycap key export elsewhere --to operator --output operator.age --yes"),
    ("keycap service import", "KEYCAP_VAULT=bob.vault keycap service export billing --to operator --output orders.age --yes"),
    ("keycap vault unlock", "keycap vault lock"),
    // Examples of making the first one.
    ("keycap key new", "rm -r vault vault.key; keycap vault init --sealed file --key-file vault.key"),
];

/// Examples that need more than a vault: a gateway, a clipboard, a keyring. What they do is tested where there is one.
const ELSEWHERE: [&str; 7] =
    ["keycap serve", "keycap connect", "keycap run", "keycap add --clipboard", "keycap vault init --keyring", "wl-copy", "--sealed keyring"];

/// The examples in a verb's help: lines that begin with two spaces and the program's name.
fn examples(help: &str) -> Vec<&str> {
    let after = help.split("\nExamples:\n").nth(1).unwrap_or_default();
    after.lines().filter(|line| line.starts_with("  keycap")).map(str::trim).collect()
}

#[test]
fn every_example_in_help_does_what_it_says() {
    let scene = Place::new();
    scene.prepare(SCENE);
    let (mut run, mut failed) = (0, Vec::new());
    for verb in verbs() {
        let mut words: Vec<&str> = verb.iter().map(String::as_str).collect();
        words.push("--help");
        let help = scene.keycap(&words).succeeded();
        for example in examples(&help).into_iter().filter(|example| !ELSEWHERE.iter().any(|elsewhere| example.contains(elsewhere))) {
            // Each in a copy of the scene: examples are not a story, and some of them destroy.
            let place = Place::copy_of(&scene);
            for (_, besides) in BESIDES.iter().filter(|(verb, _)| example.starts_with(verb)) {
                place.prepare(besides);
            }
            if example.starts_with("keycap service new") {
                place.prepare("keycap service remove orders --yes");
            }
            let ended = place.shell(&answered(example));
            // The example of a refusal is refused.
            let is_refusal = example.starts_with("keycap explain") && ended.code == Some(3);
            if ended.code != Some(0) && !is_refusal {
                failed.push(format!("{example}\n{ended:?}"));
            }
            run += 1;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(run > 50, "only {run} examples were found");
}

/// An example as a program would run it: what it would ask a person is answered.
fn answered(example: &str) -> String {
    let example = example.split("   #").next().unwrap_or(example).trim();
    let asks = ["revoke", "remove", "rotate", "export", "reseal"];
    // Groups are changed without asking.
    let word = example.split(' ').find(|word| asks.contains(word) && !example.starts_with("keycap group "));
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
