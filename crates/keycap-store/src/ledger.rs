//! The ledger: one SQLite file with everything about a vault that may be read without unlocking it, and the secrets that are sealed.
//!
//! *Layout*: `ledger.sqlite` in the vault's folder, in write-ahead mode with full synchronisation: a commit that has returned survives a
//! power cut, one that has not leaves nothing behind. Any number of processes read while one writes.
//!
//! *Adversary*: someone who can read the file learns names, public keys, who was granted what and when, but no secret: those are in the
//! keyring or sealed under the vault key. Someone who can write it can change those public parts; the [`audit`] log shows when a row of the
//! log itself was touched. *Not prevented*: putting back an older copy of the whole file, which is a true ledger in all its parts.
//!
//! The functions that read and write rows are in one module per table. They take a [`Reading`] or a [`Tx`]; a `Tx` is a `Reading` too.

pub mod audit;
pub mod capability;
pub mod card;
pub mod gateway;
pub mod grant;
pub mod id;
pub mod key;
pub mod meta;
pub mod receipt;
pub mod revocation;
pub mod service;
pub mod session;

mod column;
mod error;
pub(crate) mod folder;
pub(crate) mod secret;

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keycap_core::time::UnixSeconds;
use rusqlite::{Connection, OpenFlags, Params, Row, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use crate::secrets::SecretId;
pub use error::LedgerError;

/// `kcap`: what SQLite's header says the file is.
const APPLICATION_ID: i32 = 0x6b63_6170;

/// The formats, in order; the file's `user_version` counts how many it has been through.
const MIGRATIONS: [M<'static>; 2] =
    [M::up(include_str!("ledger/migrations/001-ledger.sql")), M::up(include_str!("ledger/migrations/002-known-revocations.sql"))];

/// Which rows of a list to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many rows to leave out at the beginning.
    pub offset: u64,
    /// How many rows to give, at most.
    pub limit: u32,
}

impl Page {
    /// The first `limit` rows.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { offset: 0, limit }
    }

    /// Every row.
    #[must_use]
    pub const fn all() -> Self {
        Self { offset: 0, limit: u32::MAX }
    }
}

/// An open ledger.
pub(crate) struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// Commits of this connection, which `PRAGMA data_version` does not count.
    own_commits: u64,
}

impl Ledger {
    /// Makes a ledger where there is no file, in a format and mode that [`Ledger::open`] takes.
    pub(crate) fn create(path: &Path, busy: Duration) -> Result<Self, LedgerError> {
        folder::new_file(path)?;
        let mut connection = connect(path, busy)?;
        let fail = |error| LedgerError::of(path, error);
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
        configure(&connection, path)?;
        migrate(&mut connection, path)?;
        Ok(Self { connection, path: path.to_owned(), own_commits: 0 })
    }

    /// Opens a ledger that is there, and brings it to the newest format.
    pub(crate) fn open(path: &Path, busy: Duration) -> Result<Self, LedgerError> {
        let (mut ledger, format) = Self::open_as_it_is(path, busy)?;
        if format < newest_format() {
            // The migrations decide by a version read outside of their transaction: one process at a time.
            let _lock = folder::Lock::take(path.parent().unwrap_or(path), busy)?;
            migrate(&mut ledger.connection, path)?;
        }
        Ok(ledger)
    }

    /// Opens a ledger that is there if it has the newest format, and leaves it alone otherwise.
    pub(crate) fn open_if_newest(path: &Path, busy: Duration) -> Result<Option<Self>, LedgerError> {
        let (ledger, format) = Self::open_as_it_is(path, busy)?;
        Ok((format == newest_format()).then_some(ledger))
    }

    fn open_as_it_is(path: &Path, busy: Duration) -> Result<(Self, u32), LedgerError> {
        folder::refuse_exposed(path)?;
        let connection = connect(path, busy)?;
        let fail = |error| LedgerError::of(path, error);
        let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
        if application != APPLICATION_ID {
            return Err(LedgerError::NotALedger { path: path.to_owned() });
        }
        let format = format(&connection, path)?;
        configure(&connection, path)?;
        Ok((Self { connection, path: path.to_owned(), own_commits: 0 }, format))
    }

