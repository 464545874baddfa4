//! What sealing and opening files have in common on the command line: where they come from and go to, how far the work is, Ctrl-C, and what
//! is said of it in the end.

mod interrupt;
mod progress;
mod standard;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use keycap_vault::Vault;
use keycap_vault::files::{Cancel, Existing, Identities, Input, Output, Progress, Report, ended};
use keycap_vault::view::{FileView, FilesView, RecipientView};
use keycap_vault::words::{bytes, number};
use keycap_vault::{OpenRequest, VaultError, WhatLapsed};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file;
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::secret_input;
use crate::unlock;

/// Bytes of a recipient that is shown as a whole: every native and SSH recipient has fewer, but for RSA and post-quantum ones.
const MAX_WRITTEN_OUT: usize = 120;
/// Files that are listed one by one; of more there is a sum, and those that failed.
const LISTED: usize = 20;

/// Where what is made of files goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Write to this file, or into this folder; `-` is standard output. Otherwise each file is written beside the one it is made from
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Replace what is there; otherwise a file beside gets a number, and one that is named is refused
    #[arg(long)]
    pub(crate) force: bool,
}

/// What opens files.
#[derive(Debug, Clone, Args)]
pub(crate) struct IdentityArgs {
    /// Open with this age identity file or SSH private key too; may be given more than once
    #[arg(short = 'i', long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    with_identity: Vec<PathBuf>,
    /// Read the passphrase of the files from the first line of this file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file_passphrase: Option<PathBuf>,
}

/// Where files go, decided.
pub(crate) struct Place {
    pub(crate) output: Output,
    pub(crate) existing: Existing,
    /// Whether it is standard output, which then has nothing else on it.
    pub(crate) standard: bool,
}

impl PlaceArgs {
    /// Decides where `inputs` go, `as_one` or each by itself.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(crate) fn place(&self, inputs: &[PathBuf], as_one: bool) -> Result<Place, CliError> {
        let kept = if self.force { Existing::Replace } else { Existing::Number };
        let named = if self.force { Existing::Replace } else { Existing::Refuse };
        let place = |output, existing| Place { output, existing, standard: false };
        Ok(match &self.output {
            Some(path) if file::is_standard(path) => standard_output()?,
            None if matches!(inputs, [only] if file::is_standard(only)) => standard_output()?,
            None => place(Output::Beside, kept),
            Some(path) if path.is_dir() || ends_like_a_folder(path) || (inputs.len() > 1 && !as_one) => place(Output::Folder(path.clone()), kept),
            Some(path) if file::is_device(path) => {
                Place { output: Output::Stream(standard::device(path)?), existing: Existing::Refuse, standard: false }
            }
            Some(path) => place(Output::File(path.clone()), named),
        })
    }
}

fn standard_output() -> Result<Place, CliError> {
    Ok(Place { output: Output::Stream(standard::output()?), existing: Existing::Refuse, standard: true })
}

fn ends_like_a_folder(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// The inputs, standard input among them.
///
/// # Errors
/// If standard input is a terminal, or named twice.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, CliError> {
    if paths.iter().filter(|path| file::is_standard(path)).count() > 1 {
        return Err(CliError::usage("stdin-twice", "standard input can be read once only").hint("name `-` once"));
    }
    paths.iter().map(|path| Ok(if file::is_standard(path) { Input::Stream(standard::input()?) } else { Input::Path(path.clone()) })).collect()
}

impl IdentityArgs {
    /// Everything that opens `paths`: what is named, a passphrase that is asked for, and the vault, which is unlocked if any of them may need
    /// it. The vault comes along, for what it has to say of them.
    ///
    /// # Errors
    /// If something named cannot be read, or the vault stays locked.
    pub(crate) fn identities(&self, paths: &[PathBuf], request: OpenRequest, context: &mut Context) -> Result<(Identities, Option<Vault>), CliError> {
        let prompts = unlock::prompts(context.prompt);
        let mut identities = Identities::new().with_files(&self.with_identity, &prompts)?;
        identities = match &self.file_passphrase {
            Some(path) => identities.with_passphrase(&secret_input::passphrase_from_file(path)?),
            None => identities.with_asked_passphrase(prompts),
        };
        if !Vault::exists(&context.folder()?) || paths.iter().all(|path| keycap_vault::files::is_for_passphrase(path)) {
            return Ok((identities, None));
        }
        let vault = match context.unlocked_vault() {
            Ok(vault) => vault,
            // What was named may be enough.
            Err(_) if !self.with_identity.is_empty() => return Ok((identities, None)),
            Err(error) => return Err(error),
        };
        let opener = vault.opener(request)?;
        for unusable in opener.unusable() {
            context.output.notes(|page| page.warning(unusable));
        }
        Ok((identities.with_vault(opener), Some(vault)))
    }
}

/// How files are opened, by what a person says of lapsed capabilities and of the name under which services take files.
pub(crate) fn open_request(target: Option<&String>, lapsed: WhatLapsed) -> OpenRequest {
    let usual = OpenRequest::default();
    OpenRequest { target: target.cloned().unwrap_or(usual.target), lapsed, scope: usual.scope }
}

/// Does the work, with a progress bar after a second and an ear for Ctrl-C.
pub(crate) fn watched(context: &Context, total: Option<u64>, work: impl FnOnce(&dyn Progress, &Cancel) -> Vec<Report>) -> Vec<Report> {
    let cancel = Cancel::new();
    interrupt::listen(&cancel);
    let progress = progress::Bar::new(total, context.output.is_json());
    let reports = work(&progress, &cancel);
    progress.finish();
    reports
}

