//! The two threads that have the vault: one reads the ledger, which takes milliseconds; one uses the secrets, which takes as long as the
//! keyring's person does. Commands wait for them without holding up the window.
//!
//! Every request passes the gate: nothing is read from, and nothing done with, a vault that is closed to the window or locked for all
//! processes. Unknown means closed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use keycap_vault::{Environment, NoPrompts, Protection, SecretText, SecretsPlace, Unlock, UnlockKind, Vault, VaultError};
use serde::Serialize;
use tokio::sync::oneshot;
use ts_rs::TS;

use crate::error::UiError;
use crate::event::{Closed, Event};
use crate::gate::Gate;

/// How often it is looked whether another process has changed the ledger.
const WATCH: Duration = Duration::from_millis(250);

/// How long it is waited for the secrets to be let go of. Only a keyring that asks its person something takes longer than a moment.
const LET_GO: Duration = Duration::from_secs(3);

/// Where events go.
pub(crate) type Outlet = Arc<dyn Fn(Event) + Send + Sync>;

type Job = Box<dyn FnOnce(&mut Seat) + Send>;

/// What a person has to give before a vault is unlocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wanted {
    /// Its passphrase.
    Passphrase,
    /// An age identity file.
    Identity,
}

/// What unlocks a vault.
#[derive(Debug)]
pub(crate) enum Key {
    /// What the system has: keyring, key file, credential.
    Itself,
    /// A passphrase.
    Passphrase(SecretText),
    /// An age identity file.
    Identity(PathBuf),
}

/// Both threads.
pub(crate) struct Desk {
    folder: PathBuf,
    reader: Sender<Job>,
    keeper: Sender<Job>,
    gate: Arc<Gate>,
    outlet: Outlet,
}

/// A thread's own vault, opened when it is needed.
struct Seat {
    folder: PathBuf,
    vault: Option<Vault>,
}

impl Desk {
    /// Starts both for the vault in `folder`, which need not be there yet.
    pub(crate) fn start(folder: PathBuf, gate: Arc<Gate>, outlet: Outlet) -> Self {
        let (reader, read) = mpsc::channel::<Job>();
        let (keeper, kept) = mpsc::channel::<Job>();
        let seat = |folder: &Path| Seat { folder: folder.to_owned(), vault: None };
        let (reading, keeping) = (seat(&folder), seat(&folder));
        let watch = Watch { gate: Arc::clone(&gate), outlet: Arc::clone(&outlet), keeper: keeper.clone(), counter: None };
        spawn("ledger", move || read_ledger(reading, &read, watch));
        spawn("secrets", move || keep_secrets(keeping, &kept));
        Self { folder, reader, keeper, gate, outlet }
    }

    /// The vault's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Why the vault is closed to the window.
    pub(crate) fn closed(&self) -> Option<Closed> {
        self.gate.closed()
    }

    /// The gate.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Tells the window.
    pub(crate) fn tell(&self, event: Event) {
        (self.outlet)(event);
    }

