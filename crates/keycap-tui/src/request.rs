//! What the interface asks of the vault, and what it is answered: data, so that a test can see what a keystroke would do without doing it.
//!
//! A request is done on a thread of the driver's, never while a frame waits.

mod change;
mod exchange;
mod file;
mod filing;
mod setup;
mod upkeep;

use keycap_vault::view::{
    CapabilityView, DoctorFinding, ExplainView, GrantView, GrantsPage, GroupView, KeyView, Live, LogPage, LogVerification, MendView, Overview,
    RevokePreview, RevokeReceipt, ServiceView, VaultStatus,
};
use std::path::PathBuf;

use keycap_vault::{
    ErrorClass, ExportTo, GrantQuery, LogQuery, NewService, OpenCapability, OpenWith, RevokeReason, Rotation, SecretText, Vault, VaultError, Would,
};

pub(crate) use change::Change;
pub(crate) use exchange::{Exchange, Exchanged, Found, Leave, Out, Source, is_card};
pub(crate) use filing::{Filed, Filing, OpenPlan, Readers, Readership, SealPlan, Survey, inputs, output};
pub(crate) use setup::{SetUp, Setup};
pub(crate) use upkeep::{Convert, Kept, OpenedBackup, Upkeep};

use crate::event::Wanted;

/// Something asked of the vault.
#[derive(Debug)]
pub(crate) enum Request {
    /// Where the secrets rest, and how much there is.
    Status,
    /// What the overview shows.
    Overview,
    /// Keys and key cards.
    Keys,
    /// Services.
    Services,
    /// Capabilities held.
    Capabilities,
    /// Groups of recipients.
    Groups,
    /// A page of the tree of grants.
    Grants(GrantQuery),
    /// One grant, by its rid.
    Grant(String),
    /// Gateways and live sessions, of one service or of all.
    Live(Option<String>),
    /// Rows of the log.
    Log(LogQuery),
    /// Whether a capability or grant would allow something.
    Explain { name: String, would: Would },
    /// What a revocation would end.
    RevokePreview(String),
    /// What has become of a revocation.
    Receipt(String),
    /// What is wrong with the vault, the keyring and the machine.
    Doctor,
    /// Mends what can be.
    Mend,
    /// Recomputes the chain of the log.
    VerifyLog,
    /// A change that can be taken back.
    Change(Change),
    /// Revokes a grant, by its rid.
    Revoke { rid: String, why: RevokeReason },
    /// Deletes a key or forgets a key card, if it still has this fingerprint.
    RemoveKey { name: String, fingerprint: String },
    /// Deletes a service or forgets its card, if it still has this fingerprint.
    RemoveService { name: String, fingerprint: String },
    /// Deletes a capability, if it still has this last block.
    RemoveCapability { name: String, last_block: String },
    /// Makes a key of one's own.
    NewKey(String),
    /// Makes a service, with where it may be found.
    NewService { name: String, hints: Vec<String> },
    /// Gives a service another root secret, if it still has this fingerprint.
    Rotate { name: String, fingerprint: String, rotation: Rotation },
    /// Writes the whole vault, sealed, into a file that is not there yet.
    Backup { file: PathBuf, to: ExportTo },
    /// Writes a key, private half included, into a file that is not there yet.
    ExportKey { name: String, file: PathBuf, to: ExportTo },
    /// Writes a service's keys into a file that is not there yet.
    ExportService { name: String, file: PathBuf, to: ExportTo },
    /// Takes in a key from a file.
    ImportKey { file: PathBuf, name: Option<String>, with: OpenWith },
    /// Takes in a service's keys from a file.
    ImportService { file: PathBuf, name: Option<String>, with: OpenWith },
    /// Opens a capability, to be used by a connector.
    OpenCapability(String),
    /// Hands over the unlocked vault, for a gateway: the next request opens another.
    HandOver,
    /// What leaves the vault or comes into it.
    Exchange(Box<Exchange>),
    /// What is done with files.
    Filing(Box<Filing>),
    /// What is done to the vault as a whole.
    Upkeep(Box<Upkeep>),
    /// What is asked before there is a vault.
    Setup(Setup),
    /// Locks the vault for all processes.
    Lock,
    /// Ends a lock, or just unlocks this process.
    Unlock(UnlockBy),
}

