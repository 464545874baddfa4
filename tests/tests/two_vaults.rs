//! An operator and two holders, each with a vault in a real keyring: mint, QR code, take in, delegate, reach PostgreSQL, be refused, revoke.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keycap_core::capability::Capability;
use keycap_core::chain::Chain;
use keycap_core::text::Text;
use keycap_tests::{Keycap, Postgres, PrivateKeyring, Running, require, wait_until};
use serde_json::Value;

const MOMENT: Duration = Duration::from_secs(20);

struct Story {
    keyring: PrivateKeyring,
    postgres: Postgres,
    operator: Keycap,
    alice: Keycap,
    gateway: Running,
}

impl Story {
    /// An operator who serves PostgreSQL as the target `db`, and a holder with a vault.
    fn begin() -> Self {
        let keyring = PrivateKeyring::start();
        let postgres = Postgres::start();
        let operator = vault(&keyring);
        let alice = vault(&keyring);
        ok(&operator, &["service", "new", "orders"]);
        let upstream = format!("db={}", postgres.address());
        let gateway = Running::start(&operator, &["serve", "orders", "--listen", "127.0.0.1:0", "--to", &upstream]);
        Self { keyring, postgres, operator, alice, gateway }
    }

    /// Mints for `name` and lets `who` take it in under the same name.
    fn grant(&self, who: &Keycap, name: &str, options: &[&str]) {
        ok(&self.operator, &[&["mint", "orders", "--for", name, "--yes"], options].concat());
        let text = ok(&self.operator, &["share", &format!("grant:{name}"), "--reveal", "--yes"]);
        self.take_in(who, name, &text);
    }

    fn take_in(&self, who: &Keycap, name: &str, text: &str) {
        let _ = who.run_with_input(["add", "-", "--name", name, "--gateway", &self.gateway.address().to_string(), "--yes"], text).succeeded();
    }

    /// `psql` through `keycap run`.
    fn psql(&self, who: &Keycap, capability: &str, sql: &str) -> keycap_tests::Outcome {
        let psql = ["psql", "--no-psqlrc", "-At", "-q", "-U", "postgres", "-d", "postgres", "-w", "-c", sql];
        who.run([&["run", capability, "--target", "db", "--"], &psql[..]].concat())
    }
}

fn vault(keyring: &PrivateKeyring) -> Keycap {
    let keycap = Keycap::on(keyring);
    ok(&keycap, &["vault", "init", "--keyring"]);
    keycap
}

fn ok(keycap: &Keycap, arguments: &[&str]) -> String {
    keycap.run(arguments).succeeded().stdout
}

