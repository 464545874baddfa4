//! What the window tells while nobody looks at it, by the desktop's notifications.

use std::time::{Duration, Instant};

use keycap_tests::{Keycap, Notification, Notifications, PrivateKeyring, Window, wait_until};

use crate::scenes::{Desk, go};

impl Desk {
    /// Hands a capability of the service `orders` to a vault of somebody else.
    #[track_caller]
    fn hands_to(&self, other: &Keycap, name: &str) {
        self.does(["mint", "orders", "--for", name, "--yes"]);
        let text = self.keycap.run(["share", &format!("grant:orders/{name}"), "--reveal", "--yes"]).succeeded().stdout;
        drop(other.run_with_input(["add", "-", "--name", name, "--yes"], &text).succeeded());
    }
}

fn of(notifications: &Notifications, word: &str) -> Vec<Notification> {
    notifications.told().into_iter().filter(|one| one.title.contains(word)).collect()
}

/// Has the window serve `orders`, and says where.
fn serve(window: &Window) -> String {
    go(window, "services");
    window.click(".list [role=option]");
    window.click("aside [data-action=serve]");
    window.fill("dialog [data-field=listen]", "127.0.0.1:0");
    window.fill("dialog [data-field=to]", "127.0.0.1:9");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-line=orders][data-running=true]", "at 127.0.0.1:");
    let shown = window.text("[data-line=orders]");
    shown.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().trim_end_matches(',').to_owned()
}

#[test]
fn a_grant_that_is_about_to_expire_is_told_of_once() {
    let desk = Desk::with_service();
    let notifications = Notifications::on(desk.bus());
    let window = desk.open();
    window.wait_for_text("h1", "Overview");
    // It lasts for a day and some seconds, so that it is about to expire in some seconds.
    desk.does(["mint", "orders", "--for", "alice", "--expires", "86406s", "--yes"]);
    let minted = Instant::now();
    std::thread::sleep(Duration::from_secs(7));
    desk.does(["mint", "orders", "--for", "hours", "--expires", "1h", "--yes"]);
    let told = notifications.wait_for("expires within a day");
    assert!(minted.elapsed() < Duration::from_secs(30), "what has changed is looked at soon");
    assert_eq!((told.entry.as_str(), told.text.as_str()), ("keycap", "orders/alice stops working then."));

    // Not again after a restart; what is told then is something else.
    drop(window);
    let window = desk.open();
    window.wait_for_text("h1", "Overview");
    desk.does(["mint", "orders", "--for", "bob", "--expires", "86403s", "--yes"]);
    std::thread::sleep(Duration::from_secs(4));
    desk.does(["key", "rename", "operator", "me"]);
    let _ = notifications.wait_for("orders/bob");
    assert_eq!(of(&notifications, "expire").len(), 2, "{:?}", notifications.told());
}

#[test]
fn revocations_and_refusals_are_told_without_a_flood_and_a_click_brings_the_window_forward() {
    let desk = Desk::with_service();
    let notifications = Notifications::on(desk.bus());
    let keyring = PrivateKeyring::start();
    let alice = Keycap::on(&keyring);
    drop(alice.run(["vault", "init", "--keyring"]).succeeded());
    desk.hands_to(&alice, "alice");
    let window = desk.open();
    let gateway = serve(&window);
    drop(alice.run(["caps", "gateway", "alice", &gateway]).succeeded());
    desk.display.focus_nothing();

    desk.does(["revoke", "alice", "--yes"]);
    let told = notifications.wait_for("A revocation was applied");
    assert_eq!(told.text, "orders/alice refused by 1 gateway; 0 sessions cut.");
    notifications.click(&told);
    wait_until(Duration::from_secs(10), "the window has the focus", || desk.display.has_focus("keycap-desktop"));

    desk.display.focus_nothing();
    for _ in 0..3 {
        let refused = alice.run(["run", "alice", "--", "true"]);
        assert!(refused.stderr.contains("revoked"), "{}", refused.stderr);
    }
    assert_eq!(notifications.wait_for("refused somebody").text, "orders: 1");
    assert_eq!(of(&notifications, "refused").len(), 1, "{:?}", notifications.told());

    // Switched off, and in the next window still.
    go(&window, "settings");
    window.click("[data-field=notify]");
    drop(window);
    let window = desk.open();
    let gateway = serve(&window);
    let before = notifications.told().len();
    desk.hands_to(&alice, "bob");
    drop(alice.run(["caps", "gateway", "bob", &gateway]).succeeded());
    desk.does(["revoke", "bob", "--yes"]);
    go(&window, "connections");
    let refused = alice.run(["run", "bob", "--", "true"]);
    assert!(refused.stderr.contains("revoked"), "{}", refused.stderr);
    window.wait_for_text("[data-line=orders]", "Refused");
    assert_eq!(notifications.told().len(), before);
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}
