//! The harness itself: each part does what the journeys trust it to do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use keycap_tests::{Display, Home, Keycap, Nginx, Postgres, PrivateKeyring, Prompts, Redis, Size, Sshd, Terminal, Theme, require, wait_until};
use qrcode::{Color, EcLevel, QrCode};

const MOMENT: Duration = Duration::from_secs(20);

#[test]
#[should_panic(expected = "apt-get install no-such-package")]
fn a_missing_program_stops_the_test_and_names_its_package() {
    let _ = require("no-such-program-anywhere", "no-such-package");
}

#[test]
#[should_panic(expected = "gave up waiting until pigs fly")]
fn waiting_ends_at_its_deadline() {
    wait_until(Duration::from_millis(20), "pigs fly", || false);
}

#[test]
fn a_home_hides_the_environment_of_who_runs_the_tests() {
    let home = Home::new();
    let output = home.command("env").output().unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = seen.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    for expected in ["HOME", "PATH", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
        assert!(names.contains(&expected), "{seen}");
    }
    assert!(!names.iter().any(|name| name.starts_with("CARGO") || name.starts_with("DBUS") || *name == "DISPLAY"), "{seen}");
}

#[test]
fn keycap_is_built_and_run_in_a_home_of_its_own() {
    let keycap = Keycap::without_keyring();
    let version = keycap.run(["--version"]).succeeded();
    assert_eq!(version.stdout, format!("keycap {}\n", env!("CARGO_PKG_VERSION")));
    assert!(Keycap::program().is_absolute());
    let refused = keycap.run_with_input(["no-such-verb"], &"x".repeat(1 << 20)).exited(2);
    assert!(refused.stderr.contains("no-such-verb"), "{}", refused.stderr);
}

#[test]
#[should_panic(expected = "--- stderr")]
fn an_unexpected_exit_status_shows_what_was_printed() {
    let _ = Keycap::without_keyring().run(["no-such-verb"]).succeeded();
}

#[test]
fn a_private_keyring_keeps_locks_and_loses_secrets() {
    let keyring = PrivateKeyring::start();
    assert!(!keyring.is_locked());
    assert_eq!(secret_tool(&keyring, &["store", "--label", "keycap: test", "application", "keycap"], "seven").0, Some(0));
    assert_eq!(secret_tool(&keyring, &["lookup", "application", "keycap"], ""), (Some(0), "seven".into()));

    let items = keyring.items();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].label, "keycap: test");
    assert_eq!(items[0].attributes.get("application").map(String::as_str), Some("keycap"));

    keyring.lock();
    assert!(keyring.is_locked());
    assert_ne!(secret_tool(&keyring, &["lookup", "application", "keycap"], "").1, "seven");
    keyring.unlock();
    assert_eq!(secret_tool(&keyring, &["lookup", "application", "keycap"], "").1, "seven");

    keyring.delete(&items[0]);
    assert_eq!(keyring.items(), []);
}

#[test]
fn two_private_keyrings_share_nothing() {
    let (mine, yours) = (PrivateKeyring::start(), PrivateKeyring::start());
    assert_eq!(secret_tool(&mine, &["store", "--label", "mine", "of", "me"], "seven").0, Some(0));
    assert_eq!(secret_tool(&yours, &["lookup", "of", "me"], "").1, "");
    assert_eq!(yours.items(), []);
}

#[test]
fn a_prompt_is_dismissed_or_left_on_the_screen() {
    let mut keyring = PrivateKeyring::start();
    assert_eq!(secret_tool(&keyring, &["store", "--label", "x", "a", "b"], "seven").0, Some(0));
    keyring.lock();

    keyring.treat_prompts(Prompts::Refused);
    assert_eq!(secret_tool(&keyring, &["lookup", "a", "b"], "").1, "", "a dismissed prompt gives nothing");
    assert_eq!(keyring.prompts_seen(), 1);

    keyring.treat_prompts(Prompts::Unanswered);
    let mut waiting = secret_tool_command(&keyring, &["lookup", "a", "b"]).spawn().unwrap();
    wait_until(MOMENT, "the prompt is on the screen", || keyring.prompts_seen() == 2);
    std::thread::sleep(Duration::from_millis(500));
    assert!(waiting.try_wait().unwrap().is_none(), "an unanswered prompt keeps its caller waiting");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}

