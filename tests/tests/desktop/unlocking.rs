//! What opens a vault besides passphrases and keyrings: an age identity, a key file.

use std::fs;

use keycap_tests::Age;

use crate::scenes::{Desk, go};

#[test]
fn the_secrets_are_moved_under_an_identity_which_alone_opens_them_afterwards() {
    let desk = Desk::with_service();
    let home = desk.keycap.home().path();
    let recipient = Age::debian().generate(&home.join("mine.txt"), &[]);
    let _ = Age::debian().generate(&home.join("other.txt"), &[]);
    let window = desk.open();
    go(&window, "settings");
    window.click("[data-action='vault.convert']");
    window.click("dialog input[value=recipients]");
    window.fill("dialog [data-field=recipients]", &recipient);
    window.click("dialog [data-action=confirm]");
    window.wait_gone("dialog");
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    window.click("[data-action=unlock]");
    desk.display.name_file("An age identity that opens the vault", &home.join("other.txt"));
    window.wait_for_text("[data-toast=bad]", "identit");
    window.wait_for_text("h1", "keycap is locked");
    window.click("[data-action=unlock]");
    desk.display.name_file("An age identity that opens the vault", &home.join("mine.txt"));
    window.wait_for_text("nav [aria-current=page]", "Settings");
    // What needs the secrets can be done.
    go(&window, "keys");
    window.click(".head [data-action='key.new']");
    window.fill("dialog [data-field=name]", "another");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("aside h2", "another");
}

#[test]
fn a_key_file_that_is_gone_is_named_and_opens_the_vault_once_it_is_back() {
    let desk = Desk::without_keyring();
    let key = desk.keycap.home().path().join("server.key");
    desk.does(["vault", "init", "--sealed", "file", "--key-file", key.to_str().unwrap()]);
    desk.does(["key", "new", "operator"]);
    let away = key.with_extension("away");
    fs::rename(&key, &away).unwrap();
    let window = desk.open();
    // What is no secret can be read all the same.
    go(&window, "keys");
    window.wait_for_text("aside h2", "operator");
    window.click(".head [data-action='key.new']");
    window.fill("dialog [data-field=name]", "another");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("dialog [data-toast=bad]", "server.key");
    fs::rename(&away, &key).unwrap();
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("aside h2", "another");
}
