//! The doctor: looks at the vault, the keyring and the machine, says what is wrong and the way out, and mends what can be mended without
//! losing anything.

mod ledger;
mod machine;
mod mend;
mod permissions;
mod secrets;

use std::path::Path;

use crate::environment::Environment;
use crate::error::VaultError;
use crate::vault::Vault;
use crate::view::{DoctorFinding, Level};
use machine::Machine;

pub use permissions::mend_permissions;

impl Vault {
    /// Looks at everything. What needs the vault's secrets is left out, and said so, if this process cannot get at them.
    ///
    /// # Errors
    /// If the ledger cannot be read at all.
    pub fn doctor(&self) -> Result<Vec<DoctorFinding>, VaultError> {
        let store = self.store.doctor()?;
        let mut findings = secrets::findings(self, &store)?;
        findings.extend(permissions::findings(self.folder()));
        findings.extend(ledger::findings(self, &store)?);
        let newest = ledger::newest_row(self)?;
        findings.extend(Machine::here(&self.environment).findings(secrets::needs_keyring(&store.protection), newest));
        Ok(findings)
    }
}

/// Looks at what can be looked at where the vault does not open, or there is none: `failure` says why it does not.
#[must_use]
pub fn doctor_without_vault(folder: &Path, environment: &Environment, failure: Option<&VaultError>) -> Vec<DoctorFinding> {
    let mut findings = vec![match failure {
        Some(error) => finding(Level::Problem, error.code(), format!("The vault in {} does not open: {error}.", folder.display()), error.hint()),
        None => finding(
            Level::Note,
            "no-vault",
            format!("There is no vault in {}.", folder.display()),
            Some("Create one with `keycap vault init`.".into()),
        ),
    }];
    if folder.exists() {
        findings.extend(permissions::findings(folder));
    }
    findings.extend(Machine::here(environment).findings(false, None));
    findings
}

fn finding(level: Level, code: &'static str, what: impl Into<String>, hint: Option<String>) -> DoctorFinding {
    DoctorFinding { level, code, what: what.into(), hint, mendable: false }
}

fn ok(code: &'static str, what: impl Into<String>) -> DoctorFinding {
    finding(Level::Ok, code, what, None)
}

/// What `keycap doctor --mend` takes care of.
fn mendable(level: Level, code: &'static str, what: impl Into<String>) -> DoctorFinding {
    let hint = Some("Mend it with `keycap doctor --mend`.".to_owned());
    DoctorFinding { level, code, what: what.into(), hint, mendable: true }
}

/// `1 secret`, `2 secrets`.
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests;
