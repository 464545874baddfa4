//! The system says that nobody is there.

use std::thread;
use std::time::{Duration, Instant};

use keycap_tests::{Logind, Whose, Window, lock_screen};

use crate::scenes::{Desk, go};

#[test]
fn a_window_that_nobody_touches_for_as_long_as_the_settings_say_is_locked() {
    let desk = Desk::with_service();
    let window = desk.open();
    go(&window, "settings");
    // The shortest there is, in minutes.
    window.choose("[data-field=idle]", "1");
    let set = Instant::now();
    go(&window, "services");
    window.wait_for_text("main", "orders");
    // A touch by hand puts it off, and what only looks at the window does not.
    thread::sleep(Duration::from_secs(12));
    desk.display.press("Down");
    let touched = Instant::now();
    thread::sleep(Duration::from_secs(64).saturating_sub(set.elapsed()));
    assert_eq!(window.text("h1"), "Services");
    window.wait_for_text("h1", "keycap is locked");
    assert!(touched.elapsed() >= Duration::from_secs(59), "{:?}", touched.elapsed());
    window.wait_for_text("body", "Nobody was here for a while");
    assert!(!window.text("body").contains("orders"));
    window.click("[data-action=unlock]");
    window.wait_for_text("h1", "Services");
}

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
