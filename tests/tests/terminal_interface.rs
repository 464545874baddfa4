//! The terminal interface in a real terminal: what a person sees and presses, what other processes do meanwhile, and how it is left.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use keycap_tests::{Keycap, PrivateKeyring, Prompts, Running, Size, Terminal, Theme, wait_until};

const MOMENT: Duration = Duration::from_secs(20);
const WINDOW: Size = Size { columns: 100, rows: 30 };

/// A vault in a real keyring, with a key, a service and some grants.
fn vault(keyring: &PrivateKeyring) -> Keycap {
    let keycap = Keycap::on(keyring);
    for arguments in [
        &["vault", "init", "--keyring"][..],
        &["key", "new", "operator"],
        &["service", "new", "orders", "--hint", "db.example.net:7000"],
        &["mint", "orders", "--for", "alice", "--expires", "30d", "--yes"],
        &["mint", "orders", "--for", "deploy-bot", "--expires", "12h", "--yes"],
    ] {
        let _ = keycap.run(arguments.iter().copied()).succeeded();
    }
    keycap
}

fn open(keycap: &Keycap, size: Size, variables: &[(&str, &str)]) -> Terminal {
    let mut command = keycap.command::<&str>([]);
    command.envs(variables.iter().copied());
    let terminal = Terminal::open(size, &command);
    terminal.wait_for("Needs a look", MOMENT);
    terminal
}

#[test]
fn what_another_process_does_shows_within_a_second_and_a_revocation_needs_the_name() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let terminal = open(&keycap, WINDOW, &[]);
    terminal.press(&["4"]);
    terminal.wait_for("deploy-bot", MOMENT);
    let _ = keycap.run(["mint", "orders", "--for", "newcomer", "--yes"]).succeeded();
    terminal.wait_for("newcomer", Duration::from_secs(1));
    terminal.type_text("/alice");
    terminal.press(&["Enter"]);
    terminal.wait_for("/ alice", MOMENT);
    terminal.press(&["x"]);
    terminal.wait_for("Stops working now: 1", MOMENT);
    terminal.press(&["Enter", "Enter"]);
    terminal.type_text("alic");
    terminal.press(&["Enter"]);
    terminal.type_text("e");
    assert!(!keycap.run(["grants"]).stdout.contains("revoked"), "the name was not whole");
    terminal.press(&["Enter"]);
    terminal.wait_for("Gateways", MOMENT);
    assert!(keycap.run(["grants"]).stdout.contains("revoked"));
    terminal.press(&["Enter"]);
    terminal.wait_for("✗ revoked", MOMENT);
    // A letter right after Escape would be one with Alt held down.
    terminal.press(&["Escape"]);
    terminal.wait_for("deploy-bot", MOMENT);
    terminal.press(&["q"]);
    assert_eq!(terminal.wait_for_exit(MOMENT), 0);
}

#[test]
fn the_vault_locks_for_every_process_and_shows_nothing_until_it_is_unlocked() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let terminal = open(&keycap, WINDOW, &[]);
    terminal.press(&["4"]);
    terminal.wait_for("deploy-bot", MOMENT);
    terminal.press(&["L"]);
    let screen = terminal.wait_for("keycap is locked", MOMENT).text();
    assert!(!screen.contains("deploy-bot"), "{screen}");
    let _ = keycap.run(["mint", "orders", "--for", "bob", "--yes"]).exited(4);
    terminal.press(&["Enter"]);
    terminal.wait_for("deploy-bot", MOMENT);
    let _ = keycap.run(["mint", "orders", "--for", "bob", "--yes"]).succeeded();
}

#[test]
fn a_key_is_made_in_a_real_keyring_without_the_picture_standing_still() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let terminal = open(&keycap, WINDOW, &[]);
    terminal.press(&["2"]);
    terminal.wait_for("operator", MOMENT);
    terminal.press(&["n"]);
    terminal.wait_for("A new key", MOMENT);
    terminal.type_text("night-shift");
    terminal.press(&["Enter"]);
    terminal.wait_for("made the key night-shift", MOMENT);
    assert!(keycap.run(["key", "list"]).stdout.contains("night-shift"));
}

#[test]
fn whatever_ends_it_the_terminal_is_as_it_was_and_holds_nothing_of_the_vault() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    for signal in ["TERM", "HUP"] {
        // The shell says which process it is, and once it has the terminal back whether that still echoes as before.
        let script =
            format!("sh -c 'echo $$ > pid; exec {}'; stty -a | grep -o -e '-echo ' -e ' echo '; echo at the shell", Keycap::program().display());
        let terminal = Terminal::open(WINDOW, &keycap.around("sh", ["-c", &script]));
        terminal.wait_for("Needs a look", MOMENT);
        let process = fs::read_to_string(keycap.home().path().join("pid")).unwrap();
        let sent = Command::new("kill").args([&format!("-{signal}"), process.trim()]).status().unwrap();
        assert!(sent.success());
        let screen = terminal.wait_for("at the shell", MOMENT).text();
        assert!(screen.lines().any(|line| line.trim() == "echo"), "{screen}");
        assert!(!screen.contains("orders") && !screen.contains("operator"), "{screen}");
    }
}