/// Says what became of files, and how the program ends.
///
/// # Errors
/// That of the file, if there was just one.
pub(crate) fn tell(mut view: FilesView, reports: &[Report], told: &Told<'_>, context: &mut Context) -> Ended {
    let class = ended(reports);
    if let ([report], Some(class)) = (reports, class) {
        let Err(error) = &report.result else { return DONE };
        if told.standard && error.code() == "broken-pipe" {
            return DONE;
        }
        let said = CliError {
            code: error.code(),
            class,
            message: error.to_string(),
            with: Some(report.name.clone()),
            hint: error.hint().map(str::to_owned),
        };
        return Err(said);
    }
    view.recipients = told.recipients.to_vec();
    view.notes = told.notes.to_vec();
    if told.standard {
        let remarks: Vec<Line> = view.files.iter().flat_map(remarks).collect();
        remarks.into_iter().for_each(|line| context.output.note(line));
        return DONE;
    }
    context.output.show(told.kind, &view, |page| text(&view, told, page))?;
    Ok(class.map_or(ExitCode::SUCCESS, |class| ExitCode::from(class.exit_code())))
}

/// How it is told.
pub(crate) struct Told<'a> {
    /// The envelope's kind.
    pub(crate) kind: &'static str,
    /// What was done, as in `sealed`.
    pub(crate) verb: &'static str,
    /// To whom.
    pub(crate) recipients: &'a [RecipientView],
    /// What to know besides.
    pub(crate) notes: &'a [String],
    /// Whether standard output is taken by the file itself.
    pub(crate) standard: bool,
}

fn text(view: &FilesView, told: &Told<'_>, page: &mut Page<'_>) -> std::io::Result<()> {
    let many = view.files.len() > LISTED;
    for file in view.files.iter().filter(|file| !many || file.error.is_some()) {
        one(file, told, page)?;
    }
    if many && view.done > 0 {
        let sum = format!("{} {} files, {}", told.verb, number(view.done), bytes(view.bytes));
        page.done(Line::from(sum))?;
    }
    if view.failed > 0 && view.files.len() > 1 {
        page.warning(format!("{} of {} files could not be {}", number(view.failed), number(view.done + view.failed), told.verb))?;
    }
    if view.done > 0 && !told.recipients.is_empty() {
        page.hanging(Line::new().quiet("  to ").and(recipients_line(told.recipients)), 5)?;
    }
    told.notes.iter().try_for_each(|note| page.warning(note))
}

fn one(file: &FileView, told: &Told<'_>, page: &mut Page<'_>) -> std::io::Result<()> {
    if let Some(error) = &file.error {
        page.hanging(Line::new().role(Role::Bad, "✗ ").name(&file.file).plain(": ").plain(&error.message), 2)?;
        return match &error.hint {
            Some(hint) => page.hanging(Line::new().quiet("  try: ").plain(hint), 7),
            None => Ok(()),
        };
    }
    let mut line = Line::from(told.verb).plain(" ").name(&file.file);
    if let Some(output) = file.output.as_ref().filter(|output| **output != file.file) {
        line = line.plain(" to ").strong(output);
    }
    page.done(line.quiet(format!(", {}", bytes(file.bytes))))?;
    remarks(file).into_iter().try_for_each(|remark| page.paragraph(remark))
}

/// Who sealed it, and what was left out.
fn remarks(file: &FileView) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(opened) = &file.opened {
        // That nobody is named goes without saying; that somebody was and is not shown does not.
        if opened.sender.is_some() || opened.grant.is_some() {
            lines.push(Line::from("  ").plain(&opened.sentence));
        }
        lines.extend(opened.notes.iter().map(|note| Line::from("  ").role(Role::Warn, "! ").plain(note)));
    }
    if file.left_out > 0 {
        let what = format!("{} things in it could not be taken along: sockets, pipes, devices, links that lead outside", number(file.left_out));
        lines.push(Line::from("  ").role(Role::Warn, "! ").plain(what));
    }
    lines
}

/// The recipients in a line.
pub(crate) fn recipients_line(recipients: &[RecipientView]) -> Line {
    let mut line = Line::new();
    for (at, recipient) in recipients.iter().enumerate() {
        line = match at {
            0 => line,
            _ if at + 1 == recipients.len() => line.plain(" and "),
            _ => line.plain(", "),
        };
        line = match recipient.kind {
            "passphrase" => line.plain("whoever knows the passphrase"),
            "capability" => line.plain("the service of ").name(&recipient.name),
            _ => line.name(shortened(&recipient.name)),
        };
        line = if recipient.me { line.quiet(" (you)") } else { line };
    }
    line
}

/// A recipient that is written out can have 1,959 characters: its ends tell which one it is.
fn shortened(name: &str) -> Cow<'_, str> {
    const SHOWN: usize = 24;
    let last = name.len().checked_sub(SHOWN).and_then(|at| name.get(at..));
    match (name.get(..SHOWN), last) {
        (Some(first), Some(last)) if name.len() > MAX_WRITTEN_OUT => Cow::Owned(format!("{first}…{last}")),
        _ => Cow::Borrowed(name),
    }
}

/// Whether a refusal is only that the vault is locked, so that unlocking it helps.
pub(crate) fn needs_unlocking(error: &VaultError) -> bool {
    error.class() == keycap_vault::ErrorClass::Locked
}
