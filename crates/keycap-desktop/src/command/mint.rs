//! Minting, after a look at what it would allow.

use keycap_vault::view::{GrantView, MintPreview};
use keycap_vault::{MintRequest, presets};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::limits::LimitsForm;
use crate::error::UiError;
use crate::host::Host;

/// What a form says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct MintForm {
    /// The service.
    pub service: String,
    /// For whom: the grant's name.
    pub name: String,
    /// The preset that fills in what the limits leave open.
    pub preset: Option<String>,
    /// The limits.
    pub limits: LimitsForm,
}

/// A named set of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct PresetView {
    /// Its name on the command line.
    pub name: &'static str,
    /// What a menu shows.
    pub label: &'static str,
    /// What it allows.
    pub description: &'static str,
}

impl MintForm {
    fn request(self) -> Result<MintRequest, UiError> {
        let limits = self.limits.limits()?;
        Ok(MintRequest { service: self.service, name: self.name.trim().to_owned(), preset: self.preset, limits })
    }
}

/// The presets.
pub(crate) async fn preset_list(_: &Host) -> Result<Vec<PresetView>, UiError> {
    Ok(presets().iter().map(|preset| PresetView { name: preset.name, label: preset.label, description: preset.description }).collect())
}

/// What it would mint.
pub(crate) async fn mint_preview(host: &Host, form: MintForm) -> Result<MintPreview, UiError> {
    let request = form.request()?;
    host.desk.read(move |vault| Ok(vault.mint_preview(&request)?)).await
}

/// Mints it.
pub(crate) async fn mint(host: &Host, form: MintForm) -> Result<GrantView, UiError> {
    let request = form.request()?;
    host.desk.keep(move |vault| Ok(vault.mint(&request)?)).await
}
