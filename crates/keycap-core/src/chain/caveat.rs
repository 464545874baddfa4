//! Caveats: what one block of a chain restricts. All caveats of all blocks must hold.

use crate::cbor::{CborError, MAX_DEPTH, Reader, Writer};
use crate::key::{KeyError, PublicKey};
use crate::noise::Pattern;
use crate::time::UnixSeconds;

/// Why bytes are no map of caveats, or why a caveat cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaveatError {
    /// Not CBOR of the strict subset.
    #[error("caveat: {0}")]
    Cbor(#[from] CborError),
    /// A holder is no public key.
    #[error("holder: {0}")]
    Holder(#[from] KeyError),
    /// A value is outside what its caveat allows; `key` is the caveat's number.
    #[error("the value of the caveat `{}` is not allowed", CaveatName(*.key))]
    Value {
        /// The caveat's number.
        key: u64,
    },
    /// The same caveat twice in one block.
    #[error("the caveat `{}` stands twice in one block", CaveatName(*.key))]
    Duplicate {
        /// The caveat's number.
        key: u64,
    },
}

/// Kinds of caveats that this version knows.
const KINDS: usize = 11;

/// What a capability may be used for (caveat 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Interactive sessions.
    Session,
    /// Sealing files.
    File,
    /// Sealing records.
    Record,
    /// Sealing messages.
    Message,
    /// Control streams: revoke, report, rotate. Never granted by absence.
    Control,
}

impl Purpose {
    /// Every purpose, in the order in which they are written.
    pub const ALL: [Self; 5] = [Self::Session, Self::File, Self::Record, Self::Message, Self::Control];

    /// The text on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::File => "file",
            Self::Record => "record",
            Self::Message => "message",
            Self::Control => "control",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// A set of Noise patterns (caveat 5): bit `1 << number` for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternSet(u32);

impl PatternSet {
    /// The set of these patterns.
    #[must_use]
    pub fn of(patterns: &[Pattern]) -> Self {
        Self(patterns.iter().fold(0, |bits, pattern| bits | pattern.bit()))
    }

    /// The set with these bits; `None` if it is empty or has a bit that is no pattern's.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<Self> {
        let bits = u32::try_from(bits).ok()?;
        (bits != 0 && bits & !Self::of(&Pattern::ALL).0 == 0).then_some(Self(bits))
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether `pattern` is in the set.
    #[must_use]
    pub const fn contains(self, pattern: Pattern) -> bool {
        self.0 & pattern.bit() != 0
    }
}

/// One rule of an `allow` caveat. An absent part matches anything; an empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// The name of an upstream, compared byte by byte.
    pub target: Option<String>,
    /// Methods, compared byte by byte; none twice.
    pub methods: Option<Vec<String>>,
    /// Decoded path segments: a prefix of the request's, segment by segment.
    pub path: Option<Vec<String>>,
}

/// One caveat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caveat {
    /// 1 `nbf`: usable from this second on (with 60 s of tolerance). Below 2^32.
    NotBefore(UnixSeconds),
    /// 2 `exp`: usable until before this second. Below 2^32.
    Expires(UnixSeconds),
    /// 3 `allow`: the request matches at least one of these rules.
    Allow(Vec<Rule>),
    /// 4 `holder`: usable only with the private key of this Noise key.
    Holder(PublicKey),
    /// 5 `patterns`: usable only with these Noise patterns.
    Patterns(PatternSet),
    /// 6 `max_session_s`: a session ends this many seconds after key confirmation; at least 1.
    MaxSession(u64),
    /// 7 `max_links`: at most this many blocks may follow, 0 to 15. A policy: whoever has a bearer secret can share it as it is.
    MaxLinks(u8),
    /// 8 `realm`: usable only at a service of this realm.
    Realm(String),
    /// 9 `purpose`: usable only for these; at least one, none twice.
    Purpose(Vec<Purpose>),
    /// 10 `max_concurrent`: at most this many sessions at one gateway at a time; at least 1.
    MaxConcurrent(u64),
    /// 11 `app`: the service's own code must know the name and clear the value.
    App {
        /// Under which name the service's code knows it.
        name: String,
        /// What that code is given.
        value: Vec<u8>,
    },
    /// 12 and above: a caveat of a later version. It parses, so that it can be shown, and never holds.
    Unknown {
        /// The caveat's number.
        key: u64,
        /// Its value as encoded.
        encoded: Vec<u8>,
    },
}

