//! Age files between keycap and the programs that its users have beside it: Debian's `age`, the newest one, and `rage`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking, its own functions included, and lengths in memory fit into 64 bits"
)]

mod crossing;
mod damage;
mod kinds;
mod limits;
mod post_quantum;
mod streams;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keycap_tests::{Keycap, Outcome};

const MOMENT: Duration = Duration::from_secs(20);

/// A vault sealed by a key file, which asks nobody.
fn vault() -> Keycap {
    let keycap = Keycap::without_keyring();
    let key_file = keycap.home().path().join("vault-key");
    let _ = keycap.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded();
    keycap
}

/// Seals files into a folder, to others only.
fn seal(keycap: &Keycap, options: &[&str], folder: &Path, files: &[PathBuf]) -> Outcome {
    keycap.run(words(&[&["seal", "--no-self"], options].concat(), folder, files))
}

/// Opens files into a folder.
fn open(keycap: &Keycap, options: &[&str], folder: &Path, files: &[PathBuf]) -> Outcome {
    keycap.run(words(&[&["open"], options].concat(), folder, files))
}

fn words<'a>(options: &'a [&'a str], folder: &'a Path, files: &'a [PathBuf]) -> Vec<&'a OsStr> {
    let options = options.iter().map(OsStr::new);
    options.chain([OsStr::new("-o"), folder.as_os_str()]).chain(files.iter().map(|file| file.as_os_str())).collect()
}
