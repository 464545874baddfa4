//! Codes in pictures: on the screen behind the window, on the clipboard, in a picture that comes in.

use std::time::Duration;

use keycap_tests::{Window, wait_until};

use crate::scenes::{Desk, go};

impl Desk {
    /// A vault with a key of this name.
    fn of(name: &str) -> Self {
        let desk = Self::empty();
        for arguments in [&["vault", "init", "--keyring"][..], &["key", "new", name]] {
            desk.does(arguments.iter().copied());
        }
        desk
    }
}

#[test]
fn a_code_that_another_window_shows_is_found_on_the_screen() {
    let (alice, bob) = (Desk::of("alice"), Desk::of("bob"));
    // Alice's window shows the code of her card, and Bob's stands in front of it.
    let hers = alice.open();
    go(&hers, "keys");
    hers.click("aside [data-action=share]");
    hers.click("dialog [data-action=confirm]");
    hers.wait_for_code();
    // A window draws nothing new once another one covers it: this waits until it has.
    drop(hers.screenshot());
    let his = Window::open(&bob.keycap, &alice.display);
    go(&his, "keys");
    his.press_ctrl("i");
    his.click("dialog [data-action=screen]");
    his.wait_for_text("dialog [data-find=key-card]", "From the screen");
    his.fill("[data-field=as]", "alice");
    his.click("[data-action=accept]");
    his.wait_for_text("aside h2", "alice");
    assert!(his.is_shown(&alice.display), "the window is back");
}

#[test]
fn a_screen_without_a_code_says_so_and_whoever_left_meanwhile_is_left_alone() {
    let desk = Desk::of("bob");
    let window = desk.open();
    go(&window, "keys");
    window.press_ctrl("i");
    window.click("dialog [data-action=screen]");
    window.wait_for_text("dialog [data-toast=bad]", "No QR code was found on the screen.");
    assert!(window.is_shown(&desk.display), "the window is back");
    window.click("dialog [data-action=screen]");
    window.click("dialog header button");
    // One can leave while it looks.
    window.wait_gone("dialog");
}

#[test]
fn a_code_fills_the_screen_for_whoever_stands_further_away() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--yes"]);
    let window = desk.open();
    go(&window, "grants");
    window.click("[data-grant=alice]");
    window.click("aside [data-action=share]");
    window.click("dialog input[value=code]");
    window.click("[data-field=understood]");
    window.click("dialog [data-action=confirm]");
    let (_, code) = desk.photograph_code(&window);
    let height = || window.run("return document.querySelector('[data-code]').getBoundingClientRect().height / innerHeight", &[]).as_f64().unwrap();
    assert!(height() < 0.8);
    window.click("dialog [data-action=present]");
    wait_until(Duration::from_secs(10), "the code fills the screen", || height() > 0.9);
    assert_eq!(desk.photograph_code(&window).1, code);
    // One comes back to where one was.
    desk.display.press("Escape");
    wait_until(Duration::from_secs(10), "the code is small again", || height() < 0.8);
    window.click("dialog [data-action=done]");
    window.wait_gone("dialog");
}

#[test]
fn a_picture_of_a_code_is_taken_in_from_the_clipboard_and_from_a_file() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--yes"]);
    let picture = desk.keycap.home().path().join("alice.png");
    desk.does(["share", "alice", "--png", picture.to_str().unwrap(), "--yes"]);
    let window = desk.open();
    desk.display.copy_picture(&picture);
    // Ctrl-V wherever one is, as with text.
    window.press_ctrl("v");
    window.wait_for_text("dialog [data-find=capability]", "From the clipboard");
    window.click("dialog footer button:last-child");
    wait_until(Duration::from_secs(5), "nothing was taken in", || desk.keycap.run(["caps", "--json"]).succeeded().stdout.contains("[]"));
    desk.hand_over(&[picture.to_str().unwrap()]);
    window.wait_for_text("dialog [data-find=capability]", "From alice.png");
    window.fill("[data-field=as]", "mine");
    window.click("[data-action=accept]");
    window.wait_for_text("aside h2", "mine");
}
