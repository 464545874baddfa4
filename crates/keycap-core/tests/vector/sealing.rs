//! Stanzas: what wraps a file's key, and what a reader makes of it.

use keycap_core::capability::Capability;
use keycap_core::chain::{Refusal, RevocationCheck, Rid, RootSecret, RootSecrets};
use keycap_core::key::{self, PublicKey, StaticKey};
use keycap_core::noise::Sender;
use keycap_core::seal::stanza::{self, FileKey, StanzaError};
use keycap_core::seal::{Attribution, Reading, Verdict};
use keycap_core::service::ServiceKeys;
use keycap_core::time::{Clock, UnixSeconds};
use serde::{Deserialize, Serialize};

use super::bytes::{Hex, Laid};
use super::chains::derived;
use crate::Kind;

/// A stanza as it stands in a header, its body in hex.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StanzaForm {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) body: Hex,
}

impl StanzaForm {
    fn of(stanza: &stanza::Stanza) -> Self {
        Self { name: stanza.kind().name().to_owned(), arguments: stanza.arguments(), body: Hex::of(stanza.body()) }
    }
}

pub(crate) fn identity(seed: &Hex) -> StaticKey {
    key::Key::from_seed(seed.secret()).derive_noise()
}

/// How the sender appears: `anonymous`, `shown` or `known`.
pub(crate) fn sender<'a>(how: &str, key: Option<&'a StaticKey>) -> Sender<'a> {
    match (how, key) {
        ("anonymous", None) => Sender::Anonymous,
        ("shown", Some(key)) => Sender::Shown(key),
        ("known", Some(key)) => Sender::Known(key),
        _ => panic!("no sender is {how}"),
    }
}

/// The capability at the end of this chain.
pub(crate) fn capability(service: &Hex, root: &Hex, chain: &Hex) -> Capability {
    let derived = derived(root, chain);
    Capability::from_parts(PublicKey::parse(service.array()).unwrap(), derived.chain().clone(), derived.last().duplicate(), Vec::new())
}

/// A file key, wrapped.
pub(crate) struct SealStanza;

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum To {
    Capability { service: Hex, root: Hex, chain: Hex, locator_ephemeral: Hex },
    Key { key: Hex },
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealStanzaGiven {
    pub(crate) to: To,
    pub(crate) sender: String,
    pub(crate) sender_seed: Option<Hex>,
    pub(crate) file_key: Hex,
    pub(crate) ephemeral: Hex,
}

impl Kind for SealStanza {
    const NAME: &'static str = "seal stanza";
    type Given = SealStanzaGiven;
    type Gives = StanzaForm;

    fn work_out(given: &SealStanzaGiven) -> StanzaForm {
        let file_key = FileKey::from_slice(&given.file_key.0).unwrap();
        let key = given.sender_seed.as_ref().map(identity);
        let sender = sender(&given.sender, key.as_ref());
        let stanza = match &given.to {
            To::Capability { service, root, chain, locator_ephemeral } => {
                let mut rng = Laid::down([locator_ephemeral, &given.ephemeral]);
                let stanza = stanza::Stanza::seal_to_capability(&file_key, &capability(service, root, chain), sender, &mut rng).unwrap();
                rng.used_up();
                stanza
            }
            To::Key { key } => {
                let mut rng = Laid::down([&given.ephemeral]);
                let stanza = stanza::Stanza::seal_to_key(&file_key, &PublicKey::parse(key.array()).unwrap(), sender, &mut rng).unwrap();
                rng.used_up();
                stanza
            }
        };
        StanzaForm::of(&stanza)
    }
}

/// What the reader knows of itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceForm {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    pub(crate) epoch: u32,
    pub(crate) realm: Option<String>,
    /// `null` if the service does not know the time.
    pub(crate) now: Option<u64>,
    /// The name under which it takes what is sealed to it.
    pub(crate) target: String,
    pub(crate) known_apps: Vec<String>,
    pub(crate) revoked: Vec<Hex>,
    pub(crate) min_epoch: u32,
}

impl RevocationCheck for ServiceForm {
    fn is_revoked(&self, rid: &Rid) -> bool {
        self.revoked.iter().any(|revoked| revoked.array() == *rid.as_bytes())
    }

    fn min_epoch(&self) -> u32 {
        self.min_epoch
    }
}

