//! A file of the test kit.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One vector: what to open, with what, and what must come of it.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) expect: Expect,
    pub(crate) identities: Vec<String>,
    pub(crate) passphrases: Vec<String>,
    pub(crate) armored: bool,
    pub(crate) comment: String,
    pub(crate) file: Vec<u8>,
}

/// What must come of a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expect {
    /// It opens, to plaintext of this SHA-256.
    Success(String),
    /// The armor is refused.
    Armor,
    /// The header is refused, or a stanza that an identity would open.
    Header,
    /// The header was changed after it was made.
    Hmac,
    /// No identity opens a stanza.
    NoMatch,
    /// The payload is refused, after plaintext of this SHA-256, which was authenticated.
    Payload(String),
}

/// All vectors, by name.
pub(crate) fn all() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testkit/vectors");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| Vector::read(path)).collect()
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|two| two == b"\n\n").expect("an empty line ends the header");
        let (header, body) = (str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 2..]);
        let values = |wanted: &str| -> Vec<String> {
            let fields = header.lines().map(|line| line.split_once(": ").unwrap());
            fields.filter(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned()).collect()
        };
        let first = |wanted: &str| values(wanted).first().cloned().unwrap_or_default();
        let expect = match first("expect").as_str() {
            "success" => Expect::Success(first("payload")),
            "armor failure" => Expect::Armor,
            "header failure" => Expect::Header,
            "HMAC failure" => Expect::Hmac,
            "no match" => Expect::NoMatch,
            "payload failure" => Expect::Payload(first("payload")),
            other => panic!("{}: unknown expectation {other}", path.display()),
        };
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            expect,
            identities: values("identity"),
            passphrases: values("passphrase"),
            armored: first("armored") == "yes",
            comment: first("comment"),
            file: match first("compressed").as_str() {
                "" => body.to_owned(),
                "zlib" => inflate(body),
                other => panic!("{}: unknown compression {other}", path.display()),
            },
        }
    }
}

fn inflate(deflated: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    flate2::read::ZlibDecoder::new(deflated).read_to_end(&mut inflated).unwrap();
    inflated
}
