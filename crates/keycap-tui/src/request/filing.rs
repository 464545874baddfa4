//! What is asked about files: what a folder holds, to whom a file is sealed, and the work of sealing and opening it, which then runs as a task.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_vault::files::{Existing, Folders, Folding, Form, Input, Inspected, Output, Recipients, SealJob, SealTo, is_for_passphrase};
use keycap_vault::view::{CapabilityView, GroupView, InspectedView, KeyView, RecipientView};
use keycap_vault::{ErrorClass, NoPrompts, OpenRequest, SealFrom, SecretText, Vault, VaultError, WhatLapsed};

use super::Failure;
use crate::file::{self, Entry};
use crate::task::Job;
use crate::task::files::{FileTask, Opening, Work};

/// Something asked about files.
#[derive(Debug)]
pub(crate) enum Filing {
    /// What is in a folder; an empty path is the one in which the program was started.
    Folder(PathBuf),
    /// To whom a file is sealed, and what of this vault opens it, if it is unlocked.
    Inspect { file: PathBuf, unlocked: bool },
    /// What is common to files, before they are sealed or opened.
    Survey(Vec<PathBuf>),
    /// Whom files can be sealed to.
    Readers,
    /// Who would get what is sealed.
    Readership(Readership),
    /// Seals files.
    Seal(SealPlan),
    /// Opens files.
    Open(OpenPlan),
    /// Gives sealed files other readers.
    Reseal { to: Readership, plan: OpenPlan },
}

/// To whom files are sealed, and by whom.
#[derive(Debug)]
pub(crate) struct Readership {
    pub(crate) names: Vec<String>,
    pub(crate) passphrase: Option<SecretText>,
    pub(crate) from: SealFrom,
    pub(crate) with_self: bool,
    /// Whether a capability or a sender is among it, for which the vault has to be unlocked.
    pub(crate) secrets: bool,
}

/// How files are sealed.
#[derive(Debug)]
pub(crate) struct SealPlan {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) to: Readership,
    pub(crate) folding: Folding,
    pub(crate) form: Form,
    /// `None`: each beside the file it is made from.
    pub(crate) into: Option<PathBuf>,
}

/// How files are opened.
#[derive(Debug)]
pub(crate) struct OpenPlan {
    pub(crate) files: Vec<PathBuf>,
    /// Of files that are sealed under one, or of an identity file that is.
    pub(crate) passphrase: Option<SecretText>,
    /// age identity files and SSH private keys, beside what the vault has.
    pub(crate) identities: Vec<PathBuf>,
    pub(crate) lapsed: WhatLapsed,
    /// The name under which the vault's services take files; `None`: the usual one.
    pub(crate) target: Option<String>,
    pub(crate) folders: Folders,
    pub(crate) into: Option<PathBuf>,
    /// Whether any of them is for more than a passphrase.
    pub(crate) secrets: bool,
}

/// What the vault answers.
#[derive(Debug)]
pub(crate) enum Filed {
    /// The folder, as an absolute path, and what is in it.
    Folder {
        folder: PathBuf,
        entries: Vec<Entry>,
    },
    Inspected {
        file: PathBuf,
        view: Box<InspectedView>,
    },
    Survey(Survey),
    Readers(Box<Readers>),
    Readership {
        recipients: Vec<RecipientView>,
        notes: Vec<String>,
    },
    /// What is to run as a task.
    Task(Box<dyn Job>),
}

/// What is common to files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    pub(crate) folders: usize,
    /// Bytes in files; what is in folders is not counted.
    pub(crate) bytes: u64,
    /// How many are sealed under a passphrase.
    pub(crate) passphrase: usize,
}

/// Whom files can be sealed to.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    pub(crate) keys: Vec<KeyView>,
    pub(crate) groups: Vec<GroupView>,
    pub(crate) capabilities: Vec<CapabilityView>,
}

impl Filing {
    /// Whether the vault must be unlocked for it.
    pub(crate) fn needs_secrets(&self) -> bool {
        match self {
            Self::Folder(_) | Self::Survey(_) | Self::Readers => false,
            Self::Inspect { unlocked, .. } => *unlocked,
            Self::Readership(to) => to.secrets,
            Self::Seal(plan) => plan.to.secrets,
            Self::Open(plan) => plan.secrets,
            Self::Reseal { to, plan } => to.secrets || plan.secrets,
        }
    }

