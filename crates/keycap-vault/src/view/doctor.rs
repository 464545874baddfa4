//! Views of what the doctor finds.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// It will hurt some day.
    Warning,
    /// It hurts now.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DoctorFinding {
    /// How bad it is.
    pub level: Level,
    /// A stable name for programs, in kebab-case.
    pub code: &'static str,
    /// What was found, in a sentence.
    pub what: String,
    /// The way out, if one is needed.
    pub hint: Option<String>,
    /// Whether `keycap doctor --mend` mends it.
    pub mendable: bool,
}

/// What was mended, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MendView {
    /// What was done, in sentences.
    pub done: Vec<String>,
    /// What is found now.
    pub findings: Vec<DoctorFinding>,
}
