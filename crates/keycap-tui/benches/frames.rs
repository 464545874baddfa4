//! What an operator waits for at the screen, with 100,000 grants: the first picture, the tree, a letter of a filter, the last line.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use keycap_tui::measure::Rehearsal;
use keycap_vault::{Environment, MintRequest, NewService, SecretsChoice, UnlockMethod, Vault};

const GRANTS: usize = 100_000;

/// A vault with that many grants.
fn fill(folder: &Path, grants: usize) {
    let key_file = folder.join("vault-key");
    keycap_vault::key_file::create(&key_file).unwrap();
    let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
    let mut vault = Vault::create(&folder.join("vault"), choice, Environment::system()).unwrap();
    vault.new_service(&NewService { name: "db".into(), ..NewService::default() }).unwrap();
    let request = |number| MintRequest { service: "db".into(), name: format!("holder-{number:06}"), ..MintRequest::default() };
    for from in (0..grants).step_by(10_000) {
        let requests: Vec<_> = (from..(from + 10_000).min(grants)).map(request).collect();
        vault.mint_many(&requests).unwrap();
    }
}

fn frames(criterion: &mut Criterion) {
    // `cargo test` runs each bench once, to see that it runs: it needs no large ledger for that.
    let size = if std::env::args().any(|argument| argument == "--bench") { GRANTS } else { 1_000 };
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), size);
    let vault = folder.path().join("vault");
    let mut group = criterion.benchmark_group(format!("{size} grants"));
    group.sample_size(20);
    group.bench_function("open, to the first picture", |b| b.iter(|| black_box(Rehearsal::open(&vault).unwrap())));
    let at = |keys: &[&str]| {
        let mut rehearsal = Rehearsal::open(&vault).unwrap();
        keys.iter().for_each(|key| rehearsal.press(key));
        rehearsal
    };
    // What each key does after those before it.
    for (name, before, key) in [
        ("the tree", &[][..], "4"),
        ("a page down", &["4"][..], "PgDn"),
        ("the last line", &["4"][..], "End"),
        ("filter: the first letter, which all have", &["4", "/"][..], "h"),
        ("filter: the second", &["4", "/", "h"][..], "o"),
        ("filter: the third", &["4", "/", "h", "o"][..], "l"),
        ("filter: a digit that many have", &["4", "/"][..], "7"),
        ("filter: a letter that none has", &["4", "/", "h", "o", "l"][..], "x"),
    ] {
        group.bench_function(name, |b| b.iter_batched_ref(|| at(before), |rehearsal| rehearsal.press(key), BatchSize::SmallInput));
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
