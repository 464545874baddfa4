//! The header of a yamux frame, version 0.
//!
//! ```text
//! u8 version = 0 | u8 type | u16 flags | u32 stream | u32 length          big-endian
//! type 0 data            length: bytes that follow
//!      1 window update   length: by how much the window of the sender of data grows
//!      2 ping            length: any number; answered with the same and ACK
//!      3 go away         length: 0 in order, else an error; no more streams
//! flags 1 SYN, 2 ACK, 4 FIN, 8 RST
//! ```

use super::MuxError;

pub(super) const HEADER_LEN: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    WindowUpdate,
    Ping,
    GoAway,
}

/// A set of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags(u16);

impl Flags {
    pub(super) const NONE: Self = Self(0);
    pub(super) const SYN: Self = Self(1);
    pub(super) const ACK: Self = Self(2);
    pub(super) const FIN: Self = Self(4);
    pub(super) const RST: Self = Self(8);
    const ALL: u16 = 15;

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) flags: Flags,
    pub(super) stream: u32,
    pub(super) length: u32,
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_LEN] {
        let kind = match self.kind {
            Kind::Data => 0,
            Kind::WindowUpdate => 1,
            Kind::Ping => 2,
            Kind::GoAway => 3,
        };
        let [f0, f1] = self.flags.0.to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [0, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3]
    }

    pub(super) fn parse(bytes: [u8; HEADER_LEN]) -> Result<Self, MuxError> {
        let [version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = bytes;
        let kind = match (version, kind) {
            (0, 0) => Kind::Data,
            (0, 1) => Kind::WindowUpdate,
            (0, 2) => Kind::Ping,
            (0, 3) => Kind::GoAway,
            _ => return Err(MuxError::Header),
        };
        let flags = u16::from_be_bytes([f0, f1]);
        if flags & !Flags::ALL != 0 {
            return Err(MuxError::Header);
        }
        let stream = u32::from_be_bytes([s0, s1, s2, s3]);
        // Pings and farewells are for the session, the others for one of its streams.
        if (stream == 0) != matches!(kind, Kind::Ping | Kind::GoAway) {
            return Err(MuxError::Header);
        }
        Ok(Self { kind, flags: Flags(flags), stream, length: u32::from_be_bytes([l0, l1, l2, l3]) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_is_that_of_yamux() {
        let header = Header { kind: Kind::WindowUpdate, flags: Flags::ACK.with(Flags::FIN), stream: 0x0102_0304, length: 0x0506_0708 };
        assert_eq!(header.encode(), [0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn other_versions_types_flags_and_places_are_refused() {
        for bytes in [
            [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            [0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        ] {
            assert!(matches!(Header::parse(bytes), Err(MuxError::Header)), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_would_have_been_written(bytes: [u8; HEADER_LEN], small: bool) {
            let mut bytes = bytes;
            if small {
                (bytes[0], bytes[1], bytes[2], bytes[3]) = (0, bytes[1] % 4, 0, bytes[3] % 16);
            }
            if let Ok(header) = Header::parse(bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }
    }
}
