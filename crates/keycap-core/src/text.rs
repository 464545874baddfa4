//! The text forms: Bech32m of any length (BIP 350), in which capabilities, key cards and service cards are written, pasted and scanned.
//!
//! Capabilities are written in upper case, which QR codes hold in fewer modules and secret scanners find by `KEYCAP-SECRET-`; cards in lower
//! case. Readers take either, but not mixed, after removing white space, with or without `keycap:` in front. A mistyped character is named
//! with its place where the checksum allows.

use bech32::primitives::checksum::{Checksum, Engine};
use bech32::primitives::decode::UncheckedHrpstring;
use bech32::{Fe32, Hrp};

use crate::capability::{Capability, CapabilityError};
use crate::key::{KeyCard, ServiceCard};
use crate::label::{HRP_CAPABILITY, HRP_KEY_CARD, HRP_SERVICE_CARD, URI_SCHEME};
use crate::secret::SecretText;

/// Symbols up to which a mistyped character can be located: the length of Bech32m's code.
const LOCATABLE_SYMBOLS: usize = 1_023;
/// Characters of a text, at most: the largest capability has 4,175 bytes and 6,701 characters.
const MAX_CHARACTERS: usize = 10_000;
/// Bech32's alphabet, by value.
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Why a text is no capability or card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is nothing but white space.
    #[error("there is no text")]
    Empty,
    /// The text begins like none of the three forms.
    #[error("this is no keycap text: it begins with neither `KEYCAP-SECRET-1`, `keycap1` nor `keycap-service1`")]
    NotKeycap,
    /// The text is longer than anything keycap writes.
    #[error("the text has {characters} characters, more than any capability")]
    TooLong {
        /// How many it has.
        characters: usize,
    },
    /// Upper and lower case are mixed.
    #[error("upper and lower case are mixed, from character {position} on")]
    MixedCase {
        /// The first character of the other case, from 1, white space and scheme not counted.
        position: usize,
    },
    /// A character is not one of the 32 of Bech32.
    #[error("character {position} cannot stand in a keycap text")]
    Character {
        /// Its place, from 1, white space and scheme not counted.
        position: usize,
    },
    /// One character is wrong: with another one in its place, the checksum would be right.
    #[error("character {position} is mistyped")]
    Mistyped {
        /// Its place, from 1, white space and scheme not counted.
        position: usize,
    },
    /// The checksum does not fit: characters are wrong, missing, or in the wrong order.
    #[error("the checksum does not fit: characters are wrong or missing")]
    Checksum,
    /// The characters are fine but do not say a capability or card.
    #[error("{0}")]
    Content(#[from] CapabilityError),
    /// The bits left over at the end are not zero, or too many.
    #[error("the text has characters left over at its end")]
    Padding,
}

/// Anything that has a text form.
#[derive(Debug)]
pub enum Text {
    /// A capability: secret.
    Capability(Box<Capability>),
    /// The public half of a key.
    KeyCard(KeyCard),
    /// The public half of a service.
    ServiceCard(ServiceCard),
}

/// Bech32m without its limit of 90 characters, which was chosen for bitcoin addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LongBech32m {}

impl Checksum for LongBech32m {
    type MidstateRepr = u32;
    const CODE_LENGTH: usize = MAX_CHARACTERS;
    const CHECKSUM_LENGTH: usize = bech32::Bech32m::CHECKSUM_LENGTH;
    const GENERATOR_SH: [u32; 5] = bech32::Bech32m::GENERATOR_SH;
    const TARGET_RESIDUE: u32 = bech32::Bech32m::TARGET_RESIDUE;
}

impl Capability {
    /// The text form in upper case: `KEYCAP-SECRET-1…`, about 190 characters for a freshly minted capability.
    ///
    /// # Errors
    /// [`TextError::Content`] if the hints are too many or too long.
    pub fn to_text(&self) -> Result<SecretText, TextError> {
        write(HRP_CAPABILITY, self.encode()?.expose(), Case::Upper).map(SecretText::new)
    }

    /// What a QR code holds: `KEYCAP:` and the text, all of it in the alphanumeric mode's characters.
    ///
    /// # Errors
    /// As [`Capability::to_text`].
    pub fn to_qr_payload(&self) -> Result<SecretText, TextError> {
        Ok(SecretText::new(format!("{}{}", URI_SCHEME.to_ascii_uppercase(), self.to_text()?.expose())))
    }
}

impl KeyCard {
    /// The text form in lower case: `keycap1…`.
    ///
    /// # Errors
    /// [`TextError::Content`] if the name is too long.
    pub fn to_text(&self) -> Result<String, TextError> {
        write(HRP_KEY_CARD, &self.encode()?, Case::Lower)
    }
}

