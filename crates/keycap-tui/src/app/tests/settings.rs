//! Settings.

use super::shown;
use crate::settings::{Look, Settings};
use crate::stage::Stage;
use crate::theme::Ground;

#[test]
fn settings() {
    shown("settings", |stage| stage.press(", Tab"));
}

#[test]
fn what_is_set_counts_at_once_and_is_kept() {
    let mut stage = Stage::populated();
    stage.press(", Right Right Tab Right Tab Ctrl-u 3 Tab Ctrl-u 4 0 Tab Enter");
    let wanted = Settings { look: Look::Light, mouse: false, lock_after_min: 3, clipboard_s: 40 };
    assert_eq!(stage.settings, Some(wanted));
    assert_eq!(Settings::of_file(&stage.settings_file()).unwrap(), wanted);
    assert_eq!(stage.app.world.theme.ground, Ground::Light);
    assert!(stage.screen().contains("the settings are kept"), "{}", stage.screen());
    stage.wait(std::time::Duration::from_mins(3));
    assert!(stage.screen().contains("so keycap let go of"), "{}", stage.screen());
}

#[test]
fn what_makes_no_sense_is_not_kept() {
    let mut stage = Stage::populated();
    stage.press(", Tab Tab Ctrl-u 0 Tab Tab Enter");
    assert!(stage.screen().contains("from 1 to 1440"), "{}", stage.screen());
    assert!(!stage.settings_file().exists() && stage.settings.is_none());
    stage.press("Esc");
    assert!(!stage.screen().contains("Settings"));
}