    /// Reads the ledger.
    ///
    /// # Errors
    /// If the vault is closed, locked or missing; whatever the work says.
    pub(crate) async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Vault) -> Result<T, UiError> + Send + 'static) -> Result<T, UiError> {
        self.pass_gate()?;
        on(&self.reader, move |seat| work(seat.open()?)).await
    }

    /// Works with the secrets, unlocking first what unlocks by itself.
    ///
    /// # Errors
    /// [`UiError::NEEDS_UNLOCK`] if a person has to type or choose something first; otherwise as [`Desk::read`].
    pub(crate) async fn keep<T: Send + 'static>(&self, work: impl FnOnce(&mut Vault) -> Result<T, UiError> + Send + 'static) -> Result<T, UiError> {
        self.pass_gate()?;
        on(&self.keeper, move |seat| work(seat.unlocked()?)).await
    }

    /// Works on the thread with the secrets, without unlocking it: with what is no secret, and changes nothing.
    ///
    /// # Errors
    /// As [`Desk::read`].
    pub(crate) async fn keep_public<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, UiError> + Send + 'static,
    ) -> Result<T, UiError> {
        self.pass_gate()?;
        on(&self.keeper, move |seat| work(seat.open()?)).await
    }

    /// Has work planned with the secrets, and done on a thread of its own afterwards: the secrets' thread waits for the plan only. What is
    /// planned need not be sent between threads.
    ///
    /// # Errors
    /// As [`Desk::keep`].
    pub(crate) async fn beside<T: Send + 'static>(
        &self,
        plan: impl FnOnce(&mut Vault) -> Result<(T, Box<dyn FnOnce()>), UiError> + Send + 'static,
    ) -> Result<T, UiError> {
        self.pass_gate()?;
        let (answer, answered) = oneshot::channel();
        on(&self.keeper, move |seat| {
            seat.unlocked()?;
            let Some(mut vault) = seat.vault.take() else { return Err(UiError::no_vault()) };
            let (give_back, given_back) = mpsc::channel();
            let work = move || {
                let planned = plan(&mut vault);
                // The secrets' thread waits for it, unless the program ends.
                drop(give_back.send(vault));
                match planned {
                    Ok((said, work)) => {
                        drop(answer.send(Ok(said)));
                        work();
                    }
                    Err(error) => drop(answer.send(Err(error))),
                }
            };
            let spawned = thread::Builder::new().name("files".to_owned()).spawn(work);
            // A thread that broke off keeps the vault; the next request opens it again.
            seat.vault = given_back.recv().ok();
            spawned.map(drop).map_err(|error| UiError::new("no-thread", format!("The system has no thread to spare: {error}.")))
        })
        .await?;
        answered.await.map_err(|_| UiError::interrupted())?
    }

    /// A vault of its own for whoever runs longer than a request, unlocked.
    ///
    /// # Errors
    /// As [`Desk::keep`], and if the key does not fit.
    pub(crate) async fn detach(&self, key: Key) -> Result<Vault, UiError> {
        self.pass_gate()?;
        on(&self.keeper, move |seat| {
            seat.open()?;
            let mut vault = Vault::open(&seat.folder, Environment::system())?;
            unlock(&mut vault, &key)?;
            Ok(vault)
        })
        .await
    }

    /// What a person has to give; `None`: nothing, or there is no vault. Asked of a closed vault too.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(crate) async fn wanted(&self) -> Result<Option<Wanted>, UiError> {
        if !Vault::exists(&self.folder) {
            return Ok(None);
        }
        on(&self.reader, |seat| Ok(wanted(seat.vault()?)?)).await
    }

    /// Unlocks, and ends a lock for all processes if there is one.
    ///
    /// # Errors
    /// If the key does not fit.
    pub(crate) async fn unlock(&self, key: Key) -> Result<(), UiError> {
        on(&self.keeper, move |seat| Ok(unlock(seat.vault()?, &key)?)).await?;
        self.gate.open(Instant::now());
        self.tell(Event::Gate { closed: None });
        Ok(())
    }

    /// Whether this window gets at the secrets without asking anybody.
    ///
    /// # Errors
    /// As [`Desk::read`].
    pub(crate) async fn is_unlocked(&self) -> Result<bool, UiError> {
        self.pass_gate()?;
        on(&self.keeper, |seat| Ok(seat.open()?.is_unlocked()?)).await
    }

    /// Locks the vault for all processes.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub(crate) async fn lock(&self) -> Result<(), UiError> {
        self.pass_gate()?;
        on(&self.keeper, |seat| {
            let locked = seat.vault()?.lock();
            seat.vault = None;
            Ok(locked?)
        })
        .await?;
        self.gate.close(Closed::Here);
        self.tell(Event::Gate { closed: Some(Closed::Here) });
        Ok(())
    }

    /// Closes the vault to this window because nobody is there, and waits until the secrets are let go of. Does nothing where there is no vault.
    pub(crate) fn leave(&self, why: Closed) {
        if !Vault::exists(&self.folder) {
            return;
        }
        if self.gate.close(why) {
            self.tell(Event::Gate { closed: Some(why) });
        }
        let (let_go, gone) = mpsc::channel();
        let job: Job = Box::new(move |seat| {
            seat.vault = None;
            // It may be waited for no longer.
            let _ = let_go.send(());
        });
        if self.keeper.send(job).is_ok() {
            let _ = gone.recv_timeout(LET_GO);
        }
    }

    /// Makes a new vault, unlocked.
    ///
    /// # Errors
    /// If there is one already, or its secrets cannot be kept there.
    pub(crate) async fn create(&self, place: SecretsPlace) -> Result<(), UiError> {
        on(&self.keeper, move |seat| {
            seat.vault = Some(place.with_choice(Arc::new(NoPrompts), |choice| Vault::create(&seat.folder, choice, Environment::system()))?);
            Ok(())
        })
        .await?;
        self.tell(Event::Changed);
        Ok(())
    }

    fn pass_gate(&self) -> Result<(), UiError> {
        if self.gate.closed().is_some() { Err(UiError::locked()) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Has work done on a thread, and waits for what comes of it.
async fn on<T: Send + 'static>(thread: &Sender<Job>, work: impl FnOnce(&mut Seat) -> Result<T, UiError> + Send + 'static) -> Result<T, UiError> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move |seat| drop(answer.send(work(seat))));
    thread.send(job).map_err(|_| UiError::interrupted())?;
    answered.await.map_err(|_| UiError::interrupted())?
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    // Without threads there is no app: whoever asks one that is not there is told that keycap is closing.
    drop(thread::Builder::new().name(name.to_owned()).spawn(work));
}

