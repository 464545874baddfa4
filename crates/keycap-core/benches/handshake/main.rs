//! Handshakes: the service's side, and both sides on one core, against the X25519 that they cannot do without, plain snow and mutual TLS.
//!
//! `cargo bench -p keycap-core --bench handshake` measures each by itself, then in turn, A B A B, and prints the medians of the ratios:
//! machines are shared and drift, so that only those say something about another machine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

mod floor;
mod ratio;
mod session;
mod snow_default;
mod tls;

use criterion::{Criterion, criterion_group};
use keycap_core::noise::{Pattern, Suite};

use floor::Floor;
use session::Session;

const SESSIONS: [Pattern; 4] = [Pattern::NKpsk2, Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2];

/// The service alone: from a hello to the confirmed session.
fn service(c: &mut Criterion) {
    let floor = Floor::new();
    let mut group = c.benchmark_group("service");
    for pattern in SESSIONS {
        let session = Session::new(pattern, Suite::ChaChaPoly);
        group.bench_function(format!("{pattern}"), |b| b.iter(|| session.serve()));
        group.bench_function(format!("{pattern}, X25519 alone"), |b| b.iter(|| floor.of_service(pattern)));
    }
    group.finish();
}

/// Both sides, one after the other.
fn both_sides(c: &mut Criterion) {
    let mut group = c.benchmark_group("both sides");
    for pattern in SESSIONS {
        for suite in Suite::ALL {
            let session = Session::new(pattern, suite);
            group.bench_function(format!("{pattern}_{suite}"), |b| b.iter(|| session.meet()));
        }
        let plain = snow_default::Peers::new(pattern);
        group.bench_function(format!("{pattern}, plain snow"), |b| b.iter(|| plain.meet()));
    }
    let tls = tls::Peers::new();
    group.bench_function("rustls, mutual TLS 1.3", |b| b.iter(|| tls.meet()));
    group.finish();
}

/// What an unwelcome hello costs the service.
fn refusals(c: &mut Criterion) {
    let (floor, session) = (Floor::new(), Session::new(Pattern::NKpsk2, Suite::ChaChaPoly));
    let mut group = c.benchmark_group("refusal");
    let (without_tag, with_tag) = (session.hello_without_tag(), session.hello_with_tag_alone());
    group.bench_function("hello with a wrong tag", |b| b.iter(|| session.refuse(&without_tag)));
    group.bench_function("hello with a right tag and nothing else right", |b| b.iter(|| session.refuse(&with_tag)));
    group.bench_function("one exchange", |b| b.iter(|| floor.exchange()));
    group.finish();
}

/// What keycap aims at, as ratios, measured in turn.
fn ratios() {
    let (floor, tls) = (Floor::new(), tls::Peers::new());
    let mut table = ratio::Table::new();
    for pattern in SESSIONS {
        let session = Session::new(pattern, Suite::ChaChaPoly);
        table.row(&format!("{pattern}, service / its X25519"), || session.serve(), || floor.of_service(pattern));
    }
    for pattern in SESSIONS {
        let (session, plain) = (Session::new(pattern, Suite::ChaChaPoly), snow_default::Peers::new(pattern));
        table.row(&format!("{pattern}, both sides / plain snow"), || session.meet(), || plain.meet());
        table.row(&format!("{pattern}, both sides / mutual TLS"), || session.meet(), || tls.meet());
    }
    let session = Session::new(Pattern::NKpsk2, Suite::ChaChaPoly);
    let with_tag = session.hello_with_tag_alone();
    table.row("refusal with a right tag / one exchange", || session.refuse(&with_tag), || floor.exchange());
    table.print();
}

criterion_group!(benches, service, both_sides, refusals);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // `cargo test --benches` and `-- --test` only see that everything runs.
    if std::env::args().any(|arg| arg == "--bench") && !std::env::args().any(|arg| arg == "--test" || arg == "--list") {
        ratios();
    }
}
