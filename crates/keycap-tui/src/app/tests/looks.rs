//! What a person sees, beyond the pictures of the screens.

use super::shown;
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
