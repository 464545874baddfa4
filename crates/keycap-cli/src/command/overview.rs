//! `keycap` alone: how things stand, and what to do next.

use keycap_vault::Vault;
use keycap_vault::view::{GatewayView, GrantView, SessionView, State, VaultStatus};
use serde::Serialize;

use super::state;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::words::TimeWords;
use keycap_vault::words::number;

/// Grants that expire within this many seconds are shown.
const SOON_S: u64 = 7 * 86_400;
/// Lines of each list, at most; the list says how many there are more.
const LINES: u32 = 5;
/// Grants that are looked at for those lines: of those that expire next, the revoked ones are passed over.
const LOOKED_AT: u32 = 100;

/// How things stand.
#[derive(Serialize)]
struct Overview {
    status: VaultStatus,
    /// Grants that expire within seven days, the next one first, at most five.
    expiring: Vec<GrantView>,
    gateways: Vec<GatewayView>,
    /// Live sessions, the newest first, at most five.
    sessions: Vec<SessionView>,
    /// When the last backup was made.
    last_backup: Option<u64>,
    findings: Vec<Finding>,
}

/// Something that needs a look.
#[derive(Serialize)]
struct Finding {
    what: String,
    command: &'static str,
}

/// Shows it.
///
/// # Errors
/// If the ledger cannot be read.
pub(crate) fn run(context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let overview = look(&vault)?;
    let times = context.times(&vault);
    context.output.show("overview", &overview, |page| page_of(&overview, &times, page))?;
    DONE
}

fn look(vault: &Vault) -> Result<Overview, CliError> {
    let status = vault.status()?;
    let last_backup = vault.last_backup()?.map(keycap_vault::UnixSeconds::as_u64);
    let gateways = vault.gateways(None)?;
    let unverified = vault.keys(None)?.iter().filter(|key| !key.verified).count();
    let mut findings = Vec::new();
    let mut find = |what: String, command| findings.push(Finding { what, command });
    if status.locked {
        find("The vault is locked.".into(), "keycap vault unlock");
    }
    match gateways.iter().filter(|gateway| !gateway.alive).count() {
        0 => {}
        1 => find("A gateway has stopped without saying so.".into(), "keycap doctor"),
        gone => find(format!("{gone} gateways have stopped without saying so."), "keycap doctor"),
    }
    match unverified {
        0 => {}
        1 => find("One key card was never compared with its owner.".into(), "keycap key list"),
        several => find(format!("{several} key cards were never compared with their owners."), "keycap key list"),
    }
    if last_backup.is_none() && status.keys + status.services + status.capabilities > 0 {
        find("There is no backup: what is lost with this machine is lost.".into(), "keycap vault backup");
    }
    // What was revoked does not expire any more.
    let works = |grant: &GrantView| matches!(grant.state, State::Active | State::Soon | State::NotYet);
    let lines = usize::try_from(LINES).unwrap_or(usize::MAX);
    let expiring = vault.expiring(SOON_S, LOOKED_AT)?.into_iter().filter(works).take(lines).collect();
    Ok(Overview {
        expiring,
        gateways: gateways.into_iter().filter(|gateway| gateway.alive).collect(),
        sessions: vault.sessions(None, LINES)?,
        status,
        last_backup,
        findings,
    })
}

fn page_of(overview: &Overview, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    let status = &overview.status;
    let lock = if status.locked { Line::new().role(Role::Bad, "locked") } else { Line::new().quiet("not locked") };
    page.line(Line::new().strong("keycap").quiet("  ").quiet(&status.folder))?;
    page.field("secrets", Line::from(&status.protection).quiet("  ").and(lock))?;
    let counts = [
        (status.keys, "key", "keys"),
        (status.cards, "key card", "key cards"),
        (status.services, "service", "services"),
        (status.grants, "grant", "grants"),
        (status.capabilities, "capability held", "capabilities held"),
    ];
    let there: Vec<String> = counts
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, more)| format!("{} {}", number(count), if count == 1 { one } else { more }))
        .collect();
    page.field("there are", if there.is_empty() { Line::new().quiet("nothing in it yet") } else { there.join(", ").into() })?;
    running(overview, times, page)?;
    if !overview.expiring.is_empty() {
        page.blank()?;
        page.heading("Expiring soon")?;
        let mut table = Table::new().flexible("NAME").flexible("SERVICE").column("EXPIRES").column("LAST USED");
        for grant in &overview.expiring {
            table.row([
                state::name(grant),
                grant.service.as_str().into(),
                grant.expires.map_or_else(Line::new, |at| times.relative(at).into()),
                grant.usage.last.map_or_else(|| Line::new().quiet("never"), |at| times.relative(at).into()),
            ]);
        }
        page.table(&table)?;
    }
    if !overview.findings.is_empty() {
        page.blank()?;
        page.heading("Needs a look")?;
        for finding in &overview.findings {
            page.paragraph(Line::new().role(Role::Warn, "! ").plain(&finding.what).quiet("  ").command(finding.command))?;
        }
    }
    page.blank()?;
    page.heading("Next")?;
    next(status, page)
}

fn running(overview: &Overview, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    if overview.gateways.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.heading("Gateways")?;
    let mut gateways = Table::new().flexible("SERVICE").flexible("LISTENS AT").number("SESSIONS").column("SINCE");
    for gateway in &overview.gateways {
        gateways.row([
            Line::new().name(&gateway.service),
            gateway.listen.as_str().into(),
            number(gateway.sessions).into(),
            times.relative(gateway.started).into(),
        ]);
    }
    page.table(&gateways)?;
    if overview.sessions.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.heading("Sessions")?;
    let mut sessions = Table::new().flexible("GRANT").flexible("FROM").flexible("HOLDER").flexible("TARGET").column("SINCE");
    for session in &overview.sessions {
        sessions.row([
            session.grant.as_ref().map_or_else(Line::new, |name| Line::new().name(name)),
            session.from.as_str().into(),
            session.holder.as_deref().map_or_else(Line::new, Line::from),
            session.target.as_deref().map_or_else(Line::new, Line::from),
            times.relative(session.opened).into(),
        ]);
    }
    page.table(&sessions)?;
    let shown = u64::try_from(overview.sessions.len()).unwrap_or(u64::MAX);
    let live: u64 = overview.gateways.iter().map(|gateway| gateway.sessions).sum();
    if live > shown { page.paragraph(Line::new().quiet(format!("and {} more", number(live - shown)))) } else { Ok(()) }
}

/// What is probably wanted, given what there is.
fn next(status: &VaultStatus, page: &mut Page<'_>) -> std::io::Result<()> {
    if status.keys == 0 {
        page.next("keycap key new NAME", "make a key of your own")?;
    }
    if status.services == 0 {
        page.next("keycap service new NAME", "put something behind keycap")?;
    } else {
        page.next("keycap mint", "let somebody in")?;
    }
    if status.grants > 0 {
        page.next("keycap grants", "see who has what")?;
    }
    if status.capabilities == 0 {
        page.next("keycap add", "take in what somebody gave you")?;
    } else {
        page.next("keycap run CAP -- COMMAND", "use a capability")?;
    }
    page.next("keycap --help", "everything else")
}
