//! What a person sees, beyond the pictures of the screens.

use std::time::Duration;

use crossterm::event::MouseEventKind;

use super::{shown, shown_from};
use crate::event::{CopiedTo, Event};
use crate::stage::Stage;

#[test]
fn a_toast_over_a_screen() {
    shown("toast", |stage| {
        stage.press("2 e Ctrl-u");
        stage.write("pager");
        stage.press("Enter");
    });
}

#[test]
fn on_the_overview_each_line_that_leads_somewhere_has_a_letter_that_opens_it() {
    let mut stage = Stage::populated();
    let before = stage.screen();
    stage.press("g");
    let letters = stage.screen();
    let lettered = |letter: char| letters.lines().find(|line| line.starts_with(&format!("│ {letter}"))).map(str::to_owned);
    for (letter, words) in
        [('a', "the key card bob"), ('s', "there is no backup"), ('d', "A key file can be read"), ('f', "on-call"), ('g', "● orders")]
    {
        assert!(lettered(letter).is_some_and(|line| line.contains(words)), "{letter}: {letters}");
    }
    for (line, before) in letters.lines().zip(before.lines()) {
        assert!(!before.contains("Needs a look") || line == before, "a heading has none: {line}");
    }
    stage.press("s Enter");
    assert!(stage.screen().contains("Back up the vault"), "{}", stage.screen());
}

#[test]
fn that_there_is_no_backup_is_said_once() {
    let screen = Stage::populated().screen();
    assert_eq!(screen.matches("no backup").count(), 1, "{screen}");
}

#[test]
fn grants_are_counted_as_the_services_beside_them_count_them() {
    let mut stage = Stage::populated().sized(140, 40);
    stage.press("4");
    assert!(stage.screen().contains("Grants 7 ") && stage.screen().contains("all            7"), "{}", stage.screen());
    stage.press("/");
    stage.write("graf");
    assert!(stage.screen().contains("Grants 1 found"), "{}", stage.screen());
}

#[test]
fn the_mouse_goes_to_a_tab_takes_a_line_opens_it_and_presses_what_stands_at_the_bottom() {
    let mut stage = Stage::populated().sized(140, 40);
    stage.click("4 Grants");
    assert!(stage.screen().contains("▸ old-laptop"), "{}", stage.screen());
    stage.click("2 Keys");
    stage.click("bob");
    assert!(stage.screen().contains("▸ bob"), "{}", stage.screen());
    stage.mouse("operator", MouseEventKind::ScrollUp);
    assert!(stage.screen().contains("▸ night-shift"), "{}", stage.screen());
    stage.click("e rename");
    assert!(stage.screen().contains("Rename the key night-shift"), "{}", stage.screen());
    stage.press("Esc");
    stage.click("? help");
    assert!(stage.screen().contains("Keys that work here"), "{}", stage.screen());
    stage.click("another name in this vault");
    stage.click("another name in this vault");
    assert!(stage.screen().contains("Rename the key night-shift"), "twice does it: {}", stage.screen());
}

#[test]
fn where_there_is_nothing_the_overview_says_how_to_begin_until_something_lets_somebody_in() {
    shown_from("overview-empty", Stage::empty, |_| {});
    let mut stage = Stage::empty();
    stage.click("make a service");
    stage.press("Enter");
    assert!(stage.screen().contains("A new service"), "{}", stage.screen());
    stage.write("orders");
    stage.press("Enter Enter 1");
    assert!(!stage.screen().contains("To begin"), "{}", stage.screen());
}

#[test]
fn whoever_copies_through_tmux_learns_what_that_takes_and_when_it_is_cleared() {
    let mut stage = Stage::populated();
    stage.happens(Event::Copied(Ok(CopiedTo::Tmux(Some(Duration::from_secs(25))))));
    let screen = stage.screen();
    assert!(screen.contains("allow-passthrough") && screen.contains("cleared in 25 s") && screen.contains("clipboard 25 s"), "{screen}");
}

#[test]
fn what_is_typed_to_confirm_is_seen_in_the_smallest_window_and_beside_the_longest_name() {
    let mut stage = Stage::populated().sized(50, 15);
    stage.press("4 End s Down Enter Enter");
    stage.write("alic");
    assert!(stage.screen().contains(": alic"), "{}", stage.screen());
    stage.press("Esc Esc x Enter Enter");
    stage.write("alic");
    assert!(stage.screen().contains(": alic"), "{}", stage.screen());

    let long = "n".repeat(64);
    let mut stage = Stage::populated().sized(50, 15);
    stage.vault.rename_key("night-shift", &long).unwrap();
    stage.happens(Event::LedgerChanged);
    stage.press("2 x");
    stage.write("nnnnnnnn-and-what-is-typed-last");
    assert!(stage.screen().contains("what-is-typed-last"), "{}", stage.screen());
}

#[test]
fn a_wizard_shows_some_of_its_rows_in_the_smallest_window_and_marks_that_there_are_more() {
    let mut stage = Stage::populated().sized(50, 15);
    stage.press("3 End m Tab");
    let screen = stage.screen();
    assert!(screen.contains("For") && screen.contains("▸ Name") && screen.contains("Preset") && screen.contains('▐'), "{screen}");
    let mut stage = stage.sized(100, 60);
    assert!(!stage.screen().contains('▐'), "all of it is in sight: {}", stage.screen());
}
