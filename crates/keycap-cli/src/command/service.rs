//! `keycap service`: services you can serve, and those you know by their card.

use clap::Args;
use keycap_vault::view::ServiceView;
use keycap_vault::{NewService, Rotation};
use serde::Serialize;

use super::export::{ExportArgs, ImportArgs};
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::action::Danger;
use keycap_vault::words::TimeWords;

/// What to do with services.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ServiceVerb {
    New(NewArgs),
    #[command(visible_alias = "ls")]
    List(ListArgs),
    Show(ShowArgs),
    Rename(RenameArgs),
    #[command(after_long_help = "  keycap service hints orders   # none")]
    Hints(HintsArgs),
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
    Export(ExportServiceArgs),
    Import(ImportArgs),
    Rotate(RotateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Its name in this vault
    name: String,
    /// Where it may be found: host:port, unix:/path, dns:zone; goes into its capabilities, may be given more than once
    #[arg(long = "hint", value_name = "ADDRESS")]
    hints: Vec<String>,
    /// Its realm, for capabilities that are limited to one
    #[arg(long)]
    realm: Option<String>,
    /// A note, for yourself
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
    /// Its new name
    #[arg(value_name = "NEW-NAME")]
    to: String,
}

#[derive(Debug, Args)]
pub(crate) struct HintsArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
    /// Where it may be found: host:port, unix:/path, dns:zone; none takes all hints away
    #[arg(value_name = "ADDRESS")]
    hints: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct ExportServiceArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
    #[command(flatten)]
    export: ExportArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The service
    #[arg(value_name = "SERVICE", add = names([NameKind::Service]))]
    name: String,
    /// Revoke what was minted before; whoever has it is told so
    #[arg(long, conflicts_with = "forget_earlier")]
    revoke_earlier: bool,
    /// Revoke what was minted before and delete its root secrets for good; whoever has it is met with silence
    #[arg(long)]
    forget_earlier: bool,
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
pub(crate) fn run(verb: ServiceVerb, context: &mut Context) -> Ended {
    match verb {
        ServiceVerb::New(args) => new(args, context),
        ServiceVerb::List(args) => list(&args, context),
        ServiceVerb::Show(args) => show(&args, context),
        ServiceVerb::Rename(args) => rename(&args, context),
        ServiceVerb::Hints(args) => hints(args, context),
        ServiceVerb::Remove(args) => remove(&args, context),
        ServiceVerb::Export(args) => export(&args, context),
        ServiceVerb::Import(args) => import(&args, context),
        ServiceVerb::Rotate(args) => rotate(&args, context),
    }
}

fn new(args: NewArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let NewArgs { name, hints, realm, note } = args;
    let service = vault.new_service(&NewService { name, realm, hints, note })?;
    context.output.show("service", &service, |page| {
        page.done(Line::from("made the service ").name(&service.name).quiet("  ").quiet(&service.fingerprint))?;
        page.blank()?;
        page.next(format!("keycap mint {} --for NAME", service.name), "let somebody in")?;
        page.next(format!("keycap serve {} --listen ADDRESS --to UPSTREAM", service.name), "")
    })?;
    DONE
}

fn list(args: &ListArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let services = vault.services(args.search.as_deref())?;
    context.output.show("services", &services, |page| {
        if services.is_empty() {
            return empty_list(args, page);
        }
        let mut table = Table::new().flexible("NAME").column("FINGERPRINT").column("HERE").number("GRANTS").number("REVOKED").flexible("FOUND AT");
        for service in &services {
            table.row([
                Line::new().name(&service.name),
                Line::new().quiet(&service.fingerprint),
                if service.can_serve { "served".into() } else { Line::new().quiet("card only") },
                service.grants.all.to_string().into(),
                if service.grants.revoked > 0 { service.grants.revoked.to_string().into() } else { Line::new() },
                Line::new().quiet(service.hints.join(", ")),
            ]);
        }
        page.table(&table)
    })?;
    DONE
}

fn show(args: &ShowArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let service = vault.service(&args.name)?;
    let times = context.times(&vault);
    context.output.show("service", &service, |page| page_of(&service, &times, page))?;
    DONE
}

fn rename(args: &RenameArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let service = vault.rename_service(&args.name, &args.to)?;
    context.output.show("service", &service, |page| page.done(Line::from("renamed ").name(&args.name).plain(" to ").name(&service.name)))?;
    DONE
}

fn hints(args: HintsArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let service = vault.set_service_hints(&args.name, args.hints)?;
    context.output.show("service", &service, |page| {
        let says = if service.hints.is_empty() {
            " no longer says where it is".to_owned()
        } else {
            format!(" may be found at {}", service.hints.join(", "))
        };
        page.done(Line::new().name(&service.name).plain(says))?;
        page.paragraph(Line::new().quiet("Capabilities already handed out keep the addresses they have."))
    })?;
    DONE
}