    /// Whether it is nothing but a look into the ledger: the rest reads files, which may be on a slow disk.
    pub(crate) fn only_reads(&self) -> bool {
        match self {
            Self::Readers => true,
            // A file among them may be on a slow disk.
            Self::Readership(to) => !to.secrets && !to.names.iter().any(|name| name.contains('/')),
            Self::Folder(_) | Self::Inspect { .. } | Self::Survey(_) | Self::Seal(_) | Self::Open(_) | Self::Reseal { .. } => false,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Whatever the vault or a file says.
    pub(super) fn run(&self, vault: &mut Vault) -> Result<Filed, Failure> {
        Ok(match self {
            Self::Folder(folder) => {
                let asked = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                let folder = asked.canonicalize().map_err(|error| unreadable(asked, &error))?;
                Filed::Folder { entries: file::entries(&folder)?, folder }
            }
            Self::Inspect { file, .. } => Filed::Inspected { file: file.clone(), view: Box::new(inspect(vault, file)?) },
            Self::Survey(files) => Filed::Survey(survey(files)),
            Self::Readers => {
                Filed::Readers(Box::new(Readers { keys: vault.keys(None)?, groups: vault.groups()?, capabilities: vault.capabilities(None)? }))
            }
            Self::Readership(to) => {
                let found = to.find(vault)?;
                Filed::Readership { recipients: found.views().to_vec(), notes: found.notes().to_vec() }
            }
            Self::Seal(plan) => {
                let recipients = plan.to.find(vault)?;
                let how = (plan.folding, plan.form, Existing::Number);
                let job = SealJob::plan(recipients, inputs(&plan.files), output(plan.into.as_ref()), how).map_err(VaultError::from)?;
                Filed::Task(Box::new(FileTask { work: Work::Seal(job), vault: vault.status()?.folder.into() }))
            }
            Self::Open(plan) => {
                let with = opening(vault, plan)?;
                let work = Work::Open { with, files: plan.files.clone(), folders: plan.folders, into: plan.into.clone() };
                Filed::Task(Box::new(FileTask { work, vault: vault.status()?.folder.into() }))
            }
            Self::Reseal { to, plan } => {
                let work = Work::Reseal { recipients: to.find(vault)?, with: opening(vault, plan)?, files: plan.files.clone() };
                Filed::Task(Box::new(FileTask { work, vault: vault.status()?.folder.into() }))
            }
        })
    }
}

impl Readership {
    fn find(&self, vault: &mut Vault) -> Result<Recipients, VaultError> {
        vault.file_recipients(&SealTo {
            recipients: vault.recipients_given(&self.names)?,
            passphrase: self.passphrase.as_ref().map(copy),
            from: self.from.clone(),
            with_self: self.with_self,
            prompts: Arc::new(NoPrompts),
        })
    }
}

/// Files as the work takes them.
pub(crate) fn inputs(files: &[PathBuf]) -> Vec<Input> {
    files.iter().cloned().map(Input::Path).collect()
}

/// Where the work puts what it makes.
pub(crate) fn output(into: Option<&PathBuf>) -> Output {
    into.map_or(Output::Beside, |folder| Output::Folder(folder.clone()))
}

fn opening(vault: &Vault, plan: &OpenPlan) -> Result<Opening, VaultError> {
    let usual = OpenRequest::default();
    let request = OpenRequest { lapsed: plan.lapsed, target: plan.target.clone().unwrap_or(usual.target), scope: usual.scope };
    let opener = plan.secrets.then(|| vault.opener(request)).transpose()?;
    Ok(Opening { opener, passphrase: plan.passphrase.as_ref().map(copy), identities: plan.identities.clone() })
}

fn inspect(vault: &Vault, file: &Path) -> Result<InspectedView, VaultError> {
    let inspected = Inspected::read(Input::Path(file.to_owned()))?;
    let opener = if vault.is_unlocked()? { Some(vault.opener(OpenRequest::default())?) } else { None };
    InspectedView::of(&file.display().to_string(), &inspected, opener.as_ref().map(|opener| (vault, opener)))
}

fn survey(files: &[PathBuf]) -> Survey {
    let mut survey = Survey::default();
    for file in files {
        let Ok(metadata) = file.metadata() else { continue };
        if metadata.is_dir() {
            survey.folders += 1;
        } else {
            survey.bytes += metadata.len();
            survey.passphrase += usize::from(is_for_passphrase(file));
        }
    }
    survey
}

fn unreadable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure { code: "folder-read", class: ErrorClass::Failed, message: format!("{} cannot be read: {error}", folder.display()), hint: None }
}

fn copy(text: &SecretText) -> SecretText {
    SecretText::new(text.expose().to_owned())
}
