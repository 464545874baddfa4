//! What axe finds on each screen and in each flow, light and dark: nothing serious.

use std::fs;
use std::time::Duration;

use keycap_tests::{Keycap, Window, wait_until, workspace};
use serde_json::json;

use crate::scenes::{Desk, go};

/// In the order of their keys.
const SCREENS: [&str; 9] = ["overview", "keys", "services", "grants", "files", "activity", "capabilities", "connections", "settings"];
const EXAMINE: &str = "const [done] = arguments;
window.axe.run(document, { resultTypes: ['violations'] }).then(
    ({ violations }) => done(violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) =>
        `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`)),
    (error) => done([String(error)]),
);";

/// Fails if something serious is wrong with what the window shows.
#[track_caller]
pub(crate) fn examine(window: &Window, what: &str) {
    let axe = fs::read_to_string(workspace::root().join("ui/node_modules/axe-core/axe.min.js")).unwrap();
    // The driver's own scripts are not held by the page's policy.
    if !window.run("return Boolean(window.axe)", &[]).as_bool().unwrap() {
        window.run(&axe, &[]);
    }
    // What moves is looked at when it stands still.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(window.run_async(EXAMINE, &[]), json!([]), "{what}");
}

#[test]
fn axe_finds_what_is_wrong() {
    let desk = Desk::with_service();
    let window = desk.open();
    window.run("document.querySelector('main').append(document.createElement('button'))", &[]);
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| examine(&window, "a button without a name")));
    assert!(found.is_err(), "axe looks away");
}

#[test]
fn axe_finds_nothing_serious_on_any_screen() {
    let desk = Desk::with_service();
    for arguments in [
        &["mint", "orders", "--for", "alice", "--yes"][..],
        &["mint", "orders", "--for", "bob", "--expires", "2h", "--yes"],
        &["revoke", "bob", "--yes"],
    ] {
        desk.does(arguments.iter().copied());
    }
    let text = desk.keycap.run(["share", "alice", "--reveal", "--yes"]).succeeded().stdout;
    drop(desk.keycap.run_with_input(["add", "-", "--name", "mine", "--yes"], &text).succeeded());
    let window = desk.open();
    for theme in ["light", "dark"] {
        go(&window, "settings");
        window.choose("[data-field=theme]", theme);
        for screen in SCREENS {
            go(&window, screen);
            examine(&window, &format!("{screen}, {theme}"));
        }
        go(&window, "keys");
        window.click(".head [data-action='key.new']");
        examine(&window, &format!("new key, {theme}"));
        window.click("dialog footer button");
        go(&window, "grants");
        window.click("[data-grant=alice]");
        window.click(".head [data-action=mint]");
        window.fill("dialog [data-field=name]", "carol");
        window.wait_for_text("[data-sentence]", "Everything");
        examine(&window, &format!("mint, {theme}"));
        window.click("dialog footer button");
        window.click("aside [data-action=share]");
        examine(&window, &format!("share, {theme}"));
        window.click("dialog footer button");
        window.click("aside [data-action=revoke]");
        window.wait_for_text("dialog", "Stops working now");
        examine(&window, &format!("revoke, {theme}"));
        window.click("dialog footer button");
        go(&window, "capabilities");
        window.click("aside [data-action=delegate]");
        examine(&window, &format!("delegate, {theme}"));
        window.click("dialog footer button");
        window.press_ctrl("k");
        window.fill("[data-field=palette]", "ali");
        examine(&window, &format!("palette, {theme}"));
        window.click("dialog header button");
        window.press_ctrl("i");
        examine(&window, &format!("take in, {theme}"));
        window.click("dialog header button");
    }
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    examine(&window, "locked");
}

#[test]
fn axe_finds_nothing_serious_in_the_first_run_and_the_keyboard_gets_through_it() {
    let desk = Desk::empty();
    let window = desk.open();
    examine(&window, "first step");
    window.press("[data-action=next]", "\u{e007}");
    window.fill("[data-field=key-name]", "operator");
    examine(&window, "second step");
    window.press("[data-field=key-name]", "\u{e007}");
    window.wait_for_text("main", "What brings you here?");
    examine(&window, "third step");
    window.press("input[value=look]", " ");
    window.press("[data-action=next]", "\u{e007}");
    window.wait_for_text("h1", "Overview");
}

/// What ends to the right of the window and cannot be brought into it by scrolling.
const BESIDE: &str = "return [...document.querySelectorAll(':is(main, dialog) *')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120))";

