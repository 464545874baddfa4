//! The TypeScript of everything that crosses between window and host: written into `ui/src/bindings.ts`, held to it by a test.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use ts_rs::{Config, TS, TypeVisitor};

use crate::event::Event;

/// A command, as TypeScript calls it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) result: String,
}

/// One argument of it.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) type_name: String,
}

/// The types that were named, each declared once.
pub(crate) struct Types {
    config: Config,
    seen: HashSet<TypeId>,
    declared: BTreeMap<String, String>,
}

impl Types {
    fn new() -> Self {
        // Nothing that crosses counts beyond 2^53.
        Self { config: Config::default().with_large_int("number"), seen: HashSet::new(), declared: BTreeMap::new() }
    }

    /// A type's name in TypeScript; declares it and what it is made of.
    pub(crate) fn name<T: TS + 'static + ?Sized>(&mut self) -> String {
        self.visit::<T>();
        if TypeId::of::<T>() == TypeId::of::<()>() { "void".to_owned() } else { T::name(&self.config) }
    }
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            self.declared.insert(T::ident(&self.config), format!("{docs}export {}\n", T::decl(&self.config)));
        }
    }
}

/// The whole file.
pub(crate) fn typescript() -> String {
    let mut types = Types::new();
    let shapes = crate::commands::shapes(&mut types);
    types.name::<Event>();
    types.name::<crate::error::UiError>();
    let mut file = String::from(
        "// Made by `cargo test -p keycap-desktop` from the Rust types and commands. Do not edit: the test fails when this file differs.\n\n\
         import { invoke } from \"@tauri-apps/api/core\";\n\n",
    );
    for declaration in types.declared.values() {
        file.push_str(declaration);
        file.push('\n');
    }
    file.push_str("/** Every action of the registry, in its order. */\nexport const actionIds = [\n");
    for action in keycap_vault::action::actions() {
        // Writing to a string cannot fail.
        let _ = writeln!(file, "    \"{}\",", action.id);
    }
    file.push_str("] as const;\nexport type ActionId = (typeof actionIds)[number];\n\n");
    file.push_str("/** Everything that the window can ask for. */\nexport const host = {\n");
    for Shape { name, arguments, result } in &shapes {
        let parameters: Vec<String> = arguments.iter().map(|argument| format!("{}: {}", argument.name, argument.type_name)).collect();
        let names: Vec<&str> = arguments.iter().map(|argument| argument.name).collect();
        let passed = if names.is_empty() { String::new() } else { format!(", {{ {} }}", names.join(", ")) };
        // Writing to a string cannot fail.
        let _ = writeln!(file, "    {name}: ({}): Promise<{result}> => invoke(\"{name}\"{passed}),", parameters.join(", "));
    }
    file.push_str("};\n");
    file
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_bindings_in_the_tree_are_those_of_the_code() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings.ts");
        let made = typescript();
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        if made != there {
            std::fs::write(&file, made).unwrap();
            panic!("ui/src/bindings.ts was not what the code says; it has been written anew, look at the difference and commit it");
        }
    }

    #[test]
    fn no_command_gives_the_page_a_secret() {
        let mut types = Types::new();
        let results: Vec<String> = crate::commands::shapes(&mut types).into_iter().map(|shape| shape.result).collect();
        assert!(results.len() > 40);
        assert!(!types.declared.keys().any(|name| name.contains("Secret") || name.contains("Outgoing")));
    }
}