impl ServiceCard {
    /// The text form in lower case: `keycap-service1…`.
    ///
    /// # Errors
    /// [`TextError::Content`] if the hints are too many or too long.
    pub fn to_text(&self) -> Result<String, TextError> {
        write(HRP_SERVICE_CARD, &self.encode()?, Case::Lower)
    }
}

impl Text {
    /// Reads any of the three forms.
    ///
    /// # Errors
    /// A [`TextError`] that says what is wrong and, where that can be known, at which character.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let compact = SecretText::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        let bare = strip_scheme(compact.expose());
        if bare.is_empty() {
            return Err(TextError::Empty);
        }
        let characters = bare.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(TextError::TooLong { characters });
        }
        // The human parts contain no `1`, and the data has none: the last one separates, and the longest human part is tried first.
        let lower = SecretText::new(bare.to_ascii_lowercase());
        let hrp = [HRP_CAPABILITY, HRP_SERVICE_CARD, HRP_KEY_CARD]
            .into_iter()
            .find(|hrp| lower.expose().strip_prefix(hrp).is_some_and(|rest| rest.starts_with('1')))
            .ok_or(TextError::NotKeycap)?;
        check_characters(bare, hrp.len() + 1)?;
        let data = decode(lower.expose(), hrp)?;
        Ok(match hrp {
            HRP_CAPABILITY => Self::Capability(Box::new(Capability::parse(data.expose())?)),
            HRP_SERVICE_CARD => Self::ServiceCard(ServiceCard::parse(data.expose())?),
            _ => Self::KeyCard(KeyCard::parse(data.expose())?),
        })
    }
}

#[derive(Clone, Copy)]
enum Case {
    Upper,
    Lower,
}

fn write(hrp: &str, data: &[u8], case: Case) -> Result<String, TextError> {
    let hrp = Hrp::parse(hrp).map_err(|_| TextError::NotKeycap)?;
    let written = match case {
        Case::Upper => bech32::encode_upper::<LongBech32m>(hrp, data),
        Case::Lower => bech32::encode_lower::<LongBech32m>(hrp, data),
    };
    written.map_err(|_| TextError::TooLong { characters: data.len() * 8 / 5 })
}

fn strip_scheme(text: &str) -> &str {
    match text.split_at_checked(URI_SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(URI_SCHEME) => rest,
        _ => text,
    }
}

/// Every character after the separator at `data_from` must be one of the 32, and all letters of one case.
fn check_characters(text: &str, data_from: usize) -> Result<(), TextError> {
    let mut upper = None;
    for (i, character) in text.chars().enumerate() {
        if character.is_ascii_alphabetic() {
            let is_upper = character.is_ascii_uppercase();
            if *upper.get_or_insert(is_upper) != is_upper {
                return Err(TextError::MixedCase { position: i + 1 });
            }
        }
        if i >= data_from && !u8::try_from(character.to_ascii_lowercase()).is_ok_and(|byte| ALPHABET.contains(&byte)) {
            return Err(TextError::Character { position: i + 1 });
        }
    }
    Ok(())
}

fn decode(lower: &str, hrp: &str) -> Result<crate::secret::SecretBytes, TextError> {
    let unchecked = UncheckedHrpstring::new(lower).map_err(|_| TextError::Checksum)?;
    if unchecked.validate_checksum::<LongBech32m>().is_err() {
        let symbols: Vec<u8> = lower.bytes().skip(hrp.len() + 1).filter_map(value_of).collect();
        return Err(locate(hrp, &symbols).map_or(TextError::Checksum, |place| TextError::Mistyped { position: hrp.len() + 2 + place }));
    }
    let checked = unchecked.remove_checksum::<LongBech32m>();
    // BIP 173's rule for left-over bits; there is no witness version here that would have to be taken off first.
    checked.validate_segwit_padding().map_err(|_| TextError::Padding)?;
    let mut data = crate::secret::SecretBytes::with_capacity(lower.len());
    for byte in checked.byte_iter() {
        data.push_slice(&[byte]);
    }
    Ok(data)
}

fn value_of(character: u8) -> Option<u8> {
    ALPHABET.iter().position(|letter| *letter == character).and_then(|value| u8::try_from(value).ok())
}

/// Finds the one symbol that, changed, makes the checksum right; `None` if there is no such symbol, or more than one. The checksum is linear:
/// changing a symbol by `delta` changes the residue by what `delta` followed by zeros gives, so that walking from the last place to the first
/// needs one step for each `delta` and place.
fn locate(hrp: &str, symbols: &[u8]) -> Option<usize> {
    if symbols.len() > LOCATABLE_SYMBOLS - hrp.len() * 2 - 1 {
        return None;
    }
    let mut received = Engine::<LongBech32m>::new();
    received.input_hrp(Hrp::parse(hrp).ok()?);
    symbols.iter().filter_map(|value| Fe32::try_from(*value).ok()).for_each(|symbol| received.input_fe(symbol));
    let syndrome = received.residue() ^ LongBech32m::TARGET_RESIDUE;

    let mut unchanged = engine_after(0)?;
    let mut changed = (1..32).map(engine_after).collect::<Option<Vec<_>>>()?;
    let mut found = None;
    for place in (0..symbols.len()).rev() {
        for engine in &mut changed {
            if engine.residue() ^ unchanged.residue() == syndrome {
                if found.is_some() {
                    return None;
                }
                found = Some(place);
            }
            engine.input_fe(Fe32::Q);
        }
        unchanged.input_fe(Fe32::Q);
    }
    found
}

