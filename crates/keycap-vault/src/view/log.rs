//! Views of the audit log.

use serde::Serialize;

/// One thing that was done to the vault, or at its gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LogRow {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was done.
    pub time: u64,
    /// What was done, such as `grant.revoke`.
    pub action: String,
    /// To what.
    pub target: String,
    /// With what result.
    pub result: String,
    /// More about it; never a secret.
    pub detail: serde_json::Value,
}

/// Some rows of the log, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LogPage {
    /// How many rows the filter lets through.
    pub total: u64,
    /// The rows, the newest first.
    pub rows: Vec<LogRow>,
}

/// Whether the log is as keycap wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LogVerification {
    /// How many rows there are.
    pub rows: u64,
    /// Whether all of them are there, in order, as they were written.
    pub intact: bool,
    /// The first thing that is wrong.
    pub first_fault: Option<LogFaultView>,
    /// The number and MAC of the last row, 64 hex digits: kept elsewhere, they show later whether the log was put back to an older state.
    pub head: Option<LogHeadView>,
}

/// Where the log is not as keycap wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LogFaultView {
    /// The row's number; `None` if no single row is at fault.
    pub seq: Option<u64>,
    /// What is wrong with it.
    pub what: String,
}

/// Where the log ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LogHeadView {
    /// The number of the last row.
    pub seq: u64,
    /// Its MAC.
    pub mac: String,
}
