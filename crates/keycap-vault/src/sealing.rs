//! Age files that the vault itself writes and reads: keys, services and backups on their way, and capabilities sealed to their recipient.

use std::fmt;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use age::secrecy::SecretString;
use keycap_core::key::{Key, PublicKey};
use keycap_core::secret::{SecretBytes, SecretText};
use keycap_store::ledger::Reading;
use keycap_store::ledger::{Page, card, key};
use keycap_store::unlock::{NoPrompts, Prompts};

use crate::error::VaultError;
use crate::vault::Vault;

/// To whom an age file is sealed.
#[derive(Debug)]
pub enum ExportTo {
    /// To whoever knows this passphrase.
    Passphrase(SecretText),
    /// To any of these: names of keys and key cards, `age1…` recipients, plugin recipients, SSH public keys.
    Recipients(Vec<String>),
}

/// With what an age file is opened.
pub enum OpenWith {
    /// With this passphrase.
    Passphrase(SecretText),
    /// With these identity files; plugins ask through the prompts.
    Identities {
        /// age identity files or SSH private keys.
        files: Vec<PathBuf>,
        /// Where plugins and passphrase-protected files ask.
        prompts: Arc<dyn Prompts>,
    },
    /// With any key of this vault.
    OwnKeys,
}

impl fmt::Debug for OpenWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "OpenWith::Passphrase(..)",
            Self::Identities { .. } => "OpenWith::Identities(..)",
            Self::OwnKeys => "OpenWith::OwnKeys",
        })
    }
}

/// Bytes that a file can hold for [`Vault::open_sealed`], at most: a backup of a million grants has some 300 MB.
const MAX_OPENED_BYTES: u64 = 2 << 30;

impl Vault {
    /// Seals bytes into an age file.
    pub(crate) fn seal_bytes(&self, plaintext: &[u8], to: &ExportTo) -> Result<Vec<u8>, VaultError> {
        let io = |error: std::io::Error| VaultError::Age { what: "sealing", why: error.to_string() };
        let mut sealed = Vec::with_capacity(plaintext.len() + 1_024);
        let mut writer = self.encryptor(to)?.wrap_output(&mut sealed).map_err(io)?;
        writer.write_all(plaintext).map_err(io)?;
        writer.finish().map_err(io)?;
        Ok(sealed)
    }

    /// What seals an age file, piece by piece.
    pub(crate) fn encryptor(&self, to: &ExportTo) -> Result<age::Encryptor, VaultError> {
        match to {
            ExportTo::Passphrase(passphrase) => Ok(age::Encryptor::with_user_passphrase(SecretString::from(passphrase.expose().to_owned()))),
            ExportTo::Recipients(names) => {
                let recipients = self.store.read(|reading| self.recipients(reading, names))?;
                age::Encryptor::with_recipients(recipients.iter().map(|recipient| -> &dyn age::Recipient { recipient.as_ref() }))
                    .map_err(|error| VaultError::Age { what: "sealing", why: error.to_string() })
            }
        }
    }

    /// Opens an age file, armored or not.
    pub(crate) fn open_sealed(&self, sealed: &[u8], with: &OpenWith) -> Result<SecretBytes, VaultError> {
        let what = "opening";
        let fail = |why: String| VaultError::Age { what, why };
        let decryptor = age::Decryptor::new_buffered(age::armor::ArmoredReader::new(sealed)).map_err(|error| fail(error.to_string()))?;
        let identities = match identities(with)? {
            Some(identities) => identities,
            None => self.own_identities()?,
        };
        let reader = decryptor.decrypt(identities.iter().map(AsRef::as_ref)).map_err(|error| fail(error.to_string()))?;
        let mut opened = Vec::with_capacity(sealed.len());
        reader.take(MAX_OPENED_BYTES).read_to_end(&mut opened).map_err(|error| fail(error.to_string()))?;
        Ok(SecretBytes::new(opened))
    }

    /// The age identities of all keys of this vault.
    pub(crate) fn own_identities(&self) -> Result<Vec<Box<dyn age::Identity>>, VaultError> {
        let keys = self.store.read(|reading| Ok::<_, VaultError>(key::page(reading, None, Page { offset: 0, limit: u32::MAX })?))?;
        let mut identities: Vec<Box<dyn age::Identity>> = Vec::with_capacity(keys.len());
        for row in keys {
            identities.push(Box::new(age_identity(&Key::from_seed(self.secret_32(row.secret)?))?));
        }
        Ok(identities)
    }

    fn recipients(&self, reading: &Reading<'_>, names: &[String]) -> Result<Vec<Box<dyn age::Recipient + Send>>, VaultError> {
        let mut recipients: Vec<Box<dyn age::Recipient + Send>> = Vec::with_capacity(names.len());
        let mut others = Vec::new();
        for name in names {
            let known = match key::by_name(reading, name)? {
                Some(key) => Some(key.age),
                None => card::by_name(reading, name)?.map(|card| card.age),
            };
            match known {
                Some(public) => recipients.push(Box::new(parse_recipient(&age_recipient(&public))?)),
                None => others.push(name.clone()),
            }
        }
        recipients.extend(keycap_store::unlock::recipients(&others, Arc::new(NoPrompts))?);
        Ok(recipients)
    }
}

/// The identities with which to open; `None` for [`OpenWith::OwnKeys`], which are the vault's.
pub(crate) fn identities(with: &OpenWith) -> Result<Option<Vec<Box<dyn age::Identity>>>, VaultError> {
    Ok(match with {
        OpenWith::Passphrase(passphrase) => Some(vec![Box::new(age::scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned())))]),
        OpenWith::Identities { files, prompts } => Some(keycap_store::unlock::identities(files, prompts)?),
        OpenWith::OwnKeys => None,
    })
}

pub(crate) fn parse_recipient(text: &str) -> Result<age::x25519::Recipient, VaultError> {
    age::x25519::Recipient::from_str(text).map_err(|why| VaultError::Age { what: "recipient", why: why.to_owned() })
}

/// The age recipient `age1…` of an X25519 public key (age-encryption.org/v1, X25519 recipient).
pub(crate) fn age_recipient(public: &PublicKey) -> String {
    bech32::Hrp::parse("age").ok().and_then(|hrp| bech32::encode::<bech32::Bech32>(hrp, public.as_bytes()).ok()).unwrap_or_default()
}

/// The age identity of a key. It goes through its text form, since the age crate has no other way in.
pub(crate) fn age_identity(key: &Key) -> Result<age::x25519::Identity, VaultError> {
    let fail = |why: &str| VaultError::Age { what: "key", why: why.to_owned() };
    let private = key.derive_age();
    let hrp = bech32::Hrp::parse("age-secret-key-").map_err(|_| fail("no identity can be written"))?;
    let text = bech32::encode_upper::<bech32::Bech32>(hrp, private.private().expose()).map_err(|_| fail("no identity can be written"))?;
    let text = SecretText::new(text);
    age::x25519::Identity::from_str(text.expose()).map_err(fail)
}
