//! What a command says when it cannot do what it was asked: what was wrong, with what, and what to do next.

use std::fmt;
use std::io;

use keycap_vault::{ErrorClass, VaultError};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct CliError {
    /// A stable name for programs, in kebab-case.
    pub(crate) code: &'static str,
    /// Decides the exit code.
    pub(crate) class: ErrorClass,
    /// What was wrong: one clause, in lower case, without a full stop.
    pub(crate) message: String,
    /// With what: a path, a name, a line; never a secret.
    pub(crate) with: Option<String>,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl CliError {
    /// The request was understood and failed: exit code 1.
    pub(crate) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Failed, code, message)
    }

    /// The request makes no sense as it was put: exit code 2.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Usage, code, message)
    }

    /// The vault is locked and cannot be unlocked from here: exit code 4.
    pub(crate) fn locked(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Locked, code, message)
    }

    /// The person at the terminal said no, or pressed Escape or Ctrl-C.
    pub(crate) fn cancelled() -> Self {
        Self::failed(CANCELLED, "cancelled; nothing was changed")
    }

    /// Whoever read our output has gone: no error, and nobody to tell.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.code == BROKEN_PIPE
    }

    /// Adds with what it went wrong.
    #[must_use]
    pub(crate) fn with(mut self, with: impl fmt::Display) -> Self {
        self.with = Some(with.to_string());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn new(class: ErrorClass, code: &'static str, message: impl Into<String>) -> Self {
        Self { code, class, message: message.into(), with: None, hint: None }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CliError {}

const BROKEN_PIPE: &str = "broken-pipe";
const CANCELLED: &str = "cancelled";

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> Self {
        Self { code: error.code(), class: error.class(), message: error.to_string(), with: None, hint: error.hint().as_deref().map(clause) }
    }
}

/// A sentence as the clause that follows `try:`.
fn clause(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => first.to_lowercase().chain([second]).chain(letters).collect(),
        _ => sentence.to_owned(),
    }
}

/// Errors of writing to standard output. Whoever reads or writes files says which: see [`CliError::with`].
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::failed(BROKEN_PIPE, "whoever read the output has gone");
        }
        Self::failed("output", format!("the output could not be written: {error}"))
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::failed("output", format!("the output could not be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_went_away_is_told_apart_from_a_full_disk() {
        assert!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!CliError::from(io::Error::from(io::ErrorKind::StorageFull)).is_broken_pipe());
        let through_json = serde_json::Error::io(io::ErrorKind::BrokenPipe.into());
        assert!(CliError::from(through_json).is_broken_pipe());
    }
}
