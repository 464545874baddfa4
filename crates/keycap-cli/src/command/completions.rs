//! `keycap completions`: what a shell needs to complete commands, options, and the names in the vault.

mod nushell;

use clap::{Args, ValueEnum};
use clap_complete::env::Shells;

use crate::args;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap completions zsh >_keycap
  keycap completions fish >keycap.fish
  keycap completions nushell >keycap.nu

Put the file where the shell looks for completions, or evaluate what is printed in its start-up file. Names come from the vault that KEYCAP_VAULT or --vault names.")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

/// Does it.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn run(args: &CompletionsArgs, context: &mut Context) -> Ended {
    let mut script = Vec::new();
    let shell = match args.shell {
        Shell::Nushell => {
            context.output.raw(nushell::script(&args::command()).as_bytes())?;
            return DONE;
        }
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let completer = shells.completer(shell).ok_or_else(|| CliError::failed("completions", format!("completions for {shell} are missing")))?;
    completer.write_registration("COMPLETE", "keycap", "keycap", "keycap", &mut script)?;
    context.output.raw(&script)?;
    DONE
}
