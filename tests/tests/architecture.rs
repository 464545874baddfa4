//! The house rules: which crate may name which, where things are declared, what no file may hold. Each check is a function that gives
//! complaints, and each is shown to complain about a bad sample before the tree is trusted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, Metadata, MetadataCommand, Package};
use keycap_tests::workspace;
use toml::{Table, Value};

/// Each crate may name only what stands in its list, in dependencies of every kind. Faces see the vault, never the secrets' own crates.
const LAYERS: &[(&str, &[&str])] = &[
    ("keycap-cli", &["keycap-vault", "keycap-tui", "keycap-gateway"]),
    ("keycap-tui", &["keycap-vault", "keycap-gateway"]),
    ("keycap-desktop", &["keycap-vault", "keycap-gateway"]),
    ("keycap-gateway", &["keycap-vault", "keycap-core"]),
    ("age-plugin-keycap", &["keycap-vault", "keycap-core"]),
    ("keycap-vault", &["keycap-store", "keycap-core"]),
    ("keycap-store", &["keycap-core"]),
    ("keycap-core", &[]),
    ("keycap-fuzz", &["keycap-core"]),
    ("keycap-tests", &["keycap-core", "keycap-store", "keycap-vault", "keycap-gateway"]),
];

/// What may stand at the top of the tree; `.git` and `target` are no part of it.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".config",
    ".deny.toml",
    ".github",
    ".gitignore",
    ".rustfmt.toml",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "assets",
    "crates",
    "packaging",
    "rust-toolchain.toml",
    "tests",
    "ui",
    ".git",
    "target",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc", "service_layer"];

/// Left for later, in any file. Written in two halves, so that this file holds none.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!"), concat!("unimple", "mented!")];

/// The core is handed time and randomness, and never touches a disk, a socket or a runtime.
const OUTSIDE_WORLD: &[&str] =
    &["std::fs", "std::net", "std::env", "std::process", "tokio", "SystemTime", "Instant::now", "OsRng", "thread_rng", "getrandom"];

const LONGEST_FILE: usize = 600;

#[test]
fn each_crate_names_only_the_layers_below_it() {
    assert_none(LAYERS_OF_SAMPLE.iter().flat_map(|(name, dependencies)| layer_complaints(name, dependencies)), 3);
    let metadata = metadata();
    let ours: BTreeSet<&str> = members(&metadata).map(|package| package.name.as_str()).collect();
    assert!(ours.contains("keycap-core") && ours.contains("keycap-tests"));
    let complaints = members(&metadata).flat_map(|package| {
        // A crate may name itself, which is how its own tests turn a feature on.
        let others = dependencies(package).map(|dependency| dependency.name.as_str());
        let named: Vec<&str> = others.filter(|name| ours.contains(name)).collect();
        layer_complaints(&package.name, &named)
    });
    assert_none(complaints, 0);
}

#[test]
fn each_manifest_inherits_what_the_workspace_sets() {
    let bad: Table = "package = { name = 'x', version = '1', edition.workspace = true, license.workspace = true, rust-version.workspace = true }
        [target.'cfg(unix)'.dependencies]
        libc = '0.2'"
        .parse()
        .unwrap();
    assert_none(manifest_complaints("sample", &bad), 3);
    assert_none(members(&metadata()).flat_map(|package| manifest_complaints(&package.name, &manifest(package))), 0);
}

#[test]
fn each_version_set_for_the_workspace_is_used_by_a_crate() {
    let metadata = metadata();
    let named: BTreeSet<String> = members(&metadata).flat_map(|p| p.dependencies.iter().map(|d| d.name.clone())).collect();
    assert_eq!(unused(["serde", "no-such-crate"].iter().map(ToString::to_string), &named), ["no-such-crate"]);
    let workspace: Table = fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap().parse().unwrap();
    let declared = workspace["workspace"]["dependencies"].as_table().unwrap();
    assert_eq!(unused(declared.keys().cloned(), &named), Vec::<String>::new());
}

#[test]
fn each_dependency_is_named_in_the_code_of_its_crate() {
    let metadata = metadata();
    let complaints = members(&metadata).flat_map(|package| {
        let folder = package.manifest_path.parent().unwrap().as_std_path();
        let code: String = rust_files(folder).into_iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let declared: BTreeSet<String> = dependencies(package).map(|d| d.rename.as_ref().unwrap_or(&d.name).replace('-', "_")).collect();
        declared.into_iter().filter(move |name| !code.contains(name.as_str())).map(|name| format!("{}: {name} is never named", package.name))
    });
    assert_none(complaints, 0);
}

