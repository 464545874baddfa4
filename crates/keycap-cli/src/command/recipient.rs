//! Recipients as people name them: by a name in the vault, or by what somebody sent them.

use std::path::Path;

use keycap_vault::{Vault, VaultError};

use crate::error::CliError;
use crate::file;

/// A key card has some hundred characters, an SSH public key at most some thousand.
const MAX_CARD_BYTES: u64 = 64 * 1024;

/// What key cards begin with.
const CARD: &str = "keycap1";
/// What other recipients begin with that are written out, in lower case.
const OTHERS: [&str; 5] = ["age1", "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];

/// A recipient that the vault understands: the name of a key or card, `age1…` or an SSH public key. A file stands for what it holds; a name in
/// the vault goes before a file of that name. A card's text stands for the card, which has to be in the vault: whoever seals to it should have
/// had a chance to compare it.
///
/// # Errors
/// If it is nothing of these, a card that is not in the vault, or a file that cannot be read or holds no text.
pub(crate) fn resolve(recipient: &str, vault: &Vault) -> Result<String, CliError> {
    let path = Path::new(recipient);
    match vault.key(recipient) {
        Ok(_) => return Ok(recipient.to_owned()),
        Err(error) if error.code() == "not-found" => {}
        Err(error) => return Err(error.into()),
    }
    if is_written_out(recipient) {
        return known(recipient, recipient, vault);
    }
    if !path.is_file() {
        return Err(CliError::failed("not-found", format!("there is no key or key card named `{recipient}`, and no such file"))
            .hint("see `keycap key list`, or take in the recipient's card with `keycap add`"));
    }
    let text = text_of(path)?;
    known(text.trim(), recipient, vault)
}

/// Recipients of files: what [`resolve`] takes, names of held capabilities, and files with a recipient in each line.
///
/// # Errors
/// As [`resolve`].
pub(crate) fn resolve_all(recipients: &[String], vault: &Vault) -> Result<Vec<String>, CliError> {
    let mut resolved = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        if is_name(recipient, vault)? {
            resolved.push(recipient.clone());
        } else if let Some(lines) = lines_of_file(recipient)? {
            for line in lines {
                resolved.push(known(&line, recipient, vault)?);
            }
        } else {
            resolved.push(resolve(recipient, vault)?);
        }
    }
    Ok(resolved)
}

/// Recipients that need no vault: written out, or in files.
///
/// # Errors
/// If one is a name, for which there would have to be a vault, or a file cannot be read.
pub(crate) fn written_out(recipients: &[String]) -> Result<Vec<String>, CliError> {
    let mut found = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        let lines = if is_written_out(recipient) { Some(vec![recipient.clone()]) } else { lines_of_file(recipient)? };
        let lines = lines.ok_or_else(|| {
            CliError::failed("no-vault", format!("`{recipient}` can only be found in a vault, and there is none yet"))
                .hint("run `keycap` at a terminal, which helps you to begin, or name an age1… recipient or an SSH public key")
        })?;
        found.extend(lines);
    }
    Ok(found)
}

/// Whether the vault knows it by this name; a name in the vault goes before a file of that name.
fn is_name(recipient: &str, vault: &Vault) -> Result<bool, CliError> {
    let missing = |error: VaultError| if error.code() == "not-found" { Ok(false) } else { Err(CliError::from(error)) };
    if ["key:", "cap:", "group:"].iter().any(|kind| recipient.starts_with(kind)) {
        return Ok(true);
    }
    Ok(vault.key(recipient).map(|_| true).or_else(missing)?
        || vault.group(recipient).map(|_| true).or_else(missing)?
        || vault.capability(recipient).map(|_| true).or_else(missing)?)
}

/// The lines of a file with recipients; `None` if it is no file. Empty lines and those that begin with `#` are passed over, as age does.
fn lines_of_file(recipient: &str) -> Result<Option<Vec<String>>, CliError> {
    let path = Path::new(recipient);
    if is_written_out(recipient) || !path.is_file() {
        return Ok(None);
    }
    let text = text_of(path)?;
    Ok(Some(text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()))
}

fn text_of(path: &Path) -> Result<String, CliError> {
    String::from_utf8(file::read(path, MAX_CARD_BYTES)?).map_err(|_| {
        CliError::usage("not-a-recipient", "the file holds no text, and so no recipient")
            .with(path.display())
            .hint("name a file with a key card, or an SSH public key")
    })
}

fn is_written_out(recipient: &str) -> bool {
    let recipient = recipient.to_lowercase();
    recipient.starts_with(CARD) || OTHERS.iter().any(|prefix| recipient.starts_with(prefix))
}

/// A card under the name that it has in the vault; anything else as it is.
fn known(text: &str, given: &str, vault: &Vault) -> Result<String, CliError> {
    if !text.to_lowercase().starts_with(CARD) {
        return Ok(text.to_owned());
    }
    let view = vault.inspect(text)?.view().clone();
    view.known_as.ok_or_else(|| {
        CliError::failed("card-not-here", format!("the key card {} is not in this vault", view.fingerprint))
            .with(if text == given { "the text that was given" } else { given })
            .hint(format!("take it in with `keycap add {}`, and compare its fingerprint with its owner", if text == given { "CARD" } else { given }))
    })
}
