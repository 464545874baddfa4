//! Services: key pairs that can be served, and cards of those that others serve.

use keycap_core::chain::{RootSecret, RootSecrets};
use keycap_core::key::{PublicKey, ServiceCard, StaticKey};
use keycap_core::secret::{Secret, SecretBytes};
use keycap_core::service::ServiceKeys;
use keycap_store::ledger::service::{NewService as NewRow, Root, Service, Terms};
use keycap_store::ledger::{Page, grant, service};
use keycap_store::ledger::{Reading, Tx};
use keycap_store::secrets::{NewSecret, SecretKind};

use crate::error::VaultError;
use crate::sealing::{ExportTo, OpenWith};
use crate::vault::{Vault, check_name};
use crate::view::{GrantCounts, ServiceView};

/// First line of an exported service, in the plaintext of its age file.
const EXPORT_HEADER: &str = "keycap service 1";

/// A service to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewService {
    /// Its name in this vault.
    pub name: String,
    /// What `realm` caveats are compared with.
    pub realm: Option<String>,
    /// Where it may be found: `host:port`, `unix:/path`, `dns:zone`; these go into its capabilities.
    pub hints: Vec<String>,
    /// A note.
    pub note: String,
}

/// What happens to what was minted before, when a service gets a new root secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It goes on working.
    KeepEarlier,
    /// It is revoked, and told so.
    RevokeEarlier,
    /// It is revoked, and answered with silence: the old root secrets are deleted, for good.
    ForgetEarlier,
}

impl Vault {
    /// Makes a service: a key pair and the root secret of epoch 0.
    ///
    /// # Errors
    /// If the name is taken or cannot be one, there are more than 8 hints, or the vault is locked.
    pub fn new_service(&mut self, new: &NewService) -> Result<ServiceView, VaultError> {
        let key = StaticKey::generate(&mut self.environment.rng());
        let root = RootSecret::generate(&mut self.environment.rng());
        ServiceCard { key: *key.public(), hints: new.hints.clone() }.encode()?;
        let terms = Terms { realm: new.realm.clone(), epoch: 0, min_epoch: 0, hints: new.hints.clone() };
        self.keep_service(&new.name, &new.note, &key, &[(0, root)], terms, "service.new")?;
        self.service(&new.name)
    }