#[test]
fn without_colours_the_selected_line_is_still_seen() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let terminal = open(&keycap, Size::CLASSIC, &[("NO_COLOR", "1")]);
    terminal.press(&["4"]);
    let screen = terminal.wait_for("▸ deploy-bot", MOMENT);
    assert!(screen.is_reversed("▸ deploy-bot"), "the line is reversed");
    assert!(!screen.has_colours());
}

#[test]
fn keys_that_contradict_each_other_are_an_error_at_start() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let folder = keycap.home().path().join("config/keycap");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("keys.toml"), "mint = \"j\"\n").unwrap();
    let terminal = Terminal::open(WINDOW, &keycap.command::<&str>([]));
    assert_eq!(terminal.wait_for_exit(MOMENT), 2);
    wait_until(MOMENT, "the error is shown", || terminal.screen().text().contains("the key j would mean both down and mint"));
}

#[test]
fn from_nothing_to_a_shared_code_in_under_a_minute_of_typing() {
    let keyring = PrivateKeyring::start();
    let keycap = Keycap::on(&keyring);
    let terminal = Terminal::open(WINDOW, &keycap.command::<&str>([]));
    terminal.wait_for("The system's keyring answers", MOMENT);
    let steps: &[(&str, &[&str], &str)] = &[
        ("", &["Enter", "Enter"], "Where secrets are to rest"),
        ("", &["Enter", "Enter"], "A key of your own"),
        ("", &["Enter", "Enter"], "A backup"),
        // Later.
        ("", &["Escape"], "Needs a look"),
        ("", &["3"], "No services yet."),
        ("", &["n"], "A new service"),
        ("orders", &["Enter", "Enter"], "made the service orders"),
        ("", &["m"], "Mint a capability for orders"),
        ("", &["Tab"], "For your records"),
        ("alice", &["Enter", "Enter", "Enter", "Enter", "Enter", "Enter"], "Whoever sees it has it."),
        ("", &["Enter"], "✓ minted alice for orders"),
        ("", &["s"], "Share alice"),
        ("", &["Down"], "(•) a QR code on the screen"),
        ("", &["Enter", "Enter"], "Type alice and press Enter:"),
        ("alice", &["Enter"], "Esc hide it"),
    ];
    // A second for each key is slow, and how fast this machine is says nothing about a person.
    let pressed: usize = steps.iter().map(|(text, keys, _)| text.len() + keys.len()).sum();
    assert!(pressed < 60, "{pressed} keys");
    for (text, keys, shows) in steps {
        terminal.type_text(text);
        terminal.press(keys);
        terminal.wait_for(shows, MOMENT);
    }
    // A picture may be taken while it is still being drawn.
    let mut screen = terminal.screen();
    wait_until(MOMENT, "a code that can be read", || {
        screen = terminal.screen();
        screen.picture(Theme::Dark).codes().len() == 1
    });

    // What a photograph of the screen shows is the capability.
    let photograph = keycap.home().path().join("screen.png");
    for theme in Theme::ALL {
        let picture = screen.picture(theme);
        assert!(matches!(picture.codes().as_slice(), [code] if code.starts_with("KEYCAP:KEYCAP-SECRET-1")), "zbarimg reads it on {theme:?}");
        picture.save(&photograph);
    }
    terminal.press(&["Escape"]);
    terminal.wait_for("● open", MOMENT);
    let holder = Keycap::on(&keyring);
    let _ = holder.run(["vault", "init", "--keyring"]).succeeded();
    let _ = holder.run(["add", photograph.to_str().unwrap(), "--name", "photographed", "--yes"]).succeeded();
    let services = keycap.run(["service", "list", "--json"]).succeeded().stdout;
    let fingerprint = services.split_once(r#""fingerprint":""#).and_then(|(_, rest)| rest.split('"').next()).unwrap();
    let held = holder.run(["caps", "photographed"]).succeeded().stdout;
    assert!(held.contains(fingerprint), "{fingerprint} in {held}");
}

/// Says back what it is told, until it is told no more.
fn echo() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let incoming = listener.try_clone().unwrap();
    thread::spawn(move || {
        for stream in incoming.incoming().map_while(Result::ok) {
            thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut &stream));
        }
    });
    listener
}