/// What the reading thread looks after between requests.
struct Watch {
    gate: Arc<Gate>,
    outlet: Outlet,
    keeper: Sender<Job>,
    counter: Option<u64>,
}

fn read_ledger(mut seat: Seat, jobs: &Receiver<Job>, mut watch: Watch) {
    loop {
        match jobs.recv_timeout(WATCH) {
            Ok(job) => job(&mut seat),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        watch.look(&mut seat);
    }
}

impl Watch {
    fn look(&mut self, seat: &mut Seat) {
        if let Some(why) = self.gate.watch(Instant::now(), SystemTime::now()) {
            self.forget();
            (self.outlet)(Event::Gate { closed: Some(why) });
        }
        if !Vault::exists(&seat.folder) {
            return;
        }
        let Ok(vault) = seat.vault() else { return };
        let counter = vault.change_counter().ok();
        if counter == self.counter {
            return;
        }
        self.counter = counter;
        match vault.is_locked() {
            // What cannot be read counts as locked.
            Ok(true) | Err(_) if self.gate.close(Closed::Elsewhere) => {
                self.forget();
                (self.outlet)(Event::Gate { closed: Some(Closed::Elsewhere) });
            }
            Ok(false) if self.gate.unlocked_elsewhere(Instant::now()) => (self.outlet)(Event::Gate { closed: None }),
            Ok(_) | Err(_) => {}
        }
        (self.outlet)(Event::Changed);
    }

    /// Lets go of the secrets.
    fn forget(&self) {
        let job: Job = Box::new(|seat| seat.vault = None);
        drop(self.keeper.send(job));
    }
}

fn keep_secrets(mut seat: Seat, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        job(&mut seat);
    }
}

impl Seat {
    fn vault(&mut self) -> Result<&mut Vault, UiError> {
        if self.vault.is_none() {
            if !Vault::exists(&self.folder) {
                return Err(UiError::no_vault());
            }
            self.vault = Some(Vault::open(&self.folder, Environment::system())?);
        }
        self.vault.as_mut().ok_or_else(UiError::no_vault)
    }

    /// The vault, if no process has locked it.
    fn open(&mut self) -> Result<&mut Vault, UiError> {
        let vault = self.vault()?;
        if vault.is_locked()? { Err(UiError::locked()) } else { Ok(vault) }
    }

    /// The vault with its secrets.
    fn unlocked(&mut self) -> Result<&mut Vault, UiError> {
        let vault = self.open()?;
        if !vault.is_unlocked()? {
            if wanted(vault)?.is_some() {
                return Err(UiError::new(UiError::NEEDS_UNLOCK, "The vault has to be unlocked first."));
            }
            unlock(vault, &Key::Itself)?;
        }
        Ok(vault)
    }
}

fn wanted(vault: &Vault) -> Result<Option<Wanted>, VaultError> {
    Ok(match vault.protection()? {
        Protection::Sealed(UnlockKind::Passphrase) => Some(Wanted::Passphrase),
        Protection::Sealed(UnlockKind::Recipients) => Some(Wanted::Identity),
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring | UnlockKind::File(_) | UnlockKind::Credential) => None,
    })
}

fn unlock(vault: &mut Vault, key: &Key) -> Result<(), VaultError> {
    let directory = keycap_vault::credentials_directory();
    let protection = vault.protection()?;
    let with = match (key, &protection, &directory) {
        (Key::Passphrase(passphrase), _, _) => Unlock::Passphrase(passphrase),
        (Key::Identity(file), _, _) => {
            let files = std::slice::from_ref(file);
            return open_with(vault, Unlock::Identities { files, prompts: Arc::new(NoPrompts) });
        }
        (Key::Itself, Protection::Sealed(UnlockKind::File(_)), _) => Unlock::File,
        (Key::Itself, Protection::Sealed(UnlockKind::Credential), Some(directory)) => Unlock::Credential { directory },
        (Key::Itself, _, _) => Unlock::Keyring,
    };
    open_with(vault, with)
}

fn open_with(vault: &mut Vault, with: Unlock<'_>) -> Result<(), VaultError> {
    if vault.is_locked()? { vault.clear_lock(with) } else { vault.unlock(with) }
}

#[cfg(test)]
mod tests;