#[test]
fn axe_finds_nothing_serious_in_the_other_flows_and_at_twice_the_size() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--yes"]);
    let text = desk.keycap.run(["share", "alice", "--reveal", "--yes"]).succeeded().stdout;
    drop(desk.keycap.run_with_input(["add", "-", "--name", "mine", "--yes"], &text).succeeded());
    desk.does(["group", "new", "team", "operator"]);
    let window = desk.open();
    for theme in ["light", "dark"] {
        go(&window, "settings");
        window.choose("[data-field=theme]", theme);
        for (screen, flow) in [
            ("services", ".head [data-action='service.new']"),
            ("services", "aside [data-action=serve]"),
            ("services", "aside [data-action='service.export']"),
            ("services", "aside [data-action='service.rotate']"),
            ("capabilities", "aside [data-action=connect]"),
            ("capabilities", "aside [data-action=explain]"),
            ("keys", ".head [data-action='group.new']"),
            ("settings", "[data-action='vault.convert']"),
            ("settings", "[data-action=backup]"),
            ("settings", "[data-action='vault.restore']"),
        ] {
            go(&window, screen);
            window.click(flow);
            examine(&window, &format!("{screen}, {flow}, {theme}"));
            window.click("dialog header button");
        }
        go(&window, "keys");
        window.click("[data-group=team]");
        examine(&window, &format!("a group, {theme}"));
        window.press_ctrl("/");
        examine(&window, &format!("the sheet of keys, {theme}"));
        window.click("dialog header button");
    }
    let width = window.run("return innerWidth", &[]).as_f64().unwrap();
    for _ in 0..5 {
        window.press_ctrl("+");
    }
    // All of the page is twice as large, not its letters alone: it is laid out as for half a window.
    wait_until(Duration::from_secs(10), "the page is drawn at twice its size", || {
        window.run("return innerWidth", &[]).as_f64().unwrap() <= width / 2.0 + 1.0
    });
    for (place, screen) in (1..).zip(SCREENS) {
        // By key: the driver's clicks land where things would be at the usual size.
        window.press_ctrl(&place.to_string());
        wait_until(Duration::from_secs(10), "the screen is shown", || window.text("nav [aria-current=page]").to_lowercase().contains(screen));
        examine(&window, &format!("{screen} at twice the size"));
        let beside = window.run(BESIDE, &[]);
        assert_eq!(beside, json!([]), "{screen} at twice the size has something beside the window");
    }
    for (place, title) in [("2", "New key"), ("3", "New service"), ("4", "Mint a capability"), ("7", "Take in")] {
        window.press_ctrl(place);
        window.press_ctrl("n");
        window.wait_for_text("dialog h2", title);
        examine(&window, &format!("{title} at twice the size"));
        assert_eq!(window.run(BESIDE, &[]), json!([]), "{title} at twice the size has something beside the window");
        window.press("body", ESCAPE);
        window.wait_gone("dialog");
    }
    window.press_ctrl("4");
    // Keys are about what is selected, which is read first.
    window.wait_for_text("aside h2", "alice");
    window.press("[role=tree]", "x");
    window.wait_for_text("dialog h2", "Revoke");
    examine(&window, "revoking at twice the size");
    assert_eq!(window.run(BESIDE, &[]), json!([]), "revoking at twice the size has something beside the window");
    window.press("body", ESCAPE);
    window.wait_gone("dialog");
    window.press("[role=tree]", "s");
    window.wait_for_text("dialog h2", "Share");
    for control in ["dialog input[value=code]", "[data-field=understood]", "dialog [data-action=confirm]"] {
        drop(window.text(control));
        window.run("document.querySelector(arguments[0]).click()", &[json!(control)]);
    }
    window.wait_for_code();
    examine(&window, "a code at twice the size");
    assert_eq!(window.run(BESIDE, &[]), json!([]), "a code at twice the size has something beside the window");
}

/// Escape, as the driver has it.
const ESCAPE: &str = "\u{e00c}";

