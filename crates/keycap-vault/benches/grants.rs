//! What an operator waits for on a ledger with 100,000 grants: the first page, a search, one grant, minting one, minting a thousand.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use keycap_vault::{Environment, GrantQuery, MintRequest, NewService, SecretsChoice, UnlockMethod, Vault};

const GRANTS: usize = 100_000;

fn request(name: String) -> MintRequest {
    MintRequest { service: "db".into(), name, preset: Some("teammate".into()), ..MintRequest::default() }
}

fn filled(folder: &std::path::Path, grants: usize) -> Vault {
    let key_file = folder.join("vault-key");
    keycap_store::unlock::file::create(&key_file).unwrap();
    let choice = SecretsChoice::Sealed(UnlockMethod::File { path: &key_file });
    let mut vault = Vault::create(&folder.join("vault"), choice, Environment::system()).unwrap();
    vault.new_service(&NewService { name: "db".into(), ..NewService::default() }).unwrap();
    for from in (0..grants).step_by(10_000) {
        let requests: Vec<_> = (from..(from + 10_000).min(grants)).map(|number| request(format!("holder-{number:06}"))).collect();
        vault.mint_many(&requests).unwrap();
    }
    vault
}

fn grants(criterion: &mut Criterion) {
    // `cargo test` runs each bench once, to see that it runs: it needs no large ledger for that.
    let size = if std::env::args().any(|argument| argument == "--bench") { GRANTS } else { 1_000 };
    let folder = tempfile::tempdir().unwrap();
    let mut vault = filled(folder.path(), size);
    let mut group = criterion.benchmark_group(format!("{size} grants"));
    group.sample_size(20);
    group.bench_function("first page of 100", |b| b.iter(|| black_box(vault.grants(&GrantQuery::default()).unwrap())));
    let search = GrantQuery { search: Some("er-0005".into()), ..GrantQuery::default() };
    group.bench_function("search", |b| b.iter(|| black_box(vault.grants(&search).unwrap())));
    group.bench_function("one by name", |b| b.iter(|| black_box(vault.grant("holder-000500").unwrap())));
    group.bench_function("what a revocation would end", |b| b.iter(|| black_box(vault.revoke_preview("holder-000500").unwrap())));
    let mut number = 0;
    let mut next = || {
        number += 1;
        format!("new-{number}")
    };
    group.bench_function("mint one", |b| b.iter_batched(&mut next, |name| vault.mint(&request(name)).unwrap(), BatchSize::SmallInput));
    group.bench_function("mint 1,000 at once", |b| {
        b.iter_batched(
            || (0..1_000).map(|_| request(next())).collect::<Vec<_>>(),
            |requests| vault.mint_many(&requests).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, grants);
criterion_main!(benches);
