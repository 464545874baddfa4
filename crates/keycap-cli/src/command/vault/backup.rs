//! `keycap vault backup` and `restore`: the whole vault in one sealed file, and back after seeing what that would change.

use std::path::PathBuf;

use clap::Args;
use keycap_vault::action::Danger;
use keycap_vault::view::{BackupView, DiffLine, RestoreDiff};
use keycap_vault::{Backup, Environment, RestoreMode, Vault};
use serde::Serialize;

use super::place::{self, PlaceArgs};
use super::short_name;
use crate::command::export::{ExportArgs, OpenArgs};
use crate::context::{Consent, Context};
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file;
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use keycap_vault::words::number;

/// Bytes of a backup, at most: one of a million grants has some 600 MB.
const MAX_BACKUP_BYTES: u64 = 2 << 30;
/// Lines of each part of a diff that are listed for people; programs get all of them.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    export: ExportArgs,
}

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap vault restore keycap-backup.age --keep --yes   # all that contradicts nothing")]
pub(crate) struct RestoreArgs {
    /// The backup; `-` is standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Let the backup win where it contradicts the vault: key:NAME, service:NAME, …; may be given more than once, the rest stays as it is
    #[arg(long, value_name = "WHAT")]
    replace: Vec<String>,
    /// Restore the rest even where the backup contradicts the vault, which stays as it is there
    #[arg(long, conflicts_with = "replace")]
    keep: bool,
    #[command(flatten)]
    open: OpenArgs,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Serialize)]
struct Written<'a> {
    file: Option<&'a str>,
    #[serde(flatten)]
    backup: &'a BackupView,
}

/// Writes a backup.
///
/// # Errors
/// Whatever keeps it from being done.
pub(super) fn backup(args: &BackupArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let to = args.export.target(context)?;
    context.output.note(Line::new().quiet("Sealing the vault, and reading it again …"));
    let sealed = vault.backup(&to)?;
    let file = args.export.save(sealed.bytes(), context)?.map(|path| path.display().to_string());
    vault.note_kept(&sealed)?;
    if file.is_none() {
        return DONE;
    }
    let view = sealed.view();
    context.output.show("backup", &Written { file: file.as_deref(), backup: view }, |page| {
        page.done(Line::from("backed up to ").strong(file.as_deref().unwrap_or_default()).quiet(format!("  {} bytes", number(view.bytes))))?;
        let parts: Vec<String> = ["key", "card", "service", "grant", "capability", "log"]
            .iter()
            .filter_map(|kind| view.parts.get(*kind).map(|count| plural(*count, kind)))
            .collect();
        page.paragraph(Line::from("In it: ").plain(parts.join(", ")).plain("."))?;
        match &view.untested_because {
            None => page.done("opened and read again: it is whole")?,
            Some(why) => page.warning(format!("It was not opened and read again: {why}."))?,
        }
        view.warnings.iter().try_for_each(|warning| page.warning(warning))
    })?;
    DONE
}

/// Restores a backup, into the vault or, where there is none, a new one.
///
/// # Errors
/// Whatever keeps it from being done.
pub(super) fn restore(args: &RestoreArgs, context: &mut Context) -> Ended {
    let folder = context.folder()?;
    let sealed = file::read(&args.file, MAX_BACKUP_BYTES)?;
    if Vault::exists(&folder) { merge(args, &sealed, context) } else { restore_new(args, &sealed, context) }
}

fn restore_new(args: &RestoreArgs, sealed: &[u8], context: &mut Context) -> Ended {
    let folder = context.folder()?;
    if !args.dry_run && args.place.is_silent() && !context.prompt.is_interactive() {
        // Told before the seconds that a passphrase takes.
        args.place.choose(context)?;
    }
    let backup = args.open.open(context, |with| Backup::read(sealed, with))?;
    if args.dry_run {
        return preview(&backup.contents(), context);
    }
    let made = backup.made().as_u64();
    let place = args.place.choose(context)?;
    let (vault, diff) = place::put(&place, context, |choice| Ok(Vault::restore_new(&folder, choice, Environment::system(), backup)?))?;
    let times = context.times(&vault);
    context.output.show("restored", &diff, |page| {
        page.done(Line::from("made the vault in ").strong(folder.display().to_string()).plain(" from the backup of ").plain(times.full(made)))?;
        part("added", Role::Good, &diff.add, page)
    })?;
    DONE
}

