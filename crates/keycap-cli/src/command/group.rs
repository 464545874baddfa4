//! `keycap group`: named sets of recipients.

use clap::Args;
use keycap_vault::Vault;
use keycap_vault::view::{GroupView, MemberView};
use serde::Serialize;

use crate::args::names::{NameKind, names};
use crate::context::Context;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;

/// What to do with groups.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum GroupVerb {
    New(MembersArgs),
    #[command(visible_alias = "ls")]
    List,
    Show(NameArgs),
    Add(MembersArgs),
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The group
    #[arg(value_name = "GROUP", add = names([NameKind::Group]))]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    /// The group
    #[arg(value_name = "GROUP", add = names([NameKind::Group]))]
    name: String,
    /// A key, a key card, age1…, an SSH public key, or a file with any of these
    #[arg(required = true, value_name = "MEMBER", add = names([NameKind::Key]), value_hint = clap::ValueHint::FilePath)]
    members: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_long_help = "  keycap group remove team          # the group itself; its members stay in the vault

Whoever leaves a group can still open what was sealed to it before.")]
pub(crate) struct RemoveArgs {
    /// The group
    #[arg(value_name = "GROUP", add = names([NameKind::Group]))]
    name: String,
    /// Whom to take out, by name or, where the card is gone, by fingerprint; without any the group itself is removed
    #[arg(value_name = "MEMBER", add = names([NameKind::Key]))]
    members: Vec<String>,
}

#[derive(Serialize)]
struct Removed<'a> {
    name: &'a str,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(verb: GroupVerb, context: &mut Context) -> Ended {
    match verb {
        GroupVerb::New(args) => {
            let mut vault = context.unlocked_vault()?;
            let members = vault.recipients_given(&args.members)?;
            let group = vault.new_group(&args.name, &members)?;
            context.output.show("group", &group, |page| {
                page.done(Line::from("made the group ").name(&group.name).plain(", ").plain(count(&group)))?;
                page.blank()?;
                page.next(format!("keycap seal -r {} FILE", group.name), "seal a file to all of them")
            })?;
        }
        GroupVerb::List => list(&context.vault()?, context)?,
        GroupVerb::Show(args) => {
            let group = context.vault()?.group(&args.name)?;
            context.output.show("group", &group, |page| show(&group, page))?;
        }
        GroupVerb::Add(args) => {
            let mut vault = context.unlocked_vault()?;
            let members = vault.recipients_given(&args.members)?;
            let group = vault.add_to_group(&args.name, &members)?;
            changed(&group, context)?;
        }
        GroupVerb::Remove(args) if args.members.is_empty() => {
            context.unlocked_vault()?.remove_group(&args.name)?;
            let name = args.name;
            context.output.show("group-removed", &Removed { name: &name }, |page| page.done(Line::from("removed the group ").name(&name)))?;
        }
        GroupVerb::Remove(args) => {
            let group = context.unlocked_vault()?.remove_from_group(&args.name, &args.members)?;
            changed(&group, context)?;
        }
    }
    DONE
}

fn changed(group: &GroupView, context: &mut Context) -> Result<(), crate::error::CliError> {
    context.output.show("group", group, |page| page.done(Line::from("the group ").name(&group.name).plain(" has ").plain(count(group)).plain(" now")))
}

fn list(vault: &Vault, context: &mut Context) -> Result<(), crate::error::CliError> {
    let groups = vault.groups()?;
    context.output.show("groups", &groups, |page| {
        if groups.is_empty() {
            page.paragraph("There are no groups yet. A group is a name for several recipients.")?;
            return page.next("keycap group new NAME MEMBER…", "make one");
        }
        let mut table = Table::new().flexible("NAME").number("MEMBERS").flexible("WHO");
        for group in &groups {
            let who = group.members.iter().map(member_name).collect::<Vec<_>>().join(", ");
            table.row([Line::new().name(&group.name), group.members.len().to_string().into(), who.into()]);
        }
        page.table(&table)
    })
}

fn show(group: &GroupView, page: &mut Page<'_>) -> std::io::Result<()> {
    page.heading(&group.name)?;
    if group.members.is_empty() {
        return page.paragraph("Nobody is in it.");
    }
    let mut table = Table::new().flexible("MEMBER").column("FINGERPRINT").column("STATE");
    for member in &group.members {
        let state = match member {
            MemberView { name: None, .. } => Line::new().role(Role::Bad, "its card is not here"),
            MemberView { fingerprint: Some(_), verified: false, .. } => Line::new().role(Role::Warn, "not compared"),
            MemberView { .. } => Line::new(),
        };
        let fingerprint = member.fingerprint.as_deref().unwrap_or_default();
        table.row([Line::new().name(member_name(member)), Line::new().quiet(fingerprint), state]);
    }
    page.table(&table)
}

fn member_name(member: &MemberView) -> String {
    member.name.clone().or_else(|| member.fingerprint.clone()).unwrap_or_default()
}

fn count(group: &GroupView) -> String {
    match group.members.len() {
        1 => "1 member".into(),
        several => format!("{several} members"),
    }
}
