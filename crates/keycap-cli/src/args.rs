//! The command line's grammar. What a verb does is said in one place for all faces, the vault's registry of actions; help is made from it.

mod help;
pub(crate) mod limits;
pub(crate) mod names;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser};

use crate::command::Verb;
use crate::error::CliError;
use crate::secret_input;
use crate::unlock::UnlockArgs;

/// Mint, hand on, narrow, use, watch and revoke the right to reach a service
///
/// That right is a pair of keys and nothing else. Without a command keycap opens its terminal interface, and helps you to begin where there
/// is no vault yet; where there is no terminal, or with --plain, it prints where things stand.
#[derive(Debug, Parser)]
#[command(name = "keycap", bin_name = "keycap", version, max_term_width = 100, disable_help_subcommand = true, after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(flatten)]
    pub(crate) interface: InterfaceArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Verb>,
}

/// How `keycap` alone shows itself.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct InterfaceArgs {
    /// Print how things stand, instead of opening the terminal interface
    #[arg(long)]
    pub(crate) plain: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(crate) no_mouse: bool,
}

/// What holds for every command.
const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 the command makes no sense, 3 refused by a rule of a capability, 4 the vault is locked.

With --json a command prints one object: {\"keycap\": 1, \"kind\": …, \"data\": …}, or {\"keycap\": 1, \"kind\": \"error\", \"error\": {\"code\", \"message\", \"with\", \"hint\"}}, \
on standard output, with the same exit code; those that go on print one a line. Within a version fields are added, never renamed or removed.

Secrets are never taken from the command line or the environment: they are pasted, piped in, or read from a file.";

/// Options that every verb takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// The vault's folder
    #[arg(long, global = true, value_name = "DIR", env = "KEYCAP_VAULT", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    pub(crate) vault: Option<PathBuf>,
    /// Print JSON, errors too, and ask nothing
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) unlock: UnlockArgs,
}

/// Why there are no arguments to work with.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// They were not understood, or ask for help or the version.
    Clap(clap::Error),
    /// One of them is a secret.
    Secret(CliError),
}

/// The whole grammar, with the registry's descriptions and examples in it.
pub(crate) fn command() -> clap::Command {
    help::described(Args::command())
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// A [`Refusal`].
pub(crate) fn parse(arguments: &[OsString]) -> Result<Args, Refusal> {
    // First of all: clap quotes what it does not understand.
    secret_input::refuse_in_arguments(arguments).map_err(Refusal::Secret)?;
    match matches_of(Args::command(), arguments) {
        Ok(matches) => Args::from_arg_matches(&matches).map_err(Refusal::Clap),
        // Descriptions and examples show in help and complaints alone. To fill them in takes a sixth of the work of a small command.
        Err(plain) => Err(Refusal::Clap(matches_of(command(), arguments).err().unwrap_or(plain))),
    }
}

fn matches_of(mut command: clap::Command, arguments: &[OsString]) -> Result<clap::ArgMatches, clap::Error> {
    let matches = command.try_get_matches_from_mut(arguments);
    // To take it apart would be another fifth, and give back nothing that the process needs.
    std::mem::forget(command);
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_contradicts_itself_nowhere() {
        command().debug_assert();
    }
}
