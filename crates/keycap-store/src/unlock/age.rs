//! Vault keys in age files: for a passphrase, or for any recipients that age knows.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, EncryptError, Encryptor, Identity, Recipient, plugin, scrypt, ssh, tag, tagpq, x25519};
use keycap_core::secret::{SecretBytes, SecretText};
use zeroize::Zeroizing;

use super::prompts::{Callbacks, Prompts};
use super::{UnlockError, hybrid, identity_file};

/// More than a payload has, so that a file with more is not read on and on.
const MAX_PAYLOAD: u64 = 1_024;

pub(super) fn wrap_for_passphrase(payload: &SecretBytes, passphrase: &SecretText, work_factor: Option<u8>) -> Result<Vec<u8>, UnlockError> {
    let mut recipient = scrypt::Recipient::new(secret_string(passphrase));
    if let Some(factor) = work_factor {
        if !(1..64).contains(&factor) {
            return Err(UnlockError::WorkFactor { factor });
        }
        recipient.set_work_factor(factor);
    }
    encrypt(payload, &[Box::new(recipient)])
}

pub(super) fn wrap_for_recipients(payload: &SecretBytes, recipients: &[String], prompts: Arc<dyn Prompts>) -> Result<Vec<u8>, UnlockError> {
    if recipients.is_empty() {
        return Err(UnlockError::NoRecipients);
    }
    encrypt(payload, &parse_recipients(recipients, prompts)?)
}

pub(super) fn parse_recipients(texts: &[String], prompts: Arc<dyn Prompts>) -> Result<Vec<Box<dyn Recipient + Send>>, UnlockError> {
    let callbacks = Callbacks(prompts);
    texts.iter().map(|text| parse_recipient(text, &callbacks)).collect()
}

pub(super) fn unwrap_with_passphrase(file: &[u8], passphrase: &SecretText) -> Result<SecretBytes, UnlockError> {
    let identity = scrypt::Identity::new(secret_string(passphrase));
    let result = decrypt(file, &[Box::new(identity)]);
    // The only stanza there is did not open.
    if matches!(result, Err(UnlockError::NoIdentityMatches)) { Err(UnlockError::WrongPassphrase) } else { result }
}

pub(super) fn unwrap_with_identities(file: &[u8], files: &[PathBuf], prompts: &Arc<dyn Prompts>) -> Result<SecretBytes, UnlockError> {
    decrypt(file, &read_all_identities(files, prompts)?)
}

pub(super) fn read_all_identities(files: &[PathBuf], prompts: &Arc<dyn Prompts>) -> Result<Vec<Box<dyn Identity>>, UnlockError> {
    let callbacks = Callbacks(Arc::clone(prompts));
    let mut identities = Vec::new();
    for path in files {
        identities.extend(identity_file::read(path, &callbacks)?);
    }
    Ok(identities)
}

fn encrypt(payload: &SecretBytes, recipients: &[Box<dyn Recipient + Send>]) -> Result<Vec<u8>, UnlockError> {
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| -> &dyn Recipient { recipient.as_ref() })).map_err(encrypt_error)?;
    let mut file = Vec::new();
    let failed = |error: std::io::Error| UnlockError::Age { reason: error.to_string() };
    let mut writer = encryptor.wrap_output(&mut file).map_err(failed)?;
    writer.write_all(payload.expose()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

fn decrypt(file: &[u8], identities: &[Box<dyn Identity>]) -> Result<SecretBytes, UnlockError> {
    let decryptor = Decryptor::new_buffered(file).map_err(|_| UnlockError::Damaged)?;
    let reader = decryptor.decrypt(identities.iter().map(AsRef::as_ref)).map_err(decrypt_error)?;
    let mut payload = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_PAYLOAD).unwrap_or(usize::MAX)));
    reader.take(MAX_PAYLOAD).read_to_end(&mut payload).map_err(|_| UnlockError::Damaged)?;
    Ok(SecretBytes::new(std::mem::take(&mut *payload)))
}

/// Reads a recipient as age and rage do: native, post-quantum, tagged, SSH, and any other `age1…` by its plugin.
fn parse_recipient(text: &str, callbacks: &Callbacks) -> Result<Box<dyn Recipient + Send>, UnlockError> {
    let refuse = |reason: String| UnlockError::Recipient { recipient: text.to_owned(), reason };
    if let Ok(recipient) = text.parse::<x25519::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if text.starts_with(hybrid::RECIPIENT_PREFIX) {
        let recipient: hybrid::Recipient = text.parse().map_err(|error: hybrid::HybridError| refuse(error.to_string()))?;
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<tag::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<tagpq::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if text.starts_with("ssh-") {
        return text.parse::<ssh::Recipient>().map(|recipient| -> Box<dyn Recipient + Send> { Box::new(recipient) }).map_err(|error| {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open, and the rest of it is about the form")]
            refuse(match error {
                ssh::ParseRecipientKeyError::RsaModulusTooSmall => "the RSA key is too small".into(),
                ssh::ParseRecipientKeyError::RsaModulusTooLarge => "the RSA key is too large".into(),
                ssh::ParseRecipientKeyError::Unsupported(kind) => format!("age does not take keys of the kind {kind}"),
                _ => "it is malformed".into(),
            })
        });
    }
    let recipient: plugin::Recipient = text.parse().map_err(|reason: &str| refuse(reason.to_owned()))?;
    let name = recipient.plugin().to_owned();
    match plugin::RecipientPluginV1::new(&name, &[recipient], &[], callbacks.clone()) {
        Ok(plugin) => Ok(Box::new(plugin)),
        Err(error) => Err(refuse(error.to_string())),
    }
}

fn encrypt_error(error: EncryptError) -> UnlockError {
    UnlockError::Age { reason: error.to_string() }
}

fn decrypt_error(error: DecryptError) -> UnlockError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; the others speak for themselves")]
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => UnlockError::NoIdentityMatches,
        DecryptError::ExcessiveWork { required, target } => UnlockError::TooMuchWork { required, target },
        DecryptError::InvalidHeader | DecryptError::InvalidMac | DecryptError::UnknownFormat => UnlockError::Damaged,
        other => UnlockError::Age { reason: other.to_string() },
    }
}

fn secret_string(text: &SecretText) -> SecretString {
    SecretString::from(text.expose().to_owned())
}
