//! Sharing: a capability on its way to whoever shall have it, and cards, which anyone may have.

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveats, Rid};
use keycap_core::key::{KeyCard, ServiceCard};
use keycap_core::label::URI_SCHEME;
use keycap_core::secret::SecretText;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::Reading;
use keycap_store::ledger::grant::{Grant, Link, NewGrant, Origin};
use keycap_store::ledger::{capability, card, grant, key, service};

use crate::capabilities::{free_name, held_row};
use crate::error::VaultError;
use crate::grants::grant_row;
use crate::limits::time_text;
use crate::sealing::ExportTo;
use crate::vault::Vault;
use crate::view::{SharedView, State};

mod page;

/// In what form a share leaves the vault. The log says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareHow {
    /// As a QR code on the screen.
    Qr,
    /// As a picture of a QR code.
    Picture,
    /// As a page to print.
    Page,
    /// As text, shown.
    Reveal,
    /// As text, through the clipboard.
    Copy,
    /// As a file sealed to a recipient.
    Sealed,
}

impl ShareHow {
    /// Its word in the log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Picture => "picture",
            Self::Page => "page",
            Self::Reveal => "reveal",
            Self::Copy => "copy",
            Self::Sealed => "sealed",
        }
    }
}

/// What to share, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRequest {
    /// The form in which it leaves.
    pub how: ShareHow,
    /// For whom, if a link is added: the name of the new grant or capability. `None`: the old name and a number.
    pub name: Option<String>,
}

/// Something on its way out.
#[derive(Debug)]
pub struct Outgoing {
    view: SharedView,
    text: SecretText,
    /// What else a page says of it, each with its label; nothing in them is secret.
    facts: Vec<(&'static str, String)>,
    /// Whether it is of no use without a key.
    bound: bool,
}

impl Outgoing {
    /// What it is.
    #[must_use]
    pub const fn view(&self) -> &SharedView {
        &self.view
    }

    /// Its text: `KEYCAP-SECRET-1…`, `keycap1…` or `keycap-service1…`.
    #[must_use]
    pub const fn text(&self) -> &SecretText {
        &self.text
    }

    /// What its QR code holds: `KEYCAP:` and the text in upper case.
    #[must_use]
    pub fn qr_payload(&self) -> SecretText {
        SecretText::new(format!("{URI_SCHEME}{}", self.text.expose()).to_ascii_uppercase())
    }
}

impl Vault {
    /// Shares a grant, a capability held, a key card or a service card. `target` is a name, a grant's rid, or either with `grant:`, `cap:`,
    /// `key:` or `service:` in front.
    ///
    /// The first share of a grant is the grant itself. Every later one, and every share of a capability that others gave, gets a link of its
    /// own, so that each can be revoked alone. What was delegated here has one already.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`]; [`VaultError::Revoked`] or [`VaultError::Expired`] for what no longer works; or if
    /// the vault is locked and the target is secret.
    pub fn share(&mut self, target: &str, request: &ShareRequest) -> Result<Outgoing, VaultError> {
        match self.store.read(|reading| find(reading, target))? {
            Target::Grant(row) => self.share_grant(&row, request),
            Target::Capability(name) => self.share_capability(&name, request),
            Target::Card(card) => Ok(*card),
        }
    }

    /// Seals what is on its way out to recipients: names of key cards and keys, `age1…`, plugin recipients, SSH public keys.
    ///
    /// # Errors
    /// [`VaultError::Age`] for what is no recipient.
    pub fn seal_outgoing(&self, outgoing: &Outgoing, recipients: &[String]) -> Result<Vec<u8>, VaultError> {
        self.seal_bytes(outgoing.text.expose().as_bytes(), &ExportTo::Recipients(recipients.to_vec()))
    }

