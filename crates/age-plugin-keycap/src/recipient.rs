//! Sealing: age hands over file keys, and gets a stanza for each recipient.

use std::collections::HashSet;
use std::io;

use age_core::format::{FileKey, Stanza};
use age_plugin::Callbacks;
use age_plugin::recipient::{Error, RecipientPluginV1};
use keycap_vault::{IdentityHandle, KeycapRecipient, RecipientHandle, Vault, random_label};

use crate::NAME;
use crate::plugin_vault::{sentence, unlocked};

/// What was asked for, in the order in which it came.
#[derive(Default)]
pub(crate) struct Plugin {
    wanted: Vec<Wanted>,
}

struct Wanted {
    handle: RecipientHandle,
    from: From,
}

/// Whether a recipient came as itself or as the identity that opens it, and at which place.
#[derive(Clone, Copy)]
enum From {
    Recipient(usize),
    Identity(usize),
}

impl From {
    fn error(self, message: String) -> Error {
        match self {
            Self::Recipient(index) => Error::Recipient { index, message },
            Self::Identity(index) => Error::Identity { index, message },
        }
    }
}

impl RecipientPluginV1 for Plugin {
    fn add_recipient(&mut self, index: usize, plugin_name: &str, bytes: &[u8]) -> Result<(), Error> {
        let from = From::Recipient(index);
        if plugin_name != NAME {
            return Err(from.error("it is for another plugin".to_owned()));
        }
        let handle = RecipientHandle::parse(bytes).map_err(|error| from.error(error.to_string()))?;
        self.wanted.push(Wanted { handle, from });
        Ok(())
    }

    fn add_identity(&mut self, index: usize, plugin_name: &str, bytes: &[u8]) -> Result<(), Error> {
        let from = From::Identity(index);
        if plugin_name != NAME {
            return Err(from.error("it is for another plugin".to_owned()));
        }
        let identity = IdentityHandle::parse(bytes).map_err(|error| from.error(error.to_string()))?;
        let handle = identity
            .recipient()
            .ok_or_else(|| from.error("nothing can be sealed to it; get a recipient with `keycap share NAME --age-recipient`".to_owned()))?;
        self.wanted.push(Wanted { handle, from });
        Ok(())
    }

    fn labels(&mut self) -> HashSet<String> {
        // What shows its sender stands alone. Two of them in one call would share a label, and are refused below.
        if self.wanted.iter().any(|wanted| wanted.handle.proves_sender()) { HashSet::from([random_label()]) } else { HashSet::new() }
    }

    fn wrap_file_keys(&mut self, file_keys: Vec<FileKey>, mut callbacks: impl Callbacks<Error>) -> io::Result<Result<Vec<Vec<Stanza>>, Vec<Error>>> {
        if self.wanted.len() > 1
            && let Some(alone) = self.wanted.iter().find(|wanted| wanted.handle.proves_sender())
        {
            let message = "it shows the sender, which proves nothing if the file has another recipient; seal to it alone".to_owned();
            return Ok(Err(vec![alone.from.error(message)]));
        }
        let vault = if self.wanted.iter().all(|wanted| wanted.handle.without_vault().is_some()) {
            None
        } else {
            match unlocked(&mut callbacks)? {
                Ok(vault) => Some(vault),
                Err(message) => return Ok(Err(vec![Error::Internal { message }])),
            }
        };
        let mut recipients = Vec::with_capacity(self.wanted.len());
        let mut errors = Vec::new();
        for wanted in &self.wanted {
            match recipient(&wanted.handle, vault.as_ref()) {
                Ok(recipient) => recipients.push((wanted.from, recipient)),
                Err(message) => errors.push(wanted.from.error(message)),
            }
        }
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
        for doubt in recipients.iter().flat_map(|(_, recipient)| recipient.doubts()) {
            // A program that shows nothing may still seal.
            let _ = callbacks.message(&format!("The service may refuse this file: {doubt}."))?;
        }
        Ok(file_keys.iter().map(|file_key| wrap(&recipients, file_key)).collect())
    }
}

fn recipient(handle: &RecipientHandle, vault: Option<&Vault>) -> Result<KeycapRecipient, String> {
    match (handle.without_vault(), vault) {
        (Some(recipient), _) => Ok(recipient),
        (None, Some(vault)) => vault.recipient_of(handle).map_err(|error| sentence(&error)),
        (None, None) => Err("it needs a vault".to_owned()),
    }
}

fn wrap(recipients: &[(From, KeycapRecipient)], file_key: &FileKey) -> Result<Vec<Stanza>, Vec<Error>> {
    recipients.iter().map(|(from, recipient)| recipient.wrap(file_key).map_err(|error| vec![from.error(error.to_string())])).collect()
}
