//! What other processes do to the same vault shows within a second: the command line, the terminal interface, a gateway.

use std::cell::RefCell;
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use keycap_tests::{Keycap, Running, Size, Terminal};

use crate::journey::{fetch, page_server};
use crate::scenes::{Desk, go};

const SECOND: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_secs(20);
/// Something else may take the machine for a while, and nothing is wrong with keycap then: it has to be in time once in so many times.
const TRIES: usize = 5;

/// Does something until what comes of it is seen within a second; that it is seen at all, `done` sees to. It gives the moment at which it was
/// done, and `seen` waits for it.
#[track_caller]
fn within_a_second(what: &str, mut done: impl FnMut(usize) -> Instant, mut seen: impl FnMut(usize)) {
    let mut took = Vec::new();
    while took.last().is_none_or(|last| *last > SECOND) {
        assert!(took.len() < TRIES, "{what} was never seen within a second: {took:?}");
        let begun = done(took.len());
        seen(took.len());
        took.push(begun.elapsed());
    }
}

#[test]
fn a_window_follows_the_command_line_and_the_terminal_interface_within_a_second() {
    let desk = Desk::with_service();
    let window = desk.open();
    go(&window, "grants");
    window.wait_for_text("main", "Nothing was granted yet");
    within_a_second(
        "what the command line minted",
        |number| {
            desk.does(["mint", "orders", "--for", &format!("guest-{number}"), "--yes"]);
            Instant::now()
        },
        |number| window.wait_for_text("[role=tree]", &format!("guest-{number}")),
    );

    go(&window, "keys");
    let terminal = Terminal::open(Size { columns: 100, rows: 30 }, &desk.keycap.command::<&str>([]));
    terminal.wait_for("Needs a look", MOMENT);
    terminal.press(&["2"]);
    terminal.wait_for("operator", MOMENT);
    within_a_second(
        "the key that the terminal interface made",
        |number| {
            terminal.press(&["n"]);
            terminal.wait_for("A new key", MOMENT);
            terminal.type_text(&format!("shift-{number}"));
            terminal.press(&["Enter"]);
            terminal.wait_for(&format!("▸ shift-{number}"), MOMENT);
            Instant::now()
        },
        |number| window.wait_for_text("main", &format!("shift-{number}")),
    );
    // And what the window does, the terminal shows.
    within_a_second(
        "the name that the window gave",
        |number| {
            window.click("aside [data-action='key.rename']");
            window.fill("dialog [data-field=to]", &format!("desk-{number}"));
            window.click("dialog [data-action=confirm]");
            window.wait_for_text("aside h2", &format!("desk-{number}"));
            Instant::now()
        },
        |number| drop(terminal.wait_for(&format!("desk-{number}"), MOMENT)),
    );
}

#[test]
fn a_session_at_a_gateway_shows_within_a_second_and_a_revocation_cuts_it_within_one() {
    let desk = Desk::with_service();
    let upstream = page_server();
    let gateway = Running::start(&desk.keycap, &["serve", "orders", "--listen", "127.0.0.1:0", "--to", &upstream]);
    let alice = Keycap::without_keyring();
    let key_file = alice.home().path().join("vault-key");
    drop(alice.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded());
    let mut connector: Option<(Running, TcpStream)> = None;
    let window = desk.open();
    go(&window, "connections");
    window.wait_for_text("[data-sessions]", "No session is open");

    let connect = |name: &str| {
        desk.does(["mint", "orders", "--for", name, "--yes"]);
        let text = desk.keycap.run(["share", name, "--reveal", "--yes"]).succeeded().stdout;
        let add = ["add", "-", "--name", name, "--gateway", &gateway.address().to_string(), "--yes"];
        drop(alice.run_with_input(add, &text).succeeded());
        let connector = Running::start(&alice, &["connect", name, "--listen", "127.0.0.1:0"]);
        let mut stream = TcpStream::connect(connector.address()).unwrap();
        assert!(fetch(&mut stream).unwrap().ends_with("hello"));
        (connector, stream)
    };
    within_a_second(
        "a session that began",
        |number| {
            connector = Some(connect(&format!("visit-{number}")));
            Instant::now()
        },
        |number| window.wait_for_text("[data-sessions]", &format!("visit-{number}")),
    );
    within_a_second(
        "a session that ended",
        |number| {
            if number > 0 {
                connector = Some(connect(&format!("back-{number}")));
                window.wait_for_text("[data-sessions]", &format!("back-{number}"));
            }
            connector = None;
            Instant::now()
        },
        |_| window.wait_for_text("[data-sessions]", "No session is open"),
    );

    let cut = RefCell::new(Vec::new());
    within_a_second(
        "the end of a session that was revoked",
        |number| {
            let name = format!("leaving-{number}");
            let (connector, stream) = connect(&name);
            if number > 0 {
                window.click("dialog [data-action=done]");
            }
            go(&window, "grants");
            window.fill("[data-filter]", &name);
            window.click(&format!("[data-grant={name}]"));
            window.wait_for_text("aside h2", &name);
            window.click("aside [data-action=revoke]");
            window.wait_for_text("dialog", &name);
            window.fill("dialog [data-field=typed]", &name);
            let begun = Instant::now();
            window.click("dialog [data-action=confirm]");
            cut.borrow_mut().push((connector, stream));
            begun
        },
        |number| {
            let mut cut = cut.borrow_mut();
            let (_, stream) = cut.get_mut(number).unwrap();
            stream.set_read_timeout(Some(MOMENT)).unwrap();
            // The end of the stream, or an error: either way nothing comes any more. A time-out is no end.
            let ended = stream.read(&mut [0; 1]);
            assert!(!matches!(&ended, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "the session was not cut");
            assert!(!matches!(ended, Ok(1..)), "the session answers");
        },
    );
    window.wait_for_text("dialog [data-applied=true]", "1 session cut");
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}
