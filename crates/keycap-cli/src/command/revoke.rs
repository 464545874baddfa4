//! `keycap revoke`: what would die, asking, and the receipt.

use std::fmt;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use keycap_vault::view::{RevokePreview, RevokeReceipt};
use keycap_vault::{Reason, RevokeReason, Vault};

use super::grants::table;
use super::state;
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::action::Danger;
use keycap_vault::words::TimeWords;
use keycap_vault::words::number;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap revoke alice --reason left --yes
  keycap revoke orders/alice --confirm alice --json")]
pub(crate) struct RevokeArgs {
    /// The grant: its name, SERVICE/NAME, or the beginning of its id
    #[arg(value_name = "GRANT", add = names([NameKind::Grant]))]
    grant: String,
    /// Why
    #[arg(long, value_enum)]
    reason: Option<ReasonWord>,
    /// A note, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    /// Say what would die, and revoke nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

/// A reason, as a word on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReasonWord {
    /// Somebody has it who should not
    Leaked,
    /// Its holder has gone
    Left,
    /// Another grant takes its place
    Superseded,
    /// It was for trying out
    Test,
    /// Another reason; --note says which
    Other,
}

/// How long to wait for gateways: they apply a revocation within a second.
const PATIENCE: Duration = Duration::from_secs(4);

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: RevokeArgs, context: &mut Context) -> Ended {
    if args.dry_run {
        let vault = context.vault()?;
        let preview = vault.revoke_preview(&args.grant)?;
        let times = context.times(&vault);
        context.output.show("revoke-preview", &preview, |page| preview_page(&preview, &times, page))?;
        return DONE;
    }
    let mut vault = context.unlocked_vault()?;
    let preview = vault.revoke_preview(&args.grant)?;
    let times = context.times(&vault);
    let target = preview.target.clone();
    if let Some(revoked) = &target.revoked {
        let error = CliError::failed("revoked", format!("`{}` was revoked already, {}", target.name, times.relative(revoked.at)));
        return Err(error.hint(format!("see `keycap grants {}`", state::short(&target.rid))));
    }
    if context.prompt.is_interactive() && !args.consent.yes && args.consent.confirm.is_none() {
        context.output.notes(|page| preview_page(&preview, &times, page));
    }
    let below = preview.dies_total.saturating_sub(1);
    let (danger, question) = match below {
        0 => (Danger::Moderate, format!("Revoke {} of {}?", target.name, target.service)),
        1 => (Danger::Severe, format!("Revoke {} of {}, and the one below it?", target.name, target.service)),
        _ => (Danger::Severe, format!("Revoke {} of {}, and the {} below it?", target.name, target.service, number(below))),
    };
    let reason = match args.reason {
        Some(word) => word.into(),
        None => ask_reason(&args.consent, context)?,
    };
    context.ask_first(danger, &args.consent, &target.name, &question)?;
    // By its id: the name may have come to mean another one while the question stood.
    let receipt = vault.revoke(&target.rid, &RevokeReason { reason, note: args.note })?;
    let receipt = wait(&vault, receipt)?;
    context.output.show("revoke-receipt", &receipt, |page| receipt_page(&receipt, page))?;
    DONE
}

fn ask_reason(consent: &Consent, context: &Context) -> Result<Reason, CliError> {
    if !context.prompt.is_interactive() || consent.yes || consent.confirm.is_some() {
        return Ok(Reason::Other);
    }
    Ok(context.prompt.select("Why?", ReasonWord::value_variants().to_vec())?.into())
}

/// Asks the gateways' receipts until all have come, for some seconds.
fn wait(vault: &Vault, mut receipt: RevokeReceipt) -> Result<RevokeReceipt, CliError> {
    let begun = Instant::now();
    while receipt.pending > 0 && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(40));
        receipt = vault.revoke_receipt(&receipt.grant.rid)?;
    }
    Ok(receipt)
}

fn preview_page(preview: &RevokePreview, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    page.heading("Stops working")?;
    page.table(&table(&preview.dies, true, times))?;
    let shown = u64::try_from(preview.dies.len()).unwrap_or(u64::MAX);
    if shown < preview.dies_total {
        page.paragraph(Line::new().quiet(format!("showing {} of {}", number(shown), number(preview.dies_total))))?;
    }
    page.blank()?;
    page.heading("Sessions cut")?;
    if preview.live_sessions.is_empty() {
        page.line(Line::new().quiet("none is open"))?;
    } else {
        let mut sessions = Table::new().flexible("FROM").flexible("GRANT").flexible("HOLDER").column("SINCE").number("STREAMS").flexible("TARGET");
        for session in &preview.live_sessions {
            sessions.row([
                session.from.as_str().into(),
                session.grant.as_ref().map_or_else(Line::new, |name| Line::new().name(name)),
                session.holder.as_deref().map_or_else(Line::new, Line::from),
                times.relative(session.opened).into(),
                session.streams.to_string().into(),
                session.target.as_deref().map_or_else(Line::new, Line::from),
            ]);
        }
        page.table(&sessions)?;
    }
    page.blank()?;
    page.heading("Where it is applied")?;
    if preview.gateways.is_empty() {
        page.line(Line::new().quiet("no gateway of this vault runs; the next one that starts applies it"))?;
    }
    for gateway in &preview.gateways {
        page.row(&Line::from(&gateway.listen).quiet(format!("  on {}, process {}", gateway.host, gateway.pid)))?;
    }
    page.blank()?;
    page.heading("Not undone")?;
    preview.not_undone.iter().try_for_each(|sentence| page.paragraph(sentence))
}

fn receipt_page(receipt: &RevokeReceipt, page: &mut Page<'_>) -> std::io::Result<()> {
    let below = match receipt.refused.saturating_sub(1) {
        0 => String::new(),
        1 => ", and the one below it".to_owned(),
        more => format!(", and the {} below it", number(more)),
    };
    page.done(Line::from("revoked ").name(&receipt.grant.name).plain(" of ").name(&receipt.grant.service).plain(below))?;
    if receipt.gateways.is_empty() {
        page.paragraph(Line::new().quiet("  no gateway of this vault runs; the next one that starts applies it"))?;
    }
    for line in &receipt.gateways {
        let applied = match (line.applied, line.sessions_cut) {
            (Some(_), 0) => Line::new().role(Role::Good, "applied").plain(", no session was open"),
            (Some(_), 1) => Line::new().role(Role::Good, "applied").plain(", 1 session cut"),
            (Some(_), cut) => Line::new().role(Role::Good, "applied").plain(format!(", {} sessions cut", number(cut))),
            (None, _) if line.gateway.alive => Line::new().role(Role::Warn, "pending"),
            (None, _) => Line::new().role(Role::Warn, "gone").plain(", applies it when it starts again"),
        };
        page.row(&Line::from("  ").plain(&line.gateway.listen).plain("  ").and(applied))?;
    }
    if receipt.pending > 0 {
        page.warning("A gateway has not applied it yet: until it does, the sessions there go on.")?;
        page.next(format!("keycap revoke {} --dry-run", state::short(&receipt.grant.rid)), "look again")?;
    }
    Ok(())
}

impl From<ReasonWord> for Reason {
    fn from(word: ReasonWord) -> Self {
        match word {
            ReasonWord::Leaked => Self::Leaked,
            ReasonWord::Left => Self::Left,
            ReasonWord::Superseded => Self::Superseded,
            ReasonWord::Test => Self::Test,
            ReasonWord::Other => Self::Other,
        }
    }
}

impl fmt::Display for ReasonWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        let help = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string).unwrap_or_default();
        write!(f, "{:<12}{help}", Reason::from(*self).word())
    }
}