#[test]
fn a_keyring_can_go_away() {
    let mut keyring = PrivateKeyring::start();
    keyring.delete_login();
    assert_ne!(secret_tool(&keyring, &["store", "--label", "x", "a", "b"], "seven").0, Some(0), "there is no collection to store in");
    keyring.stop_provider();
    assert_ne!(secret_tool(&keyring, &["lookup", "a", "b"], "").0, Some(0));

    let bare = PrivateKeyring::without_provider();
    assert_ne!(secret_tool(&bare, &["lookup", "a", "b"], "").0, Some(0));
}

#[test]
fn a_terminal_runs_types_and_ends() {
    let mut cat = Command::new("sh");
    cat.args(["-c", "printf 'name? '; read name; printf 'hello %s in %s\\n' \"$name\" \"$PLACE\"; stty size; exit 7"]).env("PLACE", "Köln");
    let terminal = Terminal::open(Size { columns: 100, rows: 30 }, &cat);
    terminal.wait_for("name?", MOMENT);
    terminal.type_text("Ada $HOME; Enter");
    terminal.press(&["Enter"]);
    assert_eq!(terminal.wait_for_exit(MOMENT), 7);
    assert_eq!(terminal.screen().text(), "name? Ada $HOME; Enter\nhello Ada $HOME; Enter in Köln\n30 100");
}

#[test]
fn a_picture_of_a_terminal_can_be_scanned_on_both_themes() {
    let text = "KEYCAP-SECRET-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("code");
    // Black on white by explicit colours, as a program must do that does not know the terminal.
    std::fs::write(&file, half_blocks(text, "\x1b[38;2;0;0;0m\x1b[48;2;255;255;255m")).unwrap();
    let mut show = Command::new("sh");
    show.arg("-c").arg("cat \"$0\"; sleep 60").arg(&file);
    let terminal = Terminal::open(Size::CLASSIC, &show);
    let screen = terminal.wait_for("end", MOMENT);
    for theme in Theme::ALL {
        let picture = screen.picture(theme);
        assert_eq!(picture.codes(), [text], "{theme:?}");
    }
    assert_ne!(screen.picture(Theme::Dark), screen.picture(Theme::Light), "the themes differ around the code");
}

#[test]
fn a_picture_shows_that_a_code_without_colours_fails_on_one_theme() {
    let text = "KEYCAP";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("code");
    std::fs::write(&file, half_blocks(text, "")).unwrap();
    let mut show = Command::new("sh");
    show.arg("-c").arg("cat \"$0\"; sleep 60").arg(&file);
    let screen = Terminal::open(Size::CLASSIC, &show).wait_for("end", MOMENT);
    assert_eq!(screen.picture(Theme::Light).codes(), [text]);
    assert_eq!(screen.picture(Theme::Dark).codes(), Vec::<String>::new(), "an inverted code is not read");
}

#[test]
fn a_display_has_a_clipboard_of_its_own() {
    let (mine, yours) = (Display::start(), Display::start());
    assert_ne!(mine.name(), yours.name());
    assert_eq!(mine.clipboard(), None);
    mine.copy("seven ⚿");
    assert_eq!(mine.clipboard().as_deref(), Some("seven ⚿"));
    assert!(mine.clipboard_forms().contains(&"UTF8_STRING".into()));
    assert_eq!(yours.clipboard(), None);
}

