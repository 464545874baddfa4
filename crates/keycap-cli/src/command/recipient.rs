//! Recipients as people name them: by a name in the vault, or by what somebody sent them.

use std::path::Path;

use keycap_vault::{Vault, is_text, recipients_in_file};

use crate::error::CliError;

/// A recipient that the vault understands: the name of a key or card, `age1…` or an SSH public key. A file stands for the one that it holds; a
/// name in the vault goes before a file of that name. A card's text stands for the card, which has to be in the vault: whoever seals to it
/// should have had a chance to compare it.
///
/// # Errors
/// If it is nothing of these, a card that is not in the vault, or a file that cannot be read or does not hold one recipient.
pub(crate) fn resolve(recipient: &str, vault: &Vault) -> Result<String, CliError> {
    match vault.key(recipient) {
        Ok(_) => return Ok(recipient.to_owned()),
        Err(error) if error.code() == "not-found" => {}
        Err(error) => return Err(error.into()),
    }
    if is_text(recipient) {
        return Ok(vault.card_s_name(recipient)?);
    }
    match recipients_in_file(Path::new(recipient))?.as_deref() {
        Some([only]) => Ok(vault.card_s_name(only)?),
        Some(_) => Err(CliError::usage("not-a-recipient", "the file does not hold one recipient, and no more")
            .with(recipient)
            .hint("name a file with a key card, or an SSH public key")),
        None => Err(CliError::failed("not-found", format!("there is no key or key card named `{recipient}`, and no such file"))
            .hint("see `keycap key list`, or take in the recipient's card with `keycap add`")),
    }
}

/// Recipients that need no vault: written out, or in files.
///
/// # Errors
/// If one is a name, for which there would have to be a vault, or a file cannot be read.
pub(crate) fn written_out(recipients: &[String]) -> Result<Vec<String>, CliError> {
    let mut found = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        let lines = if is_text(recipient) { Some(vec![recipient.clone()]) } else { recipients_in_file(Path::new(recipient))? };
        let lines = lines.ok_or_else(|| {
            CliError::failed("no-vault", format!("`{recipient}` can only be found in a vault, and there is none yet"))
                .hint("run `keycap` at a terminal, which helps you to begin, or name an age1… recipient or an SSH public key")
        })?;
        found.extend(lines);
    }
    Ok(found)
}
