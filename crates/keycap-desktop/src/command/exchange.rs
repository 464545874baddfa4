//! Keys and services on their way between vaults, private half included: always in a sealed file, never in the page.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_vault::files::{Input, Inspected, is_for_passphrase};
use keycap_vault::{ExportTo, OpenWith, Vault, VaultError};
use serde::Deserialize;
use ts_rs::TS;

use super::{Readers, read_file, write_file};
use crate::error::UiError;
use crate::host::Host;
use crate::person::{AskPassphrase, Asked, Files};

/// Bytes that an exported key or service can have, at most.
const MAX_BYTES: u64 = 1 << 20;

/// What the vault says where none of its keys opens a file.
pub(super) const NOT_OPENED: &str = "age";

/// What is exported or taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Exchanged {
    /// A key of one's own.
    Key,
    /// A service that is served from here.
    Service,
}

/// Writes it into a file sealed to a passphrase (no recipients) or to recipients, if its name was typed; the file's name.
pub(crate) async fn export_sealed(host: &Host, what: Exchanged, name: String, typed: String, recipients: Vec<String>) -> Result<String, UiError> {
    if typed != name {
        return Err(UiError::not_confirmed(&name));
    }
    let to = sealed_to(host, recipients, "A passphrase for the file", "Whoever has the file and this passphrase has what is in it.").await?;
    let file = host.ask_file("Save the export", Files::New(format!("{name}.age"))).await?;
    host.desk
        .keep(move |vault| {
            let sealed = match what {
                Exchanged::Key => vault.export_key(&name, &to)?,
                Exchanged::Service => vault.export_service(&name, &to)?,
            };
            write_file(&file, &sealed, Readers::Usual)?;
            Ok(file.display().to_string())
        })
        .await
}

/// Takes it in from a file that the person chooses, under the name it had or another one (not empty); its name here.
pub(crate) async fn import_sealed(host: &Host, what: Exchanged, name: String) -> Result<String, UiError> {
    let file = host.ask_file("Take in an exported key or service", Files::One).await?;
    let bytes = read_file(&file, MAX_BYTES)?;
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let work = move |vault: &mut Vault, with: &OpenWith| -> Result<String, UiError> {
        Ok(match what {
            Exchanged::Key => vault.import_key(&bytes, name.as_deref(), with)?.name,
            Exchanged::Service => vault.import_service(&bytes, name.as_deref(), with)?.name,
        })
    };
    let with = match opened_by(&file)? {
        Opening::Vault => {
            let ours = host.desk.keep({
                let work = work.clone();
                move |vault| Ok(work(vault, &OpenWith::OwnKeys))
            });
            match ours.await? {
                Err(error) if error.code == NOT_OPENED => ask_identity(host).await?,
                ended => return ended,
            }
        }
        Opening::Passphrase => ask_passphrase(host).await?,
    };
    host.desk.keep(move |vault| work(vault, &with)).await
}

/// To whom something is sealed: to a passphrase, which is asked for, or to recipients.
pub(super) async fn sealed_to(host: &Host, recipients: Vec<String>, title: &'static str, text: &'static str) -> Result<ExportTo, UiError> {
    if recipients.is_empty() {
        return Ok(ExportTo::Passphrase(host.ask_passphrase(AskPassphrase { title, text, new: true }).await?));
    }
    Ok(ExportTo::Recipients(recipients))
}

/// With what a sealed file is tried first.
pub(super) enum Opening {
    /// With the keys of this vault.
    Vault,
    /// With its passphrase.
    Passphrase,
}

/// What opens a sealed file, as far as its header says.
///
/// # Errors
/// If it is none.
pub(super) fn opened_by(file: &Path) -> Result<Opening, UiError> {
    Inspected::read(Input::Path(file.to_owned())).map_err(VaultError::from)?;
    Ok(if is_for_passphrase(file) { Opening::Passphrase } else { Opening::Vault })
}

/// Asks for the passphrase of a file.
pub(super) async fn ask_passphrase(host: &Host) -> Result<OpenWith, UiError> {
    let ask = AskPassphrase { title: "Open the file", text: "The passphrase it was sealed with.", new: false };
    Ok(OpenWith::Passphrase(host.ask_passphrase(ask).await?))
}

/// Asks for an identity file that opens what no key here does.
pub(super) async fn ask_identity(host: &Host) -> Result<OpenWith, UiError> {
    let file: PathBuf = host.ask_file("No key here opens it: an age identity that does", Files::One).await?;
    Ok(OpenWith::Identities { files: vec![file], prompts: Arc::new(Asked(Arc::clone(&host.person))) })
}
