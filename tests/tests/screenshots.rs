//! The pictures in `assets/`, drawn from the real program:
//!
//! ```sh
//! cargo nextest run -p keycap-tests --test screenshots --run-ignored only
//! ```
#![expect(clippy::unwrap_used, reason = "a script fails by panicking")]

use std::fs;
use std::time::Duration;

use keycap_tests::{Display, Keycap, PrivateKeyring, Size, Terminal, Theme, Window, workspace};

const MOMENT: Duration = Duration::from_secs(20);
const WINDOW: Size = Size { columns: 130, rows: 32 };

/// A vault as an operator has it after some weeks.
fn operator(keycap: Keycap) -> Keycap {
    let key = keycap.home().path().join("vault-key").display().to_string();
    let bob = Keycap::without_keyring();
    let bobs_key = bob.home().path().join("vault-key").display().to_string();
    let _ = bob.run(["vault", "init", "--sealed", "file", "--key-file", &bobs_key]).succeeded();
    let _ = bob.run(["key", "new", "bob"]).succeeded();
    let card = bob.home().path().join("bob.keycap");
    let shown = bob.run(["key", "list", "--json"]).succeeded().stdout;
    let text = shown.split("\"card\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    fs::write(&card, text).unwrap();
    let card = card.display().to_string();
    for arguments in [
        &["vault", "init", "--sealed", "file", "--key-file", &key][..],
        &["key", "new", "operator"],
        &["add", &card],
        &["service", "new", "orders", "--hint", "db.example.net:7000"],
        &["service", "new", "metrics", "--hint", "metrics.example.net:7000"],
        &["service", "new", "git-mirror", "--hint", "git.example.net:7000"],
        &["mint", "orders", "--for", "alice", "--expires", "30d", "--yes"],
        &["share", "alice", "--reveal"],
        &["share", "alice", "--name", "alice-laptop", "--reveal"],
        &["share", "alice", "--name", "alice-phone", "--reveal"],
        &["mint", "orders", "--for", "deploy-bot", "--holder", "bob", "--expires", "12d", "--yes"],
        &["mint", "orders", "--for", "on-call", "--expires", "2h", "--yes"],
        &["mint", "metrics", "--for", "grafana", "--expires", "90d", "--yes"],
        &["mint", "metrics", "--for", "old-laptop", "--expires", "90d", "--yes"],
        &["revoke", "old-laptop", "--reason", "left", "--yes"],
        &["mint", "git-mirror", "--for", "ci@runner", "--expires", "7d", "--yes"],
    ] {
        let _ = keycap.run(arguments.iter().copied()).succeeded();
    }
    keycap
}

#[test]
#[ignore = "writes the pictures of assets/ anew"]
fn the_pictures_of_the_terminal_interface() {
    let keycap = operator(Keycap::without_keyring());
    let folder = workspace::root().join("assets");
    fs::create_dir_all(&folder).unwrap();
    let mut command = keycap.command::<&str>([]);
    command.env("COLORTERM", "truecolor");
    let terminal = Terminal::open(WINDOW, &command);
    terminal.wait_for("Needs a look", MOMENT);
    let draw = |name: &str| fs::write(folder.join(name), terminal.screen().drawing(Theme::Dark)).unwrap();
    terminal.press(&["4"]);
    terminal.wait_for("git-mirror", MOMENT);
    terminal.press(&["End", "Up", "Up"]);
    terminal.wait_for("▸ alice", MOMENT);
    draw("terminal-grants.svg");
    terminal.press(&["x"]);
    terminal.wait_for("Stops working now: 3", MOMENT);
    draw("terminal-revoke.svg");
}

#[test]
#[ignore = "writes the pictures of assets/ anew"]
fn the_pictures_of_the_desktop_app() {
    let display = Display::with_room();
    let bus = PrivateKeyring::without_provider();
    let keycap = operator(Keycap::on(&bus).with_display(&display));
    let folder = workspace::root().join("assets");
    let window = Window::open(&keycap, &display);
    for theme in ["light", "dark"] {
        window.click("[data-screen=settings]");
        window.choose("[data-field=theme]", theme);
        window.click("[data-screen=grants]");
        window.click("[data-grant=alice]");
        window.wait_for_text("aside h2", "alice");
        fs::write(folder.join(format!("desktop-grants-{theme}.png")), window.screenshot()).unwrap();
    }
    window.click("aside [data-action=revoke]");
    window.wait_for_text("dialog", "Stops working now");
    fs::write(folder.join("desktop-revoke-dark.png"), window.screenshot()).unwrap();
}
