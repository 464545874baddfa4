//! Getting at the secrets: by itself where a keyring, credential or key file opens them, otherwise by asking or from where the user said.

use std::path::PathBuf;
use std::sync::Arc;

use keycap_vault::SecretText;
use keycap_vault::{Prompts, Protection, Unlock, UnlockKind, VaultError};

use crate::error::CliError;
use crate::prompt::Prompt;
use crate::secret_input;

/// Where the passphrase or identity comes from that unlocks a sealed vault.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct UnlockArgs {
    /// Read the vault's passphrase from the first line of this file
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "passphrase_fd", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read the vault's passphrase from this open file descriptor
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) passphrase_fd: Option<u32>,
    /// Unlock the vault with this age identity file; may be given more than once
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub(crate) identity: Vec<PathBuf>,
}

/// Times that a passphrase is asked for.
const TRIES: u32 = 3;

/// Finds what unlocks a vault that is protected like this, and lets `attempt` use it: asks at most three times for a passphrase.
///
/// # Errors
/// What `attempt` fails with; exit code 4 if nothing to unlock with can be had from here.
pub(crate) fn with_unlock<T>(
    protection: &Protection,
    args: &UnlockArgs,
    prompt: Prompt,
    mut attempt: impl FnMut(Unlock<'_>) -> Result<T, VaultError>,
) -> Result<T, CliError> {
    match protection {
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring) => attempt(Unlock::Keyring).map_err(as_locked),
        Protection::Sealed(UnlockKind::File(_)) => attempt(Unlock::File).map_err(as_locked),
        Protection::Sealed(UnlockKind::Credential) => {
            let directory = keycap_vault::credentials_directory().ok_or_else(|| {
                CliError::locked("vault-locked", "the vault is unlocked by a systemd credential, and there is none here")
                    .hint("run keycap from a systemd unit with LoadCredentialEncrypted=, or `keycap vault passwd` where it can be unlocked")
            })?;
            attempt(Unlock::Credential { directory: &directory }).map_err(as_locked)
        }
        Protection::Sealed(UnlockKind::Recipients) => {
            if args.identity.is_empty() {
                return Err(CliError::locked("vault-locked", "the vault is sealed to age recipients").hint("name an identity file with --identity"));
            }
            attempt(Unlock::Identities { files: &args.identity, prompts: prompts(prompt) }).map_err(as_locked)
        }
        Protection::Sealed(UnlockKind::Passphrase) => with_passphrase(args, prompt, |passphrase| attempt(Unlock::Passphrase(passphrase))),
    }
}

/// The passphrase that the options name; `None` if they name none.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn given_passphrase(args: &UnlockArgs) -> Result<Option<SecretText>, CliError> {
    if let Some(path) = &args.passphrase_file {
        return secret_input::passphrase_from_file(path).map(Some);
    }
    #[cfg(unix)]
    if let Some(descriptor) = args.passphrase_fd {
        return secret_input::passphrase_from_descriptor(descriptor).map(Some);
    }
    Ok(None)
}

/// Whom age's plugins talk to.
pub(crate) fn prompts(prompt: Prompt) -> Arc<dyn Prompts> {
    Arc::new(Terminal(prompt))
}

fn with_passphrase<T>(args: &UnlockArgs, prompt: Prompt, mut attempt: impl FnMut(&SecretText) -> Result<T, VaultError>) -> Result<T, CliError> {
    if let Some(passphrase) = given_passphrase(args)? {
        return attempt(&passphrase).map_err(as_locked);
    }
    if !prompt.can_ask_passphrase() {
        return Err(CliError::locked("vault-locked", "the vault is sealed under a passphrase, and nobody is at a terminal to type it")
            .hint("give it with --passphrase-file FILE or --passphrase-fd N"));
    }
    for left in (0..TRIES).rev() {
        match attempt(&prompt.passphrase("Passphrase of the vault:")?) {
            Err(error) if error.code() == "wrong-passphrase" && left > 0 => prompt.say("That is not the passphrase."),
            other => return other.map_err(as_locked),
        }
    }
    Err(CliError::locked("wrong-passphrase", "the passphrase is wrong"))
}

/// Whatever keeps a vault from being unlocked, the vault is locked: exit code 4.
fn as_locked(error: VaultError) -> CliError {
    CliError { class: keycap_vault::ErrorClass::Locked, ..error.into() }
}

/// The person at the terminal, as age's plugins see them.
struct Terminal(Prompt);

impl Prompts for Terminal {
    fn message(&self, message: &str) {
        self.0.say(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        if !self.0.is_interactive() {
            return None;
        }
        let options: Vec<&str> = std::iter::once(yes).chain(no).collect();
        self.0.select(message, options).ok().map(|answer| answer == yes)
    }

    fn public_text(&self, description: &str) -> Option<String> {
        self.0.is_interactive().then(|| self.0.text(description, None, "").ok()).flatten()
    }

    fn passphrase(&self, description: &str) -> Option<SecretText> {
        self.0.can_ask_passphrase().then(|| self.0.passphrase(description).ok()).flatten()
    }
}
