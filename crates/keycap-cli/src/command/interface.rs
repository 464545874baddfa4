//! `keycap` alone, at a terminal: the terminal interface.

use std::io::{IsTerminal, stdin, stdout};

use clap::ColorChoice;
use keycap_tui::{Colours, Start, TuiError};
use keycap_vault::Vault;

use crate::args::InterfaceArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::unlock;

/// Whether this is a place for it: a terminal that can be drawn on, and nobody who wants lines.
pub(crate) fn fits(args: InterfaceArgs, context: &Context) -> bool {
    let wanted = !args.plain && !context.globals.json;
    wanted && !is_dumb() && stdin().is_terminal() && stdout().is_terminal()
}

/// Whether the terminal says that it can only print. Windows has no such word.
fn is_dumb() -> bool {
    cfg!(unix) && std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Opens it.
///
/// # Errors
/// If the vault or the terminal cannot be used.
pub(crate) fn run(args: InterfaceArgs, context: &mut Context) -> Ended {
    let folder = context.folder()?;
    // First of all, so that what is wrong is said in lines and not on a screen that vanishes.
    if Vault::exists(&folder) {
        context.vault()?;
    }
    let start = Start {
        folder,
        passphrase: unlock::given_passphrase(&context.globals.unlock)?,
        identities: context.globals.unlock.identity.clone(),
        mouse: !args.no_mouse,
        colours: match context.globals.color {
            ColorChoice::Auto => Colours::Auto,
            ColorChoice::Always => Colours::Always,
            ColorChoice::Never => Colours::Never,
        },
        keys: keycap_tui::keys_file(),
        settings: keycap_tui::settings_file(),
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else may come is about the terminal")]
    keycap_tui::run(start).map_err(|error| match error {
        TuiError::Vault(error) => error.into(),
        TuiError::Keys(error) => CliError::usage("bad-keys", error.to_string()),
        TuiError::Settings(error) => CliError::usage("bad-settings", error.to_string()),
        error => CliError::failed("terminal", error.to_string()).hint("`keycap --plain` prints how things stand, without drawing"),
    })?;
    DONE
}