fn remove(args: &RemoveArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let service = vault.service(&args.name)?;
    let (danger, question) = if service.can_serve {
        let grants = service.grants.all;
        (Danger::Severe, format!("Delete the keys of {} for good? All {grants} grants of it die, and nobody can be let in again.", service.name))
    } else {
        (Danger::Moderate, format!("Forget the card of the service {} ({})?", service.name, service.fingerprint))
    };
    context.ask_first(danger, &args.consent, &service.name, &question)?;
    vault.remove_service(&service.name)?;
    context.output.show("service-removed", &Removed { name: &service.name }, |page| page.done(Line::from("removed ").name(&service.name)))?;
    DONE
}

fn export(args: &ExportServiceArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let question = format!("The file will hold the keys of {}: whoever opens it can serve it and mint for it.", args.name);
    context.ask_first(Danger::Severe, &args.export.consent, &args.name, &question)?;
    let to = args.export.target(context)?;
    let sealed = vault.export_service(&args.name, &to)?;
    args.export.write(&sealed, "service", &args.name, context)?;
    DONE
}

fn import(args: &ImportArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let sealed = args.sealed()?;
    let service = args.open.open(context, |with| vault.import_service(&sealed, args.name.as_deref(), with))?;
    context.output.show("service", &service, |page| {
        page.done(Line::from("took in the service ").name(&service.name).quiet("  ").quiet(&service.fingerprint))
    })?;
    DONE
}

fn rotate(args: &RotateArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let service = vault.service(&args.name)?;
    let (rotation, danger) = match (args.revoke_earlier, args.forget_earlier) {
        (false, false) => (Rotation::KeepEarlier, Danger::Mild),
        (true, _) => (Rotation::RevokeEarlier, Danger::Severe),
        (false, true) => (Rotation::ForgetEarlier, Danger::Severe),
    };
    let question = format!("All {} grants of {} up to now will be refused, and their sessions cut.", service.grants.all, service.name);
    context.ask_first(danger, &args.consent, &service.name, &question)?;
    let rotated = vault.rotate_service(&args.name, rotation)?;
    context.output.show("service", &rotated, |page| {
        page.done(Line::new().name(&rotated.name).plain(format!(" now mints in epoch {}", rotated.epoch)))?;
        page.paragraph(Line::new().quiet(match rotation {
            Rotation::KeepEarlier => "What was minted before goes on working.",
            Rotation::RevokeEarlier => "What was minted before is revoked.",
            Rotation::ForgetEarlier => "What was minted before is dead, and its root secrets are deleted.",
        }))
    })?;
    DONE
}

/// One service in full.
fn page_of(service: &ServiceView, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    let kind = if service.can_serve { "service, served from here" } else { "service, known by its card" };
    page.line(Line::new().name(&service.name).quiet("  ").quiet(kind))?;
    page.field("fingerprint", Line::new().strong(&service.fingerprint))?;
    page.field("in full", &service.fingerprint_full)?;
    page.field(
        "found at",
        if service.hints.is_empty() { Line::new().quiet("its capabilities do not say") } else { service.hints.join(", ").into() },
    )?;
    page.field("in DNS", format!("_keycap._tcp.{}.ZONE", service.dns_label))?;
    page.optional_field("realm", service.realm.as_ref())?;
    if service.can_serve {
        let counts = service.grants;
        let revoked = if counts.revoked > 0 { Line::new().role(Role::Bad, format!(", {} revoked", counts.revoked)) } else { Line::new() };
        page.field("grants", Line::from(format!("{}, {} of them minted here", counts.all, counts.minted)).and(revoked))?;
        let refused = if service.min_epoch > 0 { format!(", those before {} are refused", service.min_epoch) } else { String::new() };
        page.field("epoch", format!("{}{refused}", service.epoch))?;
    }
    page.field("since", times.minute(service.created))?;
    page.optional_field("note", (!service.note.is_empty()).then_some(&service.note))?;
    page.blank()?;
    page.line(Line::new().quiet("service card: makes it known, lets nobody in"))?;
    page.line(service.card.as_str())
}

fn empty_list(args: &ListArgs, page: &mut Page<'_>) -> std::io::Result<()> {
    if let Some(search) = &args.search {
        return page.paragraph(Line::from("No service has “").plain(search).plain("” in its name."));
    }
    page.paragraph("No services yet. A service is a key pair that can be served, in front of something that listens already.")?;
    page.next("keycap service new NAME", "make one")?;
    page.next("keycap add", "take in a capability or service card from somebody else")
}
