//! What crosses between page and host, over a whole journey in two windows: nothing that is a secret.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use keycap_tests::{Age, Window};
use serde_json::{Value, json};

use crate::scenes::{Desk, first_run, go};

/// What is typed where a passphrase is asked for.
const PASSPHRASES: [&str; 3] = ["violet anchor backup", "copper lantern export", "silver harvest vault"];

/// Notes everything that the page asks and is answered, and every event that it is told.
pub(crate) const TRACE: &str = "window.keycapTestTrace = [];
const send = window.fetch;
window.fetch = async (...given) => {
    const body = given[1]?.body;
    window.keycapTestTrace.push([String(given[0]), typeof body === 'string' ? body : body ? new TextDecoder().decode(body) : '']);
    const answer = await send(...given);
    window.keycapTestTrace.push(['answer', await answer.clone().text()]);
    return answer;
};
const tauri = window.__TAURI_INTERNALS__;
const handler = tauri.transformCallback((event) => window.keycapTestTrace.push(['event', JSON.stringify(event)]));
tauri.invoke('plugin:event|listen', { event: 'keycap', target: { kind: 'Any' }, handler });";

/// What was noted since [`TRACE`] ran.
pub(crate) fn trace(window: &Window) -> String {
    window.run("return window.keycapTestTrace.map((one) => one.join(' ')).join('\\n')", &[]).as_str().unwrap().to_owned()
}

/// Something that must not cross.
#[derive(Debug)]
struct Secret {
    what: String,
    /// Looked for as it is, whatever the case of its letters.
    texts: Vec<String>,
    /// Looked for as it is.
    exact: Vec<String>,
}

impl Secret {
    fn text(what: impl Into<String>, text: &str) -> Self {
        // A code and a text of the same capability differ in what is in front.
        let text = text.trim().to_lowercase();
        Self { what: what.into(), texts: vec![text.strip_prefix("keycap:").unwrap_or(&text).to_owned()], exact: Vec::new() }
    }

    /// In hexadecimal, as a list of numbers, and in base64, wherever in something longer it stands.
    fn bytes(what: impl Into<String>, bytes: &[u8]) -> Self {
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        let in_base64 = |before: usize| {
            let shifted = [vec![0; before], bytes.to_vec()].concat();
            // The letters that are made of its bits alone.
            let own = (before * 8).div_ceil(6)..shifted.len() * 8 / 6;
            [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(&shifted)[own.clone()].to_owned())
        };
        let exact = (0..3).flat_map(in_base64).collect();
        Self { what: what.into(), texts: vec![hex::encode(bytes), numbers.join(",")], exact }
    }

    fn is_in(&self, trace: &str, lower: &str) -> bool {
        self.texts.iter().any(|text| lower.contains(text)) || self.exact.iter().any(|text| trace.contains(text))
    }
}

/// What of this is in the trace.
fn found<'a>(trace: &str, secrets: &'a [Secret]) -> Vec<&'a str> {
    let lower = trace.to_lowercase();
    secrets.iter().filter(|secret| secret.is_in(trace, &lower)).map(|secret| secret.what.as_str()).collect()
}

impl Desk {
    /// Every secret that rests in the vault: private keys, roots, the last secrets of capabilities. A backup has them all, and `age` opens it.
    fn secrets(&self) -> Vec<Secret> {
        let age = Age::debian();
        let home = self.keycap.home().path();
        let (identity, backup) = (home.join("identity.txt"), home.join("all.age"));
        let recipient = age.generate(&identity, &[]);
        self.does(["vault", "backup", "--to", &recipient, "--output", backup.to_str().unwrap()]);
        let mut secrets = vec![Secret::text("the identity that opens the backup", &secret_line(&identity))];
        for line in String::from_utf8(age.open(&identity, &backup)).unwrap().lines() {
            // The first line names the format.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            if let Some(secret) = line.get("secret") {
                let of = |field: &str| secret[field].as_str().unwrap().to_owned();
                secrets.push(Secret::bytes(format!("{} {}", of("kind"), of("label")), &hex::decode(of("bytes")).unwrap()));
            }
        }
        secrets
    }

    /// The text of the capability that was just copied.
    fn copied(&self) -> Secret {
        let text = self.display.clipboard().unwrap();
        assert!(text.to_lowercase().starts_with("keycap-secret-1"), "no capability was copied");
        Secret::text("what was copied", &text)
    }

    /// The text of a capability, as whoever has it would use it.
    fn capability(&self, target: &str) -> Secret {
        Secret::text(target, &self.keycap.run(["share", target, "--reveal", "--yes"]).succeeded().stdout)
    }
}

