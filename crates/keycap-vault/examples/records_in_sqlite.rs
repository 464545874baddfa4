//! A column of a SQLite table that the application writes and cannot read: `cargo run -p keycap-vault --example records_in_sqlite`.
//!
//! The web application holds a capability, and seals the column `ssn` of each row to the service `payroll`. Whoever takes its machine over, or the
//! database with it, reads no earlier row. The payroll department has the service's vault: it reads the rows, in any order, and sees that each
//! stands where it was written.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example says what it does")]

use std::path::Path;

use keycap_vault::{
    AcceptAs, Environment, Limits, MintRequest, NewService, OpenRequest, RECORDS_TARGET, RecordHead, RecordOpener, SealFrom, SecretsChoice, ShareHow,
    ShareRequest, UnlockMethod, Vault, key_file,
};
use rusqlite::{Connection, params};

/// A vault of its own for each side; a real one rests in the keyring.
fn vault(folder: &Path, name: &str) -> Vault {
    let path = folder.join(format!("{name}.key"));
    key_file::create(&path).unwrap();
    Vault::create(&folder.join(name), SecretsChoice::Sealed(UnlockMethod::File { path: &path }), Environment::system()).unwrap()
}

/// What a record belongs to: table, column and row.
fn place(id: i64) -> Vec<u8> {
    format!("staff/ssn/{id}").into_bytes()
}

/// A run of the application: it begins a head of its own, keeps it in the database, and writes rows under it.
fn write(database: &Connection, application: &Vault, rows: &[(i64, &str, &str)]) {
    let mut writer = application.record_writer("payroll", &SealFrom::default()).unwrap();
    database.execute("INSERT INTO head (head) VALUES (?1)", [writer.head()]).unwrap();
    let head = database.last_insert_rowid();
    for (id, name, ssn) in rows {
        let sealed = writer.seal(&place(*id), ssn.as_bytes()).unwrap();
        database.execute("INSERT INTO staff (id, name, head, ssn) VALUES (?1, ?2, ?3, ?4)", params![id, name, head, sealed]).unwrap();
    }
}

/// The head of a row, opened and cleared.
fn head(database: &Connection, records: &RecordOpener, id: i64) -> RecordHead {
    let sql = "SELECT head.head FROM head JOIN staff ON staff.head = head.id WHERE staff.id = ?1";
    let head: Vec<u8> = database.query_row(sql, [id], |row| row.get(0)).unwrap();
    records.open_head(&head).unwrap()
}

/// The column of one row; `None` if it is not what was written there.
fn read(database: &Connection, records: &RecordOpener, id: i64) -> Option<String> {
    let sealed: Vec<u8> = database.query_row("SELECT ssn FROM staff WHERE id = ?1", [id], |row| row.get(0)).unwrap();
    let opened = head(database, records, id).open(&place(id), &sealed).ok()?;
    Some(String::from_utf8(opened.expose().to_vec()).unwrap())
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (mut payroll, mut application) = (vault(folder.path(), "payroll"), vault(folder.path(), "application"));
    payroll.new_service(&NewService { name: "payroll".into(), ..NewService::default() }).unwrap();
    let request = MintRequest { service: "payroll".into(), name: "web".into(), preset: Some("year".into()), limits: Limits::default() };
    payroll.mint(&request).unwrap();
    let shared = payroll.share("grant:web", &ShareRequest { how: ShareHow::Sealed, name: None }).unwrap();
    let incoming = application.inspect(shared.text().expose()).unwrap();
    application.accept(incoming, &AcceptAs { name: Some("payroll".into()), ..AcceptAs::default() }).unwrap();

    let database = Connection::open_in_memory().unwrap();
    let tables = "CREATE TABLE head (id INTEGER PRIMARY KEY, head BLOB NOT NULL);
                  CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT NOT NULL, head INTEGER NOT NULL REFERENCES head (id), ssn BLOB NOT NULL);";
    database.execute_batch(tables).unwrap();
    write(&database, &application, &[(1, "Ann", "078-05-1120"), (2, "Ben", "219-09-9999")]);
    // It starts again, with another head.
    write(&database, &application, &[(3, "Cyd", "457-55-5462")]);

    let records = payroll.record_opener(OpenRequest { target: RECORDS_TARGET.into(), ..OpenRequest::default() }).unwrap();
    for id in [3, 1, 2] {
        println!("{id}: {}", read(&database, &records, id).unwrap());
    }
    let said = payroll.describe_opened(head(&database, &records, 1).outcome()).unwrap();
    println!("{}", said.sentence);
    assert_eq!(said.authorised, Some(true));

    // Somebody gives Ben what belongs to Ann.
    database.execute("UPDATE staff SET ssn = (SELECT ssn FROM staff WHERE id = 1) WHERE id = 2", []).unwrap();
    println!("2, after it was changed: {:?}", read(&database, &records, 2));
    assert_eq!(read(&database, &records, 2), None);
    assert_eq!(read(&database, &records, 1).as_deref(), Some("078-05-1120"));
    // Who only holds the capability reads nothing.
    assert!(application.record_opener(OpenRequest::default()).unwrap().open_head(&[]).is_err());
}

#[test]
fn the_example_does_what_it_says() {
    main();
}
