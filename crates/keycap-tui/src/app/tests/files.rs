//! Files: chosen, sealed, opened, given other readers.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use keycap_vault::files::{Existing, Folding, Form, Input, Output, SealJob, SealTo};
use keycap_vault::{NoPrompts, SealFrom};

use super::shown;
use crate::stage::Stage;
use crate::task::files::{FileTask, Work};
use crate::task::{Job, TaskHandle};

#[test]
fn sealing() {
    shown("seal", |stage| stage.press("5 Space Space Space S Tab b"));
}

#[test]
fn opening() {
    shown("open", |stage| stage.press("5 Down O"));
}

#[test]
fn other_readers() {
    shown("reseal", |stage| {
        stage.press("5 Down R b o b Tab Tab Tab Enter");
    });
}

#[test]
fn what_is_sealed_opens_again_and_nothing_is_written_over() {
    let mut stage = Stage::populated();
    let home = stage.home();
    let before = fs::read(home.join("notes.txt")).unwrap();
    stage.press("5 Down Down");
    assert!(stage.screen().contains("▸ notes.txt"), "{}", stage.screen());
    stage.press("S Tab b o b");
    assert!(stage.screen().contains("notes.txt, 1.20 kB, is sealed to bob and"), "{}", stage.screen());
    assert!(stage.screen().contains("keycap seal -r bob /home/me/notes.txt"), "{}", stage.screen());
    stage.press("Tab Tab Tab Tab Tab Enter");
    assert_eq!(stage.started.len(), 1, "{}", stage.screen());
    stage.work();
    let sealed = fs::read(home.join("notes.txt.age")).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    assert!(stage.screen().contains("notes.txt.age"), "the folder is read again: {}", stage.screen());
    stage.press("Down");
    assert!(stage.screen().contains("▸ notes.txt.age") && stage.screen().contains("Your key"), "{}", stage.screen());
    stage.press("O Tab Tab Tab Tab Tab Enter");
    stage.work();
    assert_eq!(fs::read(home.join("notes (2).txt")).unwrap(), before, "{}", stage.screen());
    assert_eq!(fs::read(home.join("notes.txt")).unwrap(), before);
}

#[test]
fn a_passphrase_is_typed_twice_to_seal_and_once_to_open_and_a_wrong_one_opens_nothing() {
    let mut stage = Stage::populated();
    let home = stage.home();
    stage.press("5 Down Down S Right Tab");
    stage.write("correct horse");
    stage.press("Tab");
    stage.write("correct mule");
    stage.press("Tab Tab Tab Enter");
    assert!(stage.started.is_empty() && stage.screen().contains("differ"), "{}", stage.screen());
    stage.press("Ctrl-u");
    stage.write("correct horse");
    assert!(!stage.screen().contains("correct"));
    stage.press("Tab Tab Tab Enter");
    stage.work();
    assert!(home.join("notes.txt.age").exists(), "{}", stage.screen());
    stage.press("Down O");
    stage.write("correct mule");
    stage.press("Tab Tab Tab Tab Tab Tab Enter");
    stage.work();
    assert!(!home.join("notes (2).txt").exists());
    stage.press("O");
    stage.write("correct horse");
    stage.press("Tab Tab Tab Tab Tab Tab Enter");
    stage.work();
    assert!(home.join("notes (2).txt").exists(), "{}", stage.screen());
    assert!(stage.started.iter().all(|job| !job.contains("correct")));
}

#[test]
fn a_card_s_text_a_file_of_recipients_and_an_identity_file_do_what_they_do_on_the_command_line() {
    let mut stage = Stage::populated();
    let home = stage.home();
    let before = fs::read(home.join("notes.txt")).unwrap();
    let identity = age::x25519::Identity::generate();
    let team = home.join("our team.txt");
    fs::write(&team, format!("# who reads\n{}\n\n{}\n", identity.to_public(), stage.vault.key("bob").unwrap().card)).unwrap();
    stage.press("5 r");
    stage.press("Down Down");
    assert!(stage.screen().contains("▸ notes.txt"), "{}", stage.screen());
    stage.press("S Tab");
    let operator = stage.vault.key("operator").unwrap().card;
    stage.write(&format!("{operator}, {}", team.display()));
    let screen = stage.screen();
    assert!(screen.contains("is sealed to operator (you), age1") && screen.contains("bob"), "{screen}");
    assert!(screen.contains("'") && screen.contains("our team.txt'"), "a path with a blank is quoted: {screen}");
    stage.press("Tab Tab Tab Tab Tab Enter");
    stage.work();
    assert!(home.join("notes.txt.age").exists(), "{}", stage.screen());

    // Whoever has the identity opens it; a locked one with its passphrase.
    let mut sealed = age::Encryptor::with_user_passphrase("correct horse".to_owned().into()).wrap_output(Vec::new()).unwrap();
    sealed.write_all(age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).as_bytes()).unwrap();
    let file = home.join("me.age");
    fs::write(&file, sealed.finish().unwrap()).unwrap();
    stage.press("Down O");
    stage.write(&file.display().to_string());
    assert!(stage.screen().contains("keycap open -i "), "{}", stage.screen());
    stage.press("Shift-Tab");
    stage.write("correct horse");
    stage.press("Tab Tab Tab Tab Tab Tab Enter");
    assert_eq!(stage.started.len(), 2, "{}", stage.screen());
    stage.work();
    assert_eq!(fs::read(home.join("notes (2).txt")).unwrap(), before, "{}", stage.screen());
}

