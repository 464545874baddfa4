//! Whether a backup holds together: what refers to something finds it, and every secret is the one that its public half says. This is what
//! makes a backup that opens a backup that can be restored.

use std::collections::{BTreeMap, BTreeSet};

use keycap_core::chain::{Chain, Rid};
use keycap_core::key::{Key, StaticKey};
use keycap_core::secret::Secret;
use keycap_store::Item;
use keycap_store::ledger::capability::{ChainKeySource, HeldCapability};
use keycap_store::ledger::id::{CapabilityId, ServiceId};
use keycap_store::ledger::key::Key as KeyRow;
use keycap_store::ledger::service::Service;
use keycap_store::secrets::{NewSecret, SecretId, SecretKind};

use super::format::bad;
use crate::error::VaultError;

/// Checks the items of a backup.
pub(super) fn check(items: &[Item]) -> Result<(), VaultError> {
    let mut seen = Seen::default();
    items.iter().try_for_each(|item| seen.take(item))?;
    if seen.audit_key { Ok(()) } else { Err(bad("the backup has no key of its log")) }
}

/// What has come so far.
#[derive(Default)]
struct Seen<'a> {
    secrets: BTreeMap<SecretId, (&'a NewSecret, bool)>,
    services: BTreeMap<ServiceId, &'a Service>,
    grants: BTreeSet<Rid>,
    capabilities: BTreeMap<CapabilityId, Chain>,
    audit_key: bool,
}

impl<'a> Seen<'a> {
    fn take(&mut self, item: &'a Item) -> Result<(), VaultError> {
        match item {
            Item::Secret(secret) => match self.secrets.insert(secret.id, (secret, false)) {
                Some(_) => Err(bad(format!("the backup has the secret \"{}\" twice", secret.label))),
                None => Ok(()),
            },
            Item::AuditKey(id) => {
                self.secret(*id, SecretKind::Audit, "the log")?;
                self.audit_key = true;
                Ok(())
            }
            Item::Key(row) => self.key(row),
            Item::Service(row) => self.service(row),
            Item::Root(row) => {
                let name = self.service_name(row.service)?;
                self.secret(row.secret, SecretKind::Root, &format!("the service {name}")).map(drop)
            }
            Item::Revocation(row) => self.service_name(row.entry.service).map(drop),
            Item::Grant(row) => {
                let name = self.service_name(row.service)?;
                if row.parent.is_some_and(|parent| !self.grants.contains(&parent)) {
                    return Err(bad(format!("a grant of {name} comes before the one above it")));
                }
                self.grants.insert(row.rid);
                Ok(())
            }
            Item::Capability(row) => self.capability(row),
            // Cards, settings and log rows refer to nothing; the log has its own chain.
            _ => Ok(()),
        }
    }

    fn key(&mut self, row: &KeyRow) -> Result<(), VaultError> {
        let what = format!("the key {}", row.name);
        let card = Key::from_seed(self.secret(row.secret, SecretKind::Key, &what)?).card(None);
        if card.noise != row.noise || card.age != row.age {
            return Err(bad(format!("{what} has the secret of another key")));
        }
        Ok(())
    }

    fn service(&mut self, row: &'a Service) -> Result<(), VaultError> {
        if let Some(id) = row.secret {
            let what = format!("the service {}", row.name);
            let key = StaticKey::from_private(self.secret(id, SecretKind::Service, &what)?);
            if *key.public() != row.public {
                return Err(bad(format!("{what} has the secret of another service")));
            }
        }
        self.services.insert(row.id, row);
        Ok(())
    }

    fn capability(&mut self, row: &HeldCapability) -> Result<(), VaultError> {
        let what = format!("the capability {}", row.held.name);
        let chain = Chain::parse(&row.held.chain).map_err(|error| bad(format!("{what} has a chain that cannot be read: {error}")))?;
        match row.held.key {
            ChainKeySource::Secret(id) => drop(self.secret(id, SecretKind::Capability, &what)?),
            ChainKeySource::DerivedFrom(parent) => {
                if !self.capabilities.get(&parent).is_some_and(|above| chain.descends_from(above)) {
                    return Err(bad(format!("{what} comes from one that is not before it")));
                }
            }
        }
        self.capabilities.insert(row.id, chain);
        Ok(())
    }

    /// The 32 bytes of a secret, which only one thing may use.
    fn secret(&mut self, id: SecretId, kind: SecretKind, what: &str) -> Result<Secret<32>, VaultError> {
        let (secret, used) = self.secrets.get_mut(&id).ok_or_else(|| bad(format!("{what} lacks its secret")))?;
        if secret.kind != kind || std::mem::replace(used, true) {
            return Err(bad(format!("{what} refers to the secret of something else")));
        }
        Secret::from_slice(secret.bytes.expose()).ok_or_else(|| bad(format!("{what} has a secret of another length")))
    }

    fn service_name(&self, id: ServiceId) -> Result<&'a str, VaultError> {
        self.services.get(&id).map(|row| row.name.as_str()).ok_or_else(|| bad(format!("something belongs to service {id}, which the backup lacks")))
    }
}
