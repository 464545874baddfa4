//! Records: sealing and opening, under a head and single, over the AEAD and the exchanges that each takes; and how many bytes each adds.
//!
//! `cargo bench -p keycap-core --bench records` prints the bytes first, then what criterion measures: a thousand records a second are one every
//! millisecond.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::Sender;
use keycap_core::seal::record::{Head, OpenedLocator, RECORD_OVERHEAD, Reader, Single, SingleWriter, Writer};
use keycap_core::seal::{Reading, Verdict};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::{Clock, UnixSeconds};
use rand::rngs::OsRng;

/// Bytes of a record's data.
const SIZES: [usize; 3] = [100, 1_024, 65_000];
/// The place of each.
const AD: &[u8] = b"users/7/email";

fn service() -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([2; 32])));
    ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None)
}

fn capability(service: &ServiceKeys) -> Capability {
    let caveats = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![Rule::default()])];
    service.mint(0, BlockId::new([3; 8]), Caveats::of(caveats).unwrap(), Vec::new()).unwrap()
}

struct NoRevocations;

impl keycap_core::chain::RevocationCheck for NoRevocations {
    fn is_revoked(&self, _: &keycap_core::chain::Rid) -> bool {
        false
    }

    fn min_epoch(&self) -> u32 {
        0
    }
}

/// The reader under a head, cleared.
fn reader(service: &ServiceKeys, head: &[u8]) -> Reader {
    let reading = Reading { clock: Clock::Sure(UnixSeconds::new(1_800_000_000)), target: "records", app: &|_, _| false };
    match Head::parse(head).unwrap().open(service).unwrap().clear(service, &NoRevocations, &reading) {
        Verdict::Authorised { content, .. } => content,
        Verdict::Lapsed { .. } | Verdict::Refused { .. } => unreachable!("it is allowed"),
    }
}

fn under_a_head(c: &mut Criterion) {
    let service = service();
    let (mut writer, head) = Writer::start(&capability(&service), Sender::Anonymous, &mut OsRng).unwrap();
    let reader = reader(&service, &head);
    let aead = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &[9; 32]).unwrap());
    for size in SIZES {
        let data = vec![7; size];
        let record = writer.seal(AD, &data).unwrap();
        assert_eq!(record.len(), size + RECORD_OVERHEAD);
        let mut group = c.benchmark_group(format!("under a head, {size} bytes"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("seal", |b| b.iter(|| writer.seal(AD, black_box(&data)).unwrap()));
        group.bench_function("open", |b| b.iter(|| reader.open(AD, black_box(&record)).unwrap()));
        // The floor: the same AEAD over as many bytes, copied once.
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut text = black_box(&data).clone();
                aead.seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut text).unwrap();
                text
            });
        });
        group.finish();
    }
}

fn heads(c: &mut Criterion) {
    let service = service();
    let capability = capability(&service);
    let (_, head) = Writer::start(&capability, Sender::Anonymous, &mut OsRng).unwrap();
    let mut group = c.benchmark_group("a head");
    group.bench_function("make", |b| b.iter(|| Writer::start(&capability, Sender::Anonymous, &mut OsRng).unwrap()));
    group.bench_function("open and clear", |b| b.iter(|| reader(&service, black_box(&head))));
    group.finish();
}

fn singles(c: &mut Criterion) {
    let service = service();
    let (capability, key) = (capability(&service), StaticKey::from_private(Secret::new([4; 32])));
    for (name, sender) in [("Npsk0", Sender::Anonymous), ("Xpsk1", Sender::Shown(&key))] {
        let writer = SingleWriter::new(&capability, sender, &mut OsRng).unwrap();
        let locator = OpenedLocator::open(&service, writer.locator()).unwrap();
        let data = vec![7; 100];
        let record = writer.seal(AD, &data, &mut OsRng).unwrap();
        let mut group = c.benchmark_group(format!("single, {name}, 100 bytes"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("seal", |b| b.iter(|| writer.seal(AD, black_box(&data), &mut OsRng).unwrap()));
        group.bench_function("open", |b| {
            b.iter_batched(|| Single::parse(&record).unwrap(), |single| single.open(&service, &locator, AD).unwrap(), BatchSize::SmallInput);
        });
        group.finish();
    }
}

/// Bytes that each kind adds to its data, and bytes of what comes once.
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn bytes() {
    let service = service();
    let (capability, key) = (capability(&service), StaticKey::from_private(Secret::new([4; 32])));
    let (mut writer, head) = Writer::start(&capability, Sender::Anonymous, &mut OsRng).unwrap();
    println!("bytes beside the data: {} under a head of {}", writer.seal(AD, &[]).unwrap().len(), head.len());
    for (name, sender) in [("Npsk0", Sender::Anonymous), ("Xpsk1", Sender::Shown(&key))] {
        let writer = SingleWriter::new(&capability, sender, &mut OsRng).unwrap();
        let record = writer.seal(AD, &[], &mut OsRng).unwrap();
        println!("                       {} single, {name}, with a locator of {}", record.len(), writer.locator().len());
    }
}

criterion_group!(benches, under_a_head, heads, singles);

fn main() {
    bytes();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
