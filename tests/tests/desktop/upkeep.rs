//! What an operator does besides granting: groups, other recipients for files, secrets that move, keys that travel, a picture of the tree.

use std::fs;

use keycap_tests::{Keycap, Window};

use crate::scenes::{Desk, go};

const PASSPHRASE: &str = "correct horse battery staple";

impl Desk {
    /// Takes in the card of somebody with a vault of their own.
    fn knows(&self, name: &str) {
        let other = Keycap::without_keyring();
        let key_file = other.home().path().join("vault-key");
        drop(other.run(["vault", "init", "--sealed", "file", "--key-file", key_file.to_str().unwrap()]).succeeded());
        drop(other.run(["key", "new", name]).succeeded());
        let card = other.run(["share", &format!("key:{name}"), "--reveal", "--yes"]).succeeded().stdout;
        let card = self.keep(&format!("{name}.keycap"), card.as_bytes());
        self.does(["add", card.to_str().unwrap(), "--yes"]);
    }

    /// What the command line says in JSON.
    fn says<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        self.keycap.run(arguments).succeeded().stdout
    }
}

#[test]
fn files_are_given_to_a_group_and_a_change_is_taken_back() {
    let desk = Desk::with_service();
    desk.knows("bob");
    let plain = desk.keep("report.txt", b"the quarter was fine\n");
    desk.does(["seal", "-r", "operator", plain.to_str().unwrap()]);
    let sealed = plain.with_file_name("report.txt.age");

    let window = desk.open();
    go(&window, "keys");
    window.click(".head [data-action='group.new']");
    window.fill("dialog [data-field=name]", "team");
    window.click("dialog [data-recipient=bob]");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("aside [data-member=bob]", "bob");

    go(&window, "files");
    window.click(".head [data-action=reseal]");
    desk.display.name_file("Choose what to seal or open", &sealed);
    window.wait_for_text("dialog [data-looked]", "operator");
    window.click("dialog [data-recipient='group:team']");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("[data-task=reseal][data-ended=true]", "report.txt.age");
    let inspected = desk.says(["inspect", "--json", sealed.to_str().unwrap()]);
    assert_eq!(inspected.matches("\"meaning\"").count(), 2, "bob, and whoever sealed it: {inspected}");

    go(&window, "keys");
    window.click("[data-group=team]");
    window.click("aside [data-member=bob] button");
    window.wait_for_text("aside", "Nobody is in it yet");
    window.press_ctrl("z");
    window.wait_for_text("aside [data-member=bob]", "bob");
    window.click("aside [data-action='group.remove']");
    window.wait_gone("[data-group=team]");
    window.press_ctrl("z");
    window.wait_for_text("[data-group=team]", "team");
    assert_eq!(window.policy_violations(), serde_json::json!([]));
}

#[test]
fn secrets_move_and_a_key_travels_in_a_sealed_file() {
    let desk = Desk::with_service();
    let window = desk.open();
    go(&window, "settings");
    window.click("[data-action='vault.convert']");
    window.click("dialog input[value=passphrase]");
    window.click("dialog [data-action=confirm]");
    desk.display.type_into("A passphrase for the vault", &[PASSPHRASE, PASSPHRASE]);
    window.wait_for_text("[data-toast=good]", "a passphrase unlocks them");
    window.wait_gone("dialog");

    // What unlocks them is changed; a file that is made for it is no more than its owner's.
    window.click("[data-action='vault.passwd']");
    window.click("dialog input[value=new-key-file]");
    window.click("dialog [data-action=confirm]");
    let key_file = desk.keycap.home().path().join("vault-key");
    desk.display.name_file("A new key file, outside of the vault's folder", &key_file);
    wait_for_protection(&window, "the key file");
    assert!(desk.says(["vault", "status", "--json"]).contains("by a key file"));

    go(&window, "keys");
    window.click("aside [data-action='key.export']");
    window.fill("dialog [data-field=typed]", "operator");
    window.click("dialog [data-action=confirm]");
    desk.display.type_into("A passphrase for the file", &[PASSPHRASE, PASSPHRASE]);
    let exported = desk.keycap.home().path().join("operator.age");
    desk.display.name_file("Save the export", &exported);
    window.wait_for_text("[data-toast=good]", "operator.age");
    assert!(fs::read(&exported).unwrap().starts_with(b"age-encryption.org/v1"));

    let fingerprint = desk.says(["key", "show", "operator", "--json"]);
    desk.does(["key", "remove", "operator", "--confirm", "operator"]);
    window.wait_for_text("main", "No keys yet");
    window.press_ctrl("k");
    window.fill("[data-field=palette]", "import key");
    window.press("[data-field=palette]", "\u{e007}");
    window.click("dialog [data-action=choose]");
    desk.display.name_file("Take in an exported key or service", &exported);
    desk.display.type_into("Open the file", &[PASSPHRASE]);
    window.wait_for_text("aside h2", "operator");
    let again = desk.says(["key", "show", "operator", "--json"]);
    let of = |json: &str| json.split("\"fingerprint_full\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(of(&fingerprint), of(&again));
}

fn wait_for_protection(window: &Window, what: &str) {
    window.wait_gone("dialog");
    window.wait_for_text("main", what);
}

#[test]
fn the_tree_is_saved_as_a_picture() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--expires", "30d", "--yes"]);
    let secret = desk.keycap.run(["share", "alice", "--reveal", "--yes"]).succeeded().stdout;
    desk.does(["share", "alice", "--name", "alice-phone", "--reveal", "--yes"]);
    let window = desk.open();
    go(&window, "grants");
    window.wait_for_text("main [role=status]", "2 grants");
    window.click("[data-grant=alice-phone]");
    window.click(".head [data-action=picture]");
    let file = desk.keycap.home().path().join("tree.svg");
    desk.display.name_file("Save the picture", &file);
    window.wait_for_text("[data-toast=good]", "tree.svg");
    let svg = fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains(">alice</text>") && svg.contains(">alice-phone</text>") && svg.contains(">orders</text>"), "{svg}");
    assert!(!svg.contains(secret.trim()) && !svg.to_lowercase().contains("keycap-secret"));
}
