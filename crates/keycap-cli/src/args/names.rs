//! Completion of names: the shell asks the program, and the program asks the ledger. Nothing is unlocked for it, and nothing that goes wrong
//! is shown: a completion that fails completes nothing.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use keycap_vault::{Environment, Vault};

pub(crate) use keycap_vault::NameKind;

/// Candidates that are offered at most: more is no choice, and a shell would wait for them.
const MOST: u32 = 500;

/// What can be shared.
pub(crate) const SHAREABLE: [NameKind; 4] = [NameKind::Grant, NameKind::Capability, NameKind::Key, NameKind::Service];
/// What can be explained.
pub(crate) const EXPLAINABLE: [NameKind; 2] = [NameKind::Capability, NameKind::Grant];

/// Completes names of these kinds.
pub(crate) fn names<const N: usize>(kinds: [NameKind; N]) -> ArgValueCompleter {
    ArgValueCompleter::new(move |begun: &OsStr| candidates(&kinds, begun))
}

fn candidates(kinds: &[NameKind], begun: &OsStr) -> Vec<CompletionCandidate> {
    let Some(begun) = begun.to_str() else { return Vec::new() };
    let Some(folder) = folder() else { return Vec::new() };
    if !Vault::exists(&folder) {
        return Vec::new();
    }
    let Ok(vault) = Vault::open(&folder, Environment::system()) else { return Vec::new() };
    let mut names: Vec<String> = kinds.iter().flat_map(|kind| vault.names(*kind, begun, MOST).unwrap_or_default()).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The vault of the line that is being completed: the shell hands over its words, `--vault DIR` among them, or else the environment names it.
fn folder() -> Option<PathBuf> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        if word == "--vault" {
            return words.next().map(PathBuf::from);
        }
        if let Some(folder) = word.to_str().and_then(|word| word.strip_prefix("--vault=")) {
            return Some(PathBuf::from(folder));
        }
    }
    let named = std::env::var_os("KEYCAP_VAULT").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| Vault::default_folder().ok())
}
