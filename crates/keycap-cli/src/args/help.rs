//! Help made from the registry of actions: what each verb does, and an example of it.

use clap::Command;
use keycap_vault::action::action_of_verb;

/// The grammar with a description and examples for each verb.
pub(super) fn described(command: Command) -> Command {
    let mut path = Vec::new();
    verbs(command, &mut path)
}

/// Goes through the verbs below `command`, which is reached by the words of `path`.
fn verbs(mut command: Command, path: &mut Vec<String>) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    for name in names {
        path.push(name.clone());
        command = command.mut_subcommand(&name, |verb| verbs(described_one(verb, path), path));
        path.pop();
    }
    command
}

fn described_one(verb: Command, path: &[String]) -> Command {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some(action) = action_of_verb(&words) else { return verb };
    let more = verb.get_after_long_help().map(|more| format!("\n{more}")).unwrap_or_default();
    let examples = format!("Examples:\n  {}{more}", action.example);
    verb.about(action.description.trim_end_matches('.')).long_about(action.description).after_long_help(examples)
}

#[cfg(test)]
mod tests {
    use keycap_vault::action::actions;

    use super::super::command;

    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let path = format!("{path} {}", verb.get_name());
            leaves(verb, &path, found);
            found.push((path.trim().to_owned(), verb.clone()));
        }
    }

    #[test]
    fn every_action_of_the_registry_has_a_verb() {
        let mut found = Vec::new();
        leaves(&command(), "", &mut found);
        for action in actions() {
            let verb = action.verb.join(" ");
            assert!(found.iter().any(|(path, _)| *path == verb), "`keycap {verb}` is missing");
        }
    }

    #[test]
    fn every_verb_says_what_it_does_and_shows_an_example() {
        let mut found = Vec::new();
        leaves(&command(), "", &mut found);
        for (path, verb) in found.iter().filter(|(_, verb)| !verb.has_subcommands() || verb.get_name() == "caps") {
            assert!(verb.get_about().is_some(), "`keycap {path}` says nothing");
            let example = verb.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.contains(&format!("  keycap {path}")), "`keycap {path}` shows no example of itself: {example}");
        }
    }
}
