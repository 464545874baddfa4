//! `keycap doctor`: what is wrong with the vault, the keyring and the machine, and the way out.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use keycap_vault::view::{DoctorFinding, Level};
use keycap_vault::{Environment, Protection, UnlockKind, Vault, doctor_without_vault, mend_permissions};
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Ended;
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::unlock;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap doctor --mend   # deletes leftovers and closes the folder; never anything that only a backup has")]
pub(crate) struct DoctorArgs {
    /// Mend what can be mended without losing anything
    #[arg(long)]
    mend: bool,
}

#[derive(Serialize)]
struct Report {
    done: Vec<String>,
    findings: Vec<DoctorFinding>,
}

/// Does it. Exit code 1 if there is a problem.
///
/// # Errors
/// Whatever keeps it from looking.
pub(crate) fn run(args: &DoctorArgs, context: &mut Context) -> Ended {
    let folder = context.folder()?;
    let report = if Vault::exists(&folder) { look(args, &folder, context)? } else { without_vault(&folder, None) };
    context.output.show("doctor", &report, |page| page_of(&report, args.mend, page))?;
    let worst = report.findings.iter().map(|finding| finding.level).max();
    Ok(if worst == Some(Level::Problem) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn look(args: &DoctorArgs, folder: &Path, context: &mut Context) -> Result<Report, CliError> {
    // A vault that does not open because others can read it is helped first.
    let mut done = if args.mend { mend_permissions(folder)? } else { Vec::new() };
    let mut vault = match Vault::open(folder, Environment::system()) {
        Ok(vault) => vault,
        Err(failure) => return Ok(Report { done, findings: without_vault(folder, Some(&failure)).findings }),
    };
    if args.mend {
        let protection = vault.protection()?;
        unlock::with_unlock(&protection, &context.globals.unlock, context.prompt, |how| vault.unlock(how))?;
        let mended = vault.mend()?;
        done.extend(mended.done);
        return Ok(Report { done, findings: mended.findings });
    }
    unlock_unasked(&mut vault, context)?;
    Ok(Report { done, findings: vault.doctor()? })
}

/// Gets at the secrets if that takes no question; what keeps them away is among the findings.
fn unlock_unasked(vault: &mut Vault, context: &Context) -> Result<(), CliError> {
    let args = &context.globals.unlock;
    let protection = vault.protection()?;
    let unasked = match protection {
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring | UnlockKind::File(_) | UnlockKind::Credential) => true,
        Protection::Sealed(UnlockKind::Passphrase) => args.passphrase_file.is_some() || args.passphrase_fd.is_some(),
        Protection::Sealed(UnlockKind::Recipients) => !args.identity.is_empty(),
    };
    if unasked {
        let _ = unlock::with_unlock(&protection, args, context.prompt, |how| vault.unlock(how));
    }
    Ok(())
}

fn without_vault(folder: &Path, failure: Option<&keycap_vault::VaultError>) -> Report {
    Report { done: Vec::new(), findings: doctor_without_vault(folder, &Environment::system(), failure) }
}

fn page_of(report: &Report, mending: bool, page: &mut Page<'_>) -> std::io::Result<()> {
    report.done.iter().try_for_each(|done| page.done(done.as_str()))?;
    if mending && report.done.is_empty() {
        page.paragraph("There was nothing to mend.")?;
    }
    if mending {
        page.blank()?;
    }
    for finding in &report.findings {
        let (role, sign) = match finding.level {
            Level::Ok => (Role::Good, "✓ "),
            Level::Note => (Role::Quiet, "· "),
            Level::Warning => (Role::Warn, "! "),
            Level::Problem => (Role::Bad, "✗ "),
        };
        page.paragraph(Line::new().role(role, sign).plain(&finding.what))?;
        if let Some(hint) = &finding.hint {
            page.paragraph(Line::from("  ").quiet(hint))?;
        }
    }
    page.blank()?;
    let count = |level| report.findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    match (problems, warnings) {
        (0, 0) => page.done("nothing is wrong"),
        _ => page.line(format!("{}, {}", words(problems, "problem"), words(warnings, "warning"))),
    }?;
    if !mending && report.findings.iter().any(|finding| finding.mendable) {
        page.next("keycap doctor --mend", "mends what can be mended")?;
    }
    Ok(())
}

fn words(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
