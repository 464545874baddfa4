//! `keycap grants`: what was handed out, as a tree; or one grant in full.

mod stream;

use clap::Args;
use keycap_vault::view::{GrantRow, GrantView, GrantsPage};
use keycap_vault::{GrantQuery, Vault};
use serde::Serialize;

use super::state;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::tree::branch;
use keycap_vault::words::TimeWords;
use keycap_vault::words::number;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap grants alice   # one grant in full, with what stands below it
  keycap grants --search ali --json")]
pub(crate) struct GrantsArgs {
    /// Only those of this service; or one grant, by its name or the beginning of its id
    #[arg(value_name = "SERVICE|GRANT", add = names([NameKind::Service, NameKind::Grant]))]
    of: Option<String>,
    /// Only those whose name holds this, wherever they stand in the tree
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Show so many minted grants, each with everything below it
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Begin after so many
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    /// Show all of them
    #[arg(long, conflicts_with_all = ["limit", "offset"])]
    all: bool,
}

/// One grant, with what it stands under and what stands below it.
#[derive(Serialize)]
struct Detail {
    grant: GrantView,
    parent: Option<GrantView>,
    below: Vec<GrantRow>,
    below_total: u64,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: GrantsArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let service = match &args.of {
        None => None,
        Some(name) => match vault.service(name) {
            Ok(service) => Some(service.name),
            Err(error) if error.code() == "not-found" => return one(name, &vault, context),
            Err(error) => return Err(error.into()),
        },
    };
    let query = GrantQuery { service, search: args.search, offset: args.offset, limit: args.limit, ..GrantQuery::default() };
    if args.all {
        return stream::all(&vault, query, context);
    }
    let page = vault.grants(&query)?;
    let times = context.times(&vault);
    context.output.show("grants", &page, |out| {
        if page.rows.is_empty() {
            return empty(&query, &page, out);
        }
        out.table(&table(&page.rows, query.service.is_some(), &times))
    })?;
    if page.shown < page.total && page.shown > 0 {
        let (shown, total) = (number(page.shown), number(page.total));
        let from = if page.offset > 0 { format!(", from number {}", number(page.offset + 1)) } else { String::new() };
        context.output.note(Line::new().quiet(format!("showing {shown} of {total}{from}; --all, --limit, --offset, --search")));
    }
    DONE
}

/// The grants as rows of a table; the service's column only where there may be several.
pub(crate) fn table(rows: &[GrantRow], one_service: bool, times: &TimeWords) -> Table {
    let mut table =
        Table::new().flexible("NAME").flexible("SERVICE").flexible("HOLDER").column("EXPIRES").column("LAST USED").column("STATE").column("ID");
    for row in rows {
        let grant = &row.grant;
        table.row([
            Line::new().quiet(branch(&row.last)).and(state::name(grant)),
            if one_service || row.depth > 0 { Line::new() } else { grant.service.as_str().into() },
            state::holder(grant.holder.as_ref()),
            grant.expires.map_or_else(Line::new, |at| times.relative(at).into()),
            grant.usage.last.map_or_else(|| Line::new().quiet("never"), |at| times.relative(at).into()),
            state::line(grant.state),
            Line::new().quiet(state::short(&grant.rid)),
        ]);
    }
    table
}

fn one(name: &str, vault: &Vault, context: &mut Context) -> Ended {
    let grant = match vault.grant(name) {
        Err(error) if error.code() == "not-found" => {
            return Err(CliError { message: format!("there is no service or grant named `{name}`"), ..error.into() });
        }
        other => other?,
    };
    let preview = vault.revoke_preview(&grant.rid)?;
    let below: Vec<GrantRow> = preview.dies.into_iter().filter(|row| row.depth > 0).collect();
    let parent = grant.parent.as_deref().map(|rid| vault.grant(rid)).transpose()?;
    let detail = Detail { grant, parent, below, below_total: preview.dies_total.saturating_sub(1) };
    let times = context.times(vault);
    context.output.show("grant-detail", &detail, |page| page_of(&detail, &times, page))?;
    DONE
}

/// One grant in full.
fn page_of(detail: &Detail, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    let grant = &detail.grant;
    page.line(state::name(grant).quiet("  ").quiet(match grant.origin {
        "met" => "delegation met at a gateway",
        "shared" => "share of a grant",
        _ => "grant",
    }))?;
    page.field("service", Line::new().name(&grant.service))?;
    page.field("state", state::line(grant.state))?;
    page.field("allows", &grant.allows)?;
    page.field("holder", if grant.holder.is_some() { state::holder(grant.holder.as_ref()) } else { "whoever has it".into() })?;
    page.optional_field("expires", grant.expires.map(|at| times.full(at)))?;
    page.field("made", times.full(grant.created))?;
    page.field("handed out", grant.shared.map_or_else(|| Line::new().quiet("not from here"), |at| times.full(at).into()))?;
    let usage = &grant.usage;
    page.field(
        "used",
        match (usage.last, &usage.from) {
            (Some(last), Some(from)) => Line::from(format!("{} sessions, last {} from {from}", number(usage.uses), times.full(last))),
            (Some(last), None) => Line::from(format!("{} sessions, last {}", number(usage.uses), times.full(last))),
            (None, _) => Line::new().quiet("never"),
        },
    )?;
    if let Some(revoked) = &grant.revoked {
        let by = revoked.by.as_ref().map(|rid| format!(", with {} above it", state::short(rid))).unwrap_or_default();
        let note = if revoked.note.is_empty() { String::new() } else { format!(": {}", revoked.note) };
        page.field("revoked", Line::new().role(Role::Bad, times.full(revoked.at)).plain(format!(", {}{by}{note}", revoked.reason)))?;
    }
    page.field("id", Line::new().quiet(&grant.rid))?;
    page.optional_field("under", detail.parent.as_ref().map(|parent| state::name(parent).quiet("  ").quiet(state::short(&parent.rid))))?;
    if !detail.below.is_empty() {
        page.blank()?;
        page.heading("Below it")?;
        page.table(&table(&detail.below, true, times))?;
        let shown = u64::try_from(detail.below.len()).unwrap_or(u64::MAX);
        if shown < detail.below_total {
            page.paragraph(Line::new().quiet(format!("showing {} of {}", number(shown), number(detail.below_total))))?;
        }
    }
    Ok(())
}

fn empty(query: &GrantQuery, page: &GrantsPage, out: &mut Page<'_>) -> std::io::Result<()> {
    if page.total > 0 {
        return out.paragraph(format!("There are {} only.", number(page.total)));
    }
    if let Some(search) = &query.search {
        return out.paragraph(Line::from("No grant has “").plain(search).plain("” in its name."));
    }
    let service = query.service.as_deref();
    out.paragraph(Line::from("Nothing was handed out yet").plain(service.map(|name| format!(" for {name}")).unwrap_or_default()).plain("."))?;
    out.next(format!("keycap mint {} --for NAME", service.unwrap_or("SERVICE")), "let somebody in")
}
