//! Views of backups: what was written, and what restoring one would change.

use std::collections::BTreeMap;

use serde::Serialize;

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BackupView {
    /// How many bytes the sealed file has.
    pub bytes: u64,
    /// How many parts of each kind it holds: `secret`, `key`, `card`, `service`, `root`, `grant`, `revocation`, `capability`, `log`, ….
    pub parts: BTreeMap<String, u64>,
    /// Whether it was opened and read again after it was written, and found whole.
    pub tested: bool,
    /// If it was not: why.
    pub untested_because: Option<String>,
    /// What could keep it from being of use when it is needed, in sentences.
    pub warnings: Vec<String>,
}

/// What restoring a backup would change, or has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RestoreDiff {
    /// The id of the vault that the backup was made of.
    pub vault: String,
    /// When it was made.
    pub made: u64,
    /// What the backup has and the vault does not.
    pub add: Vec<DiffLine>,
    /// Where the backup won against what the vault had; empty in a preview.
    pub replaced: Vec<DiffLine>,
    /// What both have.
    pub keep: Vec<DiffLine>,
    /// Where the two contradict each other, and the vault stays as it is unless it is told otherwise.
    pub conflict: Vec<DiffLine>,
    /// What stays out of the vault, in sentences.
    pub left_out: Vec<String>,
}

/// One thing in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DiffLine {
    /// What it is: `key`, `card`, `service`, `grant`, `revocation` or `capability`.
    pub kind: &'static str,
    /// Its name in the backup.
    pub name: String,
    /// What names it in a request to replace it, such as `key:laptop`.
    pub reference: String,
    /// With a conflict: what contradicts what, and what replacing would do.
    pub why: Option<String>,
    /// Whether a conflict can be settled in the backup's favour.
    pub replaceable: bool,
}
