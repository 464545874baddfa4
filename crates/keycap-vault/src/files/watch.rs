//! Who looks on while files are worked on, and who can stop it.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::FileError;

/// Is told how far the work is, from several threads and often: it should return at once.
pub trait Progress: Sync {
    /// The work on this file begins.
    fn begin(&self, name: &str) {
        let _ = name;
    }

    /// So many more bytes of plaintext are sealed or opened, and written.
    fn advance(&self, bytes: u64) {
        let _ = bytes;
    }
}

/// Nobody looks on.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Progress for Unwatched {}

/// Stops the work from elsewhere: within a chunk, which takes less than a millisecond.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    /// What is being written, and has to go if the process ends before it is whole.
    partials: Mutex<BTreeSet<PathBuf>>,
}

impl Cancel {
    /// Nothing is cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work that has this token. What is half done is removed.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Cancels, and removes what is half written at once: for a process that ends now, because the work waits for input and cannot stop.
    pub fn abandon(&self) {
        self.cancel();
        for partial in std::mem::take(&mut *self.0.partials.lock().unwrap_or_else(PoisonError::into_inner)) {
            // Whatever cannot be removed now is found and removed by the next attempt to write the same file.
            let _ = if partial.is_dir() { std::fs::remove_dir_all(&partial) } else { std::fs::remove_file(&partial) };
        }
    }

    pub(super) fn check(&self) -> Result<(), FileError> {
        if self.is_cancelled() { Err(FileError::Cancelled) } else { Ok(()) }
    }

    pub(super) fn add_partial(&self, path: &Path) {
        self.0.partials.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }

    pub(super) fn drop_partial(&self, path: &Path) {
        self.0.partials.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

/// A reader that reports how far it is, and stops when it is told to.
pub(super) struct Paced<'a, R> {
    pub(super) reader: R,
    pub(super) watch: Watch<'a>,
}

impl<R: Read> Read for Paced<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.watch.cancel.check().map_err(FileError::into_io)?;
        let length = self.reader.read(room)?;
        self.watch.progress.advance(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(length)
    }
}

/// Both at once.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a Cancel,
}
