//! `keycap record`: lines of JSON whose fields, or the whole of which, are sealed to a capability.

mod lines;
mod open;
mod seal;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keycap_vault::{LineError, LineForm};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Ended;
use crate::file::Target;

#[derive(Debug, Subcommand)]
pub(crate) enum RecordVerb {
    Seal(seal::SealArgs),
    Open(open::OpenArgs),
}

/// What is sealed in a line, and what it is bound to.
#[derive(Debug, Clone, Args)]
struct FormArgs {
    /// A field to be sealed; may be given more than once. Without it the whole line is
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
    /// What tells the place of a line from others, such as users/{id}: names of fields in braces, whose values stay readable
    #[arg(long, value_name = "TEMPLATE", default_value = "", hide_default_value = true)]
    place: String,
}

/// Where lines come from and go to.
#[derive(Debug, Clone, Args)]
struct StreamArgs {
    #[command(flatten)]
    target: Target,
    /// Go on after a line that fails, without it, and end with exit code 1
    #[arg(long)]
    keep_going: bool,
    /// Lines of JSON; `-`, and nothing, is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
}

impl From<FormArgs> for LineForm {
    fn from(FormArgs { fields, place }: FormArgs) -> Self {
        Self { fields, place }
    }
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(verb: RecordVerb, context: &mut Context) -> Ended {
    match verb {
        RecordVerb::Seal(args) => seal::run(args, context),
        RecordVerb::Open(args) => open::run(args, context),
    }
}

/// What was wrong with a line, or with what it should become.
fn error(error: LineError) -> CliError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open, and the rest of it is about what stands in the line")]
    match error {
        LineError::Vault(error) if error.is_lapsed() => CliError::from(error).hint("add --lapsed to open it all the same, unauthorised"),
        LineError::Vault(error) => error.into(),
        LineError::Template { .. } | LineError::PlaceSealed { .. } => CliError::usage("bad-template", error.to_string()),
        LineError::NoHead => CliError::failed("no-head", error.to_string()).hint("name the file in which the head stands with --heads"),
        LineError::NotSealed { .. } | LineError::LineNotSealed => {
            CliError::failed("not-sealed", error.to_string()).hint("somebody may have replaced it; compare it with a copy")
        }
        LineError::OtherForm { .. } => {
            CliError::failed("other-form", error.to_string()).hint("open them without --place and --field if you trust that")
        }
        other => CliError::failed("bad-line", other.to_string()),
    }
}
