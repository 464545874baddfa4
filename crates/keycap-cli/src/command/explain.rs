//! `keycap explain`: would it be allowed, and which caveat says no.

use std::process::ExitCode;

use clap::Args;
use keycap_vault::view::ExplainView;
use keycap_vault::{Pattern, Purpose, Request, When, Would, parse_request};

use crate::args::limits::{pattern, purpose};
use crate::args::names::{EXPLAINABLE, NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended, REFUSED};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap explain orders --would 'GET /api/orders'
  keycap explain orders --would db --from operator

Exit code 3 if the answer is no.")]
pub(crate) struct ExplainArgs {
    /// The capability, or the grant
    #[arg(value_name = "CAP|GRANT", add = names(EXPLAINABLE))]
    name: String,
    /// What would be asked of the service: a method and a path ('GET /api'), a target (db), or both ('web:GET /api')
    #[arg(long, value_name = "REQUEST", value_parser = parse_request)]
    would: Option<Request>,
    /// When: 2030-01-01, 2030-01-01T12:00:00Z, or from now on: 30d
    #[arg(long, value_name = "WHEN")]
    at: Option<When>,
    /// With which key: the name of a key or key card, or a card's text
    #[arg(long, value_name = "KEY", add = names([NameKind::Key]))]
    from: Option<String>,
    /// With which Noise pattern
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pattern: Option<Pattern>,
    /// For what: session, file, record, message, control
    #[arg(long, value_name = "NAME", value_parser = purpose, default_value = "session")]
    purpose: Purpose,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: ExplainArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let ExplainArgs { name, would, at, from, pattern, purpose } = args;
    let would = Would { request: would, at: at.map(|at| at.at(vault.now())), from, pattern, purpose };
    let answer = vault.explain(&name, &would).map_err(|error| match error.code() {
        "not-found" => CliError::from(error).hint("see `keycap caps` and `keycap grants` for those there are"),
        _ => error.into(),
    })?;
    context.output.show("explanation", &answer, |page| page_of(&answer, page))?;
    if answer.allowed { DONE } else { Ok(ExitCode::from(REFUSED)) }
}

fn page_of(answer: &ExplainView, page: &mut Page<'_>) -> std::io::Result<()> {
    let sign = if answer.allowed { Line::new().role(Role::Good, "✓ ") } else { Line::new().role(Role::Bad, "✗ ") };
    page.paragraph(sign.plain(&answer.summary))?;
    if answer.findings.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let mut table = Table::new().column(" ").column("BLOCK").column("CAVEAT").flexible("VALUE").flexible("BECAUSE");
    for finding in &answer.findings {
        table.row([
            if finding.holds { Line::new().role(Role::Good, "✓") } else { Line::new().role(Role::Bad, "✗") },
            Line::new().quiet(format!("{} {}", finding.block, finding.kind)),
            finding.caveat.as_deref().map_or_else(Line::new, Line::from),
            finding.value.as_str().into(),
            finding.reason.as_deref().map_or_else(Line::new, |reason| Line::new().role(Role::Bad, reason)),
        ]);
    }
    page.table(&table)
}
