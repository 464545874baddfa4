//! `keycap key`: your own key pairs, and the key cards of others.

use clap::Args;
use keycap_vault::action::Danger;
use keycap_vault::view::KeyView;
use serde::Serialize;

use super::export::{ExportArgs, ImportArgs};
use crate::args::names::{NameKind, names};
use crate::context::{Consent, Context};
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::line::{Line, Role};
use crate::output::page::Page;
use crate::output::table::Table;
use keycap_vault::words::TimeWords;

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeyVerb {
    New(NewArgs),
    #[command(visible_alias = "ls")]
    List(ListArgs),
    Show(ShowArgs),
    Verify(VerifyArgs),
    Rename(RenameArgs),
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
    Export(ExportKeyArgs),
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Its name in this vault; a person, a machine or a role
    name: String,
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
    /// The key or key card
    #[arg(value_name = "KEY", add = names([NameKind::Key]))]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The key card
    #[arg(value_name = "KEY", add = names([NameKind::Key]))]
    name: String,
    /// Take it back: the fingerprint was not compared after all
    #[arg(long)]
    undo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The key or key card
    #[arg(value_name = "KEY", add = names([NameKind::Key]))]
    name: String,
    /// Its new name
    #[arg(value_name = "NEW-NAME")]
    to: String,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The key or key card
    #[arg(value_name = "KEY", add = names([NameKind::Key]))]
    name: String,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct ExportKeyArgs {
    /// The key
    #[arg(value_name = "KEY", add = names([NameKind::OwnKey]))]
    name: String,
    #[command(flatten)]
    export: ExportArgs,
}

#[derive(Serialize)]
struct Removed<'a> {
    name: &'a str,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(verb: KeyVerb, context: &mut Context) -> Ended {
    match verb {
        KeyVerb::New(args) => new(&args, context),
        KeyVerb::List(args) => list(&args, context),
        KeyVerb::Show(args) => show(&args, context),
        KeyVerb::Verify(args) => verify(&args, context),
        KeyVerb::Rename(args) => rename(&args, context),
        KeyVerb::Remove(args) => remove(&args, context),
        KeyVerb::Export(args) => export(&args, context),
        KeyVerb::Import(args) => import(&args, context),
    }
}

fn new(args: &NewArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let key = vault.new_key(&args.name, &args.note)?;
    context.output.show("key", &key, |page| {
        page.done(Line::from("made the key ").name(&key.name).quiet("  ").quiet(&key.fingerprint))?;
        page.blank()?;
        page.paragraph(Line::from("Its card is what you give to others, so that they can bind a capability to it or seal a file to it:"))?;
        page.line(Line::from("  ").plain(&key.card))
    })?;
    DONE
}

fn list(args: &ListArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let keys = vault.keys(args.search.as_deref())?;
    let times = context.times(&vault);
    context.output.show("keys", &keys, |page| {
        if keys.is_empty() {
            return empty_list(args, page);
        }
        let mut table = Table::new().flexible("NAME").column("KIND").column("FINGERPRINT").column("VERIFIED").column("SINCE").flexible("NOTE");
        for key in &keys {
            table.row([
                Line::new().name(&key.name),
                kind(key).into(),
                Line::new().quiet(&key.fingerprint),
                verified(key),
                times.day(key.created).into(),
                Line::new().quiet(&key.note),
            ]);
        }
        page.table(&table)
    })?;
    DONE
}

fn show(args: &ShowArgs, context: &mut Context) -> Ended {
    let vault = context.vault()?;
    let key = vault.key(&args.name)?;
    let times = context.times(&vault);
    context.output.show("key", &key, |page| page_of(&key, &times, page))?;
    DONE
}

