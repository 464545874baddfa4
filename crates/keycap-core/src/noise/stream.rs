//! What opens a stream inside a session: `u16 length || {0: target, 1: kind}` in CBOR, answered by a status.

use crate::cbor::{CborError, Reader, Writer};
use crate::chain::Purpose;

/// Why bytes are no stream header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Not CBOR of the strict subset, or not `{0: target, 1: kind}`.
    #[error("stream header: {0}")]
    Cbor(#[from] CborError),
    /// The kind is unknown.
    #[error("streams of kind `{name}` are unknown")]
    Kind {
        /// The name in the header.
        name: String,
    },
    /// The header would have more bytes than a u16 counts.
    #[error("a stream header of {length} bytes is too long")]
    TooLong {
        /// How many bytes it would have.
        length: usize,
    },
}

/// What flows on a stream once it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// Bytes.
    Tcp,
    /// HTTP/1.1, whose requests the service clears one by one.
    Http,
    /// Control requests.
    Control,
}

impl StreamKind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Http, Self::Control];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Control => "control",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The use that a chain must allow for it.
    #[must_use]
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::Tcp | Self::Http => Purpose::Session,
            Self::Control => Purpose::Control,
        }
    }
}

/// A request for a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRequest {
    /// The name of an upstream, as `allow` rules name it.
    pub target: String,
    /// What is to flow.
    pub kind: StreamKind,
}

impl StreamRequest {
    /// The header, with its length before it.
    ///
    /// # Errors
    /// [`StreamError::TooLong`] beyond 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, StreamError> {
        let mut header = Vec::with_capacity(32 + self.target.len());
        Writer::new(&mut header).map(2).unsigned(0).text(&self.target).unsigned(1).text(self.kind.name());
        let length = u16::try_from(header.len()).map_err(|_| StreamError::TooLong { length: header.len() })?;
        Ok([&length.to_be_bytes()[..], &header].concat())
    }

    /// Reads what follows the length, strictly.
    ///
    /// # Errors
    /// [`StreamError::Cbor`], [`StreamError::Kind`].
    pub fn parse(header: &[u8]) -> Result<Self, StreamError> {
        let mut reader = Reader::new(header);
        if reader.map()? != 2 {
            return Err(CborError::OutOfRange.into());
        }
        expect_key(&mut reader, 0)?;
        let target = reader.text()?.to_owned();
        expect_key(&mut reader, 1)?;
        let name = reader.text()?;
        let kind = StreamKind::from_name(name).ok_or_else(|| StreamError::Kind { name: name.to_owned() })?;
        reader.end()?;
        Ok(Self { target, kind })
    }
}

fn expect_key(reader: &mut Reader<'_>, key: u64) -> Result<(), CborError> {
    if reader.unsigned()? == key { Ok(()) } else { Err(CborError::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        let header = StreamRequest { target: "db".into(), kind: StreamKind::Tcp }.encode().unwrap();
        assert_eq!(header, *b"\x00\x0a\xa2\x00\x62db\x01\x63tcp");
    }

    #[test]
    fn only_control_needs_the_control_purpose() {
        assert_eq!(StreamKind::ALL.map(StreamKind::purpose), [Purpose::Session, Purpose::Session, Purpose::Control]);
    }

    #[test]
    fn other_forms_are_refused() {
        let parse = StreamRequest::parse;
        assert_eq!(parse(b"\xa2\x00\x62db\x01\x63udp"), Err(StreamError::Kind { name: "udp".into() }));
        assert_eq!(parse(b"\xa2\x00\x62db\x01\x63TCP"), Err(StreamError::Kind { name: "TCP".into() }));
        assert_eq!(parse(b"\xa1\x00\x62db"), Err(CborError::OutOfRange.into()));
        assert_eq!(parse(b"\xa2\x01\x63tcp\x00\x62db"), Err(CborError::OutOfRange.into()));
        assert_eq!(parse(b"\xa2\x00\x62db\x00\x63tcp"), Err(CborError::OutOfRange.into()));
        assert_eq!(parse(b"\xa2\x00\x42db\x01\x63tcp"), Err(CborError::UnexpectedType.into()));
        assert_eq!(parse(b"\xa2\x00\x62db\x01\x63tcp\x00"), Err(CborError::Trailing.into()));
        assert_eq!(parse(b"\xa3\x00\x62db\x01\x63tcp\x02\x00"), Err(CborError::OutOfRange.into()));
    }

    #[test]
    fn a_target_that_does_not_fit_is_refused() {
        let request = |length| StreamRequest { target: "t".repeat(length), kind: StreamKind::Tcp };
        // Besides the target: 1 byte for the map, 1 and 1 for the keys, 3 for the head of the target, 4 for the kind.
        let longest = request(65_535 - 10);
        assert_eq!(StreamRequest::parse(&longest.encode().unwrap()[2..]), Ok(longest));
        assert_eq!(request(65_535 - 9).encode(), Err(StreamError::TooLong { length: 65_536 }));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(target: String, kind in proptest::sample::select(StreamKind::ALL.to_vec())) {
            let request = StreamRequest { target, kind };
            let header = request.encode().unwrap();
            prop_assert_eq!(usize::from(u16::from_be_bytes([header[0], header[1]])), header.len() - 2);
            prop_assert_eq!(StreamRequest::parse(&header[2..]), Ok(request));
        }

        #[test]
        fn what_is_accepted_is_what_would_have_been_written(target in "[a-z]{0,23}", at in 0_usize..40, byte: u8) {
            let mut header = StreamRequest { target, kind: StreamKind::Http }.encode().unwrap();
            let at = 2 + at % (header.len() - 2);
            header[at] = byte;
            if let Ok(request) = StreamRequest::parse(&header[2..]) {
                prop_assert_eq!(request.encode().unwrap(), header);
            }
        }
    }
}
