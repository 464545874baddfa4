//! Groups: recipients of files that have one name together.

use keycap_vault::view::GroupView;

use crate::error::UiError;
use crate::host::Host;

/// All of them.
pub(crate) async fn groups(host: &Host) -> Result<Vec<GroupView>, UiError> {
    host.desk.read(|vault| Ok(vault.groups()?)).await
}

/// Makes one of keys, cards, and recipients that are written out.
pub(crate) async fn group_new(host: &Host, name: String, members: Vec<String>) -> Result<GroupView, UiError> {
    host.desk.keep(move |vault| Ok(vault.new_group(&name, &members)?)).await
}

/// Adds to it.
pub(crate) async fn group_add(host: &Host, name: String, members: Vec<String>) -> Result<GroupView, UiError> {
    host.desk.keep(move |vault| Ok(vault.add_to_group(&name, &members)?)).await
}

/// Takes members out; one whose card is gone is named by its fingerprint.
pub(crate) async fn group_take_out(host: &Host, name: String, members: Vec<String>) -> Result<GroupView, UiError> {
    host.desk.keep(move |vault| Ok(vault.remove_from_group(&name, &members)?)).await
}

/// Forgets it.
pub(crate) async fn group_remove(host: &Host, name: String) -> Result<(), UiError> {
    host.desk.keep(move |vault| Ok(vault.remove_group(&name)?)).await
}
