//! A vault whose programs are killed at random points: what was reported done is there, nothing is half-made, and the log verifies.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use keycap_tests::{Keycap, PrivateKeyring};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

/// What a vault was asked to make, by kind, and reported done.
#[derive(Default)]
struct Made {
    keys: BTreeSet<String>,
    services: BTreeSet<String>,
    grants: BTreeSet<String>,
}

/// Runs `keycap` and kills it after `patience`; whether it said that it was done.
fn run_or_kill(keycap: &Keycap, arguments: &[&str], patience: Duration) -> bool {
    let mut command = keycap.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap().success()
}

/// Names that a list shows.
fn listed(keycap: &Keycap, arguments: &[&str], row_name: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let shown: Value = serde_json::from_str(&keycap.run([arguments, &["--json"]].concat()).succeeded().stdout).unwrap();
    let data = &shown["data"];
    let rows = data.as_array().or_else(|| data["rows"].as_array()).unwrap();
    rows.iter().map(|row| row_name(row).as_str().unwrap().to_owned()).collect()
}

/// Everything reported done is there, and everything that is there is whole: its secrets are found.
fn check(keycap: &Keycap, made: &Made) {
    let _ = keycap.run(["log", "--verify"]).succeeded();
    let keys = listed(keycap, &["key", "list"], |row| &row["name"]);
    let services = listed(keycap, &["service", "list"], |row| &row["name"]);
    let grants = listed(keycap, &["grants", "--all"], |row| &row["grant"]["name"]);
    assert_eq!(made.keys.difference(&keys).next(), None, "a key that was made is gone");
    assert_eq!(made.services.difference(&services).next(), None, "a service that was made is gone");
    assert_eq!(made.grants.difference(&grants).next(), None, "a grant that was minted is gone");
    let findings: Value = serde_json::from_str(&keycap.run(["doctor", "--json"]).stdout).unwrap();
    let problems: Vec<&Value> = findings["data"]["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] == "problem").collect();
    assert!(problems.is_empty(), "{problems:#?}");
    // One of each kind, chosen as the newest: minting needs a service's secrets, sharing its root.
    if let Some(service) = services.last() {
        let _ = keycap.run(["mint", service, "--for", "probe", "--dry-run"]).succeeded();
    }
    if let Some(grant) = grants.iter().rfind(|grant| grant.starts_with('g')) {
        let _ = keycap.run(["share", &format!("grant:{grant}"), "--reveal", "--yes"]).succeeded();
    }
}

fn torment(keycap: &Keycap, operations: usize, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut made = Made::default();
    let _ = keycap.run(["service", "new", "s"]).succeeded();
    // How long an operation takes when it is left alone, so that kills fall anywhere in it and some operations come through.
    let begun = Instant::now();
    let _ = keycap.run(["mint", "s", "--for", "g", "--yes"]).succeeded();
    let mut whole = begun.elapsed();
    let mut killed = 0;
    for number in 0..operations {
        let patience = whole.mul_f64(rng.gen_range(0.0..2.0));
        let (key, service, grant) = (format!("k{number}"), format!("s{number}"), format!("g{number}"));
        let done = match rng.gen_range(0..10) {
            0 | 1 => run_or_kill(keycap, &["key", "new", &key], patience) && made.keys.insert(key),
            2 => run_or_kill(keycap, &["service", "new", &service], patience) && made.services.insert(service),
            3 => run_or_kill(keycap, &["service", "rotate", "s", "--yes"], patience),
            4 => run_or_kill(keycap, &["share", "grant:g", "--reveal", "--yes", "--name", &grant], patience) && made.grants.insert(grant),
            _ => run_or_kill(keycap, &["mint", "s", "--for", &grant, "--yes"], patience) && made.grants.insert(grant),
        };
        killed += usize::from(!done);
        // The machine may be slower or faster than at first: about half of the operations shall come through.
        whole = whole.mul_f64(if done { 0.97 } else { 1.03 });
        if number % 100 == 99 {
            check(keycap, &made);
        }
    }
    check(keycap, &made);
    assert!(killed > operations / 10 && killed < operations * 9 / 10, "{killed} of {operations} were killed: the kills fall beside the operations");
}

#[test]
fn a_thousand_operations_killed_at_random_points_lose_nothing_and_leave_nothing_half_made() {
    let keycap = Keycap::without_keyring();
    let key_file = keycap.home().path().join("vault-key");
    let _ = keycap.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded();
    torment(&keycap, 1_000, 1);
}

#[test]
fn operations_killed_while_they_talk_to_the_keyring_leave_it_as_the_ledger_says() {
    let keyring = PrivateKeyring::start();
    let keycap = Keycap::on(&keyring);
    let _ = keycap.run(["vault", "init", "--keyring"]).succeeded();
    torment(&keycap, 200, 2);
}
