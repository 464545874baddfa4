//! How each screen and dialog comes about.

use std::path::PathBuf;

use keycap_vault::action::{Action, Place};

use crate::screen::{
    Kind, Screen, Step, Tab, Target, activity, add as adding, capabilities, choose as choosing, confirm, delegate as delegating,
    explain as explaining, files, first_run as begin, form, grants, groups as grouping, help as helping, keys, membership, mint as minting, name,
    overview, palette as palettes, protection, restore as restoring, revoke as revoking, rotate as rotating, sealing, services, settings as setting,
    share as sharing, tasks as running,
};
use crate::world::World;

/// One of the screens at the bottom of the stack, as it is at first.
pub(crate) fn tab(tab: Tab) -> Box<dyn Screen> {
    match tab {
        Tab::Overview => Box::new(overview::OverviewScreen::default()),
        Tab::Keys => Box::new(keys::Keys::default()),
        Tab::Services => Box::new(services::Services::default()),
        Tab::Grants => Box::new(grants::Grants::default()),
        Tab::Capabilities => Box::new(capabilities::Capabilities::default()),
        Tab::Files => Box::new(files::Files::default()),
        Tab::Activity => Box::new(activity::Activity::default()),
    }
}

/// Where there is no vault yet.
pub(crate) fn first_run() -> Box<dyn Screen> {
    Box::new(begin::FirstRun::new())
}

/// Which keys work here.
pub(crate) fn help(place: Option<Place>, target: Option<Target>, world: &World) -> Box<dyn Screen> {
    Box::new(helping::Help::new(place, target, world))
}

/// Every action, by name.
pub(crate) fn palette(target: Option<Target>, world: &World) -> Box<dyn Screen> {
    Box::new(palettes::Palette::new(target, world))
}

/// What runs.
pub(crate) fn tasks() -> Box<dyn Screen> {
    Box::new(running::Tasks::default())
}

/// How the interface is to be.
pub(crate) fn settings(world: &World) -> Box<dyn Screen> {
    Box::new(setting::SettingsScreen::new(world))
}

/// Quitting while something runs.
pub(crate) fn confirm_quit(running: usize) -> Box<dyn Screen> {
    let what = if running == 1 { "A task is running; it is stopped.".to_owned() } else { format!("{running} tasks are running; they are stopped.") };
    Box::new(confirm::Confirm::new("Quit?", vec![what], confirm::Then::Quit))
}

/// Which one an action is meant for.
pub(crate) fn choose(action: &'static Action, of: &'static [Kind]) -> Box<dyn Screen> {
    Box::new(choosing::Choose::new(action, of))
}

/// Goes to where something is shown.
pub(crate) fn show_target(_world: &World, target: Option<Target>) -> Vec<Step> {
    let Some(target) = target else { return Vec::new() };
    let tab = match target.kind {
        Kind::Key | Kind::Card => Tab::Keys,
        Kind::Group => return vec![Step::Open(Box::new(grouping::Groups::on(&target)))],
        Kind::Service => Tab::Services,
        Kind::Grant => Tab::Grants,
        Kind::Capability => Tab::Capabilities,
        Kind::File => Tab::Files,
    };
    vec![Step::Show(tab, Some(target)), Step::Command(crate::keymap::Command::Open)]
}

/// Another name for something.
pub(crate) fn rename(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(name::Naming::rename(target)))).into_iter().collect()
}

/// Where a service may be found.
pub(crate) fn hints(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(name::Naming::hints(target)))).into_iter().collect()
}

/// Where a capability's service is found.
pub(crate) fn gateway(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(name::Naming::gateway(target)))).into_iter().collect()
}

/// Marks a card as verified, after showing what is to be compared; or takes that back.
pub(crate) fn verify(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(confirm::Verify::new(target)))).into_iter().collect()
}

/// Deletes something, after asking.
pub(crate) fn remove(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(confirm::removal(target))).into_iter().collect()
}

/// Revokes a grant, after showing what dies with it.
pub(crate) fn revoke(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(revoking::Revoke::new(target)))).into_iter().collect()
}

/// A new key of one's own.
pub(crate) fn new_key(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(form::Form::new_key()))]
}

/// Groups of recipients.
pub(crate) fn groups(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(grouping::Groups::default()))]
}

/// A new group.
pub(crate) fn new_group(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(membership::Membership::new_group()))]
}

/// More members of a group.
pub(crate) fn join(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(membership::Membership::add(target)))).into_iter().collect()
}

/// Fewer members of a group, or no group any more.
pub(crate) fn leave(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(membership::Membership::take_out(target)))).into_iter().collect()
}

/// A new service.
pub(crate) fn new_service(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(form::Form::new_service()))]
}

/// Secret keys into a sealed file.
pub(crate) fn export(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(form::Form::export(target)))).into_iter().collect()
}

/// A key from a file.
pub(crate) fn import_key(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(form::Form::import(Kind::Key)))]
}

/// A service's keys from a file.
pub(crate) fn import_service(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(form::Form::import(Kind::Service)))]
}

/// A new root secret.
pub(crate) fn rotate(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(rotating::Rotate::new(target)))).into_iter().collect()
}

/// A gateway, as a task.
pub(crate) fn serve(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(form::Form::serve(target)))).into_iter().collect()
}

/// A local port that leads to a service, as a task.
pub(crate) fn connect(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(form::Form::connect(target)))).into_iter().collect()
}

/// The whole vault into a sealed file.
pub(crate) fn backup(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(form::Form::backup()))]
}

/// What a backup holds into the vault, after showing what would change.
pub(crate) fn restore(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(restoring::Restore::new()))]
}

/// What unlocks the secrets.
pub(crate) fn unlocking(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(protection::Protection::unlocking()))]
}

/// Where the secrets rest.
pub(crate) fn convert(world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(protection::Protection::convert(world.context().sealed)))]
}

/// Whether something would be allowed.
pub(crate) fn explain(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(explaining::Explain::new(target)))).into_iter().collect()
}

/// Mints, for the service that is selected or one that is chosen there.
pub(crate) fn mint(_world: &World, target: Option<Target>) -> Vec<Step> {
    let service = target.filter(|target| target.kind == Kind::Service).map(|target| target.name);
    vec![Step::Open(Box::new(minting::Mint::new(service)))]
}

/// Delegates from a capability.
pub(crate) fn delegate(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(delegating::Delegate::new(target)))).into_iter().collect()
}

/// Shows a secret as text, after asking.
pub(crate) fn reveal(target: Target) -> Box<dyn Screen> {
    Box::new(sharing::Share::revealed(target))
}

/// Shares something.
pub(crate) fn share(_world: &World, target: Option<Target>) -> Vec<Step> {
    target.map(|target| Step::Open(Box::new(sharing::Share::new(target)))).into_iter().collect()
}

/// Takes something in.
pub(crate) fn add(_world: &World, _target: Option<Target>) -> Vec<Step> {
    vec![Step::Open(Box::new(adding::Add::new()))]
}

/// Seals files.
pub(crate) fn seal(files: Vec<PathBuf>) -> Box<dyn Screen> {
    Box::new(sealing::Sealing::new(sealing::Doing::Seal, files))
}

/// Opens files.
pub(crate) fn open(files: Vec<PathBuf>) -> Box<dyn Screen> {
    Box::new(sealing::Sealing::new(sealing::Doing::Open, files))
}

/// Gives sealed files other readers.
pub(crate) fn reseal(files: Vec<PathBuf>) -> Box<dyn Screen> {
    Box::new(sealing::Sealing::new(sealing::Doing::Reseal, files))
}
