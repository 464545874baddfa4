//! What the interface does for each action of the registry. A test holds this list against the registry, so that nothing the command line can
//! do is missing here without a reason.

use std::path::PathBuf;

use crate::screen::{Kind, Screen, Step, Tab, Target};
use crate::screens;
use crate::world::World;

/// How an action is done here.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// A screen shows it.
    Tab(Tab),
    /// It needs one of these kinds (or nothing), and then does that.
    Screen { of: &'static [Kind], open: fn(&World, Option<Target>) -> Vec<Step> },
    /// It is done to the files that are marked, or selected, on the screen of files.
    Files(fn(Vec<PathBuf>) -> Box<dyn Screen>),
    /// The interface locks.
    Lock,
    /// It is for the command line only, and this is why.
    CommandLine(&'static str),
}

const KEYS: &[Kind] = &[Kind::Key, Kind::Card];
const GROUPS: &[Kind] = &[Kind::Group];
const SERVICES: &[Kind] = &[Kind::Service];
const GRANTS: &[Kind] = &[Kind::Grant];
const CAPABILITIES: &[Kind] = &[Kind::Capability];
const SHAREABLE: &[Kind] = &[Kind::Grant, Kind::Capability, Kind::Key, Kind::Card, Kind::Service];
const EXPLAINABLE: &[Kind] = &[Kind::Capability, Kind::Grant];

/// How an action is done here; `None` if there is no such action.
pub(crate) fn way(id: &str) -> Option<Way> {
    Some(match id {
        "key.list" => Way::Tab(Tab::Keys),
        "service.list" => Way::Tab(Tab::Services),
        "grants" => Way::Tab(Tab::Grants),
        "caps" => Way::Tab(Tab::Capabilities),
        "log" => Way::Tab(Tab::Activity),
        "inspect" => Way::Tab(Tab::Files),
        "seal" => Way::Files(screens::seal),
        "open" => Way::Files(screens::open),
        "reseal" => Way::Files(screens::reseal),
        "key.show" => Way::Screen { of: KEYS, open: screens::show_target },
        "service.show" => Way::Screen { of: SERVICES, open: screens::show_target },
        "caps.show" => Way::Screen { of: CAPABILITIES, open: screens::show_target },
        "key.rename" => Way::Screen { of: KEYS, open: screens::rename },
        "service.rename" => Way::Screen { of: SERVICES, open: screens::rename },
        "caps.rename" => Way::Screen { of: CAPABILITIES, open: screens::rename },
        "key.verify" => Way::Screen { of: &[Kind::Card], open: screens::verify },
        "service.hints" => Way::Screen { of: SERVICES, open: screens::hints },
        "caps.gateway" => Way::Screen { of: CAPABILITIES, open: screens::gateway },
        "key.remove" => Way::Screen { of: KEYS, open: screens::remove },
        "service.remove" => Way::Screen { of: SERVICES, open: screens::remove },
        "caps.remove" => Way::Screen { of: CAPABILITIES, open: screens::remove },
        "revoke" => Way::Screen { of: GRANTS, open: screens::revoke },
        "explain" => Way::Screen { of: EXPLAINABLE, open: screens::explain },
        "mint" => Way::Screen { of: &[], open: screens::mint },
        "delegate" => Way::Screen { of: CAPABILITIES, open: screens::delegate },
        "share" => Way::Screen { of: SHAREABLE, open: screens::share },
        "add" => Way::Screen { of: &[], open: screens::add },
        "key.new" => Way::Screen { of: &[], open: screens::new_key },
        "key.export" => Way::Screen { of: &[Kind::Key], open: screens::export },
        "key.import" => Way::Screen { of: &[], open: screens::import_key },
        "group.new" => Way::Screen { of: &[], open: screens::new_group },
        "group.list" => Way::Screen { of: &[], open: screens::groups },
        "group.show" => Way::Screen { of: GROUPS, open: screens::show_target },
        "group.add" => Way::Screen { of: GROUPS, open: screens::join },
        "group.remove" => Way::Screen { of: GROUPS, open: screens::leave },
        "service.new" => Way::Screen { of: &[], open: screens::new_service },
        "service.export" => Way::Screen { of: SERVICES, open: screens::export },
        "service.import" => Way::Screen { of: &[], open: screens::import_service },
        "service.rotate" => Way::Screen { of: SERVICES, open: screens::rotate },
        "serve" => Way::Screen { of: SERVICES, open: screens::serve },
        "connect" => Way::Screen { of: CAPABILITIES, open: screens::connect },
        "run" => Way::CommandLine("the command needs the terminal that this interface has; connect leads there from any other"),
        "vault.status" | "doctor" => Way::Tab(Tab::Overview),
        "record.seal" | "record.open" => Way::CommandLine("programs pipe their records through it"),
        "vault.restore" => Way::Screen { of: &[], open: screens::restore },
        "vault.passwd" => Way::Screen { of: &[], open: screens::unlocking },
        "vault.convert" => Way::Screen { of: &[], open: screens::convert },
        "vault.backup" => Way::Screen { of: &[], open: screens::backup },
        // The lock screen is in front of everything while there is something to unlock.
        "vault.lock" | "vault.unlock" => Way::Lock,
        "vault.init" => Way::CommandLine("where there is no vault, `keycap` alone helps to make one"),
        "completions" => Way::CommandLine("a shell reads what it prints"),
        "man" => Way::CommandLine("packages install what it writes"),
        "tour" => Way::CommandLine("it tells its story in lines, and has a vault of its own"),
        _ => return None,
    })
}
