//! How the program ends: 0 done, 1 failed, 2 makes no sense, 3 refused by a capability's rule, 4 vault locked.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::{Globals, Refusal};
use crate::error::CliError;
use crate::output::Output;

/// What a command comes to. `run` ends as its command does, everything else with success or an error.
pub(crate) type Ended = Result<ExitCode, CliError>;

/// Done: for the last line of a command.
pub(crate) const DONE: Ended = Ok(ExitCode::SUCCESS);

/// A rule of a capability says no, and the output has said so already.
pub(crate) const REFUSED: u8 = 3;

/// Tells the person, or the program, what went wrong, if anything did.
pub(crate) fn end(ended: Ended, mut output: Output) -> ExitCode {
    let ended = ended.and_then(|code| output.flush().map(|()| code));
    match ended {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.class.exit_code())
        }
    }
}

/// Ends a program whose arguments were not understood, or that was asked for help.
pub(crate) fn end_unparsed(refusal: Refusal, arguments: &[OsString]) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    match refusal {
        Refusal::Clap(error) if !error.use_stderr() || !json => {
            // Whoever read the help may have gone: that is no error.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        Refusal::Clap(error) => {
            let text = error.render().to_string();
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let message = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            end(Err(CliError::usage("usage", message).hint("see `keycap --help`")), Output::new(&Globals { json, ..Globals::default() }))
        }
        Refusal::Secret(error) => end(Err(error), Output::new(&Globals { json, ..Globals::default() })),
    }
}