#[test]
fn postgres_answers_on_tcp_and_on_its_socket() {
    let postgres = Postgres::start();
    for mut psql in [postgres.psql(), Postgres::psql_at(postgres.socket().parent().unwrap().to_str().unwrap(), postgres.address().port())] {
        let output = psql.args(["-c", "select 6 * 7"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_dropped_server_is_gone_though_a_client_was_connected() {
    let postgres = Postgres::start();
    let address = postgres.address();
    let mut client = postgres.psql().args(["-c", "select pg_sleep(60)"]).spawn().unwrap();
    let active = "select count(*) from pg_stat_activity where query like '%sleep(60)%' and pid <> pg_backend_pid()";
    wait_until(MOMENT, "the client is connected", || postgres.psql().args(["-c", active]).output().unwrap().stdout == b"1\n");
    drop(postgres);
    assert!(TcpStream::connect(address).is_err());
    assert!(!client.wait().unwrap().success());
}

#[test]
fn redis_answers() {
    let redis = Redis::start();
    assert_eq!(Redis::ask(redis.address(), &["SET", "key", "cap"]), "OK");
    assert_eq!(Redis::ask(redis.address(), &["GET", "key"]), "cap");
    let mut stream = UnixStream::connect(redis.socket()).unwrap();
    stream.write_all(b"GET key\r\n").unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"$3\r\ncap\r\n");
}

#[test]
fn nginx_serves_its_files_and_tells_its_requests() {
    let nginx = Nginx::serving(&[("index.html", "front"), ("reports/may.txt", "sunny")]);
    assert!(get(TcpStream::connect(nginx.address()).unwrap(), "/").ends_with("\r\n\r\nfront"));
    assert!(get(UnixStream::connect(nginx.socket()).unwrap(), "/reports/may.txt").ends_with("\r\n\r\nsunny"));
    assert!(get(TcpStream::connect(nginx.address()).unwrap(), "/none").starts_with("HTTP/1.1 404"));
    wait_until(MOMENT, "the requests are logged", || nginx.requests() == ["GET / 200", "GET /reports/may.txt 200", "GET /none 404"]);
}

#[test]
fn sshd_lets_in_its_own_key_only() {
    let sshd = Sshd::start();
    let there = |address: SocketAddr| ["-o".into(), format!("HostName={}", address.ip()), "-p".into(), address.port().to_string()];
    let output = sshd.ssh().args(there(sshd.address())).args([Sshd::HOST, "echo", "inside"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "inside\n", "{}", String::from_utf8_lossy(&output.stderr));

    let stranger = Sshd::start();
    let output = stranger.ssh().args(there(sshd.address())).args([Sshd::HOST, "true"]).output().unwrap();
    assert!(!output.status.success(), "another server's keys were accepted");
}

/// The code in half blocks with a quiet zone of four modules, light modules drawn by the background.
fn half_blocks(text: &str, colours: &str) -> String {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
    let width = code.width();
    let dark = |x: usize, y: usize| {
        let inside = |v: usize| v.checked_sub(4).filter(|v| *v < width);
        inside(x).zip(inside(y)).is_some_and(|at| code[at] == Color::Dark)
    };
    let mut drawn = String::new();
    for y in (0..width + 8).step_by(2) {
        drawn.push_str(colours);
        drawn.extend((0..width + 8).map(|x| match (dark(x, y), dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        }));
        drawn.push_str("\x1b[0m\n");
    }
    drawn + "end"
}

fn get(mut stream: impl Read + Write, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn secret_tool_command(keyring: &PrivateKeyring, arguments: &[&str]) -> Command {
    let home = Home::new();
    let mut command = home.command(require("secret-tool", "libsecret-tools"));
    // The home is gone when this returns; the program needs none.
    command.current_dir("/").args(arguments).env("DBUS_SESSION_BUS_ADDRESS", keyring.address());
    command
}

/// Exit status and output.
fn secret_tool(keyring: &PrivateKeyring, arguments: &[&str], input: &str) -> (Option<i32>, String) {
    use std::process::Stdio;
    let mut child = secret_tool_command(keyring, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn variables_of_a_home_lie_inside_it() {
    let home = Home::new();
    let variables: HashMap<_, _> = home.variables().collect();
    assert!(variables.values().all(|folder| folder.starts_with(home.path()) && folder.is_dir()));
}