fn merge(args: &RestoreArgs, sealed: &[u8], context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let backup = args.open.open(context, |with| vault.read_backup(sealed, with))?;
    let diff = vault.restore_preview(&backup)?;
    if args.dry_run {
        return preview(&diff, context);
    }
    context.output.notes(|page| page_of(&diff, ["will be added", "is here already", "contradicts what is here"], page));
    if diff.add.is_empty() && diff.conflict.is_empty() {
        context.output.show("restored", &diff, |page| page.done("everything in the backup is here already; nothing was changed"))?;
        return DONE;
    }
    let mode = mode(args, &diff.conflict, context)?;
    let name = short_name(vault.folder());
    let replaced = if let RestoreMode::Replace(names) = &mode { names.len() } else { 0 };
    let question = format!("Restore into {name}: {} to add, {} to replace?", number(count(diff.add.len())), number(count(replaced)));
    context.ask_first(Danger::Severe, &args.consent, &name, &question)?;
    let done = vault.restore(backup, &mode)?;
    context.output.show("restored", &done, |page| page_of(&done, ["added", "was here already", "stays as it was here"], page))?;
    DONE
}

/// What happens to contradictions: as the options say, or the person does.
fn mode(args: &RestoreArgs, conflicts: &[DiffLine], context: &mut Context) -> Result<RestoreMode, CliError> {
    if args.keep || !args.replace.is_empty() {
        return Ok(RestoreMode::Replace(args.replace.clone()));
    }
    if conflicts.is_empty() || !context.prompt.is_interactive() {
        return Ok(RestoreMode::Merge);
    }
    let mut replaced = Vec::new();
    for conflict in conflicts.iter().filter(|conflict| conflict.replaceable) {
        let question = format!("Take the backup's {} `{}`?", conflict.kind, conflict.name);
        if context.prompt.confirm(&question)? {
            replaced.push(conflict.reference.clone());
        }
    }
    Ok(RestoreMode::Replace(replaced))
}

fn preview(diff: &RestoreDiff, context: &mut Context) -> Ended {
    context.output.show("restore-preview", diff, |page| {
        page_of(diff, ["would be added", "is here already", "contradicts what is here"], page)?;
        if diff.conflict.iter().any(|line| line.replaceable) {
            page.blank()?;
            page.paragraph(Line::new().quiet("Name with --replace those in which the backup is right; --keep leaves all of them as they are here."))?;
        }
        Ok(())
    })?;
    DONE
}

fn page_of(diff: &RestoreDiff, [add, keep, conflict]: [&str; 3], page: &mut Page<'_>) -> std::io::Result<()> {
    part(add, Role::Good, &diff.add, page)?;
    part("replaced", Role::Good, &diff.replaced, page)?;
    part(conflict, Role::Bad, &diff.conflict, page)?;
    if !diff.keep.is_empty() {
        page.line(Line::new().quiet(format!("{}: {}", keep, kinds(&diff.keep))))?;
    }
    diff.left_out.iter().try_for_each(|what| page.paragraph(Line::new().quiet("left out: ").quiet(what)))
}

/// One part of a diff, with a sign before each line that says without colour which it is.
fn part(title: &str, role: Role, lines: &[DiffLine], page: &mut Page<'_>) -> std::io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    page.heading(&format!("{title}: {}", kinds(lines)))?;
    let sign = if role == Role::Good { "+ " } else { "≠ " };
    for line in lines.iter().take(SHOWN) {
        let why = line.why.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        let what = if role == Role::Good { Line::new().quiet(line.kind).plain(" ").name(&line.name) } else { Line::new().name(&line.reference) };
        page.paragraph(Line::from("  ").role(role, sign).and(what).quiet(why))?;
    }
    if lines.len() > SHOWN {
        page.line(Line::new().quiet(format!("    and {} more", lines.len() - SHOWN)))?;
    }
    Ok(())
}

/// How many of each kind: `2 keys, 1 service`.
fn kinds(lines: &[DiffLine]) -> String {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for line in lines {
        match counts.iter_mut().find(|(kind, _)| *kind == line.kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((line.kind, 1)),
        }
    }
    counts.iter().map(|(kind, count)| plural(*count, kind)).collect::<Vec<_>>().join(", ")
}

/// A count and the word for what is counted.
fn plural(count: u64, kind: &str) -> String {
    let (one, more) = match kind {
        "capability" => ("capability", "capabilities"),
        "card" => ("key card", "key cards"),
        "key" => ("key", "keys"),
        "service" => ("service", "services"),
        "grant" => ("grant", "grants"),
        "revocation" => ("revocation", "revocations"),
        "log" => ("row of the log", "rows of the log"),
        _ => ("thing", "things"),
    };
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