/// What a person unlocks with.
#[derive(Debug)]
pub(crate) enum UnlockBy {
    /// Whatever unlocks without being typed: keyring, key file, credential.
    Itself,
    /// A passphrase.
    Passphrase(SecretText),
    /// An age identity file.
    Identity(PathBuf),
}

/// What the vault answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Status {
        status: VaultStatus,
        wanted: Option<Wanted>,
    },
    Overview(Box<Overview>),
    Keys(Vec<KeyView>),
    Services(Vec<ServiceView>),
    Capabilities(Vec<CapabilityView>),
    Groups(Vec<GroupView>),
    Grants(GrantsPage),
    Grant(Box<GrantView>),
    Live(Live),
    Log(LogPage),
    Explained(ExplainView),
    RevokePreview(Box<RevokePreview>),
    Receipt(Box<RevokeReceipt>),
    Doctor(Vec<DoctorFinding>),
    Mended(MendView),
    Verified(LogVerification),
    /// It was changed; this takes it back.
    Changed {
        done: Change,
        back: Change,
    },
    Key(Box<KeyView>),
    Service(Box<ServiceView>),
    /// It is done, and this is to be said about it.
    Told(String),
    /// A capability to be used.
    Capability(Box<OpenCapability>),
    /// The vault, unlocked.
    Vault(Box<Vault>),
    /// What has become of what was to leave or to come in.
    Exchanged(Exchanged),
    /// What was found out about files, or is to be done with them.
    Filed(Filed),
    /// What was done to the vault as a whole.
    Kept(Kept),
    /// What was asked before there was a vault.
    SetUp(SetUp),
    /// It is done, and there is no more to say.
    Done,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A stable name, in kebab-case.
    pub(crate) code: &'static str,
    /// How it should be taken.
    pub(crate) class: ErrorClass,
    /// What went wrong.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self { code: error.code(), class: error.class(), message: error.to_string(), hint: error.hint() }
    }
}

impl Failure {
    /// Because what was confirmed is not what is there any more.
    fn changed_meanwhile(name: &str) -> Self {
        Self {
            code: "changed-meanwhile",
            class: ErrorClass::Failed,
            message: format!("`{name}` is not what it was when you were asked"),
            hint: Some("another process changed it; look again".to_owned()),
        }
    }
}

impl Request {
    /// Asks for what leaves the vault or comes into it.
    pub(crate) fn exchange(exchange: Exchange) -> Self {
        Self::Exchange(Box::new(exchange))
    }

    /// Asks for what is done with files.
    pub(crate) fn filing(filing: Filing) -> Self {
        Self::Filing(Box::new(filing))
    }

    /// Asks for what is done to the vault as a whole.
    pub(crate) fn upkeep(upkeep: Upkeep) -> Self {
        Self::Upkeep(Box::new(upkeep))
    }

    /// Whether the vault must be unlocked for it: what changes anything writes to the log, whose chain has a secret key.
    pub(crate) fn needs_secrets(&self) -> bool {
        match self {
            Self::Setup(_) => false,
            Self::Exchange(exchange) => exchange.needs_secrets(),
            Self::Filing(filing) => filing.needs_secrets(),
            Self::Status
            | Self::Overview
            | Self::Keys
            | Self::Services
            | Self::Capabilities
            | Self::Groups
            | Self::Grants(_)
            | Self::Grant(_)
            | Self::Live(_)
            | Self::Log(_)
            | Self::Explain { .. }
            | Self::RevokePreview(_)
            | Self::Receipt(_)
            | Self::Doctor
            | Self::Lock
            | Self::Unlock(_) => false,
            Self::Mend
            | Self::VerifyLog
            | Self::Change(_)
            | Self::Revoke { .. }
            | Self::RemoveKey { .. }
            | Self::RemoveService { .. }
            | Self::RemoveCapability { .. }
            | Self::NewKey(_)
            | Self::NewService { .. }
            | Self::Rotate { .. }
            | Self::Backup { .. }
            | Self::ExportKey { .. }
            | Self::ExportService { .. }
            | Self::ImportKey { .. }
            | Self::ImportService { .. }
            | Self::OpenCapability(_)
            | Self::HandOver
            | Self::Upkeep(_) => true,
        }
    }

