//! The test vectors: every file in `tests/vectors` is read and checked, and none is left out.
//!
//! A vector is one JSON object: `kind` says what is worked out, `what` says for people what it shows, `given` is what goes in, and `gives` is
//! what has to come out. Byte strings are in lower-case hex. A vector that shows a refusal is named for the attack. The committed files were
//! compared, value by value, with those of a second implementation, written from the specification in another language.
//!
//! The generator beside the check writes the files anew; `cargo nextest run -p keycap-core --run-ignored only writes_the_vectors`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[path = "vector"]
mod vector {
    pub(crate) mod bytes;
    pub(crate) mod cases;
    pub(crate) mod chains;
    pub(crate) mod encodings;
    pub(crate) mod form;
    pub(crate) mod keys;
    pub(crate) mod records;
    pub(crate) mod sealing;
    pub(crate) mod sessions;
}

use vector::{cases, chains, encodings, keys, records, sealing, sessions};

/// What one kind of vector works out.
trait Kind {
    /// The kind's name in the file.
    const NAME: &'static str;
    /// What goes in.
    type Given: Serialize + for<'de> Deserialize<'de>;
    /// What comes out.
    type Gives: Serialize;
    /// Works it out with the crate under test.
    fn work_out(given: &Self::Given) -> Self::Gives;
}

/// A file as it is on disk.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    kind: String,
    what: String,
    given: Value,
    gives: Value,
}

impl Vector {
    fn of<K: Kind>(what: &str, given: &K::Given) -> Self {
        Self {
            kind: K::NAME.to_owned(),
            what: what.to_owned(),
            given: serde_json::to_value(given).unwrap(),
            gives: serde_json::to_value(K::work_out(given)).unwrap(),
        }
    }

    fn work_out_again<K: Kind>(&self) -> Value {
        let given: K::Given = serde_json::from_value(self.given.clone()).unwrap();
        // What was read must be all there is: a field that nobody reads proves nothing.
        assert_eq!(serde_json::to_value(&given).unwrap(), self.given);
        serde_json::to_value(K::work_out(&given)).unwrap()
    }

    /// What the crate makes of the file now.
    fn again(&self) -> Value {
        match self.kind.as_str() {
            keys::Key::NAME => self.work_out_again::<keys::Key>(),
            keys::Service::NAME => self.work_out_again::<keys::Service>(),
            keys::PublicKey::NAME => self.work_out_again::<keys::PublicKey>(),
            chains::Block::NAME => self.work_out_again::<chains::Block>(),
            chains::Derivation::NAME => self.work_out_again::<chains::Derivation>(),
            chains::HandOff::NAME => self.work_out_again::<chains::HandOff>(),
            chains::Clearing::NAME => self.work_out_again::<chains::Clearing>(),
            chains::ControlRight::NAME => self.work_out_again::<chains::ControlRight>(),
            encodings::Capability::NAME => self.work_out_again::<encodings::Capability>(),
            encodings::Text::NAME => self.work_out_again::<encodings::Text>(),
            encodings::Parse::NAME => self.work_out_again::<encodings::Parse>(),
            encodings::Path::NAME => self.work_out_again::<encodings::Path>(),
            encodings::PaddedChain::NAME => self.work_out_again::<encodings::PaddedChain>(),
            encodings::Status::NAME => self.work_out_again::<encodings::Status>(),
            encodings::StreamRequest::NAME => self.work_out_again::<encodings::StreamRequest>(),
            encodings::ControlRequest::NAME => self.work_out_again::<encodings::ControlRequest>(),
            sessions::Session::NAME => self.work_out_again::<sessions::Session>(),
            sessions::Hello::NAME => self.work_out_again::<sessions::Hello>(),
            sessions::Possession::NAME => self.work_out_again::<sessions::Possession>(),
            sessions::Locator::NAME => self.work_out_again::<sessions::Locator>(),
            sealing::SealStanza::NAME => self.work_out_again::<sealing::SealStanza>(),
            sealing::OpenStanza::NAME => self.work_out_again::<sealing::OpenStanza>(),
            records::SealRecords::NAME => self.work_out_again::<records::SealRecords>(),
            records::SealSingles::NAME => self.work_out_again::<records::SealSingles>(),
            records::OpenRecord::NAME => self.work_out_again::<records::OpenRecord>(),
            unknown => panic!("nobody checks vectors of the kind {unknown:?}"),
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// Every file of the folder, by its name.
fn committed() -> BTreeMap<String, Vector> {
    let mut vectors = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".json"), "{name} is no vector");
        let text = std::fs::read_to_string(folder().join(&name)).unwrap();
        let vector = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        vectors.insert(name, vector);
    }
    vectors
}

#[test]
fn every_vector_comes_out() {
    let vectors = committed();
    assert!(!vectors.is_empty(), "there are no vectors");
    let mut wrong = Vec::new();
    for (name, vector) in &vectors {
        let again = vector.again();
        if again != vector.gives {
            wrong.push(format!("{name}: {}\n  committed: {}\n  worked out: {again}", vector.what, vector.gives));
        }
    }
    assert!(wrong.is_empty(), "{} of {} vectors come out otherwise:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

#[test]
fn the_committed_vectors_are_those_that_the_generator_writes() {
    let generated: BTreeMap<_, _> = cases::all().into_iter().collect();
    let committed = committed();
    let difference: Vec<_> = generated.keys().chain(committed.keys()).filter(|name| generated.get(*name) != committed.get(*name)).collect();
    assert!(difference.is_empty(), "these differ: {difference:?}");
}

#[test]
#[ignore = "writes the vectors"]
fn writes_the_vectors() {
    for (name, vector) in cases::all() {
        std::fs::write(folder().join(name), serde_json::to_string_pretty(&vector).unwrap() + "\n").unwrap();
    }
}