fn secret_line(identity: &Path) -> String {
    fs::read_to_string(identity).unwrap().lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned()
}

/// A server that sends back what it is sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
        }
    });
    address
}

/// Where a line listens, as its row says.
fn address_of(window: &Window, line: &str, what: &str) -> String {
    let selector = format!("[data-line={line}]");
    window.wait_for_text(&selector, what);
    window.text(&selector).split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().trim_end_matches(',').to_owned()
}

/// Shares what is selected, in one of the ways there are.
fn share(window: &Window, way: &str) {
    window.click("aside [data-action=share]");
    confirm_share(window, way);
}

fn confirm_share(window: &Window, way: &str) {
    window.click(&format!("dialog input[value={way}]"));
    if way != "sealed" {
        window.click("[data-field=understood]");
    }
    window.click("dialog [data-action=confirm]");
}

/// The operator's part: everything that is made and leaves, up to what alice takes in. The gateway, the picture of alice's capability, and its
/// text.
fn give(desk: &Desk, window: &Window, upstream: &str) -> (String, PathBuf, Secret) {
    let home = desk.keycap.home().path();
    window.fill("dialog [data-field=name]", "orders");
    window.click("dialog [data-action=confirm]");
    window.click("aside [data-action=serve]");
    window.fill("dialog [data-field=listen]", "127.0.0.1:0");
    window.fill("dialog [data-field=to]", upstream);
    window.click("dialog [data-action=confirm]");
    let gateway = address_of(window, "orders", "at 127.0.0.1:");

    window.press_ctrl("4");
    window.click(".head [data-action=mint]");
    window.fill("dialog [data-field=name]", "alice");
    window.wait_for_text("[data-sentence]", "Everything that orders offers");
    window.click("dialog [data-action=confirm]");
    confirm_share(window, "code");
    window.wait_for_code();
    window.click("dialog [data-action=done]");
    share(window, "copy");
    window.wait_for_text("[data-toast=good]", "clipboard");
    let copied = desk.copied();
    share(window, "sealed");
    desk.display.name_file("Save the sealed capability", &home.join("alice.age"));
    window.wait_for_text("[data-toast=good]", "alice.age");
    let picture = home.join("alice.png");
    share(window, "picture");
    desk.display.name_file("Save the QR code as a picture", &picture);
    window.wait_for_text("[data-toast=good]", "alice.png");
    let page = home.join("alice.pdf");
    share(window, "page");
    desk.display.name_file("Save the page to print", &page);
    window.wait_for_text("[data-toast=good]", "alice.pdf");
    // What lets somebody in is written for its owner alone.
    for secret in [&picture, &page] {
        assert_eq!(fs::metadata(secret).unwrap().permissions().mode() & 0o777, 0o600, "{}", secret.display());
    }
    assert!(fs::read(&page).unwrap().starts_with(b"%PDF-"));

    find(window, "operator");
    window.click("aside [data-action=share]");
    window.click("dialog input[value=card]");
    window.click("dialog [data-action=confirm]");
    desk.display.name_file("Save the card", &home.join("operator.keycap"));
    window.wait_for_text("[data-toast=good]", "operator.keycap");
    (gateway, picture, copied)
}

