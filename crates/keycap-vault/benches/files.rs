//! Sealing and opening in memory: one chunk, a file of 64 MiB on all cores, and the same with the age crate, for the ratio.
#![expect(clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark fails by panicking; lengths of test data")]

use std::hint::black_box;
use std::io::{Cursor, Read, Write};

use age::x25519::Identity;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use keycap_core::seal::file::{CHUNK_LEN, Chunk, FileKey, Header, NONCE_LEN, Stanza, TAG_LEN};
use keycap_vault::files::{Cancel, Form, Identities, Progress, Unwatched, open_stream, seal_stream};
use rand::rngs::OsRng;

const LARGE: usize = 64 << 20;

fn chunk(criterion: &mut Criterion) {
    let file_key = FileKey::generate(&mut OsRng);
    let header = Header::new(vec![Stanza { tag: "x".into(), args: Vec::new(), body: Vec::new() }], &file_key).unwrap();
    let key = header.payload_key(&file_key, &[0; NONCE_LEN]).unwrap();
    let mut buffer = vec![0; CHUNK_LEN + TAG_LEN];
    let mut group = criterion.benchmark_group("one chunk of 64 KiB");
    group.throughput(Throughput::Bytes(CHUNK_LEN as u64));
    group.bench_function("seal", |b| b.iter(|| key.seal(1, Chunk::Inner, black_box(&mut buffer)).unwrap()));
}

fn file(criterion: &mut Criterion) {
    // `cargo test` runs each bench once, to see that it runs.
    let length = if std::env::args().any(|argument| argument == "--bench") { LARGE } else { LARGE / 64 };
    let plaintext = vec![7; length];
    let identity = Identity::generate();
    let recipients: Vec<Box<dyn age::Recipient + Send>> = vec![Box::new(identity.to_public())];
    let identities = Identities::new().with(Box::new(identity.clone()));
    let cancel = Cancel::new();
    let watch = (&Unwatched as &dyn Progress, &cancel);
    let mut sealed = Vec::with_capacity(length + length / 1_000 + 4_096);
    seal_stream(&recipients, &mut Cursor::new(&plaintext), &mut sealed, Form::Binary, &mut OsRng, watch).unwrap();

    let mut group = criterion.benchmark_group(format!("{} MiB in memory", length >> 20));
    group.throughput(Throughput::Bytes(length as u64)).sample_size(10);
    group.bench_function("keycap seal", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(sealed.capacity());
            seal_stream(&recipients, &mut Cursor::new(&plaintext), &mut out, Form::Binary, &mut OsRng, watch).unwrap();
            out
        });
    });
    group.bench_function("age crate seal", |b| {
        b.iter(|| {
            let encryptor =
                age::Encryptor::with_recipients(recipients.iter().map(|recipient| -> &dyn age::Recipient { recipient.as_ref() })).unwrap();
            let mut writer = encryptor.wrap_output(Vec::with_capacity(sealed.capacity())).unwrap();
            writer.write_all(&plaintext).unwrap();
            writer.finish().unwrap()
        });
    });
    group.bench_function("keycap open", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(length);
            open_stream(&identities, Box::new(&sealed[..]), &mut out, watch).unwrap();
            out
        });
    });
    group.bench_function("age crate open", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(length);
            let decryptor = age::Decryptor::new_buffered(&sealed[..]).unwrap();
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).unwrap().read_to_end(&mut out).unwrap();
            out
        });
    });
    group.finish();
}

criterion_group!(benches, chunk, file);
criterion_main!(benches);
