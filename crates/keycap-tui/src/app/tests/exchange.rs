//! What goes out and what comes in: mint, delegate, share, take in.

use std::time::Duration;

use keycap_vault::qr::Picture;
use ratatui::style::Color;

use super::shown;
use crate::event::Event;
use crate::stage::{Stage, is_secret, other_vault, pasted};

#[test]
fn minting() {
    shown("mint", |stage| {
        stage.press("3 End m");
        stage.press("Tab a l Tab Tab Right Tab Right Right");
    });
}

#[test]
fn minting_with_more_limits() {
    shown("mint-more", |stage| {
        stage.press("3 End m Tab a l Tab Tab Tab End Tab 2 w Tab Tab Tab Right Tab Tab Tab x");
    });
}

#[test]
fn minted() {
    shown("minted", |stage| mint(stage, "carol"));
}

#[test]
fn delegating() {
    shown("delegate", |stage| {
        stage.press("c D Tab b o b Tab Right");
    });
}

#[test]
fn sharing() {
    shown("share", |stage| stage.press("4 End s"));
}

#[test]
fn sharing_in_clear_is_asked_about() {
    shown("share-ask", |stage| stage.press("4 End s Down Enter Enter"));
}

#[test]
fn what_was_revoked_says_so_before_anybody_fills_in_how_it_is_shared() {
    let mut stage = Stage::populated();
    stage.press("4 /");
    stage.write("old-laptop");
    stage.press("Enter s");
    let screen = stage.screen();
    assert!(screen.contains("`old-laptop` was revoked") && !screen.contains("Share it"), "{screen}");
}

#[test]
fn a_card_as_a_code() {
    shown("share-card", |stage| stage.press("2 s Enter Enter"));
}

#[test]
fn taking_in() {
    shown("add", |stage| stage.press("i"));
}

#[test]
fn what_is_taken_in_is_shown_first() {
    shown("add-review", |stage| {
        stage.press("i");
        stage.happens(pasted(&capability()));
    });
}

/// Mints for the first service, to its end.
fn mint(stage: &mut Stage, name: &str) {
    stage.press("3 End m Tab");
    stage.write(name);
    stage.press("Tab Tab Tab Tab Tab Tab Enter");
}

/// A capability from the vault of someone else, in clear.
fn capability() -> String {
    use keycap_vault::{MintRequest, NewService, ShareHow, ShareRequest};

    other_vault(|other| {
        other.new_service(&NewService { name: "wiki".into(), ..NewService::default() }).unwrap();
        other.mint(&MintRequest { service: "wiki".into(), name: "me".into(), ..MintRequest::default() }).unwrap();
        let outgoing = other.share("me", &ShareRequest { how: ShareHow::Reveal, name: None }).unwrap();
        outgoing.text().expose().to_owned()
    })
}

fn card(name: &str) -> String {
    other_vault(|other| {
        // The first key of a vault whose randomness repeats is one that is known here.
        other.new_key("first", "").unwrap();
        other.new_key(name, "").unwrap().card
    })
}

fn rows(stage: &Stage) -> u64 {
    stage.vault.log(&keycap_vault::LogQuery::default()).unwrap().total
}

/// What a camera would read.
fn codes(stage: &mut Stage) -> Vec<String> {
    const WIDE: u32 = 6;
    let drawn = stage.drawn();
    let area = *drawn.area();
    let (width, height) = (u32::from(area.width) * WIDE, u32::from(area.height) * 2 * WIDE);
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let cell = &drawn[(u16::try_from(x / WIDE).unwrap(), u16::try_from(y / WIDE / 2).unwrap())];
            let lower = (y / WIDE) % 2 == 1;
            let colour = if cell.symbol() == "▄" && lower { cell.fg } else { cell.bg };
            let grey = if colour == Color::Indexed(231) { 255 } else { 0 };
            pixels.extend([grey, grey, grey, 255]);
        }
    }
    let found = Picture::from_rgba(width, height, pixels).unwrap().read_qr().unwrap_or_default();
    found.iter().map(|text| text.expose().to_owned()).collect()
}

