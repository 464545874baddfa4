//! The tree of grants.

use keycap_vault::GrantQuery;
use keycap_vault::view::{GrantView, GrantsPage};
use serde::Deserialize;
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;

/// Minted grants that one page lists at most.
const LIMIT: u32 = 500;
/// Lines below each of them that one page lists at most.
const BELOW: u32 = 500;

/// Which page of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct GrantsAsk {
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those whose name holds this text.
    pub search: Option<String>,
    /// Only what stands below this grant, by its rid.
    pub under: Option<String>,
    /// How many minted grants (or matches) to pass over.
    pub offset: u64,
    /// How many to list, at most 500.
    pub limit: u32,
    /// How many lines below each of them, at most 500.
    pub below: u32,
}

/// A page of the tree.
pub(crate) async fn grants(host: &Host, ask: GrantsAsk) -> Result<GrantsPage, UiError> {
    let GrantsAsk { service, search, under, offset, limit, below } = ask;
    let search = search.filter(|search| !search.trim().is_empty());
    let query = GrantQuery { service, search, under, offset, limit: limit.min(LIMIT), below: below.min(BELOW) };
    host.desk.read(move |vault| Ok(vault.grants(&query)?)).await
}

/// One grant.
pub(crate) async fn grant(host: &Host, rid: String) -> Result<GrantView, UiError> {
    host.desk.read(move |vault| Ok(vault.grant(&rid)?)).await
}
