//! The status: what a service says of a session or stream, `[code, text]` in CBOR.
//!
//! It is the body of a status frame, and with a u16 length before it the answer to a stream's header. Programs decide by the code; the text
//! comes from a peer and is for people.

use crate::cbor::{CborError, Reader, Writer};

/// The most bytes of a status's text.
pub const MAX_TEXT_BYTES: usize = 200;

/// Why bytes are no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// Not CBOR of the strict subset, or not `[code, text]`.
    #[error("status: {0}")]
    Cbor(#[from] CborError),
    /// The text is too long.
    #[error("the text of a status has at most 200 bytes, this one has {length}")]
    Text {
        /// How many bytes it has.
        length: usize,
    },
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusCode {
    /// 0: go on.
    Ok,
    /// 2: expired, or not valid yet.
    Expired,
    /// 3: revoked.
    Revoked,
    /// 4: not allowed: wrong holder, pattern, ticket, target, or another caveat that says no.
    NotAllowed,
    /// 5: too many sessions.
    TooManySessions,
    /// 6: a caveat that the service does not know.
    UnknownCaveat,
    /// 7: the service does not know the time.
    ClockUnsure,
    /// Another number, of another version: a refusal. Never sent by this one.
    Other(u64),
}

impl StatusCode {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Ok => 0,
            Self::Expired => 2,
            Self::Revoked => 3,
            Self::NotAllowed => 4,
            Self::TooManySessions => 5,
            Self::UnknownCaveat => 6,
            Self::ClockUnsure => 7,
            Self::Other(number) => number,
        }
    }

    /// The code of that number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        match number {
            0 => Self::Ok,
            2 => Self::Expired,
            3 => Self::Revoked,
            4 => Self::NotAllowed,
            5 => Self::TooManySessions,
            6 => Self::UnknownCaveat,
            7 => Self::ClockUnsure,
            other => Self::Other(other),
        }
    }
}

/// A status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    code: StatusCode,
    text: String,
}

impl Status {
    /// Joins a code and a text; what goes beyond 200 bytes of the text is cut off between two characters.
    #[must_use]
    pub fn new(code: StatusCode, text: &str) -> Self {
        let mut end = text.len().min(MAX_TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, text: text.get(..end).unwrap_or_default().to_owned() }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> StatusCode {
        self.code
    }

    /// The text as it came from the peer: it may hold anything, so people are shown [`Status::printable_text`] instead.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text without control characters and without those that change the direction of writing.
    #[must_use]
    pub fn printable_text(&self) -> String {
        let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        self.text.chars().filter(|c| !c.is_control() && !turns(*c)).collect()
    }

    /// The body of a status frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(16 + self.text.len());
        Writer::new(&mut body).array(2).unsigned(self.code.number()).text(&self.text);
        body
    }

    /// The answer to a stream's header: `u16 length || body`.
    #[must_use]
    pub fn encode_answer(&self) -> Vec<u8> {
        let body = self.encode();
        // At most 212 bytes: the text has at most 200.
        let length = u16::try_from(body.len()).unwrap_or_default();
        [&length.to_be_bytes()[..], &body].concat()
    }

    /// Reads a body, strictly.
    ///
    /// # Errors
    /// See [`StatusError`].
    pub fn parse(body: &[u8]) -> Result<Self, StatusError> {
        let mut reader = Reader::new(body);
        reader.array_of(2)?;
        let code = StatusCode::from_number(reader.unsigned()?);
        let text = reader.text()?;
        reader.end()?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(StatusError::Text { length: text.len() });
        }
        Ok(Self { code, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        assert_eq!(Status::new(StatusCode::Ok, "").encode(), [0x82, 0x00, 0x60]);
        assert_eq!(Status::new(StatusCode::Revoked, "no").encode_answer(), [0x00, 0x05, 0x82, 0x03, 0x62, b'n', b'o']);
    }

    #[test]
    fn numbers_are_those_of_the_table_and_all_others_are_refusals() {
        let numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|number| StatusCode::from_number(number).number());
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(StatusCode::from_number(1), StatusCode::Other(1));
        assert_eq!(StatusCode::from_number(8), StatusCode::Other(8));
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let status = Status::new(StatusCode::NotAllowed, &format!("{}é", "a".repeat(199)));
        assert_eq!(status.text(), "a".repeat(199));
        let status = Status::new(StatusCode::NotAllowed, &format!("{}é", "a".repeat(198)));
        assert_eq!(status.text().len(), 200);
        assert_eq!(Status::parse(&status.encode()), Ok(status));
    }

    #[test]
    fn a_peer_s_text_is_printed_without_what_controls_a_terminal() {
        assert_eq!(Status::new(StatusCode::Ok, "a\u{1b}[2J\n\u{202e}b").printable_text(), "a[2Jb");
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(Status::parse(&[0x82, 0x00, 0x60, 0x00]), Err(CborError::Trailing.into()));
        assert_eq!(Status::parse(&[0x81, 0x00]), Err(CborError::OutOfRange.into()));
        assert_eq!(Status::parse(&[0x82, 0x60, 0x00]), Err(CborError::UnexpectedType.into()));
        assert_eq!(Status::parse(&[0x82, 0x18, 0x00, 0x60]), Err(CborError::NotShortest.into()));
        let mut long = vec![0x82, 0x00, 0x78, 201];
        long.resize(4 + 201, b'a');
        assert_eq!(Status::parse(&long), Err(StatusError::Text { length: 201 }));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(number: u64, text: String) {
            let status = Status::new(StatusCode::from_number(number), &text);
            prop_assert!(text.starts_with(status.text()));
            prop_assert_eq!(Status::parse(&status.encode()), Ok(status));
        }

        #[test]
        fn what_is_accepted_is_what_would_have_been_written(number in 0_u8..24, text in "[a-z]{0,23}", at in 0_usize..30, byte: u8) {
            let mut body = Status::new(StatusCode::from_number(number.into()), &text).encode();
            let at = at % body.len();
            body[at] = byte;
            if let Ok(status) = Status::parse(&body) {
                prop_assert_eq!(status.encode(), body);
            }
        }
    }
}
