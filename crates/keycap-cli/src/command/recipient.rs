//! Recipients as people name them: by a name in the vault, or by what somebody sent them.

use std::path::Path;

use keycap_vault::Vault;

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
    let bytes = file::read(path, MAX_CARD_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        CliError::usage("not-a-recipient", "the file holds no text, and so no recipient")
            .with(path.display())
            .hint("name a file with a key card, or an SSH public key")
    })?;
    known(text.trim(), recipient, vault)
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
