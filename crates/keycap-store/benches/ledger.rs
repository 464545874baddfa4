//! The ledger with 100,000 grants: what a list, a search, the tree and a mint cost.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that cannot go on has failed; criterion's macros make the functions")]

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::audit::{self, AuditKey, Entry};
use keycap_store::ledger::grant::{self, Filter, Link, NewGrant, Origin, Use};
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::service::{self, NewService, Terms};
use keycap_store::ledger::{Page, Reading, Tx};
use keycap_store::secrets::MemoryItems;
use keycap_store::{Options, SecretsChoice, Store, StoreError};
use tempfile::TempDir;

const GRANTS: u64 = 100_000;
const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
/// Whom grants are for.
const PEOPLE: [&str; 8] = ["alice", "bob", "ci-runner", "deploy-bot", "erin", "frank", "grafana", "oncall"];

/// A vault whose grants are, in turn, minted and nine delegations below the last minted one, three levels deep.
struct Large {
    store: Store,
    services: [ServiceId; 2],
    audit: AuditKey,
    next: u64,
    folder: TempDir,
}

impl Large {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("vault"), SecretsChoice::Keyring, options(), NOW).unwrap();
        let services = store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>([add_service(tx, 1)?, add_service(tx, 2)?])).unwrap();
        let audit = store.audit_key().unwrap();
        let mut large = Self { store, services, audit, next: 0, folder };
        while large.next < GRANTS {
            large.mint(1_000);
        }
        large
    }

    /// Adds grants and a row of the log in one transaction, as minting does.
    fn mint(&mut self, count: u64) {
        let (first, services, audit) = (self.next, self.services, &self.audit);
        self.store
            .write(NOW, Vec::new(), |tx| {
                for number in first..first + count {
                    grant::insert(tx, &new_grant(services, number))?;
                }
                let entry = Entry { time: NOW, action: "mint".into(), target: first.to_string(), result: "ok".into(), detail: "{}".into() };
                audit::append(tx, audit, &entry)?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        self.next += count;
    }

    fn read<T>(&self, f: impl FnOnce(&Reading<'_>) -> Result<T, StoreError>) -> T {
        self.store.read(f).unwrap()
    }
}

fn options() -> Options {
    Options { items: Some(Arc::new(MemoryItems::new())), ..Options::default() }
}

fn add_service(tx: &Tx<'_>, number: u8) -> Result<ServiceId, StoreError> {
    let public = PublicKey::parse([number + 8; 32]).unwrap();
    let name = format!("service {number}");
    Ok(service::insert(tx, &NewService { name, public, secret: None, terms: Terms::default(), note: String::new(), created: NOW })?)
}

fn rid(number: u64) -> Rid {
    // Scattered, as real ones are: neighbours in time are none in the index.
    let mixed = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Rid::from_bytes(mixed.to_be_bytes())
}

fn new_grant(services: [ServiceId; 2], number: u64) -> NewGrant {
    let root = number - number % 10;
    let parent = match number % 10 {
        0 => None,
        below @ 1..=3 => Some(rid(root + below - 1)),
        _ => Some(rid(root)),
    };
    let person = PEOPLE.iter().cycle().nth(usize::try_from(number % 8).unwrap()).unwrap();
    let [one, two] = services;
    NewGrant {
        rid: rid(number),
        service: if root % 100 < 90 { one } else { two },
        parent,
        name: format!("{person} {number:06}"),
        link: Link {
            block: vec![0x84; 70],
            epoch: 0,
            holder: None,
            created: NOW,
            expires: Some(NOW.plus(number)),
            origin: if parent.is_none() { Origin::Minted } else { Origin::Met },
            shared: None,
        },
    }
}

fn lists(c: &mut Criterion, large: &Large) {
    let mut group = c.benchmark_group("ledger with 100,000 grants");
    let screen = Page::first(50);
    let [one, _] = large.services;
    let filter = |search: &str| Filter { search: Some(search.into()), ..Filter::default() };
    let pages = [
        ("first page", Filter::default(), screen),
        ("first page of a service's own", Filter { service: Some(one), roots_only: true, ..Filter::default() }, screen),
        ("page in the middle", Filter { service: Some(one), ..Filter::default() }, Page { offset: GRANTS / 2, limit: 50 }),
        ("search, one hit", filter("ner 042"), screen),
        ("search, thousands of hits", filter("ALICE"), screen),
        ("search, thousands of hits, one service's own", Filter { service: Some(one), roots_only: true, ..filter("alice") }, screen),
        ("search, no hit", filter("nobody"), screen),
        ("search, two characters", filter("42"), screen),
        ("search, two characters, no hit", filter("xq"), screen),
    ];
    for (name, filter, page) in &pages {
        group.bench_function(*name, |b| b.iter(|| large.read(|reading| Ok(grant::page(reading, filter, *page)?))));
    }
    group.bench_function("count of a search", |b| b.iter(|| large.read(|reading| Ok(grant::count(reading, &filter("alice"))?))));
    group.bench_function("counts of a service", |b| b.iter(|| large.read(|reading| Ok(grant::counts(reading, one)?))));
    group.bench_function("subtree", |b| b.iter(|| large.read(|reading| Ok(grant::subtree(reading, &rid(50_000), Page::all())?))));
    group.bench_function("revoked by", |b| b.iter(|| large.read(|reading| Ok(grant::revoked_by(reading, &rid(50_003))?))));
    group.bench_function("by rid prefix", |b| {
        let prefix = rid(50_003).to_string()[..8].to_owned();
        b.iter(|| large.read(|reading| Ok(grant::by_rid_prefix(reading, &prefix, 10)?)));
    });
    group.bench_function("change counter", |b| b.iter(|| large.store.change_counter().unwrap()));
    group.bench_function("open", |b| b.iter(|| Store::open(&large.folder.path().join("vault"), options()).unwrap()));
    group.finish();
}

fn writes(c: &mut Criterion, large: &mut Large) {
    let mut group = c.benchmark_group("ledger with 100,000 grants, synchronised to the disk");
    group.measurement_time(Duration::from_secs(3)).sample_size(10);
    group.bench_function("one synchronisation, for comparison", |b| {
        let mut file = tempfile::tempfile_in(large.folder.path()).unwrap();
        b.iter(|| {
            std::io::Write::write_all(&mut file, &[0; 4_096]).unwrap();
            file.sync_data().unwrap();
        });
    });
    group.bench_function("mint", |b| b.iter(|| large.mint(1)));
    group.bench_function("mint 1,000", |b| b.iter(|| large.mint(1_000)));
    group.bench_function("record 100 uses", |b| {
        let uses =
            || -> Vec<_> { (0..100).map(|number| Use { rid: rid(number * 997), at: NOW, from: Some("192.0.2.1".into()), times: 1 }).collect() };
        b.iter_batched(
            uses,
            |uses| large.store.write(NOW, Vec::new(), |tx| Ok::<_, StoreError>(grant::record_uses(tx, &uses)?)).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn all(c: &mut Criterion) {
    let mut large = Large::new();
    lists(c, &large);
    writes(c, &mut large);
}

criterion_group!(benches, all);
criterion_main!(benches);
