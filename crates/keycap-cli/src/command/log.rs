//! `keycap log`: what was done to the vault, and whether anybody has changed that since.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use keycap_vault::view::{LogRow, LogVerification};
use keycap_vault::{LogQuery, UnixSeconds, When};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::file::{self, Access, Existing, Target};
use crate::output::line::{Line, Role};
use crate::output::table::Table;
use keycap_vault::words::TimeWords;
use keycap_vault::words::number;

/// Rows that are listed unless something else is said: about two screens.
const LIMIT: u32 = 50;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap log --verify   # recomputes the chain; exit code 1 if anybody has changed the log\n  \
    keycap log --action grant.revoke --all\n  keycap log --export --output log.jsonl")]
pub(crate) struct LogArgs {
    /// Read the whole log and recompute its chain
    #[arg(long, conflicts_with_all = ["action", "target", "since", "limit", "all", "export"])]
    verify: bool,
    /// Only this action, such as grant.revoke
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what was done to this
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only from then on: 90m, 12h, 7d ago, or 2027-01-31, 2027-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// How many rows to list, the newest first
    #[arg(long, value_name = "N", default_value_t = LIMIT, conflicts_with = "all")]
    limit: u32,
    /// List every row
    #[arg(long)]
    all: bool,
    /// Write every row as a line of JSON
    #[arg(long)]
    export: bool,
    #[command(flatten)]
    to: Target,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: &LogArgs, context: &mut Context) -> Ended {
    if args.to.output.is_some() && !args.export {
        return Err(CliError::usage("output-without-export", "--output goes with --export only").hint("add --export"));
    }
    if args.verify {
        verify(context)
    } else if args.export {
        export(args, context)
    } else {
        list(args, context)
    }
}

fn list(args: &LogArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let log = vault.log(&query(args, vault.now()))?;
    let times = context.times(&vault);
    context.output.show("log", &log, |page| {
        if log.rows.is_empty() {
            page.paragraph("Nothing of that kind is in the log.")?;
            return page.next("keycap log", "shows the actions and targets there are, by their names");
        }
        let mut table = Table::new().number("ROW").column("TIME").column("ACTION").flexible("TARGET").flexible("DETAIL");
        for row in &log.rows {
            table.row(cells(row, &times));
        }
        page.table(&table)?;
        let shown = u64::try_from(log.rows.len()).unwrap_or(u64::MAX);
        if shown < log.total {
            page.paragraph(
                Line::new().quiet(format!("{} of {} rows; ", number(shown), number(log.total))).command("--all").quiet(" lists every one"),
            )?;
        }
        Ok(())
    })?;
    DONE
}

fn verify(context: &mut Context) -> Ended {
    let vault = context.unlocked_vault()?;
    let verified = vault.verify_log()?;
    context.output.show("log-verification", &verified, |page| {
        match &verified.first_fault {
            None => page.done(format!("all {} rows are as keycap wrote them, in order", number(verified.rows)))?,
            Some(fault) => {
                page.paragraph(Line::new().role(Role::Bad, "✗ ").plain("the log was changed: ").plain(&fault.what))?;
                page.paragraph(Line::new().quiet("  Something else than keycap has written to the ledger. A backup holds the log as it was: restore it into another folder and compare."))?;
            }
        }
        head(&verified, page)
    })?;
    Ok(if verified.intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The end of the log, for whoever wants to find out later that an older copy was put back.
fn head(verified: &LogVerification, page: &mut crate::output::page::Page<'_>) -> std::io::Result<()> {
    let Some(head) = &verified.head else { return Ok(()) };
    page.field("ends with row", number(head.seq))?;
    page.field("under", &head.mac)?;
    page.paragraph(Line::new().quiet("Noted down elsewhere, these two show later whether an older copy of the vault was put in its place."))
}

fn export(args: &LogArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let query = query(args, vault.now());
    let path = args.to.output.as_deref().filter(|path| !file::is_standard(path));
    let Some(path) = path else {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        vault.each_log_row(&query, |row| json_line(row, &mut out))?;
        out.flush()?;
        return DONE;
    };
    let mut lines = Vec::new();
    let rows = vault.each_log_row(&query, |row| json_line(row, &mut lines))?;
    file::write(path, &lines, Access::Private, Existing::from(args.to.force))?;
    let shown = path.display().to_string();
    context.output.note(Line::new().role(Role::Good, "✓ ").plain(format!("wrote {} rows to ", number(rows))).strong(shown));
    DONE
}

fn json_line(row: &LogRow, out: &mut impl Write) -> Result<(), CliError> {
    serde_json::to_writer(&mut *out, row)?;
    Ok(out.write_all(b"\n")?)
}

fn query(args: &LogArgs, now: UnixSeconds) -> LogQuery {
    let since = args.since.map(|since| match since {
        // A span of time points backwards here.
        When::In(seconds) => UnixSeconds::new(now.as_u64().saturating_sub(seconds)),
        When::At(at) => at,
    });
    let limit = if args.all { u32::MAX } else { args.limit };
    LogQuery { action: args.action.clone(), target: args.target.clone(), since, offset: 0, limit }
}

fn cells(row: &LogRow, times: &TimeWords) -> [Line; 5] {
    [
        Line::new().quiet(row.seq.to_string()),
        times.second(row.time).into(),
        row.action.as_str().into(),
        Line::new().name(&row.target),
        Line::new().quiet(detail(&row.detail)),
    ]
}

/// `name=value` for each part of the detail.
fn detail(detail: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if detail.is_null() {
        return String::new();
    }
    let Some(parts) = detail.as_object() else { return text(detail) };
    let parts = parts.iter().filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
    parts.map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_told_part_by_part_without_what_is_empty() {
        let value = serde_json::json!({ "reason": "left", "note": "", "gateway": 3, "parts": { "key": 1 }, "nothing": null });
        assert_eq!(detail(&value), "gateway=3 parts={\"key\":1} reason=left");
        assert_eq!(detail(&serde_json::Value::Null), "");
        assert_eq!(detail(&"as it is".into()), "as it is");
    }

    #[test]
    fn a_span_of_time_points_backwards_and_a_date_stands() {
        let args = |since| LogArgs {
            verify: false,
            action: None,
            target: None,
            since: Some(since),
            limit: 5,
            all: false,
            export: false,
            to: Target { output: None, force: false },
        };
        let now = UnixSeconds::new(1_000);
        assert_eq!(query(&args(When::In(100)), now).since, Some(UnixSeconds::new(900)));
        assert_eq!(query(&args(When::In(2_000)), now).since, Some(UnixSeconds::new(0)));
        assert_eq!(query(&args(When::At(UnixSeconds::new(7))), now).since, Some(UnixSeconds::new(7)));
    }
}