    /// Services by name; only those whose name holds `search`, if there is one.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn services(&self, search: Option<&str>) -> Result<Vec<ServiceView>, VaultError> {
        self.store.read(|reading| {
            let rows = service::page(reading, search, Page { offset: 0, limit: u32::MAX })?;
            rows.into_iter().map(|row| view(reading, row)).collect()
        })
    }

    /// A service.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn service(&self, name: &str) -> Result<ServiceView, VaultError> {
        self.store.read(|reading| view(reading, service_row(reading, name)?))
    }

    /// Gives a service another name.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or if the new name is taken or cannot be one.
    pub fn rename_service(&mut self, name: &str, to: &str) -> Result<ServiceView, VaultError> {
        check_name(to)?;
        let (row, roots) = self.change("service.rename", &format!("{name} -> {to}"), Vec::new(), |tx| {
            let row = service_row(tx, name)?;
            check_free(tx, to)?;
            service::rename(tx, row.id, to)?;
            Ok((row.clone(), service::roots(tx, row.id)?))
        })?;
        if let Some(secret) = row.secret {
            let now = self.now();
            self.store.relabel(secret, &key_label(to), now)?;
        }
        for root in roots {
            let now = self.now();
            self.store.relabel(root.secret, &root_label(to, root.epoch), now)?;
        }
        self.service(to)
    }

    /// Changes where a service may be found. Capabilities already handed out keep the hints they have.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or if there are more than 8 hints.
    pub fn set_service_hints(&mut self, name: &str, hints: Vec<String>) -> Result<ServiceView, VaultError> {
        self.change("service.hints", name, Vec::new(), |tx| {
            let row = service_row(tx, name)?;
            ServiceCard { key: row.public, hints: hints.clone() }.encode()?;
            Ok(service::set_terms(tx, row.id, &Terms { hints, ..row.terms })?)
        })?;
        self.service(name)
    }

    /// Removes a service with its keys and everything that was granted: all of it is dead from then on, answered with silence.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or [`VaultError::InUse`] while a gateway serves it.
    pub fn remove_service(&mut self, name: &str) -> Result<(), VaultError> {
        let serving = self.gateways(Some(name))?.into_iter().find(|gateway| gateway.alive);
        if let Some(gateway) = serving {
            let by = format!("a gateway serves it at {}", gateway.listen);
            return Err(VaultError::InUse { what: "the service", name: name.into(), by });
        }
        self.change("service.remove", name, Vec::new(), |tx| {
            let row = service_row(tx, name)?;
            Ok(service::remove(tx, row.id)?)
        })
    }

    /// Begins a new epoch: from now on the service mints under a new root secret.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::CannotServe`], or if the vault is locked.
    pub fn rotate_service(&mut self, name: &str, rotation: Rotation) -> Result<ServiceView, VaultError> {
        let row = self.store.read(|reading| served_row(reading, name))?;
        let epoch = row.terms.epoch.checked_add(1).ok_or_else(|| VaultError::Inconsistent { what: "the last epoch has been used".into() })?;
        let root = RootSecret::generate(&mut self.environment.rng());
        let secret = Self::new_secret(SecretKind::Root, root_label(name, epoch), root.secret().expose());
        let new_root = Root { service: row.id, epoch, secret: secret.id, created: self.now() };
        let detail = serde_json::json!({ "epoch": epoch, "earlier": rotation_word(rotation) });
        self.change_with("service.rotate", name, detail, vec![secret], |tx| {
            let now_row = service::by_id(tx, row.id)?.ok_or_else(|| not_found(name))?;
            if now_row.terms.epoch != row.terms.epoch {
                return Err(VaultError::BadRequest {
                    why: format!("another process has just begun epoch {} of {name}", now_row.terms.epoch),
                    hint: "look at it with `keycap service show`, and rotate again if you still want to".into(),
                });
            }
            service::insert_root(tx, &new_root)?;
            let min_epoch = if rotation == Rotation::KeepEarlier { row.terms.min_epoch } else { epoch };
            service::set_terms(tx, row.id, &Terms { epoch, min_epoch, ..now_row.terms })?;
            if rotation == Rotation::ForgetEarlier {
                for earlier in service::roots(tx, row.id)?.iter().filter(|root| root.epoch < epoch) {
                    service::remove_root(tx, row.id, earlier.epoch)?;
                }
            }
            Ok(())
        })?;
        self.service(name)
    }

    /// Seals a service, its private key and root secrets into an age file: whoever opens it can serve and mint.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::CannotServe`], or if it cannot be sealed.
    pub fn export_service(&mut self, name: &str, to: &ExportTo) -> Result<Vec<u8>, VaultError> {
        let (row, roots) = self.store.read(|reading| {
            let row = served_row(reading, name)?;
            let roots = service::roots(reading, row.id)?;
            Ok::<_, VaultError>((row, roots))
        })?;
        let terms = serde_json::json!({
            "name": name, "realm": row.terms.realm, "epoch": row.terms.epoch, "min_epoch": row.terms.min_epoch, "hints": row.terms.hints,
            "epochs": roots.iter().map(|root| root.epoch).collect::<Vec<_>>(),
        });
        let mut plain = SecretBytes::with_capacity(4_096);
        plain.push_slice(format!("{EXPORT_HEADER}\n{terms}\n").as_bytes());
        plain.push_slice(self.secret_32(row.secret.ok_or_else(|| cannot_serve(name))?)?.expose());
        for root in &roots {
            plain.push_slice(self.secret_32(root.secret)?.expose());
        }
        let sealed = self.seal_bytes(plain.expose(), to)?;
        self.change("service.export", name, Vec::new(), |_| Ok(()))?;
        Ok(sealed)
    }

    /// Takes in a service that was exported, under the name it had or another one.
    ///
    /// # Errors
    /// [`VaultError::Age`] if the file does not open, [`VaultError::BadInput`] if it is no exported service, or if it is here already.
    pub fn import_service(&mut self, file: &[u8], name: Option<&str>, with: &OpenWith) -> Result<ServiceView, VaultError> {
        let plain = self.open_sealed(file, with)?;
        let bad = || VaultError::BadInput { what: "exported service", input: "the file".into(), why: "it opens, but holds something else".into() };
        let rest = plain.expose().strip_prefix(EXPORT_HEADER.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")).ok_or_else(bad)?;
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(bad)?;
        let (terms, secrets) = rest.split_at_checked(end).ok_or_else(bad)?;
        let exported: Exported = serde_json::from_slice(terms).map_err(|_| bad())?;
        let mut secrets = secrets.get(1..).unwrap_or_default().chunks_exact(32).filter_map(Secret::from_slice);
        let key = StaticKey::from_private(secrets.next().ok_or_else(bad)?);
        let roots: Vec<_> = exported.epochs.iter().copied().zip(secrets.map(RootSecret::from_secret)).collect();
        if roots.len() != exported.epochs.len() {
            return Err(bad());
        }
        let terms = Terms { realm: exported.realm, epoch: exported.epoch, min_epoch: exported.min_epoch, hints: exported.hints };
        let name = name.unwrap_or(&exported.name);
        self.keep_service(name, "", &key, &roots, terms, "service.import")?;
        self.service(name)
    }

    fn keep_service(
        &mut self,
        name: &str,
        note: &str,
        key: &StaticKey,
        roots: &[(u32, RootSecret)],
        terms: Terms,
        action: &str,
    ) -> Result<(), VaultError> {
        check_name(name)?;
        let created = self.now();
        let public = *key.public();
        let known = self.store.read(|reading| known_by_card(reading, &public))?;
        let key_secret = Self::new_secret(SecretKind::Service, key_label(name), key.private().expose());
        let key_id = key_secret.id;
        let mut secrets = vec![key_secret];
        let mut root_ids = Vec::with_capacity(roots.len());
        for (epoch, root) in roots {
            let secret: NewSecret = Self::new_secret(SecretKind::Root, root_label(name, *epoch), root.secret().expose());
            root_ids.push((*epoch, secret.id));
            secrets.push(secret);
        }
        self.change(action, name, secrets, |tx| {
            let service = match known {
                Some(card) => {
                    service::set_secret(tx, card.id, key_id)?;
                    service::set_terms(tx, card.id, &terms)?;
                    if card.name != name {
                        check_free(tx, name)?;
                        service::rename(tx, card.id, name)?;
                    }
                    card.id
                }
                None => {
                    check_free(tx, name)?;
                    service::insert(tx, &NewRow { name: name.into(), public, secret: Some(key_id), terms, note: note.into(), created })?
                }
            };
            root_ids.iter().try_for_each(|(epoch, secret)| Ok(service::insert_root(tx, &Root { service, epoch: *epoch, secret: *secret, created })?))
        })
    }

    /// A service's keys, all epochs of them.
    pub(crate) fn service_keys(&self, row: &Service) -> Result<ServiceKeys, VaultError> {
        let key = StaticKey::from_private(self.secret_32(row.secret.ok_or_else(|| cannot_serve(&row.name))?)?);
        if *key.public() != row.public {
            return Err(VaultError::Inconsistent { what: format!("the private key of {} is another one's", row.name) });
        }
        let mut roots = RootSecrets::new();
        for root in self.store.read(|reading| Ok::<_, VaultError>(service::roots(reading, row.id)?))? {
            roots.insert(root.epoch, RootSecret::from_secret(self.secret_32(root.secret)?));
        }
        Ok(ServiceKeys::new(key, roots, row.terms.realm.clone()))
    }
}

