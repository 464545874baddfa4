//! The list itself, in the order of the command line's help.

mod access;
mod keys;
mod services;
mod vault;
mod work;

use std::sync::LazyLock;

use super::{Action, Binding, Danger, Need, Place};

const fn on(key: &'static str, place: Place) -> Option<Binding> {
    Some(Binding { key, place })
}

const READ: &[Need] = &[Need::Vault];
const CHANGE: &[Need] = &[Need::Vault, Need::Open];
const CHANGE_KEY: &[Need] = &[Need::Vault, Need::Open, Need::Key];
const CHANGE_SERVICE: &[Need] = &[Need::Vault, Need::Open, Need::Service];
const CHANGE_CAPABILITY: &[Need] = &[Need::Vault, Need::Open, Need::Capability];

const TOUR: Action = Action {
    id: "tour",
    label: "Take the tour",
    description: "Tell and run the whole story, in a vault of its own that is thrown away afterwards.",
    danger: Danger::None,
    key: None,
    verb: &["tour"],
    example: "keycap tour",
    needs: &[],
};

pub(super) static REGISTRY: LazyLock<Vec<Action>> =
    LazyLock::new(|| [&[TOUR], keys::ACTIONS, services::ACTIONS, access::ACTIONS, work::ACTIONS, vault::ACTIONS].concat());
