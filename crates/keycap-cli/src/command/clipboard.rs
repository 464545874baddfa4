//! The clipboard (its module in the vault is on its way).
use crate::error::CliError;
use keycap_vault::SecretText;
pub(crate) fn hold(_text: &SecretText) -> Result<(), CliError> {
    Err(CliError::failed("clipboard", "not yet"))
}
pub(crate) fn read() -> Result<Vec<SecretText>, CliError> {
    Err(CliError::failed("clipboard", "not yet"))
}
