//! Completions for Nushell. clap's generator writes what is fixed; names from the vault are asked of the program, as in the other shells.

use clap::{Arg, Command};
use clap_complete::Generator;
use clap_complete::engine::ArgValueCompleter;
use clap_complete_nushell::Nushell;

/// The type of a value that the program completes.
const NAME: &str = "string@\"nu-complete keycap\"";

/// Asks the program in the form in which bash asks: the words so far, and the place of the one to complete.
const COMPLETER: &str = r#"  def "nu-complete keycap" [context: string] {
    let words = ($context | split row --regex '\s+')
    let place = (($words | length) - 1 | into string)
    with-env { COMPLETE: bash, _CLAP_IFS: "\n", _CLAP_COMPLETE_INDEX: $place } { ^keycap -- ...$words | lines }
  }

"#;

/// The module to source.
pub(super) fn script(command: &Command) -> String {
    let mut built = command.clone();
    built.build();
    let mut generated = Vec::new();
    Nushell.generate(&built, &mut generated);
    let generated = String::from_utf8_lossy(&generated);
    let mut script = String::with_capacity(generated.len() * 2);
    let mut verb = &built;
    for line in generated.lines() {
        if let Some(path) = line.trim_start().strip_prefix("export extern ") {
            verb = find(&built, path.trim_end_matches(['[', ' ']).trim_matches('"'));
        }
        match argument(line).filter(|name| is_completed(verb, name)) {
            Some(_) => script.push_str(&line.replacen(": string", &format!(": {NAME}"), 1)),
            None => script.push_str(line),
        }
        script.push('\n');
        if line.starts_with("module completions {") {
            script.push('\n');
            script.push_str(COMPLETER.trim_end_matches('\n'));
            script.push('\n');
        }
    }
    script
}

/// The verb that a path of words such as `keycap key show` leads to.
fn find<'a>(command: &'a Command, path: &str) -> &'a Command {
    path.split(' ').skip(1).fold(command, |command, word| command.find_subcommand(word).unwrap_or(command))
}

/// The name of the argument that a line declares: `--holder: string`, `service?: string`, `...names: string`.
fn argument(line: &str) -> Option<&str> {
    let (name, kind) = line.trim_start().split_once(": ")?;
    kind.starts_with("string").then(|| name.trim_start_matches("...").trim_end_matches('?'))
}

fn is_completed(verb: &Command, name: &str) -> bool {
    let is_named = |argument: &&Arg| match name.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long.split('(').next().unwrap_or(long)),
        None => argument.is_positional() && argument.get_id().as_str() == name,
    };
    verb.get_arguments().find(is_named).is_some_and(|argument| argument.get::<ArgValueCompleter>().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_by_the_program_and_everything_else_is_not() {
        let script = script(&crate::args::command());
        let mint: Vec<&str> = script.lines().skip_while(|line| !line.contains("\"keycap mint\"")).take_while(|line| line.trim() != "]").collect();
        let has = |start: &str, completed: bool| mint.iter().any(|line| line.trim_start().starts_with(start) && line.contains(NAME) == completed);
        assert!(has("service?:", true), "{mint:#?}");
        assert!(has("--holder:", true), "{mint:#?}");
        assert!(has("--realm:", false), "{mint:#?}");
        assert!(script.contains("def \"nu-complete keycap\""));
    }
}
