//! The plaintext of a backup: lines of JSON, so that a person with `age` and no keycap can still read what was lost.
//!
//! ```text
//! keycap-backup 1
//! {"vault":{"created":…,"id":"…","keycap":"0.1.0"}}
//! {"secret":{"bytes":"…","id":"…","kind":"key","label":"keycap: key laptop"}}
//! {"audit-key":"…"}
//! {"setting":…}  {"key":…}  {"card":…}  {"service":…}  {"root":…}  {"revocation":…}  {"grant":…}  {"capability":…}  {"log":…}  {"log-head":"…"}
//! {"end":{"lines":…}}
//! ```
//!
//! Bytes are lower-case hex, times are Unix seconds, what is absent is `null`. Lines come in an order in which they can be taken in: what
//! others refer to stands before them. `lines` counts the lines between the first, `vault`, and the last, `end`, without these two. An unknown
//! kind of line or field is refused: a later keycap that adds one writes another number into the first line.
//!
//! *Adversary*: age's payload is authenticated, so that only who seals can forge; a backup sealed to a recipient can be made by anyone who knows
//! the recipient. So nothing here is trusted before [`super::check`] has found it consistent.

use std::io::{BufRead, Read, Write};

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::secret::SecretBytes;
use keycap_core::time::UnixSeconds;
use keycap_store::Item;
use keycap_store::ledger::capability::{ChainKeySource, HeldCapability};
use keycap_store::ledger::grant::Grant;
use keycap_store::secrets::{NewSecret, SecretId};
use serde_json::{Value, json};

use super::line::Line;
use crate::error::VaultError;

/// The first line, up to the number of the format.
const MAGIC: &str = "keycap-backup ";
/// The format that is written, and the only one that is read.
const FORMAT: &str = "1";
/// Bytes of a line, at most: what a log row says is far shorter.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Which vault a backup was made of, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) vault: String,
    pub(super) at: UnixSeconds,
}

/// Writes the lines of a backup; [`Writer::finish`] must be called.
pub(super) struct Writer<W> {
    out: W,
    lines: u64,
}

impl<W: Write> Writer<W> {
    /// Writes what comes before the items.
    pub(super) fn begin(mut out: W, made: &Made) -> Result<Self, VaultError> {
        let vault = json!({ "vault": { "id": made.vault, "created": made.at.as_u64(), "keycap": env!("CARGO_PKG_VERSION") } });
        write!(out, "{MAGIC}{FORMAT}\n{vault}\n").map_err(unwritten)?;
        Ok(Self { out, lines: 0 })
    }

    /// Writes an item.
    pub(super) fn item(&mut self, item: &Item) -> Result<(), VaultError> {
        if let Item::Secret(secret) = item {
            self.out.write_all(secret_line(secret).expose()).map_err(unwritten)?;
        } else {
            writeln!(self.out, "{}", open_line(item)?).map_err(unwritten)?;
        }
        self.lines += 1;
        Ok(())
    }

    /// Writes the last line, and gives back what was written to.
    pub(super) fn finish(mut self) -> Result<W, VaultError> {
        writeln!(self.out, "{}", json!({ "end": { "lines": self.lines } })).map_err(unwritten)?;
        Ok(self.out)
    }
}

/// Reads what [`Writer`] wrote.
pub(super) fn read(mut source: impl BufRead) -> Result<(Made, Vec<Item>), VaultError> {
    let first = next_line(&mut source)?;
    match first.expose().strip_prefix(MAGIC.as_bytes()) {
        Some(format) if format == FORMAT.as_bytes() => {}
        Some(format) => {
            let format = String::from_utf8_lossy(format);
            return Err(bad(format!("the backup has format {format}; this keycap knows format {FORMAT}")));
        }
        None => return Err(bad("the file opens, but holds no backup of keycap")),
    }
    let Line::Vault(vault) = parse(&next_line(&mut source)?)? else {
        return Err(bad("the backup does not say which vault it was made of"));
    };
    let made = Made { vault: vault.id, at: UnixSeconds::new(vault.created) };
    let mut items = Vec::new();
    loop {
        match parse(&next_line(&mut source)?)? {
            Line::End(end) if u64::try_from(items.len()) == Ok(end.lines) => break,
            Line::End(end) => return Err(bad(format!("the backup has {} lines, and should have {}", items.len(), end.lines))),
            Line::Vault(_) => return Err(bad("the backup says twice which vault it was made of")),
            line => items.push(line.into_item().ok_or_else(|| bad(format!("line {} of the backup cannot be", items.len() + 3)))?),
        }
    }
    if !source.fill_buf().map_err(unread)?.is_empty() {
        return Err(bad("the backup goes on after its end"));
    }
    Ok((made, items))
}

/// The name of an item's kind.
pub(super) fn kind(item: &Item) -> &'static str {
    match item {
        Item::Secret(_) => "secret",
        Item::AuditKey(_) => "audit-key",
        Item::Setting(..) => "setting",
        Item::Key(_) => "key",
        Item::Card(_) => "card",
        Item::Service(_) => "service",
        Item::Root(_) => "root",
        Item::Revocation(_) => "revocation",
        Item::Grant(_) => "grant",
        Item::Capability(_) => "capability",
        Item::Audit(..) => "log",
        Item::AuditHead(_) => "log-head",
        _ => "unknown",
    }
}

pub(super) fn bad(why: impl Into<String>) -> VaultError {
    VaultError::Backup { why: why.into() }
}

