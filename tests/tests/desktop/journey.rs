//! From nothing to a capability on the screen, into a second vault, used, and revoked while it is in use.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use keycap_tests::Window;

use crate::crossing::{TRACE, trace};
use crate::scenes::{Desk, first_run, go};

/// A server that answers each line with a page.
pub(crate) fn page_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut room = [0; 1024];
                while stream.read(&mut room).is_ok_and(|length| length > 0) {
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Asks for the page over a connection that stays open.
pub(crate) fn fetch(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: orders\r\n\r\n").ok()?;
    let mut page = Vec::new();
    let mut room = [0; 1024];
    while !page.ends_with(b"hello") {
        match stream.read(&mut room) {
            Ok(0) | Err(_) => return None,
            Ok(length) => page.extend_from_slice(room.get(..length)?),
        }
    }
    String::from_utf8(page).ok()
}

#[test]
fn a_capability_goes_from_one_window_to_another_and_ends_when_it_is_revoked() {
    let (operator, alice) = (Desk::empty(), Desk::empty());
    let upstream = page_server();

    // The operator: from nothing to a gateway and a code on the screen.
    let window = operator.open();
    first_run(&window, "operator", "serve");
    window.fill("dialog [data-field=name]", "orders");
    window.click("dialog [data-action=confirm]");
    window.click("aside [data-action=serve]");
    window.fill("dialog [data-field=listen]", "127.0.0.1:0");
    window.fill("dialog [data-field=to]", &upstream);
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-line=orders][data-running=true]", "at 127.0.0.1:");
    let shown = window.text("[data-line=orders]");
    let gateway = shown.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().trim_end_matches(',').to_owned();

    window.press_ctrl("4");
    window.click(".head [data-action=mint]");
    window.fill("dialog [data-field=name]", "alice");
    window.wait_for_text("[data-sentence]", "Everything that orders offers");
    window.click("dialog [data-action=confirm]");
    window.click("[data-field=understood]");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("dialog [data-sentence]", "Everything that orders offers");
    let (picture, code) = operator.photograph_code(&window);
    assert!(code.starts_with("KEYCAP:KEYCAP-SECRET-1"));
    window.click("dialog [data-action=done]");

    // Alice photographs the screen: the picture is named when her window is opened.
    let photograph = alice.keep("photograph.png", &std::fs::read(&picture).unwrap());
    let hers = alice.open();
    first_run(&hers, "alice", "look");
    drop(hers);
    let hers = Window::open_with(&alice.keycap, &alice.display, &[photograph.to_str().unwrap()]);
    hers.wait_for_text("[data-find=capability]", "until");
    hers.fill("[data-field=as]", "orders");
    hers.fill("[data-field=gateway]", &gateway);
    hers.click("[data-action=accept]");
    hers.click("aside [data-action=connect]");
    hers.click("dialog [data-action=confirm]");
    hers.wait_for_text("[data-line=orders]", "Connected to");
    let shown = hers.text("[data-line=orders]");
    let local = shown.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().trim_end_matches(',').to_owned();
    let mut stream = TcpStream::connect(&local).unwrap();
    assert!(fetch(&mut stream).unwrap().ends_with("hello"));

    // The operator sees the session, revokes, and sees it cut.
    go(&window, "connections");
    window.wait_for_text("[data-sessions]", "alice");
    go(&window, "grants");
    window.click("[data-grant=alice]");
    window.click("aside [data-action=revoke]");
    window.wait_for_text("dialog", "alice");
    window.fill("dialog [data-field=typed]", "alice");
    window.click("dialog [data-action=confirm]");
    let revoked = Instant::now();
    window.wait_for_text("dialog [data-applied=true]", "1 session cut");
    assert!(fetch(&mut stream).is_none(), "the session was cut, and yet it answers");
    assert!(revoked.elapsed() < Duration::from_secs(10));
    hers.wait_for_text("[data-line=orders]", "refuses");

    assert_eq!(window.policy_violations(), serde_json::json!([]));
    assert_eq!(hers.policy_violations(), serde_json::json!([]));
}

#[test]
fn a_window_follows_the_lock_of_the_command_line() {
    let desk = Desk::with_service();
    let window = desk.open();
    go(&window, "grants");
    window.wait_for_text("main", "Nothing was granted yet");
    desk.does(["mint", "orders", "--for", "bob", "--yes"]);
    window.wait_for_text("[role=tree]", "bob");
    desk.does(["vault", "lock"]);
    window.wait_for_text("h1", "keycap is locked");
    assert!(!window.text("body").contains("bob"));
    window.click("[data-action=unlock]");
    window.wait_for_text("[role=tree]", "bob");
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    let refused = desk.keycap.run(["key", "new", "other"]).exited(4);
    assert!(refused.stderr.contains("locked"), "{}", refused.stderr);
}

#[test]
fn a_vault_without_a_keyring_is_sealed_under_a_passphrase_that_the_page_never_has() {
    let desk = Desk::without_keyring();
    let window = desk.open();
    window.wait_for_text("h1", "Welcome to keycap");
    window.run(TRACE, &[]);
    assert!(window.run("return document.querySelector('input[value=keyring]').disabled", &[]).as_bool().unwrap());
    window.click("[data-action=next]");
    desk.display.type_into("A passphrase for the vault", &["correct horse battery", "correct horse battery"]);
    window.fill("[data-field=key-name]", "operator");
    window.click("[data-action=next]");
    window.click("input[value=look]");
    window.click("[data-action=next]");
    window.wait_for_text("h1", "Overview");
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    window.click("[data-action=unlock]");
    desk.display.type_into("Unlock keycap", &["wrong horse battery"]);
    window.wait_for_text("[data-toast=bad]", "passphrase");
    window.click("[data-action=unlock]");
    desk.display.type_into("Unlock keycap", &["correct horse battery"]);
    window.wait_for_text("h1", "Overview");
    let trace = trace(&window);
    assert!(trace.contains("create_vault") && trace.contains("unlock"), "{trace}");
    assert!(!trace.contains("horse"), "the passphrase crossed into the page");
}
