//! Lines in and lines out: one after the other, each at once, however many there are.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use keycap_vault::LineError;
use keycap_vault::words::number;

use super::{StreamArgs, error};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file::{self, Existing};

/// Hands each line that is not empty to `each`, and writes what comes back. Stops at the first that fails, unless it is told to go on: then the
/// failures are told one by one, with the numbers of their lines.
///
/// # Errors
/// The first failure, with its line; or if something cannot be read or written. A file is then not written at all.
pub(super) fn through(
    args: &StreamArgs,
    context: &mut Context,
    first: Option<String>,
    mut each: impl FnMut(&str, &mut Context) -> Result<Option<String>, LineError>,
) -> Ended {
    let mut reader = reader(args.file.as_deref())?;
    let mut sink = Sink::new(args)?;
    let (mut lines, mut failed, mut at) = (0_u64, 0_u64, 0_u64);
    if let Some(first) = first {
        sink.line(&first, context)?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| unreadable(args, at + 1, &error))? == 0 {
            break;
        }
        at += 1;
        if line.trim().is_empty() {
            continue;
        }
        match each(&line, context) {
            Ok(None) => {}
            Ok(Some(done)) => {
                lines += 1;
                sink.line(&done, context)?;
            }
            Err(why) => {
                let why = error(why).with(format!("line {at}"));
                if !args.keep_going {
                    sink.flush(context)?;
                    return Err(why);
                }
                failed += 1;
                sink.flush(context)?;
                context.output.error(&why);
            }
        }
        // Whoever sends a line and waits gets it back at once; a file goes through in larger pieces.
        if reader.buffer().is_empty() {
            sink.flush(context)?;
        }
    }
    sink.finish(context)?;
    if failed == 0 {
        return DONE;
    }
    context.output.note(format!("{} of {} lines failed, and are left out", number(failed), number(failed + lines)));
    Ok(ExitCode::FAILURE)
}

/// The lines of a file, or of standard input.
///
/// # Errors
/// If it cannot be read, or nothing comes in.
pub(super) fn reader(path: Option<&Path>) -> Result<BufReader<Box<dyn Read>>, CliError> {
    let inner: Box<dyn Read> = match path.filter(|path| !file::is_standard(path)) {
        Some(path) => Box::new(File::open(path).map_err(|error| {
            let error = CliError::failed("file-read", format!("the file could not be read: {error}")).with(path.display());
            error.hint("see whether the name is right and you may read it")
        })?),
        None if io::stdin().is_terminal() => {
            return Err(CliError::usage("stdin-terminal", "nothing comes in on standard input").hint("name a file of JSON lines, or pipe one in"));
        }
        None => Box::new(io::stdin()),
    };
    Ok(BufReader::with_capacity(1 << 16, inner))
}

fn unreadable(args: &StreamArgs, line: u64, error: &io::Error) -> CliError {
    let name = args.file.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    CliError::failed("file-read", format!("{name} could not be read: {error}")).with(format!("line {line}"))
}

/// Where lines go: to standard output, or into a file that is there whole or not at all.
enum Sink {
    Standard,
    File { file: io::BufWriter<file::Begun>, name: String },
}

impl Sink {
    fn new(args: &StreamArgs) -> Result<Self, CliError> {
        match args.target.output.as_deref().filter(|path| !file::is_standard(path)) {
            None => Ok(Self::Standard),
            Some(path) => {
                let begun = file::begin(path, Existing::from(args.target.force))?;
                Ok(Self::File { file: io::BufWriter::with_capacity(1 << 16, begun), name: path.display().to_string() })
            }
        }
    }

    fn line(&mut self, line: &str, context: &mut Context) -> Result<(), CliError> {
        match self {
            Self::Standard => context.output.piece(line.as_bytes()).and_then(|()| context.output.piece(b"\n")),
            Self::File { file, name } => {
                file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(|error| unwritable(name, &error))
            }
        }
    }

    /// Shows what there is to whoever waits for it; nobody waits for a file that is not there yet.
    fn flush(&self, context: &mut Context) -> Result<(), CliError> {
        match self {
            Self::Standard => context.output.flush(),
            Self::File { .. } => Ok(()),
        }
    }

    fn finish(self, context: &mut Context) -> Result<(), CliError> {
        match self {
            Self::Standard => context.output.flush(),
            Self::File { file, name } => {
                let begun = file.into_inner().map_err(|error| unwritable(&name, error.error()))?;
                begun.commit().map_err(|error| unwritable(&name, &error))
            }
        }
    }
}

fn unwritable(name: &str, error: &io::Error) -> CliError {
    CliError::failed("file-write", format!("the file could not be written: {error}")).with(name)
}