#[test]
fn what_is_minted_is_what_stood_beside_the_button() {
    let mut stage = Stage::populated();
    mint(&mut stage, "carol");
    let grant = stage.vault.grant("carol").unwrap();
    assert_eq!(grant.service, "orders");
    assert!(stage.screen().contains("minted carol for orders"));
    stage.press("s");
    assert!(stage.screen().contains("Share carol"), "{}", stage.screen());
}

#[test]
fn nothing_is_minted_without_a_name_or_with_a_limit_that_makes_no_sense() {
    let mut stage = Stage::populated();
    let before = rows(&stage);
    stage.press("3 End m Tab Tab Tab Tab Tab Tab Tab Enter");
    assert!(stage.screen().contains("Give it a name"));
    stage.press("x Tab Tab End Tab");
    stage.write("yesterday");
    stage.press("Tab Tab Tab Tab Enter");
    assert!(stage.screen().contains("no time") || stage.screen().contains("yesterday"), "{}", stage.screen());
    assert_eq!(rows(&stage), before);
}

#[test]
fn leaving_a_form_that_was_filled_in_asks_first_and_an_empty_one_does_not() {
    let mut stage = Stage::populated();
    stage.press("3 m Esc");
    assert!(!stage.screen().contains("Mint a capability"));
    stage.press("m Tab x Esc");
    assert!(stage.screen().contains("Discard what you filled in?"));
    stage.press("Enter");
    assert!(stage.screen().contains("Mint a capability"), "Enter is No");
    stage.press("Esc y");
    assert!(!stage.screen().contains("Mint a capability"));
}

#[test]
fn a_card_pasted_into_a_wizard_is_shown_taken_in_and_chosen() {
    let mut stage = Stage::populated();
    stage.press("3 m");
    stage.happens(pasted(&card("erin")));
    assert!(stage.screen().contains("The key card of erin"));
    stage.press("Enter Enter");
    assert_eq!(stage.vault.key("erin").unwrap().name, "erin");
    assert!(stage.screen().contains("Mint a capability") && stage.screen().contains("only with the key erin"), "{}", stage.screen());
}

#[test]
fn a_delegation_says_what_the_parent_leaves_and_comes_about() {
    let mut stage = Stage::populated();
    stage.press("c D");
    assert!(stage.screen().contains("stock → ???"), "{}", stage.screen());
    stage.press("Tab");
    stage.write("reports");
    stage.press("Tab");
    assert!(stage.screen().contains("nothing below it"), "{}", stage.screen());
    stage.press("Tab Tab Tab Tab Enter");
    let made = stage.vault.capability("reports").unwrap();
    assert_eq!(made.parent.as_deref(), Some("stock"));
    assert!(stage.screen().contains("made reports from stock"));
}

#[test]
fn a_code_of_a_secret_shows_after_its_name_for_a_minute_and_only_while_somebody_looks() {
    for (columns, rows) in [(80, 24), (100, 30), (140, 40)] {
        let mut stage = Stage::populated();
        mint(&mut stage, "dave");
        let mut stage = stage.sized(columns, rows);
        stage.press("s Down Enter Enter");
        stage.write("dav");
        stage.press("Enter");
        assert!(codes(&mut stage).is_empty(), "not with half a name");
        stage.write("e");
        stage.press("Enter");
        for theme in [crate::stage::DARK, crate::stage::LIGHT, crate::stage::MONO] {
            stage.app.world.theme = theme;
            let read = codes(&mut stage);
            assert!(read.len() == 1 && is_secret(&read[0]), "{columns}×{rows} {theme:?}: {read:?}");
        }
        assert!(!is_secret(&stage.screen()), "nothing of it stands there as text");
        stage.happens(Event::Focus(false));
        assert!(codes(&mut stage).is_empty() && stage.screen().contains("no focus"));
        stage.happens(Event::Focus(true));
        stage.wait(Duration::from_secs(30));
        assert_eq!(codes(&mut stage).len(), 1);
        stage.wait(Duration::from_secs(31));
        assert!(codes(&mut stage).is_empty());
        assert!(stage.screen().contains("the code is hidden again"), "{}", stage.screen());
    }
}

