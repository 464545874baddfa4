//! Files: sealed, opened, looked into, and sealed anew to others.
//!
//! A file is an age file (age-encryption.org/v1), which `age` and `rage` open and make too. Who it is sealed to is the age crate's matter, or
//! that of keycap's own stanzas; its payload is worked on by all cores at once. What is written is beside its final place until it is whole.

mod archive;
mod armor;
mod chunks;
mod conduit;
mod crew;
mod error;
mod head;
mod identities;
mod inspect;
mod open;
mod partial;
mod place;
mod recipients;
mod report;
mod reseal;
mod seal;
mod steady;
mod stream;
mod watch;

pub use error::FileError;
pub use identities::Identities;
pub use inspect::{Inspected, is_for_passphrase};
pub use open::{Folders, OpenJob};
pub use partial::Existing;
pub use place::{Input, Output};
pub use recipients::{Recipients, SealTo};
pub use report::ended;
pub use reseal::ResealJob;
pub use seal::{Folding, SealJob};
pub use stream::{Form, open_stream, seal_stream};
pub use watch::{Cancel, Progress, Unwatched};

use std::path::PathBuf;

/// What became of each file, in the order in which they were named.
#[derive(Debug)]
pub struct Report {
    /// The file as it was named; `-` for standard input.
    pub name: String,
    /// What it came to.
    pub result: Result<Written, FileError>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is; `None` if it went to standard output.
    pub path: Option<PathBuf>,
    /// Bytes of plaintext.
    pub bytes: u64,
    /// Things in a folder that could not be taken along.
    pub left_out: u64,
    /// What the vault says of a file that it opened: with what, from whom, by whose leave.
    pub opened: Option<crate::opener::Outcome>,
}

#[cfg(test)]
mod tests;
