//! Recipients as people name them: by a name in the vault, or by what somebody sent them.

use std::path::Path;

use keycap_vault::Vault;

use crate::error::CliError;
use crate::file;

/// A key card has some hundred characters, an SSH public key at most some thousand.
const MAX_CARD_BYTES: u64 = 64 * 1024;

/// What recipients begin with that are written out, in lower case.
const WRITTEN_OUT: [&str; 6] = ["age1", "keycap1", "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];

/// A recipient that the vault understands: the name of a key or card, a card's text, `age1…` or an SSH public key. A file stands for what it
/// holds; a name in the vault goes before a file of that name.
///
/// # Errors
/// If it is nothing of these, or a file that cannot be read or holds no text.
pub(crate) fn resolve(recipient: &str, vault: &Vault) -> Result<String, CliError> {
    let path = Path::new(recipient);
    match vault.key(recipient) {
        Ok(_) => return Ok(recipient.to_owned()),
        Err(error) if error.code() == "not-found" => {}
        Err(error) => return Err(error.into()),
    }
    if WRITTEN_OUT.iter().any(|prefix| recipient.to_lowercase().starts_with(prefix)) {
        return Ok(recipient.to_owned());
    }
    if !path.is_file() {
        return Err(CliError::failed("not-found", format!("there is no key or key card named `{recipient}`, and no such file"))
            .hint("see `keycap key list`, or take in the recipient's card with `keycap add`"));
    }
    let bytes = file::read(path, MAX_CARD_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        CliError::usage("not-a-recipient", "the file holds no text, and so no recipient")
            .with(path.display())
            .hint("name a file with a key card, or an SSH public key")
    })?;
    Ok(text.trim().to_owned())
}