#[test]
fn each_program_wipes_what_it_frees() {
    assert_none(allocator_complaints("sample", "fn main() {}"), 1);
    let metadata = metadata();
    let programs = members(&metadata).filter(|package| package.name != "keycap-fuzz").flat_map(|package| package.targets.iter());
    let programs = programs.filter(|target| target.is_bin());
    assert_none(programs.flat_map(|target| allocator_complaints(&target.name, &fs::read_to_string(&target.src_path).unwrap())), 0);
}

#[test]
fn only_the_names_of_the_architecture_stand_at_the_top() {
    assert_none(top_level_complaints(["Cargo.toml", "notes.txt"].map(String::from)), 1);
    let names = fs::read_dir(workspace::root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_none(top_level_complaints(names), 0);
}

#[test]
fn no_file_breaks_the_house_style() {
    assert_none(style_complaints(Path::new("crates/x/src/mod.rs"), include_str!("architecture/bad_style.txt")), 5);
    assert_none(style_complaints(Path::new("crates/x/src/helper.rs"), &"//\n".repeat(LONGEST_FILE + 1)), 2);
    let files = rust_files(workspace::root());
    assert!(files.len() > 20, "found only {files:?}");
    assert_none(files.iter().flat_map(|file| style_complaints(file, &fs::read_to_string(file).unwrap())), 0);
}

#[test]
fn nothing_is_left_for_later_in_scripts_and_manifests() {
    let is_text = |file: &PathBuf| ["toml", "yml", "md", "sh", "sql"].iter().any(|end| file.extension().is_some_and(|e| e == *end));
    let scripts = [".ci/run", ".ci/install", "tests/run", "tests/fuzz/run"].map(|name| workspace::root().join(name));
    let files: Vec<PathBuf> = files(workspace::root()).into_iter().filter(is_text).chain(scripts).collect();
    assert_none(files.iter().flat_map(|file| marker_complaints(file, &fs::read_to_string(file).unwrap())), 0);
}

#[test]
fn the_core_touches_nothing_outside_itself() {
    let bad = "use std::fs;\n// OsRng is the caller's\nfn now() { SystemTime::now(); }\n#[cfg(test)]\nmod tests { use rand::rngs::OsRng; }";
    assert_none(core_complaints(Path::new("sample.rs"), bad), 2);
    let core = workspace::root().join("crates/keycap-core/src");
    assert!(fs::read_to_string(core.join("lib.rs")).unwrap().contains("#![forbid(unsafe_code)]"));
    assert_none(rust_files(&core).iter().flat_map(|file| core_complaints(file, &fs::read_to_string(file).unwrap())), 0);
}

#[test]
fn every_domain_label_stands_in_one_file() {
    let bad = r#"hmac(b"keycap-1 psk\0")"#;
    assert_none(label_complaints(Path::new("sample.rs"), bad), 1);
    let crates = rust_files(&workspace::root().join("crates"));
    let elsewhere = crates.iter().filter(|file| file.components().any(|c| c.as_os_str() == "src") && !file.ends_with("keycap-core/src/label.rs"));
    assert_none(elsewhere.flat_map(|file| label_complaints(file, &fs::read_to_string(file).unwrap())), 0);
}

/// A face that reaches around the vault, a crate that nobody placed, a core that names the store: three complaints.
const LAYERS_OF_SAMPLE: &[(&str, &[&str])] = &[
    ("keycap-cli", &["keycap-vault", "keycap-store"]),
    ("keycap-extra", &[]),
    ("keycap-core", &["keycap-store"]),
    ("keycap-vault", &["keycap-core"]),
];

fn layer_complaints(name: &str, named: &[&str]) -> Vec<String> {
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        return vec![format!("{name} has no place in the architecture")];
    };
    named.iter().filter(|dependency| !allowed.contains(dependency)).map(|dependency| format!("{name} may not name {dependency}")).collect()
}

