//! The small dialogs.

use std::time::Duration;

use super::shown;
use crate::stage::Stage;

#[test]
fn a_new_key() {
    shown("new-key", |stage| stage.press("2 n"));
}

#[test]
fn a_new_service_without_a_name() {
    shown("new-service", |stage| stage.press("3 n Enter Enter"));
}

#[test]
fn addresses_of_a_service() {
    shown("addresses", |stage| stage.press("3 End a"));
}

#[test]
fn where_the_service_of_a_capability_is() {
    shown("gateway", |stage| {
        stage.press("c :");
        stage.write("gateway");
        stage.press("Enter");
    });
}

#[test]
fn other_root_secrets_for_a_service() {
    shown("rotate", |stage| stage.press("3 End R"));
}

#[test]
fn leaving_while_something_runs() {
    shown("quit", |stage| {
        stage.press("3 End :");
        stage.write("serve");
        stage.press("Enter Enter");
        stage.write("127.0.0.1:5432");
        stage.press("Enter q");
    });
}

#[test]
fn the_details_of_a_row_of_the_log() {
    shown("activity-details", |stage| stage.press("6 Enter"));
}

#[test]
fn a_backup_with_a_passphrase_that_was_made() {
    shown("backup", |stage| {
        stage.press(":");
        stage.write("back up vault");
        stage.press("Enter Enter Ctrl-g");
    });
}

#[test]
fn exporting_a_key() {
    shown("export-key", |stage| {
        stage.press("2 Home :");
        stage.write("export key");
        stage.press("Enter");
    });
}

#[test]
fn importing_a_service() {
    shown("import-service", |stage| {
        stage.press(":");
        stage.write("import service");
        stage.press("Enter");
    });
}

#[test]
fn serving() {
    shown("serve", |stage| {
        stage.press("3 End :");
        stage.write("serve");
        stage.press("Enter Tab");
    });
}

#[test]
fn connecting() {
    shown("connect", |stage| {
        stage.press("c :");
        stage.write("connect");
        stage.press("Enter");
    });
}

#[test]
fn writing_the_log_to_a_file() {
    shown("export-log", |stage| stage.press("6 e"));
}

#[test]
fn what_can_be_copied() {
    shown("copy", |stage| stage.press("2 Home y"));
}

#[test]
fn tasks_when_there_are_none() {
    shown("no-tasks", |stage| stage.press("T"));
}

#[test]
fn tasks_that_run() {
    shown("tasks", |stage| {
        stage.press("3 End :");
        stage.write("serve");
        stage.press("Enter Enter");
        stage.write("127.0.0.1:5432");
        stage.press("Enter T");
    });
}

#[test]
fn tasks_that_ended_are_cleared_and_those_that_run_stay() {
    let mut stage = Stage::populated();
    let folder = tempfile::tempdir().unwrap();
    stage.press("6 e Ctrl-u");
    stage.write(folder.path().join("log.jsonl").to_str().unwrap());
    stage.press("Enter");
    stage.work();
    stage.press("3 End :");
    stage.write("serve");
    stage.press("Enter Enter");
    stage.write("127.0.0.1:5432");
    stage.press("Enter T");
    let screen = stage.screen();
    assert!(screen.contains("export the log") && screen.contains("serve orders"), "{screen}");
    stage.wait(Duration::from_secs(20));
    stage.press("c");
    let screen = stage.screen();
    assert!(!screen.contains("export the log") && screen.contains("serve orders"), "{screen}");
}
