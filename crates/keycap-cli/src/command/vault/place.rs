//! Where a vault's secrets are to rest: always said, or asked for; never taken for granted.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use keycap_vault::{KeyringState, SecretText, SecretsChoice, SecretsPlace, UnlockMethod, Vault, credentials_directory, keyring_state};

use crate::context::Context;
use crate::error::CliError;
use crate::output::line::Line;
use crate::prompt::Prompt;
use crate::secret_input;
use crate::unlock;

/// The choice, as options.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where secrets rest")]
pub(crate) struct PlaceArgs {
    /// Each secret as an item of its own in the system's keyring
    #[arg(long, conflicts_with = "sealed")]
    keyring: bool,
    /// Sealed in the vault's own file, unlocked by this; without a value it is asked for
    #[arg(long, value_name = "BY", num_args = 0..=1, value_enum)]
    sealed: Option<Option<Sealing>>,
    /// With `--sealed recipient`: whose identity unlocks it: age1…, an SSH public key, a plugin's; may be given more than once
    #[arg(long = "recipient", value_name = "RECIPIENT", requires = "sealed")]
    recipients: Vec<String>,
    /// With `--sealed file`: the file with the key, which is made if it is not there
    #[arg(long, value_name = "FILE", requires = "sealed", value_hint = clap::ValueHint::FilePath)]
    key_file: Option<PathBuf>,
    /// With `--sealed passphrase`: read the new passphrase from the first line of this file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    new_passphrase_file: Option<PathBuf>,
}

/// What unlocks sealed secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sealing {
    /// A passphrase that somebody types
    Passphrase,
    /// One item in the system's keyring
    Keyring,
    /// An age identity: a file, or hardware through a plugin
    Recipient,
    /// A systemd credential, handed over to the unit that runs keycap
    Credential,
    /// A file that only its owner can read
    File,
}

impl PlaceArgs {
    /// What the options say; asks where they say nothing and somebody is there.
    ///
    /// # Errors
    /// If nothing is said and nobody can be asked, or something that belongs to the choice is missing.
    pub(super) fn choose(&self, context: &mut Context) -> Result<SecretsPlace, CliError> {
        match (self.keyring, self.sealed) {
            (true, _) => Ok(SecretsPlace::Keyring),
            (false, Some(Some(sealing))) => self.complete(sealing, context),
            (false, Some(None)) => self.choose_sealed(context),
            (false, None) => {
                let option = ask(context, "--keyring, or --sealed with passphrase, keyring, recipient, credential or file", keyring_options)?;
                match option.sealing {
                    None => Ok(SecretsPlace::Keyring),
                    Some(sealing) => self.complete(sealing, context),
                }
            }
        }
    }

    /// As [`PlaceArgs::choose`], for secrets that are to be sealed in any case.
    ///
    /// # Errors
    /// As [`PlaceArgs::choose`].
    pub(super) fn choose_sealed(&self, context: &mut Context) -> Result<SecretsPlace, CliError> {
        if self.keyring {
            return Err(CliError::usage("other-verb", "the secrets of this vault are sealed, and --keyring would move them")
                .hint("move them with `keycap vault convert --keyring`"));
        }
        match self.sealed.flatten() {
            Some(sealing) => self.complete(sealing, context),
            None => {
                let option = ask(context, "--sealed with passphrase, keyring, recipient, credential or file", |_| Vec::new())?;
                self.complete(option.sealing.unwrap_or(Sealing::Passphrase), context)
            }
        }
    }

    /// Whether nothing is said.
    pub(super) fn is_silent(&self) -> bool {
        !self.keyring && self.sealed.is_none()
    }

    /// A new passphrase, from where the options say, or typed twice.
    ///
    /// # Errors
    /// If it cannot be read, or nobody is there to type it.
    pub(super) fn new_passphrase(&self, context: &mut Context) -> Result<SecretsPlace, CliError> {
        if let Some(path) = &self.new_passphrase_file {
            return Ok(SecretsPlace::Passphrase(secret_input::passphrase_from_file(path)?));
        }
        if !context.prompt.can_ask_passphrase() {
            return Err(CliError::usage("needs-passphrase", "a new passphrase is needed, and nobody is at a terminal to type it")
                .hint("give it with --new-passphrase-file FILE"));
        }
        Ok(SecretsPlace::Passphrase(context.prompt.new_passphrase("A passphrase for the vault:")?))
    }

    /// The passphrase that the options of every command name: for a vault that is yet to be made it is the new one; one that is there is
    /// unlocked by it, and gets another.
    fn passphrase_of_a_new_vault(&self, context: &Context) -> Result<Option<SecretText>, CliError> {
        if self.new_passphrase_file.is_some() || Vault::exists(&context.folder()?) {
            return Ok(None);
        }
        unlock::given_passphrase(&context.globals.unlock)
    }

    /// Adds what belongs to the choice.
    fn complete(&self, sealing: Sealing, context: &mut Context) -> Result<SecretsPlace, CliError> {
        if sealing != Sealing::Recipient && !self.recipients.is_empty() {
            return Err(CliError::usage("recipient-without-use", "--recipient goes with `--sealed recipient` only").hint("leave one of the two out"));
        }
        if sealing != Sealing::File && self.key_file.is_some() {
            return Err(CliError::usage("key-file-without-use", "--key-file goes with `--sealed file` only").hint("leave one of the two out"));
        }
        match sealing {
            Sealing::Keyring => Ok(SecretsPlace::KeyringKey),
            Sealing::Passphrase => match self.passphrase_of_a_new_vault(context)? {
                Some(passphrase) => Ok(SecretsPlace::Passphrase(passphrase)),
                None => self.new_passphrase(context),
            },
            Sealing::Recipient => recipients(&self.recipients, context.prompt).map(SecretsPlace::Recipients),
            Sealing::Credential if credentials_directory().is_some() => Ok(SecretsPlace::Credential),
            Sealing::Credential => Err(CliError::usage("no-credential", "this process was given no systemd credentials")
                .hint("run it in a unit with LoadCredentialEncrypted=keycap-vault-key:…")),
            Sealing::File => {
                let path = match &self.key_file {
                    Some(path) => path.clone(),
                    None if context.prompt.is_interactive() => PathBuf::from(context.prompt.text(
                        "Path of the key file:",
                        None,
                        "it is made if it is not there; keep it outside of the vault's folder",
                    )?),
                    None => return Err(CliError::usage("needs-key-file", "`--sealed file` needs to know which").hint("add --key-file FILE")),
                };
                absolute(&path).map(SecretsPlace::key_file)
            }
        }
    }
}