#[test]
fn nothing_lies_over_a_code_and_what_was_to_be_said_is_said_afterwards() {
    for (columns, rows) in [(80, 24), (100, 30), (140, 40)] {
        let mut stage = Stage::populated().sized(columns, rows);
        mint(&mut stage, "dave");
        stage.press("s Down Enter Enter");
        stage.write("dave");
        stage.press("Enter");
        stage.happens(Event::Copied(Err("the clipboard is gone and this says so in many words, so that it needs some room".into())));
        assert_eq!(codes(&mut stage).len(), 1, "{}", stage.screen());
        stage.wait(Duration::from_secs(30));
        assert!(!stage.screen().contains("the clipboard is gone"));
        stage.press("Esc");
        assert!(stage.screen().contains("the clipboard is gone"), "{}", stage.screen());
        stage.wait(Duration::from_secs(13));
        assert!(!stage.screen().contains("the clipboard is gone"));
    }
}

#[test]
fn a_secret_is_revealed_as_text_after_its_name_for_twenty_seconds_and_only_while_somebody_looks() {
    for (columns, rows) in [(50, 15), (80, 24), (140, 40)] {
        let mut stage = Stage::populated();
        mint(&mut stage, "dave");
        stage.press("Esc");
        let mut stage = stage.sized(columns, rows);
        stage.press("V");
        stage.write("dav");
        stage.press("Enter");
        assert!(!is_secret(&stage.screen()), "not with half a name");
        stage.write("e");
        stage.press("Enter");
        assert!(is_secret(&stage.screen()), "{}", stage.screen());
        stage.happens(Event::Focus(false));
        assert!(!is_secret(&stage.screen()) && stage.screen().contains("no focus"));
        stage.happens(Event::Focus(true));
        stage.wait(Duration::from_secs(19));
        let shown = stage.screen();
        let secret: String = shown.lines().skip(1).map(str::trim).take_while(|line| !line.is_empty()).collect();
        assert!(stage.vault.inspect(&secret).is_ok(), "all of it is there: {shown}");
        stage.wait(Duration::from_secs(1));
        assert!(!is_secret(&stage.screen()) && stage.screen().contains("the text is hidden again"), "{}", stage.screen());
    }
}

#[test]
fn a_lock_takes_what_is_revealed_off_the_screen_and_a_key_has_nothing_to_reveal() {
    let mut stage = Stage::populated();
    mint(&mut stage, "dave");
    stage.press("Esc V");
    stage.write("dave");
    stage.press("Enter");
    assert!(is_secret(&stage.screen()));
    stage.vault.lock().unwrap();
    stage.happens(Event::LedgerChanged);
    assert!(!is_secret(&stage.screen()), "{}", stage.screen());
    stage.press("Enter 2 V");
    assert!(stage.screen().contains("nothing of this is ever shown"), "{}", stage.screen());
    stage.press("1 V");
    assert!(stage.screen().contains("select a grant or a capability first"), "{}", stage.screen());
}

#[test]
fn a_code_that_does_not_fit_says_what_it_needs_and_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("code.png");
    let mut stage = Stage::populated().sized(60, 18);
    mint(&mut stage, "dave");
    stage.press("s Down Enter Enter");
    stage.write("dave");
    stage.press("Enter");
    assert!(stage.screen().contains("Too long for this terminal"), "{}", stage.screen());
    stage.press("w Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Enter");
    let read = keycap_vault::qr::read_qr(&std::fs::read(&file).unwrap()).unwrap();
    assert!(is_secret(read[0].expose()));
}

