//! The audit log: what was done to the vault and at its gateways, when, and whether anybody has changed that since.

use keycap_core::time::UnixSeconds;
use keycap_store::StoreError;
use keycap_store::ledger::Page;
use keycap_store::ledger::audit::{self, Fault, Filter, Recorded};

use crate::error::VaultError;
use crate::vault::Vault;
use crate::view::{LogFaultView, LogHeadView, LogPage, LogRow, LogVerification};

/// Which rows of the log to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Only this action, such as `grant.revoke`.
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only from this time on.
    pub since: Option<UnixSeconds>,
    /// How many rows to pass over.
    pub offset: u64,
    /// How many rows to list, at most.
    pub limit: u32,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self { action: None, target: None, since: None, offset: 0, limit: 100 }
    }
}

impl LogQuery {
    fn filter(&self) -> Filter {
        Filter { action: self.action.clone(), target: self.target.clone(), since: self.since }
    }
}

/// Rows that are in memory at a time when all of them are handed over.
const ROWS_AT_A_TIME: u32 = 1_000;

/// Why the rows stopped.
enum Stopped<E> {
    Vault(VaultError),
    Caller(E),
}

impl<E> From<VaultError> for Stopped<E> {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl<E> From<StoreError> for Stopped<E> {
    fn from(error: StoreError) -> Self {
        Self::Vault(error.into())
    }
}

impl Vault {
    /// Rows of the log, the newest first.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn log(&self, query: &LogQuery) -> Result<LogPage, VaultError> {
        self.store.read(|reading| {
            let filter = query.filter();
            let rows = audit::page(reading, &filter, Page { offset: query.offset, limit: query.limit })?;
            Ok(LogPage { total: audit::count(reading, &filter)?, rows: rows.into_iter().map(row_view).collect() })
        })
    }

    /// Hands over every row that the query lets through, the newest first, whatever the query's limit: one snapshot, so that rows which are
    /// added meanwhile shift nothing. Returns how many there were.
    ///
    /// # Errors
    /// What `each` returns; if the ledger cannot be read.
    pub fn each_log_row<E: From<VaultError>>(&self, query: &LogQuery, mut each: impl FnMut(&LogRow) -> Result<(), E>) -> Result<u64, E> {
        let filter = query.filter();
        let result = self.store.read(|reading| {
            let mut given = 0;
            loop {
                let page = Page { offset: query.offset.saturating_add(given), limit: ROWS_AT_A_TIME };
                let rows = audit::page(reading, &filter, page).map_err(VaultError::from)?;
                if rows.is_empty() {
                    return Ok(given);
                }
                for row in rows {
                    each(&row_view(row)).map_err(Stopped::Caller)?;
                    given += 1;
                }
            }
        });
        result.map_err(|stopped| match stopped {
            Stopped::Vault(error) => error.into(),
            Stopped::Caller(error) => error,
        })
    }

    /// Reads the whole log and recomputes its chain.
    ///
    /// # Errors
    /// If the vault is locked, since the chain's key is one of its secrets; if the ledger cannot be read.
    pub fn verify_log(&self) -> Result<LogVerification, VaultError> {
        let key = self.store.audit_key()?;
        self.store.read(|reading| {
            let report = audit::verify(reading, &key)?;
            let head = audit::head(reading, &key)?;
            Ok(LogVerification {
                rows: report.rows,
                intact: report.fault.is_none(),
                first_fault: report.fault.map(fault_view),
                head: head.map(|head| LogHeadView { seq: head.seq, mac: hex::encode(head.mac) }),
            })
        })
    }
}

fn row_view(row: Recorded) -> LogRow {
    let Recorded { seq, entry } = row;
    let detail = match entry.detail.as_str() {
        "" => serde_json::Value::Null,
        // Written by other hands than keycap's: shown as the text it is.
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    };
    LogRow { seq, time: entry.time.as_u64(), action: entry.action, target: entry.target, result: entry.result, detail }
}

fn fault_view(fault: Fault) -> LogFaultView {
    #[expect(clippy::wildcard_enum_match_arm, reason = "Fault may get more variants; each has its sentence in Display")]
    let seq = match fault {
        Fault::Missing { seq } | Fault::Changed { seq } | Fault::BeyondHead { seq } => Some(seq),
        _ => None,
    };
    LogFaultView { seq, what: fault.to_string() }
}