/// Lets `f` put secrets there; says of a key file that was made for it that it is there.
///
/// # Errors
/// What `f` fails with: then the key file is gone again; or if it cannot be made.
pub(super) fn put<T>(place: &SecretsPlace, context: &mut Context, f: impl FnOnce(SecretsChoice<'_>) -> Result<T, CliError>) -> Result<T, CliError> {
    let done = place.with_choice(unlock::prompts(context.prompt), f)?;
    say_made(place, context);
    Ok(done)
}

/// As [`put`], for what unlocks secrets that are sealed already.
///
/// # Errors
/// As [`put`].
pub(super) fn seal_under<T>(
    place: &SecretsPlace,
    context: &mut Context,
    f: impl FnOnce(UnlockMethod<'_>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let done = place.with_method(unlock::prompts(context.prompt), f)?;
    say_made(place, context);
    Ok(done)
}

fn say_made(place: &SecretsPlace, context: &mut Context) {
    let SecretsPlace::NewKeyFile(path) = place else { return };
    context.output.notes(|page| {
        page.done(Line::from("made the key file ").strong(path.display().to_string()))?;
        page.paragraph(Line::new().quiet("Keep a copy of it elsewhere: without it only a backup opens the vault."))
    });
}

/// Where that is, after "secrets rest".
pub(super) fn words(place: &SecretsPlace) -> String {
    match place {
        SecretsPlace::Keyring => "in the system's keyring, each as an item of its own".into(),
        SecretsPlace::Passphrase(_) => "sealed in the vault's own file, under a passphrase".into(),
        SecretsPlace::KeyringKey => "sealed in the vault's own file, under a key in the system's keyring".into(),
        SecretsPlace::Recipients(recipients) => format!("sealed in the vault's own file, to {}", recipients.join(", ")),
        SecretsPlace::Credential => "sealed in the vault's own file, under a systemd credential".into(),
        SecretsPlace::NewKeyFile(path) | SecretsPlace::KeyFile(path) => {
            format!("sealed in the vault's own file, under the key in {}", path.display())
        }
    }
}

/// One line of the question; `sealing` is `None` for items in the keyring.
struct PlaceOption {
    sealing: Option<Sealing>,
    text: &'static str,
}

impl fmt::Display for PlaceOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Asks, with those on offer that can be used here; says why the others cannot.
fn ask(context: &mut Context, options: &str, first: impl FnOnce(&KeyringState) -> Vec<PlaceOption>) -> Result<PlaceOption, CliError> {
    if !context.prompt.is_interactive() {
        return Err(
            CliError::usage("needs-place", "where the secrets are to rest has to be said: nothing is chosen silently").hint(format!("add {options}"))
        );
    }
    let keyring = keyring_state();
    if let KeyringState::Unusable { why, hint, .. } = &keyring {
        context.output.notes(|page| {
            page.warning(format!("The system's keyring cannot be used here: {why}."))?;
            page.paragraph(Line::new().quiet(hint))
        });
    }
    let mut options = first(&keyring);
    options
        .push(PlaceOption { sealing: Some(Sealing::Passphrase), text: "sealed, by a passphrase            typed for each command that needs one" });
    if !matches!(keyring, KeyringState::Unusable { .. }) {
        options.push(PlaceOption { sealing: Some(Sealing::Keyring), text: "sealed, by one key in the keyring  for hundreds of secrets" });
    }
    options.push(PlaceOption {
        sealing: Some(Sealing::Recipient),
        text: "sealed, to an age recipient        an identity file, or hardware through a plugin",
    });
    options.push(PlaceOption { sealing: Some(Sealing::File), text: "sealed, by a key file              for a server that starts by itself" });
    if credentials_directory().is_some() {
        options.push(PlaceOption { sealing: Some(Sealing::Credential), text: "sealed, by a systemd credential    for a unit that is given one" });
    }
    context.prompt.select("Where secrets rest:", options)
}

fn keyring_options(keyring: &KeyringState) -> Vec<PlaceOption> {
    let text = match keyring {
        KeyringState::Ready => "in the system's keyring            each as an item of its own; it answers",
        KeyringState::Locked => "in the system's keyring            each as an item of its own; it is locked and will ask",
        KeyringState::Unusable { .. } => return Vec::new(),
    };
    vec![PlaceOption { sealing: None, text }]
}

fn recipients(given: &[String], prompt: Prompt) -> Result<Vec<String>, CliError> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    if !prompt.is_interactive() {
        return Err(CliError::usage("needs-recipient", "`--sealed recipient` needs to know to whom").hint("add --recipient RECIPIENT"));
    }
    let text = prompt.text("Recipients:", None, "age1…, an SSH public key or a plugin's; several with commas between")?;
    Ok(text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
}

/// The path is kept in the vault, so it must not depend on where keycap runs.
fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path)
        .map_err(|error| CliError::failed("key-file", format!("the key file's path cannot be used: {error}")).with(path.display()))
}