    /// Whether it only reads the ledger, and so can be done beside everything else. The doctor asks the keyring too, which may take its time.
    pub(crate) fn only_reads(&self) -> bool {
        let beside = !self.needs_secrets() && !matches!(self, Self::Setup(_) | Self::Doctor | Self::Lock | Self::Unlock(_));
        if let Self::Filing(filing) = self { filing.only_reads() } else { beside }
    }

    /// Does it.
    ///
    /// # Errors
    /// Whatever the vault says.
    pub(crate) fn run(&self, vault: &mut Vault) -> Result<Answer, Failure> {
        Ok(match self {
            Self::Status => Answer::Status { status: vault.status()?, wanted: wanted(vault)? },
            Self::Overview => Answer::Overview(Box::new(vault.overview()?)),
            Self::Keys => Answer::Keys(vault.keys(None)?),
            Self::Services => Answer::Services(vault.services(None)?),
            Self::Capabilities => Answer::Capabilities(vault.capabilities(None)?),
            Self::Groups => Answer::Groups(vault.groups()?),
            Self::Grants(query) => Answer::Grants(vault.grants(query)?),
            Self::Grant(rid) => Answer::Grant(Box::new(vault.grant(rid)?)),
            Self::Live(service) => Answer::Live(vault.live(service.as_deref())?),
            Self::Log(query) => Answer::Log(vault.log(query)?),
            Self::Explain { name, would } => Answer::Explained(vault.explain(name, would)?),
            Self::RevokePreview(rid) => Answer::RevokePreview(Box::new(vault.revoke_preview(rid)?)),
            Self::Receipt(rid) => Answer::Receipt(Box::new(vault.revoke_receipt(rid)?)),
            Self::Doctor => Answer::Doctor(vault.doctor()?),
            Self::Mend => Answer::Mended(vault.mend()?),
            Self::VerifyLog => Answer::Verified(vault.verify_log()?),
            Self::Change(change) => {
                let back = change.run(vault)?;
                Answer::Changed { done: change.clone(), back }
            }
            Self::Revoke { rid, why } => Answer::Receipt(Box::new(vault.revoke(rid, why)?)),
            Self::RemoveKey { name, fingerprint } => {
                if vault.key(name)?.fingerprint_full != *fingerprint {
                    return Err(Failure::changed_meanwhile(name));
                }
                vault.remove_key(name)?;
                Answer::Done
            }
            Self::RemoveService { name, fingerprint } => {
                if vault.service(name)?.fingerprint_full != *fingerprint {
                    return Err(Failure::changed_meanwhile(name));
                }
                vault.remove_service(name)?;
                Answer::Done
            }
            Self::RemoveCapability { name, last_block } => {
                if vault.capability(name)?.blocks.last().map(|block| block.id.as_str()) != Some(last_block) {
                    return Err(Failure::changed_meanwhile(name));
                }
                vault.remove_capability(name)?;
                Answer::Done
            }
            Self::NewKey(name) => Answer::Key(Box::new(vault.new_key(name, "")?)),
            Self::NewService { name, hints } => {
                let new = NewService { name: name.clone(), hints: hints.clone(), ..NewService::default() };
                Answer::Service(Box::new(vault.new_service(&new)?))
            }
            Self::Rotate { name, fingerprint, rotation } => {
                if vault.service(name)?.fingerprint_full != *fingerprint {
                    return Err(Failure::changed_meanwhile(name));
                }
                Answer::Service(Box::new(vault.rotate_service(name, *rotation)?))
            }
            Self::Backup { file, to } => {
                file::is_free(file)?;
                let sealed = vault.backup(to)?;
                file::write(file, sealed.bytes())?;
                vault.note_kept(&sealed)?;
                Answer::Told(file::told(file, sealed.view()))
            }
            Self::ExportKey { name, file, to } => {
                file::is_free(file)?;
                file::write(file, &vault.export_key(name, to)?)?;
                Answer::Told(format!("the key {name} is in {}: whoever opens it is {name}", file.display()))
            }
            Self::ExportService { name, file, to } => {
                file::is_free(file)?;
                file::write(file, &vault.export_service(name, to)?)?;
                Answer::Told(format!("the keys of {name} are in {}: whoever opens it can serve and mint", file.display()))
            }
            Self::ImportKey { file, name, with } => Answer::Key(Box::new(vault.import_key(&file::read(file)?, name.as_deref(), with)?)),
            Self::ImportService { file, name, with } => Answer::Service(Box::new(vault.import_service(&file::read(file)?, name.as_deref(), with)?)),
            Self::OpenCapability(name) => Answer::Capability(Box::new(vault.open_capability(name)?)),
            // Whoever holds the vault hands it over; one that is borrowed cannot be.
            Self::HandOver => Answer::Done,
            // Whoever has no vault yet does it without one.
            Self::Setup(setup) => setup.run(vault.folder())?.0,
            Self::Exchange(exchange) => Answer::Exchanged(exchange.run(vault)?),
            Self::Filing(filing) => Answer::Filed(filing.run(vault)?),
            Self::Upkeep(upkeep) => Answer::Kept(upkeep.run(vault)?),
            Self::Lock => {
                vault.lock()?;
                Answer::Done
            }
            Self::Unlock(by) => {
                unlock(vault, by)?;
                Answer::Done
            }
        })
    }
}

