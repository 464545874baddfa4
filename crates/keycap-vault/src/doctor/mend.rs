//! Mending what can be mended without losing anything.

use keycap_store::ledger::audit::{self, Entry};
use keycap_store::ledger::session::{self, End};
use keycap_store::ledger::{gateway, revocation};

use super::{counted, permissions};
use crate::error::VaultError;
use crate::live::dead_gateways;
use crate::vault::Vault;
use crate::view::MendView;

impl Vault {
    /// Closes the folder to others, marks gateways that are gone as stopped, lets the log go on after a break, drops revocations of what has
    /// expired, and clears away secrets that nothing uses and keyring items that belong to nothing. Secrets that are missing or damaged it
    /// leaves: only a backup has them.
    ///
    /// # Errors
    /// If the vault is locked, or the ledger cannot be written. What the keyring does not let go of is found again afterwards.
    pub fn mend(&mut self) -> Result<MendView, VaultError> {
        let now = self.now();
        let mut done = permissions::mend_permissions(self.folder())?;
        done.extend(self.mend_log()?);
        let dead = self.store.read(dead_gateways)?;
        for row in &dead {
            self.change("gateway.gone", &row.id.to_string(), Vec::new(), |tx| {
                session::close_all(tx, row.id, &End { at: row.heartbeat, reason: "gateway gone".into() })?;
                Ok(gateway::stop(tx, row.id, row.heartbeat)?)
            })?;
            done.push(format!("Marked gateway {} as stopped, and its sessions as ended.", row.id));
        }
        let dropped = self.store.write(now, Vec::new(), |tx| Ok::<_, VaultError>(revocation::drop_expired(tx)?))?;
        if dropped > 0 {
            done.push(format!("Dropped {} of what has expired anyway.", counted(dropped, "revocation")));
        }
        // A keyring that does not answer is among the findings below.
        if let Ok(mended) = self.store.mend(now) {
            let items = usize::try_from(mended.items_deleted).unwrap_or(usize::MAX);
            let secrets = usize::try_from(mended.secrets_removed).unwrap_or(usize::MAX);
            done.extend((items > 0).then(|| format!("Deleted {} that belonged to nothing.", counted(items, "keyring item"))));
            done.extend((secrets > 0).then(|| format!("Removed {} that nothing used.", counted(secrets, "secret"))));
        }
        if !done.is_empty() {
            let detail = serde_json::json!({ "done": done });
            self.change_with("vault.mend", "", detail, Vec::new(), |_| Ok(()))?;
        }
        Ok(MendView { findings: self.doctor()?, done })
    }

    /// Lets the log go on if it refuses new rows, since it does not end as its head says. The break stays visible.
    fn mend_log(&mut self) -> Result<Option<String>, VaultError> {
        let (now, key) = (self.now(), self.store.audit_key()?);
        let Some(fault) = self.verify_log()?.first_fault else { return Ok(None) };
        let detail = serde_json::json!({ "fault": fault.what });
        match self.change_with("log.fault", "", detail.clone(), Vec::new(), |_| Ok(())) {
            Ok(()) => Ok(None),
            Err(error) if error.code() == "audit-broken" => {
                let entry =
                    Entry { time: now, action: "log.restart".into(), target: String::new(), result: "done".into(), detail: detail.to_string() };
                self.store.write(now, Vec::new(), |tx| Ok::<_, VaultError>(audit::restart(tx, &key, &entry)?))?;
                Ok(Some(format!("Let the log go on after its break: {}.", fault.what)))
            }
            Err(error) => Err(error),
        }
    }
}
