//! `keycap caps`: the capabilities you hold.

use clap::Args;
use keycap_vault::view::CapabilityView;
use serde::Serialize;

use super::state;
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::action::Danger;
use keycap_vault::words::TimeWords;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CapsArgs {
    #[command(subcommand)]
    verb: Option<CapsVerb>,
    /// Show this one, block by block
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    name: Option<String>,
    /// Only those whose name, or service's name, holds this
    #[arg(long, value_name = "TEXT", conflicts_with = "name")]
    search: Option<String>,
}

/// What to do with capabilities.
#[derive(Debug, clap::Subcommand)]
enum CapsVerb {
    Show(ShowArgs),
    Rename(RenameArgs),
    #[command(after_long_help = "  keycap caps gateway orders   # as the capability says")]
    Gateway(GatewayArgs),
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    name: String,
}

#[derive(Debug, Args)]
struct RenameArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    name: String,
    /// Its new name
    #[arg(value_name = "NEW-NAME")]
    to: String,
}

#[derive(Debug, Args)]
struct GatewayArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    name: String,
    /// Where the gateway is, host:port or unix:/path; left out: as the capability says
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// The capability
    #[arg(value_name = "CAP", add = names([NameKind::Capability]))]
    name: String,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Serialize)]
struct Removed<'a> {
    name: &'a str,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(args: CapsArgs, context: &mut Context) -> Ended {
    match (args.verb, args.name) {
        (Some(CapsVerb::Show(ShowArgs { name })), _) | (None, Some(name)) => show(&name, context),
        (Some(CapsVerb::Rename(args)), _) => rename(&args, context),
        (Some(CapsVerb::Gateway(args)), _) => gateway(&args, context),
        (Some(CapsVerb::Remove(args)), _) => remove(&args, context),
        (None, None) => list(args.search.as_deref(), context),
    }
}

fn list(search: Option<&str>, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let held = vault.capabilities(search)?;
    let times = context.times(&vault);
    context.output.show("capabilities", &held, |page| {
        if held.is_empty() {
            return empty(search, page);
        }
        let mut table = Table::new().flexible("NAME").flexible("SERVICE").flexible("HOLDER").column("EXPIRES").column("STATE").flexible("FROM");
        for one in &held {
            table.row([
                Line::new().name(&one.name),
                service(one),
                state::holder(one.holder.as_ref()),
                one.expires.map_or_else(Line::new, |at| times.relative(at).into()),
                state::line(one.state),
                one.parent.as_ref().map_or_else(Line::new, |parent| Line::new().quiet(parent)),
            ]);
        }
        page.table(&table)
    })?;
    DONE
}

fn show(name: &str, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let held = vault.capability(name)?;
    let times = context.times(&vault);
    context.output.show("capability", &held, |page| page_of(&held, &times, page))?;
    DONE
}

fn rename(args: &RenameArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let held = vault.rename_capability(&args.name, &args.to)?;
    context.output.show("capability", &held, |page| page.done(Line::from("renamed ").name(&args.name).plain(" to ").name(&held.name)))?;
    DONE
}

fn gateway(args: &GatewayArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let held = vault.set_gateway(&args.name, args.address.as_deref())?;
    context.output.show("capability", &held, |page| {
        let at = held.gateway.as_ref().map_or_else(|| "where the capability says".to_owned(), |address| format!("at {address}"));
        page.done(Line::from("the service of ").name(&held.name).plain(" is looked for ").plain(at))
    })?;
    DONE
}

fn remove(args: &RemoveArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let held = vault.capability(&args.name)?;
    context.ask_first(Danger::Moderate, &args.consent, &held.name, &format!("Remove the capability {} from this vault, for good?", held.name))?;
    vault.remove_capability(&held.name)?;
    context.output.show("capability-removed", &Removed { name: &held.name }, |page| {
        page.done(Line::from("removed ").name(&held.name))?;
        page.paragraph(Line::new().quiet("It goes on working for whoever else has it: only its service can revoke it."))
    })?;
    DONE
}

/// One capability in full.
fn page_of(held: &CapabilityView, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    page.line(Line::new().name(&held.name).quiet("  capability"))?;
    page.field("service", if held.service.is_some() { service(held).quiet("  ").quiet(&held.service_fingerprint) } else { service(held) })?;
    page.field("state", state::line(held.state))?;
    page.field("allows", &held.allows)?;
    page.field("holder", if held.holder.is_some() { state::holder(held.holder.as_ref()) } else { "whoever has it".into() })?;
    if held.foreign_holder {
        page.warning("It is bound to a key that is not in this vault: it can be looked at, not used.")?;
    }
    page.optional_field("expires", held.expires.map(|at| times.full(at)))?;
    page.optional_field("from", held.parent.as_ref().map(|parent| Line::new().name(parent)))?;
    page.optional_field("gateway", held.gateway.as_ref().map(|gateway| Line::from(gateway).quiet("  as you said")))?;
    page.optional_field("found at", (!held.hints.is_empty()).then(|| held.hints.join(", ")))?;
    page.field("since", times.minute(held.added))?;
    page.optional_field("note", (!held.note.is_empty()).then_some(&held.note))?;
    for (at, block) in held.blocks.iter().enumerate() {
        page.blank()?;
        page.line(Line::new().strong(format!("{} {}", at, block.kind)).quiet("  ").quiet(&block.id))?;
        if block.caveats.is_empty() {
            page.line(Line::new().quiet("  narrows nothing"))?;
        }
        let mut caveats = Table::new().column("").column("").flexible("");
        for (name, value) in &block.caveats {
            caveats.row([" ".into(), Line::new().quiet(name), value.into()]);
        }
        page.rows(&caveats)?;
    }
    Ok(())
}

fn service(held: &CapabilityView) -> Line {
    match &held.service {
        Some(name) => Line::new().name(name),
        None => Line::new().role(Role::Quiet, &held.service_fingerprint),
    }
}

fn empty(search: Option<&str>, page: &mut Page<'_>) -> std::io::Result<()> {
    if let Some(search) = search {
        return page.paragraph(Line::from("No capability has “").plain(search).plain("” in its name or its service's."));
    }
    page.paragraph("You hold no capabilities yet. One comes to you as text, as a file sealed to your key, or as a QR code.")?;
    page.next("keycap add", "paste it")?;
    page.next("keycap add FILE", "a file, or a picture of the code")
}
