//! The verbs, one file each.

mod add;
mod caps;
mod clipboard;
mod completions;
mod connect;
mod consider;
mod delegate;
mod doctor;
mod explain;
mod export;
mod files;
mod first_run;
mod grants;
mod group;
mod inspect;
mod interface;
mod key;
mod live;
mod log;
mod man;
mod mint;
mod open;
mod overview;
mod recipient;
mod record;
mod reseal;
mod revoke;
mod run;
mod seal;
mod serve;
mod service;
mod share;
mod state;
mod tour;
mod vault;

use keycap_vault::Vault;

use crate::args::InterfaceArgs;
use crate::context::Context;
use crate::exit::Ended;

/// What keycap is asked to do. What each verb does is said by the vault's registry of actions.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Tour(tour::TourArgs),
    /// Keep your own key pairs, and the key cards of others
    #[command(subcommand)]
    Key(key::KeyVerb),
    /// Keep groups: one name for several recipients of files
    #[command(subcommand)]
    Group(group::GroupVerb),
    /// Keep the services that you serve, and those that you know by their card
    #[command(subcommand)]
    Service(service::ServiceVerb),
    Mint(mint::MintArgs),
    Grants(grants::GrantsArgs),
    Revoke(revoke::RevokeArgs),
    Add(add::AddArgs),
    Caps(caps::CapsArgs),
    Delegate(delegate::DelegateArgs),
    Share(share::ShareArgs),
    Explain(explain::ExplainArgs),
    /// Seal lines of JSON to the service of a capability, and open them there
    #[command(subcommand)]
    Record(record::RecordVerb),
    Serve(serve::ServeArgs),
    Connect(connect::ConnectArgs),
    Run(run::RunArgs),
    Seal(seal::SealArgs),
    Open(open::OpenArgs),
    Inspect(inspect::InspectArgs),
    Reseal(reseal::ResealArgs),
    Log(log::LogArgs),
    /// Keep the vault itself: where its secrets rest, its lock, its backups
    #[command(subcommand)]
    Vault(vault::VaultVerb),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    /// Keep a secret on the clipboard for a time; keycap starts this by itself
    #[command(name = clipboard::HOLD, hide = true)]
    HoldClipboard,
}

/// Does it.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(verb: Option<Verb>, args: InterfaceArgs, context: &mut Context) -> Ended {
    match verb {
        None if interface::fits(args, context) => interface::run(args, context),
        None if context.prompt.is_interactive() && !Vault::exists(&context.folder()?) => first_run::run(context),
        None => overview::run(context),
        Some(Verb::Tour(args)) => tour::run(&args, context),
        Some(Verb::Key(verb)) => key::run(verb, context),
        Some(Verb::Group(verb)) => group::run(verb, context),
        Some(Verb::Service(verb)) => service::run(verb, context),
        Some(Verb::Mint(args)) => mint::run(args, context),
        Some(Verb::Grants(args)) => grants::run(args, context),
        Some(Verb::Revoke(args)) => revoke::run(args, context),
        Some(Verb::Add(args)) => add::run(args, context),
        Some(Verb::Caps(args)) => caps::run(args, context),
        Some(Verb::Delegate(args)) => delegate::run(args, context),
        Some(Verb::Share(args)) => share::run(args, context),
        Some(Verb::Explain(args)) => explain::run(args, context),
        Some(Verb::Record(verb)) => record::run(verb, context),
        Some(Verb::Serve(args)) => serve::run(args, context),
        Some(Verb::Connect(args)) => connect::run(args, context),
        Some(Verb::Run(args)) => run::run(args, context),
        Some(Verb::Seal(args)) => seal::run(args, context),
        Some(Verb::Open(args)) => open::run(args, context),
        Some(Verb::Inspect(args)) => inspect::run(args, context),
        Some(Verb::Reseal(args)) => reseal::run(args, context),
        Some(Verb::Log(args)) => log::run(&args, context),
        Some(Verb::Vault(verb)) => vault::run(verb, context),
        Some(Verb::Doctor(args)) => doctor::run(&args, context),
        Some(Verb::Completions(args)) => completions::run(&args, context),
        Some(Verb::Man(args)) => man::run(&args, context),
        Some(Verb::HoldClipboard) => clipboard::hold(),
    }
}