/// What an operator does for the day on which the machine is lost, and on which another takes over: the files that leave for alice.
fn keep_safe(desk: &Desk, window: &Window) -> [PathBuf; 2] {
    let home = desk.keycap.home().path();
    let [backed_up, exported, _] = PASSPHRASES;
    let [key, service, backup] = ["operator.age", "orders.age", "backup.age"].map(|name| home.join(name));
    for (what, action, name, file) in [("operator", "key.export", "operator", &key), ("orders", "service.export", "orders", &service)] {
        find(window, what);
        window.click(&format!("aside [data-action='{action}']"));
        window.fill("dialog [data-field=typed]", name);
        window.click("dialog [data-action=confirm]");
        desk.display.type_into("A passphrase for the file", &[exported, exported]);
        desk.display.name_file("Save the export", file);
        window.wait_for_text("[data-toast=good]", file.file_name().unwrap().to_str().unwrap());
        window.wait_gone("dialog");
    }
    go(window, "settings");
    window.click("[data-action=backup]");
    window.click("dialog [data-action=confirm]");
    desk.display.type_into("A passphrase for the backup", &[backed_up, backed_up]);
    desk.display.name_file("Save the backup", &backup);
    window.wait_for_text("dialog [data-backup]", "backup.age");
    window.click("dialog [data-action=done]");

    // What has gone since comes back.
    desk.does(["mint", "orders", "--for", "bob", "--yes"]);
    window.click("[data-action='vault.restore']");
    window.click("dialog [data-action=choose]");
    desk.display.name_file("Restore a backup", &backup);
    desk.display.type_into("Open the file", &[backed_up]);
    window.fill("dialog [data-field=typed]", "restore");
    window.click("dialog [data-action=confirm]");
    window.wait_gone("dialog");
    [key, service]
}

/// Seals a file to a key and opens it again.
fn seal_and_open(desk: &Desk, window: &Window) {
    let plain = desk.keep("report.txt", b"the quarter was fine\n");
    desk.hand_over(&[plain.to_str().unwrap()]);
    window.click("dialog [data-recipient='key:operator']");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=seal][data-ended=true]", "report.txt.age");
    desk.hand_over(&[plain.with_file_name("report.txt.age").to_str().unwrap()]);
    window.wait_for_text("dialog [data-fits]", "operator");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=open][data-ended=true]", "report");
}

/// Alice's part: she takes in what was given, uses it, hands it on, and takes over the operator's keys.
fn take(desk: &Desk, window: &Window, gateway: &str, picture: &Path, keys: &[PathBuf; 2]) -> Secret {
    desk.hand_over(&[picture.to_str().unwrap()]);
    window.wait_for_text("[data-find=capability]", "until");
    window.fill("[data-field=as]", "orders");
    window.fill("[data-field=gateway]", gateway);
    window.click("[data-action=accept]");
    window.click("aside [data-action=connect]");
    window.click("dialog [data-action=confirm]");
    let local = address_of(window, "orders", "Connected to");
    let mut stream = TcpStream::connect(local).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"hello").unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");

    go(window, "capabilities");
    window.click("aside [data-action=delegate]");
    window.fill("dialog [data-field=name]", "carol");
    window.wait_for_text("[data-sentence]", "Everything that");
    window.click("dialog [data-action=confirm]");
    confirm_share(window, "copy");
    window.wait_for_text("[data-toast=good]", "clipboard");
    let copied = desk.copied();

    for (verb, file, name) in [("import key", &keys[0], "operator"), ("import service", &keys[1], "orders")] {
        find(window, verb);
        window.click("dialog [data-action=choose]");
        desk.display.name_file("Take in an exported key or service", file);
        desk.display.type_into("Open the file", &[PASSPHRASES[1]]);
        window.wait_for_text("aside h2", name);
    }
    copied
}

/// Goes to what has this name, or does it.
fn find(window: &Window, what: &str) {
    window.press_ctrl("k");
    window.fill("[data-field=palette]", what);
    window.press("[data-field=palette]", "\u{e007}");
}