    fn share_grant(&mut self, row: &Grant, request: &ShareRequest) -> Result<Outgoing, VaultError> {
        let now = self.now();
        let view = self.grant_view_by_rid(&row.rid)?;
        match view.state {
            State::Revoked => return Err(VaultError::Revoked { name: view.name }),
            State::Expired => return Err(VaultError::Expired { name: view.name }),
            State::Active | State::Soon | State::NotYet => {}
        }
        let whole = self.granted_capability(row)?;
        let detail = |rid: &Rid| serde_json::json!({ "rid": rid.to_string(), "how": request.how.word() });
        if row.link.shared.is_none() && row.link.origin != Origin::Met && request.name.is_none() {
            self.change_with("grant.share", &row.name, detail(&row.rid), Vec::new(), |tx| Ok(grant::set_shared(tx, &row.rid, now)?))?;
            return outgoing(&whole, Said { name: view.name, sentence: view.allows, rid: Some(row.rid), reissued: false }, now);
        }
        let again = whole.delegate(BlockId::new(self.environment.random()), Caveats::none())?;
        let rid = again.key().rid();
        let service = row.service;
        let name = match &request.name {
            Some(name) => name.clone(),
            None => self.store.read(|reading| free_name(&row.name, |name| Ok(!grant::by_name(reading, Some(service), name)?.is_empty())))?,
        };
        let new = NewGrant {
            rid,
            service,
            parent: Some(row.rid),
            name: name.clone(),
            link: Link {
                block: again.chain().blocks().last().map(|block| block.bytes().to_vec()).unwrap_or_default(),
                holder: None,
                created: now,
                origin: Origin::Shared,
                shared: Some(now),
                ..row.link.clone()
            },
        };
        self.change_with("grant.share", &name, detail(&rid), Vec::new(), |tx| Ok(grant::insert(tx, &new)?))?;
        outgoing(&again, Said { name, sentence: view.allows, rid: Some(rid), reissued: true }, now)
    }

    fn share_capability(&mut self, name: &str, request: &ShareRequest) -> Result<Outgoing, VaultError> {
        let now = self.now();
        let row = self.store.read(|reading| held_row(reading, name))?;
        let view = self.capability(name)?;
        if view.state == State::Expired {
            return Err(VaultError::Expired { name: name.to_owned() });
        }
        let whole = self.held_capability(&row)?;
        let detail = serde_json::json!({ "how": request.how.word() });
        // What was delegated here has a link of its own already.
        if view.parent.is_some() && request.name.is_none() {
            self.change_with("capability.share", name, detail, Vec::new(), |_| Ok(()))?;
            return outgoing(&whole, Said { name: view.name, sentence: view.allows, rid: None, reissued: false }, now);
        }
        let link = whole.delegate(BlockId::new(self.environment.random()), Caveats::none())?;
        let new_name = match &request.name {
            Some(name) => name.clone(),
            None => self.store.read(|reading| free_name(&format!("{name}-share"), |name| Ok(capability::by_name(reading, name)?.is_some())))?,
        };
        self.keep_delegated(&row, &link, &new_name, now, "capability.delegate")?;
        self.change_with("capability.share", &new_name, detail, Vec::new(), |_| Ok(()))?;
        outgoing(&link, Said { name: new_name, sentence: view.allows, rid: None, reissued: true }, now)
    }

