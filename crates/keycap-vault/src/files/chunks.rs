//! A payload on all cores: each worker reads the next chunks, seals or opens them where they stand, waits for its turn and writes them.
//!
//! Reading, the cryptography and writing of different chunks go on at once; what is written is in order, so that pipes work as files do.
//! Memory is constant: [`BATCH_CHUNKS`] chunks for each worker.
//!
//! *Invariants*: a chunk that is not authentic is not written, and nothing after it; what came before it is. Nothing is written after a
//! failure or a cancellation.

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use keycap_core::seal::file::{CHUNK_LEN, Chunk, PayloadKey, SEALED_CHUNK_LEN};

use super::FileError;
use super::watch::Watch;

/// Chunks that a worker takes at a time: half a mebibyte stays in a core's cache from reading to writing, and costs few system calls.
const BATCH_CHUNKS: usize = 8;
/// Workers at most: more would wait for each other's writing.
const MOST_WORKERS: usize = 16;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Plaintext comes in.
    Seal,
    /// Sealed chunks come in.
    Open,
}

impl Way {
    /// Bytes of a full chunk that comes in.
    const fn piece(self) -> usize {
        match self {
            Self::Seal => CHUNK_LEN,
            Self::Open => SEALED_CHUNK_LEN,
        }
    }
}

/// Seals or opens all that `source` gives, on as many cores as there are, and writes it to `sink`; bytes of plaintext. `plaintext` is how long
/// it is expected to be, so that little takes little room; it may be wrong.
///
/// # Errors
/// The first failure in the order of the chunks.
pub(super) fn run(
    way: Way,
    key: &PayloadKey,
    source: &mut (dyn Read + Send),
    sink: &mut (dyn Write + Send),
    plaintext: Option<u64>,
    watch: Watch<'_>,
) -> Result<u64, FileError> {
    let places = plaintext.and_then(|length| usize::try_from(length).ok()).map_or(BATCH_CHUNKS, |length| (length / CHUNK_LEN + 1).min(BATCH_CHUNKS));
    let mut batch = Batch::new(places);
    let mut source = Source { reader: source, ahead: None, chunk: 0, batch: 0, ended: false };
    watch.cancel.check()?;
    source.fill(&mut batch, way).map_err(FileError::of_reader)?;
    let shared = Shared {
        way,
        key,
        watch,
        source: Mutex::new(source),
        turn: Mutex::new(Turn { sink, next: 0, plaintext: 0, error: None }),
        moved: Condvar::new(),
        stopped: AtomicBool::new(false),
    };
    if batch.ends {
        // All there is: no thread is worth it.
        shared.finish(batch.apply(&shared), &batch);
    } else {
        thread::scope(|scope| {
            for _ in 1..workers() {
                // A thread that cannot be had is one worker less.
                let _ = thread::Builder::new().spawn_scoped(scope, || shared.work(Batch::new(BATCH_CHUNKS), false));
            }
            shared.work(batch, true);
        });
    }
    let turn = shared.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    match turn.error {
        Some(error) => Err(error),
        None => Ok(turn.plaintext),
    }
}

/// Workers on one file, or on many small ones.
pub(super) fn workers() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS)
}

/// Chunks on their way from `source` to `sink`.
struct Batch {
    /// Places of [`SEALED_CHUNK_LEN`] bytes, filled from the front.
    buffer: Vec<u8>,
    /// Bytes of each chunk that came in.
    lengths: Vec<usize>,
    /// The number of the first chunk.
    first: u64,
    /// Its place among the batches.
    number: u64,
    /// Whether the last chunk in it is the last of all.
    ends: bool,
    /// Chunks that were sealed or opened, and may be written.
    good: usize,
}

impl Batch {
    fn new(places: usize) -> Self {
        Self { buffer: vec![0; places * SEALED_CHUNK_LEN], lengths: Vec::with_capacity(places), first: 0, number: 0, ends: false, good: 0 }
    }

    /// Seals or opens each chunk where it stands, up to the first that fails.
    fn apply(&mut self, shared: &Shared<'_>) -> Result<(), FileError> {
        self.good = 0;
        let chunks = self.lengths.len();
        let places = self.buffer.chunks_exact_mut(SEALED_CHUNK_LEN).zip(&self.lengths);
        for ((place, length), number) in places.zip(self.first..) {
            shared.watch.cancel.check()?;
            let chunk = if self.ends && self.good + 1 == chunks { Chunk::Final } else { Chunk::Inner };
            match shared.way {
                Way::Seal => {
                    let sealed = length + (SEALED_CHUNK_LEN - CHUNK_LEN);
                    shared.key.seal(number, chunk, place.get_mut(..sealed).unwrap_or_default())?;
                }
                Way::Open => drop(shared.key.open(number, chunk, place.get_mut(..*length).unwrap_or_default())?),
            }
            self.good += 1;
        }
        Ok(())
    }