/// What a person has to give before the vault is unlocked; `None` if it unlocks with what the system has.
///
/// # Errors
/// If the ledger cannot be read.
pub(crate) fn wanted(vault: &Vault) -> Result<Option<Wanted>, VaultError> {
    use keycap_vault::{Protection, UnlockKind};

    Ok(match vault.protection()? {
        Protection::Sealed(UnlockKind::Passphrase) => Some(Wanted::Passphrase),
        Protection::Sealed(UnlockKind::Recipients) => Some(Wanted::Identity),
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring | UnlockKind::File(_) | UnlockKind::Credential) => None,
    })
}

/// Unlocks with what was given, and ends the lock for all processes if there is one.
///
/// # Errors
/// If it does not open it.
pub(crate) fn unlock(vault: &mut Vault, by: &UnlockBy) -> Result<(), VaultError> {
    use keycap_vault::{NoPrompts, Protection, Unlock, UnlockKind};

    let protection = vault.protection()?;
    let directory = keycap_vault::credentials_directory();
    let with = match (by, &protection, &directory) {
        (UnlockBy::Passphrase(passphrase), _, _) => Unlock::Passphrase(passphrase),
        (UnlockBy::Identity(file), _, _) => {
            let files = std::slice::from_ref(file);
            return open(vault, Unlock::Identities { files, prompts: std::sync::Arc::new(NoPrompts) });
        }
        (UnlockBy::Itself, Protection::Sealed(UnlockKind::File(_)), _) => Unlock::File,
        (UnlockBy::Itself, Protection::Sealed(UnlockKind::Credential), Some(directory)) => Unlock::Credential { directory },
        (UnlockBy::Itself, _, _) => Unlock::Keyring,
    };
    open(vault, with)
}

fn open(vault: &mut Vault, with: keycap_vault::Unlock<'_>) -> Result<(), VaultError> {
    if vault.is_locked()? { vault.clear_lock(with) } else { vault.unlock(with) }
}
