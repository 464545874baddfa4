//! What differs at a terminal: colours, questions, codes. `script` gives the program one.

use crate::place::{Ended, Place};

/// Runs a line at a terminal of 80×24, with these keys typed.
fn typed(place: &Place, line: &str, keys: &str) -> Ended {
    // The keys follow once the question stands, or they would be taken for something else's.
    let line = format!("stty cols 80 rows 24; {line}");
    place.shell(&format!("{{ sleep 1.5; printf '{keys}'; sleep 0.5; }} | script -qec '{}' /dev/null", line.replace('\'', r"'\''")))
}

#[test]
fn enter_alone_destroys_nothing() {
    let place = Place::new();
    place.prepare("keycap service new orders\nkeycap mint orders --for alice --yes");
    let ended = typed(&place, "keycap revoke alice --reason test", "\\r").exited(1);
    assert!(ended.stdout.contains("cancelled; nothing was changed"), "{}", ended.stdout);
    assert!(place.keycap(&["grants"]).succeeded().contains("active"));
    let ended = typed(&place, "keycap revoke alice --reason test", "y\\r").exited(0);
    assert!(ended.stdout.contains("revoked"), "{}", ended.stdout);
}

#[test]
fn what_kills_others_too_wants_the_name() {
    let place = Place::new();
    place.prepare("keycap service new orders\nkeycap mint orders --for alice --yes\nkeycap share alice --reveal >/dev/null\nkeycap share alice --reveal >/dev/null");
    typed(&place, "keycap revoke alice --reason test", "y\\r").exited(1);
    typed(&place, "keycap revoke alice --reason test", "bob\\r").exited(1);
    assert!(!place.keycap(&["grants"]).succeeded().contains("revoked"));
    typed(&place, "keycap revoke alice --reason test", "alice\\r").exited(0);
}

#[test]
fn letters_typed_at_a_short_list_hide_nothing() {
    let place = Place::new();
    place.prepare("keycap service new orders\nkeycap mint orders --for alice --yes");
    let line = "stty cols 80 rows 24; keycap revoke alice";
    let keys = "{ sleep 1.5; printf 'zzz\\r'; sleep 1; printf 'y\\r'; sleep 0.5; }";
    place.shell(&format!("{keys} | script -qec '{line}' /dev/null")).exited(0);
    assert!(place.keycap(&["grants"]).succeeded().contains("revoked"));
}

#[test]
fn a_fresh_capability_fits_80_by_24_as_a_code() {
    let place = Place::new();
    place.prepare("keycap service new orders");
    let ended = typed(&place, "keycap mint orders --for alice --yes --qr", "").exited(0);
    let rows = ended.stdout.lines().filter(|line| line.contains("48;5;231")).count();
    assert!((20..=23).contains(&rows), "{rows} rows");
    assert!(ended.stdout.contains("Whoever scans it has it."), "the caption stands beside it");
    assert!(!ended.stdout.contains("KEYCAP-SECRET"), "a code is shown, no text");
}

#[test]
fn a_secret_is_shown_at_a_terminal_only_after_a_yes() {
    let place = Place::new();
    place.prepare("keycap service new orders\nkeycap mint orders --for alice --yes");
    let ended = typed(&place, "keycap share alice --reveal", "\\r").exited(1);
    assert!(!ended.stdout.contains("KEYCAP-SECRET-1"), "{}", ended.stdout);
    let ended = typed(&place, "keycap share alice --reveal", "y\\r").exited(0);
    assert!(ended.stdout.contains("KEYCAP-SECRET-1"), "{}", ended.stdout);
}

#[test]
fn what_is_pasted_is_not_shown_and_line_breaks_in_it_do_no_harm() {
    let place = Place::new();
    place.prepare("keycap service new orders\nkeycap mint orders --for alice --yes\nkeycap share alice --reveal >alice.txt 2>/dev/null");
    let text = std::fs::read_to_string(place.path("alice.txt")).unwrap();
    let (first, second) = text.trim().split_at(90);
    let keys = format!("{first}\\n{second}\\r");
    let line = "stty cols 80 rows 24; keycap add";
    let ended =
        place.shell(&format!("{{ sleep 1.5; printf '{keys}'; sleep 1.5; printf 'held\\r'; sleep 0.5; }} | script -qec '{line}' /dev/null")).exited(0);
    assert!(!ended.stdout.contains("KEYCAP-SECRET-1"), "{}", ended.stdout);
    assert!(place.keycap(&["caps"]).succeeded().contains("held"));
}

#[test]
fn ctrl_c_at_a_question_leaves_the_terminal_as_it_was() {
    let place = Place::new();
    place.prepare("keycap service new orders");
    let ended = typed(&place, "before=$(stty -g); keycap mint orders; code=$?; test \"$before\" = \"$(stty -g)\" && echo same; exit $code", "\\003");
    assert!(ended.stdout.contains("same"), "{}", ended.stdout);
    assert_eq!(ended.code, Some(1));
    assert!(place.keycap(&["grants"]).succeeded().contains("Nothing was handed out"));
}

#[test]
fn a_sealed_file_is_not_poured_onto_a_terminal() {
    let place = Place::new();
    place.prepare("keycap key new operator");
    let ended = typed(&place, "keycap key export operator --yes --to operator --output -", "").exited(2);
    assert!(ended.stdout.contains("a sealed file is binary"), "{}", ended.stdout);
}
