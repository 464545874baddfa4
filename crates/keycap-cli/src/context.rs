//! What every command works with: the vault it was told to use, where its output goes, and whom it can ask.

use std::path::PathBuf;

use keycap_vault::action::Danger;
use keycap_vault::{Environment, Vault};

use crate::args::Globals;
use crate::error::CliError;
use crate::output::Output;
use crate::prompt::Prompt;
use crate::unlock;
use keycap_vault::words::TimeWords;

/// What a command works with.
pub(crate) struct Context {
    /// Where results and notes go.
    pub(crate) output: Output,
    /// Whom it can ask.
    pub(crate) prompt: Prompt,
    /// The options of every command.
    pub(crate) globals: Globals,
}

/// The answer to a question that was given beforehand.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Consent {
    /// Do it without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The name that would have to be typed; does it without asking, and only to that
    #[arg(long, value_name = "NAME", conflicts_with = "yes")]
    pub(crate) confirm: Option<String>,
}

impl Context {
    /// With these options.
    pub(crate) fn new(globals: Globals) -> Self {
        let output = Output::new(&globals);
        let prompt = Prompt::new(globals.json, globals.color);
        Self { output, prompt, globals }
    }

    /// The vault's folder: `--vault`, `KEYCAP_VAULT`, or where the system keeps applications' data.
    ///
    /// # Errors
    /// If the user has no home.
    pub(crate) fn folder(&self) -> Result<PathBuf, CliError> {
        match &self.globals.vault {
            Some(folder) => Ok(folder.clone()),
            None => Ok(Vault::default_folder()?),
        }
    }

    /// The vault, not unlocked: enough for whatever needs no secret. Asks nothing.
    ///
    /// # Errors
    /// If there is none, or it cannot be opened.
    pub(crate) fn vault(&self) -> Result<Vault, CliError> {
        let folder = self.folder()?;
        if !Vault::exists(&folder) {
            return Err(CliError::failed("no-vault", "there is no vault yet")
                .with(folder.display())
                .hint("run `keycap` at a terminal, which helps you to begin, or `keycap vault init`"));
        }
        Ok(Vault::open(&folder, Environment::system())?)
    }

    /// The vault, unlocked: by itself where it can be, otherwise with what the options name or the person types.
    ///
    /// # Errors
    /// If there is none, or it stays locked: exit code 4.
    pub(crate) fn unlocked_vault(&mut self) -> Result<Vault, CliError> {
        let mut vault = self.vault()?;
        if vault.is_locked()? {
            return Err(CliError::locked("vault-locked", "the vault is locked").hint("unlock it with `keycap vault unlock`"));
        }
        let protection = vault.protection()?;
        unlock::with_unlock(&protection, &self.globals.unlock, self.prompt, |how| vault.unlock(how))?;
        Ok(vault)
    }

    /// Now, to tell other times by.
    pub(crate) fn times(&self, vault: &Vault) -> TimeWords {
        TimeWords::new(vault.now().as_u64())
    }

    /// Asks before something dangerous, as its danger demands: nothing for what is mild, yes or no for what is moderate, the name for what is
    /// severe. `--yes` and `--confirm` answer beforehand; without them a program is refused.
    ///
    /// # Errors
    /// If the answer is no, the name is another one, or nobody can be asked.
    pub(crate) fn ask_first(&mut self, danger: Danger, consent: &Consent, name: &str, question: &str) -> Result<(), CliError> {
        if danger <= Danger::Mild || consent.yes {
            return Ok(());
        }
        if let Some(confirmed) = &consent.confirm {
            if confirmed == name {
                return Ok(());
            }
            let error = CliError::usage("confirm-differs", "--confirm names something else than what this would be done to");
            return Err(error.with(format!("`{confirmed}` instead of `{name}`")).hint("look again at what you name, and confirm that"));
        }
        if !self.prompt.is_interactive() {
            return Err(CliError::usage("needs-consent", format!("this asks first: {question}"))
                .hint(format!("add --yes, or --confirm {name}, if you mean it")));
        }
        if danger == Danger::Severe {
            let typed = self.prompt.text(&format!("{question} Type {name} to confirm:"), None, "")?;
            if typed != name {
                return Err(CliError::cancelled());
            }
        } else if !self.prompt.confirm(question)? {
            return Err(CliError::cancelled());
        }
        Ok(())
    }
}
