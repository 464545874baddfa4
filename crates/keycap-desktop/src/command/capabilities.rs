//! Capabilities held: named, narrowed, explained, deleted.

use keycap_vault::view::{CapabilityView, DelegatePreview, ExplainView};
use keycap_vault::{DelegateRequest, When, Would, parse_request};
use serde::Deserialize;
use ts_rs::TS;

use super::limits::LimitsForm;
use crate::error::UiError;
use crate::host::Host;

/// What a form says about a narrower capability.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct DelegateForm {
    /// The capability that is narrowed.
    pub capability: String,
    /// For whom: the new one's name.
    pub name: String,
    /// The limits that are added.
    pub limits: LimitsForm,
}

/// What would be tried. What is empty is what is usual.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct WouldForm {
    /// The request: a target (`db`), or a method and a path (`GET /x`).
    pub request: String,
    /// When.
    pub at: String,
    /// With which key.
    pub from: String,
}

impl DelegateForm {
    fn request(self) -> Result<DelegateRequest, UiError> {
        let limits = self.limits.limits()?;
        Ok(DelegateRequest { capability: self.capability, name: self.name.trim().to_owned(), limits })
    }
}

/// All of them.
pub(crate) async fn capabilities(host: &Host) -> Result<Vec<CapabilityView>, UiError> {
    host.desk.read(|vault| Ok(vault.capabilities(None)?)).await
}

/// Gives it another name.
pub(crate) async fn capability_rename(host: &Host, name: String, to: String) -> Result<CapabilityView, UiError> {
    host.desk.keep(move |vault| Ok(vault.rename_capability(&name, &to)?)).await
}

/// Says where its service is found; `None`: as the capability says.
pub(crate) async fn capability_gateway(host: &Host, name: String, gateway: Option<String>) -> Result<CapabilityView, UiError> {
    host.desk.keep(move |vault| Ok(vault.set_gateway(&name, gateway.as_deref())?)).await
}

/// Deletes it, if it still has this last block.
pub(crate) async fn capability_remove(host: &Host, name: String, last_block: String) -> Result<(), UiError> {
    host.desk
        .keep(move |vault| {
            if vault.capability(&name)?.blocks.last().map(|block| block.id.as_str()) != Some(last_block.as_str()) {
                return Err(UiError::changed_meanwhile(&name));
            }
            Ok(vault.remove_capability(&name)?)
        })
        .await
}

/// What would be delegated.
pub(crate) async fn delegate_preview(host: &Host, form: DelegateForm) -> Result<DelegatePreview, UiError> {
    let request = form.request()?;
    host.desk.read(move |vault| Ok(vault.delegate_preview(&request)?)).await
}

/// Delegates it.
pub(crate) async fn delegate(host: &Host, form: DelegateForm) -> Result<CapabilityView, UiError> {
    let request = form.request()?;
    host.desk.keep(move |vault| Ok(vault.delegate(&request)?)).await
}

/// Whether a capability or grant would allow something, and which caveat says no.
pub(crate) async fn explain(host: &Host, name: String, would: WouldForm) -> Result<ExplainView, UiError> {
    let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let request = filled(would.request).map(|text| parse_request(&text)).transpose()?;
    let at = filled(would.at).map(|text| text.parse::<When>()).transpose()?;
    let from = filled(would.from);
    host.desk
        .read(move |vault| {
            let at = at.map(|when| when.at(vault.now()));
            Ok(vault.explain(&name, &Would { request, at, from, ..Would::default() })?)
        })
        .await
}
