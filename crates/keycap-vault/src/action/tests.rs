//! What holds for every action of the registry.

use std::collections::BTreeSet;

use super::*;

/// A vault that has one of everything.
const FULL: ActionContext = ActionContext { has_vault: true, locked: false, sealed: true, keys: 1, services: 1, grants: 1, capabilities: 1 };

#[test]
fn every_id_and_every_verb_names_one_action() {
    let ids: BTreeSet<_> = actions().iter().map(|action| action.id).collect();
    let verbs: BTreeSet<_> = actions().iter().map(|action| action.verb).collect();
    assert_eq!(ids.len(), actions().len());
    assert_eq!(verbs.len(), actions().len());
    for one in actions() {
        assert_eq!(action(one.id), Some(one));
        assert_eq!(action_of_verb(one.verb), Some(one));
    }
    assert_eq!(action("key.none"), None);
    assert_eq!(action_of_verb(&["key"]), None);
}

#[test]
fn every_verb_of_the_product_page_has_an_action() {
    let verbs: BTreeSet<String> = actions().iter().map(|action| action.verb.join(" ")).collect();
    let page = "tour|key new|key list|key show|key rename|key remove|key export|key import|group new|group list|group show|group add|group remove|service new|service list|service show|\
        service export|service import|service rotate|mint|grants|revoke|add|caps|delegate|share|explain|serve|connect|run|seal|open|inspect|reseal|log|\
        vault status|vault init|vault lock|vault unlock|vault backup|vault restore|vault passwd|vault convert|doctor|completions|man";
    for verb in page.split('|') {
        assert!(verbs.contains(verb), "{verb}");
    }
}

#[test]
fn no_keystroke_could_mean_two_actions_or_take_a_key_of_the_interface() {
    let bound: Vec<_> = actions().iter().filter_map(|action| Some((action.id, action.key?))).collect();
    assert!(bound.len() > 10);
    for (index, (id, binding)) in bound.iter().enumerate() {
        assert!(!RESERVED_KEYS.contains(&binding.key), "{id}");
        for (other_id, other) in &bound[..index] {
            assert!(binding.key != other.key || !binding.place.overlaps(other.place), "{id} and {other_id} are both on {}", binding.key);
        }
    }
}

#[test]
fn every_description_is_one_sentence() {
    for action in actions() {
        let text = action.description;
        assert!(text.starts_with(|c: char| c.is_uppercase()) && text.ends_with('.'), "{}: {text}", action.id);
        assert!(!text.trim_end_matches('.').contains(". "), "{}: {text}", action.id);
        assert!(text.chars().count() <= 100, "{}: {text}", action.id);
        assert!(!action.label.ends_with('.') && action.label.chars().count() <= 24, "{}: {}", action.id, action.label);
    }
}

#[test]
fn every_example_shows_its_own_verb() {
    for action in actions() {
        let commands: Vec<&str> = action.example.split('|').map(str::trim).collect();
        let shown = format!("keycap {}", action.verb.join(" "));
        assert!(commands.iter().any(|command| *command == shown || command.starts_with(&format!("{shown} "))), "{}", action.example);
    }
}

#[test]
fn nothing_is_disabled_in_a_vault_that_has_everything_but_what_needs_another_state() {
    let disabled: Vec<_> = actions().iter().filter(|action| action.disabled(&FULL).is_some()).map(|action| action.id).collect();
    assert_eq!(disabled, ["vault.init", "vault.unlock"]);
}

#[test]
fn a_machine_without_a_vault_can_do_only_what_needs_none() {
    let nothing = ActionContext::default();
    let possible: BTreeSet<_> = actions().iter().filter(|action| action.disabled(&nothing).is_none()).map(|action| action.id).collect();
    assert_eq!(possible, ["completions", "doctor", "inspect", "man", "open", "reseal", "seal", "tour", "vault.init", "vault.restore"].into());
    assert!(actions().iter().filter(|action| action.needs_vault()).all(|action| action.disabled(&nothing).unwrap().contains("vault init")));
}

#[test]
fn a_locked_vault_disables_everything_that_changes_it_and_says_how_to_unlock() {
    let locked = ActionContext { locked: true, ..FULL };
    for id in ["key.new", "mint", "revoke", "add", "delegate", "serve", "connect", "run", "share", "vault.backup", "vault.restore"] {
        let why = action(id).unwrap().disabled(&locked).unwrap();
        assert!(why.contains("vault unlock"), "{id}: {why}");
    }
    for id in ["key.list", "grants", "caps", "log", "doctor", "vault.status", "vault.unlock", "vault.lock"] {
        assert_eq!(action(id).unwrap().disabled(&locked), None, "{id}");
    }
}

#[test]
fn the_first_thing_missing_is_the_one_that_is_told() {
    let mint = action("mint").unwrap();
    assert!(mint.disabled(&ActionContext { has_vault: true, ..ActionContext::default() }).unwrap().contains("service new"));
    let revoke = action("revoke").unwrap();
    assert!(revoke.disabled(&ActionContext { grants: 0, ..FULL }).unwrap().contains("keycap mint"));
    let passwd = action("vault.passwd").unwrap();
    assert!(passwd.disabled(&ActionContext { sealed: false, ..FULL }).unwrap().contains("keyring"));
}

#[test]
fn what_cannot_be_taken_back_is_severe() {
    let severe: BTreeSet<_> = actions().iter().filter(|action| action.danger == Danger::Severe).map(|action| action.id).collect();
    for id in ["revoke", "key.remove", "key.export", "service.remove", "service.export", "vault.restore", "share"] {
        assert!(severe.contains(id), "{id}");
    }
}
