//! Age files between keycap and the programs that its users have beside it: Debian's `age`, the newest one, and `rage`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod post_quantum;

use std::time::Duration;

use keycap_tests::Keycap;

const MOMENT: Duration = Duration::from_secs(20);

/// A vault sealed by a key file, which asks nobody.
fn vault() -> Keycap {
    let keycap = Keycap::without_keyring();
    let key_file = keycap.home().path().join("vault-key");
    let _ = keycap.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded();
    keycap
}
