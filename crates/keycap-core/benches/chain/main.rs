//! Chains: minting, delegating and checking them, against macaroons and biscuits that say the same.
//!
//! `cargo bench -p keycap-core --bench chain` measures each by itself, then in turn, A B A B, and prints the medians of the ratios and the
//! sizes: machines are shared and drift, so that only those say something about another machine.
//!
//! All three say: until a second in 2033, for the target `db`; and each link, until a second before that. To check one means to read its
//! bytes, to verify that they come from the root key, and to clear every caveat for a request: of a biscuit also the first two alone, which
//! need no Datalog. libmacaroon is the maintained successor of the crate `macaroon`, whose C library would have to be built for every test.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

mod biscuit;
mod capability;
mod macaroon;
#[path = "../handshake/ratio.rs"]
mod ratio;

use std::hint::black_box;

use criterion::{Criterion, criterion_group};

/// Links behind the grant.
const LINKS: [usize; 4] = [0, 1, 3, 10];
/// When the grant expires; each link does so a second earlier than the block before it.
const END: u32 = 2_000_000_000;
/// When the checks happen.
const NOW: u32 = 1_800_000_000;
/// For what.
const TARGET: &str = "db";

fn mint(c: &mut Criterion) {
    let (capability, macaroon, biscuit) = (capability::Issuer::new(), macaroon::Issuer::new(), biscuit::Issuer::new());
    let mut group = c.benchmark_group("mint");
    group.bench_function("keycap", |b| b.iter(|| capability.mint()));
    group.bench_function("libmacaroon", |b| b.iter(|| macaroon.mint()));
    group.bench_function("biscuit", |b| b.iter(|| biscuit.mint()));
    group.finish();
}

fn delegate(c: &mut Criterion) {
    let (capability, macaroon, biscuit) = (capability::Issuer::new().mint(), macaroon::Issuer::new().mint(), biscuit::Issuer::new().mint());
    let mut group = c.benchmark_group("delegate");
    for links in LINKS.into_iter().filter(|links| *links > 0) {
        group.bench_function(format!("keycap, {links} links"), |b| b.iter(|| capability::delegate(black_box(&capability), links)));
        group.bench_function(format!("libmacaroon, {links} links"), |b| b.iter(|| macaroon::delegate(black_box(&macaroon), links)));
        group.bench_function(format!("biscuit, {links} links"), |b| b.iter(|| biscuit::delegate(black_box(&biscuit), links)));
    }
    group.finish();
}

fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    for links in LINKS {
        let (capability, macaroon, biscuit) = (capability::Checked::new(links), macaroon::Checked::new(links), biscuit::Checked::new(links));
        group.bench_function(format!("keycap, {links} links"), |b| b.iter(|| capability.check()));
        group.bench_function(format!("libmacaroon, {links} links"), |b| b.iter(|| macaroon.check()));
        group.bench_function(format!("biscuit, signatures alone, {links} links"), |b| b.iter(|| biscuit.check_signatures()));
        group.bench_function(format!("biscuit, {links} links"), |b| b.iter(|| biscuit.check()));
    }
    group.finish();
}

/// What keycap aims at, as ratios, measured in turn.
fn ratios() {
    let mut table = ratio::Table::new();
    for links in LINKS {
        let (capability, macaroon, biscuit) = (capability::Checked::new(links), macaroon::Checked::new(links), biscuit::Checked::new(links));
        table.row(&format!("check, {links} links, keycap / libmacaroon"), || capability.check(), || macaroon.check());
        table.row(&format!("check, {links} links, biscuit's signatures / keycap"), || biscuit.check_signatures(), || capability.check());
    }
    table.print();
    eprintln!("\nBytes:       keycap  libmacaroon  biscuit");
    for links in LINKS {
        let sizes = [capability::Checked::new(links).bytes(), macaroon::Checked::new(links).bytes(), biscuit::Checked::new(links).bytes()];
        eprintln!("{links:>2} links   {:>9} {:>12} {:>8}", sizes[0], sizes[1], sizes[2]);
    }
}

criterion_group!(benches, mint, delegate, check);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // `cargo test --benches` and `-- --test` only see that everything runs.
    if std::env::args().any(|arg| arg == "--bench") && !std::env::args().any(|arg| arg == "--test" || arg == "--list") {
        ratios();
    }
}