    /// Runs `f` over one consistent snapshot. Within `f` of another `read` of this ledger it is the same snapshot.
    pub(crate) fn read<T, E: From<LedgerError>>(&self, f: impl FnOnce(&Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        let reading = Reading { connection: &self.connection, path: &self.path };
        if !self.connection.is_autocommit() {
            return f(&reading);
        }
        // Only reads happen in it, so that its end cannot fail in a way that matters: dropping rolls it back.
        let _snapshot = self.connection.unchecked_transaction().map_err(|error| LedgerError::of(&self.path, error))?;
        f(&reading)
    }

    /// Runs `f` in a transaction that is committed if `f` succeeds, and rolled back if it fails. Waits for other writers at its beginning,
    /// so that what `f` reads is what it changes.
    pub(crate) fn write<T, E: From<LedgerError>>(&mut self, now: UnixSeconds, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let path = &self.path;
        let fail = |error| LedgerError::of(path, error);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        // Another process, newer than this one, may have changed the format since.
        format(&transaction, path)?;
        let value = f(&Tx { reading: Reading { connection: &transaction, path }, now, loosened: RefCell::default() })?;
        transaction.commit().map_err(fail)?;
        self.own_commits += 1;
        Ok(value)
    }

    /// A number that differs from an earlier one if anything was committed in between, by this or any other process.
    pub(crate) fn change_counter(&self) -> Result<u64, LedgerError> {
        let fail = |error| LedgerError::of(&self.path, error);
        let others: u32 = self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(fail)?;
        Ok(u64::from(others).wrapping_add(self.own_commits))
    }

    /// Has SQLite read every page and index; the damage it finds, if any, one sentence each.
    pub(crate) fn damage(&self) -> Result<Vec<String>, LedgerError> {
        self.read(|reading| {
            let mut found = reading.list("PRAGMA integrity_check", (), |row| row.get::<_, String>(0))?;
            found.retain(|line| line != "ok");
            found.extend(reading.list("PRAGMA foreign_key_check", (), |row| {
                let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
                Ok(format!("a row of {table} refers to a row of {parent} that is not there"))
            })?);
            Ok(found)
        })
    }

    /// Closes the file, with everything in it and nothing beside it, if no other process has it open.
    pub(crate) fn close(self) -> Result<(), LedgerError> {
        let fail = |error| LedgerError::of(&self.path, error);
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).map_err(fail)?;
        self.connection.close().map_err(|(_, error)| LedgerError::of(&self.path, error))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.path.display())
    }
}

/// One consistent snapshot of the ledger.
pub struct Reading<'c> {
    connection: &'c Connection,
    path: &'c Path,
}

impl Reading<'_> {
    /// The one row that `sql` finds, or `None`.
    pub(crate) fn row<T>(&self, sql: &str, params: impl Params, map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>) -> Result<Option<T>, LedgerError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.fail(error))?;
        match statement.query_row(params, map) {
            Ok(value) => Ok(Some(value)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Every row that `sql` finds.
    pub(crate) fn list<T>(&self, sql: &str, params: impl Params, map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, LedgerError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.fail(error))?;
        let rows = statement.query_map(params, map).map_err(|error| self.fail(error))?;
        rows.collect::<Result<_, _>>().map_err(|error| self.fail(error))
    }

    /// Hands over each row that `sql` finds, one at a time, so that a long table does not fill the memory.
    pub(crate) fn each<T, E: From<LedgerError>>(
        &self,
        sql: &str,
        params: impl Params,
        mut map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut each: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.fail(error))?;
        let mut rows = statement.query(params).map_err(|error| self.fail(error))?;
        while let Some(row) = rows.next().map_err(|error| self.fail(error))? {
            each(map(row).map_err(|error| self.fail(error))?)?;
        }
        Ok(())
    }

    /// The number in the first column of the only row that `sql` gives.
    pub(crate) fn number(&self, sql: &str, params: impl Params) -> Result<u64, LedgerError> {
        let number: i64 = self.row(sql, params, |row| row.get(0))?.unwrap_or(0);
        u64::try_from(number).map_err(|_| self.corrupt("a negative count"))
    }

    /// The ledger holds what keycap never writes.
    pub(crate) fn corrupt(&self, what: impl Into<String>) -> LedgerError {
        LedgerError::Corrupt { path: self.path.to_owned(), what: what.into() }
    }

    fn fail(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::of(self.path, error)
    }
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({})", self.path.display())
    }
}

/// A transaction: all of it happens, or nothing.
pub struct Tx<'c> {
    reading: Reading<'c>,
    now: UnixSeconds,
    /// The keyring items that this transaction has left to be deleted.
    loosened: RefCell<Vec<SecretId>>,
}

impl<'c> Deref for Tx<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Self::Target {
        &self.reading
    }
}

impl Tx<'_> {
    /// The time that the transaction was begun with.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.now
    }

    /// The keyring items that this transaction has left, to be deleted once it is committed.
    pub(crate) fn loosened(&self) -> Vec<SecretId> {
        self.loosened.take()
    }

    pub(crate) fn note_loosened(&self, id: SecretId) {
        self.loosened.borrow_mut().push(id);
    }

    /// Changes rows; how many.
    pub(crate) fn change(&self, sql: &str, params: impl Params) -> Result<usize, LedgerError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.fail(error))?;
        statement.execute(params).map_err(|error| self.fail(error))
    }

    /// Changes the one row of that kind; an error if there is none.
    pub(crate) fn change_one(&self, what: &'static str, sql: &str, params: impl Params) -> Result<(), LedgerError> {
        match self.change(sql, params)? {
            0 => Err(LedgerError::NoSuchRow { what }),
            _ => Ok(()),
        }
    }

    /// Adds a row; its number.
    pub(crate) fn insert(&self, sql: &str, params: impl Params) -> Result<i64, LedgerError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.fail(error))?;
        statement.insert(params).map_err(|error| self.fail(error))
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tx({})", self.reading.path.display())
    }
}