impl ServiceForm {
    pub(crate) fn keys(&self) -> ServiceKeys {
        let mut roots = RootSecrets::new();
        roots.insert(self.epoch, RootSecret::from_secret(self.root.secret()));
        ServiceKeys::new(StaticKey::from_private(self.service_private.secret()), roots, self.realm.clone())
    }

    pub(crate) fn clear<T>(&self, proven: keycap_core::seal::Proven<T>) -> Verdict<T> {
        let clock = self.now.map_or(Clock::Unsure, |now| Clock::Sure(UnixSeconds::new(now)));
        let app = |name: &str, _: &[u8]| self.known_apps.iter().any(|known| known == name);
        proven.clear(&self.keys(), self, &Reading { clock, target: &self.target, app: &app })
    }
}

/// Who opens.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Reader {
    Key { seed: Hex, known: Vec<Hex> },
    Service(ServiceForm),
}

/// A stanza in a header with so many, and what a reader makes of it.
pub(crate) struct OpenStanza;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenStanzaGiven {
    pub(crate) stanza: StanzaForm,
    pub(crate) stanzas: usize,
    pub(crate) reader: Reader,
}

/// `outcome`: `opened` (to a key), `authorised`, `lapsed` (opens on request only; `content` is what it then gives), `refused`, `not to this
/// reader`, `malformed`, `forged`, `closed epoch`, `bad locator`.
#[derive(Default, Serialize)]
pub(crate) struct OpenGives {
    pub(crate) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Hex>,
    /// The key that may be shown as the sender's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sender: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caveat: Option<String>,
}

impl OpenGives {
    pub(crate) fn only(outcome: &'static str) -> Self {
        Self { outcome, ..Self::default() }
    }

    fn no(outcome: &'static str, refusal: Refusal) -> Self {
        let code = Some(refusal.reason.status().number());
        Self { outcome, code, block: Some(refusal.block), caveat: refusal.caveat, ..Self::default() }
    }

    pub(crate) fn of_verdict<T>(verdict: Verdict<T>, sender: Option<Hex>, content: impl FnOnce(T) -> Hex) -> Self {
        match verdict {
            Verdict::Authorised { content: inner, .. } => Self { content: Some(content(inner)), sender, ..Self::only("authorised") },
            Verdict::Lapsed { refusal, content: inner } => {
                Self { content: Some(content(inner.open_unauthorised())), sender, ..Self::no("lapsed", refusal) }
            }
            Verdict::Refused { refusal } => Self::no("refused", refusal),
        }
    }
}

impl Kind for OpenStanza {
    const NAME: &'static str = "open stanza";
    type Given = OpenStanzaGiven;
    type Gives = OpenGives;

    fn work_out(given: &OpenStanzaGiven) -> OpenGives {
        let StanzaForm { name, arguments, body } = &given.stanza;
        let stanza = match stanza::Stanza::parse(name, arguments, &body.0) {
            Ok(Some(stanza)) => stanza,
            Ok(None) => return OpenGives::only("not of keycap"),
            Err(_) => return OpenGives::only("malformed"),
        };
        let shown = |sender: Option<PublicKey>| match Attribution::of(sender, given.stanzas) {
            Attribution::Sender(key) => Some(Hex::of(key.as_bytes())),
            Attribution::Anonymous | Attribution::Withheld { .. } => None,
        };
        let content = |file_key: FileKey| Hex::of(file_key.expose());
        match &given.reader {
            Reader::Key { seed, known } => {
                let known: Vec<PublicKey> = known.iter().map(|key| PublicKey::parse(key.array()).unwrap()).collect();
                match stanza.open_as_key(&identity(seed), &known) {
                    Ok(Some(opened)) => {
                        OpenGives { content: Some(content(opened.file_key)), sender: shown(opened.sender), ..OpenGives::only("opened") }
                    }
                    Ok(None) => OpenGives::only("not to this reader"),
                    Err(_) => OpenGives::only("bad sender"),
                }
            }
            Reader::Service(service) => match stanza.open_as_service(&service.keys()) {
                Ok(Some(proven)) => {
                    let sender = shown(proven.sender().copied());
                    OpenGives::of_verdict(service.clear(proven), sender, content)
                }
                Ok(None) => OpenGives::only("not to this reader"),
                Err(StanzaError::Forged) => OpenGives::only("forged"),
                Err(StanzaError::Chain(_)) => OpenGives::only("closed epoch"),
                Err(StanzaError::Located(_)) => OpenGives::only("bad locator"),
                Err(_) => OpenGives::only("bad sender"),
            },
        }
    }
}
