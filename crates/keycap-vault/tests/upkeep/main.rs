//! Looking after a vault: its log, its backups, its doctor.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod backup;
mod doctor;
mod fixture;
mod log;
mod merge;
mod overview;
mod reminders;
