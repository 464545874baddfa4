//! Recipients as people give them: a name, what is written out, a key card's text, a file with one of these in each line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::VaultError;
use crate::groups::is_written_out;
use crate::vault::Vault;

/// Bytes of a file with recipients, at most: a post-quantum recipient has about two thousand characters.
const MOST_BYTES: u64 = 256 << 10;
/// What key cards begin with.
const CARD: &str = "keycap1";

impl Vault {
    /// Recipients of files as [`SealTo`](crate::files::SealTo) takes them. A name in the vault goes before a file of that name. A card's text
    /// stands for the card, which has to be in the vault: whoever seals to it should have had a chance to compare it.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::CardNotHere`], [`VaultError::NoRecipients`].
    pub fn recipients_given(&self, given: &[String]) -> Result<Vec<String>, VaultError> {
        let mut found = Vec::with_capacity(given.len());
        for text in given {
            if self.is_recipient_s_name(text)? {
                found.push(text.clone());
            } else if is_text(text) {
                found.push(self.card_s_name(text)?);
            } else if let Some(lines) = recipients_in_file(Path::new(text))? {
                for line in lines {
                    found.push(self.card_s_name(&line)?);
                }
            } else {
                return Err(VaultError::NotFound { what: "key, key card, group, capability or file", name: text.clone() });
            }
        }
        Ok(found)
    }

    /// The name that a key card has in this vault, for a card's text; any other text as it is.
    ///
    /// # Errors
    /// [`VaultError::CardNotHere`], or if the card is malformed.
    pub fn card_s_name(&self, text: &str) -> Result<String, VaultError> {
        if !is_card(text) {
            return Ok(text.to_owned());
        }
        let view = self.inspect(text)?.view().clone();
        view.known_as.ok_or(VaultError::CardNotHere { fingerprint: view.fingerprint })
    }

    fn is_recipient_s_name(&self, text: &str) -> Result<bool, VaultError> {
        let found = |result: Result<(), VaultError>| match result {
            Ok(()) => Ok(true),
            Err(VaultError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        };
        if ["key:", "cap:", "group:"].iter().any(|kind| text.starts_with(kind)) {
            return Ok(true);
        }
        Ok(found(self.key(text).map(drop))? || found(self.group(text).map(drop))? || found(self.capability(text).map(drop))?)
    }
}

/// Whether it is the text of a recipient or of a key card, and so neither a name nor a file.
#[must_use]
pub fn is_text(text: &str) -> bool {
    is_card(text) || is_written_out(text)
}

fn is_card(text: &str) -> bool {
    text.get(..CARD.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(CARD))
}

/// The lines of a file with recipients; `None` if it is no file. Empty lines and those that begin with `#` are passed over, as age does.
///
/// # Errors
/// [`VaultError::NoRecipients`] if it cannot be read, is too long, or holds no text.
pub fn recipients_in_file(path: &Path) -> Result<Option<Vec<String>>, VaultError> {
    if !path.is_file() {
        return Ok(None);
    }
    let no = |why: String| VaultError::NoRecipients { file: path.display().to_string(), why };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| no(format!("it cannot be read: {error}")))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(no(format!("it has more than {} KiB", MOST_BYTES >> 10)));
    }
    let text = String::from_utf8(bytes).map_err(|_| no("it is no text".to_owned()))?;
    Ok(Some(text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()))
}