    /// Writes the chunks that are good; their bytes of plaintext.
    fn write(&self, way: Way, sink: &mut dyn Write) -> io::Result<usize> {
        let lengths = self.lengths.get(..self.good).unwrap_or_default();
        let tag = SEALED_CHUNK_LEN - CHUNK_LEN;
        match way {
            Way::Seal => {
                let plaintext = lengths.iter().sum::<usize>();
                sink.write_all(self.buffer.get(..plaintext + tag * lengths.len()).unwrap_or_default())?;
                Ok(plaintext)
            }
            Way::Open => {
                let mut plaintext = 0;
                for (place, length) in self.buffer.chunks_exact(SEALED_CHUNK_LEN).zip(lengths) {
                    let text = place.get(..length.saturating_sub(tag)).unwrap_or_default();
                    sink.write_all(text)?;
                    plaintext += text.len();
                }
                Ok(plaintext)
            }
        }
    }
}

/// Where chunks come from.
struct Source<'s> {
    reader: &'s mut (dyn Read + Send),
    /// A byte that was read to see whether anything follows.
    ahead: Option<u8>,
    /// The number of the next chunk.
    chunk: u64,
    /// The number of the next batch.
    batch: u64,
    ended: bool,
}

impl Source<'_> {
    /// Fills a batch with the next chunks; whether there were any. A batch that fails has its place in the order too.
    fn fill(&mut self, batch: &mut Batch, way: Way) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        (batch.first, batch.number, batch.ends, batch.good) = (self.chunk, self.batch, false, 0);
        batch.lengths.clear();
        self.batch += 1;
        let filled = self.fill_places(batch, way);
        if filled.is_err() {
            self.ended = true;
        }
        filled.map(|()| true)
    }

    fn fill_places(&mut self, batch: &mut Batch, way: Way) -> io::Result<()> {
        for place in batch.buffer.chunks_exact_mut(SEALED_CHUNK_LEN) {
            let room = place.get_mut(..way.piece()).unwrap_or_default();
            let length = self.read_full(room)?;
            self.ended = length < room.len();
            // Only the very first chunk may be empty: the byte ahead has shown that there is more.
            if length > 0 || batch.lengths.is_empty() {
                batch.lengths.push(length);
                self.chunk += 1;
            }
            if self.ended {
                break;
            }
        }
        if !self.ended {
            let mut ahead = [0];
            self.ended = self.read_full(&mut ahead)? == 0;
            self.ahead = (!self.ended).then_some(ahead[0]);
        }
        batch.ends = self.ended;
        Ok(())
    }

    /// Reads until `room` is full or nothing more comes; how much it was.
    fn read_full(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        if let (Some(byte), Some(first)) = (self.ahead.take(), room.first_mut()) {
            *first = byte;
            filled = 1;
        }
        while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// Where chunks go, one batch after the other.
struct Turn<'s> {
    sink: &'s mut (dyn Write + Send),
    /// The batch whose turn it is.
    next: u64,
    /// Bytes of plaintext so far.
    plaintext: u64,
    error: Option<FileError>,
}

/// What the workers share.
struct Shared<'s> {
    way: Way,
    key: &'s PayloadKey,
    watch: Watch<'s>,
    source: Mutex<Source<'s>>,
    turn: Mutex<Turn<'s>>,
    /// The turn has moved on, or the work has stopped.
    moved: Condvar,
    stopped: AtomicBool,
}

impl Shared<'_> {
    /// One worker, with a batch that may be filled already, until nothing is left to do.
    fn work(&self, mut batch: Batch, mut filled: bool) {
        while !self.stopped.load(Ordering::Relaxed) {
            let result = if std::mem::take(&mut filled) {
                batch.apply(self)
            } else {
                // By itself: in the head of the match the lock would be held to its end, and no two workers would do their chunks at once.
                let read = lock(&self.source).fill(&mut batch, self.way);
                match read {
                    Ok(false) => return,
                    Ok(true) => batch.apply(self),
                    Err(error) => Err(FileError::of_reader(error)),
                }
            };
            self.finish(result, &batch);
        }
    }

    /// Waits for the batch's turn, writes what is good of it, and passes the turn on.
    fn finish(&self, result: Result<(), FileError>, batch: &Batch) {
        let mut turn = lock(&self.turn);
        while turn.next != batch.number {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        if self.stopped.load(Ordering::Relaxed) {
            return;
        }
        let written = self.watch.cancel.check().and_then(|()| batch.write(self.way, turn.sink).map_err(FileError::of_writer));
        if let Ok(plaintext) = &written {
            let plaintext = u64::try_from(*plaintext).unwrap_or(u64::MAX);
            turn.plaintext += plaintext;
            self.watch.progress.advance(plaintext);
        }
        if let Err(error) = written.and(result) {
            turn.error = Some(error);
            self.stopped.store(true, Ordering::Relaxed);
        }
        turn.next += 1;
        drop(turn);
        self.moved.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