/// A secret's line, put together by hand: no copy of its bytes is left behind.
fn secret_line(secret: &NewSecret) -> SecretBytes {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let label = Value::from(secret.label.as_str());
    let mut line = SecretBytes::with_capacity(secret.bytes.len() * 2 + secret.label.len() * 2 + 128);
    line.push_slice(br#"{"secret":{"bytes":""#);
    for byte in secret.bytes.expose() {
        for half in [byte >> 4, byte & 15] {
            line.push_slice(DIGITS.get(usize::from(half)).map_or(&[], std::slice::from_ref));
        }
    }
    line.push_slice(format!(r#"","id":"{}","kind":"{}","label":{label}}}}}"#, secret.id, secret.kind.as_str()).as_bytes());
    line.push_slice(b"\n");
    line
}

/// The line of an item that holds no secret.
fn open_line(item: &Item) -> Result<Value, VaultError> {
    let value = match item {
        Item::AuditKey(id) => json!(id.to_string()),
        Item::Setting(name, value) => json!({ "name": name, "value": value }),
        Item::Key(row) => json!({
            "id": row.id.as_i64(), "name": row.name, "noise": public(&row.noise), "age": public(&row.age), "secret": row.secret.to_string(),
            "note": row.note, "created": row.created.as_u64(),
        }),
        Item::Card(row) => json!({
            "id": row.id.as_i64(), "name": row.name, "noise": public(&row.noise), "age": public(&row.age), "verified": row.verified,
            "note": row.note, "created": row.created.as_u64(),
        }),
        Item::Service(row) => json!({
            "id": row.id.as_i64(), "name": row.name, "public": public(&row.public), "secret": row.secret.as_ref().map(SecretId::to_string),
            "realm": row.terms.realm, "epoch": row.terms.epoch, "min_epoch": row.terms.min_epoch, "hints": row.terms.hints,
            "note": row.note, "created": row.created.as_u64(),
        }),
        Item::Root(row) => json!({
            "service": row.service.as_i64(), "epoch": row.epoch, "secret": row.secret.to_string(), "created": row.created.as_u64(),
        }),
        Item::Revocation(row) => json!({
            "rid": row.entry.rid.to_string(), "service": row.entry.service.as_i64(), "seq": row.seq,
            "drop_after": row.entry.drop_after.as_u64(), "at": row.entry.at.as_u64(), "reason": row.entry.reason, "note": row.entry.note,
        }),
        Item::Grant(row) => grant_value(row),
        Item::Capability(row) => capability_value(row),
        Item::Audit(row, mac) => json!({
            "seq": row.seq, "time": row.entry.time.as_u64(), "action": row.entry.action, "target": row.entry.target,
            "result": row.entry.result, "detail": row.entry.detail, "mac": hex::encode(mac),
        }),
        Item::AuditHead(head) => json!(hex::encode(head)),
        _ => return Err(bad("the vault holds something that this backup format does not know")),
    };
    Ok(json!({ kind(item): value }))
}

fn grant_value(row: &Grant) -> Value {
    let (link, usage) = (&row.link, &row.usage);
    json!({
        "rid": row.rid.to_string(), "service": row.service.as_i64(), "parent": row.parent.as_ref().map(Rid::to_string), "name": row.name,
        "link": {
            "block": hex::encode(&link.block), "epoch": link.epoch, "holder": link.holder.as_ref().map(public), "created": link.created.as_u64(),
            "expires": link.expires.map(UnixSeconds::as_u64), "origin": link.origin.as_str(), "shared": link.shared.map(UnixSeconds::as_u64),
        },
        "usage": {
            "first": usage.first.map(UnixSeconds::as_u64), "last": usage.last.map(UnixSeconds::as_u64), "from": usage.from, "uses": usage.uses,
        },
        "revoked": row.revoked.as_ref().map(|revoked| json!({ "at": revoked.at.as_u64(), "reason": revoked.reason, "note": revoked.note })),
    })
}

fn capability_value(row: &HeldCapability) -> Value {
    let held = &row.held;
    let (secret, parent) = match held.key {
        ChainKeySource::Secret(secret) => (Some(secret.to_string()), None),
        ChainKeySource::DerivedFrom(parent) => (None, Some(parent.as_i64())),
    };
    json!({
        "id": row.id.as_i64(), "name": held.name, "service": public(&held.service.public), "service_name": held.service.name,
        "chain": hex::encode(&held.chain), "secret": secret, "parent": parent, "holder": held.holder.as_ref().map(public),
        "hints": held.reach.hints, "gateway": held.reach.gateway, "expires": held.expires.map(UnixSeconds::as_u64),
        "added": held.record.added.as_u64(), "note": held.record.note,
    })
}

fn public(key: &PublicKey) -> String {
    hex::encode(key.as_bytes())
}

/// The next line without its end, which must be there.
fn next_line(source: &mut impl BufRead) -> Result<SecretBytes, VaultError> {
    let mut line = SecretBytes::with_capacity(512);
    let mut source = source.take(MAX_LINE_BYTES);
    loop {
        let there = source.fill_buf().map_err(unread)?;
        if there.is_empty() {
            return Err(bad("the backup ends in the middle"));
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let (taken, used) = end.map_or((there, there.len()), |end| (there.get(..end).unwrap_or_default(), end + 1));
        line.push_slice(taken);
        source.consume(used);
        if end.is_some() {
            return Ok(line);
        }
    }
}

fn parse(line: &SecretBytes) -> Result<Line, VaultError> {
    // serde's message could quote what it found, and that could be a secret: only its place is told.
    serde_json::from_slice(line.expose()).map_err(|error| bad(format!("a line of the backup cannot be read, at its character {}", error.column())))
}

fn unwritten(error: std::io::Error) -> VaultError {
    bad(format!("the backup could not be written: {error}"))
}

/// A payload that was changed shows here, since age reads and authenticates a piece at a time.
fn unread(error: std::io::Error) -> VaultError {
    bad(format!("the backup is damaged or was changed: {error}"))
}
