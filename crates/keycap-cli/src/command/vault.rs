//! `keycap vault`: where secrets rest, locking, backups.

mod backup;
mod place;

use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::Args;
use keycap_vault::action::Danger;
use keycap_vault::view::VaultStatus;
use keycap_vault::{Environment, Protection, UnlockKind, Vault};
use serde::Serialize;

use crate::context::{Consent, Context};
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::unlock;
use keycap_vault::words::number;
use place::PlaceArgs;

/// What to do with the vault.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum VaultVerb {
    Status,
    Init(InitArgs),
    Lock,
    Unlock,
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Passwd(PasswdArgs),
    Convert(ConvertArgs),
}

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap vault init --vault ./server --sealed file --key-file server-key   # for a server\n  \
    keycap vault init --vault ./words --sealed passphrase --new-passphrase-file passphrase")]
pub(crate) struct InitArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PasswdArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    status: VaultStatus,
    last_backup: Option<u64>,
}

#[derive(Serialize)]
struct Locked {
    locked: bool,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(verb: VaultVerb, context: &mut Context) -> Ended {
    match verb {
        VaultVerb::Status => status(context),
        VaultVerb::Init(args) => init(&args, context),
        VaultVerb::Lock => lock(context),
        VaultVerb::Unlock => unlock(context),
        VaultVerb::Backup(args) => backup::backup(&args, context),
        VaultVerb::Restore(args) => backup::restore(&args, context),
        VaultVerb::Passwd(args) => passwd(&args, context),
        VaultVerb::Convert(args) => convert(&args, context),
    }
}

fn status(context: &mut Context) -> Ended {
    let vault = context.vault()?;
    show_status(&vault, context)?;
    DONE
}

fn init(args: &InitArgs, context: &mut Context) -> Ended {
    let folder = context.folder()?;
    // Before anything is asked, or a key file made.
    if Vault::exists(&folder) {
        return Err(CliError::failed("already-a-vault", "there is a vault already")
            .with(folder.display())
            .hint("use it, or name another folder with --vault"));
    }
    let place = args.place.choose(context)?;
    let vault = place::put(&place, context, |choice| Ok(Vault::create(&folder, choice, Environment::system())?))?;
    context.output.notes(|page| page.done(Line::from("made the vault in ").strong(folder.display().to_string())));
    show_status(&vault, context)?;
    context.output.notes(|page| {
        page.blank()?;
        page.next("keycap key new NAME", "make a key of your own")?;
        page.next("keycap service new NAME", "put something behind keycap")
    });
    DONE
}

fn lock(context: &mut Context) -> Ended {
    let mut vault = context.vault()?;
    vault.lock()?;
    context.output.show("vault-locked", &Locked { locked: true }, |page| {
        page.done("the vault is locked: no keycap on this machine gets at its secrets")?;
        page.paragraph(Line::new().quiet("Gateways that run keep serving with the keys that they have in memory."))
    })?;
    DONE
}

fn unlock(context: &mut Context) -> Ended {
    let mut vault = context.vault()?;
    let (was_locked, protection) = (vault.is_locked()?, vault.protection()?);
    unlock::with_unlock(&protection, &context.globals.unlock, context.prompt, |how| vault.clear_lock(how))?;
    context.output.show("vault-locked", &Locked { locked: false }, |page| {
        page.done(if was_locked { "the vault is unlocked" } else { "the vault was not locked, and its secrets can be had" })
    })?;
    DONE
}

fn passwd(args: &PasswdArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let protection = vault.protection()?;
    if protection == Protection::Keyring {
        return Err(CliError::usage(
            "nothing-to-change",
            "each secret is an item of its own in the keyring, whose password is the system's to change",
        )
        .hint("move the secrets into the ledger with `keycap vault convert --sealed`"));
    }
    let place = match args.place.is_silent() && protection == Protection::Sealed(UnlockKind::Passphrase) {
        true => args.place.new_passphrase(context)?,
        false => args.place.choose_sealed(context)?,
    };
    place::seal_under(&place, context, |method| Ok(vault.change_unlocking(&method)?))?;
    show_status(&vault, context)?;
    context.output.note(Line::new().quiet("Whoever has an old copy of the vault's folder, and what opened it then, can still open that copy."));
    DONE
}

fn convert(args: &ConvertArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let place = args.place.choose(context)?;
    let name = short_name(vault.folder());
    let question = format!("All secrets of {name} will rest {}.", place::words(&place));
    context.ask_first(Danger::Moderate, &args.consent, &name, &question)?;
    let mut bar = Bar::new(context);
    place::put(&place, context, |choice| Ok(vault.convert(&choice, &mut |done, of| bar.show(done, of))?))?;
    bar.clear();
    show_status(&vault, context)?;
    DONE
}

fn show_status(vault: &Vault, context: &mut Context) -> Result<(), CliError> {
    let last_backup = vault.last_backup()?.map(keycap_vault::UnixSeconds::as_u64);
    let status = Status { status: vault.status()?, last_backup };
    let times = context.times(vault);
    context.output.show("vault", &status, |page| {
        let Status { status, last_backup } = &status;
        page.field("folder", &status.folder)?;
        page.field("secrets", &status.protection_text)?;
        let locked = if status.locked { Line::new().role(Role::Bad, "locked, for every keycap on this machine") } else { "not locked".into() };
        page.field("lock", locked)?;
        page.field("keys", format!("{}, and {} key cards of others", number(status.keys), number(status.cards)))?;
        page.field("services", number(status.services))?;
        page.field("grants", number(status.grants))?;
        page.field("capabilities", number(status.capabilities))?;
        let backup = last_backup.map_or_else(|| Line::new().role(Role::Warn, "never"), |at| times.full(at).into());
        page.field("last backup", backup)
    })
}

/// What is typed to confirm something that is done to a whole vault: the name of its folder.
fn short_name(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// How far something is, on standard error, while somebody looks.
struct Bar {
    shown: bool,
    last: u64,
}

impl Bar {
    fn new(context: &Context) -> Self {
        Self { shown: !context.output.is_json() && std::io::stderr().is_terminal(), last: u64::MAX }
    }

    fn show(&mut self, done: u64, of: u64) {
        let percent = done * 100 / of.max(1);
        if self.shown && percent != self.last {
            self.last = percent;
            // Where nobody reads standard error nothing is lost.
            let _ = write!(std::io::stderr(), "\r{done} of {of} secrets, {percent} %");
        }
    }

    fn clear(&mut self) {
        if self.shown && self.last != u64::MAX {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
