//! The log.

use std::io::Write;

use keycap_vault::view::{LogPage, LogVerification};
use keycap_vault::{LogQuery, UnixSeconds, When};
use serde::Deserialize;
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;
use crate::person::Files;

/// Rows that one page has at most.
const LIMIT: u32 = 500;

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct LogAsk {
    /// Only this action, such as `grant.revoke`; empty: all.
    pub action: String,
    /// Only what was done to this; empty: to anything.
    pub target: String,
    /// Only since then: `7d`, `2027-01-31`; empty: ever.
    pub since: String,
    /// How many of the newest to pass over.
    pub offset: u64,
    /// How many to list, at most 500.
    pub limit: u32,
}

impl LogAsk {
    fn query(self, now: UnixSeconds) -> Result<LogQuery, UiError> {
        let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let since = match filled(self.since).map(|text| text.parse::<When>()).transpose()? {
            Some(When::In(seconds)) => Some(UnixSeconds::new(now.as_u64().saturating_sub(seconds))),
            Some(When::At(at)) => Some(at),
            None => None,
        };
        Ok(LogQuery { action: filled(self.action), target: filled(self.target), since, offset: self.offset, limit: self.limit.min(LIMIT) })
    }
}

/// Some rows, the newest first.
pub(crate) async fn log(host: &Host, ask: LogAsk) -> Result<LogPage, UiError> {
    host.desk.read(move |vault| Ok(vault.log(&ask.query(vault.now())?)?)).await
}

/// Recomputes the chain of the log.
pub(crate) async fn log_verify(host: &Host) -> Result<LogVerification, UiError> {
    host.desk.keep(|vault| Ok(vault.verify_log()?)).await
}

/// Writes the rows, one JSON object a line, where the person says; how many there were.
pub(crate) async fn log_export(host: &Host, ask: LogAsk) -> Result<u64, UiError> {
    let file = host.ask_file("Save the log", Files::New("keycap-log.jsonl".to_owned())).await?;
    host.desk
        .read(move |vault| {
            let unwritten = |error: std::io::Error| UiError::new("not-written", format!("{} cannot be written: {error}.", file.display()));
            let mut query = ask.query(vault.now())?;
            (query.offset, query.limit) = (0, u32::MAX);
            let mut out = std::io::BufWriter::new(atomic_write_file::AtomicWriteFile::open(&file).map_err(unwritten)?);
            let rows = vault.each_log_row::<UiError>(&query, |row| {
                let line = serde_json::to_string(row).map_err(|error| unwritten(error.into()))?;
                writeln!(out, "{line}").map_err(unwritten)
            })?;
            let file = out.into_inner().map_err(|error| unwritten(error.into_error()))?;
            file.commit().map_err(unwritten)?;
            Ok(rows)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_counted_back_from_now() {
        let ask = |since: &str| LogAsk { action: String::new(), target: " ".into(), since: since.into(), offset: 0, limit: 9_999 };
        let query = ask("7d").query(UnixSeconds::new(1_000_000)).unwrap();
        assert_eq!((query.since, query.target, query.limit), (Some(UnixSeconds::new(395_200)), None, LIMIT));
        assert!(ask("soon").query(UnixSeconds::new(0)).is_err());
    }
}