#[test]
fn a_card_that_is_not_here_and_a_file_that_names_nobody_are_said_before_anything_is_sealed() {
    let mut stage = Stage::populated();
    let card = stage.vault.key("bob").unwrap().card;
    stage.vault.remove_key("bob").unwrap();
    stage.press("5 Down Down S Tab");
    stage.write(&card);
    assert!(stage.screen().contains("is not in this vault"), "{}", stage.screen());
    stage.press("Ctrl-u");
    stage.write("./no-such-file.txt");
    assert!(stage.screen().contains("there is no key, key card, group, capability or file named"), "{}", stage.screen());
}

#[test]
fn other_readers_are_given_only_after_a_yes() {
    let mut stage = Stage::populated();
    let file = stage.home().join("minutes.pdf.age");
    let before = fs::read(&file).unwrap();
    stage.press("5 Down R b o b Tab Tab Tab Enter");
    assert!(stage.screen().contains("Write the headers anew?"), "{}", stage.screen());
    stage.press("Enter");
    assert!(stage.started.is_empty());
    stage.press("Enter y");
    stage.work();
    let after = fs::read(&file).unwrap();
    assert!(after.len() > before.len(), "bob and the oldest key: {}", stage.screen());
}

#[test]
fn a_sender_is_shown_to_one_reader_and_the_vault_says_why_not_to_two() {
    let mut stage = Stage::populated();
    stage.press("5 Down Down S Tab b o b , o p e r a t o r Tab Tab Right Tab Tab Tab Tab Enter");
    assert!(stage.started.is_empty());
    assert!(stage.screen().contains("one recipient"), "{}", stage.screen());
}

#[test]
fn from_everywhere_one_is_led_to_the_files_and_marks_are_what_counts() {
    let mut stage = Stage::populated();
    stage.press("3 S");
    assert!(stage.screen().contains("choose a file here"), "{}", stage.screen());
    stage.press("Space Down v");
    assert!(stage.screen().contains("3 marked in /home/me"), "{}", stage.screen());
    stage.press("S");
    assert!(stage.screen().contains("Seal 3 files"), "{}", stage.screen());
    stage.press("Esc Esc");
    assert!(!stage.screen().contains("marked in"), "{}", stage.screen());
    stage.press("h");
    assert!(!stage.screen().contains("notes.txt"), "the folder above");
}

#[test]
fn hidden_files_show_when_they_are_asked_for() {
    let mut stage = Stage::populated();
    stage.press("5");
    assert!(!stage.screen().contains(".hidden"));
    stage.press(".");
    assert!(stage.screen().contains(".hidden"));
}

#[test]
fn a_task_that_is_cancelled_leaves_no_half_of_a_file() {
    let mut stage = Stage::populated();
    let home = stage.home();
    fs::write(home.join("large"), vec![7; 32 << 20]).unwrap();
    let to = SealTo { recipients: vec!["bob".into()], passphrase: None, from: SealFrom::default(), with_self: true, prompts: Arc::new(NoPrompts) };
    let recipients = stage.vault.file_recipients(&to).unwrap();
    let how = (Folding::Folders, Form::Binary, Existing::Number);
    let job = SealJob::plan(recipients, vec![Input::Path(home.join("large"))], Output::Beside, how).unwrap();
    let task = Box::new(FileTask { work: Work::Seal(job), vault: stage.vault.status().unwrap().folder.into() });
    let failure = task.run(&TaskHandle::new(Arc::new(AtomicBool::new(true)), Arc::new(|_| ()))).unwrap_err();
    assert_eq!(failure.code, "cancelled");
    let names = fs::read_dir(&home).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.contains("large.age")));
}