impl Caveat {
    /// The caveat's number, its key in the map.
    #[must_use]
    pub const fn key(&self) -> u64 {
        match self {
            Self::NotBefore(_) => 1,
            Self::Expires(_) => 2,
            Self::Allow(_) => 3,
            Self::Holder(_) => 4,
            Self::Patterns(_) => 5,
            Self::MaxSession(_) => 6,
            Self::MaxLinks(_) => 7,
            Self::Realm(_) => 8,
            Self::Purpose(_) => 9,
            Self::MaxConcurrent(_) => 10,
            Self::App { .. } => 11,
            Self::Unknown { key, .. } => *key,
        }
    }

    /// The caveat's name, as people read it.
    #[must_use]
    pub fn name(&self) -> String {
        CaveatName(self.key()).to_string()
    }

    fn parse(key: u64, reader: &mut Reader<'_>) -> Result<Self, CaveatError> {
        let value = CaveatError::Value { key };
        Ok(match key {
            0 => return Err(value),
            1 => Self::NotBefore(UnixSeconds::new(reader.unsigned_u32()?.into())),
            2 => Self::Expires(UnixSeconds::new(reader.unsigned_u32()?.into())),
            3 => {
                let mut rules = Vec::new();
                for _ in 0..reader.array()? {
                    rules.push(Rule::parse(reader)?);
                }
                Self::Allow(rules)
            }
            4 => Self::Holder(PublicKey::parse(reader.byte_array()?)?),
            5 => Self::Patterns(PatternSet::from_bits(reader.unsigned()?).ok_or(value)?),
            6 => Self::MaxSession(Some(reader.unsigned()?).filter(|seconds| *seconds >= 1).ok_or(value)?),
            7 => Self::MaxLinks(u8::try_from(reader.unsigned()?).ok().filter(|links| *links <= 15).ok_or(value)?),
            8 => Self::Realm(reader.text()?.to_owned()),
            9 => {
                let mut purposes = Vec::new();
                for _ in 0..reader.array()? {
                    let purpose = Purpose::from_name(reader.text()?).ok_or(CaveatError::Value { key })?;
                    if purposes.contains(&purpose) {
                        return Err(value);
                    }
                    purposes.push(purpose);
                }
                if purposes.is_empty() {
                    return Err(value);
                }
                Self::Purpose(purposes)
            }
            10 => Self::MaxConcurrent(Some(reader.unsigned()?).filter(|sessions| *sessions >= 1).ok_or(value)?),
            11 => {
                reader.array_of(2)?;
                Self::App { name: reader.text()?.to_owned(), value: reader.bytes()?.to_owned() }
            }
            _ => {
                let before = reader.rest();
                // The block's array and its map of caveats are already open.
                reader.skip(MAX_DEPTH - 2)?;
                let encoded = before.get(..before.len() - reader.rest().len()).unwrap_or_default().to_owned();
                Self::Unknown { key, encoded }
            }
        })
    }

    /// Checks a value as [`Caveat::parse`] would, so that nothing is written that no one reads.
    fn check(&self) -> Result<(), CaveatError> {
        let in_range = match self {
            Self::NotBefore(at) | Self::Expires(at) => u32::try_from(at.as_u64()).is_ok(),
            Self::Allow(rules) => return rules.iter().try_for_each(Rule::check),
            Self::Holder(_) | Self::Realm(_) | Self::App { .. } | Self::Patterns(_) => true,
            Self::MaxSession(number) | Self::MaxConcurrent(number) => *number >= 1,
            Self::MaxLinks(links) => *links <= 15,
            Self::Purpose(purposes) => !purposes.is_empty() && !has_duplicate(purposes),
            Self::Unknown { .. } => false,
        };
        if in_range { Ok(()) } else { Err(CaveatError::Value { key: self.key() }) }
    }

    fn write(&self, writer: &mut Writer<'_, Vec<u8>>) {
        writer.unsigned(self.key());
        match self {
            Self::NotBefore(at) | Self::Expires(at) => {
                writer.unsigned(at.as_u64());
            }
            Self::Allow(rules) => {
                writer.array(rules.len());
                for rule in rules {
                    rule.write(writer);
                }
            }
            Self::Holder(key) => {
                writer.bytes(key.as_bytes());
            }
            Self::Patterns(set) => {
                writer.unsigned(set.bits().into());
            }
            Self::MaxSession(number) | Self::MaxConcurrent(number) => {
                writer.unsigned(*number);
            }
            Self::MaxLinks(links) => {
                writer.unsigned((*links).into());
            }
            Self::Realm(realm) => {
                writer.text(realm);
            }
            Self::Purpose(purposes) => {
                writer.array(purposes.len());
                for purpose in purposes {
                    writer.text(purpose.name());
                }
            }
            Self::App { name, value } => {
                writer.array(2).text(name).bytes(value);
            }
            // Not made here, but parsed before: it goes on as it came.
            Self::Unknown { encoded, .. } => {
                writer.encoded(encoded);
            }
        }
    }
}

