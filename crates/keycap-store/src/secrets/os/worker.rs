//! The thread on which the keyring is asked.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::{CredentialStore, Error};

use super::{SecretError, Trouble, platform, sort};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread that holds the connection to the keyring, started when it is first needed.
pub(super) struct Worker {
    timeout: Duration,
    jobs: Mutex<Option<Sender<Job>>>,
}

impl Worker {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, jobs: Mutex::new(None) }
    }

    /// Runs `job` on the thread and waits for it, but not for ever.
    pub(super) fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        self.call_or_undo(job, |_| Ok(()))
    }

    /// Runs `job` as [`Worker::call`] does; if it succeeds after it was given up, runs `undo`.
    pub(super) fn call_or_undo<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, SecretError> + Send + 'static,
        undo: impl FnOnce(&mut Connection) -> Result<(), SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |connection| {
            let result = job(connection);
            let succeeded = result.is_ok();
            if answer.send(result).is_err() && succeeded {
                // Whoever asked has gone on; should this fail too, the ledger still lists the item as one to be deleted.
                let _ = undo(connection);
            }
        });
        self.submit(job)?;
        answered.recv_timeout(self.timeout).map_err(|error| {
            // The thread may hang in the old question for long; the next call gets another.
            *self.jobs.lock().unwrap_or_else(PoisonError::into_inner) = None;
            match error {
                RecvTimeoutError::Timeout => SecretError::PromptUnanswered { seconds: self.timeout.as_secs() },
                RecvTimeoutError::Disconnected => SecretError::Failed { reason: "its client panicked".into() },
            }
        })?
    }

    fn submit(&self, job: Job) -> Result<(), SecretError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match jobs.take() {
            Some(sender) => sender,
            None => start()?,
        };
        // The thread ends only when a job panics; then this one goes to a new thread.
        let sender = match sender.send(job) {
            Ok(()) => sender,
            Err(mpsc::SendError(job)) => {
                let sender = start()?;
                sender.send(job).map_err(|_| SecretError::Failed { reason: "its client panicked".into() })?;
                sender
            }
        };
        *jobs = Some(sender);
        Ok(())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker(..)")
    }
}

fn start() -> Result<Sender<Job>, SecretError> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let run = move || {
        let mut connection = Connection { store: None };
        for job in jobs {
            job(&mut connection);
        }
    };
    let failed = |error: std::io::Error| SecretError::Failed { reason: error.to_string() };
    std::thread::Builder::new().name("keycap-keyring".into()).spawn(run).map_err(failed)?;
    Ok(sender)
}

/// The connection to the keyring, as the thread holds it.
pub(super) struct Connection {
    store: Option<Arc<CredentialStore>>,
}

impl Connection {
    /// Does something with the keyring, connecting first if need be. A connection that was there before may have lost its keyring in the
    /// meantime: then once more with a new one.
    pub(super) fn attempt<T>(
        &mut self,
        label: &str,
        mut what: impl FnMut(&Arc<CredentialStore>) -> keyring_core::Result<T>,
    ) -> Result<T, SecretError> {
        if let Some(store) = self.store.take() {
            match what(&store) {
                Err(Error::PlatformFailure(error)) if platform::trouble(&error) == Trouble::Unknown => {}
                result => {
                    self.store = Some(store);
                    return result.map_err(|error| sort(error, label));
                }
            }
        }
        let store = platform::connect().map_err(|error| SecretError::NoKeyring { reason: connection_reason(error) })?;
        let result = what(&store);
        self.store = Some(store);
        result.map_err(|error| sort(error, label))
    }
}

/// What the system said when there was nobody to connect to; nothing secret has been asked for by then.
fn connection_reason(error: Error) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the system's own words are wanted")]
    match error {
        Error::PlatformFailure(error) | Error::NoStorageAccess(error) => error.to_string(),
        Error::NotSupportedByStore(why) => why,
        _ => "it cannot be opened".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_unanswered_call_is_given_up_and_undone_when_it_succeeds_after_all() {
        let worker = Worker::new(Duration::from_millis(50));
        let (release, released) = mpsc::channel::<()>();
        let undone = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&undone);
        let result = worker.call_or_undo(
            move |_| {
                released.recv().unwrap();
                Ok(())
            },
            move |_| {
                seen.store(true, Ordering::SeqCst);
                Ok(())
            },
        );
        assert_eq!(result, Err(SecretError::PromptUnanswered { seconds: 0 }));
        assert_eq!(worker.call(|_| Ok(7)), Ok(7), "the next call does not wait behind the one that hangs");
        assert!(!undone.load(Ordering::SeqCst));
        release.send(()).unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while !undone.load(Ordering::SeqCst) {
            assert!(Instant::now() < until, "the late success was not undone");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_in_the_client_is_an_error_and_the_next_call_works() {
        let worker = Worker::new(Duration::from_secs(5));
        let result: Result<(), _> = worker.call(|_| panic!("as zbus does inside a runtime"));
        assert_eq!(result.unwrap_err().code(), "keyring-failed");
        assert_eq!(worker.call(|_| Ok(7)), Ok(7));
    }
}
