//! What opens a vault besides passphrases and keyrings: an age identity, a key file.

use std::fs;

use keycap_tests::{Age, Keycap};

use crate::accessible::examine;
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
    for theme in ["light", "dark"] {
        go(&window, "settings");
        window.choose("[data-field=theme]", theme);
        window.click("[data-action='vault.passwd']");
        window.click("dialog input[value=recipients]");
        window.fill("dialog [data-field=recipients]", "age1nobody");
        window.click("dialog [data-action=confirm]");
        window.wait_for_text("dialog [data-toast=bad]", "age1nobody");
        examine(&window, &format!("another way to unlock that is none, {theme}"));
        window.click("dialog header button");
    }
}

#[test]
fn a_credential_of_systemd_opens_the_vault_of_a_unit_and_without_one_the_dialog_says_what_is_missing() {
    let mut desk = Desk::with_service();
    let window = desk.open();
    go(&window, "settings");
    window.click("[data-action='vault.convert']");
    window.click("dialog input[value=credential]");
    window.click("dialog [data-action=confirm]");
    window.wait_for_text("dialog [data-toast=bad]", "LoadCredentialEncrypted=keycap-vault-key");
    drop(window);

    // What systemd hands over is what `keycap` makes as a key file.
    let folder = desk.keycap.home().path().join("credentials");
    fs::create_dir(&folder).unwrap();
    let maker = Keycap::without_keyring();
    let credential = folder.join("keycap-vault-key");
    drop(maker.run(["vault", "init", "--sealed", "file", "--key-file", credential.to_str().unwrap()]).succeeded());
    desk.keycap = desk.keycap.with_credentials(&folder);
    let window = desk.open();
    go(&window, "settings");
    window.click("[data-action='vault.convert']");
    window.click("dialog input[value=credential]");
    window.click("dialog [data-action=confirm]");
    window.wait_gone("dialog");
    window.wait_for_text("main", "credential");
    window.press_ctrl("l");
    window.wait_for_text("h1", "keycap is locked");
    window.click("[data-action=unlock]");
    window.wait_for_text("nav [aria-current=page]", "Settings");
    desk.does(["key", "new", "another"]);
    fs::remove_file(&credential).unwrap();
    let refused = desk.keycap.run(["key", "new", "third"]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("keycap-vault-key"), "{}", refused.stderr);
}
