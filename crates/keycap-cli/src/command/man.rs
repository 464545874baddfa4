//! `keycap man`: the man pages, one for each verb.

use std::path::PathBuf;

use clap::Args;
use clap_mangen::Man;
use serde::Serialize;

use crate::args;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file::{self, Access, Existing};
use crate::output::line::Line;

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder that they are written into; it is made if it is not there
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
}

#[derive(Serialize)]
struct Written {
    files: Vec<PathBuf>,
}

/// Does it.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn run(args: &ManArgs, context: &mut Context) -> Ended {
    std::fs::create_dir_all(&args.folder)
        .map_err(|error| CliError::failed("file-write", format!("the folder could not be made: {error}")).with(args.folder.display()))?;
    let mut command = args::command();
    command.build();
    let mut files = Vec::new();
    write(&command, "keycap", args, &mut files)?;
    let count = files.len();
    context.output.show("man-pages", &Written { files }, |page| {
        page.done(Line::from("wrote ").strong(count.to_string()).plain(" man pages into ").strong(args.folder.display().to_string()))
    })?;
    DONE
}

/// Writes the page of one verb, `keycap-key-new.1`, and of those below it.
fn write(command: &clap::Command, name: &str, args: &ManArgs, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .title(name.to_owned())
        .source(concat!("keycap ", env!("CARGO_PKG_VERSION")))
        .manual("keycap".to_owned())
        .render(&mut page)?;
    let path = args.folder.join(format!("{name}.1"));
    file::write(&path, &page, Access::Usual, Existing::Replace)?;
    files.push(path);
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write(verb, &format!("{name}-{}", verb.get_name()), args, files)?;
    }
    Ok(())
}
