//! The interface as a whole, without a terminal.

mod dialogs;
mod exchange;
mod files;
mod first_run;
mod groups;
mod looks;
mod settings;
mod upkeep;

use std::time::Duration;

use crossterm::event::KeyCode;
use keycap_vault::action::{Danger, action, actions};

use crate::keymap::Key;
use crate::stage::{Stage, is_secret, pasted};
use crate::ways::{Way, way};

/// Shows a screen at every size and in every theme.
fn shown(name: &str, open: impl Fn(&mut Stage)) {
    shown_from(name, Stage::populated, open);
}

/// The same, from another beginning.
fn shown_from(name: &str, begin: impl Fn() -> Stage, open: impl Fn(&mut Stage)) {
    for (columns, rows) in [(80, 24), (100, 30), (140, 40)] {
        let mut stage = begin().sized(columns, rows);
        open(&mut stage);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../tests/snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), stage.picture()));
    }
}

#[test]
fn the_files() {
    shown("files", |stage| stage.press("5 Down"));
}

#[test]
fn the_overview() {
    shown("overview", |_| {});
}

#[test]
fn keys_and_cards() {
    shown("keys", |stage| stage.press("2"));
}

#[test]
fn services() {
    shown("services", |stage| stage.press("3 End"));
}

#[test]
fn grants() {
    shown("grants", |stage| stage.press("4 End"));
}

#[test]
fn capabilities() {
    shown("capabilities", |stage| stage.press("c"));
}

#[test]
fn activity() {
    shown("activity", |stage| stage.press("6 v"));
}

#[test]
fn the_details_of_a_grant_alone() {
    shown("grant", |stage| stage.press("4 End Enter"));
}

#[test]
fn help() {
    shown("help", |stage| stage.press("4 ?"));
}

#[test]
fn the_palette() {
    shown("palette", |stage| stage.press("4 : r e v"));
}

#[test]
fn revoking() {
    shown("revoke", |stage| stage.press("4 End x Tab Tab a"));
}

#[test]
fn a_receipt() {
    shown("receipt", |stage| {
        stage.press("4 End x Enter Enter");
        stage.write("alice");
        stage.press("Enter");
    });
}

#[test]
fn explaining() {
    shown("explain", |stage| {
        stage.press("4 End w Tab");
        stage.write("60d");
    });
}

#[test]
fn renaming() {
    shown("rename", |stage| stage.press("2 e"));
}

#[test]
fn removing_a_key() {
    shown("remove", |stage| stage.press("2 x"));
}

#[test]
fn comparing_a_card() {
    shown("verify", |stage| stage.press("2 End f"));
}

#[test]
fn choosing_what_an_action_is_for() {
    shown("choose", |stage| stage.press(": E x p l a i n Enter"));
}

#[test]
fn letters_to_jump_by() {
    shown("letters", |stage| stage.press("4 g"));
}

#[test]
fn locked() {
    shown("locked", |stage| stage.press("L"));
}

#[test]
fn every_action_of_the_registry_is_done_here_or_says_why_not() {
    for action in actions() {
        match way(action.id) {
            Some(Way::CommandLine(why)) => assert!(why.len() > 10, "{}", action.id),
            Some(_) => {}
            None => panic!("{} is missing", action.id),
        }
    }
}

#[test]
fn every_way_is_an_action() {
    for id in ["key.show", "revoke", "vault.lock"] {
        assert!(action(id).is_some() && way(id).is_some());
    }
    assert!(way("no.such").is_none());
}

/// Every key that a keyboard has, alone and with Ctrl and Alt.
fn every_key() -> Vec<Key> {
    let characters = (' '..='~').chain(['ä', 'é']).map(KeyCode::Char);
    let named = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Insert,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
    ];
    let codes: Vec<KeyCode> = characters.chain(named).chain((1..=12).map(KeyCode::F)).collect();
    let held = [(false, false), (true, false), (false, true), (true, true)];
    held.into_iter().flat_map(|(ctrl, alt)| codes.clone().into_iter().map(move |code| Key { code, ctrl, alt })).collect()
}