fn connect(path: &Path, busy: Duration) -> Result<Connection, LedgerError> {
    let fail = |error| LedgerError::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(busy).map_err(fail)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn configure(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let fail = |error| LedgerError::of(path, error);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(fail)?;
    connection.pragma_update(None, "secure_delete", true).map_err(fail)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(fail)
}

/// The file's format, which must be one that this program knows.
fn format(connection: &Connection, path: &Path) -> Result<u32, LedgerError> {
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|error| LedgerError::of(path, error))?;
    let found = u32::try_from(format).map_err(|_| LedgerError::NotALedger { path: path.to_owned() })?;
    let known = newest_format();
    if found > known {
        return Err(LedgerError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

fn newest_format() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other errors are about migrations that are badly defined")]
    Migrations::from_slice(&MIGRATIONS).to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => LedgerError::of(path, err),
        other => LedgerError::Corrupt { path: path.to_owned(), what: other.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

    fn new_ledger(folder: &Path) -> Ledger {
        Ledger::create(&folder.join(folder::LEDGER), Duration::from_millis(50)).unwrap()
    }

    fn set(ledger: &mut Ledger, name: &str, value: &str) -> Result<(), LedgerError> {
        ledger.write(NOW, |tx| meta::set_text(tx, name, Some(value)))
    }

    fn text(ledger: &Ledger, name: &str) -> Option<String> {
        ledger.read(|reading| meta::text(reading, name)).unwrap()
    }

    #[test]
    fn a_full_disk_is_an_error_of_its_own_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = new_ledger(folder.path());
        set(&mut ledger, "a", "before").unwrap();
        // SQLite answers a full disk and a file that may not grow alike.
        let pages: i64 = ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        ledger.connection.pragma_update(None, "max_page_count", pages).unwrap();
        let error = set(&mut ledger, "a", &"x".repeat(100_000)).unwrap_err();
        assert_eq!(error.code(), "disk-full");
        assert!(error.to_string().contains("ledger.sqlite"), "{error}");
        assert_eq!(text(&ledger, "a").as_deref(), Some("before"));
        ledger.connection.pragma_update(None, "max_page_count", pages + 100).unwrap();
        set(&mut ledger, "a", &"x".repeat(100_000)).unwrap();
    }

    #[test]
    fn every_commit_is_written_through_and_what_is_deleted_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = new_ledger(folder.path());
        for (name, value) in [("synchronous", "2"), ("foreign_keys", "1"), ("secure_delete", "1"), ("journal_mode", "wal"), ("trusted_schema", "0")] {
            let set: String = ledger.connection.query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), (), |row| row.get(0)).unwrap();
            assert_eq!(set, value, "{name}");
        }
    }

    #[test]
    fn an_older_format_is_brought_up_at_opening_and_left_alone_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(folder::LEDGER);
        folder::new_file(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        drop(connection);
        assert!(Ledger::open_if_newest(&path, Duration::ZERO).unwrap().is_none());
        let mut ledger = Ledger::open(&path, Duration::from_secs(1)).unwrap();
        set(&mut ledger, "a", "b").unwrap();
        assert!(Ledger::open_if_newest(&path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn what_the_first_format_held_is_there_in_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(folder::LEDGER);
        folder::new_file(&path).unwrap();
        let mut connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        Migrations::from_slice(MIGRATIONS.get(..1).unwrap()).to_latest(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO service (name, public, epoch, min_epoch, hints, note, created) VALUES ('db', zeroblob(32), 0, 0, '[]', '', 1);
                 INSERT INTO gateway (service, pid, host, listen, upstreams, started, heartbeat) VALUES (1, 2, 'here', '[::1]:1', '[]', 3, 4);",
            )
            .unwrap();
        drop(connection);
        let ledger = Ledger::open(&path, Duration::from_secs(1)).unwrap();
        let gateways = ledger.read(|reading| gateway::page(reading, Page::all())).unwrap();
        assert_eq!(gateways.iter().map(|gateway| (gateway.run.pid, gateway.known)).collect::<Vec<_>>(), [(2, 0)]);
    }

    #[test]
    fn a_closed_ledger_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = new_ledger(folder.path());
        set(&mut ledger, "a", "b").unwrap();
        ledger.close().unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, [folder::LEDGER]);
        let ledger = Ledger::open(&folder.path().join(folder::LEDGER), Duration::ZERO).unwrap();
        assert_eq!(text(&ledger, "a").as_deref(), Some("b"));
    }

    #[test]
    fn a_panic_in_the_middle_of_a_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = new_ledger(folder.path());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ledger.write(NOW, |tx| -> Result<(), LedgerError> {
                meta::set_text(tx, "a", Some("b"))?;
                panic!("in the caller");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(text(&ledger, "a"), None);
        set(&mut ledger, "a", "c").unwrap();
    }
}
