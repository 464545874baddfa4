//! Sealing and opening files as tasks: they say how far they are, and when they are cancelled no half of a file is left.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use keycap_vault::files::{Cancel, Existing, Folders, Identities, OpenJob, Progress, Recipients, Report, ResealJob, SealJob, ended};
use keycap_vault::view::{FileView, FilesView};
use keycap_vault::words::{bytes, number};
use keycap_vault::{Environment, Opener, Prompts, SecretText, Vault, VaultError};

use super::{Job, TaskHandle, TaskNews, Unit};
use crate::request::{Failure, inputs, output};

/// The task.
#[derive(Debug)]
pub(crate) struct FileTask {
    pub(crate) work: Work,
    /// The vault's folder: its ledger knows the names of those who sealed what was opened.
    pub(crate) vault: PathBuf,
}

/// What it does.
#[derive(Debug)]
pub(crate) enum Work {
    Seal(SealJob),
    Open { with: Opening, files: Vec<PathBuf>, folders: Folders, into: Option<PathBuf> },
    Reseal { recipients: Recipients, with: Opening, files: Vec<PathBuf> },
}

/// With what files are opened.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The vault's keys and services.
    pub(crate) opener: Option<Opener>,
    /// Of files that are sealed under one, or of an identity file that is.
    pub(crate) passphrase: Option<SecretText>,
    /// age identity files and SSH private keys.
    pub(crate) identities: Vec<PathBuf>,
}

/// How often it is looked whether the task is to stop.
const LOOK: Duration = Duration::from_millis(20);
/// How often it is said how far it is.
const SAY: Duration = Duration::from_millis(100);

impl Job for FileTask {
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure> {
        let Self { work, vault } = *self;
        let cancel = Cancel::new();
        let over = AtomicBool::new(false);
        let reports = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if task.is_cancelled() {
                        return cancel.cancel();
                    }
                    thread::sleep(LOOK);
                }
            });
            let reports = work.run(task, &cancel);
            over.store(true, Ordering::Relaxed);
            reports
        })?;
        let vault = Vault::open(&vault, Environment::system()).ok();
        told(&reports, vault.as_ref())
    }
}

impl Work {
    fn run(self, task: &TaskHandle, cancel: &Cancel) -> Result<Vec<Report>, VaultError> {
        Ok(match self {
            Self::Seal(job) => {
                let watch = Watch::new(task, job.bytes());
                job.run(&watch, cancel)
            }
            Self::Open { with, files, folders, into } => {
                let job = OpenJob::plan(with.identities()?, inputs(&files), output(into.as_ref()), (folders, Existing::Number))?;
                let watch = Watch::new(task, job.bytes());
                job.run(&watch, cancel)
            }
            Self::Reseal { recipients, with, files } => {
                let job = ResealJob::new(recipients, with.identities()?, files);
                let watch = Watch::new(task, Some(job.bytes()));
                job.run(&watch, cancel)
            }
        })
    }
}

impl Opening {
    fn identities(self) -> Result<Identities, VaultError> {
        let copied = self.passphrase.as_ref().map(|passphrase| SecretText::new(passphrase.expose().to_owned()));
        let prompts: Arc<dyn Prompts> = Arc::new(Typed(copied));
        let mut identities = Identities::new().with_files(&self.identities, &prompts)?;
        if let Some(passphrase) = &self.passphrase {
            identities = identities.with_passphrase(passphrase);
        }
        Ok(match self.opener {
            Some(opener) => identities.with_vault(opener),
            None => identities,
        })
    }
}

/// Answers with the passphrase that was typed before, and with nothing else: a task has nobody to ask.
struct Typed(Option<SecretText>);

impl Prompts for Typed {
    fn message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _description: &str) -> Option<SecretText> {
        self.0.as_ref().map(|passphrase| SecretText::new(passphrase.expose().to_owned()))
    }
}

/// Tells the interface how far the work is, not more often than anybody can read.
struct Watch<'a> {
    task: &'a TaskHandle,
    whole: Option<u64>,
    done: AtomicU64,
    said: Mutex<Instant>,
}

impl<'a> Watch<'a> {
    fn new(task: &'a TaskHandle, whole: Option<u64>) -> Self {
        task.tell(TaskNews::Progress { done: 0, whole, unit: Unit::Bytes });
        Self { task, whole, done: AtomicU64::new(0), said: Mutex::new(Instant::now()) }
    }
}

impl Progress for Watch<'_> {
    fn begin(&self, name: &str) {
        self.task.tell(TaskNews::Says(name.to_owned()));
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Whoever finds it taken leaves it to the other.
        if let Ok(mut said) = self.said.try_lock()
            && said.elapsed() >= SAY
        {
            *said = Instant::now();
            self.task.tell(TaskNews::Progress { done, whole: self.whole, unit: Unit::Bytes });
        }
    }
}

/// What became of the files, in a sentence or two.
fn told(reports: &[Report], vault: Option<&Vault>) -> Result<String, Failure> {
    let view = FilesView::of(reports, vault)?;
    let first = view.files.iter().find_map(|file| Some((file, file.error.as_ref()?)));
    if let (Some((file, error)), Some(class)) = (first, ended(reports)) {
        let of = if reports.len() > 1 { format!("{} of {} files were not done; ", view.failed, reports.len()) } else { String::new() };
        return Err(Failure { code: error.code, class, message: format!("{of}{}: {}", file.file, error.message), hint: error.hint.clone() });
    }
    let left_out: u64 = view.files.iter().map(|file| file.left_out).sum();
    let left_out = match left_out {
        0 => String::new(),
        left => format!("; {} things in it could not be taken along: sockets, pipes, devices, links that lead outside", number(left)),
    };
    Ok(match view.files.as_slice() {
        [only] => format!("{}, {}{}{left_out}", only.output.as_deref().unwrap_or(&only.file), bytes(only.bytes), from(only)),
        files => {
            let from: BTreeSet<String> = files.iter().map(from).collect();
            format!("{} files, {}{}{left_out}", files.len(), bytes(view.bytes), from.into_iter().collect::<String>())
        }
    })
}

/// From whom a file is, and what is to be known about that.
fn from(file: &FileView) -> String {
    let Some(opened) = &file.opened else { return String::new() };
    let sentence = if opened.sender.is_some() || opened.grant.is_some() { format!(". {}", opened.sentence) } else { String::new() };
    let notes: String = opened.notes.iter().map(|note| format!(" ! {note}")).collect();
    sentence + &notes
}