/// Where a person can be: each with the keys that lead there.
const PLACES: &[&str] = &[
    "1",
    "1 : r e s t o r e Enter",
    "1 : c h a n g e Space u n Enter",
    "1 : c o n v e r t Enter",
    "2",
    "2 End",
    "2 G",
    "2 G Tab",
    "2 G x",
    "3",
    "4",
    "4 Down",
    "4 Enter",
    "c",
    "5",
    "5 End",
    "6",
];

#[test]
fn no_single_key_changes_or_reveals_anything_that_cannot_be_taken_back() {
    let mut stage = Stage::populated();
    for place in PLACES {
        for key in every_key() {
            home(&mut stage);
            stage.press(place);
            let (rows, locked) = (stage.vault.log(&keycap_vault::LogQuery::default()).unwrap().total, stage.vault.is_locked().unwrap());
            assert!(!locked);
            stage.key(key);
            stage.wait(Duration::from_millis(300));
            if stage.vault.is_locked().unwrap() {
                // Locking is what `L` is for; it takes nothing away.
                assert_eq!(key, Key::char('L'));
                stage.press("Enter");
                assert!(!stage.vault.is_locked().unwrap());
                continue;
            }
            let after = stage.vault.log(&keycap_vault::LogQuery::default()).unwrap().total;
            assert_eq!(rows, after, "{key} at {place} wrote into the log: {:?}", stage.changes.last());
            assert!(!is_secret(&stage.screen()), "{key} at {place} shows a secret");
            assert!(stage.copied.iter().all(|(text, secret)| !secret && !is_secret(text)), "{key} at {place} copied a secret");
            stage.quit = false;
        }
    }
    let harmless = ["Lock", "Unlock", "VerifyLog", "Setup(Keys(", "Setup(Keyring)", "Setup(Words)", "Filing(Inspect"];
    let harm = stage.changes.iter().find(|change| !harmless.iter().any(|harmless| change.starts_with(harmless)));
    assert_eq!(harm, None);
}

#[test]
fn no_two_keys_destroy_either() {
    // What a hand presses by mistake after a key that opens something: Enter, Space, `y`, the same key again.
    let mut stage = Stage::populated();
    for place in PLACES {
        for first in every_key().into_iter().filter(|key| !key.ctrl && !key.alt && *key != Key::char('L')) {
            for second in [Key::parse("Enter").unwrap(), Key::parse("Space").unwrap(), first] {
                home(&mut stage);
                stage.press(place);
                stage.key(first);
                stage.key(second);
                let destroyed = stage.changes.iter().any(|change| change.starts_with("Revoke") || change.starts_with("Remove"));
                assert!(!destroyed, "{first} and {second} at {place}: {:?}", stage.changes);
            }
        }
    }
}

/// Back to where nothing is open on top of a screen.
fn home(stage: &mut Stage) {
    while stage.app.depth() > 1 {
        let depth = stage.app.depth();
        stage.press("Esc");
        if stage.app.depth() == depth {
            // It asks whether what was filled in is to be discarded.
            stage.press("y");
        }
    }
    stage.press("Esc Esc");
}

#[test]
fn what_is_severe_needs_its_name_and_what_is_moderate_a_yes() {
    for danger in [Danger::Moderate, Danger::Severe] {
        let mut stage = Stage::populated();
        // The first is a key of one's own, the last a card.
        stage.press(if danger == Danger::Severe { "2" } else { "2 End" });
        stage.press("x");
        stage.press("Enter");
        assert!(!stage.changes.iter().any(|change| change.starts_with("Remove")));
        stage.press("Esc x");
        match danger {
            Danger::Severe => {
                stage.happens(pasted("night-shift"));
                stage.press("Enter");
                assert!(!stage.changes.iter().any(|change| change.starts_with("Remove")), "a name that has to be typed is not pasted");
                stage.write("night-shift");
                stage.press("Enter");
            }
            Danger::None | Danger::Mild | Danger::Moderate => stage.press("y"),
        }
        assert!(stage.changes.iter().any(|change| change.starts_with("RemoveKey")), "{danger:?}: {:?}", stage.changes);
    }
}

#[test]
fn a_change_is_undone_and_done_again() {
    let mut stage = Stage::populated();
    stage.press("2 e");
    stage.press("Ctrl-u");
    stage.write("pager");
    stage.press("Enter");
    assert!(stage.vault.key("pager").is_ok());
    stage.press("z");
    assert!(stage.vault.key("night-shift").is_ok() && stage.vault.key("pager").is_err());
    stage.press("Z");
    assert!(stage.vault.key("pager").is_ok());
    stage.press("z z");
    assert!(stage.vault.key("night-shift").is_ok());
    assert!(stage.screen().contains("there is nothing to undo"));
}