#[derive(serde::Deserialize)]
struct Exported {
    name: String,
    realm: Option<String>,
    epoch: u32,
    min_epoch: u32,
    hints: Vec<String>,
    epochs: Vec<u32>,
}

/// The row of a service.
pub(crate) fn service_row(reading: &Reading<'_>, name: &str) -> Result<Service, VaultError> {
    service::by_name(reading, name)?.ok_or_else(|| not_found(name))
}

/// The row of a service whose keys are here.
pub(crate) fn served_row(reading: &Reading<'_>, name: &str) -> Result<Service, VaultError> {
    let row = service_row(reading, name)?;
    if row.secret.is_some() { Ok(row) } else { Err(cannot_serve(name)) }
}

/// Adds a service that is known by its card only.
pub(crate) fn insert_card(tx: &Tx<'_>, name: &str, card: &ServiceCard, created: keycap_core::time::UnixSeconds) -> Result<(), VaultError> {
    check_free(tx, name)?;
    let terms = Terms { hints: card.hints.clone(), ..Terms::default() };
    service::insert(tx, &NewRow { name: name.into(), public: card.key, secret: None, terms, note: String::new(), created })?;
    Ok(())
}

fn known_by_card(reading: &Reading<'_>, public: &PublicKey) -> Result<Option<Service>, VaultError> {
    match service::by_public(reading, public)? {
        Some(row) if row.secret.is_some() => Err(VaultError::AlreadyHere { what: "service", name: row.name }),
        other => Ok(other),
    }
}

fn check_free(reading: &Reading<'_>, name: &str) -> Result<(), VaultError> {
    match service::by_name(reading, name)? {
        Some(_) => Err(VaultError::NameTaken { what: "service", name: name.into() }),
        None => Ok(()),
    }
}

pub(crate) fn key_label(name: &str) -> String {
    format!("keycap: service {name} (key)")
}

pub(crate) fn root_label(name: &str, epoch: u32) -> String {
    format!("keycap: service {name} (root, epoch {epoch})")
}

const fn rotation_word(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::KeepEarlier => "kept",
        Rotation::RevokeEarlier => "revoked",
        Rotation::ForgetEarlier => "forgotten",
    }
}

fn not_found(name: &str) -> VaultError {
    VaultError::NotFound { what: "service", name: name.into() }
}

fn cannot_serve(name: &str) -> VaultError {
    VaultError::CannotServe { name: name.into() }
}

fn view(reading: &Reading<'_>, row: Service) -> Result<ServiceView, VaultError> {
    let counts = grant::counts(reading, row.id)?;
    let kid = row.public.kid();
    Ok(ServiceView {
        card: ServiceCard { key: row.public, hints: row.terms.hints.clone() }.to_text()?,
        name: row.name,
        fingerprint: kid.short(),
        fingerprint_full: kid.full(),
        dns_label: kid.dns_label(),
        can_serve: row.secret.is_some(),
        realm: row.terms.realm,
        epoch: row.terms.epoch,
        min_epoch: row.terms.min_epoch,
        hints: row.terms.hints,
        grants: GrantCounts { all: counts.all, minted: counts.roots, revoked: counts.revoked },
        note: row.note,
        created: row.created.as_u64(),
    })
}