fn json(keycap: &Keycap, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(keycap, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn a_capability_goes_by_qr_code_from_vault_to_vault_and_reaches_postgres() {
    let story = Story::begin();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("alice.png");
    let picture = picture.to_str().unwrap();
    ok(&story.operator, &["mint", "orders", "--for", "alice", "--allow", "db", "--yes"]);
    ok(&story.operator, &["share", "alice", "--png", picture, "--yes"]);

    // What zbarimg reads and what keycap reads are the same capability.
    let read = Command::new(require("zbarimg", "zbar-tools")).args(["--quiet", "--raw", picture]).output().unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    assert!(read.starts_with("KEYCAP:KEYCAP-SECRET-1"), "zbarimg reads no capability");
    let _ = story.alice.run(["add", picture, "--name", "orders", "--gateway", &story.gateway.address().to_string(), "--yes"]).succeeded();
    let again = story.alice.run_with_input(["add", "-", "--yes"], &read).exited(1);
    assert!(again.stderr.contains("already"), "{}", again.stderr);

    let answer = story.psql(&story.alice, "orders", "select 6 * 7").succeeded();
    assert_eq!(answer.stdout.trim(), "42");

    // The same through a connector that stays.
    let connector = Running::start(&story.alice, &["connect", "orders", "--target", "db", "--listen", "127.0.0.1:0"]);
    for number in 0..3 {
        let output = Postgres::psql_at("127.0.0.1", connector.address().port()).args(["-c", &format!("select {number} + 1")]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), (number + 1).to_string());
    }

    let grants = json(&story.operator, &["grants", "orders"]);
    let grant = &grants["data"]["rows"][0]["grant"];
    assert_eq!(grant["name"], "alice");
    assert!(grant["usage"]["uses"].as_u64().unwrap() >= 2, "{grant}");
    ok(&story.operator, &["log", "--verify"]);
}

#[test]
fn a_printed_page_is_read_by_its_code_and_by_typing_what_is_on_it() {
    let story = Story::begin();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("alice.pdf");
    ok(&story.operator, &["mint", "orders", "--for", "alice", "--allow", "db", "--yes"]);
    ok(&story.operator, &["share", "alice", "--pdf", page.to_str().unwrap(), "--yes"]);
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    let poppler = |program: &str, arguments: &[&str]| {
        let output = Command::new(require(program, "poppler-utils")).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // A sheet is scanned at 150 dots an inch if nobody says otherwise.
    poppler("pdftoppm", &["-r", "150", "-png", "-singlefile", "alice.pdf", "scan"]);
    let scan = folder.path().join("scan.png");
    let _ =
        story.alice.run(["add", scan.to_str().unwrap(), "--name", "orders", "--gateway", &story.gateway.address().to_string(), "--yes"]).succeeded();
    assert_eq!(story.psql(&story.alice, "orders", "select 6 * 7").succeeded().stdout.trim(), "42");

    let read = poppler("pdftotext", &["-layout", "alice.pdf", "-"]);
    assert!(read.contains("alice\n") && read.contains("CAPABILITY - SECRET"), "{read}");
    let grants = json(&story.operator, &["grants", "orders"]);
    let grant = &grants["data"]["rows"][0]["grant"];
    assert!(read.contains(grant["rid"].as_str().unwrap()), "{read}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&read).contains(&words(grant["allows"].as_str().unwrap())), "{read}");
    // What somebody types who has nothing but the sheet.
    let is_typed =
        |line: &&str| !line.is_empty() && line.split(' ').all(|group| group.len() <= 4 && !group.contains(|c: char| c.is_ascii_lowercase()));
    let typed: Vec<_> = read.lines().filter(is_typed).collect();
    let again = story.alice.run_with_input(["add", "-", "--yes"], &typed.join("\n")).exited(1);
    assert!(again.stderr.contains("already"), "{}", again.stderr);

    // Cards are printed, too, and say that they are no secret.
    ok(&story.operator, &["share", "service:orders", "--pdf", folder.path().join("card.pdf").to_str().unwrap()]);
    assert!(poppler("pdftotext", &["card.pdf", "-"]).contains("Nothing on this page is secret."));
}

#[test]
fn a_capability_delegated_twice_offline_with_and_without_a_holder_reaches_postgres() {
    let story = Story::begin();
    let bob = vault(&story.keyring);
    ok(&bob, &["key", "new", "bob"]);
    let card = ok(&bob, &["share", "key:bob", "--reveal"]);
    let _ = story.alice.run_with_input(["add", "-", "--name", "bob", "--yes"], &card).succeeded();
    story.grant(&story.alice, "orders", &["--allow", "db"]);
    ok(&story.alice, &["delegate", "orders", "--for", "reports", "--expires", "1d", "--yes"]);
    ok(&story.alice, &["delegate", "reports", "--for", "bobs-reports", "--holder", "bob", "--yes"]);
    let text = ok(&story.alice, &["share", "bobs-reports", "--reveal", "--yes"]);
    story.take_in(&bob, "reports", &text);

    assert_eq!(story.psql(&story.alice, "reports", "select 1").succeeded().stdout.trim(), "1");
    assert_eq!(story.psql(&bob, "reports", "select 2").succeeded().stdout.trim(), "2");
    // Bound to bob's key: of no use to whoever else sees it, alice who made it included.
    let refused = story.psql(&story.alice, "bobs-reports", "select 3");
    assert_ne!(refused.code, Some(0));
    assert!(!refused.stdout.contains('3'));

    let grants = json(&story.operator, &["grants", "orders"]);
    let depths: Vec<_> = grants["data"]["rows"].as_array().unwrap().iter().map(|row| row["depth"].as_u64().unwrap()).collect();
    assert_eq!(depths, [0, 1, 2], "the gateway has met both delegations");
}

#[test]
fn what_a_capability_does_not_allow_is_refused_with_exit_3_and_the_reason() {
    let story = Story::begin();
    story.grant(&story.alice, "elsewhere", &["--allow", "web"]);
    let refused = story.psql(&story.alice, "elsewhere", "select 1").exited(3);
    assert!(refused.stderr.contains("not allowed"), "{}", refused.stderr);

    story.grant(&story.alice, "short", &["--allow", "db", "--expires", "3s"]);
    assert_eq!(story.psql(&story.alice, "short", "select 1").succeeded().stdout.trim(), "1");
    std::thread::sleep(Duration::from_secs(4));
    let refused = story.psql(&story.alice, "short", "select 1").exited(3);
    assert!(refused.stderr.contains("expired"), "{}", refused.stderr);

    // Bound to the operator's own key, which alice does not have.
    ok(&story.operator, &["key", "new", "operator"]);
    story.grant(&story.alice, "not-mine", &["--allow", "db", "--holder", "operator"]);
    let refused = story.psql(&story.alice, "not-mine", "select 1");
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("key"), "{}", refused.stderr);

    story.grant(&story.alice, "gone", &["--allow", "db"]);
    ok(&story.operator, &["revoke", "gone", "--reason", "test", "--yes"]);
    let refused = story.psql(&story.alice, "gone", "select 1").exited(3);
    assert!(refused.stderr.contains("revoked"), "{}", refused.stderr);
}

/// A `psql` that stays connected, to which statements are given one by one.
struct LiveSql {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl LiveSql {
    fn start(port: u16) -> Self {
        let mut command = Postgres::psql_at("127.0.0.1", port);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (send, lines) = std::sync::mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    /// The answer to a statement, or `None` if the connection is gone.
    fn ask(&mut self, sql: &str) -> Option<String> {
        writeln!(self.child.stdin.as_mut().unwrap(), "{sql};").ok()?;
        self.lines.recv_timeout(MOMENT).ok()
    }
}

impl Drop for LiveSql {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn revoking_the_middle_link_cuts_the_childs_live_session_and_leaves_the_parents() {
    let story = Story::begin();
    story.grant(&story.alice, "orders", &["--allow", "db"]);
    ok(&story.alice, &["delegate", "orders", "--for", "middle", "--yes"]);
    ok(&story.alice, &["delegate", "middle", "--for", "leaf", "--yes"]);
    let connect = |name: &str| Running::start(&story.alice, &["connect", name, "--target", "db", "--listen", "127.0.0.1:0"]);
    let (parent, child) = (connect("orders"), connect("leaf"));
    let (mut parents, mut childs) = (LiveSql::start(parent.address().port()), LiveSql::start(child.address().port()));
    assert_eq!(parents.ask("select 1").as_deref(), Some("1"));
    assert_eq!(childs.ask("select 2").as_deref(), Some("2"));

    let rows = json(&story.operator, &["grants", "orders"]);
    let middle = rows["data"]["rows"].as_array().unwrap().iter().find(|row| row["depth"] == 1).unwrap()["grant"]["rid"].clone();
    let middle = middle.as_str().unwrap();
    let preview = json(&story.operator, &["revoke", middle, "--dry-run"]);
    assert_eq!(preview["data"]["dies_total"], 2);
    assert_eq!(preview["data"]["live_sessions"].as_array().unwrap().len(), 1);

    let begun = Instant::now();
    let receipt = json(&story.operator, &["revoke", middle, "--reason", "leaked", "--yes"]);
    assert_eq!(receipt["data"]["pending"], 0, "{receipt}");
    assert_eq!(receipt["data"]["gateways"][0]["sessions_cut"], 1, "{receipt}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    wait_until(MOMENT, "the child's psql has lost its connection", || childs.child.try_wait().unwrap().is_some() || childs.ask("select 3").is_none());
    assert_eq!(parents.ask("select 4").as_deref(), Some("4"), "the parent's session lives on");
    assert!(story.postgres.address().port() > 0);

    // And a new attempt with the child is refused.
    let refused = story.psql(&story.alice, "leaf", "select 5").exited(3);
    assert!(refused.stderr.contains("revoked"), "{}", refused.stderr);
}

/// The same chain key under other blocks.
fn with_blocks(held: &Capability, blocks: &[Vec<u8>]) -> String {
    let chain = Chain::of_encoded_blocks(blocks.iter().map(Vec::as_slice)).unwrap();
    Capability::from_parts(*held.service(), chain, held.key().duplicate(), vec![]).to_text().unwrap().expose().to_owned()
}

#[test]
fn a_chain_that_was_tampered_with_lets_nobody_in() {
    let story = Story::begin();
    story.grant(&story.alice, "orders", &["--allow", "db"]);
    ok(&story.alice, &["delegate", "orders", "--for", "one", "--expires", "2h", "--yes"]);
    ok(&story.alice, &["delegate", "one", "--for", "two", "--expires", "1h", "--yes"]);
    let text = ok(&story.alice, &["share", "two", "--reveal", "--yes"]);
    let Text::Capability(held) = Text::parse(&text).unwrap() else { unreachable!("a capability was shared") };
    let blocks: Vec<Vec<u8>> = held.chain().blocks().iter().map(|block| block.bytes().to_vec()).collect();
    let [grant, one, two] = blocks.as_slice() else { unreachable!("it has a grant and two links") };

    let mallory = vault(&story.keyring);
    let mut later = two.clone();
    // The expiry is the last value of the link's only caveat: a later one would be worth something.
    *later.last_mut().unwrap() ^= 1;
    let (swapped, stripped) = (vec![grant.clone(), two.clone(), one.clone()], vec![grant.clone(), one.clone()]);
    for (what, blocks) in [("edited", vec![grant.clone(), one.clone(), later]), ("swapped", swapped), ("stripped", stripped)] {
        story.take_in(&mallory, what, &with_blocks(&held, &blocks));
        let refused = story.psql(&mallory, what, "select 1");
        assert!(refused.code != Some(0) && refused.stdout.is_empty(), "{what}: {refused:?}");
    }

    // A link with a caveat of a later version is a link like any other, and never holds.
    let unknown = [&[0x83, 0x02, 0x48][..], &[7; 8], &[0xa1, 0x0c, 0x00]].concat();
    let text = held.with_block(&unknown).unwrap().to_text().unwrap();
    story.take_in(&mallory, "unknown", text.expose());
    let refused = story.psql(&mallory, "unknown", "select 1").exited(3);
    assert!(refused.stderr.contains("caveat"), "{}", refused.stderr);
    // Untouched, it still works.
    assert_eq!(story.psql(&story.alice, "two", "select 1").succeeded().stdout.trim(), "1");
}