fn verify(args: &VerifyArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let card = vault.key(&args.name)?;
    if card.own {
        return Err(CliError::usage("own-key", "your own keys need no comparing")
            .with(&args.name)
            .hint("compare the cards of others: `keycap key list`"));
    }
    if !args.undo && context.prompt.is_interactive() {
        context.output.notes(|page| {
            page.paragraph(
                Line::from("Ask the owner of ").name(&card.name).plain(" to read the fingerprint to you, over a channel that you trust:"),
            )?;
            page.line(Line::from("  ").strong(&card.fingerprint_full))
        });
        if !context.prompt.confirm("Is it the same, to the last digit?")? {
            return Err(CliError::cancelled());
        }
    }
    let card = vault.set_card_verified(&args.name, !args.undo)?;
    context.output.show("key", &card, |page| {
        let state = if card.verified { " is verified" } else { " no longer counts as verified" };
        page.done(Line::from("the key card ").name(&card.name).plain(state))
    })?;
    DONE
}

fn rename(args: &RenameArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let key = vault.rename_key(&args.name, &args.to)?;
    context.output.show("key", &key, |page| page.done(Line::from("renamed ").name(&args.name).plain(" to ").name(&key.name)))?;
    DONE
}

fn remove(args: &RemoveArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let key = vault.key(&args.name)?;
    // A card can be taken in again; a key is gone, with whatever is bound or sealed to it.
    let (danger, question) = if key.own {
        (Danger::Severe, format!("Delete the key {} ({}) for good, with everything bound or sealed to it?", key.name, key.fingerprint))
    } else {
        (Danger::Moderate, format!("Forget the key card {} ({})?", key.name, key.fingerprint))
    };
    context.ask_first(danger, &args.consent, &key.name, &question)?;
    vault.remove_key(&key.name)?;
    context.output.show("key-removed", &Removed { name: &key.name }, |page| page.done(Line::from("removed ").name(&key.name)))?;
    DONE
}

fn export(args: &ExportKeyArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let question = format!("The file will hold the private half of {}: whoever opens it is that key.", args.name);
    context.ask_first(Danger::Severe, &args.export.consent, &args.name, &question)?;
    let to = args.export.target(context)?;
    let sealed = vault.export_key(&args.name, &to)?;
    args.export.write(&sealed, "key", &args.name, context)?;
    DONE
}

fn import(args: &ImportArgs, context: &mut Context) -> Ended {
    let mut vault = context.unlocked_vault()?;
    let sealed = args.sealed()?;
    let key = args.open.open(context, |with| vault.import_key(&sealed, args.name.as_deref(), with))?;
    context.output.show("key", &key, |page| page.done(Line::from("took in the key ").name(&key.name).quiet("  ").quiet(&key.fingerprint)))?;
    DONE
}

/// One key or card in full.
fn page_of(key: &KeyView, times: &TimeWords, page: &mut Page<'_>) -> std::io::Result<()> {
    page.line(Line::new().name(&key.name).quiet("  ").quiet(kind(key)))?;
    page.field("fingerprint", Line::new().strong(&key.fingerprint))?;
    page.field("in full", &key.fingerprint_full)?;
    if !key.own {
        page.field("verified", verified(key))?;
    }
    page.field("since", times.minute(key.created))?;
    page.optional_field("note", (!key.note.is_empty()).then_some(&key.note))?;
    page.blank()?;
    page.line(Line::new().quiet("key card, to give to others"))?;
    page.line(key.card.as_str())?;
    page.line(Line::new().quiet("age recipient, to seal files to"))?;
    page.line(key.age_recipient.as_str())
}

fn kind(key: &KeyView) -> &'static str {
    if key.own { "own key" } else { "key card" }
}

fn verified(key: &KeyView) -> Line {
    match (key.own, key.verified) {
        (true, _) => Line::new(),
        (false, true) => Line::new().role(Role::Good, "✓ verified"),
        (false, false) => Line::new().role(Role::Warn, "unverified"),
    }
}

fn empty_list(args: &ListArgs, page: &mut Page<'_>) -> std::io::Result<()> {
    if let Some(search) = &args.search {
        return page.paragraph(Line::from("No key or key card has “").plain(search).plain("” in its name."));
    }
    page.paragraph("No keys yet. A key is an identity of yours: capabilities can be bound to it, and files sealed to it.")?;
    page.next("keycap key new NAME", "make one")?;
    page.next("keycap add", "take in someone else's key card")
}