impl Rule {
    fn parse(reader: &mut Reader<'_>) -> Result<Self, CaveatError> {
        let mut rule = Self::default();
        let mut before = None;
        for _ in 0..reader.map()? {
            match reader.key_after(&mut before)? {
                0 => rule.target = Some(reader.text()?.to_owned()),
                1 => rule.methods = Some(parse_texts(reader)?),
                2 => rule.path = Some(parse_texts(reader)?),
                _ => return Err(CaveatError::Value { key: 3 }),
            }
        }
        rule.check()?;
        Ok(rule)
    }

    fn check(&self) -> Result<(), CaveatError> {
        if self.methods.as_deref().is_some_and(has_duplicate) { Err(CaveatError::Value { key: 3 }) } else { Ok(()) }
    }

    fn write(&self, writer: &mut Writer<'_, Vec<u8>>) {
        let parts = [self.target.is_some(), self.methods.is_some(), self.path.is_some()];
        writer.map(parts.into_iter().filter(|present| *present).count());
        if let Some(target) = &self.target {
            writer.unsigned(0).text(target);
        }
        for (key, texts) in [(1, &self.methods), (2, &self.path)] {
            if let Some(texts) = texts {
                writer.unsigned(key).array(texts.len());
                for text in texts {
                    writer.text(text);
                }
            }
        }
    }
}

fn parse_texts(reader: &mut Reader<'_>) -> Result<Vec<String>, CborError> {
    let mut texts = Vec::new();
    for _ in 0..reader.array()? {
        texts.push(reader.text()?.to_owned());
    }
    Ok(texts)
}

fn has_duplicate<T: PartialEq>(values: &[T]) -> bool {
    values.iter().enumerate().any(|(i, value)| values.iter().take(i).any(|earlier| earlier == value))
}

/// The caveats of one block, ascending by number, each at most once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caveats(Vec<Caveat>);

impl Caveats {
    /// No caveats.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// These caveats, in whatever order they come.
    ///
    /// # Errors
    /// [`CaveatError::Duplicate`] if a number stands twice, [`CaveatError::Value`] for a value that no parser would take.
    pub fn of(caveats: impl IntoIterator<Item = Caveat>) -> Result<Self, CaveatError> {
        let mut sorted: Vec<_> = caveats.into_iter().collect();
        sorted.sort_by_key(Caveat::key);
        for caveat in &sorted {
            caveat.check()?;
        }
        for pair in sorted.windows(2) {
            if let [a, b] = pair
                && a.key() == b.key()
            {
                return Err(CaveatError::Duplicate { key: a.key() });
            }
        }
        Ok(Self(sorted))
    }

    /// The caveats, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = &Caveat> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The expiry, if one is set.
    #[must_use]
    pub fn expires(&self) -> Option<UnixSeconds> {
        self.iter().find_map(|caveat| if let Caveat::Expires(at) = caveat { Some(*at) } else { None })
    }

    /// The holder, if one is named.
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.iter().find_map(|caveat| if let Caveat::Holder(key) = caveat { Some(key) } else { None })
    }

    pub(super) fn has_allow(&self) -> bool {
        self.iter().any(|caveat| matches!(caveat, Caveat::Allow(_)))
    }

    pub(super) fn parse(reader: &mut Reader<'_>) -> Result<Self, CaveatError> {
        let count = reader.map()?;
        // A count may lie, so that no more room is made than there are kinds of caveats; usually it is what is needed.
        let mut caveats = Vec::with_capacity(count.min(KINDS));
        let mut before = None;
        for _ in 0..count {
            let key = reader.key_after(&mut before)?;
            caveats.push(Caveat::parse(key, reader)?);
        }
        Ok(Self(caveats))
    }

    pub(super) fn write(&self, writer: &mut Writer<'_, Vec<u8>>) {
        writer.map(self.0.len());
        for caveat in &self.0 {
            caveat.write(writer);
        }
    }
}

/// Writes a caveat's number as its name.
#[derive(Debug, Clone, Copy)]
struct CaveatName(u64);

impl std::fmt::Display for CaveatName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.0 {
            1 => "nbf",
            2 => "exp",
            3 => "allow",
            4 => "holder",
            5 => "patterns",
            6 => "max_session_s",
            7 => "max_links",
            8 => "realm",
            9 => "purpose",
            10 => "max_concurrent",
            11 => "app",
            other => return write!(f, "{other}"),
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests;
