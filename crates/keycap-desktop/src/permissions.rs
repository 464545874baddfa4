//! What the page may ask for: the list in the build, the list of commands and the one capability file are the same, and nobody lengthens them
//! unseen.

use std::collections::BTreeSet;
use std::path::Path;

const NAMES: &[&str] = &include!("command_names.rs");
/// How many commands there are: a new one is a decision, which this number makes somebody take.
const COMMANDS: usize = 82;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_list_that_the_build_takes_is_the_list_of_commands() {
    let source = include_str!("commands.rs");
    let listed: Vec<&str> = source
        .lines()
        .filter(|line| line.starts_with("    ") && line.ends_with(';') && line.contains(") -> ") && line.contains(" = "))
        .filter_map(|line| line.trim().split('(').next())
        .collect();
    assert_eq!(listed, NAMES);
    assert_eq!(NAMES.len(), COMMANDS);
}

#[test]
fn the_one_capability_file_allows_each_command_and_events_and_nothing_else() {
    let files: Vec<_> = std::fs::read_dir(folder().join("capabilities")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["main.json"]);
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(folder().join("capabilities/main.json")).unwrap()).unwrap();
    assert_eq!(file["windows"], serde_json::json!(["main"]));
    assert_eq!(file["local"], true);
    assert!(file.get("remote").is_none());
    let allowed: BTreeSet<&str> = file["permissions"].as_array().unwrap().iter().map(|permission| permission.as_str().unwrap()).collect();
    let commands: Vec<String> = NAMES.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    let expected: BTreeSet<&str> = commands.iter().map(String::as_str).chain(["core:event:allow-listen", "core:event:allow-unlisten"]).collect();
    assert_eq!(allowed, expected);
}

#[test]
fn whoever_sits_before_a_release_has_no_developer_tools() {
    // Without being asked, a debug build alone has them.
    for manifest in ["Cargo.toml", "../../Cargo.toml", "tauri.conf.json"] {
        let text = std::fs::read_to_string(folder().join(manifest)).unwrap();
        assert!(!text.contains("devtools"), "{manifest} asks for them");
    }
}

#[test]
fn the_page_can_load_and_call_nothing_from_elsewhere() {
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(folder().join("tauri.conf.json")).unwrap()).unwrap();
    let security = &config["app"]["security"];
    assert_eq!(config["app"]["withGlobalTauri"], false);
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["capabilities"], serde_json::json!(["main"]));
    let policy = security["csp"].as_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    for forbidden in ["unsafe-inline", "unsafe-eval", "https:", "*", "wss:"] {
        assert!(!policy.contains(forbidden), "{policy} has {forbidden}");
    }
    for origin in policy.split([' ', ';']).filter(|word| word.contains("://")) {
        assert_eq!(origin, "http://ipc.localhost");
    }
}
