//! The strict subset of deterministic CBOR (RFC 8949 §4.2.1) that keycap-1 uses: unsigned integers, byte strings, UTF-8 texts, arrays and
//! maps with unsigned keys. A reader here refuses what the writer here would not have written: longer integers than needed, map keys that do
//! not ascend, indefinite lengths, tags, floats, null, and anything after the item.

/// Containers that may be nested in one another, the outermost included.
pub(crate) const MAX_DEPTH: usize = 5;

/// Why bytes are no CBOR of the subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// The bytes end inside an item.
    #[error("the data end in the middle of an item")]
    Truncated,
    /// Bytes are left after the item.
    #[error("there is data after the end")]
    Trailing,
    /// An integer or length is not in its shortest form.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// An item is of another type than the place asks for, or of a type outside the subset.
    #[error("an item has another type than expected")]
    UnexpectedType,
    /// Map keys do not strictly ascend.
    #[error("the keys of a map do not ascend")]
    KeyOrder,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// More than five containers are nested.
    #[error("containers are nested too deeply")]
    TooDeep,
    /// A number or length is outside the range of its place.
    #[error("a number or length is out of range")]
    OutOfRange,
}

/// The major types of the subset (RFC 8949 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Major {
    Unsigned,
    Bytes,
    Text,
    Array,
    Map,
}

/// Reads items one after the other from a byte string.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], CborError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CborError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<(Major, u64), CborError> {
        let (&first, rest) = self.rest.split_first().ok_or(CborError::Truncated)?;
        let major = match first >> 5 {
            0 => Major::Unsigned,
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            5 => Major::Map,
            _ => return Err(CborError::UnexpectedType),
        };
        self.rest = rest;
        let (width, least) = match first & 0x1f {
            small @ 0..=23 => return Ok((major, u64::from(small))),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(CborError::UnexpectedType),
        };
        let value = self.take(width)?.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if value < least { Err(CborError::NotShortest) } else { Ok((major, value)) }
    }

    fn expect(&mut self, major: Major) -> Result<u64, CborError> {
        let before = self.rest;
        let (found, value) = self.head()?;
        if found == major {
            Ok(value)
        } else {
            self.rest = before;
            Err(CborError::UnexpectedType)
        }
    }

    fn length(&mut self, major: Major) -> Result<usize, CborError> {
        usize::try_from(self.expect(major)?).map_err(|_| CborError::OutOfRange)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, CborError> {
        self.expect(Major::Unsigned)
    }

    pub(crate) fn unsigned_u32(&mut self) -> Result<u32, CborError> {
        u32::try_from(self.unsigned()?).map_err(|_| CborError::OutOfRange)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let length = self.length(Major::Bytes)?;
        self.take(length)
    }

    pub(crate) fn byte_array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.bytes()?.try_into().map_err(|_| CborError::OutOfRange)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, CborError> {
        let length = self.length(Major::Text)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| CborError::NotUtf8)
    }

    /// The number of items in the array that begins here.
    pub(crate) fn array(&mut self) -> Result<usize, CborError> {
        self.length(Major::Array)
    }

    /// The array that begins here must have exactly `count` items.
    pub(crate) fn array_of(&mut self, count: usize) -> Result<(), CborError> {
        if self.array()? == count { Ok(()) } else { Err(CborError::OutOfRange) }
    }

    /// The number of pairs in the map that begins here.
    pub(crate) fn map(&mut self) -> Result<usize, CborError> {
        self.length(Major::Map)
    }

    /// Reads a map key that must be greater than the one before.
    pub(crate) fn key_after(&mut self, before: &mut Option<u64>) -> Result<u64, CborError> {
        let key = self.unsigned()?;
        if before.is_some_and(|before| before >= key) {
            return Err(CborError::KeyOrder);
        }
        *before = Some(key);
        Ok(key)
    }

    /// Reads over one item of any type of the subset, in which at most `depth` further containers may be nested.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), CborError> {
        let (major, value) = self.head()?;
        let length = || usize::try_from(value).map_err(|_| CborError::OutOfRange);
        match major {
            Major::Unsigned => Ok(()),
            Major::Bytes => self.take(length()?).map(drop),
            Major::Text => std::str::from_utf8(self.take(length()?)?).map(drop).map_err(|_| CborError::NotUtf8),
            Major::Array => {
                let depth = depth.checked_sub(1).ok_or(CborError::TooDeep)?;
                (0..length()?).try_for_each(|_| self.skip(depth))
            }
            Major::Map => {
                let depth = depth.checked_sub(1).ok_or(CborError::TooDeep)?;
                let mut before = None;
                (0..length()?).try_for_each(|_| {
                    self.key_after(&mut before)?;
                    self.skip(depth)
                })
            }
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), CborError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CborError::Trailing) }
    }
}

