//! The system says that nobody is there.

use keycap_tests::{Logind, Whose, Window, lock_screen};

use crate::scenes::Desk;

#[track_caller]
fn unlock(window: &Window) {
    window.click("[data-action=unlock]");
    window.wait_for_text("h1", "Overview");
}

#[test]
fn a_machine_that_goes_to_sleep_and_a_screen_that_is_locked_close_the_vault() {
    let logind = Logind::start();
    let mut desk = Desk::with_service();
    desk.keycap = desk.keycap.with_system_bus(logind.address());
    let window = desk.open();
    window.wait_for_text("h1", "Overview");

    // The sleep waits until the secrets are gone. Had the lock of another user's session closed the vault, that would be the reason given.
    logind.wait_for_brake();
    logind.lock(Whose::SomebodyElses);
    logind.sleep();
    window.wait_for_text("h1", "keycap is locked");
    window.wait_for_text("body", "The machine was asleep");
    logind.wake();
    logind.wait_for_brake();
    unlock(&window);

    lock_screen(desk.bus());
    window.wait_for_text("body", "The screen was locked");
    unlock(&window);

    logind.lock(Whose::Ours);
    window.wait_for_text("body", "The screen was locked");
    unlock(&window);
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}
