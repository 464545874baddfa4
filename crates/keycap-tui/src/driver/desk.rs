//! Asking the vault: one thread reads the ledger, and says when any process has changed it; another does everything that needs the secrets, and
//! may wait for a keyring as long as that takes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use keycap_vault::{NoPrompts, SecretText, Unlock, Vault, VaultError};

use super::open_vault;
use crate::event::{Address, Event, Wanted};
use crate::request::{Answer, Failure, Kept, Request, UnlockBy, wanted};

/// How often it is looked whether another process has changed the ledger.
const WATCH: Duration = Duration::from_millis(300);

/// Both threads.
#[derive(Debug)]
pub(super) struct Desk {
    reader: Sender<(Address, Request)>,
    keeper: Sender<Work>,
    reading: Arc<AtomicUsize>,
}

/// What the thread with the secrets does.
#[derive(Debug)]
enum Work {
    Ask(Address, Request),
    Forget,
}

impl Desk {
    /// Opens the vault for both, if there is one; if there is none, it is opened when it was made.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn open(folder: PathBuf, passphrase: Option<SecretText>, identities: Vec<PathBuf>, events: Sender<Event>) -> Result<Self, VaultError> {
        let (reader, read) = mpsc::channel();
        let (keeper, kept) = mpsc::channel();
        let reading = Arc::new(AtomicUsize::new(0));
        let vault = if Vault::exists(&folder) { Some(open_vault(&folder)?) } else { None };
        let place = folder.clone();
        let (counter, told) = (Arc::clone(&reading), events.clone());
        spawn("ledger", move || read_ledger(vault, &place, &read, &told, &counter));
        let secrets = Secrets { folder, vault: None, passphrase, identities };
        spawn("secrets", move || keep_secrets(secrets, &kept, &events));
        Ok(Self { reader, keeper, reading })
    }

    /// Asks; the answer comes as an event.
    pub(super) fn ask(&self, from: Address, request: Request) {
        // A thread that is gone has said why, or the program ends.
        if request.only_reads() {
            self.reading.fetch_add(1, Ordering::SeqCst);
            drop(self.reader.send((from, request)));
        } else {
            drop(self.keeper.send(Work::Ask(from, request)));
        }
    }

    /// Lets go of the secrets.
    pub(super) fn forget(&self) {
        drop(self.keeper.send(Work::Forget));
    }

    /// Whether answers from the ledger are still to come.
    pub(super) fn is_reading(&self) -> bool {
        self.reading.load(Ordering::SeqCst) > 0
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    // Without threads there is no interface; the channel that stays silent shows it.
    drop(thread::Builder::new().name(name.to_owned()).spawn(work));
}

fn read_ledger(mut vault: Option<Vault>, folder: &Path, requests: &Receiver<(Address, Request)>, events: &Sender<Event>, reading: &AtomicUsize) {
    let count = |vault: &Option<Vault>| vault.as_ref().and_then(|vault| vault.change_counter().ok());
    let mut counter = count(&vault);
    let mut waiting: VecDeque<(Address, Request)> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match requests.recv_timeout(WATCH) {
                Ok(request) => waiting.push_back(request),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        waiting.extend(requests.try_iter());
        if let Some((to, request)) = waiting.pop_front() {
            // Of the same question asked again, only the last counts: a filter that is typed faster than it is looked for.
            let overtaken = waiting.iter().any(|(later, _)| (later.screen, later.slot) == (to.screen, to.slot));
            let mut answer = || match open(&mut vault, folder) {
                Ok(vault) => request.run(vault),
                Err(error) => Err(error.into()),
            };
            let sent = overtaken || events.send(Event::Answered { to, outcome: answer() }).is_ok();
            reading.fetch_sub(1, Ordering::SeqCst);
            if !sent {
                return;
            }
        }
        let now = count(&vault);
        if now != counter && now.is_some() {
            counter = now;
            if events.send(Event::LedgerChanged).is_err() {
                return;
            }
        }
    }
}

