//! `keycap mint`: grant somebody the right to reach a service.

mod lines;
mod wizard;

pub(crate) use wizard::choose_preset;

use clap::Args;
use keycap_vault::view::GrantView;
use keycap_vault::{ShareHow, ShareRequest, Vault, presets};
use serde::Serialize;

use super::consider::{Proposal, consider};
use super::share;
use crate::args::limits::LimitArgs;
use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::Line;
use crate::output::page::Page;
use keycap_vault::words::number;

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap mint orders --for ci@runner --preset machine --holder bob
  keycap mint orders --for reports --allow 'GET,HEAD /api/reports' --expires 8h
  keycap mint --json-lines --yes <new-hires.jsonl   # one {\"service\": …, \"for\": …, \"expires\": …} a line")]
pub(crate) struct MintArgs {
    /// The service; asked for at a terminal
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    service: Option<String>,
    /// For whom it is; asked for at a terminal
    #[arg(long = "for", value_name = "NAME", conflicts_with = "json_lines")]
    name: Option<String>,
    /// Limits that are often wanted together; what else is given narrows further
    #[arg(long, value_name = "PRESET", value_parser = preset_names())]
    preset: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Mint many in one transaction: one JSON object a line on standard input
    #[arg(long, conflicts_with = "qr")]
    json_lines: bool,
    /// Show its QR code right away
    #[arg(long)]
    qr: bool,
    /// Say what it would allow, and mint nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

#[derive(Serialize)]
struct Minted<'a> {
    minted: usize,
    grants: &'a [GrantView],
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: MintArgs, context: &mut Context) -> Ended {
    if args.json_lines {
        return many(args, context);
    }
    let mut vault = context.unlocked_vault()?;
    let MintArgs { service, name, preset, limits, qr, dry_run, yes, .. } = args;
    let begun = wizard::Begun { service, name, preset, limits: limits.limits() };
    let request = wizard::complete(begun, &vault, context)?;
    let preview = vault.mint_preview(&request)?;
    if dry_run {
        context.output.show("mint-preview", &preview, |page| {
            page.paragraph(&preview.sentence)?;
            preview.warnings.iter().try_for_each(|warning| page.warning(warning))
        })?;
        return DONE;
    }
    let proposal = Proposal { sentence: &preview.sentence, warnings: &preview.warnings, command: &preview.command };
    consider(&proposal, "Mint it?", yes, context)?;
    let grant = vault.mint(&request)?;
    if qr {
        return show_code(&mut vault, &grant, context);
    }
    context.output.show("grant", &grant, |page| {
        minted(&grant, page)?;
        page.blank()?;
        let holder = grant.holder.as_ref().and_then(|holder| holder.name.as_deref());
        page.next(format!("keycap share {} --to {}", grant.name, holder.unwrap_or("KEY")), "seal it to its recipient")?;
        page.next(format!("keycap share {} --qr", grant.name), "show it as a QR code")
    })?;
    DONE
}

/// Mints what standard input lists, all of it or nothing.
fn many(args: MintArgs, context: &mut Context) -> Ended {
    let base = lines::Base { service: args.service, preset: args.preset, limits: args.limits.limits() };
    let requests = lines::read(&base)?;
    let mut vault = context.unlocked_vault()?;
    if args.dry_run {
        let previews = requests.iter().map(|request| vault.mint_preview(request)).collect::<Result<Vec<_>, _>>()?;
        context.output.show("mint-previews", &previews, |page| previews.iter().try_for_each(|preview| page.paragraph(&preview.sentence)))?;
        return DONE;
    }
    let grants = vault.mint_many(&requests)?;
    context.output.show("minted", &Minted { minted: grants.len(), grants: &grants }, |page| {
        let what = if grants.len() == 1 { "capability" } else { "capabilities" };
        page.done(Line::from("minted ").strong(number(u64::try_from(grants.len()).unwrap_or(u64::MAX))).plain(" ").plain(what))
    })?;
    DONE
}

/// The grant, then its QR code: its text is never printed here.
fn show_code(vault: &mut Vault, grant: &GrantView, context: &mut Context) -> Ended {
    let outgoing = vault.share(&format!("grant:{}", grant.rid), &ShareRequest { how: ShareHow::Qr, name: None })?;
    context.output.notes(|page| minted(grant, page));
    share::show_qr(&outgoing, context)?;
    DONE
}

fn minted(grant: &GrantView, page: &mut Page<'_>) -> std::io::Result<()> {
    let id: String = grant.rid.chars().take(8).collect();
    page.done(Line::from("minted ").name(&grant.name).plain(" for ").name(&grant.service).quiet("  ").quiet(id))
}

fn preset_names() -> clap::builder::PossibleValuesParser {
    presets().iter().map(|preset| clap::builder::PossibleValue::new(preset.name).help(preset.description)).collect::<Vec<_>>().into()
}

/// A program has to say what a person would be asked for.
fn missing(what: &str, how: &str) -> CliError {
    CliError::usage("missing-argument", format!("{what} is missing, and nobody is at a terminal to ask")).hint(how)
}
