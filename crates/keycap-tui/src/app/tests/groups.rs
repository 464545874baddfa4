//! Groups of recipients.

use super::shown;
use crate::stage::Stage;

/// Groups with a key, a card, a recipient that is written out, and a card that is not here any more.
fn grouped(stage: &mut Stage) {
    let members = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let written_out = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    stage.vault.new_group("team", &members(&["operator", "bob", written_out])).unwrap();
    stage.vault.new_group("watch", &members(&["night-shift"])).unwrap();
    stage.vault.remove_key("night-shift").unwrap();
    stage.press("2 G");
}

fn names(stage: &Stage, group: &str) -> Vec<Option<String>> {
    stage.vault.group(group).unwrap().members.into_iter().map(|member| member.name).collect()
}

#[test]
fn groups() {
    shown("groups", grouped);
}

#[test]
fn taking_somebody_out() {
    shown("group-remove", |stage| {
        grouped(stage);
        stage.press("x");
    });
}

#[test]
fn adding_to_a_group() {
    shown("group-add", |stage| {
        grouped(stage);
        stage.press("a o p");
    });
}

#[test]
fn a_group_is_made_of_names_that_are_completed_and_the_making_can_be_undone() {
    let mut stage = Stage::populated();
    stage.press("2 G");
    assert!(stage.screen().contains("No groups yet."), "{}", stage.screen());
    stage.press("n");
    stage.write("friends");
    stage.press("Tab b o Tab , n i Tab Enter Enter");
    assert_eq!(names(&stage, "friends"), ["bob", "night-shift"].map(|name| Some(name.to_owned())));
    assert!(stage.screen().contains("friends"), "{}", stage.screen());
    stage.press("z");
    assert!(stage.vault.group("friends").is_err());
    stage.press("Z");
    assert!(stage.vault.group("friends").is_ok());
}

#[test]
fn nobody_unknown_becomes_a_member_and_no_name_is_taken_twice() {
    let mut stage = Stage::populated();
    grouped(&mut stage);
    stage.press("n");
    stage.write("bob");
    stage.press("Enter");
    stage.write("operator");
    stage.press("Enter");
    assert!(stage.screen().contains("bob is the name of something else here."), "{}", stage.screen());
    stage.press("Ctrl-u");
    stage.write("night");
    stage.press("Enter Ctrl-u");
    stage.write("night-shift");
    stage.press("Enter Enter");
    assert!(stage.screen().contains("night-shift is no key and no key card here"), "{}", stage.screen());
    assert!(stage.vault.group("night").is_err());
}

#[test]
fn who_is_taken_out_comes_back_with_undo_and_so_does_a_group_that_was_forgotten() {
    let mut stage = Stage::populated();
    grouped(&mut stage);
    stage.press("x b o b Enter Enter");
    assert!(!names(&stage, "team").contains(&Some("bob".to_owned())), "{}", stage.screen());
    stage.press("z");
    assert!(names(&stage, "team").contains(&Some("bob".to_owned())));
    stage.press("x w h o l e Enter Enter");
    assert!(stage.vault.group("team").is_err(), "{}", stage.screen());
    assert!(stage.screen().contains("the group team is forgotten"), "{}", stage.screen());
    stage.press("z");
    assert_eq!(names(&stage, "team").len(), 3);
}

#[test]
fn adding_whoever_is_in_it_already_takes_nobody_out_when_it_is_undone() {
    let mut stage = Stage::populated();
    grouped(&mut stage);
    stage.vault.remove_from_group("team", &["bob".to_owned()]).unwrap();
    stage.press("a");
    stage.write("operator, bob");
    stage.press("Enter Enter");
    assert!(names(&stage, "team").contains(&Some("bob".to_owned())), "{}", stage.screen());
    stage.press("z");
    let left = names(&stage, "team");
    assert!(left.contains(&Some("operator".to_owned())) && !left.contains(&Some("bob".to_owned())), "{left:?}");
}

#[test]
fn an_action_for_a_group_asks_which_one_where_none_is_selected() {
    let mut stage = Stage::populated();
    stage.press(":");
    stage.write("show group");
    stage.press("Enter");
    assert!(stage.screen().contains("There is none."), "{}", stage.screen());
    stage.press("Esc");
    grouped(&mut stage);
    stage.press("Esc 1 :");
    stage.write("show group");
    stage.press("Enter w a t c h Enter");
    let screen = stage.screen();
    assert!(screen.contains("✗ e81a-1dfb-a672-de1e  its card is not"), "{screen}");
}