#[test]
fn a_revocation_cuts_a_session_while_its_row_is_watched() {
    let keyring = PrivateKeyring::start();
    let operator = vault(&keyring);
    let holder = Keycap::on(&keyring);
    let upstream = echo().local_addr().unwrap().to_string();
    let gateway = Running::start(&operator, &["serve", "orders", "--listen", "127.0.0.1:0", "--to", &upstream]);
    let text = operator.run(["share", "alice", "--reveal", "--yes"]).succeeded().stdout;
    let _ = holder.run(["vault", "init", "--keyring"]).succeeded();
    let _ = holder.run_with_input(["add", "-", "--name", "orders", "--gateway", &gateway.address().to_string(), "--yes"], &text).succeeded();

    let terminal = open(&operator, Size { columns: 140, rows: 40 }, &[]);
    terminal.press(&["4"]);
    terminal.wait_for("alice", MOMENT);
    terminal.type_text("/alice");
    terminal.press(&["Enter"]);
    let before = terminal.wait_for("/ alice", MOMENT).text();
    assert!(!before.contains("Live sessions"), "{before}");

    let connector = Running::start(&holder, &["connect", "orders", "--listen", "127.0.0.1:0"]);
    let mut stream = TcpStream::connect(connector.address()).unwrap();
    stream.set_read_timeout(Some(MOMENT)).unwrap();
    stream.write_all(b"still there?").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"still there?");
    terminal.wait_for("Live sessions 1", MOMENT);

    terminal.press(&["x"]);
    terminal.wait_for("Sessions cut: 1", MOMENT);
    terminal.press(&["Enter", "Enter"]);
    terminal.type_text("alice");
    terminal.press(&["Enter"]);
    // The session ends on both sides, and the row with it.
    let end = stream.read(&mut answer).map_err(|error| error.kind());
    assert!(matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset)), "{end:?}");
    terminal.wait_for("1 session cut", MOMENT);
    terminal.press(&["Enter"]);
    terminal.wait_for("✗ revoked", MOMENT);
    wait_until(MOMENT, "the session's row is gone", || !terminal.screen().text().contains("Live sessions"));
    let refused = holder.run(["run", "orders", "--", "true"]);
    assert_ne!(refused.code, Some(0), "{}", refused.stdout);
}

#[test]
fn over_ssh_what_is_copied_goes_to_the_clipboard_of_the_terminal() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    let shown = keycap.run(["key", "list", "--json"]).succeeded().stdout;
    let card = shown.split_once(r#""card":""#).and_then(|(_, rest)| rest.split('"').next()).unwrap();
    // tmux plays the terminal: the program is not to see that it is one.
    let mut command = keycap.around("env", ["-u", "TMUX"]);
    command.arg(Keycap::program()).env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.7 22");
    let terminal = Terminal::open(WINDOW, &command);
    terminal.wait_for("Needs a look", MOMENT);
    terminal.press(&["2"]);
    terminal.wait_for("▸ operator", MOMENT);
    terminal.press(&["y"]);
    terminal.wait_for("key card", MOMENT);
    terminal.press(&["2"]);
    terminal.wait_for("sent to the terminal's clipboard", MOMENT);
    wait_until(MOMENT, "the card is on the terminal's clipboard", || terminal.clipboard() == card);
}

#[test]
fn a_suspended_interface_gives_the_shell_its_terminal_and_takes_it_back() {
    let keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    // Job control, as a person's shell has it.
    let script = format!("set -m; {}; echo stopped for the shell; read answer; fg", Keycap::program().display());
    let terminal = Terminal::open(WINDOW, &keycap.around("sh", ["-c", &script]));
    terminal.wait_for("Needs a look", MOMENT);
    terminal.press(&["4"]);
    terminal.wait_for("deploy-bot", MOMENT);
    terminal.press(&["C-z"]);
    let screen = terminal.wait_for("stopped for the shell", MOMENT).text();
    assert!(!screen.contains("deploy-bot"), "{screen}");
    terminal.press(&["Enter"]);
    terminal.wait_for("deploy-bot", MOMENT);
    terminal.press(&["q"]);
    assert_eq!(terminal.wait_for_exit(MOMENT), 0);
    let screen = terminal.screen().text();
    assert!(!screen.contains("deploy-bot"), "{screen}");
}

#[test]
fn a_locked_keyring_is_said_with_the_way_out_and_nothing_typed_is_lost() {
    let mut keyring = PrivateKeyring::start();
    let keycap = vault(&keyring);
    keyring.treat_prompts(Prompts::Refused);
    keyring.lock();
    let terminal = open(&keycap, WINDOW, &[]);
    terminal.press(&["2"]);
    terminal.wait_for("operator", MOMENT);
    terminal.press(&["n"]);
    terminal.wait_for("A new key", MOMENT);
    terminal.type_text("night-shift");
    terminal.press(&["Enter"]);
    let screen = terminal.wait_for("✗ the keyring is locked", MOMENT).text();
    assert!(screen.contains("Unlock the keyring") && screen.contains("night-shift"), "{screen}");
    keyring.unlock();
    terminal.press(&["Enter"]);
    terminal.wait_for("made the key night-shift", MOMENT);
}
