//! Waiting for something that another process does.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Asks `holds` every few milliseconds until it says yes.
///
/// # Panics
/// If it still says no after `deadline`; `what` completes the sentence "gave up waiting until …".
#[track_caller]
pub fn wait_until(deadline: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    while !holds() {
        assert!(start.elapsed() < deadline, "gave up waiting until {what}, after {deadline:?}");
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
