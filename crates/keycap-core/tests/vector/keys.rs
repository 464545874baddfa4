//! Keys, services, their fingerprints and cards.

use keycap_core::key::{self, Kid, ServiceCard, StaticKey};
use serde::{Deserialize, Serialize};

use super::bytes::Hex;
use crate::Kind;

/// A fingerprint in all its forms.
#[derive(Serialize)]
pub(crate) struct KidForms {
    kid: Hex,
    full: String,
    short: String,
    dns_label: String,
}

impl From<Kid> for KidForms {
    fn from(kid: Kid) -> Self {
        Self { kid: Hex::of(kid.as_bytes()), full: kid.full(), short: kid.short(), dns_label: kid.dns_label() }
    }
}

/// A seed, and all that comes from it.
pub(crate) struct Key;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyGiven {
    pub(crate) seed: Hex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct KeyGives {
    noise_private: Hex,
    noise_public: Hex,
    age_private: Hex,
    age_public: Hex,
    fingerprint: KidForms,
    card: Hex,
    text: String,
}

impl Kind for Key {
    const NAME: &'static str = "key";
    type Given = KeyGiven;
    type Gives = KeyGives;

    fn work_out(given: &KeyGiven) -> KeyGives {
        let key = key::Key::from_seed(given.seed.secret());
        let card = key.card(given.name.clone());
        let (noise, age) = (key.derive_noise(), key.derive_age());
        assert_eq!((&card.noise, &card.age), (noise.public(), age.public()));
        KeyGives {
            noise_private: Hex::of(noise.private().expose()),
            noise_public: Hex::of(noise.public().as_bytes()),
            age_private: Hex::of(age.private().expose()),
            age_public: Hex::of(age.public().as_bytes()),
            fingerprint: noise.public().kid().into(),
            card: Hex::of(card.encode().unwrap()),
            text: card.to_text().unwrap(),
        }
    }
}

/// A service's static key, and what others know of it.
pub(crate) struct Service;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceGiven {
    pub(crate) private: Hex,
    pub(crate) hints: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct ServiceGives {
    public: Hex,
    fingerprint: KidForms,
    card: Hex,
    text: String,
}

impl Kind for Service {
    const NAME: &'static str = "service";
    type Given = ServiceGiven;
    type Gives = ServiceGives;

    fn work_out(given: &ServiceGiven) -> ServiceGives {
        let key = *StaticKey::from_private(given.private.secret()).public();
        let card = ServiceCard { key, hints: given.hints.clone() };
        ServiceGives {
            public: Hex::of(key.as_bytes()),
            fingerprint: key.kid().into(),
            card: Hex::of(card.encode().unwrap()),
            text: card.to_text().unwrap(),
        }
    }
}

/// 32 bytes, and whether they are a public key that may enter.
pub(crate) struct PublicKey;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicKeyGiven {
    pub(crate) bytes: Hex,
}

#[derive(Serialize)]
pub(crate) struct PublicKeyGives {
    pub(crate) accepted: bool,
}

impl Kind for PublicKey {
    const NAME: &'static str = "public key";
    type Given = PublicKeyGiven;
    type Gives = PublicKeyGives;

    fn work_out(given: &PublicKeyGiven) -> PublicKeyGives {
        PublicKeyGives { accepted: key::PublicKey::parse_slice(&given.bytes.0).is_ok() }
    }
}
