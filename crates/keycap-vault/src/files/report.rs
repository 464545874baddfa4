//! What became of files, as faces are given it.

use super::{FileError, Form, Inspected, Report, head};
use crate::error::{ErrorClass, VaultError};
use crate::opener::Opener;
use crate::vault::Vault;
use crate::view::{FileErrorView, FileView, FilesView, InspectedView, StanzaView};

impl FilesView {
    /// Of these files; the vault, if there is one, says who sealed what it opened.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(reports: &[Report], vault: Option<&Vault>) -> Result<Self, VaultError> {
        let files = reports.iter().map(|report| file_view(report, vault)).collect::<Result<Vec<_>, _>>()?;
        let count = |wanted: bool| u64::try_from(files.iter().filter(|file| file.error.is_none() == wanted).count()).unwrap_or(u64::MAX);
        Ok(Self {
            recipients: Vec::new(),
            done: count(true),
            failed: count(false),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
            notes: Vec::new(),
        })
    }
}

/// How a program should end after these files: `None` if all were done, otherwise as the failures say, or as failed where they differ.
#[must_use]
pub fn ended(reports: &[Report]) -> Option<ErrorClass> {
    let mut classes = reports.iter().filter_map(|report| report.result.as_ref().err()).map(FileError::class);
    let first = classes.next()?;
    Some(if classes.all(|class| class == first) { first } else { ErrorClass::Failed })
}

fn file_view(report: &Report, vault: Option<&Vault>) -> Result<FileView, VaultError> {
    let file = report.name.clone();
    Ok(match &report.result {
        Ok(written) => FileView {
            file,
            output: written.path.as_ref().map(|path| path.display().to_string()),
            bytes: written.bytes,
            left_out: written.left_out,
            opened: match (vault, &written.opened) {
                (Some(vault), Some(outcome)) => Some(vault.describe_opened(outcome)?),
                _ => None,
            },
            error: None,
        },
        Err(error) => FileView { file, output: None, bytes: 0, left_out: 0, opened: None, error: Some(error_view(error)) },
    })
}

fn error_view(error: &FileError) -> FileErrorView {
    FileErrorView { code: error.code(), message: error.to_string(), hint: error.hint().map(str::to_owned) }
}

impl InspectedView {
    /// Of a file that was looked into; with the vault and what of it opens files, where both can be had.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(file: &str, inspected: &Inspected, vault: Option<(&Vault, &Opener)>) -> Result<Self, VaultError> {
        let stanzas = inspected.header.stanzas();
        let mut views = Vec::with_capacity(stanzas.len());
        let fits = match vault {
            Some((_, opener)) => {
                let stanzas: Vec<_> = stanzas.iter().map(head::to_age).collect();
                opener.examine(&stanzas)
            }
            None => Vec::new(),
        };
        let mut fits = fits.into_iter();
        for stanza in stanzas {
            let (fit, fault) = match (fits.next(), vault) {
                (Some(Ok(Some(outcome))), Some((vault, _))) => (Some(vault.describe_opened(&outcome)?), None),
                (Some(Err(error)), _) => (None, Some(head::decrypt_error(error, &inspected.header).to_string())),
                _ => (None, None),
            };
            views.push(StanzaView {
                kind: stanza.tag.clone(),
                meaning: meaning(&stanza.tag),
                arguments: u64::try_from(stanza.args.len()).unwrap_or(u64::MAX),
                body_bytes: u64::try_from(stanza.body.len()).unwrap_or(u64::MAX),
                fits: fit,
                fault,
            });
        }
        Ok(Self {
            file: file.to_owned(),
            armored: inspected.form == Form::Armor,
            header_bytes: inspected.header_bytes,
            plaintext_bytes: inspected.plaintext_bytes,
            stanzas: views,
            looked: vault.is_some(),
        })
    }
}

/// What a type of stanza is, in words.
fn meaning(tag: &str) -> &'static str {
    match tag {
        "X25519" => "an age key, which does not say whose",
        "scrypt" => "a passphrase",
        "ssh-ed25519" | "ssh-rsa" => "an SSH key",
        "mlkem768x25519" => "a post-quantum age key, which does not say whose",
        "piv-p256" | "p256tag" => "a hardware key",
        "mlkem768p256tag" => "a post-quantum hardware key",
        "keycap1-N" => "a key card",
        "keycap1-X" => "a key card; its reader learns who sealed it",
        "keycap1-K" => "a key card; its reader knows who sealed it",
        "keycap1-Npsk0" => "a service, sealed with a capability",
        "keycap1-Xpsk1" => "a service, sealed with a capability; it learns by whom",
        "keycap1-Kpsk0" => "a service, sealed with a capability that is bound to the sender",
        _ => "unknown here; perhaps a plugin's",
    }
}