#[test]
fn axe_finds_nothing_serious_about_files_backups_and_receipts() {
    let desk = Desk::with_service();
    for name in ["light", "dark"] {
        desk.does(["mint", "orders", "--for", name, "--yes"]);
    }
    let note = desk.keep("note.txt", b"the sea is calm");
    let (note, sealed) = (note.to_str().unwrap(), desk.keycap.home().path().join("note.txt.age"));
    let backup = desk.keycap.home().path().join("backup.age");
    desk.does(["vault", "backup", "--to", "operator", "--output", backup.to_str().unwrap()]);
    let bob = Keycap::without_keyring();
    let key_file = bob.home().path().join("vault-key");
    drop(bob.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded());
    drop(bob.run(["key", "new", "bob"]).succeeded());
    let card = desk.keep("bob.keycap", bob.run(["share", "key:bob", "--reveal"]).succeeded().stdout.as_bytes());
    let window = desk.open();
    for theme in ["light", "dark"] {
        go(&window, "settings");
        window.choose("[data-field=theme]", theme);
        window.click("[data-action='vault.restore']");
        window.click("dialog [data-action=choose]");
        desk.display.name_file("Restore a backup", &backup);
        window.wait_for_text("dialog", "Type restore to confirm");
        examine(&window, &format!("an opened backup, {theme}"));
        window.click("dialog header button");

        desk.hand_over(&[note]);
        window.wait_for_text("dialog", "note.txt");
        examine(&window, &format!("sealing, {theme}"));
        if sealed.exists() {
            window.click("dialog header button");
        } else {
            window.click("dialog [data-recipient='key:operator']");
            window.click("dialog [data-action=confirm]");
        }
        go(&window, "files");
        window.wait_for_text("[data-task=seal][data-ended=true]", "note.txt");
        examine(&window, &format!("what was sealed, {theme}"));
        desk.hand_over(&[sealed.to_str().unwrap()]);
        window.wait_for_text("dialog [data-look]", "operator");
        examine(&window, &format!("opening, {theme}"));
        window.click("dialog header button");
        window.click(".head [data-action=reseal]");
        desk.display.name_file("Choose what to seal or open", &sealed);
        window.wait_for_text("dialog [data-looked]", "operator");
        examine(&window, &format!("resealing, {theme}"));
        window.click("dialog header button");

        desk.hand_over(&[card.to_str().unwrap()]);
        window.wait_for_text("dialog [data-find]", "bob");
        examine(&window, &format!("a card that was found, {theme}"));
        window.click("dialog header button");

        go(&window, "grants");
        window.click(&format!("[data-grant={theme}]"));
        window.click("aside [data-action=share]");
        window.click("dialog input[value=code]");
        window.click("[data-field=understood]");
        window.click("dialog [data-action=confirm]");
        window.wait_for_code();
        examine(&window, &format!("a code, {theme}"));
        window.click("dialog [data-action=done]");
        window.click("aside [data-action=revoke]");
        window.fill("dialog [data-field=typed]", theme);
        window.click("dialog [data-action=confirm]");
        window.wait_for_text("dialog h2", "Revoked");
        examine(&window, &format!("a receipt, {theme}"));
        window.click("dialog header button");
    }
}

#[test]
fn axe_finds_nothing_serious_where_there_is_nothing_yet() {
    let desk = Desk::empty();
    desk.does(["vault", "init", "--keyring"]);
    let window = desk.open();
    for screen in SCREENS {
        go(&window, screen);
        examine(&window, &format!("{screen} with nothing in it"));
    }
}

#[test]
fn nothing_moves_for_whoever_wants_it_still() {
    let desk = Desk::with_service();
    let moving = "return [...document.querySelectorAll('*')].filter((one) => ['', '::before', '::after'].some((part) => {
        const style = getComputedStyle(one, part || null);
        const lasts = (times) => times.split(',').some((time) => parseFloat(time) > 0);
        return (style.animationName !== 'none' && lasts(style.animationDuration)) || lasts(style.transitionDuration);
    })).map((one) => one.outerHTML.slice(0, 120))";
    let still = "return matchMedia('(prefers-reduced-motion: reduce)').matches";
    let window = desk.open();
    window.press_ctrl("k");
    window.wait_for_text("dialog", "New key");
    assert_eq!(window.run(still, &[]), json!(false));
    // The page has nothing that moves; what a later one could have is held still, too.
    let planted = "document.querySelector('h1').style.transition = 'opacity 1s'";
    window.run(planted, &[]);
    assert_ne!(window.run(moving, &[]), json!([]), "it moves for everybody else");
    drop(window);

    // Where the desktop keeps it: the web view reads it from the toolkit.
    let folder = desk.keycap.home().path().join("config/gtk-3.0");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("settings.ini"), "[Settings]\ngtk-enable-animations=false\n").unwrap();
    let window = desk.open();
    assert_eq!(window.run(still, &[]), json!(true));
    window.press_ctrl("k");
    window.wait_for_text("dialog", "New key");
    window.run(planted, &[]);
    assert_eq!(window.run(moving, &[]), json!([]));
}

#[test]
fn the_size_is_changed_by_key_and_remembered() {
    let desk = Desk::with_service();
    let window = desk.open();
    let width = |window: &Window| window.run("return innerWidth", &[]).as_f64().unwrap();
    let usual = width(&window);
    let becomes = |window: &Window, what: &str, there: &dyn Fn(f64) -> bool| wait_until(Duration::from_secs(10), what, || there(width(window)));
    window.press_ctrl("-");
    becomes(&window, "the page is drawn smaller", &|now| now > usual + 1.0);
    window.press_ctrl("0");
    becomes(&window, "the page has its usual size", &|now| (now - usual).abs() <= 1.0);
    window.press_ctrl("+");
    becomes(&window, "the page is drawn larger", &|now| now < usual - 1.0);
    drop(window);
    let window = desk.open();
    becomes(&window, "the page is as large as it was left", &|now| now < usual - 1.0);
}