fn manifest_complaints(name: &str, manifest: &Table) -> Vec<String> {
    let mut complaints = Vec::new();
    let inherits = |value: Option<&Value>| value.and_then(|v| v.get("workspace")).and_then(Value::as_bool) == Some(true);
    for field in ["version", "edition", "rust-version", "license"] {
        if !inherits(manifest["package"].get(field)) {
            complaints.push(format!("{name}: package.{field} is not the workspace's"));
        }
    }
    if !inherits(manifest.get("lints")) {
        complaints.push(format!("{name}: the lints are not the workspace's"));
    }
    for (dependency, value) in dependency_tables(manifest).flatten() {
        if !inherits(Some(value)) && dependency != name {
            complaints.push(format!("{name}: the version of {dependency} is not the workspace's"));
        }
    }
    complaints
}

/// Every table of dependencies in a manifest: three kinds, for all targets and for some.
fn dependency_tables(manifest: &Table) -> impl Iterator<Item = &Table> {
    let for_some = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|targets| targets.values().filter_map(Value::as_table));
    let kinds = |table| ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| Table::get(table, kind)?.as_table());
    std::iter::once(manifest).chain(for_some).flat_map(kinds).flatten()
}

fn unused(declared: impl Iterator<Item = String>, named: &BTreeSet<String>) -> Vec<String> {
    declared.filter(|name| !named.contains(name)).collect()
}

fn allocator_complaints(program: &str, main: &str) -> Option<String> {
    (!main.contains("#[global_allocator]")).then(|| format!("{program} sets no allocator that wipes"))
}

fn top_level_complaints(names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().filter(|name| !TOP_LEVEL.contains(&name.as_str())).map(|name| format!("{name} does not belong at the top")).collect()
}

fn style_complaints(file: &Path, text: &str) -> Vec<String> {
    let mut complaints = marker_complaints(file, text);
    let mut complain = |what: String| complaints.push(format!("{}: {what}", file.display()));
    let stem = file.file_stem().unwrap().to_str().unwrap();
    if stem == "mod" {
        complain("is named mod.rs".into());
    }
    if EMPTY_NAMES.contains(&stem) {
        complain("has a name that says nothing".into());
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        complain(format!("has {lines} lines"));
    }
    for line in code(text) {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match pair {
                ["mod", name] if EMPTY_NAMES.contains(name) => complain(format!("has a module {name}")),
                ["fn", name] if name.starts_with("get_") => complain(format!("has a function {name}")),
                _ => {}
            }
        }
        if line.trim() == "#[ignore]" {
            complain("ignores a test without a reason".into());
        }
    }
    complaints
}

fn marker_complaints(file: &Path, text: &str) -> Vec<String> {
    let found = MARKERS.iter().filter(|marker| text.contains(*marker));
    found.map(|marker| format!("{}: has a {marker}", file.display())).collect()
}

fn core_complaints(file: &Path, text: &str) -> Vec<String> {
    let found = OUTSIDE_WORLD.iter().filter(|name| without_tests(file, text).any(|line| line.contains(*name)));
    found.map(|name| format!("{}: names {name}", file.display())).collect()
}

fn label_complaints(file: &Path, text: &str) -> Option<String> {
    let found = without_tests(file, text).any(|line| line.contains("\"keycap-1 "));
    found.then(|| format!("{}: writes a domain label of its own", file.display()))
}

/// Lines that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// Code that ships: a file's tests stand last, or in a file called `tests.rs`.
fn without_tests<'t>(file: &Path, text: &'t str) -> impl Iterator<Item = &'t str> {
    let end = if file.ends_with("tests.rs") { 0 } else { text.find("#[cfg(test)]\nmod ").unwrap_or(text.len()) };
    code(&text[..end])
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(workspace::root().join("Cargo.toml")).no_deps().exec().unwrap()
}

fn members(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    metadata.workspace_packages().into_iter()
}

/// What a crate depends on, without itself.
fn dependencies(package: &Package) -> impl Iterator<Item = &Dependency> {
    package.dependencies.iter().filter(|dependency| dependency.name != package.name.as_str())
}

fn manifest(package: &Package) -> Table {
    fs::read_to_string(&package.manifest_path).unwrap().parse().unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")).collect()
}

/// All files below a folder, without what tools made.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if !["target", ".git", "node_modules", "dist"].iter().any(|made| name == *made) {
                found.extend(files(&entry.path()));
            }
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Shows the complaints unless there are as many as a sample deserves; the tree deserves none.
#[track_caller]
fn assert_none(complaints: impl IntoIterator<Item = String>, deserved: usize) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert_eq!(complaints.len(), deserved, "\n{}\n", complaints.join("\n"));
}
