//! The vault, opened and unlocked by asking through whatever program started the plugin.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use age_core::secrecy::ExposeSecret;
use age_plugin::Callbacks;
use keycap_vault::{Environment, NoPrompts, Protection, SecretText, Unlock, UnlockKind, Vault, VaultError, credentials_directory};

/// The variable that names the vault's folder, as for `keycap` itself.
const FOLDER: &str = "KEYCAP_VAULT";

/// Times that a passphrase is asked for.
const TRIES: u32 = 3;

/// Opens and unlocks the vault. The inner error is a sentence for the person: what is wrong, and what to do.
///
/// # Errors
/// If the program that started the plugin no longer answers.
pub(crate) fn unlocked<E>(callbacks: &mut impl Callbacks<E>) -> io::Result<Result<Vault, String>> {
    let mut vault = match opened() {
        Ok(vault) => vault,
        Err(why) => return Ok(Err(why)),
    };
    let protection = match vault.protection() {
        Ok(protection) => protection,
        Err(error) => return Ok(Err(sentence(&error))),
    };
    let unlocked = match protection {
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring) => said(vault.unlock(Unlock::Keyring)),
        Protection::Sealed(UnlockKind::File(_)) => said(vault.unlock(Unlock::File)),
        Protection::Sealed(UnlockKind::Credential) => match credentials_directory() {
            Some(directory) => said(vault.unlock(Unlock::Credential { directory: &directory })),
            None => Err("the vault is unlocked by a systemd credential, and there is none here; run this from a unit that has it".to_owned()),
        },
        Protection::Sealed(UnlockKind::Passphrase) => by_passphrase(&mut vault, callbacks)?,
        Protection::Sealed(UnlockKind::Recipients) => by_identity(&mut vault, callbacks)?,
    };
    Ok(unlocked.map(|()| vault))
}

fn opened() -> Result<Vault, String> {
    let folder = match std::env::var_os(FOLDER) {
        Some(folder) => PathBuf::from(folder),
        None => said(Vault::default_folder())?,
    };
    if !Vault::exists(&folder) {
        return Err(format!("there is no keycap vault at {}; make one with `keycap vault init`, or name one in {FOLDER}", folder.display()));
    }
    let vault = said(Vault::open(&folder, Environment::system()))?;
    if said(vault.is_locked())? {
        return Err("the vault is locked; unlock it with `keycap vault unlock`".to_owned());
    }
    Ok(vault)
}

fn by_passphrase<E>(vault: &mut Vault, callbacks: &mut impl Callbacks<E>) -> io::Result<Result<(), String>> {
    for left in (0..TRIES).rev() {
        let Ok(passphrase) = callbacks.request_secret("Passphrase of the keycap vault:")? else {
            return Ok(Err("the vault is sealed under a passphrase, and nobody can be asked for it here".to_owned()));
        };
        let passphrase = SecretText::new(passphrase.expose_secret().to_owned());
        match vault.unlock(Unlock::Passphrase(&passphrase)) {
            Err(error) if error.code() == "wrong-passphrase" && left > 0 => {
                // A program that cannot show this asks again without a word.
                let _ = callbacks.message("That is not the passphrase of the keycap vault.")?;
            }
            other => return Ok(said(other)),
        }
    }
    Ok(Err("the passphrase is wrong".to_owned()))
}

fn by_identity<E>(vault: &mut Vault, callbacks: &mut impl Callbacks<E>) -> io::Result<Result<(), String>> {
    let Ok(file) = callbacks.request_public("The keycap vault is sealed to age recipients. Identity file that opens it:")? else {
        return Ok(Err("the vault is sealed to age recipients, and nobody can be asked for an identity file here".to_owned()));
    };
    let files = [PathBuf::from(file.trim())];
    Ok(said(vault.unlock(Unlock::Identities { files: &files, prompts: Arc::new(NoPrompts) })))
}

fn said<T>(result: Result<T, VaultError>) -> Result<T, String> {
    result.map_err(|error| sentence(&error))
}

/// An error and what to do about it, in one line.
pub(crate) fn sentence(error: &VaultError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}
