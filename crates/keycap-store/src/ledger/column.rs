//! Columns to types and back, for types that know nothing of SQLite.

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::Row;
use rusqlite::types::Type;

use crate::secrets::SecretId;

/// Seconds as SQLite keeps them; the far future is cut at SQLite's largest number.
pub(crate) fn seconds(time: UnixSeconds) -> i64 {
    i64::try_from(time.as_u64()).unwrap_or(i64::MAX)
}

/// A count as SQLite keeps it, cut at its largest number.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A list of text as JSON.
pub(crate) fn texts(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// Reads typed columns by name.
pub(crate) trait Columns {
    fn time(&self, name: &'static str) -> rusqlite::Result<UnixSeconds>;
    fn time_or_null(&self, name: &'static str) -> rusqlite::Result<Option<UnixSeconds>>;
    fn number(&self, name: &'static str) -> rusqlite::Result<u64>;
    fn rid(&self, name: &'static str) -> rusqlite::Result<Rid>;
    fn rid_or_null(&self, name: &'static str) -> rusqlite::Result<Option<Rid>>;
    fn public_key(&self, name: &'static str) -> rusqlite::Result<PublicKey>;
    fn public_key_or_null(&self, name: &'static str) -> rusqlite::Result<Option<PublicKey>>;
    fn secret_id(&self, name: &'static str) -> rusqlite::Result<SecretId>;
    fn secret_id_or_null(&self, name: &'static str) -> rusqlite::Result<Option<SecretId>>;
    fn texts(&self, name: &'static str) -> rusqlite::Result<Vec<String>>;
}

impl Columns for Row<'_> {
    fn time(&self, name: &'static str) -> rusqlite::Result<UnixSeconds> {
        self.number(name).map(UnixSeconds::new)
    }

    fn time_or_null(&self, name: &'static str) -> rusqlite::Result<Option<UnixSeconds>> {
        let seconds: Option<i64> = self.get(name)?;
        seconds.map(|seconds| u64::try_from(seconds).map(UnixSeconds::new).map_err(|_| unreadable(name, "a negative time"))).transpose()
    }

    fn number(&self, name: &'static str) -> rusqlite::Result<u64> {
        let number: i64 = self.get(name)?;
        u64::try_from(number).map_err(|_| unreadable(name, "a negative number"))
    }

    fn rid(&self, name: &'static str) -> rusqlite::Result<Rid> {
        self.get(name).map(Rid::from_bytes)
    }

    fn rid_or_null(&self, name: &'static str) -> rusqlite::Result<Option<Rid>> {
        let bytes: Option<[u8; 16]> = self.get(name)?;
        Ok(bytes.map(Rid::from_bytes))
    }

    fn public_key(&self, name: &'static str) -> rusqlite::Result<PublicKey> {
        PublicKey::parse(self.get(name)?).map_err(|_| unreadable(name, "what is no public key"))
    }

    fn public_key_or_null(&self, name: &'static str) -> rusqlite::Result<Option<PublicKey>> {
        let bytes: Option<[u8; 32]> = self.get(name)?;
        bytes.map(|bytes| PublicKey::parse(bytes).map_err(|_| unreadable(name, "what is no public key"))).transpose()
    }

    fn secret_id(&self, name: &'static str) -> rusqlite::Result<SecretId> {
        self.get(name).map(SecretId::from_bytes)
    }

    fn secret_id_or_null(&self, name: &'static str) -> rusqlite::Result<Option<SecretId>> {
        let bytes: Option<[u8; 16]> = self.get(name)?;
        Ok(bytes.map(SecretId::from_bytes))
    }

    fn texts(&self, name: &'static str) -> rusqlite::Result<Vec<String>> {
        let json: String = self.get(name)?;
        serde_json::from_str(&json).map_err(|_| unreadable(name, "what is no list of text"))
    }
}

/// A column that holds what keycap never writes.
pub(crate) fn unreadable(column: &'static str, holds: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, format!("column {column} holds {holds}").into())
}