/// The vault gets a passphrase, is locked and opened with it.
fn lock_and_unlock(desk: &Desk, window: &Window) {
    let [_, _, passphrase] = PASSPHRASES;
    go(window, "settings");
    window.click("[data-action='vault.convert']");
    window.click("dialog input[value=passphrase]");
    window.click("dialog [data-action=confirm]");
    desk.display.type_into("A passphrase for the vault", &[passphrase, passphrase]);
    window.wait_gone("dialog");
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    window.click("[data-action=unlock]");
    desk.display.type_into("Unlock keycap", &[passphrase]);
    window.wait_gone("[data-action=unlock]");
}

#[test]
fn nothing_that_crosses_between_page_and_host_is_a_secret() {
    let (operator, alice) = (Desk::empty(), Desk::empty());
    let upstream = echo();
    let (window, hers) = (operator.open(), alice.open());
    for (window, name, aim) in [(&window, "operator", "serve"), (&hers, "alice", "look")] {
        window.wait_for_text("h1", "Welcome to keycap");
        window.run(TRACE, &[]);
        first_run(window, name, aim);
    }
    let card = alice.keycap.run(["share", "key:alice", "--reveal", "--yes"]).succeeded().stdout;
    let card = operator.keep("alice.keycap", card.as_bytes());
    operator.does(["add", card.to_str().unwrap(), "--yes"]);

    let (gateway, picture, given) = give(&operator, &window, &upstream);
    let keys = keep_safe(&operator, &window);
    seal_and_open(&operator, &window);
    let handed_on = take(&alice, &hers, &gateway, &picture, &keys);

    let mut secrets: Vec<Secret> = PASSPHRASES.iter().map(|one| Secret::text(format!("the passphrase {one}"), one)).collect();
    secrets.extend([given, handed_on]);
    for (desk, capabilities) in [(&operator, &["grant:orders/alice", "grant:orders/bob"][..]), (&alice, &["cap:orders", "cap:carol"])] {
        secrets.extend(desk.secrets());
        secrets.extend(capabilities.iter().map(|target| desk.capability(target)));
    }
    assert!(secrets.len() > 15, "{secrets:?}");
    go(&window, "grants");
    window.click("[data-grant=alice]");
    window.click("aside [data-action=revoke]");
    window.fill("dialog [data-field=typed]", "alice");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("dialog [data-applied=true]", "1 session cut");
    window.click("dialog footer button:last-child");
    lock_and_unlock(&operator, &window);

    // The picture of a code that a person asked for is the one exception, and it does not come this way: the page has a name for it, and the
    // picture is drawn from an address of its own, whose bytes no script can read (`hostile.rs`).
    let (his, hers_too) = (trace(&window), trace(&hers));
    for commands in [&his, &hers_too] {
        assert!(!commands.contains("<svg") && !commands.to_lowercase().contains("keycap-secret-1"));
    }
    let asked = "create_vault service_new serve mint share_code share_copy share_sealed share_picture share_page share_card export_sealed backup restore \
        files_seal files_open convert lock unlock revoke";
    for (trace, commands) in [(&his, asked), (&hers_too, "create_vault import_accept connect delegate share_copy import_sealed")] {
        for command in commands.split_whitespace() {
            assert!(trace.contains(&format!("ipc://localhost/{command} ")), "{command} was not noted");
        }
        assert!(trace.contains("event {"), "events were not noted");
        assert_eq!(found(trace, &secrets), [""; 0], "crossed into a page or out of it");
    }

    // The search finds what it looks for: each secret, sent in each form.
    for secret in &secrets {
        for form in secret.texts.iter().chain(&secret.exact) {
            let _ = window.run_async(SEND, &[json!(form)]);
        }
    }
    assert_eq!(found(&trace(&window), &secrets).len(), secrets.len());
}

/// Sends something across.
const SEND: &str = "const [what, done] = arguments;
window.__TAURI_INTERNALS__.invoke('touch', { what }).then(() => done(true), () => done(false));";
