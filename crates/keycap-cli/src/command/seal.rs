//! `keycap seal`: files sealed to keys, services and passphrases, in the age format.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use keycap_vault::files::{Folding, Form, Recipients, SealJob, SealTo};
use keycap_vault::view::FilesView;
use keycap_vault::{SealFrom, SecretText, Vault};

use super::files::{self, PlaceArgs, Told};
use super::recipient;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Ended;
use crate::secret_input;
use crate::unlock;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("to").args(["recipients", "passphrase", "new_passphrase_file"]).multiple(true), after_long_help = "  keycap seal -r bob -r age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj report.pdf notes.txt
  keycap seal -r bob report.pdf --output - | keycap inspect -
  keycap seal -r cap:orders report.pdf      # for the service of a capability; whoever serves can open it
  keycap seal -r bob --from operator report.pdf
  keycap seal -r bob photos --each --output sealed/

A file is written beside the one it is made from, as `name.age`, and opens with age and rage as well. A folder becomes one file. You can open \
what you seal, by your oldest key, unless --no-self says otherwise, there is a passphrase, or the reader is to know who sealed it.

With --from the reader learns that your key sealed it, if it is sealed to nobody else. That proof is for the reader only: whoever has the \
reader's private key can make such files in anyone's name. A sealed file can be presented again, and whoever gets the private key some day opens \
all that was ever sealed to it.")]
pub(crate) struct SealArgs {
    /// To whom: a key, a key card, a group, a held capability (for its service), age1…, an SSH public key, or a file with any of these; may be given more than once
    #[arg(short, long = "recipient", value_name = "RECIPIENT", add = names([NameKind::Key, NameKind::Group, NameKind::Capability]), value_hint = clap::ValueHint::FilePath)]
    recipients: Vec<String>,
    /// Seal it under a passphrase, which is asked for
    #[arg(short, long)]
    passphrase: bool,
    /// Seal it under the passphrase in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase", value_hint = clap::ValueHint::FilePath)]
    new_passphrase_file: Option<PathBuf>,
    /// Show the reader that this key of yours sealed it
    #[arg(long, value_name = "KEY", add = names([NameKind::Key]))]
    from: Option<String>,
    /// Only for a reader who has your key card already, so that your key does not travel along
    #[arg(long, requires = "from")]
    mutual: bool,
    /// Do not seal it to yourself as well
    #[arg(long)]
    no_self: bool,
    /// Write text that can be pasted and mailed, a third longer
    #[arg(long)]
    armor: bool,
    /// Seal everything together as one file, a tar stream
    #[arg(long, conflicts_with = "each")]
    tar: bool,
    /// Seal every file in a folder by itself
    #[arg(long)]
    each: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    files: Vec<PathBuf>,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: SealArgs, context: &mut Context) -> Ended {
    let place = args.place.place(&args.files, args.tar)?;
    if place.standard && !args.armor && context.output.is_terminal() {
        return Err(CliError::usage("binary-to-terminal", "a sealed file is binary, and standard output is a terminal")
            .hint("name a file with --output, pipe it somewhere, or make it text with --armor"));
    }
    let inputs = files::inputs(&args.files)?;
    let passphrase = passphrase(&args, context)?;
    let recipients = recipients(&args.recipients, &args.sealing(), passphrase, context)?;
    let (views, notes) = (recipients.views().to_vec(), recipients.notes().to_vec());
    let folding = match (args.tar, args.each) {
        (true, _) => Folding::Together,
        (false, true) => Folding::Each,
        (false, false) => Folding::Folders,
    };
    let form = if args.armor { Form::Armor } else { Form::Binary };
    let job = SealJob::plan(recipients, inputs, place.output, (folding, form, place.existing)).map_err(keycap_vault::VaultError::from)?;
    let reports = files::watched(context, job.bytes(), |progress, cancel| job.run(progress, cancel));
    let view = FilesView::of(&reports, None)?;
    let told = Told { kind: "sealed", verb: "sealed", recipients: &views, notes: &notes, standard: place.standard };
    files::tell(view, &reports, &told, context)
}

/// Who seals, and whether to oneself as well.
pub(crate) struct Sealing {
    pub(crate) from: SealFrom,
    pub(crate) with_self: bool,
}

impl SealArgs {
    fn sealing(&self) -> Sealing {
        Sealing { from: SealFrom { key: self.from.clone(), mutual: self.mutual }, with_self: !self.no_self }
    }
}

fn passphrase(args: &SealArgs, context: &Context) -> Result<Option<SecretText>, CliError> {
    if let Some(path) = &args.new_passphrase_file {
        return secret_input::passphrase_from_file(path).map(Some);
    }
    if !args.passphrase {
        return Ok(None);
    }
    if !context.prompt.can_ask_passphrase() {
        return Err(CliError::usage("not-a-terminal", "a passphrase has to be typed, and nobody is at a terminal")
            .hint("name a file with --new-passphrase-file"));
    }
    context.prompt.new_passphrase("A passphrase for the file:").map(Some)
}

/// The recipients that are named; the vault is unlocked only if they need it, and need not be there if they do not.
///
/// # Errors
/// If one of them is none, or the vault stays locked.
pub(crate) fn recipients(named: &[String], sealing: &Sealing, passphrase: Option<SecretText>, context: &mut Context) -> Result<Recipients, CliError> {
    let mut to = SealTo {
        recipients: Vec::new(),
        passphrase,
        from: sealing.from.clone(),
        with_self: sealing.with_self,
        prompts: unlock::prompts(context.prompt),
    };
    if !Vault::exists(&context.folder()?) {
        to.recipients = recipient::written_out(named)?;
        return Ok(Recipients::written_out(&to)?);
    }
    let mut vault = context.vault()?;
    to.recipients = vault.recipients_given(named)?;
    match vault.file_recipients(&to) {
        Err(error) if files::needs_unlocking(&error) => {
            drop(vault);
            Ok(context.unlocked_vault()?.file_recipients(&to)?)
        }
        other => Ok(other?),
    }
}