/// Where encoded items go: a plain vector, or secret bytes that are wiped.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for crate::secret::SecretBytes {
    fn put(&mut self, bytes: &[u8]) {
        self.push_slice(bytes);
    }
}

/// Writes items one after the other, each number in its shortest form.
#[derive(Debug)]
pub(crate) struct Writer<'a, S: Sink> {
    sink: &'a mut S,
}

impl<'a, S: Sink> Writer<'a, S> {
    pub(crate) fn new(sink: &'a mut S) -> Self {
        Self { sink }
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let (info, width) = match value {
            0..=23 => (bytes[7], 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.sink.put(&[major << 5 | info]);
        self.sink.put(bytes.get(8 - width..).unwrap_or_default());
        self
    }

    fn length(&mut self, major: u8, length: usize) -> &mut Self {
        // A length in memory always fits in 64 bits.
        self.head(major, u64::try_from(length).unwrap_or(u64::MAX))
    }

    pub(crate) fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(0, value)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(2, bytes.len()).sink.put(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.length(3, text.len()).sink.put(text.as_bytes());
        self
    }

    pub(crate) fn array(&mut self, count: usize) -> &mut Self {
        self.length(4, count)
    }

    /// One item that was read before, as it was encoded.
    pub(crate) fn encoded(&mut self, item: &[u8]) -> &mut Self {
        self.sink.put(item);
        self
    }

    pub(crate) fn map(&mut self, count: usize) -> &mut Self {
        self.length(5, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(bytes: &[u8]) -> Result<(), CborError> {
        let mut reader = Reader::new(bytes);
        reader.skip(MAX_DEPTH)?;
        reader.end()
    }

    #[test]
    fn numbers_have_one_encoding_each() {
        for value in [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).unsigned(value);
            assert_eq!(Reader::new(&bytes).unsigned(), Ok(value));
        }
        for longer in [&[0x18, 23][..], &[0x19, 0, 255], &[0x1a, 0, 0, 255, 255], &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]] {
            assert_eq!(skipped(longer), Err(CborError::NotShortest));
        }
    }

    #[test]
    fn types_outside_the_subset_are_refused() {
        // Negative integer, tag, null, true, float, indefinite array, indefinite bytes, reserved length.
        for bytes in [&[0x20][..], &[0xc0, 0x00], &[0xf6], &[0xf5], &[0xf9, 0, 0], &[0x9f, 0xff], &[0x5f, 0xff], &[0x1c]] {
            assert_eq!(skipped(bytes), Err(CborError::UnexpectedType), "{bytes:02x?}");
        }
    }

    #[test]
    fn maps_ascend_strictly() {
        assert_eq!(skipped(&[0xa2, 0x01, 0x00, 0x02, 0x00]), Ok(()));
        assert_eq!(skipped(&[0xa2, 0x02, 0x00, 0x01, 0x00]), Err(CborError::KeyOrder));
        assert_eq!(skipped(&[0xa2, 0x01, 0x00, 0x01, 0x00]), Err(CborError::KeyOrder));
    }

    #[test]
    fn the_sixth_nested_container_is_too_deep() {
        assert_eq!(skipped(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x00]), Ok(()));
        assert_eq!(skipped(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x80]), Err(CborError::TooDeep));
    }

    #[test]
    fn a_length_beyond_the_data_is_truncated_not_allocated() {
        assert_eq!(skipped(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(CborError::Truncated));
        assert_eq!(skipped(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(CborError::Truncated));
        assert_eq!(skipped(&[0x00, 0x00]), Err(CborError::Trailing));
        assert_eq!(skipped(&[0x61, 0xff]), Err(CborError::NotUtf8));
    }
}
