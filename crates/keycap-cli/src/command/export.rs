//! Sealed files that hold private halves: options and steps shared by every export, import and backup.

use std::path::{Path, PathBuf};

use clap::Args;
use keycap_vault::SecretText;
use keycap_vault::{ExportTo, OpenWith};
use serde::Serialize;

use super::recipient;
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::error::CliError;
use crate::file::{self, Access, Existing};
use crate::output::line::Line;
use crate::secret_input;
use crate::unlock;

/// An exported key or service has some hundred bytes, and an age file adds a few hundred more for each recipient.
const MAX_EXPORT_BYTES: u64 = 1 << 20;

/// Where a sealed file goes, and to whom it is sealed.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArgs {
    /// Seal it to this recipient instead of a passphrase: a key, a key card or a file that holds one, age1…, an SSH public key; may be given more than once
    #[arg(long = "to", value_name = "RECIPIENT", add = names([NameKind::Key]))]
    recipients: Vec<String>,
    /// Read the passphrase to seal it under from the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "recipients", value_hint = clap::ValueHint::FilePath)]
    new_passphrase_file: Option<PathBuf>,
    /// Write to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// A sealed file to take in.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// The sealed file; `-` is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The name it gets here, instead of the one it had
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) open: OpenArgs,
}

/// What opens a sealed file.
#[derive(Debug, Clone, Args)]
pub(crate) struct OpenArgs {
    /// Read the passphrase that it was sealed under from the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "with_identity", value_hint = clap::ValueHint::FilePath)]
    file_passphrase: Option<PathBuf>,
    /// Open it with this age identity file; may be given more than once
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    with_identity: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Exported<'a> {
    name: &'a str,
    file: &'a Path,
}

impl ExportArgs {
    /// To whom it is sealed; asks for a new passphrase if nothing else is named.
    ///
    /// # Errors
    /// If there is nobody to ask, or the passphrase file cannot be read.
    pub(crate) fn target(&self, context: &Context) -> Result<ExportTo, CliError> {
        // Refused before anything is asked or sealed.
        if !file::is_standard(&self.output) {
            file::check(&self.output, Existing::from(self.force))?;
        }
        if file::is_standard(&self.output) && context.output.is_terminal() {
            return Err(CliError::usage("binary-to-terminal", "a sealed file is binary, and standard output is a terminal")
                .hint("name a file with --output, or pipe it somewhere"));
        }
        if !self.recipients.is_empty() {
            let vault = context.vault()?;
            let recipients = self.recipients.iter().map(|recipient| recipient::resolve(recipient, &vault)).collect::<Result<_, _>>()?;
            return Ok(ExportTo::Recipients(recipients));
        }
        if let Some(path) = &self.new_passphrase_file {
            return secret_input::passphrase_from_file(path).map(ExportTo::Passphrase);
        }
        if !context.prompt.can_ask_passphrase() {
            return Err(CliError::usage("needs-recipient", "it has to be sealed to someone, and nobody is at a terminal to type a passphrase")
                .hint("name a recipient with --to, or a file with --new-passphrase-file"));
        }
        context.prompt.new_passphrase("A passphrase for the file:").map(ExportTo::Passphrase)
    }

    /// Writes the sealed file, readable by its owner only, and says so.
    ///
    /// # Errors
    /// If there is such a file already and it is not to be replaced, or it cannot be written.
    pub(crate) fn write(&self, sealed: &[u8], what: &str, name: &str, context: &mut Context) -> Result<(), CliError> {
        let Some(file) = self.save(sealed, context)? else { return Ok(()) };
        let shown = file.display().to_string();
        context.output.show("exported", &Exported { name, file }, |page| {
            page.done(Line::from("exported the ").plain(what).plain(" ").name(name).plain(" to ").strong(shown))
        })
    }

    /// Writes the sealed file, readable by its owner only; the file, or `None` if it went to standard output.
    ///
    /// # Errors
    /// As [`ExportArgs::write`].
    pub(crate) fn save(&self, sealed: &[u8], context: &mut Context) -> Result<Option<&Path>, CliError> {
        if file::is_standard(&self.output) {
            context.output.raw(sealed)?;
            return Ok(None);
        }
        file::write(&self.output, sealed, Access::Private, Existing::from(self.force))?;
        Ok(Some(&self.output))
    }
}

impl ImportArgs {
    /// The sealed bytes.
    ///
    /// # Errors
    /// If the file cannot be read or is far too large.
    pub(crate) fn sealed(&self) -> Result<Vec<u8>, CliError> {
        file::read(&self.file, MAX_EXPORT_BYTES)
    }
}

impl OpenArgs {
    /// Opens a sealed file with what the options name; with none, first by the keys in the vault, then by a passphrase that is asked for.
    ///
    /// # Errors
    /// What `open` fails with in the end.
    pub(crate) fn open<T>(&self, context: &Context, mut open: impl FnMut(&OpenWith) -> Result<T, keycap_vault::VaultError>) -> Result<T, CliError> {
        if let Some(path) = &self.file_passphrase {
            return Ok(open(&OpenWith::Passphrase(secret_input::passphrase_from_file(path)?))?);
        }
        if !self.with_identity.is_empty() {
            let prompts = unlock::prompts(context.prompt);
            return Ok(open(&OpenWith::Identities { files: self.with_identity.clone(), prompts })?);
        }
        match open(&OpenWith::OwnKeys) {
            Err(error) if error.code() == "age" && context.prompt.can_ask_passphrase() => {
                let passphrase: SecretText = context.prompt.passphrase("The file's passphrase:")?;
                Ok(open(&OpenWith::Passphrase(passphrase))?)
            }
            Err(error) if error.code() == "age" => {
                let error = CliError::from(error);
                Err(error.hint("no key in this vault opens it: give its passphrase with --file-passphrase FILE, or an identity with --with-identity"))
            }
            other => Ok(other?),
        }
    }
}
