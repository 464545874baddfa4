//! Opening: age hands over the stanzas of files, and gets their file keys.

use std::collections::HashMap;
use std::io;

use age_core::format::{FileKey, Stanza};
use age_plugin::Callbacks;
use age_plugin::identity::{Error, IdentityPluginV1};
use keycap_vault::{IdentityHandle, OpenRequest, Opener, Outcome, Vault, opens_here};

use crate::NAME;
use crate::plugin_vault::{sentence, unlocked};

/// The identities that were given, with their places.
#[derive(Default)]
pub(crate) struct Plugin {
    identities: Vec<(usize, IdentityHandle)>,
}

impl IdentityPluginV1 for Plugin {
    fn add_identity(&mut self, index: usize, plugin_name: &str, bytes: &[u8]) -> Result<(), Error> {
        if plugin_name != NAME {
            return Err(Error::Identity { index, message: "it is for another plugin".to_owned() });
        }
        let handle = IdentityHandle::parse(bytes).map_err(|error| Error::Identity { index, message: error.to_string() })?;
        if !self.identities.iter().any(|(_, known)| *known == handle) {
            self.identities.push((index, handle));
        }
        Ok(())
    }

    fn unwrap_file_keys(
        &mut self,
        files: Vec<Vec<Stanza>>,
        mut callbacks: impl Callbacks<Error>,
    ) -> io::Result<HashMap<usize, Result<FileKey, Vec<Error>>>> {
        // Nobody is asked for a passphrase because of files that no vault opens.
        if !files.iter().flatten().any(opens_here) {
            return Ok(HashMap::new());
        }
        let refuse_all = |message: &str| (0..files.len()).map(|file| (file, Err(vec![Error::Internal { message: message.to_owned() }]))).collect();
        let vault = match unlocked(&mut callbacks)? {
            Ok(vault) => vault,
            Err(message) => return Ok(refuse_all(&message)),
        };
        let mut openers = Vec::with_capacity(self.identities.len());
        for (index, handle) in &self.identities {
            match vault.opener(OpenRequest { scope: handle.scope(), ..OpenRequest::default() }) {
                Ok(opener) => openers.push((*index, opener)),
                Err(error) => return Ok(refuse_all(&sentence(&error))),
            }
        }
        let mut file_keys = HashMap::new();
        for (file, stanzas) in files.iter().enumerate() {
            match open(&openers, stanzas) {
                Opened::Foreign => {}
                Opened::Failed(errors) => drop(file_keys.insert(file, Err(errors))),
                Opened::With(file_key, outcome) => {
                    if let Some(said) = outcome.and_then(|outcome| tell(&vault, &outcome)) {
                        // A program that shows nothing still gets its file key.
                        let _ = callbacks.message(&said)?;
                    }
                    file_keys.insert(file, Ok(file_key));
                }
            }
        }
        Ok(file_keys)
    }
}

enum Opened {
    Foreign,
    With(FileKey, Option<Outcome>),
    Failed(Vec<Error>),
}

fn open(openers: &[(usize, Opener)], stanzas: &[Stanza]) -> Opened {
    let mut errors = Vec::new();
    for (index, opener) in openers {
        let file = opener.file();
        match file.open(stanzas) {
            None => {}
            Some(Ok(file_key)) => return Opened::With(file_key, file.outcome()),
            Some(Err(error)) => errors.push(Error::Identity { index: *index, message: error.to_string() }),
        }
    }
    if errors.is_empty() { Opened::Foreign } else { Opened::Failed(errors) }
}

/// What is proven of where a file comes from; `None` if there is nothing to tell. The header's MAC is age's to verify, after this is said.
fn tell(vault: &Vault, outcome: &Outcome) -> Option<String> {
    let view = vault.describe_opened(outcome).ok()?;
    if view.sender.is_none() && view.grant.is_none() {
        return None;
    }
    let notes: String = view.notes.iter().map(|note| format!("; {note}")).collect();
    Some(format!("If this file opens whole, it was {}{notes}.", view.sentence))
}