#[test]
fn a_dialog_is_for_what_it_was_opened_for_and_for_nothing_that_took_its_name() {
    let mut stage = Stage::populated();
    stage.press("2 x");
    // Another process swaps names while the dialog is open.
    stage.vault.rename_key("night-shift", "old-pager").unwrap();
    stage.vault.rename_key("operator", "night-shift").unwrap();
    stage.write("night-shift");
    stage.press("Enter");
    assert!(stage.vault.key("old-pager").is_ok() && stage.vault.key("night-shift").is_ok());
    assert!(stage.screen().contains("is not what it was"), "{}", stage.screen());
}

#[test]
fn another_process_that_locks_hides_everything() {
    let mut stage = Stage::populated();
    stage.press("4");
    assert!(stage.screen().contains("alice"));
    stage.vault.lock().unwrap();
    stage.happens(crate::event::Event::LedgerChanged);
    let screen = stage.screen();
    assert!(screen.contains("Another process locked the vault") && !screen.contains("alice"), "{screen}");
    stage.press("Enter");
    assert!(stage.screen().contains("alice"));
}

#[test]
fn nobody_who_leaves_keeps_the_vault_open() {
    let mut stage = Stage::populated();
    stage.press("4");
    stage.wait(stage.app.world.settings.lock_after());
    assert!(stage.screen().contains("so keycap let go of"));
    assert!(!stage.screen().contains("alice"));
    // Only this process: others go on.
    assert!(!stage.vault.is_locked().unwrap());
    stage.press("Enter");
    assert!(stage.screen().contains("alice"));
}

#[test]
fn what_another_process_does_is_seen() {
    let mut stage = Stage::populated();
    stage.press("2");
    stage.vault.new_key("fresh", "").unwrap();
    assert!(!stage.screen().contains("fresh"));
    stage.happens(crate::event::Event::LedgerChanged);
    assert!(stage.screen().contains("fresh"));
}

#[test]
fn empty_screens_say_what_would_be_there_and_how_it_gets_there() {
    let mut stage = Stage::empty();
    for (key, words) in [("2", "No keys yet."), ("3", "No services yet."), ("4", "Nothing was granted yet."), ("c", "You hold no capabilities yet.")]
    {
        stage.press(key);
        assert!(stage.screen().contains(words), "{}", stage.screen());
    }
    stage.press("x");
    stage.press("4 x");
    assert!(stage.screen().contains("Nothing was granted yet; mint"), "{}", stage.screen());
}

#[test]
fn a_window_that_is_too_small_says_so_and_one_that_grows_shows_everything_again() {
    let mut stage = Stage::populated().sized(49, 15);
    assert!(stage.screen().contains("Please enlarge the window to 50×15."));
    for (columns, rows) in [(50, 15), (1, 1), (83, 20), (84, 20), (119, 30), (120, 30), (300, 100)] {
        stage = stage.sized(columns, rows);
        for place in PLACES {
            stage.press(place);
            stage.screen();
        }
        for dialog in ["4 x", "? a b", ": a b", "T", "4 w", "2 e", "2 x", "4 g", "6 e"] {
            stage.press(dialog);
            stage.screen();
            stage.press("Esc Esc Esc");
        }
    }
}

#[test]
fn the_filter_finds_what_is_typed_and_esc_takes_it_away() {
    let mut stage = Stage::populated();
    stage.press("4 /");
    stage.write("graf");
    let screen = stage.screen();
    assert!(screen.contains("grafana") && !screen.contains("on-call"), "{screen}");
    stage.press("Enter Esc");
    assert!(stage.screen().contains("on-call"));
    stage.press("2 /");
    stage.write("bo");
    let screen = stage.screen();
    assert!(screen.contains("bob") && !screen.contains("operator"), "{screen}");
}

#[test]
fn what_is_copied_of_a_key_is_no_secret() {
    let mut stage = Stage::populated();
    stage.press("2 y 2");
    assert!(matches!(stage.copied.as_slice(), [(card, false)] if card.starts_with("keycap1")), "{:?}", stage.copied);
}