    /// The capability of a grant: minted again from the bytes of its blocks.
    pub(crate) fn granted_capability(&self, row: &Grant) -> Result<Capability, VaultError> {
        let (service, mut line) = self.store.read(|reading| {
            let service = service::by_id(reading, row.service)?;
            Ok::<_, VaultError>((service, grant::ancestors(reading, &row.rid)?))
        })?;
        let service = service.ok_or_else(|| VaultError::Inconsistent { what: "a grant of a service that is gone".into() })?;
        let keys = self.service_keys(&service)?;
        line.reverse();
        line.push(row.clone());
        let mut blocks = line.iter().map(|above| above.link.block.as_slice());
        let first = blocks.next().unwrap_or_default();
        let mut whole = keys.remint(first, service.terms.hints.clone())?;
        for block in blocks {
            whole = whole.with_block(block)?;
        }
        if whole.key().rid() != row.rid {
            return Err(VaultError::Inconsistent { what: format!("the blocks of the grant `{}` do not make its rid", row.name) });
        }
        Ok(whole)
    }
}

enum Target {
    Grant(Box<Grant>),
    Capability(String),
    Card(Box<Outgoing>),
}

/// What is said of a capability on its way out.
struct Said {
    name: String,
    sentence: String,
    /// Of a share of a grant.
    rid: Option<Rid>,
    reissued: bool,
}

fn outgoing(whole: &Capability, said: Said, now: UnixSeconds) -> Result<Outgoing, VaultError> {
    let Said { name, sentence, rid, reissued } = said;
    let facts =
        vec![("Key of the service", whole.service().kid().full()), ("Revocation id", whole.key().rid().to_string()), ("Shared", time_text(now))];
    let view = SharedView { kind: "capability", name, sentence, secret: true, reissued, rid: rid.map(|rid| rid.to_string()) };
    Ok(Outgoing { view, text: whole.to_text()?, facts, bound: whole.chain().holder().is_some() })
}

fn find(reading: &Reading<'_>, target: &str) -> Result<Target, VaultError> {
    let (kind, name) = match target.split_once(':') {
        Some((kind @ ("grant" | "cap" | "key" | "service"), name)) => (Some(kind), name),
        _ => (None, target),
    };
    let wanted = |this: &str| kind.is_none_or(|kind| kind == this);
    let mut found: Vec<(&str, Target)> = Vec::new();
    if wanted("grant") {
        match grant_row(reading, name) {
            Ok(row) => found.push(("grant", Target::Grant(Box::new(row)))),
            Err(VaultError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    if wanted("cap") && capability::by_name(reading, name)?.is_some() {
        found.push(("cap", Target::Capability(name.to_owned())));
    }
    if wanted("key") {
        found.extend(key_card(reading, name)?.map(|card| ("key", card)));
    }
    if wanted("service")
        && let Some(row) = service::by_name(reading, name)?
    {
        let mut facts = vec![("Fingerprint", row.public.kid().full())];
        if !row.terms.hints.is_empty() {
            facts.push(("Addresses", row.terms.hints.join(", ")));
        }
        let text = ServiceCard { key: row.public, hints: row.terms.hints }.to_text()?;
        found.push(("service", card_target("service-card", name, "Makes the service known by name; lets nobody in.", text, facts)));
    }
    if found.len() > 1 {
        let candidates = found.iter().map(|(kind, _)| format!("{kind}:{name}")).collect();
        return Err(VaultError::Ambiguous { name: name.to_owned(), candidates });
    }
    match found.pop() {
        Some((_, target)) => Ok(target),
        None => Err(VaultError::NotFound { what: "grant, capability, key or service", name: name.to_owned() }),
    }
}

fn key_card(reading: &Reading<'_>, name: &str) -> Result<Option<Target>, VaultError> {
    let (noise, age) = match (key::by_name(reading, name)?, card::by_name(reading, name)?) {
        (Some(row), _) => (row.noise, row.age),
        (None, Some(row)) => (row.noise, row.age),
        (None, None) => return Ok(None),
    };
    let facts = vec![("Fingerprint", noise.kid().full())];
    let text = KeyCard { noise, age, name: Some(name.to_owned()) }.to_text()?;
    let sentence = "Lets others name this key as a holder or recipient; nothing in it is secret.";
    Ok(Some(card_target("key-card", name, sentence, text, facts)))
}

fn card_target(kind: &'static str, name: &str, sentence: &str, text: String, facts: Vec<(&'static str, String)>) -> Target {
    let view = SharedView { kind, name: name.to_owned(), sentence: sentence.to_owned(), secret: false, reissued: false, rid: None };
    Target::Card(Box::new(Outgoing { view, text: SecretText::new(text), facts, bound: false }))
}
