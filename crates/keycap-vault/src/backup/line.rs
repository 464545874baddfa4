//! The lines of a backup as they are read: strict, and into the store's own types.

use std::fmt;

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::secret::SecretBytes;
use keycap_core::time::UnixSeconds;
use keycap_store::Item;
use keycap_store::ledger::audit::{Entry, Recorded};
use keycap_store::ledger::capability::{ChainKeySource, HeldCapability, NewCapability, Reach, Record, ServiceHint};
use keycap_store::ledger::card::Card;
use keycap_store::ledger::grant::{Grant, Link, Origin, Revoked, Usage};
use keycap_store::ledger::id::{CapabilityId, CardId, KeyId, ServiceId};
use keycap_store::ledger::key::Key;
use keycap_store::ledger::revocation::{NewRevocation, Revocation};
use keycap_store::ledger::service::{Root, Service, Terms};
use keycap_store::secrets::{NewSecret, SecretId, SecretKind};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// One line.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    Vault(VaultLine),
    Secret(SecretLine),
    AuditKey(String),
    Setting(SettingLine),
    Key(KeyLine),
    Card(CardLine),
    Service(ServiceLine),
    Root(RootLine),
    Revocation(RevocationLine),
    Grant(GrantLine),
    Capability(CapabilityLine),
    Log(LogLine),
    LogHead(Hex),
    End(EndLine),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultLine {
    pub(super) id: String,
    pub(super) created: u64,
    #[serde(rename = "keycap")]
    _keycap: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) lines: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretLine {
    bytes: HexSecret,
    id: String,
    kind: String,
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingLine {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyLine {
    id: i64,
    name: String,
    noise: Hex,
    age: Hex,
    secret: String,
    note: String,
    created: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardLine {
    id: i64,
    name: String,
    noise: Hex,
    age: Hex,
    verified: bool,
    note: String,
    created: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceLine {
    id: i64,
    name: String,
    public: Hex,
    secret: Option<String>,
    realm: Option<String>,
    epoch: u32,
    min_epoch: u32,
    hints: Vec<String>,
    note: String,
    created: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RootLine {
    service: i64,
    epoch: u32,
    secret: String,
    created: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationLine {
    rid: Hex,
    service: i64,
    seq: u64,
    drop_after: u64,
    at: u64,
    reason: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantLine {
    rid: Hex,
    service: i64,
    parent: Option<Hex>,
    name: String,
    link: LinkPart,
    usage: UsagePart,
    revoked: Option<RevokedPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkPart {
    block: Hex,
    epoch: u32,
    holder: Option<Hex>,
    created: u64,
    expires: Option<u64>,
    origin: String,
    shared: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsagePart {
    first: Option<u64>,
    last: Option<u64>,
    from: Option<String>,
    uses: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedPart {
    at: u64,
    reason: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapabilityLine {
    id: i64,
    name: String,
    service: Hex,
    service_name: Option<String>,
    chain: Hex,
    secret: Option<String>,
    parent: Option<i64>,
    holder: Option<Hex>,
    hints: Vec<String>,
    gateway: Option<String>,
    expires: Option<u64>,
    added: u64,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogLine {
    seq: u64,
    time: u64,
    action: String,
    target: String,
    result: String,
    detail: String,
    mac: Hex,
}

impl Line {
    /// What the line stands for; `None` if its values cannot be, and for the first and the last line.
    pub(super) fn into_item(self) -> Option<Item> {
        Some(match self {
            Self::Vault(_) | Self::End(_) => return None,
            Self::Secret(line) => Item::Secret(NewSecret {
                id: SecretId::parse(&line.id)?,
                kind: SecretKind::parse(&line.kind)?,
                label: line.label,
                bytes: line.bytes.0,
            }),
            Self::AuditKey(id) => Item::AuditKey(SecretId::parse(&id)?),
            Self::Setting(line) => Item::Setting(line.name, line.value),
            Self::Key(line) => Item::Key(Key {
                id: KeyId::new(line.id),
                name: line.name,
                noise: line.noise.public()?,
                age: line.age.public()?,
                secret: SecretId::parse(&line.secret)?,
                note: line.note,
                created: UnixSeconds::new(line.created),
            }),
            Self::Card(line) => Item::Card(Card {
                id: CardId::new(line.id),
                name: line.name,
                noise: line.noise.public()?,
                age: line.age.public()?,
                verified: line.verified,
                note: line.note,
                created: UnixSeconds::new(line.created),
            }),
            Self::Service(line) => Item::Service(line.into_row()?),
            Self::Root(line) => Item::Root(Root {
                service: ServiceId::new(line.service),
                epoch: line.epoch,
                secret: SecretId::parse(&line.secret)?,
                created: UnixSeconds::new(line.created),
            }),
            Self::Revocation(line) => Item::Revocation(line.into_row()?),
            Self::Grant(line) => Item::Grant(line.into_row()?),
            Self::Capability(line) => Item::Capability(line.into_row()?),
            Self::Log(line) => {
                let mac = line.mac.array()?;
                let (time, action, target, result, detail) = (UnixSeconds::new(line.time), line.action, line.target, line.result, line.detail);
                Item::Audit(Recorded { seq: line.seq, entry: Entry { time, action, target, result, detail } }, mac)
            }
            Self::LogHead(head) => Item::AuditHead(head.0),
        })
    }
}

impl ServiceLine {
    fn into_row(self) -> Option<Service> {
        let secret = match self.secret {
            Some(id) => Some(SecretId::parse(&id)?),
            None => None,
        };
        Some(Service {
            id: ServiceId::new(self.id),
            name: self.name,
            public: self.public.public()?,
            secret,
            terms: Terms { realm: self.realm, epoch: self.epoch, min_epoch: self.min_epoch, hints: self.hints },
            note: self.note,
            created: UnixSeconds::new(self.created),
        })
    }
}

impl RevocationLine {
    fn into_row(self) -> Option<Revocation> {
        Some(Revocation {
            seq: self.seq,
            entry: NewRevocation {
                rid: self.rid.rid()?,
                service: ServiceId::new(self.service),
                drop_after: UnixSeconds::new(self.drop_after),
                at: UnixSeconds::new(self.at),
                reason: self.reason,
                note: self.note,
            },
        })
    }
}

impl GrantLine {
    fn into_row(self) -> Option<Grant> {
        let parent = match self.parent {
            Some(rid) => Some(rid.rid()?),
            None => None,
        };
        let (link, usage) = (self.link, self.usage);
        Some(Grant {
            rid: self.rid.rid()?,
            service: ServiceId::new(self.service),
            parent,
            name: self.name,
            link: Link {
                block: link.block.0,
                epoch: link.epoch,
                holder: public_or_none(link.holder)?,
                created: UnixSeconds::new(link.created),
                expires: link.expires.map(UnixSeconds::new),
                origin: [Origin::Minted, Origin::Shared, Origin::Met].into_iter().find(|origin| origin.as_str() == link.origin)?,
                shared: link.shared.map(UnixSeconds::new),
            },
            usage: Usage { first: usage.first.map(UnixSeconds::new), last: usage.last.map(UnixSeconds::new), from: usage.from, uses: usage.uses },
            revoked: self.revoked.map(|revoked| Revoked { at: UnixSeconds::new(revoked.at), reason: revoked.reason, note: revoked.note }),
        })
    }
}

impl CapabilityLine {
    fn into_row(self) -> Option<HeldCapability> {
        let key = match (self.secret, self.parent) {
            (Some(secret), None) => ChainKeySource::Secret(SecretId::parse(&secret)?),
            (None, Some(parent)) => ChainKeySource::DerivedFrom(CapabilityId::new(parent)),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(HeldCapability {
            id: CapabilityId::new(self.id),
            held: NewCapability {
                name: self.name,
                service: ServiceHint { public: self.service.public()?, name: self.service_name },
                chain: self.chain.0,
                key,
                holder: public_or_none(self.holder)?,
                reach: Reach { hints: self.hints, gateway: self.gateway },
                expires: self.expires.map(UnixSeconds::new),
                record: Record { added: UnixSeconds::new(self.added), note: self.note },
            },
        })
    }
}

fn public_or_none(hex: Option<Hex>) -> Option<Option<PublicKey>> {
    match hex {
        Some(hex) => hex.public().map(Some),
        None => Some(None),
    }
}

/// Bytes that are not secret, as lower-case hex.
pub(super) struct Hex(Vec<u8>);

impl Hex {
    fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.0.as_slice().try_into().ok()
    }

    fn public(&self) -> Option<PublicKey> {
        PublicKey::parse_slice(&self.0).ok()
    }

    fn rid(&self) -> Option<Rid> {
        self.array().map(Rid::from_bytes)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexVisitor).map(|bytes| Self(bytes.expose().to_vec()))
    }
}

/// Secret bytes, as lower-case hex.
struct HexSecret(SecretBytes);

impl<'de> Deserialize<'de> for HexSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexVisitor).map(Self)
    }
}

/// Reads hex straight from the line into memory that is wiped.
struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = SecretBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lower-case hex")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SecretBytes, E> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(E::custom("a character that is no lower-case hex digit")),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(E::custom("an odd number of digits"));
        }
        let mut bytes = SecretBytes::with_capacity(pairs.len());
        for [high, low] in pairs {
            bytes.push_slice(&[digit(*high)? << 4 | digit(*low)?]);
        }
        Ok(bytes)
    }
}
