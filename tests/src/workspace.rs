//! The workspace's own tree.

use std::path::Path;

/// The folder with the workspace's `Cargo.toml`.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