fn engine_after(value: u8) -> Option<Engine<LongBech32m>> {
    let mut engine = Engine::new();
    engine.input_fe(Fe32::try_from(value).ok()?);
    Some(engine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
    use crate::key::{Key, StaticKey};
    use crate::secret::Secret;
    use crate::service::ServiceKeys;
    use crate::time::UnixSeconds;

    fn minted() -> Capability {
        let mut roots = RootSecrets::new();
        roots.insert(0, RootSecret::from_secret(Secret::new([2; 32])));
        let service = ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None);
        let caveats = Caveats::of([
            Caveat::Expires(UnixSeconds::new(1_800_000_000)),
            Caveat::Allow(vec![Rule { target: Some("db".into()), ..Rule::default() }]),
        ]);
        service.mint(0, BlockId::new([3; 8]), caveats.unwrap(), vec![]).unwrap()
    }

    fn parsed(text: &str) -> Result<Capability, TextError> {
        match Text::parse(text)? {
            Text::Capability(capability) => Ok(*capability),
            Text::KeyCard(_) | Text::ServiceCard(_) => panic!("no capability"),
        }
    }

    #[test]
    fn a_capability_is_written_in_upper_case_and_read_in_either() {
        let text = minted().to_text().unwrap();
        assert!(text.expose().starts_with("KEYCAP-SECRET-1"));
        assert_eq!(text.expose(), text.expose().to_uppercase());
        for form in [text.expose().to_owned(), text.expose().to_lowercase(), format!("keyCAP:{}", text.expose())] {
            assert_eq!(parsed(&form).unwrap().to_text().unwrap().expose(), text.expose());
        }
        assert_eq!(minted().to_qr_payload().unwrap().expose(), format!("KEYCAP:{}", text.expose()));
    }

    #[test]
    fn white_space_anywhere_is_passed_over() {
        let text = minted().to_text().unwrap();
        let (front, back) = text.expose().split_at(20);
        assert!(parsed(&format!("  {front}\r\n {back}\t")).is_ok());
        assert_eq!(Text::parse(" \n").err(), Some(TextError::Empty));
    }

    #[test]
    fn every_single_mistyped_character_is_named_with_its_place() {
        let text = minted().to_text().unwrap();
        let from = "KEYCAP-SECRET-1".len();
        for place in from..text.expose().len() {
            let mut bytes = text.expose().as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'Q' { b'P' } else { b'Q' };
            let mistyped = String::from_utf8(bytes).unwrap();
            assert_eq!(Text::parse(&mistyped).err(), Some(TextError::Mistyped { position: place + 1 }));
        }
    }

    #[test]
    fn mixed_case_and_foreign_characters_are_named_with_their_place() {
        let text = minted().to_text().unwrap();
        let mut mixed = text.expose().to_owned();
        mixed.replace_range(0..1, "k");
        assert_eq!(Text::parse(&mixed).err(), Some(TextError::MixedCase { position: 2 }));
        let mut foreign = text.expose().to_owned();
        foreign.replace_range(30..31, "B");
        assert_eq!(Text::parse(&foreign).err(), Some(TextError::Character { position: 31 }));
        assert_eq!(Text::parse("age1qqqq").err(), Some(TextError::NotKeycap));
        assert_eq!(Text::parse(text.expose().split_at(80).0).err(), Some(TextError::Checksum));
    }

    #[test]
    fn cards_are_written_in_lower_case() {
        let card = Key::from_seed(Secret::new([4; 32])).card(Some("ci@runner".into()));
        let text = card.to_text().unwrap();
        assert!(text.starts_with("keycap1"));
        assert!(matches!(Text::parse(&text.to_uppercase()).unwrap(), Text::KeyCard(read) if read == card));
        let service = ServiceCard { key: *StaticKey::from_private(Secret::new([1; 32])).public(), hints: vec!["gw.example:7001".into()] };
        let text = service.to_text().unwrap();
        assert!(text.starts_with("keycap-service1"));
        assert!(matches!(Text::parse(&text).unwrap(), Text::ServiceCard(read) if read == service));
    }

    #[test]
    fn a_text_longer_than_any_capability_is_refused_before_it_is_read() {
        let endless = format!("keycap1{}", "q".repeat(20_000));
        assert_eq!(Text::parse(&endless).err(), Some(TextError::TooLong { characters: 20_007 }));
    }
}
