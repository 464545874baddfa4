//! How things stand.

use keycap_vault::view::{Live, Overview};

use crate::error::UiError;
use crate::host::Host;

/// What wants attention.
pub(crate) async fn overview(host: &Host) -> Result<Overview, UiError> {
    host.desk.read(|vault| Ok(vault.overview()?)).await
}

/// What runs.
pub(crate) async fn live(host: &Host, service: Option<String>) -> Result<Live, UiError> {
    host.desk.read(move |vault| Ok(vault.live(service.as_deref())?)).await
}
