//! The control of `wipe.rs`: with the ordinary allocator, what was freed is still there, and the search finds it.

use keycap_core::secret::Secret;
use keycap_tests::memory::{Trace, search};
use rand::rngs::OsRng;

#[test]
fn without_the_allocator_freed_memory_is_found() {
    let secret = Secret::<32>::generate(&mut OsRng);
    let trace = Trace::of("freed", secret.expose());
    // In the middle of a larger piece, since the allocator writes its own lists over the beginning of what is freed.
    let mut copy = vec![0; 1024];
    copy[500..532].copy_from_slice(secret.expose());
    drop(copy);
    drop(secret);
    assert_eq!(search(&[trace]).len(), 1);
}