#[test]
fn a_page_to_print_is_written_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dave.pdf");
    let mut stage = Stage::populated();
    mint(&mut stage, "dave");
    stage.press("s Down Down Down Down Enter");
    assert!(stage.screen().contains("dave.pdf"), "{}", stage.screen());
    stage.press("Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Enter Enter");
    stage.write("dave");
    stage.press("Enter");
    assert!(std::fs::read(&file).unwrap_or_else(|_| panic!("{}", stage.screen())).starts_with(b"%PDF-"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_locked_vault_takes_the_code_off_the_screen() {
    let mut stage = Stage::populated();
    mint(&mut stage, "dave");
    stage.press("s Down Enter Enter");
    stage.write("dave");
    stage.press("Enter");
    assert_eq!(codes(&mut stage).len(), 1);
    stage.vault.lock().unwrap();
    stage.happens(Event::LedgerChanged);
    assert!(codes(&mut stage).is_empty());
    assert!(stage.screen().contains("keycap is locked"));
}

#[test]
fn a_share_is_sealed_to_its_holder_into_a_file_that_was_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("share.age");
    let mut stage = Stage::populated();
    stage.press("4 / d e p l o y Enter s");
    assert!(stage.screen().contains("Share deploy-bot"), "{}", stage.screen());
    stage.press("Enter Enter Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Enter Enter");
    let sealed = std::fs::read(&file).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    let grant = stage.vault.grant("deploy-bot").unwrap();
    assert!(grant.shared.is_some());
    // Again into the same file: refused before anything has left.
    let before = rows(&stage);
    stage.press("s Enter Enter Ctrl-u");
    stage.write(file.to_str().unwrap());
    stage.press("Enter Enter");
    assert!(stage.screen().contains("is there already"), "{}", stage.screen());
    assert_eq!((rows(&stage), std::fs::read(&file).unwrap()), (before, sealed));
}

#[test]
fn what_is_pasted_is_stored_only_after_a_yes_and_a_duplicate_never() {
    let mut stage = Stage::populated();
    let text = capability();
    stage.press("i");
    stage.happens(pasted(&text));
    assert!(stage.screen().contains("A capability for"), "{}", stage.screen());
    assert!(stage.screen().contains("not known here") && stage.screen().contains("bound to no key"));
    assert!(!is_secret(&stage.screen()));
    let before = stage.vault.capabilities(None).unwrap().len();
    stage.press("Ctrl-u w i k i Enter Enter Enter");
    assert_eq!(stage.vault.capabilities(None).unwrap().len(), before + 1);
    assert_eq!(stage.vault.capability("wiki").unwrap().name, "wiki");
    stage.press("i");
    stage.happens(pasted(&text));
    assert!(stage.screen().contains("It is here already, as wiki"), "{}", stage.screen());
    stage.press("Enter Enter Enter");
    assert_eq!(stage.vault.capabilities(None).unwrap().len(), before + 1);
}

#[test]
fn several_that_are_pasted_at_once_are_taken_in_one_by_one() {
    let mut stage = Stage::populated();
    stage.press("i");
    stage.happens(pasted(&format!("{}\n\n{}\n", card("erin"), capability())));
    assert!(stage.screen().contains("Which"), "{}", stage.screen());
    stage.press("Enter Enter Enter");
    assert!(stage.vault.key("erin").is_ok(), "{}", stage.screen());
    assert!(stage.screen().contains("A capability for"));
}

#[test]
fn a_name_that_is_taken_is_replaced_only_if_that_is_chosen_and_another_key_is_told() {
    let mut stage = Stage::populated();
    let other = card("bob");
    stage.press("i");
    stage.happens(pasted(&other));
    assert!(stage.screen().contains("You know bob by another key"), "{}", stage.screen());
    let before = stage.vault.key("bob").unwrap().fingerprint_full;
    stage.press("Ctrl-u b o b");
    assert!(stage.screen().contains("bob is there already"));
    stage.press("Enter Enter Enter");
    assert_eq!(stage.vault.key("bob").unwrap().fingerprint_full, before);
    stage.press("Shift-Tab Right Enter Enter");
    assert_ne!(stage.vault.key("bob").unwrap().fingerprint_full, before, "{}", stage.screen());
}

#[test]
fn a_file_is_found_by_walking_and_what_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("erin.keycap"), card("erin")).unwrap();
    std::fs::write(folder.path().join("noise.bin"), [0xff, 0xfe, 0x00]).unwrap();
    let mut stage = Stage::populated();
    stage.press("i");
    stage.write(&format!("{}/", folder.path().display()));
    assert!(stage.screen().contains("erin.keycap"), "{}", stage.screen());
    stage.press("n o Down Enter");
    assert!(stage.screen().contains("not a picture"), "{}", stage.screen());
    stage.press("Esc i");
    stage.happens(pasted(&format!("{}/erin.keycap\n", folder.path().display())));
    stage.press("Enter");
    assert!(stage.screen().contains("The key card of erin"), "{}", stage.screen());
}