/// The vault, unlocked when it is needed.
struct Secrets {
    folder: PathBuf,
    vault: Option<Vault>,
    passphrase: Option<SecretText>,
    identities: Vec<PathBuf>,
}

fn keep_secrets(mut secrets: Secrets, work: &Receiver<Work>, events: &Sender<Event>) {
    while let Ok(work) = work.recv() {
        let event = match work {
            Work::Forget => {
                secrets.vault = None;
                // What was given at the start has been used; from now on a person is asked.
                secrets.passphrase = None;
                continue;
            }
            Work::Ask(to, request) => match secrets.answer(&request) {
                Ok(outcome) => Event::Answered { to, outcome },
                Err(with) => Event::NeedsUnlock { to, request, with },
            },
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

impl Secrets {
    /// Does a request, unlocking first if it has to be.
    ///
    /// # Errors
    /// What a person has to give before it can be done.
    fn answer(&mut self, request: &Request) -> Result<Result<Answer, Failure>, Wanted> {
        if let Request::Setup(setup) = request {
            return Ok(setup.run(&self.folder).map(|(answer, made)| {
                self.vault = made.or_else(|| self.vault.take());
                answer
            }));
        }
        let vault = match open(&mut self.vault, &self.folder) {
            Ok(vault) => vault,
            Err(error) => return Ok(Err(error.into())),
        };
        let needs = request.needs_secrets() && !vault.is_unlocked().unwrap_or(false);
        let asks = matches!(request, Request::Unlock(UnlockBy::Itself));
        if needs || asks {
            match self.unlock(asks) {
                Ok(None) if asks => return Ok(Ok(crate::request::Answer::Done)),
                Ok(None) => {}
                Ok(Some(with)) => return Err(with),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        if matches!(request, Request::HandOver)
            && let Some(vault) = self.vault.take()
        {
            return Ok(Ok(Answer::Vault(Box::new(vault))));
        }
        let outcome = match open(&mut self.vault, &self.folder) {
            Ok(vault) => request.run(vault),
            Err(error) => Err(error.into()),
        };
        if matches!(outcome, Ok(Answer::Kept(Kept::Unlocking(_)))) {
            // What was given at the start does not open it any more.
            self.passphrase = None;
        }
        Ok(outcome)
    }

    /// Unlocks with what is at hand, and ends a lock if that is what is asked for; what a person has to give, if that is not enough.
    fn unlock(&mut self, ends_lock: bool) -> Result<Option<Wanted>, VaultError> {
        let vault = open(&mut self.vault, &self.folder)?;
        if vault.is_locked()? && !ends_lock {
            // Only the lock screen ends a lock.
            return Ok(None);
        }
        match (wanted(vault)?, &self.passphrase, self.identities.as_slice()) {
            (Some(Wanted::Passphrase), Some(passphrase), _) => {
                let result =
                    if vault.is_locked()? { vault.clear_lock(Unlock::Passphrase(passphrase)) } else { vault.unlock(Unlock::Passphrase(passphrase)) };
                // A wrong one is not tried again and again.
                if result.is_err() {
                    self.passphrase = None;
                }
                result.map(|()| None)
            }
            (Some(Wanted::Identity), _, files) if !files.is_empty() => {
                let with = Unlock::Identities { files, prompts: Arc::new(NoPrompts) };
                if vault.is_locked()? { vault.clear_lock(with) } else { vault.unlock(with) }.map(|()| None)
            }
            (Some(with), _, _) => Ok(Some(with)),
            (None, _, _) => crate::request::unlock(vault, &UnlockBy::Itself).map(|()| None),
        }
    }
}

fn open<'v>(vault: &'v mut Option<Vault>, folder: &Path) -> Result<&'v mut Vault, VaultError> {
    if vault.is_none() {
        *vault = Some(open_vault(folder)?);
    }
    vault.as_mut().ok_or_else(|| VaultError::NoFolder { why: folder.display().to_string() })
}
